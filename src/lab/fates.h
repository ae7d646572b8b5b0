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
 * packet is (direction, conversation, relative sequence number, length, flags, how many of the same came
 * before; of an ACK without data the number it acknowledges), so the same program with the same seed meets
 * the same fates, whatever else is on the wire at that moment.
 *
 * Each order is a text: what it does is in its name, the text is [VALUE] [PERCENT "%"] [SELECTOR], of which
 * each may be missing where that makes sense (selector.h):
 *
 *     drop        "syn+ack#1"    "5%"    "20% data from server"
 *     delay       "40ms"         "200ms data#3"    "300ms 1%"    adds to what others add
 *     jitter      "10ms"         "10ms from client"  see distribution; packets of one direction do not
 * overtake each other by it duplicate   "fin#1"        "2%"    "3 data#1"  so many further ones; one if it is
 * not said reorder     "3ms data#2"   "5%"                held until as much later, so that later ones
 * overtake it; FATES_REORDER_DEFAULT_NS if it is not said corrupt     "data#1"       "1%"                one
 * bit of payload (of the transport header where there is none) flipped; the receiver's checksum is to find it
 *     truncate    "20 data#1"                        bytes that are left of the payload; lengths in the
 * headers stay rate        "1mbit"        "64kbit from server"    with a queue, after which packets are
 * dropped; the last one that was ordered for that direction counts queue       "64K"          "16K from
 * client"   of rate, bytes that wait mtu         "1280"         "576 from server"   longer ones do not pass:
 * an ICMP error comes back. Also for IPv4 without DF, as nothing is fragmented here mtu-silent  "1280" the
 * same without the error: a black hole down        "2s-5s"        "1s-"  "0-1s from client"  between these
 * times after the first packet nothing passes vanish      "server after data#3"  "client at 2s"   that host
 * is gone from then on: half-open reset       "client after data#2"              a forged RST comes to that
 * host, as if from the other. Without a number after the first such packet
 *
 * A packet meets them in the order in which it would on its way: its sender is gone, the link is down, it is
 * too long, the queue is full, it is dropped by order, by chance; or it comes to the other host, late,
 * damaged or twice. So what is dropped on its way has taken its time on a link of limited rate. */
struct fates;

enum fates_order {
    FATES_DROP,
    FATES_DELAY,
    FATES_JITTER,
    FATES_DUPLICATE,
    FATES_REORDER,
    FATES_CORRUPT,
    FATES_TRUNCATE,
    FATES_RATE,
    FATES_QUEUE,
    FATES_MTU,
    FATES_MTU_SILENT,
    FATES_DOWN,
    FATES_VANISH,
    FATES_RESET,
    FATES_ORDERS,
};

/* What jitter adds, from its value v. With the first two it may take away from what delay adds, but no packet
 * comes before it was sent. */
enum fates_distribution {
    FATES_UNIFORM, /* -v to v */
    FATES_NORMAL,  /* v is the standard deviation; 4 v at the most */
    FATES_PARETO,  /* never less than 0, mostly little and now and then much: v is the mean; 50 v at the most
                    */
};

#define FATES_ORDERS_MAX 256
#define FATES_TEXT_MAX 256 /* bytes of an order's text */
#define FATES_DELAY_MAX_NS INT64_C(3600000000000)
#define FATES_QUEUE_DEFAULT_BYTES (256U << 10)
#define FATES_REORDER_DEFAULT_NS INT64_C(3000000)
#define FATES_COPIES_MAX 16
#define FATES_MTU_MIN 68 /* RFC 791: what every link carries */
#define FATES_RATE_MIN_BITS 1000
#define FATES_RATE_MAX_BITS UINT64_C(1000000000000)
#define FATES_QUEUE_MAX_BYTES (UINT64_C(1) << 30)
/* So many packets are remembered, to know how many of the same came before; then the oldest are forgotten. */
#define FATES_REMEMBERED 65536

struct fates *fates_new(uint64_t seed);
void fates_free(struct fates *f); /* accepts NULL */
/* "drop", "mtu-silent": also the options' names. */
const char *fates_order_name(enum fates_order order);
/* 0, or ERR_MISUSE: name and text are quoted, with what would be right. */
int fates_add(struct fates *f, enum fates_order order, const char *text, struct err *err);
void fates_set_distribution(struct fates *f, enum fates_distribution distribution);
/* Nothing was ordered: every packet passes as it is, at once. */
bool fates_are_none(const struct fates *f);

/* Why: for the note beside the arrow. Of several the gravest. What holds for all packets alike (a delay, a
 * rate) is no reason: delay_ns tells of it. */
enum fates_reason {
    FATES_PASSED,
    FATES_BY_ORDER, /* that selects it */
    FATES_BY_CHANCE,
    FATES_BY_QUEUE, /* rate: the queue was full */
    FATES_BY_MTU,
    FATES_BY_LINK_DOWN,
    FATES_BY_VANISHED,
    FATES_BY_HAND, /* --step; never from here */
};

struct fate {
    bool is_dropped;
    uint8_t reason;    /* enum fates_reason: of the drop, or of whatever else */
    const char *text;  /* the order that is the reason, as it would be typed: "drop syn+ack#1"; lives as long
                          as  the fates. NULL: none */
    int64_t delay_ns;  /* until it comes to the other host; rate and queueing counted in */
    bool is_reordered; /* part of the delay is for that */
    bool is_late;      /* part of it is for an order that selects it, or for chance */
    uint8_t copies;    /* further ones, at the same moment */
    int32_t
        corrupt_bit; /* of the packet, to be flipped, counted from the highest of its first byte; -1: none */
    uint32_t kept_bytes;  /* of the packet; truncate. Else all of them */
    uint32_t too_big_mtu; /* dropped, and its sender is to hear ICMP with this MTU; 0: no */
    bool has_reset;       /* after it a forged RST comes to reset_to */
    uint8_t reset_to;     /* enum lab_side */
};

/* now_ns: since the first packet, growing. bytes: of the IP packet. Counts the packet for all orders, and
 * what it takes of the rate's queue. A host that has vanished neither sends nor gets anything: what was under
 * way to it when it vanished is the wire's to drop (fates_has_vanished). */
void fates_decide(
    struct fates *f, const struct selectee *packet, uint32_t bytes, int64_t now_ns, struct fate *ret);
/* Whether a packet that arrives now still finds that host; if not, *ret_text (may be NULL) is the order. */
bool fates_has_vanished(const struct fates *f, enum lab_side side, int64_t now_ns, const char **ret_text);

#endif
