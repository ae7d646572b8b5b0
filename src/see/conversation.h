/* SPDX-License-Identifier: ISC */
#ifndef SEE_CONVERSATION_H
#define SEE_CONVERSATION_H

#include <stdbool.h>
#include <stdint.h>

#include "see/finding.h"
#include "see/flow.h"
#include "wire/label.h"

struct str;

/* A conversation, summed up: what the overview has a line for and JSON an object. Of one that still lives it
 * is how things stand. side[FLOW_A] is who opened it, or was heard first where no SYN tells. */

/* How it began. The names that the functions below give to these and to the next ones are part of the JSON
 * schema: they stay. */
enum conversation_opened {
    OPENED_DATAGRAM,     /* UDP: nothing is opened */
    OPENED_THREE_WAY,    /* SYN, SYN+ACK, ACK */
    OPENED_SIMULTANEOUS, /* both sent a SYN (RFC 9293, section 3.5, figure 7) */
    OPENED_HALF,         /* SYN and SYN+ACK, which nothing acknowledged */
    OPENED_UNANSWERED,   /* SYN and nothing */
    OPENED_REFUSED,      /* SYN and RST */
    OPENED_UNREACHABLE,  /* SYN and an ICMP error */
    OPENED_MID_CAPTURE,  /* open already when the capture began, or not all of its opening was captured */
};

/* How it ended. */
enum conversation_closed {
    CLOSED_OPEN,          /* it has not; of UDP: nothing can be said */
    CLOSED_FOUR_SEGMENT,  /* FIN, ACK, FIN, ACK */
    CLOSED_THREE_SEGMENT, /* FIN, FIN+ACK, ACK */
    CLOSED_SIMULTANEOUS,  /* both FINs crossed (RFC 9293, section 3.6, figure 13) */
    CLOSED_HALF,          /* one side sent FIN, the other did not */
    CLOSED_RESET,
    CLOSED_REFUSED,     /* it was never open: RST to the SYN */
    CLOSED_UNANSWERED,  /* it was never open: nothing came back; of UDP: no datagram did */
    CLOSED_UNREACHABLE, /* an ICMP error came back and nothing else */
};

/* What the two agreed on. Bits. */
enum conversation_agreed {
    AGREED_WINDOW_SCALE = 1,
    AGREED_SACK = 2,
    AGREED_TIMESTAMPS = 4,
    AGREED_ECN = 8,
    AGREED_FAST_OPEN = 16, /* data in the SYN, and it was acknowledged */
    AGREED_MPTCP = 32,
};

struct conversation_side {
    uint8_t address[16]; /* its first 4 bytes for IPv4 */
    uint16_t port;
    uint8_t state; /* enum flow_state */
    bool is_state_inferred;
    bool has_syn; /* its SYN was captured: isn is its own, and window_shift known */
    bool has_window_shift;
    bool has_mss;         /* only where it was looked at closely: follow_options.close */
    uint8_t window_shift; /* that it announced */
    uint16_t mss;
    uint64_t packets; /* that it sent */
    uint64_t payload; /* bytes, those sent again counted again */
    uint32_t isn;     /* its initial sequence number; a guess without has_syn */
    uint32_t retransmissions, out_of_order, duplicate_acks, zero_windows;
    /* Of retransmissions; as far as it was looked at closely when they came. */
    uint32_t fast_retransmissions, timeout_retransmissions, spurious_retransmissions;
    uint32_t keep_alives;
};

struct conversation {
    uint32_t id;            /* from 1, in the order in which they were first heard */
    uint8_t protocol;       /* IP_PROTOCOL_TCP or IP_PROTOCOL_UDP */
    uint8_t ip_version;     /* 4 or 6 */
    uint8_t opener;         /* FLOW_A; FLOW_B only with follow_options.has_a */
    uint8_t opened;         /* enum conversation_opened */
    uint8_t closed;         /* enum conversation_closed */
    bool has_closer;        /* closed_by is filled */
    uint8_t closed_by;      /* FLOW_A or FLOW_B: whose FIN was first; if reset or refused, whose RST */
    bool is_complete;       /* it is over: nothing more is expected but what was under way */
    bool is_evicted;        /* given up since there were too many; what came later counts as another */
    bool is_reuse;          /* its addresses and ports had been those of another one before */
    bool has_agreed;        /* both SYNs were captured, and looked at closely */
    uint8_t agreed;         /* enum conversation_agreed */
    uint8_t label;          /* enum label */
    uint8_t label_side;     /* FLOW_A or FLOW_B: who said it */
    const char *label_text; /* "" if there is none; bytes from outside */
    struct conversation_side side[FLOW_SIDES];
    uint32_t syn, syn_ack, fin, rst; /* packets with these flags; a SYN+ACK is no SYN */
    uint32_t icmp_errors;
    uint32_t unseen; /* times that something was acknowledged which was not captured */
    uint32_t gaps;   /* places in the sequence that were not captured when what follows was */
    uint64_t first_number, last_number; /* of its packets in the capture; 0 if not looked at closely */
    int64_t first_ns, last_ns;
    int64_t handshake_ns; /* from SYN by SYN+ACK to ACK: a whole round trip. 0: not seen */
    /* Of the longer half of the way, between the point of capture and one of the sides, by whatever was
     * acknowledged; where it was not looked at closely, the handshake's alone. */
    uint32_t rtt_count;
    int64_t rtt_min_ns, rtt_avg_ns; /* if rtt_count is not 0 */
    uint32_t requests, replies;     /* UDP: datagrams of the opener (A) that the other answered, by time; all
                                       datagrams of the other */
    const struct finding *findings; /* the gravest first */
    unsigned finding_count;
};

/* What a flow says by itself. The rest of *ret is 0. */
void conversation_of_flow(const struct flow *flow, struct conversation *ret);

/* A copy with its label and findings, in one piece: free(3) it. */
struct conversation *conversation_copy(const struct conversation *c);

enum conversation_opened conversation_opened_of_flow(const struct flow *flow);

/* "ip:port", IPv6 in brackets. */
void conversation_append_endpoint(struct str *out, const struct conversation *c, unsigned side);

/* What both sides did. */
uint64_t conversation_packets(const struct conversation *c);
uint64_t conversation_payload(const struct conversation *c);
uint32_t conversation_retransmissions(const struct conversation *c);
uint32_t conversation_out_of_order(const struct conversation *c);
uint32_t conversation_duplicate_acks(const struct conversation *c);
uint32_t conversation_zero_windows(const struct conversation *c);

/* How long a round trip took: the average, or the handshake where there is no other sample; 0: not known. */
int64_t conversation_rtt_ns(const struct conversation *c);

/* "tcp", "three-way", "four-segment", ...: for programs, never translated. */
const char *conversation_protocol_name(const struct conversation *c);
const char *conversation_opened_name(enum conversation_opened opened);
const char *conversation_closed_name(enum conversation_closed closed);
/* The same for people: N_, to be translated. */
const char *conversation_opened_text(enum conversation_opened opened);
const char *conversation_closed_text(enum conversation_closed closed);

#endif
