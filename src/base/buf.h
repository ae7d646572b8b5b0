/* SPDX-License-Identifier: ISC */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

/* A queue of bytes: appended at the back, consumed at the front, contiguous in between. An empty one
 * owns no memory (buf_trim), so ten thousand idle peers cost nothing here. */
struct buf {
    uint8_t *data; /* NULL when cap is 0 */
    size_t head;   /* first byte in use */
    size_t len;    /* bytes in use */
    size_t cap;
};

static inline uint8_t *buf_head(const struct buf *b)
{
    return b->head ? b->data + b->head : b->data; /* nothing may be added to NULL, not even 0 */
}

void buf_done(struct buf *b);
/* Room for more bytes behind the last one; returns where they go. buf_append with the copying left out:
 * write there, then buf_commit. */
uint8_t *buf_reserve(struct buf *b, size_t more);
void buf_commit(struct buf *b, size_t len);
void buf_append(struct buf *b, const void *data, size_t len);
void buf_consume(struct buf *b, size_t len);
/* Gives the memory back if the queue is empty. */
void buf_trim(struct buf *b);

#endif
