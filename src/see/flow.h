/* SPDX-License-Identifier: ISC */
#ifndef SEE_FLOW_H
#define SEE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "see/tcpstate.h"

/* A conversation: two addresses with their ports, TCP or UDP, and what each side has said. This is what is
 * kept for every one of them while it lives, so it has exactly three cache lines: one for whose it is, and
 * one for each side. */

enum {
    FLOW_A,
    FLOW_B,
    FLOW_SIDES
}; /* a is who opened: who sent the SYN, or else the first packet that was seen; if it was laid down who is a,
      it may be b who opened: flow_opener */

/* How both FINs stand to each other. */
enum flow_closing {
    FLOW_NOT_CLOSED, /* there are not both */
    FLOW_CLOSED_BY_FOUR,
    FLOW_CLOSED_BY_THREE, /* the second FIN was the first to acknowledge the first one */
    FLOW_CLOSED_AT_ONCE,  /* the second did not acknowledge the first: they crossed */
};

enum flow_side_flags {
    FLOW_HAS_SYN = 1,   /* its SYN was seen: isn is its own */
    FLOW_HAS_SEQ = 2,   /* isn and next are filled, maybe from the middle */
    FLOW_HAS_ACK = 4,   /* acked and window are filled */
    FLOW_HAS_SHIFT = 8, /* its SYN had a window scale */
    FLOW_SENT_FIN = 16, /* its number is next - 1 */
    FLOW_SENT_RST = 32,
    FLOW_HAS_HOLE = 64,        /* hole and hole_us are filled */
    FLOW_STATE_INFERRED = 128, /* its state depends on packets that were not seen */
    FLOW_HAS_RTT = 256,
    FLOW_KEPT_ALIVE = 512,    /* its last segment was a keep-alive */
    FLOW_LATE_ACK = 1024,     /* without FLOW_HAS_HOLE: late_ack_* are filled; notes.c's */
    FLOW_DUPLICATES = 0xc000, /* how often in a row it has acknowledged the same: 0 to 3 */
};

/* Counters of 16 bits stay at their greatest; a detail counts on from there (follow.c). */
struct flow_side {
    uint64_t payload_bytes; /* as sent, what was sent again counted again */
    uint32_t packets;
    uint32_t isn;   /* its first sequence number */
    uint32_t next;  /* behind the highest that was seen of it */
    uint32_t acked; /* the highest that it has acknowledged of the other's */
    union {
        uint32_t hole;            /* the first number of the last gap in what was seen */
        uint32_t late_ack_number; /* of the packet, modulo 2^32 */
    };
    union {
        uint32_t hole_us; /* when it opened, since the flow began, modulo 71 minutes */
        uint32_t late_ack_ns;
    };
    uint32_t retransmissions;
    uint32_t out_of_order;
    uint32_t duplicate_acks;
    uint32_t rtt_us; /* of the handshake: how long the other waited for its answer */
    uint16_t window; /* as its last packet had it, not scaled */
    uint16_t flags;  /* enum flow_side_flags */
    uint16_t syns, syn_acks, fins, rsts;
    uint16_t zero_windows;
    uint8_t window_shift;
    uint8_t state; /* enum flow_state */
};

struct flow {
    uint8_t address[FLOW_SIDES][16]; /* of IPv4 the first four */
    uint16_t port[FLOW_SIDES];
    uint8_t protocol;        /* IP_PROTOCOL_TCP or IP_PROTOCOL_UDP */
    uint8_t version;         /* 4 or 6 */
    uint8_t closed_by : 2;   /* FLOW_A or FLOW_B, who sent the first FIN or RST; FLOW_SIDES: neither yet */
    uint8_t closing : 2;     /* enum flow_closing */
    bool is_carrier : 1;     /* its datagrams had packets of others in them: a tunnel */
    bool is_opened_by_b : 1; /* only where it was laid down who is a */
    bool is_closed : 1;      /* RST, or both FINs acknowledged */
    bool is_queued : 1;      /* the table's */
    bool is_reuse : 1;       /* its ports had been those of another one */
    bool is_asked : 1;       /* UDP: a datagram of A waits for one of B: see udp_pair.h */
    bool has_detail : 1;     /* see follow.c */
    bool has_label : 1;      /* likewise */
    int64_t first_ns, last_ns;
    uint32_t number;      /* counted from 1 in the order in which they began */
    uint32_t next_closed; /* the table's */
    struct flow_side side[FLOW_SIDES];
};

static inline unsigned flow_opener(const struct flow *flow)
{
    return flow->is_opened_by_b ? FLOW_B : FLOW_A;
}

_Static_assert(sizeof(struct flow_side) == 64, "a side has one cache line");
_Static_assert(sizeof(struct flow) == 192, "a conversation has three");

#endif
