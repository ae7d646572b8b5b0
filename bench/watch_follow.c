/* SPDX-License-Identifier: ISC */
/* Reads a capture file as `landline watch FILE` does, and does nothing with what it finds: what watch_read.py
 * measures of the layers see and wire alone. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "see/flow_table.h"
#include "see/follow.h"
#include "see/source_file.h"

#define BATCH FLOW_TABLE_EXPECT_MAX

struct sum {
    uint64_t conversations, packets, payload, findings;
};

static void take_end(void *arg, const struct conversation *c)
{
    struct sum *sum = arg;

    sum->conversations++;
    sum->packets += c->side[FLOW_A].packets + c->side[FLOW_B].packets;
    sum->payload += c->side[FLOW_A].payload + c->side[FLOW_B].payload;
    sum->findings += c->finding_count;
}

int main(int argc, char **argv)
{
    struct pcapfile_packet frames[BATCH];
    struct packet packets[BATCH];
    struct sum sum = {0};
    struct follow_options options = {.labels = true, .findings = true, .ended = take_end, .arg = &sum};
    enum source_result result;
    struct followed followed;
    struct source_file *s;
    struct rusage usage;
    uint64_t number = 0;
    unsigned count = 0;
    struct follow *f;
    struct err err;

    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    if (source_file_open(argv[1], &s, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return (int)err.kind;
    }
    f = follow_new(&options);
    while ((result = source_file_batch(s, frames, BATCH, &count, &err)) == SOURCE_PACKET) {
        for (unsigned i = 0; i < count; i++)
            packet_parse(frames[i].linktype, frames[i].data, frames[i].captured_bytes, frames[i].wire_bytes,
                &packets[i]);
        follow_expect(f, packets, count);
        for (unsigned i = 0; i < count; i++)
            follow_packet(f, &packets[i], ++number, frames[i].time_ns, &followed);
    }
    follow_finish(f);
    follow_free(f);
    source_file_close(s);
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"conversations\":%" PRIu64 ",\"packets\":%" PRIu64 ",\"payload\":%" PRIu64
           ",\"findings\":%" PRIu64 ",\"peak_kib\":%ld}\n",
        sum.conversations, sum.packets, sum.payload, sum.findings, usage.ru_maxrss);
    return result == SOURCE_END ? 0 : (int)err.kind;
}
