/* SPDX-License-Identifier: ISC */
/* The conversations of a capture file as see/ follows them, a line each, for tests/test_conversations.py:
 *
 *     number protocol a b, then for a and for b each: packets payload syn syn_ack fin rst retransmissions
 * out_of_order zero_windows state
 *
 * A conversation whose ports are used again is printed when that happens, so they come in no order. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

#include "see/flow_table.h"
#include "see/source_file.h"

#define BATCH 16

static void print_end(const struct flow *flow, unsigned side)
{
    char text[INET6_ADDRSTRLEN];

    inet_ntop(flow->version == 4 ? AF_INET : AF_INET6, flow->address[side], text, sizeof(text));
    printf("\t%s:%u", text, flow->port[side]);
}

static void print_flow(const struct flow *flow, void *arg)
{
    printf("%" PRIu32 "\t%s", flow->number, flow->protocol == IP_PROTOCOL_TCP ? "tcp" : "udp");
    print_end(flow, FLOW_A);
    print_end(flow, FLOW_B);
    for (unsigned i = FLOW_A; i < FLOW_SIDES; i++) {
        const struct flow_side *side = &flow->side[i];

        printf("\t%" PRIu32 "\t%" PRIu64 "\t%u\t%u\t%u\t%u\t%" PRIu32 "\t%" PRIu32 "\t%u\t%s%s",
            side->packets, side->payload_bytes, side->syns, side->syn_acks, side->fins, side->rsts,
            side->retransmissions, side->out_of_order, side->zero_windows,
            flow_state_name((enum flow_state)side->state), side->flags & FLOW_STATE_INFERRED ? "~" : "");
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    struct pcapfile_packet frames[BATCH];
    struct packet packets[BATCH];
    enum source_result result;
    struct source_file *s;
    struct flow_table *t;
    uint32_t cursor = 0;
    unsigned count = 0;
    struct flow *flow;
    struct err err;

    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    if (source_file_open(argv[1], &s, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return (int)err.kind;
    }
    t = flow_table_new(1, FLOW_TABLE_MAX, print_flow, NULL);
    while ((result = source_file_batch(s, frames, BATCH, &count, &err)) == SOURCE_PACKET) {
        for (unsigned i = 0; i < count; i++)
            packet_parse(frames[i].linktype, frames[i].data, frames[i].captured_bytes, frames[i].wire_bytes,
                &packets[i]);
        flow_table_expect(t, packets, count);
        for (unsigned i = 0; i < count; i++)
            flow_table_take(t, &packets[i], frames[i].time_ns);
    }
    while ((flow = flow_table_each(t, &cursor)) != NULL)
        print_flow(flow, NULL);
    flow_table_free(t);
    source_file_close(s);
    if (result == SOURCE_BAD) {
        fprintf(stderr, "%s\n", err.text);
        return (int)err.kind;
    }
    return 0;
}
