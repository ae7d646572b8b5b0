/* SPDX-License-Identifier: ISC */
/* Where everything stands is worked out anew for each call, from the ladder and the columns there are: it is
 * cheap, and a screen that is made wider just draws again.
 *
 *     number time delta   state of A │ lane, with the arrows │ state of B   notes
 */
#include "show/ladder_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "see/explain.h"
#include "see/tcpstate.h"
#include "show/ladder_words.h"
#include "show/text.h"
#include "show/traffic_text.h"

#define COLUMNS_FOR_NUMBERS 100
#define COLUMNS_FOR_FULL_STATES 80
#define COLUMNS_FOR_BOTH_TIMES 72
#define TIME_COLUMNS_MIN 8 /* "0.000021" */
#define TIME_COLUMNS_MAX 10
#define DELTA_COLUMNS (1 + TRAFFIC_SPAN_COLUMNS)
#define STATE_COLUMNS 12 /* SYN_RECEIVED */
#define BRIEF_STATE_COLUMNS 9
/* With room for such a lane, and for notes beside it, both are made. */
#define LANE_COLUMNS_ENOUGH 60
#define LANE_COLUMNS_MAX 76
#define NOTES_COLUMNS_MIN 28
/* Blanks and line before the words on an arrow, and what is behind them at least. */
#define LEAD_COLUMNS 3
#define TRAIL_COLUMNS 2

struct layout {
    int columns;
    int number; /* columns of it; 0: none */
    int time;
    bool has_delta; /* else the time's column has it, but for the first rung */
    bool has_states, is_brief;
    int state;                /* columns of one, with the blank beside its lifeline; 0: none */
    int line_a, lane, line_b; /* where the lifelines are, and how far apart */
    int notes_at, notes;      /* notes: columns; 0: below the arrows */
};

/* ---- layout ---- */

static bool is_udp(const struct ladder *l)
{
    const struct conversation *c = ladder_conversation(l);

    return c && c->protocol == IP_PROTOCOL_UDP;
}

static int digits_of(uint64_t number)
{
    int digits = 1;

    while (number /= 10)
        digits++;
    return digits;
}

static const struct rung *last_rung(const struct ladder *l)
{
    return ladder_count(l) ? ladder_rung(l, ladder_count(l) - 1) : NULL;
}

static int time_columns(const struct ladder *l)
{
    const struct rung *last = last_rung(l);
    int64_t ns = last ? traffic_between_ns(last->end_ns, ladder_start_ns(l)) : 0;
    int columns = digits_of(ns > 0 ? (uint64_t)ns / 1000000000 : 0) + 7;

    return columns > TIME_COLUMNS_MAX ? TIME_COLUMNS_MAX : columns;
}

static struct layout layout_of(const struct ladder *l, int columns)
{
    struct layout y = {.columns = traffic_columns(columns)};
    int room;

    y.has_delta = y.columns >= COLUMNS_FOR_BOTH_TIMES;
    y.time = y.has_delta ? time_columns(l) : TIME_COLUMNS_MIN;
    y.has_states = !is_udp(l);
    y.is_brief = y.columns < COLUMNS_FOR_FULL_STATES;
    y.state = !y.has_states ? 0 : 1 + (y.is_brief ? BRIEF_STATE_COLUMNS : STATE_COLUMNS);
    if (y.columns >= COLUMNS_FOR_NUMBERS) {
        y.number = last_rung(l) ? digits_of(last_rung(l)->last_number) : 1;
        y.line_a += y.number + 1;
    }
    y.line_a += y.time + 1 + (y.has_delta ? DELTA_COLUMNS + 1 : 0) + y.state;
    room = y.columns - y.line_a - 2 - y.state;
    y.lane = room < LANE_COLUMNS_MAX ? room : LANE_COLUMNS_MAX;
    if (room >= LANE_COLUMNS_ENOUGH + 2 + NOTES_COLUMNS_MIN) {
        y.lane = room * 11 / 20;
        y.lane = y.lane < LANE_COLUMNS_ENOUGH ? LANE_COLUMNS_ENOUGH
                 : y.lane > LANE_COLUMNS_MAX  ? LANE_COLUMNS_MAX
                                              : y.lane;
        y.notes = room - y.lane - 2;
    }
    y.line_b = y.line_a + 1 + y.lane;
    y.notes_at = y.line_b + 1 + y.state + 1;
    return y;
}

/* ---- times ---- */

/* Seconds with six digits behind the point; with fewer where they do not fit. */
static void append_time(struct str *out, int64_t ns, int columns)
{
    char text[40];
    uint64_t value = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    int len = snprintf(text, sizeof(text), "%s%" PRIu64 ".%06u", ns < 0 ? "-" : "", value / 1000000000,
        (unsigned)(value % 1000000000 / 1000));
    int point = len - 7;

    if (len > columns)
        len = point + 1 < columns ? columns : point;
    if (len > columns)
        str_append_str(out, ns < 0 ? "<" : ">"); /* some three years */
    else
        str_append(out, text, (size_t)len);
}

static void append_delta(struct str *out, int64_t ns)
{
    str_append_char(out, ns < 0 ? '-' : '+');
    traffic_append_span(out, ns);
}

static void put_right(struct painted *out, enum style style, const struct str *text, int at, int columns)
{
    painted_pad(out, at + columns - text_columns(text->data, text->len));
    painted_add(out, style, text->data, text->len);
}

static void put_times(struct painted *out, const struct layout *y, const struct ladder *l, size_t index)
{
    const struct rung *rung = ladder_rung(l, index);
    struct str text = STR_INIT;
    int at = 0;

    if (y->number) {
        str_appendf(&text, "%" PRIu64, rung->number);
        put_right(out, STYLE_DIM, &text, 0, y->number);
        str_reset(&text);
        at = y->number + 1;
    }
    if (y->has_delta || index == 0) {
        append_time(&text, traffic_between_ns(rung->time_ns, ladder_start_ns(l)), y->time);
        put_right(out, STYLE_NORMAL, &text, at, y->time);
        str_reset(&text);
        at += y->time + 1;
    }
    if (index > 0) {
        append_delta(&text, rung->delta_ns);
        put_right(out, STYLE_DIM, &text, at, y->has_delta ? DELTA_COLUMNS : y->time);
    }
    str_done(&text);
}

/* ---- states ---- */

/* As tools abbreviate them (ss, netstat), where there is no room for RFC 9293's names. */
static const char *state_text(enum flow_state state, bool is_brief)
{
    static const char *const brief[FLOW_STATES] = {
        [FLOW_SYN_RECEIVED] = "SYN_RCVD",
        [FLOW_ESTABLISHED] = "ESTAB",
        [FLOW_FIN_WAIT_1] = "FINWAIT1",
        [FLOW_FIN_WAIT_2] = "FINWAIT2",
        [FLOW_CLOSE_WAIT] = "CLOSEWAIT",
    };

    return is_brief && brief[state] ? brief[state] : flow_state_name(state);
}

static enum style side_style(unsigned side)
{
    return side == FLOW_A ? STYLE_ME : STYLE_THEM;
}

/* Right up to its lifeline, or away from it; the mark of an inferred one may take the blank between. */
static void put_state(
    struct painted *out, const struct layout *y, unsigned side, enum flow_state state, bool is_inferred)
{
    struct str text = STR_INIT;
    int columns;

    str_appendf(
        &text, "%s%s", is_inferred && state != FLOW_UNKNOWN ? "~" : "", state_text(state, y->is_brief));
    columns = (int)text.len;
    if (side == FLOW_A)
        painted_pad(out, y->line_a - columns - (columns < y->state));
    else if (columns < y->state)
        painted_pad(out, y->line_b + 2);
    painted_add(out, is_inferred ? STYLE_DIM : side_style(side), text.data, text.len);
    str_done(&text);
}

/* A packet counts as arrived until something tells otherwise, so a side that was sent a SYN is in
 * SYN_RECEIVED; but of one that has never answered nothing is known, and one that refuses has stayed closed
 * (RFC 9293, section 3.10.7.1). */
static bool is_never_heard(const struct conversation *c)
{
    return c && (c->opened == OPENED_UNANSWERED || c->opened == OPENED_UNREACHABLE);
}

static void put_state_of(struct painted *out, const struct layout *y, const struct ladder *l,
    const struct rung *rung, unsigned side)
{
    const struct conversation *c = ladder_conversation(l);
    enum flow_state state = (enum flow_state)rung->state[side];

    if (!y->has_states || !rung->is_changed[side])
        return;
    if (side == FLOW_B &&
        (is_never_heard(c) || (c && c->opened == OPENED_REFUSED && state == FLOW_SYN_RECEIVED)))
        return;
    put_state(out, y, side, state, rung->is_inferred[side]);
}

/* ---- words ---- */

/* Words that are still to be put somewhere, line by line. */
struct flowing {
    const struct ladder_words *words;
    bool is_wanted[LADDER_WORDS_MAX];
    unsigned next;
    size_t done; /* of the next one, which is too long for a line */
};

/* Between a word and the one before it. */
static int gap_before(const struct word *word)
{
    return word->kind == WORD_NOTE || word->kind == WORD_ASIDE ? 2 : 1;
}

static bool is_flowing(struct flowing *f)
{
    while (f->next < f->words->count && !f->is_wanted[f->next])
        f->next++;
    return f->next < f->words->count;
}

/* As many as stand on a line of so many columns. */
static void flow_line(struct painted *out, struct flowing *f, int columns)
{
    int used = 0;

    while (is_flowing(f)) {
        const struct word *word = &f->words->words[f->next];
        const char *text = f->words->text.data + word->at;
        int gap = used ? gap_before(word) : 0;
        size_t row, next;

        if (!f->done && used + gap + word->columns <= columns) {
            painted_repeat(out, STYLE_NORMAL, " ", gap);
            painted_add(out, word->style, text, word->len);
            used += gap + word->columns;
            f->next++;
            continue;
        }
        if (used)
            return;
        row = text_row(text, word->len, f->done, columns, &next);
        painted_add(out, word->style, text + f->done, row);
        f->done = next;
        if (next < word->len)
            return;
        f->done = 0;
        f->next++;
        used = text_columns(text + word->len - row, row);
    }
}

/* ---- arrows ---- */

struct arrow {
    struct flowing on;    /* the words on it */
    struct flowing below; /* those that did not fit */
    struct flowing notes;
    int words; /* columns of those on it */
};

static bool take_word(struct arrow *a, const struct word *word, unsigned i, int room)
{
    int gap = a->words ? gap_before(word) : 0;

    if (a->words + gap + word->columns > room)
        return false;
    a->on.is_wanted[i] = true;
    a->words += gap + word->columns;
    return true;
}

/* Facts first, then notes where they have no place of their own, then what fits. */
static void place_words(struct arrow *a, const struct ladder_words *w, const struct layout *y)
{
    int room = y->lane - LEAD_COLUMNS - TRAIL_COLUMNS;
    int beside = 0; /* columns of the notes, on one line */
    bool is_all = true;

    memset(a, 0, sizeof(*a));
    a->on.words = a->below.words = a->notes.words = w;
    for (unsigned i = 0; i < w->count; i++) {
        const struct word *word = &w->words[i];

        if (word->kind != WORD_FACT && (word->kind != WORD_NOTE || y->notes))
            continue;
        is_all = is_all && take_word(a, word, i, room);
        if (!is_all)
            (word->kind == WORD_NOTE ? &a->notes : &a->below)->is_wanted[i] = true;
    }
    for (unsigned i = 0; i < w->count; i++) {
        const struct word *word = &w->words[i];
        int gap = beside ? gap_before(word) : 0;

        if (word->kind == WORD_ASIDE && !y->notes && is_all) {
            take_word(a, word, i, room);
        } else if (y->notes && (word->kind == WORD_NOTE ||
                                   (word->kind == WORD_ASIDE && beside + gap + word->columns <= y->notes))) {
            a->notes.is_wanted[i] = true;
            beside += gap + word->columns;
        }
    }
    for (unsigned i = 0; i < w->count; i++)
        if (is_all && w->words[i].kind == WORD_EXTRA)
            take_word(a, &w->words[i], i, room);
}

struct shape {
    bool is_right;      /* its head is */
    bool is_from_right; /* it begins, or if it is short ends, at the lifeline of B */
    int columns;        /* how long it is */
    const char *line, *head;
};

/* An arrow that is lost ends before the other lifeline. An ICMP error comes from somewhere on the way, one
 * cannot tell how far: it begins there. */
static struct shape shape_of(
    const struct rung *rung, const struct arrow *a, const struct layout *y, const struct traffic_signs *signs)
{
    bool is_error = rung->kind == RUNG_ICMP, is_lost = rung->fate == FATE_DROPPED;
    int needed = LEAD_COLUMNS + a->words + TRAIL_COLUMNS;
    struct shape s = {
        .is_right = (rung->from == FLOW_A) != is_error, .columns = y->lane, .line = signs->line};

    if (is_error || is_lost) {
        s.columns = y->lane * 3 / 4;
        s.columns = s.columns < needed ? needed : s.columns;
    }
    s.is_from_right = s.is_right == is_error;
    s.head = is_lost ? signs->lost : s.is_right ? signs->right : signs->left;
    if (rung->kind == RUNG_RUN)
        s.line = signs->run;
    else if (rung->verdicts & VERDICT_RETRANSMISSION)
        s.line = signs->again;
    return s;
}

static void put_arrow(
    struct painted *out, struct arrow *a, const struct shape *s, const struct layout *y, enum style style)
{
    int begin = painted_column(out) + (s->is_from_right ? y->lane - s->columns : 0), end = begin + s->columns;

    painted_pad(out, begin);
    if (!s->is_right)
        painted_add_text(out, style, s->head);
    painted_repeat(out, style, s->line, s->is_right ? LEAD_COLUMNS - 1 : LEAD_COLUMNS - 2);
    if (is_flowing(&a->on)) {
        painted_add_text(out, STYLE_NORMAL, " ");
        flow_line(out, &a->on, a->words);
        painted_add_text(out, STYLE_NORMAL, " ");
    }
    painted_repeat(out, style, s->line, end - painted_column(out) - s->is_right);
    if (s->is_right)
        painted_add_text(out, style, s->head);
    painted_pad(out, y->line_b);
}

/* The words that are still left, in the lane and beside it. */
static void put_further_lines(
    struct painted *out, struct arrow *a, const struct layout *y, const struct traffic_signs *signs)
{
    while (is_flowing(&a->below) || is_flowing(&a->notes)) {
        struct flowing *in_lane = is_flowing(&a->below) ? &a->below : y->notes ? NULL : &a->notes;

        painted_pad(out, y->line_a);
        painted_add_text(out, STYLE_DIM, signs->life);
        if (in_lane) {
            painted_pad(out, y->line_a + 1 + LEAD_COLUMNS);
            flow_line(out, in_lane, y->lane - LEAD_COLUMNS - 1);
        }
        painted_pad(out, y->line_b);
        painted_add_text(out, STYLE_DIM, signs->life);
        if (y->notes && is_flowing(&a->notes)) {
            painted_pad(out, y->notes_at);
            flow_line(out, &a->notes, y->notes);
        }
        painted_end_line(out);
    }
}

static void put_packet(struct painted *out, const struct layout *y, const struct ladder *l, size_t index,
    const struct ladder_text_options *o)
{
    const struct traffic_signs *signs = traffic_signs(o->ascii);
    const struct rung *rung = ladder_rung(l, index);
    struct ladder_words words;
    struct arrow arrow;
    struct shape shape;

    ladder_words_init(&words);
    ladder_words_of(&words, l, rung, o->absolute, o->ascii);
    place_words(&arrow, &words, y);
    shape = shape_of(rung, &arrow, y, signs);
    put_times(out, y, l, index);
    put_state_of(out, y, l, rung, FLOW_A);
    painted_pad(out, y->line_a);
    painted_add_text(out, STYLE_DIM, signs->life);
    put_arrow(out, &arrow, &shape, y, words.is_bad ? words.style : side_style(rung->from));
    painted_add_text(out, STYLE_DIM, signs->life);
    put_state_of(out, y, l, rung, FLOW_B);
    if (y->notes && is_flowing(&arrow.notes)) {
        painted_pad(out, y->notes_at);
        flow_line(out, &arrow.notes, y->notes);
    }
    painted_end_line(out);
    put_further_lines(out, &arrow, y, signs);
    ladder_words_done(&words);
}

/* ---- what is no packet ---- */

static void put_silence(struct painted *out, const struct layout *y, const char *text, const char *life)
{
    size_t len = strlen(text), at = 0, next;

    while (at < len) {
        size_t row = text_row(text, len, at, y->lane - 2, &next);

        painted_pad(out, y->line_a);
        painted_add_text(out, STYLE_DIM, life);
        painted_pad(out, y->line_a + 1 + (y->lane - text_columns(text + at, row)) / 2);
        painted_add(out, STYLE_DIM, text + at, row);
        painted_pad(out, y->line_b);
        painted_add_text(out, STYLE_DIM, life);
        painted_end_line(out);
        at = next;
    }
}

static void put_idle(
    struct painted *out, const struct layout *y, const struct rung *rung, const struct traffic_signs *signs)
{
    struct str took = STR_INIT, text = STR_INIT;

    clock_append_duration(&took, traffic_between_ns(rung->end_ns, rung->time_ns));
    /* TRANSLATORS: %s is a duration in which nothing was sent */
    str_appendf(&text, _("%s without a packet"), took.data);
    put_silence(out, y, text.data, signs->quiet);
    str_done(&took);
    str_done(&text);
}

static void put_cut(
    struct painted *out, const struct layout *y, const struct rung *rung, const struct traffic_signs *signs)
{
    char count[TRAFFIC_COUNT_BYTES];
    struct str text = STR_INIT;

    str_appendf(&text,
        ngettext("%s packet left out: number %" PRIu64 " to %" PRIu64,
            "%s packets left out: numbers %" PRIu64 " to %" PRIu64, rung->segments),
        traffic_count(count, rung->segments), rung->number, rung->last_number);
    put_silence(out, y, text.data, signs->quiet);
    str_done(&text);
}

void ladder_text_rung(
    struct painted *out, const struct ladder *l, size_t index, const struct ladder_text_options *o)
{
    struct layout y = layout_of(l, o->columns);
    const struct rung *rung = ladder_rung(l, index);

    switch ((enum rung_kind)rung->kind) {
    case RUNG_PACKET:
    case RUNG_RUN:
    case RUNG_ICMP:
        put_packet(out, &y, l, index, o);
        break;
    case RUNG_IDLE:
        put_idle(out, &y, rung, traffic_signs(o->ascii));
        break;
    case RUNG_CUT:
        put_cut(out, &y, rung, traffic_signs(o->ascii));
        break;
    }
}

/* ---- the head ---- */

/* "#3  TCP  TLS example.org", and at the end of the line when it began. */
static void put_title(struct painted *out, const struct layout *y, const struct ladder *l,
    const struct conversation *c, bool ascii)
{
    struct str label = STR_INIT, time = STR_INIT;
    int room;

    clock_append_iso(&time, ladder_start_ns(l));
    painted_addf(out, STYLE_BOLD, "#%" PRIu32 "  %s", c->id, is_udp(l) ? "UDP" : "TCP");
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
        put_right(out, STYLE_DIM, &time, y->columns - (int)time.len, (int)time.len);
    painted_end_line(out);
    str_done(&label);
    str_done(&time);
}

/* Where a text that is to stand in the middle of its lifeline begins. */
static int begin_of(const struct str *text, int middle, int columns)
{
    int taken = text_columns(text->data, text->len), begin = middle - taken / 2;

    if (begin + taken > columns)
        begin = columns - taken;
    return begin < 0 ? 0 : begin;
}

/* Two texts, on one line if they fit beside each other. */
static void put_pair(struct painted *out, const struct layout *y, const struct str text[FLOW_SIDES])
{
    int a = begin_of(&text[FLOW_A], y->line_a, y->columns),
        b = begin_of(&text[FLOW_B], y->line_b, y->columns);

    painted_pad(out, a);
    painted_add(out, side_style(FLOW_A), text[FLOW_A].data, text[FLOW_A].len);
    if (painted_column(out) + 2 > b)
        painted_end_line(out);
    painted_pad(out, b);
    painted_add(out, side_style(FLOW_B), text[FLOW_B].data, text[FLOW_B].len);
    painted_end_line(out);
}

/* Above the times, if that leaves a blank before what begins at column `end`. */
static void put_time_heads(struct painted *out, const struct layout *y, int end)
{
    /* TRANSLATORS: heads of columns: seconds since the beginning, and since the packet before; at most 8 and
     * 7 columns wide */
    const char *heads[] = {_("time"), _("delta")};
    int at = y->number ? y->number + 1 : 0, columns = y->time;

    for (int i = y->has_delta ? 0 : 1; i < 2; i++) {
        struct str text = STR_INIT;

        str_append_str(&text, heads[i]);
        if (at + columns < end)
            put_right(out, STYLE_DIM, &text, at, columns);
        at += columns + 1;
        columns = DELTA_COLUMNS;
        str_done(&text);
    }
}

static const char *role_of(const struct conversation *c, unsigned side)
{
    if (c->opened == OPENED_SIMULTANEOUS)
        return NULL;
    if (c->opened == OPENED_DATAGRAM)
        return side == FLOW_A ? N_("spoke first") : NULL;
    if (c->opened == OPENED_MID_CAPTURE && !c->side[FLOW_A].has_syn)
        return side == FLOW_A ? N_("heard first") : NULL;
    return side == FLOW_A ? N_("client") : N_("server");
}

static void put_names(struct painted *out, const struct layout *y, const struct conversation *c)
{
    struct str text[FLOW_SIDES];

    for (unsigned side = FLOW_A; side < FLOW_SIDES; side++) {
        str_init(&text[side]);
        conversation_append_endpoint(&text[side], c, side);
    }
    put_pair(out, y, text);
    for (unsigned side = FLOW_A; side < FLOW_SIDES; side++) {
        const char *role = role_of(c, side);

        str_reset(&text[side]);
        str_append_str(&text[side], traffic_letter(side));
        if (role)
            str_appendf(&text[side], "%s%s", _(", "), _(role));
    }
    put_time_heads(out, y, begin_of(&text[FLOW_A], y->line_a, y->columns));
    put_pair(out, y, text);
    for (unsigned side = FLOW_A; side < FLOW_SIDES; side++)
        str_done(&text[side]);
}

/* What both were before the first packet, where that can be told: who sends a SYN had no connection, who
 * answers it with SYN+ACK was listening, and who refuses it was not (RFC 9293, section 3.10.7). */
static void put_first_states(struct painted *out, const struct layout *y, const struct ladder *l,
    const struct conversation *c, bool ascii)
{
    const struct rung *first = ladder_count(l) ? ladder_rung(l, 0) : NULL;
    bool is_syn = first && first->kind == RUNG_PACKET && first->from == FLOW_A &&
                  (first->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;

    if (!is_syn || !y->has_states)
        return;
    put_state(out, y, FLOW_A, FLOW_CLOSED, false);
    painted_pad(out, y->line_a);
    painted_add_text(out, STYLE_DIM, traffic_signs(ascii)->life);
    painted_pad(out, y->line_b);
    painted_add_text(out, STYLE_DIM, traffic_signs(ascii)->life);
    if (c->opened == OPENED_THREE_WAY || c->opened == OPENED_HALF)
        put_state(out, y, FLOW_B, FLOW_LISTEN, false);
    else if (c->opened == OPENED_REFUSED)
        put_state(out, y, FLOW_B, FLOW_CLOSED, false);
    else if (is_never_heard(c))
        put_state(out, y, FLOW_B, FLOW_UNKNOWN, false);
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
    struct layout y = layout_of(l, o->columns);

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
