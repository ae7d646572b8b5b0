/* SPDX-License-Identifier: ISC */
#include "show/overview_text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "show/text.h"
#include "show/traffic_text.h"

#define NUMBER_COLUMNS 5
#define PROTOCOL_COLUMNS 3
#define WHO_COLUMNS_MIN 31
#define WHO_COLUMNS_ENOUGH 45 /* any two of IPv4 */
#define WHO_COLUMNS_MAX 60
#define RESENT_COLUMNS 6
#define LABEL_COLUMNS_MIN 16
#define LABEL_COLUMNS_MAX 40
#define OUTCOME_COLUMNS_MIN 22 /* at least, where there is anything else but who */

/* Where each column begins; 0: there is no room for it. */
struct columns {
    int all;
    int who, who_columns;
    int sent[FLOW_SIDES];
    int took, rtt, resent;
    int label, label_columns;
    int outcome; /* the rest of the line */
};

/* Takes a column of so many columns out of the room, if it leaves enough for the outcome. */
static int take(int *room, int columns)
{
    if (*room - columns - 1 < OUTCOME_COLUMNS_MIN)
        return 0;
    *room -= columns + 1;
    return columns;
}

/* The order in which they are taken is the order of what is missed most. */
static struct columns columns_of(int columns)
{
    struct columns k = {.all = traffic_columns(columns), .who_columns = WHO_COLUMNS_MIN};
    int room, sent, took, rtt, resent, at;

    k.who = 2 + NUMBER_COLUMNS + 1 + PROTOCOL_COLUMNS + 1;
    room = k.all - k.who - k.who_columns - 1;
    sent = take(&room, 2 * TRAFFIC_AMOUNT_COLUMNS + 1);
    took = take(&room, TRAFFIC_SPAN_COLUMNS);
    k.who_columns += take(&room, 6) ? 7 : 0;
    rtt = take(&room, TRAFFIC_SPAN_COLUMNS);
    resent = take(&room, RESENT_COLUMNS);
    k.label_columns = take(&room, LABEL_COLUMNS_MIN);
    k.who_columns += take(&room, WHO_COLUMNS_ENOUGH - WHO_COLUMNS_MIN - 8) ? 7 : 0;
    /* Of what is left, some for each of those that can use it. */
    if (room > 2 * OUTCOME_COLUMNS_MIN && k.label_columns) {
        int more = (room - 2 * OUTCOME_COLUMNS_MIN) / 2;

        if (more > LABEL_COLUMNS_MAX - LABEL_COLUMNS_MIN)
            more = LABEL_COLUMNS_MAX - LABEL_COLUMNS_MIN;
        k.label_columns += more;
    }
    at = k.who + k.who_columns + 1;
    for (unsigned side = FLOW_A; sent && side < FLOW_SIDES; side++) {
        k.sent[side] = at;
        at += TRAFFIC_AMOUNT_COLUMNS + 1;
    }
    k.took = took ? at : 0;
    at += took ? took + 1 : 0;
    k.rtt = rtt ? at : 0;
    at += rtt ? rtt + 1 : 0;
    k.resent = resent ? at : 0;
    at += resent ? resent + 1 : 0;
    k.label = k.label_columns ? at : 0;
    at += k.label_columns ? k.label_columns + 1 : 0;
    k.outcome = at;
    return k;
}

static void put_right(struct painted *out, enum style style, const char *text, int at, int columns)
{
    size_t len = strlen(text);
    int taken;

    len = text_fit(text, len, columns, &taken);
    painted_pad(out, at + columns - taken);
    painted_add(out, style, text, len);
}

static void put_left(struct painted *out, enum style style, const char *text, int at, int columns, bool ascii)
{
    struct str cut = STR_INIT;

    painted_pad(out, at);
    traffic_append_cut(&cut, text, columns, ascii);
    painted_add(out, style, cut.data, cut.len);
    str_done(&cut);
}

void overview_text_head(struct painted *out, const struct overview_text_options *o)
{
    struct columns k = columns_of(o->columns);
    struct str who = STR_INIT;

    put_right(out, STYLE_DIM, "#", 2, NUMBER_COLUMNS);
    /* TRANSLATORS: the head of a column: A (who called) and B (who was called) */
    str_appendf(&who, _("A %s B"), traffic_signs(o->ascii)->towards);
    put_left(out, STYLE_DIM, who.data, k.who, k.who_columns, o->ascii);
    /* TRANSLATORS: heads of columns, at most 6 columns wide: bytes that A and B sent, duration, round-trip
     * time, segments that were sent again */
    if (k.sent[FLOW_A]) {
        put_right(out, STYLE_DIM, _("A sent"), k.sent[FLOW_A], TRAFFIC_AMOUNT_COLUMNS);
        put_right(out, STYLE_DIM, _("B sent"), k.sent[FLOW_B], TRAFFIC_AMOUNT_COLUMNS);
    }
    if (k.took)
        put_right(out, STYLE_DIM, _("took"), k.took, TRAFFIC_SPAN_COLUMNS);
    if (k.rtt)
        put_right(out, STYLE_DIM, _("rtt"), k.rtt, TRAFFIC_SPAN_COLUMNS);
    if (k.resent)
        put_right(out, STYLE_DIM, _("resent"), k.resent, RESENT_COLUMNS);
    if (k.label)
        put_left(out, STYLE_DIM, _("about"), k.label, k.label_columns, o->ascii);
    put_left(out, STYLE_DIM, _("what happened"), k.outcome, k.all - k.outcome, o->ascii);
    painted_end_line(out);
    str_done(&who);
}

/* ---- who ---- */

static void append_host(struct str *out, const struct conversation *c, unsigned side)
{
    char text[INET6_ADDRSTRLEN];

    inet_ntop(c->ip_version == 4 ? AF_INET : AF_INET6, c->side[side].address, text, sizeof(text));
    str_append_str(out, text);
}

/* An address with its middle cut out: its beginning says which network it is, its end which host. */
static void append_host_cut(
    struct str *out, const struct conversation *c, unsigned side, int columns, bool ascii)
{
    struct str host = STR_INIT;

    append_host(&host, c, side);
    if ((int)host.len > columns) {
        size_t tail = (size_t)(columns - 1) / 2;

        str_append(out, host.data, (size_t)columns - 1 - tail);
        str_append_str(out, traffic_signs(ascii)->cut);
        str_append(out, host.data + host.len - tail, tail);
    } else {
        str_append(out, host.data, host.len);
    }
    str_done(&host);
}

/* "10.0.0.1:40000 → 10.0.0.2:80", or what fits of it. What goes first is the port of A, which mostly is any:
 * the line's number tells which conversation it is. Then the addresses are cut, as evenly as may be. */
static void append_who(struct str *out, const struct conversation *c, int columns, bool ascii)
{
    const int brackets = c->ip_version == 6 ? 2 : 0;
    struct str a = STR_INIT, b = STR_INIT;
    char port[8];
    int room = columns - 3, mine, theirs;

    conversation_append_endpoint(&a, c, FLOW_A);
    conversation_append_endpoint(&b, c, FLOW_B);
    if ((int)(a.len + b.len) > room) {
        str_reset(&a);
        append_host(&a, c, FLOW_A);
    }
    if ((int)(a.len + b.len) > room) {
        snprintf(port, sizeof(port), ":%u", c->side[FLOW_B].port);
        room -= brackets + (int)strlen(port);
        theirs = (int)b.len - brackets - (int)strlen(port);
        /* What one does not need is for the other. */
        mine = (int)a.len < room / 2 ? (int)a.len : theirs < room - room / 2 ? room - theirs : room / 2;
        str_reset(&a);
        str_reset(&b);
        append_host_cut(&a, c, FLOW_A, mine, ascii);
        str_append_str(&b, brackets ? "[" : "");
        append_host_cut(&b, c, FLOW_B, room - mine, ascii);
        str_appendf(&b, "%s%s", brackets ? "]" : "", port);
    }
    str_appendf(out, "%s %s %s", a.data, traffic_signs(ascii)->towards, b.data);
    str_done(&a);
    str_done(&b);
}

/* ---- how it ended, and what else is to say ---- */

static void append_ended(struct str *out, const struct conversation *c, bool is_brief)
{
    const char *who = traffic_letter(c->closed_by);

    switch ((enum conversation_closed)c->closed) {
    case CLOSED_OPEN:
        if (c->protocol == IP_PROTOCOL_UDP)
            str_append_str(out, c->replies ? _("answered") : "");
        else
            str_append_str(out, c->opened == OPENED_HALF ? _("never opened") : _("open"));
        break;
    case CLOSED_FOUR_SEGMENT:
    case CLOSED_THREE_SEGMENT:
        if (is_brief)
            /* TRANSLATORS: %s is "A" or "B", who was the first */
            str_appendf(out, _("%s closed"), who);
        else
            /* TRANSLATORS: the same, and in how many segments, 3 or 4 */
            str_appendf(out, _("%s closed (%d)"), who, c->closed == CLOSED_FOUR_SEGMENT ? 4 : 3);
        break;
    case CLOSED_SIMULTANEOUS:
        str_append_str(out, _("both closed"));
        break;
    case CLOSED_HALF:
        str_appendf(out, _("only %s closed"), who);
        break;
    case CLOSED_RESET:
        str_appendf(out, _("reset by %s"), who);
        break;
    case CLOSED_REFUSED:
        str_append_str(out, _("refused"));
        break;
    case CLOSED_UNANSWERED:
        str_append_str(out, _("no answer"));
        break;
    case CLOSED_UNREACHABLE:
        str_append_str(out, _("unreachable"));
        break;
    }
}

static enum style ended_style(const struct conversation *c)
{
    switch ((enum conversation_closed)c->closed) {
    case CLOSED_REFUSED:
    case CLOSED_UNANSWERED:
    case CLOSED_UNREACHABLE:
        return STYLE_ERROR;
    case CLOSED_RESET:
    case CLOSED_HALF:
        return STYLE_WARNING;
    default:
        return STYLE_NORMAL;
    }
}

/* It says no more than how it ended. */
static bool is_said(const struct conversation *c, const struct finding *finding)
{
    switch (finding->kind) {
    case FINDING_SYN_UNANSWERED:
    case FINDING_UDP_UNANSWERED:
        return c->closed == CLOSED_UNANSWERED;
    case FINDING_REFUSED:
        return c->closed == CLOSED_REFUSED;
    case FINDING_UNREACHABLE:
        return c->closed == CLOSED_UNREACHABLE;
    case FINDING_RESET:
        return c->closed == CLOSED_RESET;
    default:
        return false;
    }
}

/* The pieces are put one after the other while there is room; the first that has none is cut. */
static void put_piece(
    struct painted *out, const struct columns *k, enum style style, const char *text, bool ascii)
{
    const char *separator = painted_column(out) > k->outcome ? _(", ") : "";
    int room = k->all - painted_column(out) - text_columns(separator, strlen(separator));

    if (!*text || room < 4)
        return;
    painted_add_text(out, STYLE_NORMAL, separator);
    put_left(out, style, text, 0, room, ascii);
}

static void put_outcome(
    struct painted *out, const struct columns *k, const struct conversation *c, bool ascii)
{
    struct str ended = STR_INIT;

    painted_pad(out, k->outcome);
    /* With little room what was found matters more than in how many segments it was closed. */
    append_ended(&ended, c, c->finding_count && k->all - k->outcome < OUTCOME_COLUMNS_MIN + 8);
    put_piece(out, k, ended_style(c), ended.data, ascii);
    for (unsigned i = 0; i < c->finding_count; i++) {
        const struct finding *finding = &c->findings[i];

        if (!is_said(c, finding))
            put_piece(out, k, traffic_severity_style((enum finding_severity)finding->severity),
                _(finding_title((enum finding_kind)finding->kind)), ascii);
    }
    if (c->opened == OPENED_MID_CAPTURE || c->opened == OPENED_SIMULTANEOUS)
        put_piece(out, k, STYLE_DIM, _(conversation_opened_text((enum conversation_opened)c->opened)), ascii);
    str_done(&ended);
}

/* ---- a row ---- */

static void put_figures(struct painted *out, const struct columns *k, const struct conversation *c)
{
    uint32_t resent = conversation_retransmissions(c);
    struct str text = STR_INIT;

    for (unsigned side = FLOW_A; k->sent[FLOW_A] && side < FLOW_SIDES; side++) {
        str_reset(&text);
        traffic_append_amount(&text, c->side[side].payload);
        put_right(out, c->side[side].payload ? STYLE_NORMAL : STYLE_DIM, text.data, k->sent[side],
            TRAFFIC_AMOUNT_COLUMNS);
    }
    if (k->took && c->last_ns != c->first_ns) {
        str_reset(&text);
        traffic_append_span(&text, traffic_between_ns(c->last_ns, c->first_ns));
        put_right(out, STYLE_NORMAL, text.data, k->took, TRAFFIC_SPAN_COLUMNS);
    }
    if (k->rtt && c->rtt_count) {
        str_reset(&text);
        traffic_append_span(&text, c->rtt_avg_ns);
        put_right(out, STYLE_NORMAL, text.data, k->rtt, TRAFFIC_SPAN_COLUMNS);
    }
    if (k->resent && resent) {
        str_reset(&text);
        traffic_append_amount(&text, resent);
        put_right(out, STYLE_WARNING, text.data, k->resent, RESENT_COLUMNS);
    }
    str_done(&text);
}

void overview_text_row(
    struct painted *out, const struct conversation *c, const struct overview_text_options *o)
{
    struct columns k = columns_of(o->columns);
    struct str text = STR_INIT;
    int at;

    if (c->finding_count) {
        enum finding_severity severity = (enum finding_severity)c->findings[0].severity;

        painted_add_text(out, traffic_severity_style(severity), traffic_signs(o->ascii)->severity[severity]);
    }
    str_appendf(&text, "#%" PRIu32, c->id);
    at = (int)text.len > NUMBER_COLUMNS + 1 ? 1 : 2 + NUMBER_COLUMNS - (int)text.len;
    painted_pad(out, at);
    painted_add(out, STYLE_BOLD, text.data, text.len);
    painted_add_text(out, STYLE_NORMAL, c->protocol == IP_PROTOCOL_UDP ? " UDP " : " TCP ");
    str_reset(&text);
    /* A number of many digits takes its room from who. */
    append_who(&text, c, k.who + k.who_columns - painted_column(out), o->ascii);
    painted_add(out, STYLE_NORMAL, text.data, text.len);
    put_figures(out, &k, c);
    if (k.label) {
        str_reset(&text);
        traffic_append_label(&text, c, o->ascii);
        put_left(out, STYLE_ME, text.data, k.label, k.label_columns, o->ascii);
    }
    put_outcome(out, &k, c, o->ascii);
    painted_end_line(out);
    str_done(&text);
}

/* ---- totals ---- */

static void put_read(struct painted *out, const struct follow_totals *t, int columns)
{
    char count[TRAFFIC_COUNT_BYTES];
    struct str text = STR_INIT;

    str_appendf(&text, ngettext("%s conversation", "%s conversations", t->conversations),
        traffic_count(count, t->conversations));
    str_append_str(&text, _(", "));
    str_appendf(&text, ngettext("%s packet", "%s packets", t->packets), traffic_count(count, t->packets));
    str_appendf(&text, " (TCP %s", traffic_count(count, t->tcp));
    str_appendf(&text, ", UDP %s", traffic_count(count, t->udp));
    if (t->icmp_errors) {
        str_append_str(&text, ", ");
        str_appendf(&text, ngettext("%s ICMP error", "%s ICMP errors", t->icmp_errors),
            traffic_count(count, t->icmp_errors));
    }
    str_append_char(&text, ')');
    traffic_wrap(out, STYLE_BOLD, text.data, 0, columns);
    str_done(&text);
}

/* What is not in the lines above. */
static void put_unread(struct painted *out, const struct follow_totals *t, int columns)
{
    char count[TRAFFIC_COUNT_BYTES];
    struct str text = STR_INIT;

    if (t->other) {
        str_appendf(&text,
            ngettext("%s packet is none that is followed here: neither TCP nor UDP, or a further fragment",
                "%s packets are none that are followed here: neither TCP nor UDP, or further fragments",
                t->other),
            traffic_count(count, t->other));
        traffic_wrap(out, STYLE_DIM, text.data, 0, columns);
    }
    str_reset(&text);
    if (t->bad) {
        str_appendf(&text,
            ngettext("%s packet cannot be read: cut short, or not made as it should be",
                "%s packets cannot be read: cut short, or not made as they should be", t->bad),
            traffic_count(count, t->bad));
        traffic_wrap(out, STYLE_WARNING, text.data, 0, columns);
    }
    str_reset(&text);
    if (t->evicted) {
        str_appendf(&text,
            ngettext("%s conversation was given up while open: there were too many (--max-conversations)",
                "%s conversations were given up while open: there were too many (--max-conversations)",
                t->evicted),
            traffic_count(count, t->evicted));
        traffic_wrap(out, STYLE_WARNING, text.data, 0, columns);
    }
    if (t->is_crowded)
        traffic_wrap(out, STYLE_WARNING,
            _("there were too many conversations at once to look at each: some have no label, and what there "
              "is to "
              "find in them was not looked for"),
            0, columns);
    str_done(&text);
}

void overview_text_totals(struct painted *out, const struct follow_totals *t, const struct finding *findings,
    unsigned count, const struct overview_text_options *o)
{
    int columns = traffic_columns(o->columns);

    put_read(out, t, columns);
    put_unread(out, t, columns);
    for (unsigned i = 0; i < count; i++) {
        painted_end_line(out);
        traffic_finding(out, &findings[i], NULL, columns, o->ascii);
    }
}
