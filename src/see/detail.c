/* SPDX-License-Identifier: ISC */
/* The close look at a segment: what takes more memory than a flow has, and options that only few segments
 * are asked for. */
#include "see/detail.h"

#include "see/seq.h"

/* Linux waits at least 200 ms for an ACK before it sends again (RFC 6298 says 1 s). */
#define RTO_MIN_NS INT64_C(190000000)
/* Two copies of a packet that were captured at two places of one host or switch. */
#define TWICE_NS_MAX INT64_C(1000000)

/* ---- round trips ---- */

/* Karn's rule (RFC 6298, section 3): of a segment that was sent twice nobody knows which one is acknowledged.
 * One segment of a side is timed at a time. */
static void time_segment(struct round_trips *trips, const struct followed *p)
{
    if (p->verdicts & (VERDICT_RETRANSMISSION | VERDICT_OUT_OF_ORDER)) {
        trips->is_timed = false;
        return;
    }
    if (trips->is_timed || !p->sequence_bytes ||
        p->verdicts & (VERDICT_ZERO_WINDOW_PROBE | VERDICT_KEEP_ALIVE))
        return;
    trips->is_timed = true;
    trips->timed_end = p->seq + p->sequence_bytes;
    trips->timed_ns = p->time_ns;
}

static int64_t take_ack_of_timed(struct round_trips *trips, const struct followed *p)
{
    int64_t waited_ns = p->time_ns - trips->timed_ns;

    if (!trips->is_timed || !p->has_ack || seq_is_before(p->ack, trips->timed_end))
        return 0;
    trips->is_timed = false;
    if (waited_ns <= 0) /* the clock went back */
        return 0;
    if (!trips->count || waited_ns < trips->min_ns)
        trips->min_ns = waited_ns;
    trips->count++;
    trips->sum_ns += waited_ns;
    return waited_ns;
}

/* ---- options ---- */

static void take_syn(struct detail_side *side, const struct followed *p)
{
    struct tcp_options options;

    tcp_parse_options(&p->packet->tcp, &options);
    side->syn_options = options.has;
    side->syn_flags = p->flags;
    side->mss = options.mss;
    side->has_syn_data = p->payload > 0;
}

/* RFC 2883, section 4: the first block tells of a duplicate if it lies below the ACK or within the second. */
static bool is_dsack(const struct tcp_options *options, uint32_t ack)
{
    const struct tcp_sack_block *first = &options->sack[0], *second = &options->sack[1];

    if (!seq_is_before(ack, first->right))
        return true;
    return options->sack_count > 1 && !seq_is_before(first->left, second->left) &&
           !seq_is_before(second->right, first->right);
}

static void take_ack_options(struct detail_side *other, struct followed *p)
{
    struct tcp_options options;

    if (p->packet->tcp.header_bytes == 20)
        return;
    tcp_parse_options(&p->packet->tcp, &options);
    if (options.has & TCP_HAS_SACK) {
        p->verdicts |= VERDICT_SACK;
        if (is_dsack(&options, p->ack)) {
            p->verdicts |= VERDICT_DSACK;
            other->spurious++;
            other->awaits_echo = false;
        }
    }
    if (!other->awaits_echo || seq_is_before(p->ack, other->resent_end))
        return;
    other->awaits_echo = false;
    if (options.has & TCP_HAS_TIMESTAMPS && options.timestamp_echo &&
        seq_is_before(options.timestamp_echo, other->resent_timestamp)) {
        p->verdicts |= VERDICT_ORIGINAL_ACKED;
        other->spurious++;
    }
}

/* ---- what was sent again ---- */

/* If a side has said nothing for so long and then repeats itself, it was its timer. */
static bool is_timeout(const struct detail_side *side, const struct followed *p)
{
    int64_t waited_ns = side->last_ns ? p->time_ns - side->last_ns : p->delta_ns;

    return !(p->verdicts & VERDICT_FAST) && waited_ns >= RTO_MIN_NS;
}

static void take_resent(struct detail_side *side, struct followed *p)
{
    struct tcp_options options;

    if (is_timeout(side, p))
        p->verdicts |= VERDICT_RTO;
    side->fast += !!(p->verdicts & VERDICT_FAST);
    side->timeouts += !!(p->verdicts & VERDICT_RTO);
    side->spurious += !!(p->verdicts & VERDICT_SPURIOUS);
    if (!side->resent_times || side->resent_seq != p->seq) {
        side->resent_times = 0;
        side->resent_since_ns = side->last_ns ? side->last_ns : p->time_ns - p->delta_ns;
    }
    side->resent_times++;
    side->resent_seq = p->seq;
    side->resent_end = p->seq + p->sequence_bytes;
    side->awaits_echo = false;
    if (p->flags & TCP_SYN || p->verdicts & VERDICT_SPURIOUS)
        return;
    tcp_parse_options(&p->packet->tcp, &options);
    side->awaits_echo = options.has & TCP_HAS_TIMESTAMPS;
    side->resent_timestamp = options.timestamp;
}

/* The same IP packet again, and at once. An identification of 0 is none (RFC 6864, section 4.1). */
static bool is_taken_twice(const struct detail_side *side, const struct followed *p)
{
    const struct ip *ip = &p->packet->ip;

    return ip->version == 4 && ip->fragment_id && (uint16_t)ip->fragment_id == side->ip_id && side->last_ns &&
           p->time_ns - side->last_ns < TWICE_NS_MAX;
}

static void take_window(struct detail_side *side, const struct followed *p)
{
    bool is_zero = p->packet->tcp.window == 0;

    if (p->flags & (TCP_SYN | TCP_FIN) || is_zero == side->is_zero)
        return;
    side->is_zero = is_zero;
    if (is_zero)
        side->zero_since_ns = p->time_ns;
    else if (p->time_ns > side->zero_since_ns)
        side->zero_ns += p->time_ns - side->zero_since_ns;
}

void detail_take(struct detail *d, const struct flow_step *step, struct followed *ret)
{
    struct detail_side *side = &d->side[step->from], *other = &d->side[!step->from];

    if (is_taken_twice(side, ret))
        ret->verdicts |= VERDICT_TAKEN_TWICE;
    if (ret->flags & TCP_SYN)
        take_syn(side, ret);
    if (ret->verdicts & VERDICT_ZERO_WINDOW && other->last_verdicts & VERDICT_ZERO_WINDOW_PROBE &&
        !ret->payload)
        ret->verdicts |= VERDICT_ZERO_WINDOW_PROBE_ACK;
    if (ret->verdicts & VERDICT_RETRANSMISSION)
        take_resent(side, ret);
    else if (ret->verdicts & VERDICT_NEW_DATA)
        side->resent_times = 0;
    if (!(ret->flags & TCP_RST)) {
        ret->rtt_ns = take_ack_of_timed(&other->trips, ret);
        time_segment(&side->trips, ret);
        take_window(side, ret);
        if (ret->has_ack && !(ret->flags & TCP_SYN))
            take_ack_options(other, ret);
        if (ret->flags & TCP_SYN && ret->has_ack && other->has_syn_data &&
            seq_is_before(step->flow->side[!step->from].isn + 1, ret->ack))
            d->has_fast_open = true;
    }
    side->keep_alives += !!(ret->verdicts & VERDICT_KEEP_ALIVE);
    d->gaps += !!(ret->verdicts & VERDICT_GAP);
    d->unseen += !!(ret->verdicts & VERDICT_ACK_UNSEEN);
    side->ip_id = (uint16_t)ret->packet->ip.fragment_id;
    side->last_ns = ret->time_ns;
    side->last_verdicts = ret->verdicts;
}

/* ---- counters that are full ---- */

bool detail_counts_on(const struct flow_side *side, unsigned flags, unsigned verdicts)
{
    return (flags & TCP_SYN && (flags & TCP_ACK ? side->syn_acks : side->syns) == UINT16_MAX) ||
           (flags & TCP_FIN && side->fins == UINT16_MAX) || (flags & TCP_RST && side->rsts == UINT16_MAX) ||
           (verdicts & VERDICT_ZERO_WINDOW && side->zero_windows == UINT16_MAX);
}

void detail_count_on(
    struct detail *d, unsigned from, const struct flow_side *side, unsigned flags, unsigned verdicts)
{
    struct beyond *beyond = &d->side[from].beyond;

    beyond->syns += (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && side->syns == UINT16_MAX;
    beyond->syn_acks += (flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK) && side->syn_acks == UINT16_MAX;
    beyond->fins += flags & TCP_FIN && side->fins == UINT16_MAX;
    beyond->rsts += flags & TCP_RST && side->rsts == UINT16_MAX;
    beyond->zero_windows += verdicts & VERDICT_ZERO_WINDOW && side->zero_windows == UINT16_MAX;
}

static uint32_t uncounted(uint32_t beyond)
{
    return beyond ? beyond - 1 : 0;
}

/* ---- summary ---- */

static unsigned agreed_of(const struct detail *d, unsigned opener)
{
    const struct detail_side *a = &d->side[opener], *b = &d->side[!opener];
    unsigned both = a->syn_options & b->syn_options, agreed = 0;

    agreed |= both & TCP_HAS_WINDOW_SHIFT ? AGREED_WINDOW_SCALE : 0;
    agreed |= both & TCP_HAS_SACK_PERMITTED ? AGREED_SACK : 0;
    agreed |= both & TCP_HAS_TIMESTAMPS ? AGREED_TIMESTAMPS : 0;
    agreed |= both & TCP_HAS_MPTCP ? AGREED_MPTCP : 0;
    /* RFC 3168, section 6.1.1: a SYN asks with both, a SYN+ACK agrees with ECE alone. */
    if ((a->syn_flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR) &&
        (b->syn_flags & (TCP_ECE | TCP_CWR)) == TCP_ECE)
        agreed |= AGREED_ECN;
    agreed |= d->has_fast_open ? AGREED_FAST_OPEN : 0;
    return agreed;
}

static void sum_up_round_trips(const struct detail *d, struct conversation *ret)
{
    const struct round_trips *longer = &d->side[FLOW_A].trips, *other = &d->side[FLOW_B].trips;

    if (other->count && (!longer->count || other->min_ns > longer->min_ns))
        longer = other;
    if (!longer->count)
        return;
    ret->rtt_count = longer->count;
    ret->rtt_min_ns = longer->min_ns;
    ret->rtt_avg_ns = longer->sum_ns / longer->count;
}

void detail_sum_up(const struct detail *d, const struct flow *flow, struct conversation *ret)
{
    for (unsigned i = FLOW_A; i < FLOW_SIDES; i++) {
        const struct detail_side *side = &d->side[i];

        ret->side[i].has_mss = side->syn_options & TCP_HAS_MSS;
        ret->side[i].mss = side->mss;
        ret->side[i].fast_retransmissions = side->fast;
        ret->side[i].timeout_retransmissions = side->timeouts;
        ret->side[i].spurious_retransmissions = side->spurious;
        ret->side[i].keep_alives = side->keep_alives;
        ret->side[i].zero_windows += uncounted(side->beyond.zero_windows);
        ret->syn += uncounted(side->beyond.syns);
        ret->syn_ack += uncounted(side->beyond.syn_acks);
        ret->fin += uncounted(side->beyond.fins);
        ret->rst += uncounted(side->beyond.rsts);
    }
    sum_up_round_trips(d, ret);
    if (flow->side[FLOW_A].flags & flow->side[FLOW_B].flags & FLOW_HAS_SYN && d->is_close) {
        ret->has_agreed = true;
        ret->agreed = (uint8_t)agreed_of(d, flow_opener(flow));
    }
    if (d->is_unreachable && ret->opened == OPENED_UNANSWERED)
        ret->opened = OPENED_UNREACHABLE;
    if (d->is_unreachable && ret->closed == CLOSED_UNANSWERED)
        ret->closed = CLOSED_UNREACHABLE;
    ret->icmp_errors = d->icmp_errors;
    ret->unseen = d->unseen;
    ret->gaps = d->gaps;
    ret->first_number = d->first_number;
    ret->last_number = d->last_number;
    ret->findings = d->findings;
    ret->finding_count = d->finding_count;
}
