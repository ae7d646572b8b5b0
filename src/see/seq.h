/* SPDX-License-Identifier: ISC */
#ifndef SEE_SEQ_H
#define SEE_SEQ_H

#include <stdbool.h>
#include <stdint.h>

/* Sequence numbers of TCP wrap around (RFC 9293, section 3.4), so which of two is the later one is a question
 * of the shorter way. No other file compares them. */

/* Is a before b? */
static inline bool seq_is_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

/* Is seq one of the bytes numbers that begin with first? */
static inline bool seq_is_within(uint32_t first, uint32_t seq, uint32_t bytes)
{
    return seq - first < bytes;
}

#endif
