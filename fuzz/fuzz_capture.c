/* SPDX-License-Identifier: ISC */
/* A capture file, through all that `watch` makes of one: reading, decoding, following, and a label for what
 * is said first. */
#include <stdint.h>
#include <stdlib.h>

#include "base/str.h"
#include "see/flow_table.h"
#include "wire/label.h"
#include "wire/pcapfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct flow_table *t = flow_table_new(1, 64, NULL, NULL);
    struct cursor in = cursor_of(data, size);
    struct pcapfile_packet frame;
    struct str text = STR_INIT;
    struct pcapfile f;
    struct packet p;
    unsigned from;

    pcapfile_init(&f);
    while (pcapfile_next(&f, &in, &frame) == PCAPFILE_PACKET) {
        struct flow_step step;

        packet_parse(frame.linktype, frame.data, frame.captured_bytes, frame.wire_bytes, &p);
        step = flow_table_take(t, &p, frame.time_ns);
        check((step.flow != NULL) == (p.kind == PACKET_TCP || p.kind == PACKET_UDP));
        str_reset(&text);
        if (step.flow)
            label_of(cursor_of(p.payload, p.payload_captured), p.kind == PACKET_TCP, &text);
        if (p.kind == PACKET_ICMP && flow_table_find_quoted(t, &p.icmp, &from))
            check(from < FLOW_SIDES);
    }
    pcapfile_finish(&f, &in);
    pcapfile_done(&f);
    str_done(&text);
    flow_table_free(t);
    return 0;
}
