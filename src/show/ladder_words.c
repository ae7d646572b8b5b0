/* SPDX-License-Identifier: ISC */
#include "show/ladder_words.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "show/text.h"
#include "show/traffic_text.h"

void ladder_words_init(struct ladder_words *w)
{
    memset(w, 0, sizeof(*w));
    str_init(&w->text);
}

void ladder_words_done(struct ladder_words *w)
{
    str_done(&w->text);
}

/* What was appended to the text since `at` becomes a word. */
static void end_word(struct ladder_words *w, size_t at, enum word_kind kind, enum style style)
{
    assert(w->count < LADDER_WORDS_MAX);
    w->words[w->count++] = (struct word){.at = at,
        .len = w->text.len - at,
        .columns = text_columns(w->text.data + at, w->text.len - at),
        .kind = kind,
        .style = style};
}

static void add(struct ladder_words *w, enum word_kind kind, enum style style, const char *text)
{
    size_t at = w->text.len;

    str_append_str(&w->text, text);
    end_word(w, at, kind, style);
}

static void addf(struct ladder_words *w, enum word_kind kind, enum style style, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void addf(struct ladder_words *w, enum word_kind kind, enum style style, const char *fmt, ...)
{
    size_t at = w->text.len;
    va_list args;

    va_start(args, fmt);
    str_vappendf(&w->text, fmt, args);
    va_end(args);
    end_word(w, at, kind, style);
}

/* ---- the header ---- */

static void add_flags(struct ladder_words *w, const struct rung *rung)
{
    /* As they are spoken of: SYN ACK, FIN ACK, PSH ACK. */
    static const unsigned order[] = {
        TCP_SYN, TCP_FIN, TCP_RST, TCP_PSH, TCP_URG, TCP_ACK, TCP_ECE, TCP_CWR, TCP_AE};
    bool is_turn = rung->flags & (TCP_SYN | TCP_FIN | TCP_RST);
    size_t at = w->text.len;

    for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
        if (rung->flags & order[i])
            str_appendf(&w->text, "%s%s", w->text.len > at ? " " : "", tcp_flag_name(order[i]));
    if (w->text.len == at)
        str_append_str(&w->text, _("no flags"));
    end_word(w, at, WORD_FACT, rung->flags & TCP_RST ? STYLE_ERROR : is_turn ? STYLE_BOLD : STYLE_NORMAL);
}

/* Without the SYN the first number that was seen counts as 1; what comes from before it is told as below 0.
 */
#define BEFORE_FIRST UINT32_C(0xff000000)

static void add_number(struct ladder_words *w, enum word_kind kind, const char *name, const struct ladder *l,
    unsigned side, uint32_t relative)
{
    const struct conversation *c = ladder_conversation(l);

    if (c && !c->side[side].has_syn && relative >= BEFORE_FIRST)
        addf(w, kind, STYLE_NORMAL, "%s=-%" PRIu32, name, 0 - relative);
    else
        addf(w, kind, STYLE_NORMAL, "%s=%" PRIu32, name, relative);
}

static void add_sack(struct ladder_words *w, const struct ladder *l, const struct rung *rung, bool absolute)
{
    const struct conversation *c = ladder_conversation(l);
    uint32_t isn = absolute && c ? c->side[!rung->from].isn : 0;
    size_t at = w->text.len;

    if (!rung->sack_count)
        return;
    str_append_str(&w->text, rung->verdicts & VERDICT_DSACK ? "DSACK" : "SACK");
    for (unsigned i = 0; i < rung->sack_count; i++)
        str_appendf(&w->text, " %" PRIu32 "-%" PRIu32, rung->sack_relative[i][0] + isn,
            rung->sack_relative[i][1] + isn);
    end_word(w, at, WORD_FACT, STYLE_WARNING);
}

static void add_segment(
    struct ladder_words *w, const struct ladder *l, const struct rung *rung, bool absolute)
{
    bool is_bare_ack = !rung->sequence_bytes && !(rung->flags & (TCP_SYN | TCP_FIN | TCP_RST));
    bool is_zero = rung->verdicts & VERDICT_ZERO_WINDOW;

    add_flags(w, rung);
    if (absolute) {
        addf(w, is_bare_ack ? WORD_EXTRA : WORD_FACT, STYLE_NORMAL, "seq=%" PRIu32, rung->seq);
        if (rung->has_ack)
            addf(w, WORD_FACT, STYLE_NORMAL, "ack=%" PRIu32, rung->ack);
    } else {
        add_number(w, is_bare_ack ? WORD_EXTRA : WORD_FACT, "seq", l, rung->from, rung->seq_relative);
        if (rung->has_ack)
            add_number(w, WORD_FACT, "ack", l, !rung->from, rung->ack_relative);
    }
    if (rung->payload)
        addf(w, WORD_FACT, STYLE_NORMAL, "len=%" PRIu64, rung->payload);
    if (rung->mss)
        addf(w, WORD_FACT, STYLE_NORMAL, "mss=%" PRIu32, rung->mss);
    if (rung->window_shift >= 0)
        addf(w, WORD_FACT, STYLE_NORMAL, "wscale=%d", rung->window_shift);
    add_sack(w, l, rung, absolute);
    if (!(rung->flags & TCP_RST) && rung->part != RUNG_ARRIVES)
        addf(w, is_zero ? WORD_FACT : WORD_EXTRA, is_zero ? STYLE_WARNING : STYLE_NORMAL, "win=%" PRIu32,
            rung->window);
}

static void add_run(struct ladder_words *w, const struct rung *rung, bool is_datagram, bool absolute)
{
    uint32_t seq = absolute ? rung->seq : rung->seq_relative;
    char count[TRAFFIC_COUNT_BYTES];
    struct str took = STR_INIT;

    clock_append_duration(&took, traffic_between_ns(rung->end_ns, rung->time_ns));
    /* TRANSLATORS: before "51,200 bytes" */
    addf(w, WORD_FACT, STYLE_NORMAL,
        is_datagram ? ngettext("%s datagram,", "%s datagrams,", rung->segments)
                    : ngettext("%s segment,", "%s segments,", rung->segments),
        traffic_count(count, rung->segments));
    addf(w, WORD_FACT, STYLE_NORMAL, ngettext("%s byte", "%s bytes", rung->payload),
        traffic_count(count, rung->payload));
    /* TRANSLATORS: how long a run of segments took */
    addf(w, WORD_EXTRA, STYLE_NORMAL, _("in %s"), took.data);
    if (!is_datagram)
        addf(w, WORD_EXTRA, STYLE_NORMAL, "seq=%" PRIu32 "-%" PRIu32, seq, seq + rung->sequence_bytes);
    str_done(&took);
}

static void add_datagram(struct ladder_words *w, const struct rung *rung)
{
    char count[TRAFFIC_COUNT_BYTES];

    addf(w, WORD_FACT, STYLE_NORMAL, ngettext("%s byte", "%s bytes", rung->payload),
        traffic_count(count, rung->payload));
}

static void add_error(struct ladder_words *w, const struct rung *rung)
{
    const char *text = icmp_text(rung->icmp_version, rung->icmp_type, rung->icmp_code);

    add(w, WORD_FACT, STYLE_ERROR, rung->icmp_version == 6 ? "ICMPv6" : "ICMP");
    if (text)
        add(w, WORD_FACT, STYLE_ERROR, _(text));
    else
        addf(w, WORD_FACT, STYLE_ERROR, _("type %u, code %u"), rung->icmp_type, rung->icmp_code);
}

/* ---- what it means ---- */

static void add_fate(struct ladder_words *w, const struct rung *rung)
{
    const char *text = rung_fate_text((enum rung_fate)rung->fate);

    if (text)
        add(w, WORD_NOTE, rung->fate == FATE_DROPPED ? STYLE_ERROR : STYLE_WARNING, _(text));
    if (rung->note)
        add(w, WORD_NOTE, STYLE_DIM, rung->note);
}

/* Where it arrives that is what there is to say; of what did so at once, as far as the ladder goes, it is
 * nice to know. */
static void add_flight(struct ladder_words *w, const struct rung *rung)
{
    struct str took = STR_INIT;

    if (rung->part == RUNG_LEAVES) {
        add(w, WORD_ASIDE, STYLE_DIM, _("is under way"));
    } else if (rung->flight_ns > 0) {
        clock_append_duration(&took, rung->flight_ns);
        /* TRANSLATORS: how long a packet took */
        addf(w, rung->part == RUNG_ARRIVES ? WORD_NOTE : WORD_ASIDE, STYLE_DIM, _("%s under way"), took.data);
    }
    str_done(&took);
}

/* Of these nothing is said: the arrow says it, or another word. */
#define VERDICTS_SILENT (VERDICT_NEW_DATA | VERDICT_SACK | VERDICTS_ASIDE)
/* These are no more than nice to know. */
#define VERDICTS_ASIDE                                                                                       \
    (VERDICT_WINDOW_UPDATE | VERDICT_ACK_OF_FIN | VERDICT_OPENED | VERDICT_REPLY | VERDICT_KEEP_ALIVE_ACK |  \
        VERDICT_ZERO_WINDOW_PROBE_ACK)
/* These say more of the word before them: "retransmission, after a timeout". */
#define VERDICTS_MORE (VERDICT_SPURIOUS | VERDICT_FAST | VERDICT_RTO | VERDICT_ORIGINAL_ACKED | VERDICT_DSACK)

static enum style style_of(const struct rung *rung, unsigned bit)
{
    if (bit & (VERDICT_AFTER_CLOSE | VERDICT_RST_OUTSIDE))
        return STYLE_ERROR;
    if (bit & (VERDICTS_BAD | VERDICTS_MORE | VERDICT_CONGESTION | VERDICT_TAKEN_TWICE))
        return STYLE_WARNING;
    return STYLE_DIM;
}

static void add_retransmission(struct ladder_words *w, unsigned verdicts)
{
    size_t at = w->text.len;

    str_append_str(&w->text, _(verdict_text(VERDICT_RETRANSMISSION)));
    for (unsigned bit = 1; bit < 1U << VERDICTS; bit <<= 1)
        if (verdicts & bit & (VERDICT_SPURIOUS | VERDICT_FAST | VERDICT_RTO))
            str_appendf(&w->text, "%s%s", _(", "), _(verdict_text(bit)));
    end_word(w, at, WORD_NOTE, STYLE_WARNING);
}

static void add_verdicts(struct ladder_words *w, const struct rung *rung)
{
    unsigned left = rung->verdicts & ~(unsigned)VERDICTS_SILENT;

    if (left & VERDICT_RETRANSMISSION) {
        add_retransmission(w, left);
        left &= ~(unsigned)(VERDICT_RETRANSMISSION | VERDICT_SPURIOUS | VERDICT_FAST | VERDICT_RTO);
    }
    for (unsigned bit = 1; bit < 1U << VERDICTS; bit <<= 1)
        if (left & bit)
            add(w, WORD_NOTE, style_of(rung, bit), _(verdict_text(bit)));
}

/* Findings that say no more than another word of the rung. */
static uint64_t findings_said(const struct rung *rung)
{
    uint64_t said = 0;

    if (rung->verdicts & VERDICT_RETRANSMISSION)
        said |= UINT64_C(1) << FINDING_LOSS;
    if (rung->verdicts & VERDICT_SPURIOUS)
        said |= UINT64_C(1) << FINDING_SPURIOUS_RETRANSMISSION;
    if (rung->verdicts & VERDICT_TAKEN_TWICE)
        said |= UINT64_C(1) << FINDING_TAKEN_TWICE;
    if (rung->kind == RUNG_ICMP)
        said |= UINT64_C(1) << FINDING_UNREACHABLE;
    return said;
}

static void add_findings(struct ladder_words *w, const struct rung *rung, bool ascii)
{
    uint64_t findings = rung->findings & ~findings_said(rung);

    for (unsigned kind = 0; kind < FINDING_KINDS; kind++) {
        enum finding_severity severity = finding_severity((enum finding_kind)kind);

        if (findings & UINT64_C(1) << kind)
            addf(w, WORD_NOTE, traffic_severity_style(severity), "%s %s",
                traffic_signs(ascii)->severity[severity], _(finding_title((enum finding_kind)kind)));
    }
}

/* What is nice to know, the dearest first. */
static void add_asides(struct ladder_words *w, const struct rung *rung, bool absolute)
{
    char count[TRAFFIC_COUNT_BYTES];
    struct str took = STR_INIT;

    if (rung->rtt_ns > 0) {
        clock_append_duration(&took, rung->rtt_ns);
        /* TRANSLATORS: round-trip time */
        addf(w, WORD_ASIDE, STYLE_DIM, _("rtt %s"), took.data);
    }
    for (unsigned bit = 1; bit < 1U << VERDICTS; bit <<= 1)
        if (rung->verdicts & bit & VERDICTS_ASIDE)
            add(w, WORD_ASIDE, STYLE_DIM, _(verdict_text(bit)));
    if (rung->payload && rung->in_flight > rung->payload)
        addf(w, WORD_ASIDE, STYLE_DIM, _("in flight %s"), traffic_count(count, rung->in_flight));
    if (rung->acks)
        addf(w, WORD_ASIDE, STYLE_DIM,
            ngettext("%" PRIu32 " ACK up to %" PRIu32, "%" PRIu32 " ACKs up to %" PRIu32, rung->acks),
            rung->acks, absolute ? rung->ack : rung->ack_relative);
    if (rung->kind == RUNG_RUN)
        addf(w, WORD_ASIDE, STYLE_DIM, _("packets %" PRIu64 " to %" PRIu64), rung->number, rung->last_number);
    str_done(&took);
}

void ladder_words_of(
    struct ladder_words *w, const struct ladder *l, const struct rung *rung, bool absolute, bool ascii)
{
    const struct conversation *c = ladder_conversation(l);
    bool is_datagram = c ? c->protocol == IP_PROTOCOL_UDP : !rung->flags;
    unsigned bad = rung->verdicts & (VERDICTS_BAD & ~(unsigned)VERDICT_ACK_UNSEEN);

    str_reset(&w->text);
    w->count = 0;
    w->is_bad = bad || rung->flags & TCP_RST || rung->kind == RUNG_ICMP || rung->fate == FATE_DROPPED;
    w->style = rung->flags & TCP_RST || rung->kind == RUNG_ICMP || rung->fate == FATE_DROPPED ? STYLE_ERROR
                                                                                              : STYLE_WARNING;
    if (rung->kind == RUNG_ICMP)
        add_error(w, rung);
    else if (rung->kind == RUNG_RUN)
        add_run(w, rung, is_datagram, absolute);
    else if (is_datagram)
        add_datagram(w, rung);
    else
        add_segment(w, l, rung, absolute);
    add_fate(w, rung);
    add_flight(w, rung);
    add_verdicts(w, rung);
    add_findings(w, rung, ascii);
    add_asides(w, rung, absolute);
}
