/* SPDX-License-Identifier: ISC */
/* Above a ladder: who the two are. Below it: what happened, and what it means. */
#include "show/ladder_text.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "see/explain.h"
#include "show/ladder_text_inside.h"
#include "show/text.h"

/* ---- the head ---- */

/* "#3  TCP  TLS example.org", and at the end of the line when it began. */
static void put_title(struct painted *out, const struct ladder_layout *y, const struct ladder *l,
    const struct conversation *c, bool ascii)
{
    struct str label = STR_INIT, time = STR_INIT;
    int room;

    clock_append_iso(&time, ladder_start_ns(l));
    painted_addf(out, STYLE_BOLD, "#%" PRIu32 "  %s", c->id, ladder_text_is_udp(l) ? "UDP" : "TCP");
    traffic_append_label(&label, c, ascii);
    if (label.len) {
        struct str cut = STR_INIT;

        painted_add_text(out, STYLE_BOLD, "  ");
        traffic_append_cut(&cut, label.data, y->columns - painted_column(out), ascii);
        painted_add(out, STYLE_BOLD, cut.data, cut.len);
        str_done(&cut);
    }
    room = y->columns - painted_column(out) - (int)time.len;
    if (room >= 2)
        ladder_text_put_right(out, STYLE_DIM, &time, y->columns - (int)time.len, (int)time.len);
    painted_end_line(out);
    str_done(&label);
    str_done(&time);
}

/* Where the text of a side begins: its middle is above its lifeline, or, where no states are beside that, its
 * outer end is. */
static int begin_of(const struct ladder_layout *y, unsigned side, const struct str *text)
{
    int taken = text_columns(text->data, text->len), begin;

    if (y->has_states)
        begin = (side == FLOW_A ? y->line_a : y->line_b) - taken / 2;
    else
        begin = side == FLOW_A ? y->line_a : y->line_b + 1 - taken;
    if (begin + taken > y->columns)
        begin = y->columns - taken;
    return begin < 0 ? 0 : begin;
}

/* Two texts, on one line if they fit beside each other. */
static void put_pair(struct painted *out, const struct ladder_layout *y, const struct str text[FLOW_SIDES])
{
    int a = begin_of(y, FLOW_A, &text[FLOW_A]), b = begin_of(y, FLOW_B, &text[FLOW_B]);

    painted_pad(out, a);
    painted_add(out, ladder_text_side_style(FLOW_A), text[FLOW_A].data, text[FLOW_A].len);
    if (painted_column(out) + 2 > b)
        painted_end_line(out);
    painted_pad(out, b);
    painted_add(out, ladder_text_side_style(FLOW_B), text[FLOW_B].data, text[FLOW_B].len);
    painted_end_line(out);
}

/* Above the times, if that leaves a blank before what begins at column `end`. */
static void put_time_heads(struct painted *out, const struct ladder_layout *y, int end)
{
    /* TRANSLATORS: heads of columns: seconds since the beginning, and since the packet before; at most 8 and
     * 7 columns wide */
    const char *heads[] = {_("time"), _("delta")};
    int at = y->number ? y->number + 1 : 0, columns = y->time;

    for (int i = y->has_delta ? 0 : 1; i < 2; i++) {
        struct str text = STR_INIT;

        str_append_str(&text, heads[i]);
        if (at + columns < end)
            ladder_text_put_right(out, STYLE_DIM, &text, at, columns);
        at += columns + 1;
        columns = LADDER_DELTA_COLUMNS;
        str_done(&text);
    }
}

static void put_names(struct painted *out, const struct ladder_layout *y, const struct conversation *c)
{
    struct str text[FLOW_SIDES];

    for (unsigned side = FLOW_A; side < FLOW_SIDES; side++) {
        str_init(&text[side]);
        conversation_append_endpoint(&text[side], c, side);
    }
    put_pair(out, y, text);
    for (unsigned side = FLOW_A; side < FLOW_SIDES; side++) {
        const char *role = traffic_role(c, side);

        str_reset(&text[side]);
        str_append_str(&text[side], traffic_letter(side));
        if (role)
            str_appendf(&text[side], "%s%s", _(", "), _(role));
    }
    put_time_heads(out, y, begin_of(y, FLOW_A, &text[FLOW_A]));
    put_pair(out, y, text);
    for (unsigned side = FLOW_A; side < FLOW_SIDES; side++)
        str_done(&text[side]);
}

/* What both were before the first packet, where that can be told: who sends a SYN had no connection, who
 * answers it with SYN+ACK was listening, and who refuses it was not (RFC 9293, section 3.10.7). */
static void put_first_states(struct painted *out, const struct ladder_layout *y, const struct ladder *l,
    const struct conversation *c, bool ascii)
{
    const struct rung *first = ladder_count(l) ? ladder_rung(l, 0) : NULL;
    bool is_syn = first && first->kind == RUNG_PACKET && first->from == c->opener &&
                  (first->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
    enum flow_state state[FLOW_SIDES] = {FLOW_STATES, FLOW_STATES}; /* not told */

    if (!is_syn || !y->has_states)
        return;
    state[c->opener] = FLOW_CLOSED;
    if (first->has_states)
        state[!c->opener] =
            first->state[!c->opener] == FLOW_LISTEN || first->state[!c->opener] == FLOW_SYN_RECEIVED
                ? FLOW_LISTEN
                : FLOW_CLOSED;
    else if (c->opened == OPENED_THREE_WAY || c->opened == OPENED_HALF)
        state[!c->opener] = FLOW_LISTEN;
    else if (c->opened == OPENED_REFUSED)
        state[!c->opener] = FLOW_CLOSED;
    else if (ladder_text_is_never_heard(c))
        state[!c->opener] = FLOW_UNKNOWN;
    if (state[FLOW_A] != FLOW_STATES)
        ladder_text_put_state(out, y, FLOW_A, state[FLOW_A], false);
    painted_pad(out, y->line_a);
    painted_add_text(out, STYLE_DIM, traffic_signs(ascii)->life);
    painted_pad(out, y->line_b);
    painted_add_text(out, STYLE_DIM, traffic_signs(ascii)->life);
    if (state[FLOW_B] != FLOW_STATES)
        ladder_text_put_state(out, y, FLOW_B, state[FLOW_B], false);
    painted_end_line(out);
}

static bool is_any_inferred(const struct ladder *l)
{
    for (size_t i = 0; i < ladder_count(l); i++)
        for (unsigned side = FLOW_A; side < FLOW_SIDES; side++)
            if (ladder_rung(l, i)->is_changed[side] && ladder_rung(l, i)->is_inferred[side])
                return true;
    return false;
}

void ladder_text_head(struct painted *out, const struct ladder *l, const struct ladder_text_options *o)
{
    const struct conversation *c = ladder_conversation(l);
    struct ladder_layout y = ladder_text_layout(l, o->columns);

    if (!c)
        return;
    put_title(out, &y, l, c, o->ascii);
    if (y.has_states && is_any_inferred(l))
        traffic_wrap(out, STYLE_DIM,
            _("~ before a state: inferred, since not all packets are in the capture"), 0, y.columns);
    put_names(out, &y, c);
    put_first_states(out, &y, l, c, o->ascii);
}

/* ---- the notes ---- */

static void put_sentences(struct painted *out, const struct conversation *c, int columns)
{
    struct str text = STR_INIT;
    char *line, *end;

    explain_conversation(&text, c);
    for (line = text.data; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        traffic_wrap(out, STYLE_NORMAL, line, 0, columns);
    }
    str_done(&text);
}

void ladder_text_notes(struct painted *out, const struct ladder *l, const struct ladder_text_options *o)
{
    const struct conversation *c = ladder_conversation(l);
    int columns = traffic_columns(o->columns);

    if (!c)
        return;
    painted_end_line(out);
    put_sentences(out, c, columns);
    for (unsigned i = 0; i < c->finding_count; i++) {
        painted_end_line(out);
        traffic_finding(out, &c->findings[i], c, columns, o->ascii);
    }
    if (c->finding_count) {
        painted_end_line(out);
        traffic_wrap(out, STYLE_DIM, _("More about findings: man landline-findings"), 0, columns);
    }
}
