/* SPDX-License-Identifier: ISC */
#include "base/buf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define BUF_MIN_BYTES 256

void buf_done(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

uint8_t *buf_reserve(struct buf *b, size_t more)
{
    if (b->cap - b->head - b->len < more) {
        /* Moving is cheap while the hole in front is at least as large as what is moved. */
        if (b->head >= b->len && b->cap - b->len >= more) {
            if (b->len)
                memcpy(b->data, b->data + b->head, b->len);
            b->head = 0;
        } else {
            size_t cap = b->cap ? b->cap : BUF_MIN_BYTES;

            assert(b->head + b->len + more >= more);
            while (cap - b->head - b->len < more)
                cap *= 2;
            b->data = xrealloc(b->data, cap);
            b->cap = cap;
        }
    }
    return b->data + b->head + b->len;
}

void buf_commit(struct buf *b, size_t len)
{
    assert(b->head + b->len + len <= b->cap);
    b->len += len;
}

void buf_append(struct buf *b, const void *data, size_t len)
{
    if (len == 0)
        return;
    memcpy(buf_reserve(b, len), data, len);
    b->len += len;
}

void buf_consume(struct buf *b, size_t len)
{
    assert(len <= b->len);
    b->len -= len;
    b->head = b->len ? b->head + len : 0;
}

void buf_trim(struct buf *b)
{
    if (b->len == 0)
        buf_done(b);
}
