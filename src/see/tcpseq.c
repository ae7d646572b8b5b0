/* SPDX-License-Identifier: ISC */
/* Follows one connection, a segment after the other, with what little is kept of each side: where it is in
 * its numbers, what it has acknowledged, and the last gap. A segment is looked at first, against the numbers
 * as they were, and then taken in. */
#include "see/tcpseq.h"

#include "see/seq.h"

/* What fills a gap sooner than this after it opened, or sooner than the handshake's round trip, was overtaken
 * on its way: nobody can have asked for it yet. */
#define OVERTAKEN_MAX_US 3000
#define DUPLICATE_ONE 0x4000 /* of FLOW_DUPLICATES */
#define FAST_DUPLICATES 2

static void count16(uint16_t *counter)
{
    *counter += *counter < UINT16_MAX;
}

static uint32_t since_begin_us(const struct flow *flow, int64_t time_ns)
{
    return (uint32_t)((uint64_t)(time_ns - flow->first_ns) / 1000);
}

/* The window of a side in bytes; false if the scale was not seen. That of a segment with SYN is never scaled
 * (RFC 7323, section 2.2), and both must have offered to. */
static bool window_bytes(const struct flow *flow, unsigned whose, uint32_t *ret)
{
    const struct flow_side *side = &flow->side[whose], *other = &flow->side[!whose];

    if (!(side->flags & other->flags & FLOW_HAS_SYN))
        return false;
    *ret = side->window;
    if (side->packets > (uint32_t)side->syns + side->syn_acks && side->flags & other->flags & FLOW_HAS_SHIFT)
        *ret <<= side->window_shift;
    return true;
}

/* Its window is closed, so what it is asked is whether it still is (RFC 9293, section 3.8.6.1): BSD asks with
 * the next byte, Linux with the number before it, as a keep-alive does, and older ones with the byte of it.
 */
static bool is_shut(const struct flow_side *side)
{
    return side->flags & FLOW_HAS_ACK && side->window == 0;
}

/* Something that side sent is not acknowledged: its timer runs, and that of keep-alives does not. */
static bool is_waited_for(const struct flow_side *side, const struct flow_side *other)
{
    return other->flags & FLOW_HAS_ACK && seq_is_before(other->acked, side->next);
}

/* RFC 5961, section 3.2, as far as it can be told from outside: the number must lie in the receiver's window.
 */
static bool is_rst_outside(const struct flow *flow, unsigned from, const struct tcp *tcp)
{
    const struct flow_side *side = &flow->side[from], *other = &flow->side[!from];
    uint32_t window;

    if (!(other->flags & FLOW_HAS_ACK) || tcp->seq == other->acked || tcp->seq == side->next)
        return false;
    return window_bytes(flow, !from, &window) && !seq_is_within(other->acked, tcp->seq, window);
}

/* Numbers that were seen before: sent again, or overtaken? */
static unsigned look_back(
    const struct flow *flow, unsigned from, const struct tcp *tcp, uint32_t payload_bytes, int64_t time_ns)
{
    const struct flow_side *side = &flow->side[from], *other = &flow->side[!from];
    uint32_t soon_us =
        side->flags & FLOW_HAS_RTT && side->rtt_us > OVERTAKEN_MAX_US ? side->rtt_us : OVERTAKEN_MAX_US;
    uint32_t end = tcp->seq + tcp_sequence_bytes(tcp, payload_bytes);
    bool has_new = payload_bytes > 0 && seq_is_before(side->next, end - !!(tcp->flags & TCP_FIN));
    unsigned verdict = has_new ? TCPSEQ_NEW_DATA : 0;

    if (other->flags & FLOW_HAS_ACK && !seq_is_before(other->acked, end))
        return TCPSEQ_RETRANSMISSION | TCPSEQ_SPURIOUS;
    if (side->flags & FLOW_HAS_HOLE && !seq_is_before(tcp->seq, side->hole) &&
        since_begin_us(flow, time_ns) - side->hole_us < soon_us)
        return verdict | TCPSEQ_OUT_OF_ORDER;
    if (other->flags & FLOW_HAS_ACK && tcp->seq == other->acked &&
        (other->flags & FLOW_DUPLICATES) >= FAST_DUPLICATES * DUPLICATE_ONE)
        verdict |= TCPSEQ_FAST;
    return verdict | TCPSEQ_RETRANSMISSION;
}

/* A segment with neither data nor SYN, FIN or RST, whose number is the next one. */
static unsigned look_at_ack(const struct flow *flow, unsigned from, const struct tcp *tcp)
{
    const struct flow_side *side = &flow->side[from], *other = &flow->side[!from];

    if (!(side->flags & FLOW_HAS_ACK) || tcp->ack != side->acked)
        return 0;
    if (tcp->window != side->window)
        return TCPSEQ_WINDOW_UPDATE;
    if (other->flags & FLOW_KEPT_ALIVE)
        return TCPSEQ_KEEP_ALIVE_ACK;
    /* RFC 5681, section 2: a duplicate only while data is outstanding. */
    return other->flags & FLOW_HAS_SEQ && seq_is_before(tcp->ack, other->next) ? TCPSEQ_DUPLICATE_ACK : 0;
}

static unsigned look_at_data(
    const struct flow *flow, unsigned from, const struct tcp *tcp, uint32_t payload_bytes)
{
    const struct flow_side *other = &flow->side[!from];
    uint32_t window;

    if (!(other->flags & FLOW_HAS_ACK))
        return 0;
    if (payload_bytes == 1 && is_shut(other) && tcp->seq == flow->side[from].next)
        return TCPSEQ_ZERO_WINDOW_PROBE;
    if (window_bytes(flow, !from, &window) && window > 0 && tcp->seq + payload_bytes == other->acked + window)
        return TCPSEQ_WINDOW_FULL;
    return 0;
}

unsigned tcpseq_look(
    const struct flow *flow, unsigned from, const struct tcp *tcp, uint32_t payload_bytes, int64_t time_ns)
{
    const struct flow_side *side = &flow->side[from], *other = &flow->side[!from];
    uint32_t end = tcp->seq + tcp_sequence_bytes(tcp, payload_bytes);
    bool is_control = tcp->flags & (TCP_SYN | TCP_FIN | TCP_RST);
    unsigned verdict = 0;

    if (tcp->flags & TCP_RST)
        return is_rst_outside(flow, from, tcp) ? TCPSEQ_RST_OUTSIDE : 0;
    if (tcp->flags & TCP_ACK && other->flags & FLOW_HAS_SEQ && seq_is_before(other->next, tcp->ack))
        verdict |= TCPSEQ_ACK_UNSEEN;
    if (tcp->window == 0 && !is_control)
        verdict |= TCPSEQ_ZERO_WINDOW;
    if (payload_bytes > 0)
        verdict |= look_at_data(flow, from, tcp, payload_bytes);

    if (!(side->flags & FLOW_HAS_SEQ))
        return verdict | (payload_bytes > 0 ? TCPSEQ_NEW_DATA : 0);
    if (seq_is_before(side->next, tcp->seq))
        return verdict | TCPSEQ_GAP | (payload_bytes > 0 ? TCPSEQ_NEW_DATA : 0);
    if (payload_bytes <= 1 && !is_control && tcp->seq == side->next - 1 &&
        (!payload_bytes || is_shut(other) || !is_waited_for(side, other)))
        return verdict | (is_shut(other) ? TCPSEQ_ZERO_WINDOW_PROBE : TCPSEQ_KEEP_ALIVE);
    if (seq_is_before(tcp->seq, side->next))
        return verdict | (end != tcp->seq ? look_back(flow, from, tcp, payload_bytes, time_ns) : 0);
    if (payload_bytes > 0)
        return verdict | TCPSEQ_NEW_DATA;
    return verdict | (tcp->flags & TCP_ACK && !is_control ? look_at_ack(flow, from, tcp) : 0);
}

/* ---- states
 * ------------------------------------------------------------------------------------------------------ */

static void happens(struct flow_side *side, enum tcpstate_event event)
{
    enum flow_state state = (enum flow_state)side->state;

    if (tcpstate_is_inferred(state, event))
        side->flags |= FLOW_STATE_INFERRED;
    side->state = (uint8_t)tcpstate_after(state, event);
    /* However it came to be there, closed is closed. */
    if (side->state == FLOW_CLOSED)
        side->flags &= ~FLOW_STATE_INFERRED;
}

static void take_syn(struct flow_side *side, struct flow_side *other, const struct tcp *tcp)
{
    if (!(tcp->flags & TCP_ACK)) {
        happens(side, TCPSTATE_SENDS_SYN);
        happens(other, TCPSTATE_GETS_SYN);
        return;
    }
    happens(side, side->syn_acks ? TCPSTATE_SENDS_SYN_ACK_AGAIN : TCPSTATE_SENDS_SYN_ACK);
    /* One that acknowledges something else is answered with RST (RFC 9293, section 3.10.7.3). */
    if (!(other->flags & FLOW_HAS_SYN) || tcp->ack == other->isn + 1)
        happens(other, TCPSTATE_GETS_SYN_ACK);
}

/* What an acknowledgment proves, of either side. */
static void take_ack(struct flow_side *side, struct flow_side *other, const struct tcp *tcp)
{
    bool is_of_fin = other->flags & FLOW_SENT_FIN && !seq_is_before(tcp->ack, other->next);

    if (is_of_fin)
        happens(side, TCPSTATE_GETS_FIN);
    happens(side, TCPSTATE_SENDS_ACK);
    if (!(other->flags & FLOW_HAS_SYN))
        happens(other, TCPSTATE_GETS_ACK);
    else if (seq_is_before(other->isn, tcp->ack))
        happens(other, TCPSTATE_GETS_ACK_OF_SYN);
    if (is_of_fin)
        happens(other, TCPSTATE_GETS_ACK_OF_FIN);
}

/* The second FIN tells how it was closed. What side has acknowledged is as it was before this segment. */
static uint8_t closing_of(const struct flow_side *side, const struct flow_side *other, bool is_crossing)
{
    if (is_crossing)
        return FLOW_CLOSED_AT_ONCE;
    if (side->flags & FLOW_HAS_ACK && !seq_is_before(side->acked, other->next))
        return FLOW_CLOSED_BY_FOUR;
    return FLOW_CLOSED_BY_THREE;
}

static void take_fin(struct flow *flow, unsigned from, const struct tcp *tcp, unsigned verdict)
{
    struct flow_side *side = &flow->side[from], *other = &flow->side[!from];
    bool is_crossing =
        other->flags & FLOW_SENT_FIN && tcp->flags & TCP_ACK && seq_is_before(tcp->ack, other->next);

    if (!(side->flags & FLOW_SENT_FIN) && other->flags & FLOW_SENT_FIN &&
        !((side->flags | other->flags) & FLOW_SENT_RST))
        flow->closing = closing_of(side, other, is_crossing) & 3;
    if (!(side->flags & FLOW_SENT_FIN))
        happens(side,
            is_crossing && side->state == FLOW_CLOSE_WAIT ? TCPSTATE_SENDS_FIN_CROSSING : TCPSTATE_SENDS_FIN);
    else if (!((side->flags | other->flags) & FLOW_SENT_RST))
        happens(side, TCPSTATE_SENDS_FIN_AGAIN);
    /* Behind a gap it waits at the other side; the acknowledgment will tell when it counts. */
    if (!(verdict & TCPSEQ_GAP) && !(side->flags & FLOW_HAS_HOLE))
        happens(other, TCPSTATE_GETS_FIN);
}

static void take_states(struct flow *flow, unsigned from, const struct tcp *tcp, unsigned verdict)
{
    struct flow_side *side = &flow->side[from], *other = &flow->side[!from];

    if (tcp->flags & TCP_RST) {
        if (!(verdict & TCPSEQ_RST_OUTSIDE)) {
            happens(side, TCPSTATE_SENDS_RST);
            happens(other, TCPSTATE_GETS_RST);
        }
        return;
    }
    if (tcp->flags & TCP_SYN)
        take_syn(side, other, tcp);
    else if (tcp->flags & TCP_ACK)
        take_ack(side, other, tcp);
    if (tcp->flags & TCP_FIN)
        take_fin(flow, from, tcp, verdict);
}

/* ---- numbers
 * ----------------------------------------------------------------------------------------------------- */

static void take_syn_options(struct flow_side *side, const struct tcp *tcp)
{
    struct tcp_options options;

    tcp_parse_options(tcp, &options);
    side->window_shift = options.window_shift;
    side->flags &= ~FLOW_HAS_SHIFT;
    if (options.has & TCP_HAS_WINDOW_SHIFT)
        side->flags |= FLOW_HAS_SHIFT;
}

static void take_seq(
    struct flow *flow, unsigned from, const struct tcp *tcp, uint32_t payload_bytes, int64_t time_ns)
{
    struct flow_side *side = &flow->side[from];
    uint32_t end = tcp->seq + tcp_sequence_bytes(tcp, payload_bytes);

    if (tcp->flags & TCP_SYN) {
        /* SYN cookies and middleboxes may answer the same SYN twice with different numbers: the last one
         * counts. */
        if (!(side->flags & FLOW_HAS_SYN) || side->isn != tcp->seq) {
            side->isn = tcp->seq;
            side->next = end;
            take_syn_options(side, tcp);
        }
        side->flags |= FLOW_HAS_SYN | FLOW_HAS_SEQ;
        return;
    }
    if (!(side->flags & FLOW_HAS_SEQ)) {
        side->isn = tcp->seq - 1;
        side->next = end;
        side->flags |= FLOW_HAS_SEQ;
        return;
    }
    if (seq_is_before(side->next, tcp->seq)) {
        side->hole = side->next;
        side->hole_us = since_begin_us(flow, time_ns);
        side->flags = (side->flags & ~FLOW_LATE_ACK) | FLOW_HAS_HOLE;
    } else if (side->flags & FLOW_HAS_HOLE && tcp->seq == side->hole) {
        side->hole = end;
    }
    if (seq_is_before(side->next, end))
        side->next = end;
}

static void take_ack_number(struct flow_side *side, struct flow_side *other, const struct tcp *tcp)
{
    if (!(other->flags & FLOW_HAS_SEQ)) {
        other->isn = tcp->ack - 1;
        other->next = tcp->ack;
        other->flags |= FLOW_HAS_SEQ;
    } else if (seq_is_before(other->next, tcp->ack)) {
        other->next = tcp->ack;
    }
    if (tcp->ack == other->next)
        other->flags &= ~FLOW_HAS_HOLE;
    if (!(side->flags & FLOW_HAS_ACK) || seq_is_before(side->acked, tcp->ack)) {
        side->acked = tcp->ack;
        side->flags &= ~FLOW_DUPLICATES;
    }
    side->flags |= FLOW_HAS_ACK;
}

/* How long each side waited for the other in the handshake. With a SYN sent twice nobody knows which one was
 * answered (Karn's rule, RFC 6298, section 3). */
static void take_rtt(struct flow *flow, unsigned from, const struct tcp *tcp, int64_t time_ns)
{
    struct flow_side *side = &flow->side[from], *other = &flow->side[!from];
    bool is_answer_to_syn = (tcp->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK) && side->packets == 0 &&
                            other->packets == 1 && other->syns == 1;
    bool is_answer_to_syn_ack = !(tcp->flags & TCP_SYN) && side->packets == 1 && side->syns == 1 &&
                                other->packets == 1 && other->syn_acks == 1;
    int64_t waited_ns = time_ns - flow->last_ns;

    if ((is_answer_to_syn || is_answer_to_syn_ack) && waited_ns >= 0 && waited_ns / 1000 <= UINT32_MAX) {
        side->rtt_us = (uint32_t)(waited_ns / 1000);
        side->flags |= FLOW_HAS_RTT;
    }
}

static void count(struct flow_side *side, const struct tcp *tcp, unsigned verdict)
{
    if (tcp->flags & TCP_SYN)
        count16(tcp->flags & TCP_ACK ? &side->syn_acks : &side->syns);
    if (tcp->flags & TCP_FIN)
        count16(&side->fins);
    if (tcp->flags & TCP_RST)
        count16(&side->rsts);
    side->retransmissions += !!(verdict & TCPSEQ_RETRANSMISSION);
    side->out_of_order += !!(verdict & TCPSEQ_OUT_OF_ORDER);
    if (verdict & TCPSEQ_ZERO_WINDOW)
        count16(&side->zero_windows);
    if (verdict & TCPSEQ_DUPLICATE_ACK) {
        side->duplicate_acks++;
        if ((side->flags & FLOW_DUPLICATES) != FLOW_DUPLICATES)
            side->flags += DUPLICATE_ONE;
    }
    side->flags &= ~FLOW_KEPT_ALIVE;
    if (verdict & TCPSEQ_KEEP_ALIVE)
        side->flags |= FLOW_KEPT_ALIVE;
}

static bool is_over(const struct flow_side *side)
{
    return side->state == FLOW_CLOSED || side->state == FLOW_TIME_WAIT;
}

void tcpseq_take(struct flow *flow, unsigned from, const struct tcp *tcp, uint32_t payload_bytes,
    int64_t time_ns, unsigned verdict)
{
    struct flow_side *side = &flow->side[from], *other = &flow->side[!from];

    take_states(flow, from, tcp, verdict);
    take_rtt(flow, from, tcp, time_ns);
    count(side, tcp, verdict);
    if (flow->closed_by == FLOW_SIDES && tcp->flags & (TCP_FIN | TCP_RST) && !(verdict & TCPSEQ_RST_OUTSIDE))
        flow->closed_by = (uint8_t)from;
    flow->is_closed = is_over(side) && is_over(other);
    side->packets++;
    side->payload_bytes += payload_bytes;
    if (tcp->flags & TCP_RST) {
        side->flags |= verdict & TCPSEQ_RST_OUTSIDE ? 0 : FLOW_SENT_RST;
        return;
    }
    take_seq(flow, from, tcp, payload_bytes, time_ns);
    if (tcp->flags & TCP_ACK)
        take_ack_number(side, other, tcp);
    side->window = tcp->window;
    if (tcp->flags & TCP_FIN)
        side->flags |= FLOW_SENT_FIN;
}
