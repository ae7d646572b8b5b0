/* SPDX-License-Identifier: ISC */
/* Rungs are kept in two parts: the first half of what there is room for, and a ring with the last ones. What
 * falls out of the ring is counted, and stands between the two as one rung.
 *
 * Folding looks back: plain data is written as rungs of its own until there is enough of it; then those rungs
 * are taken back and become one, which further segments add to. */
#include "see/ladder.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "see/finding.h"

/* Rungs that may be taken back to become a run. More ACKs than that in between, and it is none. */
#define FOLD_RUNGS_MAX 16

struct ladder {
    struct ladder_options options;
    struct rung *head; /* grown up to head_max */
    size_t head_count, head_room, head_max;
    struct rung *tail; /* a ring of tail_max, made when the head is full */
    size_t tail_first, tail_count, tail_max;
    struct rung cut;
    int64_t start_ns, last_ns;
    bool has_start;
    uint8_t state[FLOW_SIDES]; /* as the last rung has them */
    size_t foldable;           /* of the last rungs, those that are plain and of one direction */
    uint32_t foldable_segments;
    uint8_t foldable_from;
    struct conversation *conversation; /* NULL before ladder_end */
    char **notes;                      /* each one once, as there are many rungs with the same */
    size_t note_count;
};

struct ladder *ladder_new(const struct ladder_options *options)
{
    struct ladder *l = xcalloc(1, sizeof(*l));
    size_t max;

    l->options = *options;
    if (l->options.idle_ns <= 0)
        l->options.idle_ns = LADDER_IDLE_NS;
    max = options->max_rungs ? options->max_rungs : LADDER_RUNGS_DEFAULT;
    if (max < LADDER_RUNGS_MIN)
        max = LADDER_RUNGS_MIN;
    l->head_max = max / 2;
    l->tail_max = max - l->head_max - 1; /* one is for what was cut */
    return l;
}

void ladder_free(struct ladder *l)
{
    if (!l)
        return;
    free(l->head);
    free(l->tail);
    free(l->conversation);
    for (size_t i = 0; i < l->note_count; i++)
        free(l->notes[i]);
    free(l->notes);
    free(l);
}

/* ---- rungs ---- */

static bool is_cut(const struct ladder *l)
{
    return l->cut.segments > 0;
}

size_t ladder_count(const struct ladder *l)
{
    return l->head_count + is_cut(l) + l->tail_count;
}

static struct rung *rung_at(const struct ladder *l, size_t index)
{
    if (index < l->head_count)
        return &l->head[index];
    index -= l->head_count + is_cut(l);
    return &l->tail[(l->tail_first + index) % l->tail_max];
}

const struct rung *ladder_rung(const struct ladder *l, size_t index)
{
    return is_cut(l) && index == l->head_count ? &l->cut : rung_at(l, index);
}

/* What has left is counted, and not again when it arrives. */
static uint32_t packets_of(const struct rung *rung)
{
    return rung->part == RUNG_ARRIVES ? 0 : rung->segments + rung->acks;
}

static void cut_first_of_tail(struct ladder *l)
{
    const struct rung *rung = &l->tail[l->tail_first];
    bool is_counted = packets_of(rung) || (rung->part == RUNG_ARRIVES && is_cut(l));

    if (!is_cut(l))
        l->cut = (struct rung){.kind = RUNG_CUT,
            .number = rung->number,
            .time_ns = rung->time_ns,
            .window_shift = -1,
            .from = rung->from};
    /* What a pause was between is gone, too; it counts as one, or nothing would tell that rungs are missing.
     */
    l->cut.segments += is_counted ? packets_of(rung) : 1;
    l->cut.payload += rung->part == RUNG_ARRIVES ? 0 : rung->payload;
    l->cut.last_number = rung->last_number;
    l->cut.end_ns = rung->end_ns;
    memcpy(l->cut.state, rung->state, sizeof(rung->state));
    memcpy(l->cut.is_inferred, rung->is_inferred, sizeof(rung->is_inferred));
    assert(l->tail_max > 0);
    l->tail_first = (l->tail_first + 1) % l->tail_max;
    l->tail_count--;
}

static void push(struct ladder *l, const struct rung *rung)
{
    if (l->head_count < l->head_max && !l->tail_count && !is_cut(l)) {
        if (l->head_count == l->head_room) {
            l->head_room = l->head_room ? l->head_room * 2 : LADDER_RUNGS_MIN;
            if (l->head_room > l->head_max)
                l->head_room = l->head_max;
            l->head = xreallocarray(l->head, l->head_room, sizeof(*l->head));
        }
        l->head[l->head_count++] = *rung;
        return;
    }
    if (!l->tail)
        l->tail = xreallocarray(NULL, l->tail_max, sizeof(*l->tail));
    if (l->tail_count == l->tail_max)
        cut_first_of_tail(l);
    l->tail[(l->tail_first + l->tail_count++) % l->tail_max] = *rung;
}

static void pop(struct ladder *l, size_t count)
{
    for (; count > 0; count--) {
        if (l->tail_count)
            l->tail_count--;
        else
            l->head_count--;
    }
}

/* ---- folding ---- */

/* Nothing about it is worth a rung of its own. */
static bool is_plain(const struct rung *rung, uint8_t kind)
{
    const unsigned harmless = VERDICT_NEW_DATA | VERDICT_WINDOW_UPDATE;

    return rung->kind == RUNG_PACKET && !(rung->verdicts & ~harmless) && !rung->is_changed[FLOW_A] &&
           !rung->is_changed[FLOW_B] && rung->fate <= FATE_DELIVERED && rung->part == RUNG_WHOLE &&
           !rung->note &&
           (kind == FOLLOWED_UDP || (!(rung->flags & ~(TCP_ACK | TCP_PSH)) && rung->flags & TCP_ACK));
}

static void add_to_run(struct rung *run, const struct rung *rung)
{
    run->last_number = rung->number;
    run->end_ns = rung->end_ns;
    run->flags |= rung->flags;
    run->verdicts |= rung->verdicts;
    if (rung->from != run->from) {
        run->acks++;
        run->ack = rung->ack;
        run->ack_relative = rung->ack_relative;
        run->window = rung->window;
        run->has_scale = rung->has_scale;
        run->has_ack = true;
        return;
    }
    run->segments++;
    run->payload += rung->payload;
    run->sequence_bytes += rung->sequence_bytes;
    if (rung->in_flight > run->in_flight)
        run->in_flight = rung->in_flight;
}

/* Takes the last rungs back and makes them one. */
static void fold(struct ladder *l)
{
    size_t first = ladder_count(l) - l->foldable;
    struct rung run = *rung_at(l, first);

    run.kind = RUNG_RUN;
    /* Of the other side, since none of its ACKs is in it yet. */
    run.has_ack = false;
    run.ack = run.ack_relative = run.window = 0;
    for (size_t i = first + 1; i < first + l->foldable; i++)
        add_to_run(&run, rung_at(l, i));
    pop(l, l->foldable);
    push(l, &run);
    l->foldable = 1;
}

static void forget_run(struct ladder *l)
{
    l->foldable = 0;
    l->foldable_segments = 0;
}

/* After pushing a rung: does it go on with, or begin, what may be folded? */
static void consider(struct ladder *l, const struct rung *rung, uint8_t kind)
{
    bool has_data = rung->payload > 0;

    if (l->options.every || !is_plain(rung, kind) || (!has_data && kind == FOLLOWED_UDP)) {
        forget_run(l);
        return;
    }
    if (l->foldable && ((has_data && rung->from != l->foldable_from) ||
                           (!has_data && rung->from == l->foldable_from) || l->foldable == FOLD_RUNGS_MAX))
        forget_run(l);
    if (!l->foldable && !has_data)
        return;
    if (!l->foldable)
        l->foldable_from = rung->from;
    l->foldable++;
    l->foldable_segments += has_data;
    if (l->foldable_segments >= LADDER_RUN_SEGMENTS)
        fold(l);
}

size_t ladder_settled(const struct ladder *l)
{
    return ladder_count(l) - l->foldable;
}

void ladder_settle(struct ladder *l)
{
    forget_run(l);
}

/* ---- packets ---- */

/* The ladder's own copy, for eyes. */
static const char *keep_note(struct ladder *l, const char *note)
{
    struct str shown = STR_INIT;
    size_t at = l->note_count;

    utf8_escape(&shown, note, utf8_truncate(note, strlen(note), LADDER_NOTE_MAX_BYTES), 0);
    while (at > 0 && strcmp(l->notes[at - 1], shown.data) != 0)
        at--;
    if (at > 0 || l->note_count == LADDER_NOTES_MAX) {
        str_done(&shown);
        return at > 0 ? l->notes[at - 1] : NULL;
    }
    if (!(l->note_count & (l->note_count - 1))) /* a power of two: there is no more room */
        l->notes = xreallocarray(l->notes, l->note_count ? 2 * l->note_count : 1, sizeof(*l->notes));
    l->notes[l->note_count] = str_steal(&shown);
    return l->notes[l->note_count++];
}

static void take_options(struct rung *rung, const struct followed *p)
{
    const struct flow *flow = p->flow;
    struct tcp_options options;

    if (p->kind != FOLLOWED_TCP || !(p->flags & TCP_SYN || p->verdicts & VERDICT_SACK))
        return;
    tcp_parse_options(&p->packet->tcp, &options);
    if (p->flags & TCP_SYN) {
        rung->mss = options.mss;
        if (options.has & TCP_HAS_WINDOW_SHIFT)
            rung->window_shift = (int8_t)options.window_shift;
    }
    rung->sack_count = options.sack_count;
    for (unsigned i = 0; i < options.sack_count; i++) {
        rung->sack_relative[i][0] = options.sack[i].left - flow->side[!p->from].isn;
        rung->sack_relative[i][1] = options.sack[i].right - flow->side[!p->from].isn;
    }
}

static struct rung rung_of(const struct followed *p)
{
    struct rung rung = {
        .kind = p->kind == FOLLOWED_ICMP ? RUNG_ICMP : RUNG_PACKET,
        .from = p->from,
        .has_ack = p->has_ack,
        .has_scale = p->has_scale,
        .flags = p->flags,
        .number = p->number,
        .last_number = p->number,
        .time_ns = p->time_ns,
        .end_ns = p->time_ns,
        .delta_ns = p->delta_ns,
        .rtt_ns = p->rtt_ns,
        .seq = p->seq,
        .ack = p->ack,
        .seq_relative = p->seq_relative,
        .ack_relative = p->ack_relative,
        .sequence_bytes = p->sequence_bytes,
        .payload = p->payload,
        .segments = 1,
        .window = p->window,
        .in_flight = p->in_flight,
        .window_shift = -1,
        .verdicts = p->verdicts,
    };

    if (p->kind == FOLLOWED_ICMP) {
        rung.icmp_version = p->packet->icmp.version;
        rung.icmp_type = p->packet->icmp.type;
        rung.icmp_code = p->packet->icmp.code;
    }
    return rung;
}

/* What its leaving has told is left out where it arrives. */
static void take_extra(struct ladder *l, struct rung *rung, const struct ladder_extra *extra)
{
    rung->fate = extra->fate;
    rung->part = extra->part;
    rung->flight_ns = extra->flight_ns;
    rung->note = extra->note && *extra->note ? keep_note(l, extra->note) : NULL;
    if (rung->part != RUNG_ARRIVES)
        return;
    rung->time_ns += extra->flight_ns;
    rung->end_ns = rung->time_ns;
    rung->verdicts = 0;
    rung->delta_ns = rung->rtt_ns = 0;
    rung->in_flight = 0;
}

/* What both kernels had before the SYN that a ladder begins with: it is drawn at the head, and no change
 * then. */
static void take_first_states(struct ladder *l, const struct rung *rung, const struct ladder_extra *extra)
{
    uint8_t other = extra->state[!rung->from];

    if ((rung->flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
        return;
    l->state[rung->from] = FLOW_CLOSED;
    l->state[!rung->from] = other == FLOW_LISTEN || other == FLOW_SYN_RECEIVED ? FLOW_LISTEN : FLOW_CLOSED;
}

static void take_states(
    struct ladder *l, struct rung *rung, const struct followed *p, const struct ladder_extra *extra)
{
    if (extra && extra->has_states && ladder_count(l) == 0)
        take_first_states(l, rung, extra);
    for (unsigned i = FLOW_A; i < FLOW_SIDES; i++) {
        bool is_told = extra && extra->has_states, is_old = rung->part == RUNG_ARRIVES;

        rung->state[i] = is_told ? extra->state[i] : is_old ? l->state[i] : p->state[i];
        rung->is_inferred[i] = !is_told && !is_old && p->is_inferred[i];
        rung->is_changed[i] = rung->state[i] != l->state[i];
        l->state[i] = rung->state[i];
    }
    rung->has_states = extra && extra->has_states;
}

static void push_idle(struct ladder *l, const struct rung *before)
{
    struct rung idle = {
        .kind = RUNG_IDLE,
        .from = before->from,
        .number = before->number,
        .last_number = before->number,
        .time_ns = l->last_ns,
        .end_ns = before->time_ns,
        .delta_ns = before->time_ns - l->last_ns,
        .window_shift = -1,
    };

    memcpy(idle.state, l->state, sizeof(idle.state));
    forget_run(l);
    push(l, &idle);
}

/* A run goes on by adding to the rung that stands there. */
static bool extend_run(struct ladder *l, const struct rung *rung, uint8_t kind)
{
    struct rung *last;
    bool is_of_it = rung->payload ? rung->from == l->foldable_from
                                  : rung->from != l->foldable_from && kind == FOLLOWED_TCP;

    if (l->options.every || !l->foldable || !is_plain(rung, kind) || !is_of_it)
        return false;
    last = rung_at(l, ladder_count(l) - 1);
    if (last->kind != RUNG_RUN)
        return false;
    add_to_run(last, rung);
    return true;
}

/* A rung at this moment is about to be added. */
static void arrive_at(struct ladder *l, const struct rung *rung)
{
    if (!l->has_start) {
        l->start_ns = rung->time_ns;
        l->has_start = true;
    } else if (rung->time_ns - l->last_ns >= l->options.idle_ns) {
        push_idle(l, rung);
    }
    l->last_ns = rung->time_ns;
}

void ladder_add_change(struct ladder *l, int64_t time_ns, const uint8_t state[FLOW_SIDES])
{
    struct rung rung = {.kind = RUNG_CHANGE,
        .has_states = true,
        .time_ns = time_ns,
        .end_ns = time_ns,
        .delta_ns = time_ns - l->last_ns,
        .window_shift = -1};

    if (!l->has_start)
        rung.delta_ns = 0;
    arrive_at(l, &rung);
    for (unsigned i = FLOW_A; i < FLOW_SIDES; i++) {
        rung.state[i] = state[i];
        rung.is_changed[i] = state[i] != l->state[i];
        l->state[i] = state[i];
    }
    forget_run(l);
    push(l, &rung);
}

void ladder_add(struct ladder *l, const struct followed *followed, const struct ladder_extra *extra)
{
    struct rung rung = rung_of(followed);

    if (extra)
        take_extra(l, &rung, extra);
    if (rung.part != RUNG_ARRIVES)
        take_options(&rung, followed);
    arrive_at(l, &rung);
    take_states(l, &rung, followed, extra);
    if (extend_run(l, &rung, followed->kind))
        return;
    push(l, &rung);
    consider(l, &rung, followed->kind);
}

/* ---- the end ---- */

static void mark_evidence(struct ladder *l, const struct finding *finding)
{
    size_t count = ladder_count(l);

    for (size_t i = 0; i < count; i++) {
        struct rung *rung = is_cut(l) && i == l->head_count ? &l->cut : rung_at(l, i);

        for (unsigned e = 0; e < finding->evidence_count && packets_of(rung); e++)
            if (finding->evidence[e] >= rung->number && finding->evidence[e] <= rung->last_number)
                rung->findings |= UINT64_C(1) << finding->kind;
    }
}

void ladder_end(struct ladder *l, const struct conversation *c)
{
    size_t count = ladder_count(l);

    free(l->conversation);
    l->conversation = conversation_copy(c);
    for (size_t i = 0; i < count; i++)
        if (!is_cut(l) || i != l->head_count)
            rung_at(l, i)->findings = 0;
    l->cut.findings = 0;
    for (unsigned i = 0; i < c->finding_count; i++)
        mark_evidence(l, &l->conversation->findings[i]);
}

const struct conversation *ladder_conversation(const struct ladder *l)
{
    return l->conversation;
}

int64_t ladder_start_ns(const struct ladder *l)
{
    return l->start_ns;
}

const char *rung_kind_name(enum rung_kind kind)
{
    static const char *const names[] = {"packet", "run", "idle", "icmp", "cut", "change"};

    return names[kind];
}

const char *rung_fate_name(enum rung_fate fate)
{
    static const char *const names[] = {NULL, "delivered", "dropped", "delayed", "duplicated", "reordered",
        "corrupted", "truncated", "forged"};

    return names[fate];
}

const char *rung_fate_text(enum rung_fate fate)
{
    static const char *const texts[RUNG_FATES] = {
        [FATE_DROPPED] = N_("lost on the way"),
        [FATE_DELAYED] = N_("held up on the way"),
        [FATE_DUPLICATED] = N_("arrives twice"),
        [FATE_REORDERED] = N_("overtaken on the way"),
        [FATE_CORRUPTED] = N_("damaged on the way"),
        [FATE_TRUNCATED] = N_("cut short on the way"),
        [FATE_FORGED] = N_("forged on the way"),
    };

    return texts[fate];
}
