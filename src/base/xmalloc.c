/* SPDX-License-Identifier: ISC */
#include "base/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check(void *ptr, size_t size)
{
    if (!ptr && size) {
        fprintf(stderr, "landline: out of memory (%zu bytes wanted)\n", size);
        exit(1);
    }
    return ptr;
}

void *xmalloc(size_t size)
{
    return check(malloc(size), size);
}

void *xcalloc(size_t count, size_t size)
{
    return check(calloc(count, size), count ? size : 0);
}

void *xrealloc(void *ptr, size_t size)
{
    return check(realloc(ptr, size), size);
}

void *xreallocarray(void *ptr, size_t count, size_t size)
{
    return check(reallocarray(ptr, count, size), count ? size : 0);
}

void *xaligned(size_t alignment, size_t size)
{
    return check(aligned_alloc(alignment, size), size);
}

char *xstrdup(const char *text)
{
    return xmemdup0(text, strlen(text));
}

char *xmemdup0(const void *data, size_t len)
{
    char *copy = xmalloc(len + 1);

    if (len)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}
