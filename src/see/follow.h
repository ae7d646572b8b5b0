/* SPDX-License-Identifier: ISC */
#ifndef SEE_FOLLOW_H
#define SEE_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "see/conversation.h"
#include "see/verdict.h"
#include "wire/packet.h"

/* Follows every conversation of a capture: which one a packet is of, who sent it, and what it means there.
 * Packets are given in the order of the capture, and for each *ret tells all that can be said at that moment;
 * when a conversation is forgotten, its summary goes to a function and its memory to the next one.
 *
 *     f = follow_new(&options);
 *     while (there are packets) {
 *         packet_parse(..., &packet);
 *         if (follow_packet(f, &packet, number, time_ns, &followed))
 *             followed.conversation, followed.from, followed.verdicts, followed.state, ...
 *     }
 *     follow_finish(f);      every conversation that is left is handed to ended
 *     follow_free(f);
 *
 * It is a flow_table, and beside it a detail for those conversations of which there is more to remember than
 * 200 bytes hold: in which something went wrong, or all of them if they are to be looked at closely. A whole
 * capture is followed without close; the one that is to be drawn, a second time with it.
 */
struct follow;

#define FOLLOW_CONVERSATIONS_DEFAULT 1000000
/* Of conversations that are kept at once so many have a detail, some 700 bytes each, and as many a label
 * (LABELS_MAX). Those that come when all are taken are followed and counted as the others are, and nothing
 * more is told of them: follow_totals.is_crowded. */
#define FOLLOW_DETAILS_MAX 65536

struct followed;

struct follow_options {
    uint32_t max_conversations; /* at most FLOW_TABLE_MAX; 0: the default */
    bool close; /* a detail for each from its first packet on: round trips, SACK, timestamps, kinds of
                   retransmission, what was agreed on. Costs some 600 bytes a conversation */
    /* The same for those with these ids alone, both included; 0 and 0: none. */
    uint32_t close_first, close_last;
    /* The lab knows who is who: A is this host in every conversation, whoever opens it (conversation.opener).
     */
    bool has_a;
    uint8_t a_ipv4[4], a_ipv6[16];
    bool labels;   /* look at the first bytes of each side */
    bool findings; /* those that show on the way cost memory only where they do */
    /* Called when a conversation is forgotten. c and what it points to are valid during the call only. May be
     * NULL; must not call back. */
    void (*ended)(void *arg, const struct conversation *c);
    void *arg;
    /* The UDP of a tunnel is a conversation as well: its datagram is told of here, before the packet that was
     * in it, and with the same number. What *carrier points to is valid during the call only. May be NULL;
     * must not call back, but for follow_conversation. */
    void (*carrier)(void *arg, const struct followed *carrier);
    void *carrier_arg;
};

enum followed_kind { FOLLOWED_TCP, FOLLOWED_UDP, FOLLOWED_ICMP /* an error about the conversation */ };

struct followed {
    uint32_t conversation; /* its id */
    uint8_t kind;          /* enum followed_kind */
    uint8_t from;          /* FLOW_A or FLOW_B: who sent it; of ICMP: whose packet it is about */
    bool is_first;         /* of its conversation */
    bool is_over;          /* the conversation is, with it or before */
    bool has_ack;
    bool has_scale;  /* window is scaled as was agreed; false: no SYN was seen, so it may be more */
    uint16_t flags;  /* enum tcp_flags */
    uint64_t number; /* of the packet in the capture */
    int64_t time_ns;
    int64_t delta_ns;  /* since the one before in this conversation; 0 for the first */
    int64_t rtt_ns;    /* how long what it acknowledges, or replies to, had waited; 0: not known */
    uint32_t seq, ack; /* as they are */
    uint32_t seq_relative, ack_relative; /* to the initial sequence numbers */
    uint32_t sequence_bytes;             /* payload, SYN and FIN */
    uint32_t payload;
    uint32_t window;    /* bytes, scaled */
    uint32_t in_flight; /* bytes of this side that were sent and not acknowledged, with this one */
    unsigned verdicts;  /* enum verdict */
    uint8_t state_before[FLOW_SIDES], state[FLOW_SIDES]; /* enum flow_state */
    bool is_inferred[FLOW_SIDES];
    const struct flow *flow;     /* valid until the next packet */
    const struct packet *packet; /* what was given, or what was put together with it */
    const uint64_t *pieces;      /* the numbers of the packets it was put together of; NULL: it came in one */
    uint32_t piece_count;
};

struct follow_totals {
    uint64_t packets;        /* given */
    uint64_t tcp, udp;       /* that became part of a conversation */
    uint64_t carriers;       /* datagrams of tunnels, whose packets are counted above or below */
    uint64_t icmp_errors;    /* that were about one */
    uint64_t fragments;      /* pieces of datagrams: the last one that comes counts as the whole, above */
    uint64_t other;          /* nothing that is followed here */
    uint64_t bad;            /* that could not be read */
    uint64_t conversations;  /* begun */
    uint64_t ended, evicted; /* forgotten; of these, while they were open and for want of room */
    bool is_crowded;         /* some have no label or findings, for want of room */
};

struct follow *follow_new(const struct follow_options *options);
void follow_free(struct follow *f);
/* These packets are about to be given: flow_table_expect. */
void follow_expect(const struct follow *f, const struct packet *packets, unsigned count);
/* number: of the packet in the capture, from 1, growing. False if it is of no conversation, or a fragment of
 * a datagram that is not whole yet: *ret is untouched then. ret->packet is *packet, or the whole of which it
 * was the last fragment. May call options.ended before it returns. */
bool follow_packet(
    struct follow *f, const struct packet *packet, uint64_t number, int64_t time_ns, struct followed *ret);
/* With has_a: the packet just given, a segment, got lost behind the point where it was sent. So the other
 * side has not got it, nor what it acknowledged. followed: what was said of it; becomes what holds. */
void follow_lose(struct follow *f, struct followed *followed);
/* How the conversation of a packet just given stands. Its findings are those that have been noted so far,
 * some of which its end may drop. Valid until the next packet. */
void follow_conversation(struct follow *f, const struct followed *followed, struct conversation *ret);
/* The same with the findings that it would have if this were its end. */
void follow_conclude(struct follow *f, const struct followed *followed, struct conversation *ret);
/* Of UDP, where no packet says that it was the last: hands to take, concluded, those of which nothing has
 * come since before_ns. Looks at so many places of the table from *cursor on, which is 0 at first; packets
 * may come in between, and after the last place the first one is the next. */
void follow_quiet(struct follow *f, uint32_t *cursor, uint32_t places, int64_t before_ns,
    void (*take)(void *arg, const struct conversation *c), void *arg);
/* All that live, in no order. */
void follow_each(struct follow *f, void (*take)(void *arg, const struct conversation *c), void *arg);
/* No more packets: all that are left are handed to ended, in no order. Only follow_totals, follow_findings
 * and follow_free may be called afterwards. */
void follow_finish(struct follow *f);
void follow_totals(const struct follow *f, struct follow_totals *ret);
/* What is wrong with the capture as a whole: a flood of SYNs, one direction only, taken twice. By the
 * conversations that have ended. */
const struct finding *follow_findings(struct follow *f, unsigned *ret_count);

#endif
