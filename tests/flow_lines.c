/* SPDX-License-Identifier: ISC */
/* The conversations of a capture file as see/ follows them, a line each in the order in which they ended, for
 * tests/test_conversations.py and tests/compare_tshark.py:
 *
 *     number protocol opened closed packets syn syn_ack fin rst icmp_errors findings, then for a and for b
 * each: end state has_syn packets payload retransmissions out_of_order duplicate_acks zero_windows
 *
 * findings: their names, with commas, or "-". Then "# capture" and the findings of the capture; exit status
 * 0, or what the reader says on stderr, and its number. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "see/follow.h"
#include "see/source_file.h"

#define BATCH 16

static void print_findings(const struct finding *findings, unsigned count)
{
    putchar('\t');
    for (unsigned i = 0; i < count; i++)
        printf("%s%s", i ? "," : "", finding_name((enum finding_kind)findings[i].kind));
    if (count == 0)
        putchar('-');
}

static void print_side(const struct conversation *c, unsigned side)
{
    const struct conversation_side *s = &c->side[side];
    struct str end;

    str_init(&end);
    conversation_append_endpoint(&end, c, side);
    printf("\t%s\t%s%s\t%d\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32,
        end.data, flow_state_name((enum flow_state)s->state), s->is_state_inferred ? "~" : "", s->has_syn,
        s->packets, s->payload, s->retransmissions, s->out_of_order, s->duplicate_acks, s->zero_windows);
    str_done(&end);
}

static void print_conversation(void *arg, const struct conversation *c)
{
    (void)arg;
    printf("%" PRIu32 "\t%s\t%s\t%s\t%" PRIu64 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32
           "\t%" PRIu32,
        c->id, conversation_protocol_name(c), conversation_opened_name((enum conversation_opened)c->opened),
        conversation_closed_name((enum conversation_closed)c->closed),
        c->side[0].packets + c->side[1].packets, c->syn, c->syn_ack, c->fin, c->rst, c->icmp_errors);
    print_findings(c->findings, c->finding_count);
    print_side(c, FLOW_A);
    print_side(c, FLOW_B);
    putchar('\n');
}

static enum source_result follow_file(struct follow *f, struct source_file *s, struct err *err)
{
    struct pcapfile_packet frames[BATCH];
    struct packet packets[BATCH];
    enum source_result result;
    struct followed followed;
    uint64_t number = 0;
    unsigned count = 0;

    while ((result = source_file_batch(s, frames, BATCH, &count, err)) == SOURCE_PACKET) {
        for (unsigned i = 0; i < count; i++)
            packet_parse(frames[i].linktype, frames[i].data, frames[i].captured_bytes, frames[i].wire_bytes,
                &packets[i]);
        follow_expect(f, packets, count);
        for (unsigned i = 0; i < count; i++)
            follow_packet(f, &packets[i], ++number, frames[i].time_ns, &followed);
    }
    return result;
}

int main(int argc, char **argv)
{
    bool is_close = argc == 3 && strcmp(argv[1], "--close") == 0;
    struct follow_options options = {
        .close = is_close, .labels = true, .findings = true, .ended = print_conversation};
    const struct finding *findings;
    enum source_result result;
    struct source_file *s;
    struct follow *f;
    unsigned count;
    struct err err;

    if (argc != 2 + is_close) {
        fprintf(stderr, "usage: %s [--close] FILE\n", argv[0]);
        return 2;
    }
    if (source_file_open(argv[argc - 1], &s, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return (int)err.kind;
    }
    f = follow_new(&options);
    result = follow_file(f, s, &err);
    follow_finish(f);
    findings = follow_findings(f, &count);
    printf("# capture");
    print_findings(findings, count);
    putchar('\n');
    follow_free(f);
    source_file_close(s);
    if (result == SOURCE_BAD) {
        fprintf(stderr, "%s\n", err.text);
        return (int)err.kind;
    }
    return 0;
}
