/* SPDX-License-Identifier: ISC */
/* How it opened and closed is not kept but told from what was counted, so that it costs no memory while the
 * conversation lives. */
#include "see/conversation.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "see/udp_pair.h"
#include "wire/ip.h"

static bool is_udp(const struct flow *flow)
{
    return flow->protocol == IP_PROTOCOL_UDP;
}

enum conversation_opened conversation_opened_of_flow(const struct flow *flow)
{
    unsigned opener = flow_opener(flow);
    const struct flow_side *a = &flow->side[opener], *b = &flow->side[!opener];

    if (is_udp(flow))
        return OPENED_DATAGRAM;
    if (!a->syns)
        return OPENED_MID_CAPTURE;
    if (b->syns)
        return OPENED_SIMULTANEOUS;
    if (b->syn_acks)
        return a->flags & FLOW_HAS_ACK ? OPENED_THREE_WAY : OPENED_HALF;
    if (a->flags & FLOW_HAS_ACK)
        return OPENED_MID_CAPTURE; /* it acknowledges an answer that was not captured */
    if (!b->packets)
        return OPENED_UNANSWERED;
    return b->flags & FLOW_SENT_RST && b->rsts == b->packets ? OPENED_REFUSED : OPENED_MID_CAPTURE;
}

static enum conversation_closed closed_of(const struct flow *flow, enum conversation_opened opened)
{
    const struct flow_side *a = &flow->side[FLOW_A], *b = &flow->side[FLOW_B];

    if (is_udp(flow))
        return flow->side[!flow_opener(flow)].packets ? CLOSED_OPEN : CLOSED_UNANSWERED;
    switch (flow->closing) {
    case FLOW_CLOSED_BY_FOUR:
        return CLOSED_FOUR_SEGMENT;
    case FLOW_CLOSED_BY_THREE:
        return CLOSED_THREE_SEGMENT;
    case FLOW_CLOSED_AT_ONCE:
        return CLOSED_SIMULTANEOUS;
    default:
        break;
    }
    if (opened == OPENED_REFUSED)
        return CLOSED_REFUSED;
    if ((a->flags | b->flags) & FLOW_SENT_RST)
        return CLOSED_RESET;
    if ((a->flags | b->flags) & FLOW_SENT_FIN)
        return CLOSED_HALF;
    return opened == OPENED_UNANSWERED ? CLOSED_UNANSWERED : CLOSED_OPEN;
}

/* Of a reset, whose RST it was, even if the other had sent its FIN before. */
static unsigned closer_of(const struct flow *flow, enum conversation_closed closed)
{
    bool a_reset = flow->side[FLOW_A].flags & FLOW_SENT_RST;
    bool b_reset = flow->side[FLOW_B].flags & FLOW_SENT_RST;

    if ((closed == CLOSED_RESET || closed == CLOSED_REFUSED) && a_reset != b_reset)
        return a_reset ? FLOW_A : FLOW_B;
    return flow->closed_by;
}

static void take_side(const struct flow *flow, unsigned which, struct conversation_side *ret)
{
    const struct flow_side *side = &flow->side[which];

    memcpy(ret->address, flow->address[which], sizeof(ret->address));
    ret->port = flow->port[which];
    ret->state = side->state;
    ret->packets = side->packets;
    ret->payload = side->payload_bytes;
    if (is_udp(flow))
        return;
    ret->is_state_inferred = side->flags & FLOW_STATE_INFERRED;
    ret->has_syn = side->flags & FLOW_HAS_SYN;
    ret->has_window_shift = side->flags & FLOW_HAS_SHIFT;
    ret->window_shift = side->window_shift;
    ret->isn = side->isn;
    ret->retransmissions = side->retransmissions;
    ret->out_of_order = side->out_of_order;
    ret->duplicate_acks = side->duplicate_acks;
    ret->zero_windows = side->zero_windows;
}

static void take_round_trip(const struct flow *flow, struct conversation *ret)
{
    const struct flow_side *a = &flow->side[FLOW_A], *b = &flow->side[FLOW_B];
    int64_t a_ns = a->flags & FLOW_HAS_RTT ? (int64_t)a->rtt_us * 1000 : 0;
    int64_t b_ns = b->flags & FLOW_HAS_RTT ? (int64_t)b->rtt_us * 1000 : 0;

    if (!((a->flags | b->flags) & FLOW_HAS_RTT))
        return;
    ret->rtt_count = 1;
    ret->rtt_min_ns = ret->rtt_avg_ns = a_ns > b_ns ? a_ns : b_ns;
    if (a->flags & b->flags & FLOW_HAS_RTT)
        ret->handshake_ns = a_ns + b_ns;
}

void conversation_of_flow(const struct flow *flow, struct conversation *ret)
{
    const struct flow_side *a = &flow->side[FLOW_A], *b = &flow->side[FLOW_B];

    memset(ret, 0, sizeof(*ret));
    ret->id = flow->number;
    ret->protocol = flow->protocol;
    ret->ip_version = flow->version;
    ret->opener = (uint8_t)flow_opener(flow);
    ret->opened = (uint8_t)conversation_opened_of_flow(flow);
    ret->closed = (uint8_t)closed_of(flow, (enum conversation_opened)ret->opened);
    ret->closed_by = (uint8_t)closer_of(flow, (enum conversation_closed)ret->closed);
    ret->has_closer = ret->closed_by != FLOW_SIDES && !is_udp(flow);
    ret->is_complete = flow->is_closed;
    ret->is_reuse = flow->is_reuse;
    ret->label_text = "";
    take_side(flow, FLOW_A, &ret->side[FLOW_A]);
    take_side(flow, FLOW_B, &ret->side[FLOW_B]);
    ret->first_ns = flow->first_ns;
    ret->last_ns = flow->last_ns;
    take_round_trip(flow, ret);
    if (is_udp(flow)) {
        ret->requests = udp_pair_requests(flow);
        ret->replies = (uint32_t)flow->side[!ret->opener].packets;
        return;
    }
    ret->syn = (uint32_t)a->syns + b->syns;
    ret->syn_ack = (uint32_t)a->syn_acks + b->syn_acks;
    ret->fin = (uint32_t)a->fins + b->fins;
    ret->rst = (uint32_t)a->rsts + b->rsts;
}

struct conversation *conversation_copy(const struct conversation *c)
{
    size_t findings_bytes = c->finding_count * sizeof(*c->findings), text_bytes = strlen(c->label_text) + 1;
    struct conversation *copy = xmalloc(sizeof(*copy) + findings_bytes + text_bytes);
    struct finding *findings = (struct finding *)(copy + 1);
    char *text = (char *)(findings + c->finding_count);

    *copy = *c;
    if (findings_bytes)
        memcpy(findings, c->findings, findings_bytes);
    memcpy(text, c->label_text, text_bytes);
    copy->findings = findings;
    copy->label_text = text;
    return copy;
}

void conversation_append_endpoint(struct str *out, const struct conversation *c, unsigned side)
{
    const struct conversation_side *end = &c->side[side];
    char address[INET6_ADDRSTRLEN];

    inet_ntop(c->ip_version == 4 ? AF_INET : AF_INET6, end->address, address, sizeof(address));
    if (c->ip_version == 4)
        str_appendf(out, "%s:%u", address, end->port);
    else
        str_appendf(out, "[%s]:%u", address, end->port);
}

uint64_t conversation_packets(const struct conversation *c)
{
    return c->side[FLOW_A].packets + c->side[FLOW_B].packets;
}

uint64_t conversation_payload(const struct conversation *c)
{
    return c->side[FLOW_A].payload + c->side[FLOW_B].payload;
}

int64_t conversation_rtt_ns(const struct conversation *c)
{
    return c->rtt_count ? c->rtt_avg_ns : c->handshake_ns;
}

uint32_t conversation_retransmissions(const struct conversation *c)
{
    return c->side[FLOW_A].retransmissions + c->side[FLOW_B].retransmissions;
}

uint32_t conversation_out_of_order(const struct conversation *c)
{
    return c->side[FLOW_A].out_of_order + c->side[FLOW_B].out_of_order;
}

uint32_t conversation_duplicate_acks(const struct conversation *c)
{
    return c->side[FLOW_A].duplicate_acks + c->side[FLOW_B].duplicate_acks;
}

uint32_t conversation_zero_windows(const struct conversation *c)
{
    return c->side[FLOW_A].zero_windows + c->side[FLOW_B].zero_windows;
}

/* ---- names ---- */

struct words {
    const char *name, *text;
};

static const struct words opened_words[] = {
    [OPENED_DATAGRAM] = {"datagram", N_("datagrams")},
    [OPENED_THREE_WAY] = {"three-way", N_("three-way handshake")},
    [OPENED_SIMULTANEOUS] = {"simultaneous", N_("simultaneous open")},
    [OPENED_HALF] = {"half", N_("handshake not completed")},
    [OPENED_UNANSWERED] = {"unanswered", N_("not answered")},
    [OPENED_REFUSED] = {"refused", N_("refused")},
    [OPENED_UNREACHABLE] = {"unreachable", N_("unreachable")},
    [OPENED_MID_CAPTURE] = {"mid-capture", N_("opening not captured")},
};

static const struct words closed_words[] = {
    [CLOSED_OPEN] = {"open", N_("still open")},
    [CLOSED_FOUR_SEGMENT] = {"four-segment", N_("closed in four segments")},
    [CLOSED_THREE_SEGMENT] = {"three-segment", N_("closed in three segments")},
    [CLOSED_SIMULTANEOUS] = {"simultaneous", N_("closed by both at once")},
    [CLOSED_HALF] = {"half", N_("closed by one side only")},
    [CLOSED_RESET] = {"reset", N_("reset")},
    [CLOSED_REFUSED] = {"refused", N_("refused")},
    [CLOSED_UNANSWERED] = {"unanswered", N_("not answered")},
    [CLOSED_UNREACHABLE] = {"unreachable", N_("unreachable")},
};

const char *conversation_protocol_name(const struct conversation *c)
{
    return c->protocol == IP_PROTOCOL_UDP ? "udp" : "tcp";
}

const char *conversation_opened_name(enum conversation_opened opened)
{
    return opened_words[opened].name;
}

const char *conversation_closed_name(enum conversation_closed closed)
{
    return closed_words[closed].name;
}

const char *conversation_opened_text(enum conversation_opened opened)
{
    return opened_words[opened].text;
}

const char *conversation_closed_text(enum conversation_closed closed)
{
    return closed_words[closed].text;
}
