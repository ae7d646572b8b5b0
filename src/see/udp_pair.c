/* SPDX-License-Identifier: ISC */
#include "see/udp_pair.h"

void udp_pair_take(struct flow *flow, unsigned from, uint32_t payload_bytes, int64_t time_ns)
{
    unsigned opener = flow_opener(flow);
    struct flow_side *a = &flow->side[opener], *side = &flow->side[from];
    int64_t waited_us;

    side->packets++;
    side->payload_bytes += payload_bytes;
    if (from == opener) {
        /* Of several in a row the last: those before it were in vain, or asked for no answer. */
        flow->is_asked = true;
        a->hole_us = (uint32_t)((uint64_t)(time_ns - flow->first_ns) / 1000);
        return;
    }
    if (!flow->is_asked)
        return;
    flow->is_asked = false;
    a->next++;
    /* The shortest is the way there and back; in the others is the program's time, too. */
    waited_us = udp_pair_waited_ns(flow, time_ns) / 1000;
    if (!(a->flags & FLOW_HAS_RTT) || waited_us < a->rtt_us)
        a->rtt_us = (uint32_t)waited_us;
    a->flags |= FLOW_HAS_RTT;
}
