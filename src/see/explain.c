/* SPDX-License-Identifier: ISC */
/* Each part of a conversation's life in a sentence or two. What was not captured is said to be unknown. */
#include "see/explain.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "see/conversation.h"
#include "wire/ip.h"

/* The two ends as they are written in the sentences, and the same two by what they did. */
struct names {
    struct str side[FLOW_SIDES];
    const char *closer, *other; /* who closed first or reset, and who did not; A and B if nobody did */
};

static void names_init(struct names *n, const struct conversation *c)
{
    unsigned closer = c->has_closer ? c->closed_by : FLOW_A;

    for (unsigned i = FLOW_A; i < FLOW_SIDES; i++) {
        str_init(&n->side[i]);
        conversation_append_endpoint(&n->side[i], c, i);
    }
    n->closer = n->side[closer].data;
    n->other = n->side[!closer].data;
}

static void names_done(struct names *n)
{
    for (unsigned i = FLOW_A; i < FLOW_SIDES; i++)
        str_done(&n->side[i]);
}

static bool is_udp(const struct conversation *c)
{
    return c->protocol == IP_PROTOCOL_UDP;
}

/* ---- opening ---- */

static void open_udp(struct str *out, const struct conversation *c, const char *a, const char *b)
{
    if (c->closed == CLOSED_UNREACHABLE)
        str_appendf(out, _("%s sent datagrams to %s and got an ICMP error back: they did not arrive."), a, b);
    else if (c->closed == CLOSED_UNANSWERED)
        str_appendf(out, _("%s sent datagrams to %s, and none came back."), a, b);
    else
        str_appendf(
            out, _("%s and %s exchanged datagrams, with %s speaking first; UDP opens nothing."), a, b, a);
}

void explain_opening(struct str *out, const struct conversation *c)
{
    struct str took = STR_INIT;
    struct names n;
    const char *a, *b;

    names_init(&n, c);
    a = n.side[c->opener].data;
    b = n.side[!c->opener].data;
    switch ((enum conversation_opened)c->opened) {
    case OPENED_DATAGRAM:
        open_udp(out, c, a, b);
        break;
    case OPENED_THREE_WAY:
        str_appendf(
            out, _("%s opened the connection to %s with the three-way handshake: SYN, SYN+ACK, ACK."), a, b);
        if (c->handshake_ns) {
            clock_append_duration(&took, c->handshake_ns);
            str_appendf(out, _(" It took %s, one round trip."), took.data);
        }
        break;
    case OPENED_SIMULTANEOUS:
        str_appendf(out,
            _("%s and %s sent each other a SYN at the same time: a simultaneous open, one connection."), a,
            b);
        break;
    case OPENED_HALF:
        str_appendf(out, _("%s asked and %s agreed (SYN+ACK), but nothing acknowledged that."), a, b);
        break;
    case OPENED_UNANSWERED:
        str_appendf(out,
            ngettext("%s asked %s for a connection with %" PRIu32 " SYN and got no answer.",
                "%s asked %s for a connection with %" PRIu32 " SYNs and got no answer.", c->syn),
            a, b, c->syn);
        break;
    case OPENED_REFUSED:
        str_appendf(
            out, _("%s asked for a connection, and %s refused it with RST: nobody listens there."), a, b);
        break;
    case OPENED_UNREACHABLE:
        str_appendf(out, _("%s asked %s for a connection and got an ICMP error back."), a, b);
        break;
    case OPENED_MID_CAPTURE:
        str_appendf(out,
            _("How %s and %s opened the connection was not captured, or not all of it; what depends on "
              "it is inferred."),
            a, b);
        break;
    }
    str_done(&took);
    names_done(&n);
}

/* ---- what was agreed ---- */

static void append_item(struct str *out, size_t start, const char *item)
{
    /* TRANSLATORS: between the items of an enumeration */
    str_append_str(out, out->len > start ? _(", ") : "");
    str_append_str(out, item);
}

void explain_agreed(struct str *out, const struct conversation *c)
{
    static const struct {
        unsigned bit;
        const char *text;
    } items[] = {
        {AGREED_WINDOW_SCALE, N_("windows above 64 KiB (window scale)")},
        {AGREED_SACK, N_("selective acknowledgment (SACK)")},
        {AGREED_TIMESTAMPS, N_("timestamps")},
        {AGREED_ECN, N_("congestion marks (ECN)")},
        {AGREED_FAST_OPEN, N_("data in the SYN (fast open)")},
        {AGREED_MPTCP, N_("several paths (MPTCP)")},
    };
    const struct conversation_side *a = &c->side[FLOW_A], *b = &c->side[FLOW_B];
    size_t start;

    if (is_udp(c) || !c->has_agreed)
        return;
    str_append_str(out, _("They agreed on: "));
    start = out->len;
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
        if (c->agreed & items[i].bit)
            append_item(out, start, _(items[i].text));
    if (out->len == start)
        str_append_str(out, _("nothing beyond plain TCP"));
    str_append_str(out, _("."));
    if (a->has_mss && b->has_mss)
        str_appendf(out, _(" A segment to A has at most %u bytes, one to B %u (MSS)."), a->mss, b->mss);
}

/* ---- how it went ---- */

static void append_lost(struct str *out, const struct conversation *c)
{
    uint32_t again = conversation_retransmissions(c), late = conversation_out_of_order(c);

    if (again)
        str_appendf(out,
            ngettext(" %" PRIu32 " segment was sent again.", " %" PRIu32 " segments were sent again.", again),
            again);
    if (late)
        str_appendf(out,
            ngettext(" %" PRIu32 " segment was overtaken on its way.",
                " %" PRIu32 " segments were overtaken on their way.", late),
            late);
    if (conversation_zero_windows(c))
        str_append_str(out, _(" A receiver's window was closed at times: it did not read fast enough."));
    if (c->unseen || c->gaps)
        str_append_str(out, _(" Parts of it are missing from the capture."));
    if (!again && !late && !c->unseen && !c->gaps)
        str_append_str(out, _(" Nothing was lost."));
}

void explain_course(struct str *out, const struct conversation *c)
{
    const struct conversation_side *a = &c->side[FLOW_A], *b = &c->side[FLOW_B];

    if (!is_udp(c) && c->opened >= OPENED_HALF && c->opened <= OPENED_UNREACHABLE)
        return;
    str_appendf(out,
        _("Payload of A: %" PRIu64 " bytes (packets: %" PRIu64 "), of B: %" PRIu64 " bytes (packets: %" PRIu64
          ")."),
        a->payload, a->packets, b->payload, b->packets);
    if (!is_udp(c))
        append_lost(out, c);
    else if (c->requests)
        str_appendf(out,
            ngettext(" %" PRIu32 " of A's datagrams was answered, as far as time tells.",
                " %" PRIu32 " of A's datagrams were answered, as far as time tells.", c->requests),
            c->requests);
}

/* ---- closing ---- */

/* TIME_WAIT keeps the ports so that late segments of this connection do not end up in the next one (RFC 9293,
 * section 3.6.1). */
static void append_time_wait(struct str *out, const struct conversation *c, const struct names *n)
{
    bool a = c->side[FLOW_A].state == FLOW_TIME_WAIT, b = c->side[FLOW_B].state == FLOW_TIME_WAIT;

    if (a && b)
        str_append_str(
            out, _(" Both stay in TIME_WAIT for a while (60 s on Linux), so that late segments do not end "
                   "up in a next connection."));
    else if (a || b)
        str_appendf(out,
            _(" %s stays in TIME_WAIT for a while (60 s on Linux), so that late segments do not end up "
              "in a next connection, and to acknowledge the other's FIN again if need be."),
            n->side[a ? FLOW_A : FLOW_B].data);
}

/* The last FIN was captured; was its ACK? */
static void append_unheard(struct str *out, const struct conversation *c, const struct names *n)
{
    for (unsigned i = FLOW_A; i < FLOW_SIDES; i++) {
        uint8_t state = c->side[i].state;

        if (state == FLOW_LAST_ACK || state == FLOW_FIN_WAIT_1 || state == FLOW_CLOSING)
            str_appendf(out, _(" The FIN of %s was not acknowledged."), n->side[i].data);
    }
}

static void close_half(struct str *out, const struct conversation *c, const struct names *n)
{
    str_appendf(out, _("%s said that it has nothing more to send (FIN)."), n->closer);
    if (c->side[!c->closed_by].state == FLOW_CLOSE_WAIT && c->side[c->closed_by].state == FLOW_FIN_WAIT_2)
        str_appendf(out,
            _(" %s acknowledged that and did not close its own half as long as the capture goes: it is in "
              "CLOSE_WAIT, where it may still send."),
            n->other);
    append_unheard(out, c, n);
}

void explain_closing(struct str *out, const struct conversation *c)
{
    struct names n;

    if (is_udp(c))
        return;
    names_init(&n, c);
    switch ((enum conversation_closed)c->closed) {
    case CLOSED_FOUR_SEGMENT:
        str_appendf(out,
            _("%s closed first. It took four segments (FIN, ACK, FIN, ACK), since %s acknowledged the FIN "
              "at once and closed its own half only later: it had more to send, or its program had not "
              "closed yet."),
            n.closer, n.other);
        break;
    case CLOSED_THREE_SEGMENT:
        str_appendf(out,
            _("%s closed first. Three segments were enough (FIN, FIN+ACK, ACK), since %s had nothing more "
              "to send and closed before its ACK had gone out, so that ACK and FIN went in one."),
            n.closer, n.other);
        break;
    case CLOSED_SIMULTANEOUS:
        str_append_str(
            out, _("Both closed at once: the two FINs crossed, and each side acknowledged the other's."));
        break;
    case CLOSED_HALF:
        close_half(out, c, &n);
        break;
    case CLOSED_RESET:
        str_appendf(
            out, _("%s broke the connection off with RST; what was still under way is lost."), n.closer);
        break;
    case CLOSED_OPEN:
        if (c->opened != OPENED_HALF)
            str_append_str(out, _("It is still open where the capture ends."));
        break;
    case CLOSED_REFUSED:
    case CLOSED_UNANSWERED:
    case CLOSED_UNREACHABLE:
        break;
    }
    if (c->closed >= CLOSED_FOUR_SEGMENT && c->closed <= CLOSED_SIMULTANEOUS) {
        append_unheard(out, c, &n);
        append_time_wait(out, c, &n);
    }
    names_done(&n);
}

void explain_conversation(struct str *out, const struct conversation *c)
{
    void (*const parts[])(struct str *, const struct conversation *) = {
        explain_opening, explain_agreed, explain_course, explain_closing};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        size_t before = out->len;

        parts[i](out, c);
        if (out->len > before)
            str_append_char(out, '\n');
    }
}
