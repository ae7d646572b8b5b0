/* SPDX-License-Identifier: ISC */
/* ask --trace: what a process without privileges can truly know of its own connection, in words. In sections,
 * one for each witness: the socket's ends, the kernel's TCP, TLS. What the wire itself saw, packet for
 * packet, would be one more of them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/utf8.h"
#include "cmd/cmd_ask.h"

#define NS_PER_US 1000

static const char *state_words(enum tcp_state state)
{
    switch (state) {
    case TCP_STATE_ESTABLISHED:
        return _("open both ways");
    case TCP_STATE_SYN_SENT:
        return _("calling; the peer has not answered the call");
    case TCP_STATE_SYN_RECV:
        return _("both called at the same time");
    case TCP_STATE_FIN_WAIT1:
        return _("this side has closed, the peer has not acknowledged that");
    case TCP_STATE_FIN_WAIT2:
        return _("this side has closed, the peer may still send");
    case TCP_STATE_TIME_WAIT:
        return _("closed by both, by this side first; kept a minute for late segments");
    case TCP_STATE_CLOSED:
        return _("no connection any more: closed by both, or reset");
    case TCP_STATE_CLOSE_WAIT:
        return _("the peer has closed, this side had not yet");
    case TCP_STATE_LAST_ACK:
        return _("closed by both, by the peer first; the last acknowledgement is on its way");
    case TCP_STATE_CLOSING:
        return _("both closed at the same time");
    default:
        return _("a state that this program does not know");
    }
}

__attribute__((format(printf, 3, 4))) static void row(struct str *out, const char *name, const char *fmt, ...)
{
    va_list args;

    /* The names are padded by columns that a byte count would get wrong in Chinese; two columns apiece there.
     */
    size_t columns = 0;
    for (const char *c = name; *c; c++)
        if (((unsigned char)*c & 0xc0) != 0x80)
            columns += (unsigned char)*c >= 0xe0 ? 2 : 1;
    str_appendf(out, "  %s", name);
    for (; columns < 14; columns++)
        str_append_char(out, ' ');
    va_start(args, fmt);
    str_vappendf(out, fmt, args);
    va_end(args);
    str_append_char(out, '\n');
}

static void append_us(struct str *out, uint32_t us)
{
    clock_append_duration(out, (int64_t)us * NS_PER_US);
}

static void ends_section(struct str *out, const struct ask_facts *f)
{
    char text[ENDPOINT_TEXT_BYTES];

    row(out, _("from"), "%s", endpoint_format(&f->local, text));
    row(out, _("to"), "%s", endpoint_format(&f->peer, text));
}

static void append_bytes(struct str *out, uint64_t bytes)
{
    str_appendf(out, ngettext("%" PRIu64 " byte", "%" PRIu64 " bytes", bytes), bytes);
}

static void append_segments(struct str *out, uint32_t segments)
{
    str_appendf(out, ngettext("%" PRIu32 " segment", "%" PRIu32 " segments", segments), segments);
}

static void append_rate(struct str *out, uint64_t bytes_per_s)
{
    static const char *const units[] = {"B/s", "kB/s", "MB/s", "GB/s"};
    double rate = (double)bytes_per_s;
    size_t unit = 0;

    for (; rate >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        rate /= 1000;
    str_appendf(out, "%.3g %s", rate, units[unit]);
}

static void traffic_rows(struct str *out, const struct tcp_facts *t)
{
    struct str text = STR_INIT;
    uint64_t sent = t->bytes_sent - t->bytes_retransmitted;
    /* The kernel counts the SYN, and a FIN, as a byte each. */
    uint64_t acked = t->bytes_acked > sent ? sent : t->bytes_acked ? t->bytes_acked - 1 : 0;

    append_bytes(&text, sent);
    str_append_str(&text, _(" in "));
    append_segments(&text, t->segments_out);
    str_append_str(&text, _(", "));
    if (acked == sent)
        str_append_str(&text, _("all acknowledged by the peer's kernel"));
    else
        str_appendf(&text, _("%" PRIu64 " of them acknowledged by the peer's kernel"), acked);
    row(out, _("sent"), "%s", text.data);
    str_reset(&text);
    append_bytes(&text, tcp_facts_received(t));
    str_append_str(&text, _(" in "));
    append_segments(&text, t->segments_in);
    row(out, _("received"), "%s", text.data);
    if (t->retransmits)
        row(out, _("sent again"),
            ngettext("%" PRIu32 " segment was lost, or late, and sent again",
                "%" PRIu32 " segments were lost, or late, and sent again", t->retransmits),
            t->retransmits);
    else
        row(out, _("sent again"), "%s", _("nothing"));
    str_done(&text);
}

static void tcp_section(struct str *out, const struct ask_facts *f)
{
    const struct tcp_facts *t = &f->tcp;
    struct str text = STR_INIT;

    row(out, _("state"), "%s%s: %s", tcp_state_name(t->state), t->state_by_diag ? _(" (by sock_diag)") : "",
        state_words(t->state));
    append_us(&text, t->rtt_us);
    str_append_str(&text, _(", varying by "));
    append_us(&text, t->rttvar_us);
    if (t->min_rtt_us) {
        str_append_str(&text, _(", the least "));
        append_us(&text, t->min_rtt_us);
    }
    str_append_str(&text, _("; waits "));
    append_us(&text, t->rto_us);
    str_append_str(&text, _(" before sending again"));
    row(out, _("round trip"), "%s", text.data);
    traffic_rows(out, t);
    row(out, _("segment size"),
        _("%" PRIu32 " bytes at most to the peer, %" PRIu32 " from it (MSS); path MTU %" PRIu32), t->send_mss,
        t->receive_mss, t->path_mtu);
    if (t->has_window_scale)
        row(out, _("window scale"), _("the peer's times %u, ours times %u"), 1U << t->send_window_scale,
            1U << t->receive_window_scale);
    else
        row(out, _("window scale"), "%s", _("none: one side did not offer it"));
    row(out, _("congestion"), _("%s, a window of %" PRIu32 " segments"),
        t->congestion[0] ? t->congestion : "?", t->congestion_window);
    if (t->delivery_rate) {
        str_reset(&text);
        append_rate(&text, t->delivery_rate);
        row(out, _("delivery rate"), "%s%s", text.data,
            t->is_app_limited ? _(" (there was no more to send)") : "");
    }
    row(out, _("options"), _("%s, %s, %s"), t->has_sack ? _("SACK") : _("no SACK"),
        t->has_timestamps ? _("timestamps") : _("no timestamps"), t->has_ecn ? _("ECN") : _("no ECN"));
    str_done(&text);
}

static void append_day(struct str *out, time_t when)
{
    struct tm tm;
    char text[32];

    if (gmtime_r(&when, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &tm))
        str_append_str(out, text);
}

/* Certificates are the peer's words: shown escaped. */
static void peers_row(struct str *out, const char *name, const char *words)
{
    struct str text = STR_INIT;

    utf8_escape(&text, words, strlen(words), 0);
    row(out, name, "%s", text.data);
    str_done(&text);
}

static void tls_section(struct str *out, const struct ask_facts *f)
{
    const struct tls_facts *t = &f->tls;
    struct str text = STR_INIT;

    row(out, "TLS", "%s, %s%s%s%s", t->version, t->cipher, t->group[0] ? ", " : "", t->group,
        t->resumed ? _(", resumed") : "");
    if (t->alpn[0])
        peers_row(out, "ALPN", t->alpn);
    if (t->psk)
        row(out, _("trusted"), "%s", _("by the key that both know"));
    else if (t->verified)
        row(out, _("trusted"), "%s", _("yes"));
    else
        row(out, _("trusted"), _("no: %s"), t->verify_problem[0] ? t->verify_problem : _("nobody looked"));
    if (t->pin[0]) {
        peers_row(out, _("certificate"), t->subject);
        peers_row(out, _("issued by"), t->issuer);
        peers_row(out, _("for"), t->names);
        append_day(&text, t->not_before);
        str_append_str(&text, _(" to "));
        append_day(&text, t->not_after);
        row(out, _("valid"), "%s", text.data);
        row(out, _("fingerprint"), "%s", t->pin);
    }
    str_done(&text);
}

static bool always(const struct ask_facts *f)
{
    return true;
}

static bool has_tcp(const struct ask_facts *f)
{
    return f->has_tcp;
}

static bool has_tls(const struct ask_facts *f)
{
    return f->has_tls;
}

static const struct {
    bool (*applies)(const struct ask_facts *f);
    void (*append)(struct str *out, const struct ask_facts *f);
} sections[] = {
    {always, ends_section},
    {has_tcp, tcp_section},
    {has_tls, tls_section},
};

void ask_trace_append(struct str *out, const struct ask_facts *facts)
{
    char address[ADDR_TEXT_BYTES];

    str_appendf(out, _("trace of %s\n"), addr_format(facts->addr, address));
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
        if (sections[i].applies(facts))
            sections[i].append(out, facts);
}
