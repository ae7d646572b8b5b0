/* SPDX-License-Identifier: ISC */
#include "net/chunk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

struct chunk *chunk_new(size_t cap)
{
    struct chunk *chunk;

    assert(cap > 0 && cap <= CHUNK_LIMIT_BYTES);
    chunk = xmalloc(sizeof(*chunk) + cap);
    chunk->refs = 1;
    chunk->len = 0;
    chunk->cap = (uint32_t)cap;
    return chunk;
}

struct chunk *chunk_ref(struct chunk *chunk)
{
    assert(chunk->refs > 0 && chunk->refs < UINT32_MAX);
    chunk->refs++;
    return chunk;
}

void chunk_unref(struct chunk *chunk)
{
    if (!chunk)
        return;
    assert(chunk->refs > 0);
    if (--chunk->refs == 0)
        free(chunk);
}

size_t chunk_append(struct chunk **chunk, const void *data, size_t len)
{
    struct chunk *c = *chunk;
    size_t offset;

    assert(len <= CHUNK_LIMIT_BYTES);
    /* Nobody else looks at it: what is in there has been sent, and its memory is warm. */
    if (c && c->refs == 1)
        c->len = 0;
    if (!c || c->cap - c->len < len) {
        chunk_unref(c);
        c = *chunk = chunk_new(len > CHUNK_BYTES ? len : CHUNK_BYTES);
    }
    offset = c->len;
    if (len)
        memcpy(c->data + offset, data, len);
    c->len += (uint32_t)len;
    return offset;
}
