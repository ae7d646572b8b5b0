/* SPDX-License-Identifier: ISC */
/* Eight bytes are a segment between two of a few ports: flags, who, numbers near each other, a time that may
 * go back. Whatever they are, each side is in a state that there is, counters agree with what went in, no
 * more conversations are kept than may be, and every packet is in exactly one of them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "see/flow_table.h"
#include "see/tcpseq.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEP_BYTES 8
#define ROOM 3

static void check(int holds)
{
    if (!holds)
        abort();
}

struct sums {
    uint64_t packets, payload, syns, fins, rsts;
};

static void check_flow(const struct flow *flow)
{
    check(flow->number > 0 && flow->closed_by <= FLOW_SIDES);
    for (unsigned i = FLOW_A; i < FLOW_SIDES; i++) {
        const struct flow_side *side = &flow->side[i];

        check(side->state < FLOW_STATES && side->window_shift <= TCP_WINDOW_SHIFT_MAX);
        check(side->retransmissions + side->out_of_order <= side->packets &&
              side->duplicate_acks <= side->packets);
        check(!(side->flags & FLOW_HAS_SYN) || side->flags & FLOW_HAS_SEQ);
        check(side->state != FLOW_CLOSED || !(side->flags & FLOW_STATE_INFERRED));
    }
    check(!flow->is_closed || flow->side[FLOW_A].packets + flow->side[FLOW_B].packets > 0);
}

static void add_up(const struct flow *flow, void *arg)
{
    struct sums *sums = arg;

    check_flow(flow);
    for (unsigned i = FLOW_A; i < FLOW_SIDES; i++) {
        sums->packets += flow->side[i].packets;
        sums->payload += flow->side[i].payload_bytes;
        sums->syns += flow->side[i].syns + flow->side[i].syn_acks;
        sums->fins += flow->side[i].fins;
        sums->rsts += flow->side[i].rsts;
    }
}

static void check_verdict(const struct flow_step *step, const struct tcp *tcp, uint32_t payload_bytes)
{
    unsigned v = step->verdict;

    check(!(v & TCPSEQ_SPURIOUS) || v & TCPSEQ_RETRANSMISSION);
    check(!(v & TCPSEQ_FAST) || v & TCPSEQ_RETRANSMISSION);
    check(!(v & TCPSEQ_OUT_OF_ORDER && v & TCPSEQ_RETRANSMISSION));
    check(!(v & TCPSEQ_NEW_DATA) || payload_bytes > 0);
    check(!(v & (TCPSEQ_DUPLICATE_ACK | TCPSEQ_WINDOW_UPDATE | TCPSEQ_KEEP_ALIVE_ACK)) || payload_bytes == 0);
    check(!(v & TCPSEQ_RST_OUTSIDE) || tcp->flags & TCP_RST);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t addresses[2][16] = {{1}, {2}}, options[4] = {3, 3, 7, 0};
    struct sums sums = {0}, fed = {0};
    struct flow_table *t = flow_table_new(1, ROOM, add_up, &sums);
    int64_t now_ns = 0;
    uint32_t cursor = 0;
    struct flow *flow;

    for (; size >= STEP_BYTES; data += STEP_BYTES, size -= STEP_BYTES) {
        unsigned from = data[1] & 1, port = 1000 + (data[1] >> 1 & 7);
        struct packet p = {
            .kind = PACKET_TCP,
            .sport = (uint16_t)(from ? 80 : port),
            .dport = (uint16_t)(from ? port : 80),
            .ip = {.version = data[1] & 16 ? 6 : 4,
                .protocol = IP_PROTOCOL_TCP,
                .src = addresses[from],
                .dst = addresses[!from]},
            .payload_bytes = data[2] & 0x0f,
            .tcp = {.seq = (uint32_t)(int8_t)data[3],
                .ack = (uint32_t)(int8_t)data[4],
                .flags = data[0] & 0x3f,
                .window = data[5],
                .header_bytes = 24,
                .options = options,
                .options_captured = data[2] & 0x10 ? 4 : 0},
        };
        struct flow_step step;

        now_ns += (int8_t)data[6] * (INT64_C(1) << (data[7] & 31));
        flow_table_expect(t, &p, 1);
        step = flow_table_take(t, &p, now_ns);
        check(step.flow != NULL && step.from < FLOW_SIDES);
        check(step.flow->port[step.from] == p.sport && step.flow->port[!step.from] == p.dport);
        check(step.flow->last_ns == now_ns);
        check_flow(step.flow);
        check_verdict(&step, &p.tcp, p.payload_bytes);
        check(flow_table_count(t) <= ROOM);
        fed.packets++;
        fed.payload += p.payload_bytes;
        fed.syns += !!(p.tcp.flags & TCP_SYN);
        fed.fins += !!(p.tcp.flags & TCP_FIN);
        fed.rsts += !!(p.tcp.flags & TCP_RST);
    }
    while ((flow = flow_table_each(t, &cursor)) != NULL)
        add_up(flow, &sums);
    check(memcmp(&sums, &fed, sizeof(sums)) == 0);
    flow_table_free(t);
    return 0;
}
