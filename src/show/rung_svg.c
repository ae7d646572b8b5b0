/* SPDX-License-Identifier: ISC */
/* A packet's rung, in user units from its upper edge; H is its height:
 *
 *       0 ..136    148 .. 240   252                    860   872 .. 964
 *                                |   flags seq ack len  |
 *         time       [state] ----|----------.__________ |
 *      #no delta                 |          notes      >|---- [state]
 *                                |   more notes         |                  H
 *
 * What is said of it comes from ladder_words; here is only where it goes. Widths of text are guessed by its
 * columns, as nobody can ask the font. */
#include "show/rung_svg.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "show/ladder_words.h"
#include "show/markup.h"
#include "show/text.h"
#include "show/traffic_text.h"

#define MIDDLE ((RUNG_SVG_A + RUNG_SVG_B) / 2)
#define SENT_Y 25    /* where an arrow leaves */
#define ARRIVES_Y 37 /* and where it ends: time flows down */
#define HEIGHT 50    /* of a rung with no notes */
#define NOTE_HEIGHT 16
#define PAUSE_HEIGHT 44
#define LABEL_COLUMNS 76 /* of 13 units' digits between the lifelines */
#define NOTE_COLUMNS 84
#define TAG_COLUMN 6.4 /* units a character of a state takes */

struct piece {
    struct str *out;
    const struct ladder *l;
    const struct rung *rung;
    const struct rung *before; /* NULL: it is the first */
    int height;
    bool is_tcp;
};

static int lifeline(unsigned side)
{
    return side == FLOW_A ? RUNG_SVG_A : RUNG_SVG_B;
}

const char *rung_svg_state_class(enum flow_state state)
{
    static const char *const classes[FLOW_STATES] = {
        [FLOW_UNKNOWN] = "s0",
        [FLOW_CLOSED] = "s1",
        [FLOW_LISTEN] = "s1",
        [FLOW_SYN_SENT] = "s2",
        [FLOW_SYN_RECEIVED] = "s2",
        [FLOW_ESTABLISHED] = "s3",
        [FLOW_FIN_WAIT_1] = "s4",
        [FLOW_FIN_WAIT_2] = "s4",
        [FLOW_CLOSING] = "s4",
        [FLOW_CLOSE_WAIT] = "s5",
        [FLOW_LAST_ACK] = "s5",
        [FLOW_TIME_WAIT] = "s6",
    };

    return classes[state];
}

void rung_svg_id(struct str *out, const struct ladder *l, const struct rung *rung)
{
    str_appendf(out, "c%" PRIu32 "-%" PRIu64 "%s", ladder_conversation(l)->id, rung->number,
        rung->part == RUNG_ARRIVES ? "-arrives" : "");
}

const struct rung *rung_svg_find(const struct ladder *l, uint64_t number)
{
    size_t count = ladder_count(l);

    for (size_t i = 0; i < count; i++) {
        const struct rung *rung = ladder_rung(l, i);

        if (rung->segments && number >= rung->number && number <= rung->last_number)
            return rung;
    }
    return NULL;
}

static bool is_pause(const struct rung *rung)
{
    return rung->kind == RUNG_IDLE || rung->kind == RUNG_CUT || rung->kind == RUNG_CHANGE;
}

/* ---- lifelines ---- */

static void add_line(struct piece *p, unsigned side, enum flow_state state, int from_y, int to_y)
{
    str_appendf(p->out, "<path class=\"l %s%s\" d=\"M%d %dV%d\"/>", rung_svg_state_class(state),
        is_pause(p->rung) ? " g" : "", lifeline(side), from_y, to_y);
}

static void add_tag(struct piece *p, unsigned side, int y)
{
    enum flow_state state = (enum flow_state)p->rung->state[side];
    const char *name = flow_state_name(state), *inferred = p->rung->is_inferred[side] ? "~" : "";
    int width = (int)(TAG_COLUMN * (double)(strlen(name) + strlen(inferred))) + 12;
    int x = side == FLOW_A ? RUNG_SVG_A - 12 - width : RUNG_SVG_B + 12;

    str_appendf(p->out,
        "<rect class=\"t %s%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"18\" rx=\"5\"/>"
        "<text class=\"tt\" x=\"%d\" y=\"%d\">%s%s</text>",
        rung_svg_state_class(state), *inferred ? " i" : "", x, y - 9, width, x + width / 2, y + 4, inferred,
        name);
}

/* Each side's state changes where the packet touches it. */
static void add_lifelines(struct piece *p)
{
    const struct rung *rung = p->rung;

    for (unsigned side = FLOW_A; side < FLOW_SIDES; side++) {
        enum flow_state now = (enum flow_state)rung->state[side];
        enum flow_state was = p->before ? (enum flow_state)p->before->state[side] : FLOW_UNKNOWN;
        int y = is_pause(rung) ? PAUSE_HEIGHT / 2 : rung->from == side ? SENT_Y : ARRIVES_Y;

        /* One unit further than the piece has, so that no seam shows where the next one begins. */
        if (now == was) {
            add_line(p, side, now, 0, p->height + 1);
            continue;
        }
        add_line(p, side, was, 0, y);
        add_line(p, side, now, y, p->height + 1);
        if (now != FLOW_UNKNOWN)
            add_tag(p, side, y);
    }
}

/* ---- arrows ---- */

static const char *arrow_class(const struct rung *rung, const struct ladder_words *w)
{
    if (w->is_bad)
        return w->style == STYLE_ERROR ? "e" : "w";
    return rung->fate > FATE_DELIVERED ? "w" : "n";
}

static void add_head(struct piece *p, const char *class, int x, int y, int direction, int length, int half)
{
    str_appendf(p->out, "<path class=\"h %s\" d=\"M%d %dl%d %dv%dz\"/>", class, x, y, -direction * length,
        -half, 2 * half);
}

/* Of a packet that is under way, the one half; with the other one it is the whole arrow. Between them both
 * are dashed. */
static void add_half(struct piece *p, const char *class)
{
    int direction = p->rung->from == FLOW_A ? 1 : -1, quarter = direction * (RUNG_SVG_B - RUNG_SVG_A) / 4;
    int from_x = lifeline(p->rung->from), to_x = lifeline(!p->rung->from) - 3 * direction;
    int y = (SENT_Y + ARRIVES_Y) / 2;

    if (p->rung->part == RUNG_LEAVES) {
        str_appendf(p->out,
            "<path class=\"a %s\" d=\"M%d %dL%d %d\"/><path class=\"a c %s\" d=\"M%d %dL%d %d\"/>", class,
            from_x, SENT_Y, MIDDLE, y, class, MIDDLE, y, MIDDLE + quarter, (y + ARRIVES_Y) / 2);
        return;
    }
    str_appendf(p->out,
        "<path class=\"a c %s\" d=\"M%d %dL%d %d\"/><path class=\"a %s\" d=\"M%d %dL%d %d\"/>", class,
        MIDDLE - quarter, (SENT_Y + y) / 2, MIDDLE, y, class, MIDDLE, y, to_x - 9 * direction, ARRIVES_Y);
    add_head(p, class, to_x, ARRIVES_Y, direction, 11, 5);
}

static void add_arrow(struct piece *p, const char *class)
{
    const struct rung *rung = p->rung;
    int direction = rung->from == FLOW_A ? 1 : -1;
    int from_x = lifeline(rung->from), to_x = lifeline(!rung->from) - 3 * direction;

    if (rung->kind == RUNG_ICMP) {
        /* Who sent it is not told, a router or the host: it begins at nobody's lifeline. */
        int x = from_x + direction * (RUNG_SVG_B - RUNG_SVG_A) * 3 / 4;

        str_appendf(p->out,
            "<circle class=\"o %s\" cx=\"%d\" cy=\"%d\" r=\"4\"/><path class=\"a c %s\" d=\"M%d %dL%d %d\"/>",
            class, x, SENT_Y, class, x - 4 * direction, SENT_Y, from_x + 11 * direction, ARRIVES_Y);
        add_head(p, class, from_x + 3 * direction, ARRIVES_Y, -direction, 11, 5);
        return;
    }
    if (rung->fate == FATE_DROPPED) {
        int y = (SENT_Y + ARRIVES_Y) / 2;

        str_appendf(p->out,
            "<path class=\"a %s\" d=\"M%d %dL%d %d\"/><path class=\"x\" d=\"M%d %dl12 12m0-12l-12 12\"/>",
            class, from_x, SENT_Y, MIDDLE, y, MIDDLE - 6, y - 6);
        return;
    }
    if (rung->part != RUNG_WHOLE) {
        add_half(p, class);
        return;
    }
    if (rung->kind == RUNG_RUN) {
        str_appendf(p->out, "<path class=\"a r %s\" d=\"M%d %dL%d %d\"/>", class, from_x + 2 * direction,
            SENT_Y + 3, to_x - 14 * direction, ARRIVES_Y);
        add_head(p, class, to_x, ARRIVES_Y, direction, 16, 10);
        return;
    }
    str_appendf(p->out, "<path class=\"a %s\" d=\"M%d %dL%d %d\"/>", class, from_x, SENT_Y,
        to_x - 9 * direction, ARRIVES_Y);
    add_head(p, class, to_x, ARRIVES_Y, direction, 11, 5);
}

/* The ACKs that were folded into a run, as one thin arrow back. Returns how much lower the notes begin. */
static int add_acks(struct piece *p)
{
    int direction = p->rung->from == FLOW_A ? -1 : 1;
    int to_x = lifeline(p->rung->from) - 3 * direction;

    if (p->rung->kind != RUNG_RUN)
        return 0;
    if (!p->rung->acks)
        return 8;
    str_appendf(p->out, "<path class=\"a k\" d=\"M%d %dL%d %d\"/>", lifeline(!p->rung->from), ARRIVES_Y + 12,
        to_x - 8 * direction, ARRIVES_Y + 20);
    add_head(p, "k", to_x, ARRIVES_Y + 20, direction, 9, 4);
    return 24;
}

/* ---- words ---- */

static const char *style_class(enum style style)
{
    switch (style) {
    case STYLE_BOLD:
        return "b";
    case STYLE_DIM:
        return "d";
    case STYLE_WARNING:
        return "w";
    case STYLE_ERROR:
        return "e";
    default:
        return NULL;
    }
}

static void add_word(struct str *out, const struct ladder_words *w, const struct word *word, bool is_bold)
{
    const char *class = style_class(word->style);

    if (class || is_bold)
        str_appendf(out, "<tspan class=\"%s%s\">", class ? class : "", is_bold ? " b" : "");
    markup_add(out, w->text.data + word->at, word->len);
    if (class || is_bold)
        str_append_str(out, "</tspan>");
}

/* What the header says, above the arrow. */
static void add_label(struct piece *p, const struct ladder_words *w)
{
    int column = 0;

    str_appendf(p->out, "<text class=\"q\" x=\"%d\" y=\"18\">", MIDDLE);
    for (unsigned i = 0; i < w->count; i++) {
        const struct word *word = &w->words[i];

        if (word->kind != WORD_FACT && word->kind != WORD_EXTRA)
            continue;
        if (word->kind == WORD_EXTRA && column + word->columns + 2 > LABEL_COLUMNS)
            continue;
        if (column)
            str_append_str(p->out, "\u00a0 "); /* two blanks would become one */
        add_word(p->out, w, word, !column);
        column += word->columns + 2;
    }
    str_append_str(p->out, "</text>");
}

/* What it means, below: as many lines as it takes. Returns where the last one stands; 0: there is none. */
static int add_notes(struct str *out, const struct ladder_words *w, int y)
{
    int column = 0, last = 0;

    for (unsigned i = 0; i < w->count; i++) {
        const struct word *word = &w->words[i];

        if (word->kind != WORD_NOTE && word->kind != WORD_ASIDE)
            continue;
        if (!last || column + word->columns + 3 > NOTE_COLUMNS) {
            if (last)
                str_append_str(out, "</text>");
            last = last ? last + NOTE_HEIGHT : y;
            column = 0;
            str_appendf(out, "<text class=\"m\" x=\"%d\" y=\"%d\">", MIDDLE, last);
        }
        if (column)
            str_append_str(out, "<tspan class=\"d\">\u00a0·\u00a0</tspan>");
        add_word(out, w, word, false);
        column += word->columns + 3;
    }
    if (last)
        str_append_str(out, "</text>");
    return last;
}

static void add_time(struct piece *p)
{
    int64_t ns = traffic_between_ns(p->rung->time_ns, ladder_start_ns(p->l));
    double seconds = (double)ns / 1e9;

    /* As many digits as there is room for. */
    str_appendf(p->out, "<text class=\"z\" x=\"136\" y=\"%d\">%.*f</text>", SENT_Y + 4,
        seconds >= 1e6 || seconds < -1e5 ? 0
        : seconds >= 1e3 || seconds < 0  ? 3
                                         : 6,
        seconds);
    str_appendf(p->out, "<text class=\"z d\" x=\"136\" y=\"%d\">", SENT_Y + 18);
    if (p->rung->kind != RUNG_RUN && p->rung->part != RUNG_ARRIVES && p->before) {
        str_append_str(p->out, p->rung->delta_ns < 0 ? "−" : "+");
        traffic_append_span(p->out, p->rung->delta_ns);
    }
    str_appendf(
        p->out, "</text><text class=\"y d\" x=\"10\" y=\"%d\">#%" PRIu64, SENT_Y + 18, p->rung->number);
    if (p->rung->last_number != p->rung->number)
        str_appendf(p->out, "–%" PRIu64, p->rung->last_number);
    str_append_str(p->out, "</text>");
}

static void add_pause(struct piece *p)
{
    char count[TRAFFIC_COUNT_BYTES];
    struct str text = STR_INIT, span = STR_INIT;
    int width;

    if (p->rung->kind == RUNG_IDLE) {
        traffic_append_span(&span, p->rung->delta_ns);
        str_appendf(&text, _("%s without a packet"), span.data);
    } else if (p->rung->kind == RUNG_CHANGE) {
        str_append_str(&text, _("no packet"));
    } else {
        str_appendf(&text, ngettext("%s packet left out", "%s packets left out", p->rung->segments),
            traffic_count(count, p->rung->segments));
    }
    width = (int)(7.4 * text_columns(text.data, text.len)) + 28;
    str_appendf(p->out,
        "<path class=\"v\" d=\"M%d 22H%dM%d 22H%d\"/>"
        "<rect class=\"p\" x=\"%d\" y=\"11\" width=\"%d\" height=\"22\" rx=\"11\"/>"
        "<text class=\"m d\" x=\"%d\" y=\"26\">",
        RUNG_SVG_A + 10, MIDDLE - width / 2, MIDDLE + width / 2, RUNG_SVG_B - 10, MIDDLE - width / 2, width,
        MIDDLE);
    markup_add(p->out, text.data, text.len);
    str_append_str(p->out, "</text>");
    str_done(&text);
    str_done(&span);
}

/* ---- the whole ---- */

static void add_packet(struct piece *p, bool absolute)
{
    struct ladder_words words;
    struct str below = STR_INIT, arrow = STR_INIT, *out = p->out;
    const char *class;
    int lower, last;

    ladder_words_init(&words);
    ladder_words_of(&words, p->l, p->rung, absolute, false);
    class = arrow_class(p->rung, &words);
    p->out = &arrow;
    add_arrow(p, class);
    lower = add_acks(p);
    last = add_notes(&below, &words, SENT_Y + 22 + lower);
    p->height = last ? last + 13 : HEIGHT + lower;
    p->out = out;
    str_appendf(out, "<rect class=\"f\" width=\"%d\" height=\"%d\"/>", RUNG_SVG_WIDTH, p->height);
    add_lifelines(p);
    str_append(out, arrow.data, arrow.len);
    add_label(p, &words);
    str_append(out, below.data, below.len);
    add_time(p);
    ladder_words_done(&words);
    str_done(&below);
    str_done(&arrow);
}

int rung_svg(struct str *out, const struct ladder *l, size_t index, bool absolute)
{
    struct piece p = {.out = out,
        .l = l,
        .rung = ladder_rung(l, index),
        .before = index ? ladder_rung(l, index - 1) : NULL,
        .height = PAUSE_HEIGHT};

    if (!is_pause(p.rung)) {
        add_packet(&p, absolute);
        return p.height;
    }
    add_lifelines(&p);
    add_pause(&p);
    return p.height;
}
