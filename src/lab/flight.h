/* SPDX-License-Identifier: ISC */
#ifndef LAB_FLIGHT_H
#define LAB_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/fates.h"
#include "lab/hosts.h"
#include "see/flow.h"
#include "see/follow.h"

/* The packets that are under way on the wire, in the order in which they arrive; of those that arrive at the
 * same moment, in the order in which they were added. */
struct flight;

/* What is under way at once, at most: what comes then is lost, as in any full queue. */
#define FLIGHT_PACKETS_MAX 65536
#define FLIGHT_BYTES_MAX ((size_t)64 << 20)

struct airborne {
    int64_t due_ns, left_ns; /* monotonic */
    uint64_t number;         /* of the packet, as the wire counts */
    uint8_t from;            /* enum lab_side */
    uint8_t copy;            /* 0: the packet itself */
    bool has_reset;          /* a forged RST follows it */
    uint8_t reset_to;        /* enum lab_side */
    bool is_followed;        /* followed and flow are filled, and followed.flow points to flow */
    struct fate fate;
    struct followed followed; /* as when it left; packet is NULL */
    struct flow flow;
    uint32_t sent_bytes; /* before it was truncated */
    uint32_t bytes;
    uint8_t data[]; /* an IP packet */
};

struct flight *flight_new(void);
void flight_free(struct flight *f); /* accepts NULL */
/* A new one with room for these bytes, to be filled and given to flight_add. NULL: too much is under way. */
struct airborne *flight_reserve(struct flight *f, uint32_t bytes);
/* It is the flight's now. */
void flight_add(struct flight *f, struct airborne *packet);
/* When the next one is due; INT64_MAX: nothing is under way. */
int64_t flight_next_ns(const struct flight *f);
/* The next one, if it is due; else NULL. It is the caller's, who gives it back with flight_drop. */
struct airborne *flight_take(struct flight *f, int64_t now_ns);
void flight_drop(struct flight *f, struct airborne *packet);
size_t flight_count(const struct flight *f);

#endif
