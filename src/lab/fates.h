/* SPDX-License-Identifier: ISC */
#ifndef LAB_FATES_H
#define LAB_FATES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "lab/selector.h"

/* What becomes of each packet on the wire: by exact choice, and by chance. The wire asks once for each packet
 * that a host has sent, and carries it out.
 *
 * Chance has no generator that packets share: what happens to a packet is a hash of the seed and of what the
 * packet is (direction, conversation, relative sequence numbers, length, flags, how many of the same came before), so
 * the same program with the same seed meets the same fates, whatever else is on the wire at that moment.
 *
 * Each order is a text: what it does is in its name, the text is [VALUE] [SELECTOR] or [PERCENT "%"] [SELECTOR], of
 * which either may be missing where that makes sense (selector.h):
 *
 *     drop        "syn+ack#1"    "5%"    "20% data from server"
 *     delay       "40ms"         "200ms data#3"      adds to what others add
 *     jitter      "10ms"         "10ms from client"  see distribution
 *     duplicate   "fin#1"        "2%"
 *     reorder     "3ms data#2"   "5%"                held until as much later, so that later ones overtake it; 0: a
 *                                                    value of its own
 *     corrupt     "data#1"       "1%"                one bit of payload (of the header where there is none) flipped;
 *                                                    the receiver's checksum is to find it
 *     truncate    "20 data#1"                        bytes that are left of the payload; lengths in the headers stay
 *     rate        "1mbit"        "64kbit from server"    with a queue, after which packets are dropped
 *     queue       "64K"                              of rate, bytes
 *     mtu         "1280"         "576 from server"   longer ones do not pass (DF or IPv6): an ICMP error comes back
 *     mtu-silent  "1280"                             the same without the error: a black hole
 *     down        "2s-5s"        "1s-"               between these times after the first packet nothing passes
 *     vanish      "server after data#3"  "client at 2s"   that host is gone from then on: half-open
 *     reset       "client after data#2"              a forged RST comes to that host, as if from the other
 */
struct fates;

enum fates_order {
    FATES_DROP, FATES_DELAY, FATES_JITTER, FATES_DUPLICATE, FATES_REORDER, FATES_CORRUPT, FATES_TRUNCATE,
    FATES_RATE, FATES_QUEUE, FATES_MTU, FATES_MTU_SILENT, FATES_DOWN, FATES_VANISH, FATES_RESET,
    FATES_ORDERS,
};

enum fates_distribution { FATES_UNIFORM, FATES_NORMAL, FATES_PARETO }; /* of jitter: value is the half width, sigma, or
                                                                         the mean of what is added */

#define FATES_ORDERS_MAX 256
#define FATES_DELAY_MAX_NS INT64_C(3600000000000)
#define FATES_QUEUE_DEFAULT_BYTES (256U << 10)
#define FATES_REORDER_DEFAULT_NS INT64_C(3000000)
#define FATES_COPIES_MAX 16

struct fates *fates_new(uint64_t seed);
void fates_free(struct fates *f); /* accepts NULL */
/* "drop", "mtu-silent": also the options' names. */
const char *fates_order_name(enum fates_order order);
/* 0, or ERR_MISUSE: text is quoted, with what would be right. */
int fates_add(struct fates *f, enum fates_order order, const char *text, struct err *err);
void fates_set_distribution(struct fates *f, enum fates_distribution distribution);
/* Nothing was ordered: every packet passes as it is, at once. */
bool fates_are_none(const struct fates *f);

/* Why: for the note beside the arrow. Of several the gravest. */
enum fates_reason {
    FATES_PASSED,
    FATES_BY_ORDER,  /* text: the selector */
    FATES_BY_CHANCE,
    FATES_BY_QUEUE,  /* rate: the queue was full */
    FATES_BY_MTU,
    FATES_BY_LINK_DOWN,
    FATES_BY_VANISHED,
    FATES_BY_HAND,   /* --step */
};

struct fate {
    bool is_dropped;
    uint8_t reason;         /* enum fates_reason: of the drop, or of whatever else */
    const char *text;       /* of BY_ORDER: the order as it would be typed; lives as long as the fates. NULL: none */
    int64_t delay_ns;       /* until it comes to the other host; rate and queueing counted in */
    bool is_reordered;      /* part of the delay is for that */
    uint8_t copies;         /* further ones, at the same moment */
    int32_t corrupt_bit;    /* of the packet, to be flipped; -1: none */
    uint32_t kept_bytes;    /* of the packet; truncate. Else all of them */
    uint32_t too_big_mtu;   /* dropped, and its sender is to hear ICMP with this MTU; 0: no */
    bool has_reset;         /* after it a forged RST comes to reset_to */
    uint8_t reset_to;       /* enum lab_side */
};

/* now_ns: since the first packet, growing. packet->bytes: of the IP packet. Counts the packet for all orders, and what it
 * takes of the rate's queue. */
void fates_decide(struct fates *f, const struct selectee *packet, uint32_t bytes, int64_t now_ns, struct fate *ret);

#endif
