/* SPDX-License-Identifier: ISC */
/* The flow table finds and judges; here its word is put beside what the packet says, and the few
 * conversations that need more than a flow get a detail. */
#include "see/follow.h"

#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "see/detail.h"
#include "see/fragments.h"
#include "see/labels.h"
#include "see/udp_pair.h"

#undef uthash_malloc
#define uthash_malloc(size) xmalloc(size)

struct follow {
    struct follow_options options;
    struct flow_table *table;
    struct detail *details;
    struct labels *labels; /* NULL until there is one */
    struct follow_totals totals;
    struct capture_notes capture;
    struct fragments *fragments; /* NULL until there is one */
    struct packet whole;         /* what was put together of them */
    struct packet carrier;       /* the datagram that the one at hand was in */
    const uint64_t *pieces;      /* of the one at hand, if it is put together */
    uint32_t piece_count;
    struct str label;
    const struct packet *packet; /* at hand; NULL between two */
    struct finding *concluded;   /* of the last one that was */
    struct flow_step step;       /* of the last one, if has_a: for follow_lose */
};

static void flow_ended(const struct flow *flow, void *arg);

struct follow *follow_new(const struct follow_options *options)
{
    struct follow *f = xcalloc(1, sizeof(*f));
    uint64_t seed;

    f->options = *options;
    if (f->options.max_conversations == 0)
        f->options.max_conversations = FOLLOW_CONVERSATIONS_DEFAULT;
    if (f->options.max_conversations > FLOW_TABLE_MAX)
        f->options.max_conversations = FLOW_TABLE_MAX;
    rand_bytes(&seed, sizeof(seed));
    f->table = flow_table_new(seed, f->options.max_conversations, flow_ended, f);
    if (options->has_a)
        flow_table_lay_down_a(f->table, options->a_ipv4, options->a_ipv6);
    str_init(&f->label);
    return f;
}

/* ---- details ---- */

static void detail_free(struct follow *f, struct detail *d)
{
    HASH_DEL(f->details, d); /* NOLINT(clang-analyzer-core.NullDereference): it is in the table */
    free(d->findings);
    free(d);
}

static struct detail *detail_of(const struct follow *f, const struct flow *flow)
{
    struct detail *d = NULL;

    if (flow->has_detail)
        HASH_FIND(hh, f->details, &flow->number, sizeof(flow->number), d);
    return d;
}

static struct detail *detail_make_anyhow(struct follow *f, struct flow *flow, bool is_first, uint64_t number)
{
    struct detail *d = xcalloc(1, sizeof(*d));

    d->flow_number = flow->number;
    d->is_close = is_first;
    d->first_number = is_first ? number : 0;
    flow->has_detail = true;
    HASH_ADD(hh, f->details, flow_number, sizeof(d->flow_number), d);
    return d;
}

/* is_first: of the conversation, number is its first packet. NULL: there are too many. */
static struct detail *detail_make(struct follow *f, struct flow *flow, bool is_first, uint64_t number)
{
    if (HASH_COUNT(f->details) < FOLLOW_DETAILS_MAX)
        return detail_make_anyhow(f, flow, is_first, number);
    f->totals.is_crowded = true;
    return NULL;
}

void follow_free(struct follow *f)
{
    struct detail *d, *next;

    if (!f)
        return;
    HASH_ITER (hh, f->details, d, next) {
        detail_free(f, d);
    }
    labels_free(f->labels);
    fragments_free(f->fragments);
    flow_table_free(f->table);
    str_done(&f->label);
    free(f->concluded);
    free(f);
}

/* ---- summaries ---- */

/* d: NULL if there is none. */
static void sum_up(
    const struct follow *f, const struct flow *flow, const struct detail *d, struct conversation *ret)
{
    struct found_label found;

    conversation_of_flow(flow, ret);
    if (d)
        detail_sum_up(d, flow, ret);
    if (flow->has_label && labels_find(f->labels, flow->number, &found)) {
        ret->label = found.label;
        ret->label_side = found.side;
        ret->label_text = found.text;
    }
}

static bool is_between(const struct flow *flow, const struct packet *p, unsigned from)
{
    unsigned bytes = ip_address_bytes(&p->ip);

    return flow->port[from] == p->sport && flow->port[!from] == p->dport &&
           memcmp(flow->address[from], p->ip.src, bytes) == 0 &&
           memcmp(flow->address[!from], p->ip.dst, bytes) == 0;
}

/* Did it have to go before its end? Not where the packet at hand begins another one of its ports. */
static bool is_evicted(const struct follow *f, const struct flow *flow)
{
    return f->packet && !flow->is_closed && !is_between(flow, f->packet, FLOW_A) &&
           !is_between(flow, f->packet, FLOW_B);
}

static void flow_ended(const struct flow *flow, void *arg)
{
    struct follow *f = arg;
    struct detail *d = detail_of(f, flow), none = {0}, *either = d ? d : &none;
    struct conversation c;

    f->totals.ended++;
    f->totals.evicted += is_evicted(f, flow);
    if (f->options.findings)
        notes_end(either, flow, &f->capture);
    if (f->options.ended) {
        sum_up(f, flow, either, &c);
        c.is_evicted = is_evicted(f, flow);
        f->options.ended(f->options.arg, &c);
    }
    free(none.findings);
    if (d)
        detail_free(f, d);
    if (flow->has_label)
        labels_remove(f->labels, flow->number);
}

/* ---- packets ---- */

/* Only what a side says first tells; what it repeats is not looked at again. */
static void take_label(struct follow *f, const struct flow_step *step)
{
    const struct packet *p = f->packet;
    struct flow *flow = step->flow;
    enum label label;

    if (!p->payload_captured || flow->side[step->from].payload_bytes != p->payload_bytes || flow->has_label)
        return;
    str_reset(&f->label);
    label = label_of(cursor_of(p->payload, p->payload_captured), p->kind == PACKET_TCP, &f->label);
    if (!label)
        return;
    if (!f->labels)
        f->labels = labels_new();
    flow->has_label = labels_add(f->labels, flow->number, label, step->from, f->label.data, f->label.len);
    f->totals.is_crowded |= !flow->has_label;
}

static void take_numbers(const struct flow_step *step, struct followed *ret)
{
    const struct tcp *tcp = &ret->packet->tcp;
    const struct flow_side *side = &step->flow->side[step->from], *other = &step->flow->side[!step->from];
    bool both_scale = side->flags & other->flags & FLOW_HAS_SHIFT, is_syn = tcp->flags & TCP_SYN;

    ret->flags = tcp->flags;
    ret->has_ack = tcp->flags & TCP_ACK;
    ret->seq = tcp->seq;
    ret->ack = tcp->ack;
    ret->seq_relative = side->flags & FLOW_HAS_SEQ ? tcp->seq - side->isn : 0;
    ret->ack_relative = ret->has_ack && other->flags & FLOW_HAS_SEQ ? tcp->ack - other->isn : 0;
    ret->sequence_bytes = tcp_sequence_bytes(tcp, ret->payload);
    /* RFC 7323, section 2.2: that of a segment with SYN is never scaled. */
    ret->window = both_scale && !is_syn ? (uint32_t)tcp->window << side->window_shift : tcp->window;
    ret->has_scale = is_syn || (side->flags & other->flags & FLOW_HAS_SYN);
    /* Without its SYN, what a side began with is a number before its first byte, which nothing has. */
    if (side->flags & FLOW_HAS_SEQ)
        ret->in_flight = side->next - (other->flags & FLOW_HAS_ACK     ? other->acked
                                          : side->flags & FLOW_HAS_SYN ? side->isn
                                                                       : side->isn + 1);
    if (ret->in_flight > INT32_MAX) /* acknowledged, and not captured */
        ret->in_flight = 0;
}

static bool is_past_data(uint8_t state)
{
    return state == FLOW_CLOSED || state == FLOW_TIME_WAIT || state == FLOW_LAST_ACK;
}

static unsigned verdicts_of(const struct flow_step *step, const struct packet *p)
{
    const struct tcp *tcp = &p->tcp;
    const struct flow_side *side = &step->flow->side[step->from], *other = &step->flow->side[!step->from];
    unsigned verdicts = step->verdict;

    if (tcp->flags & TCP_URG)
        verdicts |= VERDICT_URGENT;
    if ((p->ip.traffic_class & 3) == 3 || (!(tcp->flags & TCP_SYN) && tcp->flags & (TCP_ECE | TCP_CWR)))
        verdicts |= VERDICT_CONGESTION;
    if (step->is_first && step->flow->is_reuse)
        verdicts |= VERDICT_PORT_REUSE;
    if (verdicts & VERDICT_NEW_DATA && is_past_data(step->state[!step->from]))
        verdicts |= VERDICT_AFTER_CLOSE;
    if (!(tcp->flags & TCP_ACK) || tcp->flags & TCP_RST)
        return verdicts;
    if (other->flags & FLOW_SENT_FIN && side->acked == other->next && step->acked_before != side->acked)
        verdicts |= VERDICT_ACK_OF_FIN;
    if (step->from == flow_opener(step->flow) && !(tcp->flags & TCP_SYN) &&
        !(step->flags[step->from] & FLOW_HAS_ACK) && side->flags & other->flags & FLOW_HAS_SYN)
        verdicts |= VERDICT_OPENED;
    return verdicts;
}

static bool is_close(const struct follow *f, const struct flow *flow)
{
    const struct follow_options *o = &f->options;

    return o->close || (flow->number >= o->close_first && flow->number <= o->close_last);
}

static void take_segment(struct follow *f, const struct flow_step *step, struct followed *ret)
{
    const struct flow_side *side = &step->flow->side[step->from];
    struct detail *d = detail_of(f, step->flow);

    ret->kind = FOLLOWED_TCP;
    take_numbers(step, ret);
    ret->verdicts = verdicts_of(step, f->packet);
    if (!d && (is_close(f, step->flow) || (f->options.findings && notes_are_wanted(step, ret)))) {
        d = detail_make(f, step->flow, step->is_first, ret->number);
        if (d) {
            d->was_time_wait = step->was_time_wait;
            notes_begin(d, step, ret);
        }
    }
    if (detail_counts_on(side, ret->flags, ret->verdicts)) {
        /* One for 65,535 packets at least: no capture has many. */
        if (!d)
            d = detail_make_anyhow(f, step->flow, false, 0);
        detail_count_on(d, step->from, side, ret->flags, ret->verdicts);
    }
    if (!d)
        return;
    d->last_number = ret->number;
    detail_take(d, step, ret);
    if (f->options.findings)
        notes_take(d, step, ret);
}

static void take_datagram(struct follow *f, const struct flow_step *step, struct followed *ret)
{
    struct detail *d = detail_of(f, step->flow);

    ret->kind = FOLLOWED_UDP;
    if (step->from != flow_opener(step->flow) && step->was_asked) {
        ret->verdicts |= VERDICT_REPLY;
        ret->rtt_ns = udp_pair_waited_ns(step->flow, ret->time_ns);
    }
    if (!d && is_close(f, step->flow))
        d = detail_make(f, step->flow, step->is_first, ret->number);
    if (d)
        d->last_number = ret->number;
}

static void take_states(const struct flow *flow, struct followed *ret)
{
    for (unsigned i = FLOW_A; i < FLOW_SIDES; i++) {
        ret->state[i] = flow->side[i].state;
        ret->is_inferred[i] = flow->side[i].flags & FLOW_STATE_INFERRED;
    }
}

/* That the path takes smaller packets only is no word about the other end. */
static bool is_unreachable(const struct icmp *icmp)
{
    if (icmp->version == 4)
        return (icmp->type == ICMP_UNREACHABLE && icmp->code != ICMP_CODE_TOO_BIG) ||
               icmp->type == ICMP_TIME_EXCEEDED;
    return icmp->type == ICMPV6_UNREACHABLE || icmp->type == ICMPV6_TIME_EXCEEDED;
}

/* An ICMP error finds its conversation by the packet that it quotes, and is not counted among its packets. */
static bool take_error(
    struct follow *f, const struct packet *packet, uint64_t number, int64_t time_ns, struct followed *ret)
{
    const struct icmp *icmp = &packet->icmp;
    unsigned from;
    struct flow *flow = flow_table_find_quoted(f->table, icmp, &from);
    struct detail *d;

    if (!flow)
        return false;
    *ret = (struct followed){
        .conversation = flow->number,
        .kind = FOLLOWED_ICMP,
        .from = (uint8_t)from,
        .is_over = flow->is_closed,
        .number = number,
        .time_ns = time_ns,
        .delta_ns = time_ns - flow->last_ns,
        .flow = flow,
        .packet = packet,
        .pieces = f->pieces,
        .piece_count = f->piece_count,
    };
    take_states(flow, ret);
    memcpy(ret->state_before, ret->state, sizeof(ret->state));
    d = detail_of(f, flow);
    if (!d)
        d = detail_make(f, flow, false, 0);
    if (!d)
        return true;
    d->icmp_errors++;
    if (is_unreachable(icmp) && from == flow_opener(flow) && !flow->side[!from].packets) {
        d->is_unreachable = true;
        if (f->options.findings)
            notes_take_error(d, ret);
    }
    return true;
}

static void take_packet(struct follow *f, struct followed *ret)
{
    struct flow_step step = flow_table_take(f->table, ret->packet, ret->time_ns);

    ret->pieces = f->pieces;
    ret->piece_count = f->piece_count;
    ret->conversation = step.flow->number;
    ret->from = (uint8_t)step.from;
    ret->is_first = step.is_first;
    ret->flow = step.flow;
    ret->is_over = step.flow->is_closed;
    ret->payload = ret->packet->payload_bytes;
    ret->delta_ns = ret->time_ns - step.last_ns;
    memcpy(ret->state_before, step.state, sizeof(step.state));
    take_states(step.flow, ret);
    f->totals.conversations += step.is_first;
    if (ret->packet == &f->carrier) {
        f->totals.carriers++;
        step.flow->is_carrier = true;
        take_datagram(f, &step, ret);
    } else if (ret->packet->kind == PACKET_TCP) {
        f->totals.tcp++;
        take_segment(f, &step, ret);
    } else {
        f->totals.udp++;
        take_datagram(f, &step, ret);
    }
    if (f->options.labels)
        take_label(f, &step);
    if (f->options.has_a)
        f->step = step;
}

void follow_lose(struct follow *f, struct followed *followed)
{
    struct flow *flow = f->step.flow;
    struct flow_side *side = &flow->side[f->step.from], *other = &flow->side[!f->step.from];

    if (followed->kind != FOLLOWED_TCP)
        return;
    side->acked = f->step.acked_before;
    if (!(f->step.flags[f->step.from] & FLOW_HAS_ACK))
        side->flags &= ~FLOW_HAS_ACK;
    if (flow->is_closed) /* the table keeps it as such */
        return;
    other->state = f->step.state[!f->step.from];
    followed->state[!followed->from] = other->state;
}

/* The tunnels of which the packet has come to be inside. Those before first were known as such already. */
static void take_carriers(
    struct follow *f, const struct packet *packet, unsigned first, uint64_t number, int64_t time_ns)
{
    for (unsigned i = first; i < packet->outer_count; i++) {
        const struct packet_outer *outer = &packet->outer[i];
        struct followed followed = {.packet = &f->carrier, .number = number, .time_ns = time_ns};

        if (outer->ip.protocol != IP_PROTOCOL_UDP)
            continue;
        packet_of_outer(outer, &f->carrier);
        f->packet = &f->carrier;
        take_packet(f, &followed);
        if (f->options.carrier)
            f->options.carrier(f->options.carrier_arg, &followed);
    }
    f->packet = packet;
}

/* A fragment that never came: said of the conversation, where there is one, and of the capture. */
static void take_lost(void *arg, const struct fragments_lost *lost)
{
    struct follow *f = arg;
    struct flow *flow = NULL;
    struct detail *d;
    unsigned from;

    if (!f->options.findings)
        return;
    if (lost->has_ports)
        flow = flow_table_find(f->table, &lost->ip, lost->sport, lost->dport, &from);
    notes_take_lost_of_capture(&f->capture, lost->number);
    if (!flow)
        return;
    d = detail_of(f, flow);
    if (!d)
        d = detail_make(f, flow, false, 0);
    if (d)
        notes_take_lost(d, from, lost->number);
}

/* True if there is a packet to take now: the whole datagram, or a fragment that stands for itself. */
static bool take_fragment(struct follow *f, const struct packet *packet, uint64_t number, int64_t time_ns)
{
    enum fragments_result result;

    if (!f->fragments)
        f->fragments = fragments_new(take_lost, f);
    f->whole = *packet;
    result = fragments_take(f->fragments, &f->whole, number, time_ns);
    f->totals.fragments += result == FRAGMENTS_WAIT;
    if (result == FRAGMENTS_WHOLE)
        f->pieces = fragments_pieces(f->fragments, &f->piece_count);
    f->packet = &f->whole;
    return result != FRAGMENTS_WAIT;
}

void follow_expect(const struct follow *f, const struct packet *packets, unsigned count)
{
    flow_table_expect(f->table, packets, count);
}

bool follow_packet(
    struct follow *f, const struct packet *packet, uint64_t number, int64_t time_ns, struct followed *ret)
{
    bool is_taken = false;

    f->totals.packets++;
    if (time_ns > f->capture.time_ns)
        f->capture.time_ns = time_ns;
    f->packet = packet;
    f->pieces = NULL;
    f->piece_count = 0;
    if (packet->outer_count)
        take_carriers(f, packet, 0, number, time_ns);
    if (packet_is_fragment(packet)) {
        unsigned outer_count = packet->outer_count;

        if (!take_fragment(f, packet, number, time_ns)) {
            f->packet = NULL;
            return false;
        }
        packet = &f->whole;
        take_carriers(f, packet, outer_count, number, time_ns);
    }
    switch (packet->kind) {
    case PACKET_TCP:
    case PACKET_UDP:
        is_taken = true;
        *ret = (struct followed){.packet = packet, .number = number, .time_ns = time_ns};
        take_packet(f, ret);
        break;
    case PACKET_ICMP:
        is_taken = take_error(f, packet, number, time_ns, ret);
        f->totals.icmp_errors += is_taken;
        f->totals.other += !is_taken;
        break;
    case PACKET_CUT:
    case PACKET_BAD:
        f->totals.bad++;
        break;
    default:
        f->totals.other++;
        break;
    }
    f->packet = NULL;
    return is_taken;
}

void follow_conversation(struct follow *f, const struct followed *followed, struct conversation *ret)
{
    sum_up(f, followed->flow, detail_of(f, followed->flow), ret);
}

/* On copies: it may go on. */
static void conclude(struct follow *f, const struct flow *flow, struct conversation *ret)
{
    const struct detail *d = detail_of(f, flow);
    struct detail ending = d ? *d : (struct detail){0};
    struct capture_notes capture = f->capture;

    free(f->concluded);
    ending.findings = NULL;
    if (d && d->finding_count) {
        ending.findings = xreallocarray(NULL, d->finding_count, sizeof(*d->findings));
        memcpy(ending.findings, d->findings, d->finding_count * sizeof(*d->findings));
    }
    if (f->options.findings)
        notes_end(&ending, flow, &capture);
    f->concluded = ending.findings;
    sum_up(f, flow, &ending, ret);
}

void follow_conclude(struct follow *f, const struct followed *followed, struct conversation *ret)
{
    conclude(f, followed->flow, ret);
}

void follow_quiet(struct follow *f, uint32_t *cursor, uint32_t places, int64_t before_ns,
    void (*take)(void *arg, const struct conversation *c), void *arg)
{
    uint32_t all = flow_table_places(f->table);
    struct conversation c;

    for (uint32_t left = places < all ? places : all; left > 0; left--) {
        const struct flow *flow;

        *cursor = *cursor < all ? *cursor + 1 : 1;
        flow = flow_table_at(f->table, *cursor);
        if (!flow || flow->protocol != IP_PROTOCOL_UDP || flow->last_ns >= before_ns)
            continue;
        conclude(f, flow, &c);
        take(arg, &c);
    }
}

void follow_each(struct follow *f, void (*take)(void *arg, const struct conversation *c), void *arg)
{
    struct conversation c;
    uint32_t cursor = 0;
    struct flow *flow;

    while ((flow = flow_table_each(f->table, &cursor)) != NULL) {
        sum_up(f, flow, detail_of(f, flow), &c);
        take(arg, &c);
    }
}

void follow_finish(struct follow *f)
{
    uint32_t cursor = 0;
    struct flow *flow;

    if (f->fragments)
        fragments_finish(f->fragments);
    while ((flow = flow_table_each(f->table, &cursor)) != NULL)
        flow_ended(flow, f);
}

void follow_totals(const struct follow *f, struct follow_totals *ret)
{
    *ret = f->totals;
}

const struct finding *follow_findings(struct follow *f, unsigned *ret_count)
{
    return notes_of_capture(&f->capture, ret_count);
}
