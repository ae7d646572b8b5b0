/* SPDX-License-Identifier: ISC */
#include "show/watch_page.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "see/explain.h"
#include "show/ladder_svg.h"
#include "show/markup.h"
#include "show/rung_svg.h"
#include "show/traffic_text.h"

/* Nothing is fetched, whatever the texts in it are. */
#define POLICY                                                                                               \
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "             \
    "base-uri 'none'; form-action 'none'"

/* A paragraph of our own, or of escaped text. */
static void add_paragraph(struct str *out, const char *class, const char *text)
{
    str_appendf(out, "<p%s%s%s>", class ? " class=\"" : "", class ? class : "", class ? "\"" : "");
    markup_add_text(out, text);
    str_append_str(out, "</p>\n");
}

static void add_endpoint(struct str *out, const struct conversation *c, unsigned side)
{
    struct str text = STR_INIT;

    conversation_append_endpoint(&text, c, side);
    markup_add(out, text.data, text.len);
    str_done(&text);
}

/* Isolated, so that letters that are written from right to left cannot turn round what is beside them. */
static void add_label(struct str *out, const struct conversation *c)
{
    struct str text = STR_INIT;

    traffic_append_label(&text, c, false);
    if (text.len) {
        str_append_str(out, "<bdi>");
        markup_add(out, text.data, text.len);
        str_append_str(out, "</bdi>");
    }
    str_done(&text);
}

/* ---- findings ---- */

static void add_evidence(struct str *out, const struct finding *finding, const struct ladder *l)
{
    if (!finding->evidence_count)
        return;
    markup_add_text(out, finding->evidence_count > 1 ? _(" (packets ") : _(" (packet "));
    for (unsigned i = 0; i < finding->evidence_count; i++) {
        const struct rung *rung = l ? rung_svg_find(l, finding->evidence[i]) : NULL;

        if (i)
            markup_add_text(out, _(", "));
        if (rung) {
            str_append_str(out, "<a href=\"#");
            rung_svg_id(out, l, rung);
            str_append_str(out, "\">");
        }
        str_appendf(out, "%" PRIu64 "%s", finding->evidence[i], rung ? "</a>" : "");
    }
    if (finding->count > finding->evidence_count)
        markup_add_text(out, _(" and others"));
    markup_add_text(out, _(")"));
}

/* l: of the conversation; NULL for a finding of the capture. */
static void add_finding(struct str *out, const struct finding *finding, const struct ladder *l)
{
    enum finding_kind kind = (enum finding_kind)finding->kind;
    struct str text = STR_INIT;

    finding_describe(&text, finding, l ? ladder_conversation(l) : NULL);
    str_appendf(out, "<div class=\"finding %s\"><b>▲ ",
        finding_severity_name((enum finding_severity)finding->severity));
    markup_add(out, text.data, text.len);
    str_append_str(out, "</b>");
    add_evidence(out, finding, l);
    add_paragraph(out, NULL, _(finding_meaning(kind)));
    str_append_str(out, "<p class=\"dim\">");
    markup_add_text(out, _("What to do: "));
    markup_add_text(out, _(finding_advice(kind)));
    str_append_str(out, "</p></div>\n");
    str_done(&text);
}

/* ---- the top, and the overview ---- */

static void add_totals(struct str *out, const struct watch_page_about *about)
{
    char packets[TRAFFIC_COUNT_BYTES], conversations[TRAFFIC_COUNT_BYTES], rows[TRAFFIC_COUNT_BYTES];
    struct str text = STR_INIT;

    str_appendf(&text, ngettext("%s packet", "%s packets", about->totals->packets),
        traffic_count(packets, about->totals->packets));
    str_append_str(&text, _(", "));
    str_appendf(&text, ngettext("%s conversation", "%s conversations", about->totals->conversations),
        traffic_count(conversations, about->totals->conversations));
    if (about->conversations != about->rows)
        str_appendf(&text, _("; %s of %s that were chosen are shown"), traffic_count(rows, about->rows),
            traffic_count(conversations, about->conversations));
    add_paragraph(out, "dim", text.data);
    str_done(&text);
}

static void add_columns(struct str *out)
{
    static const struct {
        const char *name;
        bool is_number;
    } columns[] = {
        {"#", true},
        {N_("who"), false},
        {N_("protocol"), false},
        {N_("about"), false},
        {N_("what happened"), false},
        {N_("took"), true},
        {N_("packets"), true},
        {N_("A sent"), true},
        {N_("B sent"), true},
        {N_("resent"), true},
        {N_("rtt"), true},
        {N_("findings"), false},
    };

    str_append_str(out, "<div class=\"wide\"><table><thead><tr>");
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        str_appendf(out, "<th scope=\"col\"%s>", columns[i].is_number ? " class=\"num\"" : "");
        markup_add_text(out, _(columns[i].name));
        str_append_str(out, "</th>");
    }
    str_append_str(out, "</tr></thead>\n<tbody>\n");
}

void watch_page_begin(struct str *out, const struct watch_page_about *about)
{
    char rows[TRAFFIC_COUNT_BYTES];

    /* TRANSLATORS: the language that the texts are in, as HTML names it (BCP 47): zh-CN */
    str_appendf(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n", _("en"));
    str_append_str(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"" POLICY "\">\n"
                        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    markup_add_text(out, about->title);
    str_append_str(out, " · landline watch</title>\n<style>\n");
    str_append_str(out, ladder_svg_style);
    str_append_str(out, watch_page_style);
    str_append_str(out, "</style>\n</head>\n<body>\n<header>\n<h1><bdi>");
    markup_add_text(out, about->title);
    str_append_str(out, "</bdi></h1>\n");
    add_totals(out, about);
    for (unsigned i = 0; i < about->finding_count; i++)
        add_finding(out, &about->findings[i], NULL);
    str_append_str(out,
        "</header>\n<main>\n<div class=\"tools\" id=\"overview\" hidden><input type=\"search\" "
        "aria-label=\"");
    markup_add_text(out, _("show only what has these words"));
    str_append_str(out, "\" placeholder=\"");
    markup_add_text(out, _("show only what has these words"));
    str_appendf(out, "\"><output class=\"dim\">%s</output></div>\n", traffic_count(rows, about->rows));
    add_columns(out);
}

static void add_number(struct str *out, uint64_t value)
{
    char text[TRAFFIC_COUNT_BYTES];

    str_appendf(out, "<td class=\"num\" data-v=\"%" PRIu64 "\">%s</td>", value, traffic_count(text, value));
}

static void add_duration(struct str *out, int64_t ns, bool is_known)
{
    str_appendf(out, "<td class=\"num\" data-v=\"%" PRId64 "\">", is_known ? ns : -1);
    if (is_known)
        clock_append_duration(out, ns);
    str_append_str(out, "</td>");
}

static void add_row_findings(struct str *out, const struct conversation *c)
{
    str_append_str(out, "<td class=\"findings\">");
    for (unsigned i = 0; i < c->finding_count; i++) {
        str_appendf(out, "%s<span class=\"%s\">▲ ", i ? "<br>" : "",
            finding_severity_name((enum finding_severity)c->findings[i].severity));
        markup_add_text(out, _(finding_title((enum finding_kind)c->findings[i].kind)));
        str_append_str(out, "</span>");
    }
    str_append_str(out, "</td>");
}

/* One line where it ended as it began: not answered, refused. */
static void add_outcome(struct str *out, const struct conversation *c)
{
    const char *opened = _(conversation_opened_text((enum conversation_opened)c->opened));
    const char *closed = _(conversation_closed_text((enum conversation_closed)c->closed));

    markup_add_text(out, opened);
    if (strcmp(opened, closed) != 0) {
        str_append_str(out, "<br>");
        markup_add_text(out, closed);
    }
    if (c->has_closer)
        str_append_str(out, c->closed_by == FLOW_A ? " (A)" : " (B)");
}

void watch_page_row(struct str *out, const struct conversation *c, bool has_ladder)
{
    str_appendf(out, "<tr data-id=\"%" PRIu32 "\"><td class=\"num\" data-v=\"%" PRIu32 "\">", c->id, c->id);
    if (has_ladder)
        str_appendf(out, "<a href=\"#c%" PRIu32 "\">%" PRIu32 "</a></td>", c->id, c->id);
    else
        str_appendf(out, "%" PRIu32 "</td>", c->id);
    str_append_str(out, "<td class=\"end\">");
    for (unsigned side = FLOW_A; side < FLOW_SIDES; side++) {
        str_append_str(out, side == FLOW_A ? "<i>A</i> " : "<br><i>B</i> ");
        add_endpoint(out, c, side);
    }
    str_appendf(out, "</td><td class=\"word\">%s</td><td class=\"label\">",
        c->protocol == IP_PROTOCOL_TCP ? "TCP" : "UDP");
    add_label(out, c);
    str_append_str(out, "</td><td class=\"word\">");
    add_outcome(out, c);
    str_append_str(out, "</td>");
    add_duration(out, traffic_between_ns(c->last_ns, c->first_ns), true);
    add_number(out, conversation_packets(c));
    add_number(out, c->side[FLOW_A].payload);
    add_number(out, c->side[FLOW_B].payload);
    add_number(out, conversation_retransmissions(c));
    add_duration(out, c->rtt_avg_ns, c->rtt_count > 0);
    add_row_findings(out, c);
    str_append_str(out, "</tr>\n");
}

void watch_page_end_rows(struct str *out)
{
    str_append_str(out, "</tbody></table></div>\n");
    str_append_str(out, "<div class=\"ladder\"><svg viewBox=\"0 0 980 30\" aria-hidden=\"true\">");
    ladder_svg_legend(out, NULL);
    str_append_str(out, "</svg></div>\n");
}

/* ---- ladders ---- */

static void add_heading(struct str *out, const struct conversation *c)
{
    str_appendf(out, "<h2><a href=\"#c%" PRIu32 "\">%" PRIu32 "</a> · ", c->id, c->id);
    add_endpoint(out, c, FLOW_A);
    str_append_str(out, " ⇄ ");
    add_endpoint(out, c, FLOW_B);
    str_appendf(out, "<small>%s ", c->protocol == IP_PROTOCOL_TCP ? "TCP" : "UDP");
    add_label(out, c);
    str_append_str(out, "</small></h2>\n");
}

static void add_explanation(struct str *out, const struct conversation *c)
{
    struct str text = STR_INIT;

    explain_conversation(&text, c);
    for (char *line = text.data, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        add_paragraph(out, NULL, line);
    }
    str_done(&text);
}

static void add_rung(struct str *out, const struct ladder *l, size_t index, bool absolute)
{
    const struct rung *rung = ladder_rung(l, index);
    struct str piece = STR_INIT;
    int height = rung_svg(&piece, l, index, absolute);

    str_appendf(out, "<svg class=\"rung\" viewBox=\"0 0 %d %d\"", RUNG_SVG_WIDTH, height);
    if (!rung->segments) {
        str_append_str(out, ">");
    } else {
        str_append_str(out, " role=\"img\" id=\"");
        rung_svg_id(out, l, rung);
        str_append_str(out, "\"><title>");
        ladder_svg_tip(out, l, rung);
        str_append_str(out, "</title>");
    }
    str_append(out, piece.data, piece.len);
    str_append_str(out, "</svg>\n");
    str_done(&piece);
}

void watch_page_ladder(struct str *out, const struct ladder *l, bool absolute)
{
    const struct conversation *c = ladder_conversation(l);
    struct str head = STR_INIT;
    size_t count = ladder_count(l);
    int height = ladder_svg_head(&head, l);

    str_appendf(out, "<section id=\"c%" PRIu32 "\">\n", c->id);
    add_heading(out, c);
    add_explanation(out, c);
    for (unsigned i = 0; i < c->finding_count; i++)
        add_finding(out, &c->findings[i], l);
    str_append_str(out, "<div class=\"ladder\" tabindex=\"0\" role=\"group\" aria-label=\"");
    markup_add_text(out, _("the packets, from the first one down; arrow keys go through them"));
    str_appendf(out, "\">\n<svg class=\"head\" viewBox=\"0 0 %d %d\">", RUNG_SVG_WIDTH, height);
    str_append(out, head.data, head.len);
    str_append_str(out, "</svg>\n");
    for (size_t i = 0; i < count; i++)
        add_rung(out, l, i, absolute);
    str_append_str(out, "</div>\n<p class=\"top\"><a href=\"#overview\">");
    markup_add_text(out, _("back to the overview"));
    str_append_str(out, "</a></p>\n</section>\n");
    str_done(&head);
}

void watch_page_end(struct str *out)
{
    str_append_str(out, "</main>\n<script>\n");
    str_append_str(out, watch_page_script);
    str_append_str(out, "</script>\n</body>\n</html>\n");
}
