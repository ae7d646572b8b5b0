/* SPDX-License-Identifier: ISC */
#ifndef SEE_ROSTER_H
#define SEE_ROSTER_H

#include <stddef.h>
#include <stdint.h>

struct conversation;

/* The conversations of a capture that are worth a line, in the order somebody wants: at most so many of them,
 * so that a capture of a million short ones takes no more memory than one of a thousand. */
struct roster;

enum roster_order {
    ROSTER_BY_START,
    ROSTER_BY_DURATION, /* the longest first; so for the others: the most, or the gravest */
    ROSTER_BY_BYTES,
    ROSTER_BY_PACKETS,
    ROSTER_BY_LOSS, /* retransmissions */
    ROSTER_BY_RTT,
    ROSTER_BY_FINDINGS,
    ROSTER_ORDERS,
};

/* limit: 0 for none. Those that stay are the first in the order; of ROSTER_BY_START the gravest, and of
 * equally grave ones the first. */
struct roster *roster_new(enum roster_order order, size_t limit);
void roster_free(struct roster *r); /* accepts NULL */
/* Copies it, if it is one of those that stay for now. */
void roster_take(struct roster *r, const struct conversation *c);
/* How many were taken, also of those that did not stay. */
uint64_t roster_taken(const struct roster *r);
/* Brings them into order; after it these tell, until the next roster_take. */
void roster_sort(struct roster *r);
size_t roster_count(const struct roster *r);
const struct conversation *roster_get(const struct roster *r, size_t index);
/* Forgets all of them; the memory of their lines is kept. */
void roster_clear(struct roster *r);

#endif
