/* SPDX-License-Identifier: ISC */
/* Rungs: an arrow, and room for the words that belong to it. */
#include "show/ladder_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "show/ladder_text_inside.h"
#include "show/ladder_words.h"
#include "show/text.h"
#include "show/traffic_text.h"

/* Blanks and line before the words on an arrow, and what is behind them at least. */
#define LEAD_COLUMNS 3
#define TRAIL_COLUMNS 2

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

static void put_times(
    struct painted *out, const struct ladder_layout *y, const struct ladder *l, size_t index)
{
    const struct rung *rung = ladder_rung(l, index);
    struct str text = STR_INIT;
    int at = 0;

    if (y->number) {
        str_appendf(&text, "%" PRIu64, rung->number);
        ladder_text_put_right(out, STYLE_DIM, &text, 0, y->number);
        str_reset(&text);
        at = y->number + 1;
    }
    if (y->has_delta || index == 0) {
        append_time(&text, traffic_between_ns(rung->time_ns, ladder_start_ns(l)), y->time);
        ladder_text_put_right(out, STYLE_NORMAL, &text, at, y->time);
        str_reset(&text);
        at += y->time + 1;
    }
    if (index > 0 && rung->part != RUNG_ARRIVES) {
        append_delta(&text, rung->delta_ns);
        ladder_text_put_right(out, STYLE_DIM, &text, at, y->has_delta ? LADDER_DELTA_COLUMNS : y->time);
    }
    str_done(&text);
}

static void put_state_of(struct painted *out, const struct ladder_layout *y, const struct ladder *l,
    const struct rung *rung, unsigned side)
{
    const struct conversation *c = ladder_conversation(l);
    enum flow_state state = (enum flow_state)rung->state[side];

    if (!y->has_states || !rung->is_changed[side])
        return;
    if (!rung->has_states && side != (c ? c->opener : FLOW_A) &&
        (ladder_text_is_never_heard(c) || (c && c->opened == OPENED_REFUSED && state == FLOW_SYN_RECEIVED)))
        return;
    ladder_text_put_state(out, y, side, state, rung->is_inferred[side]);
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
static void place_words(struct arrow *a, const struct ladder_words *w, const struct ladder_layout *y)
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

/* An arrow that is lost ends before the other lifeline, and so does that of a packet which is under way;
 * where it arrives the rest of it is drawn. An ICMP error comes from somewhere on the way, one cannot tell
 * how far: it begins there. */
static struct shape shape_of(const struct rung *rung, const struct arrow *a, const struct ladder_layout *y,
    const struct traffic_signs *signs)
{
    bool is_error = rung->kind == RUNG_ICMP, is_lost = rung->fate == FATE_DROPPED;
    bool is_end = is_error || rung->part == RUNG_ARRIVES;
    int needed = LEAD_COLUMNS + a->words + TRAIL_COLUMNS;
    struct shape s = {
        .is_right = (rung->from == FLOW_A) != is_error, .columns = y->lane, .line = signs->line};

    if (is_error || is_lost || rung->part != RUNG_WHOLE) {
        s.columns = y->lane * 3 / 4;
        s.columns = s.columns < needed ? needed : s.columns;
    }
    s.is_from_right = s.is_right == is_end;
    s.head = is_lost ? signs->lost : s.is_right ? signs->right : signs->left;
    if (rung->kind == RUNG_RUN)
        s.line = signs->run;
    else if (rung->verdicts & VERDICT_RETRANSMISSION)
        s.line = signs->again;
    return s;
}

static void put_arrow(struct painted *out, struct arrow *a, const struct shape *s,
    const struct ladder_layout *y, enum style style)
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
    struct painted *out, struct arrow *a, const struct ladder_layout *y, const struct traffic_signs *signs)
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

static void put_packet(struct painted *out, const struct ladder_layout *y, const struct ladder *l,
    size_t index, const struct ladder_text_options *o)
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
    put_arrow(out, &arrow, &shape, y, words.is_bad ? words.style : ladder_text_side_style(rung->from));
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

static void put_silence(
    struct painted *out, const struct ladder_layout *y, const char *text, const char *life)
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

static void put_idle(struct painted *out, const struct ladder_layout *y, const struct rung *rung,
    const struct traffic_signs *signs)
{
    struct str took = STR_INIT, text = STR_INIT;

    clock_append_duration(&took, traffic_between_ns(rung->end_ns, rung->time_ns));
    /* TRANSLATORS: %s is a duration in which nothing was sent */
    str_appendf(&text, _("%s without a packet"), took.data);
    put_silence(out, y, text.data, signs->quiet);
    str_done(&took);
    str_done(&text);
}

static void put_cut(struct painted *out, const struct ladder_layout *y, const struct rung *rung,
    const struct traffic_signs *signs)
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

static void put_change(struct painted *out, const struct ladder_layout *y, const struct ladder *l,
    size_t index, const struct traffic_signs *signs)
{
    const struct rung *rung = ladder_rung(l, index);
    const char *text = _("no packet");

    put_times(out, y, l, index);
    put_state_of(out, y, l, rung, FLOW_A);
    painted_pad(out, y->line_a);
    painted_add_text(out, STYLE_DIM, signs->life);
    painted_pad(out, y->line_a + 1 + (y->lane - text_columns(text, strlen(text))) / 2);
    painted_add_text(out, STYLE_DIM, text);
    painted_pad(out, y->line_b);
    painted_add_text(out, STYLE_DIM, signs->life);
    put_state_of(out, y, l, rung, FLOW_B);
    painted_end_line(out);
}

void ladder_text_rung(
    struct painted *out, const struct ladder *l, size_t index, const struct ladder_text_options *o)
{
    struct ladder_layout y = ladder_text_layout(l, o->columns);
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
    case RUNG_CHANGE:
        put_change(out, &y, l, index, traffic_signs(o->ascii));
        break;
    case RUNG_CUT:
        put_cut(out, &y, rung, traffic_signs(o->ascii));
        break;
    }
}
