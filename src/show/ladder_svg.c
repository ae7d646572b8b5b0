/* SPDX-License-Identifier: ISC */
#include "show/ladder_svg.h"

#include <inttypes.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "see/explain.h"
#include "show/ladder_words.h"
#include "show/markup.h"
#include "show/rung_svg.h"
#include "show/rung_tip.h"
#include "show/text.h"
#include "show/traffic_text.h"

#define MARGIN 20
#define LINE_HEIGHT 19
#define TEXT_COLUMNS                                                                                         \
    138 /* of 13 units between the margins, most fonts being narrower than half their height */
#define NAME_COLUMN 8.6
#define HEAD_HEIGHT 62
#define LEGEND_HEIGHT 30

/* ---- pieces ---- */

int ladder_svg_head(struct str *out, const struct ladder *l)
{
    const struct conversation *c = ladder_conversation(l);
    struct str name = STR_INIT;

    for (unsigned side = FLOW_A; side < FLOW_SIDES; side++) {
        int x = side == FLOW_A ? RUNG_SVG_A : RUNG_SVG_B, width, left;
        const char *role = traffic_role(c, side);

        str_reset(&name);
        conversation_append_endpoint(&name, c, side);
        width = (int)(NAME_COLUMN * (double)name.len) + 24;
        left = x - width / 2;
        /* An IPv6 address is wider than what is beside its lifeline. */
        if (left < 4)
            left = 4;
        if (left + width > RUNG_SVG_WIDTH - 4)
            left = RUNG_SVG_WIDTH - 4 - width;
        str_appendf(out,
            "<path class=\"l s0\" d=\"M%d 50V%d\"/><rect class=\"u\" x=\"%d\" y=\"6\" width=\"%d\" "
            "height=\"44\" rx=\"7\"/><text class=\"nm\" x=\"%d\" y=\"25\">",
            x, HEAD_HEIGHT + 1, left, width, left + width / 2);
        markup_add(out, name.data, name.len);
        str_appendf(out, "</text><text class=\"m d\" x=\"%d\" y=\"42\">", left + width / 2);
        markup_add_text(out, side == FLOW_A ? "A" : "B");
        if (role) {
            markup_add_text(out, _(", "));
            markup_add_text(out, _(role));
        }
        str_append_str(out, "</text>");
    }
    str_done(&name);
    return HEAD_HEIGHT;
}

static unsigned states_of(const struct ladder *l)
{
    unsigned states = 0;
    size_t count = ladder_count(l);

    for (size_t i = 0; i < count; i++)
        for (unsigned side = FLOW_A; side < FLOW_SIDES; side++)
            states |= 1U << ladder_rung(l, i)->state[side];
    return states;
}

int ladder_svg_legend(struct str *out, const struct ladder *l)
{
    static const struct {
        unsigned states;
        enum flow_state one;
        const char *text;
    } entries[] = {
        {1U << FLOW_CLOSED | 1U << FLOW_LISTEN, FLOW_CLOSED, N_("closed")},
        {1U << FLOW_SYN_SENT | 1U << FLOW_SYN_RECEIVED, FLOW_SYN_SENT, N_("opening")},
        {1U << FLOW_ESTABLISHED, FLOW_ESTABLISHED, N_("established")},
        {1U << FLOW_FIN_WAIT_1 | 1U << FLOW_FIN_WAIT_2 | 1U << FLOW_CLOSING, FLOW_FIN_WAIT_1,
            N_("closing first")},
        {1U << FLOW_CLOSE_WAIT | 1U << FLOW_LAST_ACK, FLOW_CLOSE_WAIT, N_("the other has closed")},
        {1U << FLOW_TIME_WAIT, FLOW_TIME_WAIT, N_("waiting for late segments")},
    };
    unsigned states = l ? states_of(l) : ~0U;
    int x = MARGIN;
    bool is_any = false;

    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        const char *text = _(entries[i].text);

        if (!(states & entries[i].states))
            continue;
        str_appendf(out, "<path class=\"l %s\" d=\"M%d 15H%d\"/><text class=\"d\" x=\"%d\" y=\"19\">",
            rung_svg_state_class(entries[i].one), x, x + 22, x + 28);
        markup_add_text(out, text);
        str_append_str(out, "</text>");
        x += 28 + (int)(6.8 * text_columns(text, strlen(text))) + 20;
        is_any = true;
    }
    return is_any ? LEGEND_HEIGHT : 0;
}

void ladder_svg_tip(struct str *out, const struct ladder *l, const struct rung *rung)
{
    struct str tip = STR_INIT;
    const char *line, *end;

    rung_tip(&tip, l, rung);
    for (line = tip.data; line; line = end ? end + 1 : NULL) {
        end = strchr(line, '\n');
        if (line != tip.data)
            str_append_char(out, '\n');
        markup_add(out, line, end ? (size_t)(end - line) : strlen(line));
    }
    str_done(&tip);
}

/* ---- the document ---- */

struct document {
    struct str *out;
    const struct ladder *l;
    int y;
};

/* Text in as many lines as it takes. */
static void add_text(struct document *d, const char *class, int x, const char *text)
{
    size_t len = strlen(text), next;

    for (size_t at = 0; at < len; at = next) {
        size_t row = text_row(text + at, len - at, 0, TEXT_COLUMNS - x / 8, &next);

        next += at;
        str_appendf(d->out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, MARGIN + x, d->y + 14);
        markup_add(d->out, text + at, row);
        str_append_str(d->out, "</text>\n");
        d->y += LINE_HEIGHT;
    }
}

static void add_title(struct str *out, const struct conversation *c)
{
    struct str text = STR_INIT;

    str_appendf(&text, "%s ", c->protocol == IP_PROTOCOL_TCP ? "TCP" : "UDP");
    conversation_append_endpoint(&text, c, FLOW_A);
    str_append_str(&text, " ⇄ ");
    conversation_append_endpoint(&text, c, FLOW_B);
    markup_add(out, text.data, text.len);
    str_done(&text);
}

static void add_findings(struct document *d, const struct conversation *c)
{
    static const char *const classes[] = {
        [SEVERITY_NOTE] = "ex b d", [SEVERITY_WARNING] = "ex b w", [SEVERITY_ERROR] = "ex b e"};
    struct str text = STR_INIT;

    for (unsigned i = 0; i < c->finding_count; i++) {
        const struct finding *finding = &c->findings[i];
        enum finding_kind kind = (enum finding_kind)finding->kind;

        str_reset(&text);
        str_append_str(&text, "▲ ");
        finding_describe(&text, finding, c);
        d->y += 6;
        add_text(d, classes[finding->severity], 0, text.data);
        add_text(d, "ex", 16, _(finding_meaning(kind)));
        add_text(d, "ex d", 16, _(finding_advice(kind)));
    }
    str_done(&text);
}

static void add_top(struct document *d, const struct conversation *c)
{
    struct str text = STR_INIT;

    str_appendf(d->out, "<text class=\"hd\" x=\"%d\" y=\"34\">", MARGIN);
    add_title(d->out, c);
    str_append_str(d->out, "</text>\n");
    d->y = 48;
    traffic_append_label(&text, c, false);
    if (text.len)
        add_text(d, "ex b d", 0, text.data);
    str_reset(&text);
    explain_conversation(&text, c);
    for (char *line = text.data, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        add_text(d, "ex", 0, line);
    }
    add_findings(d, c);
    d->y += 8;
    str_done(&text);
}

static void begin_piece(struct document *d, struct str *piece)
{
    str_reset(piece);
    str_appendf(d->out, "<g transform=\"translate(0,%d)\">", d->y);
}

static void end_piece(struct document *d, struct str *piece, int height)
{
    str_append(d->out, piece->data, piece->len);
    str_append_str(d->out, "</g>\n");
    d->y += height;
}

static void add_rungs(struct document *d, const struct ladder_svg_options *o)
{
    struct str piece = STR_INIT;
    size_t count = ladder_count(d->l);

    begin_piece(d, &piece);
    end_piece(d, &piece, ladder_svg_legend(&piece, d->l));
    begin_piece(d, &piece);
    end_piece(d, &piece, ladder_svg_head(&piece, d->l));
    for (size_t i = 0; i < count; i++) {
        const struct rung *rung = ladder_rung(d->l, i);

        str_reset(&piece);
        str_appendf(d->out, "<g class=\"rung\" transform=\"translate(0,%d)\">", d->y);
        if (rung->segments) {
            str_append_str(d->out, "<title>");
            ladder_svg_tip(d->out, d->l, rung);
            str_append_str(d->out, "</title>");
        }
        end_piece(d, &piece, rung_svg(&piece, d->l, i, o->absolute));
    }
    str_done(&piece);
}

void ladder_svg(struct str *out, const struct ladder *l, const struct ladder_svg_options *o)
{
    const struct conversation *c = ladder_conversation(l);
    struct str body = STR_INIT, text = STR_INIT;
    struct document d = {.out = &body, .l = l};

    add_top(&d, c);
    add_rungs(&d, o);
    d.y += 16;
    /* TRANSLATORS: the language that the texts are in, as HTML names it (BCP 47): zh-CN */
    str_appendf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" xml:lang=\"%s\" viewBox=\"0 0 %d %d\" ",
        _("en"), RUNG_SVG_WIDTH, d.y);
    str_appendf(out, "width=\"%d\" height=\"%d\" role=\"document\" aria-labelledby=\"title desc\">\n",
        RUNG_SVG_WIDTH, d.y);
    str_append_str(out, "<title id=\"title\">");
    add_title(out, c);
    str_append_str(out, "</title>\n<desc id=\"desc\">");
    explain_conversation(&text, c);
    for (char *line = text.data, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        markup_add(out, line, (size_t)(end - line));
        str_append_char(out, '\n');
    }
    str_append_str(out, "</desc>\n<style>\n");
    str_append_str(out, ladder_svg_style);
    str_appendf(out, "</style>\n<rect class=\"bg\" width=\"%d\" height=\"%d\"/>\n", RUNG_SVG_WIDTH, d.y);
    str_append(out, body.data, body.len);
    str_append_str(out, "</svg>\n");
    str_done(&body);
    str_done(&text);
}
