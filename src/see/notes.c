/* SPDX-License-Identifier: ISC */
/* Notes what is worth saying about a conversation, packet by packet, with the packets that show it; and at
 * its end drops what has come to nothing. Where nothing goes wrong nothing is noted, so that it costs no
 * memory; what only the end can tell (nobody answered, nobody closed) is looked for there. */
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "see/detail.h"
#include "see/seq.h"

/* From when on it is worth saying. */
#define LOSS_SEGMENTS_MIN 3
#define LOSS_PER_10000_MIN 100
#define BACKOFF_TIMES_MIN 2
#define STALL_NS_MIN INT64_C(100000000)
#define WINDOW_FULL_MIN 3
#define BLACK_HOLE_BYTES_MIN 1000 /* smaller ones pass nearly everywhere */
#define BLACK_HOLE_TIMES_MIN 3
#define LATE_ACK_NS_MIN INT64_C(35000000) /* Linux delays an ACK by 40 ms, others by up to 200 */
#define LATE_ACK_NS_MAX INT64_C(550000000)
#define LATE_ACKS_MIN 3
#define NEXT_SEGMENT_NS_MAX INT64_C(5000000) /* what waited for the ACK follows it at once */
#define UNANSWERED_ALIVE_MIN 3
#define SILENT_NS_MIN INT64_C(10000000000) /* before that, a close may still come */
#define FLOOD_MIN 100
#define ONE_SIDED_MIN 3

static struct finding *find(const struct detail *d, enum finding_kind kind, unsigned side)
{
    for (unsigned i = 0; i < d->finding_count; i++)
        if (d->findings[i].kind == kind && d->findings[i].side == side)
            return &d->findings[i];
    return NULL;
}

/* number 0: it happened once more, and no packet shows it. */
static void add_evidence(struct finding *finding, uint64_t number)
{
    finding->count++;
    if (number && finding->evidence_count < FINDING_EVIDENCE_MAX &&
        (!finding->evidence_count || finding->evidence[finding->evidence_count - 1] < number))
        finding->evidence[finding->evidence_count++] = number;
}

/* The finding is valid until the next is added. */
static struct finding *add(struct detail *d, enum finding_kind kind, unsigned side, uint64_t number)
{
    struct finding *finding = find(d, kind, side);

    if (!finding) {
        d->findings = xreallocarray(d->findings, d->finding_count + 1, sizeof(*d->findings));
        finding = &d->findings[d->finding_count++];
        *finding = (struct finding){.kind = (uint8_t)kind,
            .severity = (uint8_t)finding_severity(kind),
            .has_side = true,
            .side = (uint8_t)side};
    }
    add_evidence(finding, number);
    return finding;
}

/* The first packet of all, known only now, stands before those noted so far. */
static void put_first(struct finding *finding, uint64_t number)
{
    unsigned kept = finding->evidence_count;

    if (!number || (kept && finding->evidence[0] <= number))
        return;
    if (kept == FINDING_EVIDENCE_MAX)
        kept--;
    memmove(finding->evidence + 1, finding->evidence, kept * sizeof(finding->evidence[0]));
    finding->evidence[0] = number;
    finding->evidence_count = (uint8_t)(kept + 1);
}

/* ---- packet by packet ---- */

static bool is_late_ack(const struct followed *p)
{
    return p->has_ack && !p->payload && p->delta_ns >= LATE_ACK_NS_MIN && p->delta_ns <= LATE_ACK_NS_MAX &&
           !(p->flags & (TCP_SYN | TCP_FIN | TCP_RST)) && !(p->verdicts & VERDICTS_BAD);
}

/* The second sign of figure 9 of RFC 9293, section 3.5.1: a SYN is answered by an ACK of another connection.
 */
static bool is_ack_of_another(const struct flow_step *step, const struct followed *p)
{
    const struct flow_side *other = &step->flow->side[!step->from];

    return (p->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_ACK && other->syns &&
           other->packets == other->syns && p->verdicts & VERDICT_ACK_UNSEEN &&
           step->flow->side[step->from].packets == 1;
}

/* Where the path is long every ACK looks late. So one is worth a detail only when what had waited for it
 * follows, and until then lies in the flow. */
static void keep_late_ack(const struct flow_step *step, const struct followed *p)
{
    struct flow_side *mine = &step->flow->side[p->from], *other = &step->flow->side[!p->from];

    other->flags &= ~FLOW_LATE_ACK;
    mine->flags &= ~FLOW_LATE_ACK;
    if (!is_late_ack(p) || other->next != p->ack || mine->flags & FLOW_HAS_HOLE)
        return;
    mine->flags |= FLOW_LATE_ACK;
    mine->late_ack_number = (uint32_t)p->number;
    mine->late_ack_ns = (uint32_t)p->delta_ns;
}

/* Is this what had waited for the ACK before it? */
static bool is_behind_late_ack(const struct flow_step *step, const struct followed *p)
{
    return p->payload && step->flow->side[!p->from].flags & FLOW_LATE_ACK &&
           p->delta_ns <= NEXT_SEGMENT_NS_MAX;
}

bool notes_are_wanted(const struct flow_step *step, const struct followed *p)
{
    const unsigned noted = VERDICTS_BAD | VERDICT_KEEP_ALIVE | VERDICT_PORT_REUSE;

    if (p->verdicts & noted || p->flags & TCP_RST || is_behind_late_ack(step, p) ||
        is_ack_of_another(step, p))
        return true;
    keep_late_ack(step, p);
    return false;
}

void notes_begin(struct detail *d, const struct flow_step *step, const struct followed *p)
{
    const struct flow_side *other = &step->flow->side[!p->from];

    if (!is_behind_late_ack(step, p))
        return;
    d->side[p->from].late_ack_ns = other->late_ack_ns;
    d->side[p->from].late_ack_at_ns = p->time_ns - p->delta_ns;
    d->side[p->from].late_ack_number = p->number - (uint32_t)((uint32_t)p->number - other->late_ack_number);
}

static void take_retransmission(struct detail *d, const struct followed *p)
{
    struct detail_side *mine = &d->side[p->from];

    if (p->flags & TCP_SYN)
        add(d, p->has_ack ? FINDING_SYN_ACK_UNACKNOWLEDGED : FINDING_SYN_UNANSWERED, p->from, p->number);
    else if (p->flags & TCP_FIN && !(p->verdicts & VERDICT_SPURIOUS))
        add(d, FINDING_CLOSE_UNHEARD, p->from, p->number);
    if (p->verdicts & VERDICT_SPURIOUS)
        add(d, FINDING_SPURIOUS_RETRANSMISSION, p->from, p->number);
    else
        add(d, FINDING_LOSS, p->from, p->number);
    if (p->verdicts & VERDICT_RTO && mine->resent_times >= BACKOFF_TIMES_MIN) {
        struct finding *finding = add(d, FINDING_RTO_BACKOFF, p->from, p->number);
        int64_t waited_ns = p->time_ns - mine->resent_since_ns;

        if (waited_ns > finding->value)
            finding->value = waited_ns;
    }
    if (p->verdicts & VERDICT_RTO && p->payload >= BLACK_HOLE_BYTES_MIN &&
        mine->resent_times >= BLACK_HOLE_TIMES_MIN)
        add(d, FINDING_BLACK_HOLE, p->from, p->number)->value = p->payload;
}

static void take_reset(struct detail *d, const struct flow_step *step, const struct followed *p)
{
    const struct flow *flow = step->flow;
    const struct flow_side *mine = &flow->side[step->from], *other = &flow->side[!step->from];
    bool is_open = mine->packets > mine->rsts && other->packets > other->syns;

    if (p->verdicts & VERDICT_RST_OUTSIDE || flow->closing != FLOW_NOT_CLOSED ||
        step->state[FLOW_A] == FLOW_CLOSED || step->state[FLOW_B] == FLOW_CLOSED)
        return;
    if (step->from != flow_opener(step->flow) && other->syns && mine->packets == mine->rsts &&
        !(other->flags & FLOW_HAS_ACK)) {
        add(d, FINDING_REFUSED, step->from, p->number);
        return;
    }
    if (mine->flags & FLOW_SENT_FIN && !(other->flags & FLOW_SENT_FIN) && p->seq == mine->next) {
        add(d, FINDING_DATA_AFTER_CLOSE, step->from, p->number);
        return;
    }
    /* What a host in SYN_SENT answers to an ACK of another connection: noted by that ACK. */
    if (step->state[step->from] == FLOW_SYN_SENT && find(d, FINDING_HALF_OPEN, !step->from))
        return;
    /* RFC 9293, section 3.10.7.1: a host that has no such connection answers <SEQ=SEG.ACK><CTL=RST>. One that
     * gives its connection up says with ACK where it stands. */
    if (!p->has_ack && is_open && !((mine->flags | other->flags) & FLOW_SENT_FIN))
        add(d, FINDING_HALF_OPEN, step->from, p->number);
    else
        add(d, FINDING_RESET, step->from, p->number);
}

/* A sender that holds a small segment back until all before it is acknowledged (RFC 9293, section 3.7.4), and
 * a receiver that delays that very ACK (RFC 1122, section 4.2.3.2) wait for each other: seen as a late ACK
 * without data, and at once behind it what waited for it. */
static void take_late_ack(struct detail *d, const struct flow_step *step, const struct followed *p)
{
    struct detail_side *mine = &d->side[p->from], *other = &d->side[!p->from];

    if (is_late_ack(p) && step->flow->side[!step->from].next == p->ack) {
        other->late_ack_ns = p->delta_ns;
        other->late_ack_at_ns = p->time_ns;
        other->late_ack_number = p->number;
        return;
    }
    if (!p->payload || !mine->late_ack_ns)
        return;
    if (p->time_ns - mine->late_ack_at_ns <= NEXT_SEGMENT_NS_MAX && p->verdicts & VERDICT_NEW_DATA &&
        p->payload < BLACK_HOLE_BYTES_MIN)
        add(d, FINDING_NAGLE_DELAYED_ACK, p->from, mine->late_ack_number)->value += mine->late_ack_ns;
    mine->late_ack_ns = 0;
}

static void take_alive(struct detail *d, const struct followed *p)
{
    struct finding *finding;

    if (p->verdicts & VERDICT_KEEP_ALIVE) {
        add(d, FINDING_KEEP_ALIVE_DEATH, p->from, p->number);
        return;
    }
    /* It lives. */
    finding = find(d, FINDING_KEEP_ALIVE_DEATH, !p->from);
    if (finding && !(p->flags & TCP_RST))
        finding->count = finding->evidence_count = 0;
}

void notes_take(struct detail *d, const struct flow_step *step, const struct followed *p)
{
    unsigned verdicts = p->verdicts;
    const struct flow_side *other = &step->flow->side[!step->from];

    if (verdicts & VERDICT_TAKEN_TWICE) {
        add(d, FINDING_TAKEN_TWICE, FLOW_A, p->number);
        return;
    }
    if (verdicts & VERDICT_RETRANSMISSION)
        take_retransmission(d, p);
    if (verdicts & (VERDICT_DSACK | VERDICT_ORIGINAL_ACKED))
        add(d, FINDING_SPURIOUS_RETRANSMISSION, !p->from, p->number);
    if (verdicts & VERDICT_ZERO_WINDOW)
        add(d, FINDING_ZERO_WINDOW_STALL, p->from, p->number);
    if (verdicts & VERDICT_WINDOW_FULL &&
        !(other->flags & step->flow->side[step->from].flags & FLOW_HAS_SHIFT))
        add(d, FINDING_SMALL_WINDOW, !p->from, p->number)->value = other->window;
    if (verdicts & VERDICT_AFTER_CLOSE)
        add(d, FINDING_DATA_AFTER_CLOSE, !p->from, p->number);
    if (p->flags & TCP_RST)
        take_reset(d, step, p);
    if (is_ack_of_another(step, p))
        add(d, FINDING_HALF_OPEN, p->from, p->number);
    take_late_ack(d, step, p);
    take_alive(d, p);
}

void notes_take_error(struct detail *d, const struct followed *p)
{
    add(d, FINDING_UNREACHABLE, p->from, p->number);
}

/* Datagrams are given up in the order of their first fragments, but when room is wanted, so evidence that
 * comes too late is left out. */
void notes_take_lost(struct detail *d, unsigned from, uint64_t number)
{
    add(d, FINDING_FRAGMENTS_LOST, from, number);
}

void notes_take_lost_of_capture(struct capture_notes *capture, uint64_t number)
{
    add_evidence(&capture->fragments, number);
}

/* ---- at the end ---- */

/* Has it come to nothing? */
static bool is_idle_talk(const struct detail *d, const struct flow *flow, enum conversation_opened opened,
    const struct finding *finding)
{
    const struct detail_side *detail = &d->side[finding->side];
    const struct flow_side *side = &flow->side[finding->side], *other = &flow->side[!finding->side];
    bool is_reset = (side->flags | other->flags) & FLOW_SENT_RST;

    switch (finding->kind) {
    case FINDING_SYN_UNANSWERED:
        return opened != OPENED_UNANSWERED || d->is_unreachable;
    case FINDING_SYN_ACK_UNACKNOWLEDGED:
        return opened != OPENED_HALF || is_reset;
    case FINDING_CLOSE_UNHEARD:
        return is_reset || (other->flags & FLOW_HAS_ACK && !seq_is_before(other->acked, side->next));
    case FINDING_LOSS:
        return finding->count < LOSS_SEGMENTS_MIN || finding->value < LOSS_PER_10000_MIN ||
               opened == OPENED_UNANSWERED || opened == OPENED_HALF;
    case FINDING_RTO_BACKOFF:
        return opened == OPENED_UNANSWERED || opened == OPENED_HALF;
    case FINDING_ZERO_WINDOW_STALL:
        return detail->zero_ns < STALL_NS_MIN;
    case FINDING_SMALL_WINDOW:
        return finding->count < WINDOW_FULL_MIN;
    case FINDING_BLACK_HOLE:
        /* It got through after all. */
        return other->flags & FLOW_HAS_ACK && seq_is_before(detail->resent_seq, other->acked);
    case FINDING_NAGLE_DELAYED_ACK: /* NOLINT(bugprone-branch-clone): two limits that happen to be equal */
        return finding->count < LATE_ACKS_MIN;
    case FINDING_KEEP_ALIVE_DEATH:
        return finding->count < UNANSWERED_ALIVE_MIN;
    case FINDING_UNREACHABLE:
        return other->packets > 0; /* it answers after all */
    default:
        return false;
    }
}

/* A window that is closed at the end was so up to it. */
static void end_stall(struct detail *d, unsigned side, const struct capture_notes *capture)
{
    struct detail_side *detail = &d->side[side];
    struct finding *finding = find(d, FINDING_ZERO_WINDOW_STALL, side);

    if (detail->is_zero && capture->time_ns > detail->zero_since_ns)
        detail->zero_ns += capture->time_ns - detail->zero_since_ns;
    detail->is_zero = false;
    if (finding)
        finding->value = detail->zero_ns;
}

static int compare(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;

    if (x->severity != y->severity)
        return y->severity - x->severity;
    if (x->kind != y->kind)
        return x->kind - y->kind;
    return x->side - y->side;
}

static void settle(struct detail *d, const struct flow *flow, enum conversation_opened opened,
    const struct capture_notes *capture)
{
    unsigned kept = 0;

    end_stall(d, FLOW_A, capture);
    end_stall(d, FLOW_B, capture);
    for (unsigned i = 0; i < d->finding_count; i++) {
        struct finding *finding = &d->findings[i];

        if (finding->kind == FINDING_LOSS && flow->side[finding->side].packets)
            finding->value = (int64_t)finding->count * 10000 / flow->side[finding->side].packets;
        if (!is_idle_talk(d, flow, opened, finding))
            d->findings[kept++] = *finding;
    }
    d->finding_count = kept;
    if (kept > 1)
        qsort(d->findings, kept, sizeof(*d->findings), compare);
}

/* Nobody has to answer what goes to many. A network's own broadcast address cannot be told without its mask,
 * but mostly ends so. */
static bool is_to_many(const struct flow *flow)
{
    const uint8_t *to = flow->address[!flow_opener(flow)];

    return flow->version == 6 ? to[0] == 0xff : to[0] >= 224 || to[3] == 255;
}

static void end_udp(struct detail *d, const struct flow *flow)
{
    unsigned opener = flow_opener(flow);

    /* What a tunnel carries is answered where it goes, often with other ports (RFC 7348, section 5). */
    if (!flow->side[!opener].packets && !d->is_unreachable && !is_to_many(flow) && !flow->is_carrier)
        add(d, FINDING_UDP_UNANSWERED, opener, d->first_number)->count = flow->side[opener].packets;
}

/* One side waits for the other to close, or for the ACK of its own FIN; and nothing was heard since. */
static void end_waiting(
    struct detail *d, const struct flow *flow, unsigned side, const struct capture_notes *capture)
{
    const struct flow_side *mine = &flow->side[side], *other = &flow->side[!side];
    int64_t silent_ns = capture->time_ns - flow->last_ns;

    if (silent_ns < SILENT_NS_MIN || (mine->flags | other->flags) & FLOW_SENT_RST)
        return;
    if (mine->state == FLOW_CLOSE_WAIT && other->state == FLOW_FIN_WAIT_2)
        add(d, FINDING_NEVER_CLOSED, side, d->last_number)->value = silent_ns;
    else if ((mine->state == FLOW_FIN_WAIT_1 || mine->state == FLOW_LAST_ACK ||
                 mine->state == FLOW_CLOSING) &&
             !find(d, FINDING_CLOSE_UNHEARD, side))
        add(d, FINDING_CLOSE_UNHEARD, side, d->last_number);
}

/* It is acknowledged and not there: the way back was not captured. */
static bool is_one_sided(const struct flow *flow, unsigned missing)
{
    return !flow->side[missing].packets && flow->side[!missing].flags & FLOW_HAS_ACK &&
           flow->side[!missing].packets >= ONE_SIDED_MIN;
}

static void end_tcp(
    struct detail *d, const struct flow *flow, enum conversation_opened opened, struct capture_notes *capture)
{
    bool is_reset = (flow->side[FLOW_A].flags | flow->side[FLOW_B].flags) & FLOW_SENT_RST;
    unsigned opener = flow_opener(flow);
    bool is_half = opened == OPENED_HALF && !is_reset && !(flow->side[opener].flags & FLOW_SENT_FIN);
    struct finding *finding;

    capture->ended++;
    capture->opened += opened == OPENED_THREE_WAY || opened == OPENED_SIMULTANEOUS;
    if (opened == OPENED_UNANSWERED && !is_reset && !d->is_unreachable)
        put_first(add(d, FINDING_SYN_UNANSWERED, opener, 0), d->first_number);
    if (is_half && !find(d, FINDING_SYN_ACK_UNACKNOWLEDGED, !opener))
        add(d, FINDING_SYN_ACK_UNACKNOWLEDGED, !opener, d->last_number);
    if (d->was_time_wait)
        add(d, FINDING_PORT_REUSE, opener, d->first_number);
    for (unsigned side = FLOW_A; side < FLOW_SIDES; side++) {
        end_waiting(d, flow, side, capture);
        if (is_one_sided(flow, side)) {
            add(d, FINDING_ASYMMETRIC, side, d->first_number);
            capture->one_sided++;
            add_evidence(&capture->asymmetric, d->first_number);
        }
    }
    if ((opened == OPENED_UNANSWERED && !is_reset) || is_half) {
        capture->unanswered++;
        add_evidence(&capture->flood, d->first_number);
    }
    finding = find(d, FINDING_TAKEN_TWICE, FLOW_A);
    if (finding) {
        finding->has_side = false;
        add_evidence(&capture->twice, finding->evidence[0]);
        capture->twice.count += finding->count - 1;
    }
}

void notes_end(struct detail *d, const struct flow *flow, struct capture_notes *capture)
{
    enum conversation_opened opened = conversation_opened_of_flow(flow);

    if (flow->protocol == IP_PROTOCOL_UDP)
        end_udp(d, flow);
    else
        end_tcp(d, flow, opened, capture);
    settle(d, flow, opened, capture);
}

static void take_capture(
    struct capture_notes *capture, unsigned *count, enum finding_kind kind, const struct finding *from)
{
    struct finding *finding = &capture->found[(*count)++];

    *finding = *from;
    finding->kind = (uint8_t)kind;
    finding->severity = (uint8_t)finding_severity(kind);
}

const struct finding *notes_of_capture(struct capture_notes *capture, unsigned *ret_count)
{
    unsigned count = 0;

    if (capture->unanswered >= FLOOD_MIN && capture->unanswered > capture->opened)
        take_capture(capture, &count, FINDING_SYN_FLOOD, &capture->flood);
    if (capture->one_sided && capture->one_sided * 2 > capture->ended)
        take_capture(capture, &count, FINDING_ASYMMETRIC, &capture->asymmetric);
    if (capture->twice.count)
        take_capture(capture, &count, FINDING_TAKEN_TWICE, &capture->twice);
    if (capture->fragments.count)
        take_capture(capture, &count, FINDING_FRAGMENTS_LOST, &capture->fragments);
    *ret_count = count;
    return capture->found;
}
