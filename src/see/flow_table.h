/* SPDX-License-Identifier: ISC */
#ifndef SEE_FLOW_TABLE_H
#define SEE_FLOW_TABLE_H

#include <stdint.h>

#include "see/flow.h"
#include "wire/packet.h"

/* All conversations of a capture: each packet finds its own, whichever way it goes. Memory is that of the
 * conversations that live: 200 bytes each at the most, struct flow and its place in the index. */
struct flow_table;

/* As many as the index can number. */
#define FLOW_TABLE_MAX 0x3fffffeU

/* A conversation leaves the table: its ports are used again, it closed long ago, or it had to make room.
 * *flow is gone afterwards. */
typedef void flow_table_ended(const struct flow *flow, void *arg);

/* Of those that have closed so many are kept: for what is still under way to them, and to know ports that are
 * used again. So memory is that of the conversations that live, however long the capture. */
#define FLOW_TABLE_CLOSED_MAX 16384

/* At most max_flows, 1 to FLOW_TABLE_MAX, are kept: then the one that closed first goes, and where none has
 * closed one that has been quiet for long. Of more than FLOW_TABLE_CLOSED_MAX that have closed, the first one
 * goes in any case. seed must be one that nobody can guess, so that no file can be
 * made of conversations that all fall into one place. ended may be NULL; it must not call back. */
struct flow_table *flow_table_new(uint64_t seed, uint32_t max_flows, flow_table_ended *ended, void *arg);
/* From now on a of each new conversation is who has this address (4 bytes of IPv4, 16 of IPv6), whoever opens
 * it. */
void flow_table_lay_down_a(struct flow_table *t, const uint8_t *ipv4, const uint8_t *ipv6);
/* Does not tell of those that are left: flow_table_each. */
void flow_table_free(struct flow_table *t);

struct flow_step {
    struct flow
        *flow;     /* NULL: the packet has no ports, so belongs to none; else valid until the next packet */
    unsigned from; /* FLOW_A or FLOW_B */
    unsigned verdict;   /* enum tcpseq_verdict */
    bool is_first;      /* of the flow */
    bool was_time_wait; /* and one of the sides of the flow that had its ports before was in TIME_WAIT */
    /* As it was before the packet. */
    bool was_asked;             /* flow.is_asked */
    int64_t last_ns;            /* when the packet before it was; its own time for the first */
    uint32_t acked_before;      /* by from */
    uint16_t flags[FLOW_SIDES]; /* enum flow_side_flags */
    uint8_t state[FLOW_SIDES];  /* enum flow_state */
};

/* These packets are about to be taken: looks for their flows and has what they will need fetched into the
 * cache. Changes nothing but the time it takes: what it has found is a guess only. */
#define FLOW_TABLE_EXPECT_MAX 32
void flow_table_expect(struct flow_table *t, const struct packet *packets, unsigned count);
/* Times may go back, as they do in files that were put together. */
struct flow_step flow_table_take(struct flow_table *t, const struct packet *p, int64_t time_ns);
/* Whose would a packet with these ends be? *ret_from: which side sends it. NULL if there is none. */
struct flow *flow_table_find(
    struct flow_table *t, const struct ip *ip, uint16_t sport, uint16_t dport, unsigned *ret_from);
/* Whose is the packet that an ICMP error speaks of? *ret_from: which side had sent it. NULL if there is none.
 */
struct flow *flow_table_find_quoted(struct flow_table *t, const struct icmp *icmp, unsigned *ret_from);

/* Those that are in it, in no order, one a call: *state is 0 at first; NULL at the end. No packet may come in
 * between. */
struct flow *flow_table_each(struct flow_table *t, uint32_t *state);
uint32_t flow_table_count(const struct flow_table *t);
/* The same for who goes through them bit by bit while packets come: places 1 to flow_table_places, of which
 * there are never less than there were. NULL: none is in it at the moment. */
uint32_t flow_table_places(const struct flow_table *t);
const struct flow *flow_table_at(const struct flow_table *t, uint32_t place);

#endif
