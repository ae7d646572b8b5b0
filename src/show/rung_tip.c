/* SPDX-License-Identifier: ISC */
#include "show/rung_tip.h"

#include <inttypes.h>
#include <stdarg.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "show/traffic_text.h"

static void add_line(struct str *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add_line(struct str *out, const char *fmt, ...)
{
    va_list args;

    str_append_char(out, '\n');
    va_start(args, fmt);
    str_vappendf(out, fmt, args);
    va_end(args);
}

static void add_time(struct str *out, const struct ladder *l, const struct rung *rung)
{
    struct str text = STR_INIT;

    str_append_str(out, "\n");
    clock_append_iso(out, rung->time_ns);
    clock_append_duration(&text, traffic_between_ns(rung->time_ns, ladder_start_ns(l)));
    /* TRANSLATORS: since the conversation began */
    str_appendf(out, _(", %s after the first packet"), text.data);
    str_reset(&text);
    if (rung->kind == RUNG_RUN) {
        clock_append_duration(&text, traffic_between_ns(rung->end_ns, rung->time_ns));
        str_appendf(out, _("; it took %s"), text.data);
    } else if (rung->delta_ns) {
        clock_append_duration(&text, rung->delta_ns);
        str_appendf(out, _(", %s after the one before"), text.data);
    }
    str_done(&text);
}

static void add_way(struct str *out, const struct conversation *c, const struct rung *rung)
{
    str_append_str(out, "\n");
    if (rung->kind == RUNG_ICMP)
        str_append_str(out, _("about a packet of "));
    conversation_append_endpoint(out, c, rung->from);
    if (rung->kind == RUNG_ICMP)
        return;
    str_append_str(out, " → ");
    conversation_append_endpoint(out, c, !rung->from);
}

static void add_numbers(struct str *out, const struct rung *rung)
{
    add_line(out, "seq %" PRIu32 " (%" PRIu32 ")", rung->seq_relative, rung->seq);
    if (rung->has_ack)
        add_line(out, "ack %" PRIu32 " (%" PRIu32 ")", rung->ack_relative, rung->ack);
    add_line(out, _("window: %" PRIu32 " bytes"), rung->window);
    if (!rung->has_scale && !(rung->flags & TCP_SYN))
        str_append_str(out, _(", or more: no SYN was seen that tells the scale"));
    if (rung->in_flight)
        add_line(out, _("in flight: %" PRIu32 " bytes"), rung->in_flight);
    if (rung->rtt_ns > 0) {
        struct str text = STR_INIT;

        clock_append_duration(&text, rung->rtt_ns);
        add_line(out, _("round trip: %s"), text.data);
        str_done(&text);
    }
}

static void add_options(struct str *out, const struct rung *rung)
{
    if (rung->mss)
        add_line(out, "MSS %" PRIu32, rung->mss);
    if (rung->window_shift >= 0)
        add_line(out, _("window scale: %d"), rung->window_shift);
    for (unsigned i = 0; i < rung->sack_count; i++)
        add_line(out, "SACK %" PRIu32 "–%" PRIu32, rung->sack_relative[i][0], rung->sack_relative[i][1]);
}

static void add_flags(struct str *out, const struct rung *rung)
{
    const char *between = "";

    str_append_str(out, "\n");
    for (unsigned bit = TCP_FIN; bit <= TCP_AE; bit <<= 1)
        if (rung->flags & bit) {
            str_appendf(out, "%s%s", between, tcp_flag_name(bit));
            between = ", ";
        }
    str_appendf(out, " (0x%03x)", rung->flags);
}

static void add_fate(struct str *out, const struct rung *rung)
{
    const char *text = rung_fate_text((enum rung_fate)rung->fate);
    struct str took = STR_INIT;

    if (text)
        add_line(out, "· %s", _(text));
    if (rung->note)
        add_line(out, "· %s", rung->note);
    if (rung->part == RUNG_LEAVES) {
        add_line(out, "· %s", _("is under way"));
    } else if (rung->flight_ns > 0) {
        clock_append_duration(&took, rung->flight_ns);
        str_append_str(out, "\n· ");
        str_appendf(out, _("%s under way"), took.data);
    }
    str_done(&took);
}

static void add_meaning(struct str *out, const struct rung *rung)
{
    for (unsigned bit = 1; bit < 1U << VERDICTS; bit <<= 1)
        if (rung->verdicts & bit & ~(unsigned)VERDICT_NEW_DATA)
            add_line(out, "· %s", _(verdict_text(bit)));
    for (unsigned kind = 0; kind < FINDING_KINDS; kind++)
        if (rung->findings & UINT64_C(1) << kind)
            add_line(out, "▲ %s", _(finding_title((enum finding_kind)kind)));
}

static void add_states(struct str *out, const struct rung *rung)
{
    for (unsigned side = FLOW_A; side < FLOW_SIDES; side++)
        str_appendf(out, "%s%s %s%s", side == FLOW_A ? "\n" : ", ", side == FLOW_A ? "A" : "B",
            flow_state_name((enum flow_state)rung->state[side]),
            rung->is_inferred[side] ? _(" (inferred)") : "");
}

void rung_tip(struct str *out, const struct ladder *l, const struct rung *rung)
{
    const struct conversation *c = ladder_conversation(l);
    bool is_tcp = c->protocol == IP_PROTOCOL_TCP;

    if (rung->last_number != rung->number)
        str_appendf(out, _("packets %" PRIu64 " to %" PRIu64), rung->number, rung->last_number);
    else
        str_appendf(out, _("packet %" PRIu64), rung->number);
    add_time(out, l, rung);
    if (rung->kind == RUNG_CUT)
        return;
    add_way(out, c, rung);
    if (rung->kind != RUNG_ICMP && is_tcp)
        add_flags(out, rung);
    if (rung->kind != RUNG_ICMP)
        add_line(out, _("payload: %" PRIu64 " bytes"), rung->payload);
    if (rung->kind != RUNG_ICMP && is_tcp) {
        add_numbers(out, rung);
        add_options(out, rung);
    }
    add_fate(out, rung);
    add_meaning(out, rung);
    if (is_tcp)
        add_states(out, rung);
}
