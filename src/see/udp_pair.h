/* SPDX-License-Identifier: ISC */
#ifndef SEE_UDP_PAIR_H
#define SEE_UDP_PAIR_H

#include <stdint.h>

#include "see/flow.h"

/* UDP knows no connections, so which datagram answers which is told by time alone: B's first one after one
 * of A answers that. What a flow keeps of it stands where TCP has its sequence. */

/* Counts a datagram and pairs it. */
void udp_pair_take(struct flow *flow, unsigned from, uint32_t payload_bytes, int64_t time_ns);

/* How many of A's were answered: of several in a row, one. */
static inline uint32_t udp_pair_requests(const struct flow *flow)
{
    return flow->side[flow_opener(flow)].next;
}

/* How long the latest datagram of A has waited, or had when it was answered now. Less than 71 minutes. */
static inline int64_t udp_pair_waited_ns(const struct flow *flow, int64_t now_ns)
{
    uint32_t now_us = (uint32_t)((uint64_t)(now_ns - flow->first_ns) / 1000);

    return (int64_t)(uint32_t)(now_us - flow->side[flow_opener(flow)].hole_us) * 1000;
}

#endif
