/* SPDX-License-Identifier: ISC */
/* The whole way, from the bytes of a capture file to ladders, findings and sentences. The first byte chooses
 * how closely it is looked at and how little room there is. Whatever the bytes are: every packet is in one
 * conversation or in none, every conversation that began ends once, each ladder tells every packet it was
 * given, in order, and what is evidence was there. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "see/explain.h"
#include "see/follow.h"
#include "see/ladder.h"
#include "wire/pcapfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct totals {
    uint64_t packets, ended, evicted, number;
    uint32_t drawn; /* the conversation whose ladder is made */
    struct ladder *ladder;
    uint64_t in_ladder;
};

static void check(int holds)
{
    if (!holds)
        abort();
}

static void check_findings(const struct conversation *c, const struct totals *totals)
{
    struct str text = STR_INIT;

    check(!c->finding_count || c->findings != NULL);
    for (unsigned i = 0; i < c->finding_count; i++) {
        const struct finding *finding = &c->findings[i];

        check(finding->kind < FINDING_KINDS && finding->side < FLOW_SIDES);
        check(finding->evidence_count <= FINDING_EVIDENCE_MAX && finding->evidence_count <= finding->count);
        check(i == 0 || c->findings[i - 1].severity >= finding->severity);
        for (unsigned e = 0; e < finding->evidence_count; e++)
            check(finding->evidence[e] >= 1 && finding->evidence[e] <= totals->number &&
                  (e == 0 || finding->evidence[e - 1] < finding->evidence[e]));
        finding_describe(&text, finding, c);
        check(text.len > 0);
    }
    str_done(&text);
}

static void take_end(void *arg, const struct conversation *c)
{
    struct totals *totals = arg;
    struct str text = STR_INIT;

    totals->packets += c->side[FLOW_A].packets + c->side[FLOW_B].packets;
    totals->ended++;
    totals->evicted += c->is_evicted;
    check(c->opened <= OPENED_MID_CAPTURE && c->closed <= CLOSED_UNREACHABLE);
    check(c->side[FLOW_A].state < FLOW_STATES && c->side[FLOW_B].state < FLOW_STATES);
    check(!c->has_closer || c->closed_by < FLOW_SIDES);
    check(c->rtt_count == 0 || c->rtt_min_ns <= c->rtt_avg_ns || c->rtt_count == 1);
    check_findings(c, totals);
    explain_conversation(&text, c);
    check(text.len > 0 && strlen(text.data) == text.len);
    str_done(&text);
    if (c->id == totals->drawn && !ladder_conversation(totals->ladder))
        ladder_end(totals->ladder, c);
}

static void check_followed(const struct followed *p, uint64_t number)
{
    check(p->number == number && p->from < FLOW_SIDES && p->verdicts < 1U << VERDICTS);
    for (unsigned i = FLOW_A; i < FLOW_SIDES; i++)
        check(p->state[i] < FLOW_STATES && p->state_before[i] < FLOW_STATES);
    check(p->kind != FOLLOWED_UDP || (!p->flags && p->state[FLOW_A] == FLOW_UNKNOWN));
    check(!(p->verdicts & VERDICT_RTO) || p->verdicts & VERDICT_RETRANSMISSION);
    check(!(p->verdicts & VERDICT_FAST && p->verdicts & VERDICT_RTO));
}

static void check_ladder(const struct totals *totals)
{
    const struct ladder *l = totals->ladder;
    uint64_t counted = 0, last = 0;

    for (size_t i = 0; i < ladder_count(l); i++) {
        const struct rung *rung = ladder_rung(l, i);

        check(rung->kind <= RUNG_CUT && rung->number <= rung->last_number);
        check(rung_kind_name((enum rung_kind)rung->kind) != NULL);
        check(rung->state[FLOW_A] < FLOW_STATES && rung->state[FLOW_B] < FLOW_STATES);
        if (rung->kind == RUNG_IDLE)
            continue;
        check(rung->number > last || i == 0);
        check(rung->kind != RUNG_RUN || rung->segments >= LADDER_RUN_SEGMENTS);
        last = rung->last_number;
        if (rung->kind != RUNG_CUT)
            counted += rung->segments + rung->acks;
    }
    check(counted <= totals->in_ladder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct totals totals = {.drawn = 1};
    struct follow_options options = {.ended = take_end, .arg = &totals};
    struct ladder_options ladder = {.max_rungs = LADDER_RUNGS_MIN};
    struct pcapfile_packet frame;
    struct follow_totals told;
    struct followed followed;
    struct packet packet;
    struct pcapfile file;
    struct cursor in;
    struct follow *f;
    unsigned count;

    if (size < 1)
        return 0;
    options.close = data[0] & 1;
    options.findings = data[0] & 2;
    options.labels = data[0] & 4;
    options.max_conversations = data[0] & 8 ? 2 : 0;
    ladder.every = data[0] & 16;
    f = follow_new(&options);
    totals.ladder = ladder_new(&ladder);
    in = cursor_of(data + 1, size - 1);
    pcapfile_init(&file);
    while (pcapfile_next(&file, &in, &frame) == PCAPFILE_PACKET) {
        packet_parse(frame.linktype, frame.data, frame.captured_bytes, frame.wire_bytes, &packet);
        if (!follow_packet(f, &packet, ++totals.number, frame.time_ns, &followed))
            continue;
        check_followed(&followed, totals.number);
        if (followed.conversation == totals.drawn) {
            totals.in_ladder++;
            ladder_add(totals.ladder, &followed, NULL);
        }
    }
    follow_finish(f);
    follow_totals(f, &told);
    check(told.packets == totals.number && told.ended == told.conversations && told.ended == totals.ended);
    check(told.evicted == totals.evicted && told.tcp + told.udp + told.carriers == totals.packets);
    check(told.tcp + told.udp + told.icmp_errors + told.fragments + told.other + told.bad == told.packets);
    follow_findings(f, &count);
    check(count <= 4);
    check_ladder(&totals);
    ladder_free(totals.ladder);
    follow_free(f);
    pcapfile_done(&file);
    return 0;
}
