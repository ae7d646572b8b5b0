/* SPDX-License-Identifier: ISC */
#ifndef SEE_TOLD_H
#define SEE_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which conversations have been told of while they live, and as of when: so that each is told of once, and
 * again only where something has come since. Memory is that of those that are in it: 32 bytes each or less
 * than 64. */
struct told;

struct told *told_new(void);
void told_free(struct told *t); /* accepts NULL */
/* id: not 0. True if it is in as of this moment; else it is from now on. */
bool told_already(struct told *t, uint32_t id, int64_t as_of_ns);
bool told_has(const struct told *t, uint32_t id);
/* It lives no more. Nothing happens if it is not in. */
void told_forget(struct told *t, uint32_t id);
size_t told_count(const struct told *t);

#endif
