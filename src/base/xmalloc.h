/* SPDX-License-Identifier: ISC */
#ifndef BASE_XMALLOC_H
#define BASE_XMALLOC_H

#include <stddef.h>

/* Allocation that cannot fail: out of memory ends the program with one line on stderr. So every size
 * that comes from a peer, a packet or a file must have met its named limit before it gets here. */

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *ptr, size_t size);
/* count * size with the overflow checked. */
void *xreallocarray(void *ptr, size_t count, size_t size);
/* Not zeroed; both are powers of two, size at least as large. */
void *xaligned(size_t alignment, size_t size);
char *xstrdup(const char *text);
char *xmemdup0(const void *data, size_t len); /* a copy with a NUL behind it */

#endif
