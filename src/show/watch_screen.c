/* SPDX-License-Identifier: ISC */
/* The last two rows are the status line and what is typed, said or can be pressed; where there are not as
 * many rows, what is typed comes first, then the rows themselves. A rung may take several rows, so which
 * ones can be seen is found by walking from the cursor up: as many steps as the screen has rows, however
 * long the ladder is. */
#include "show/watch_screen.h"

#include <string.h>

#include "base/str.h"
#include "show/ladder_text.h"
#include "show/lineedit.h"
#include "show/overview_text.h"
#include "show/packet_fields.h"
#include "show/painted.h"
#include "show/text.h"

#define ROWS_FOR_KEYS 8
#define ROWS_FOR_STATUS 3
#define ROWS_FOR_HEAD 5   /* of the body: with fewer the rows alone */
#define ROWS_FOR_PACKET 9 /* of the body: with fewer the ladder alone */
#define PACKET_PART 2     /* of the body, the packet below gets one row in so many at most */
#define PACKET_ROWS_MAX 18
#define PACKET_BESIDE_COLUMNS 79
#define INTRO_COLUMNS_MAX 64

struct drawing {
    struct grid *g;
    const struct watch_screen_view *v;
    struct watch_screen_places *p;
    int rows, columns;
    int columns_of_body; /* of the ladder, where the packet is beside it */
    struct painted *head, *notes, *line, *packet;
    size_t line_index; /* what is in line; WATCH_SCREEN_NONE */
};

/* ---- what there is ---- */

static struct overview_text_options overview_options(const struct drawing *d)
{
    return (struct overview_text_options){.columns = d->columns_of_body, .ascii = d->v->ascii};
}

static struct ladder_text_options ladder_options(const struct drawing *d)
{
    return (struct ladder_text_options){
        .columns = d->columns_of_body, .absolute = d->v->absolute, .ascii = d->v->ascii};
}

static size_t rungs_of(const struct drawing *d)
{
    return ladder_count(d->v->ladder);
}

static void make_head(struct drawing *d)
{
    if (d->v->kind == WATCH_SCREEN_LIST) {
        struct overview_text_options options = overview_options(d);

        overview_text_head(d->head, &options);
        d->p->count = d->v->count;
    } else if (d->v->ladder && ladder_conversation(d->v->ladder)) {
        struct ladder_text_options options = ladder_options(d);

        ladder_text_head(d->head, d->v->ladder, &options);
        ladder_text_notes(d->notes, d->v->ladder, &options);
        d->p->count = rungs_of(d) + painted_lines(d->notes);
    }
}

/* Lines of one row, rung or note; where they are: d->line, from *ret_line on. */
static size_t make_lines(struct drawing *d, size_t index, const struct painted **ret, size_t *ret_line)
{
    if (d->v->kind == WATCH_SCREEN_LADDER && index >= rungs_of(d)) {
        *ret = d->notes;
        *ret_line = index - rungs_of(d);
        return 1;
    }
    *ret = d->line;
    *ret_line = 0;
    if (d->line_index == index)
        return painted_lines(d->line);
    painted_reset(d->line);
    d->line_index = index;
    if (d->v->kind == WATCH_SCREEN_LIST) {
        struct overview_text_options options = overview_options(d);
        struct conversation c;

        if (d->v->conversation(d->v->arg, index, &c))
            overview_text_row(d->line, &c, &options);
        else
            painted_end_line(d->line);
    } else {
        struct ladder_text_options options = ladder_options(d);

        ladder_text_rung(d->line, d->v->ladder, index, &options);
    }
    return painted_lines(d->line);
}

static int height_of(struct drawing *d, size_t index)
{
    const struct painted *lines;
    size_t first, count;

    if (d->v->kind == WATCH_SCREEN_LIST)
        return 1;
    count = make_lines(d, index, &lines, &first);
    return count < 1 ? 1 : (int)count;
}

/* ---- where it goes ---- */

/* The first one that is shown: where it was, if the cursor is in sight then. */
static size_t first_of(struct drawing *d)
{
    size_t chosen = d->v->chosen, first = d->v->first;
    int rows = d->p->body_rows;

    if (d->p->count == 0)
        return 0;
    if (chosen >= d->p->count)
        chosen = d->p->count - 1;
    if (first > chosen)
        return chosen;
    rows -= height_of(d, chosen);
    for (size_t i = chosen; i > first; i--) {
        rows -= height_of(d, i - 1);
        if (rows < 0)
            return i;
    }
    return first;
}

/* Nothing stays empty below the last one while something is above the first. */
static size_t filled(struct drawing *d, size_t first)
{
    int rows = d->p->body_rows;

    for (size_t i = first; i < d->p->count && rows > 0; i++)
        rows -= height_of(d, i);
    while (first > 0 && rows >= height_of(d, first - 1))
        rows -= height_of(d, --first);
    return first;
}

static bool has_packet(const struct drawing *d)
{
    return d->v->kind == WATCH_SCREEN_LADDER && d->v->packet && !d->v->hides_packet && !d->v->help;
}

static bool is_beside(const struct drawing *d)
{
    return d->columns >= WATCH_SCREEN_BESIDE_FROM;
}

static void make_packet(struct drawing *d)
{
    const struct ladder *l = d->v->ladder;
    struct packet_fields_options options = {
        .columns = is_beside(d) ? PACKET_BESIDE_COLUMNS - 1 : d->columns,
        .payload_bytes = PACKET_FIELDS_PAYLOAD_DEFAULT,
        .conversation = l ? ladder_conversation(l) : NULL,
        .verdicts = d->v->verdicts,
        .ascii = d->v->ascii,
    };

    packet_fields(d->packet, d->v->packet, &options);
    d->p->packet_lines = painted_lines(d->packet);
}

/* The packet takes its part of the body: a column of it, or rows at its end with a rule above them. */
static void divide_packet(struct drawing *d)
{
    int rows = d->p->body_rows, most = rows / PACKET_PART;

    if (!has_packet(d) || (!is_beside(d) && rows < ROWS_FOR_PACKET))
        return;
    make_packet(d);
    if (is_beside(d)) {
        d->p->packet_rows = rows;
        d->p->packet_row = d->p->body_row;
        d->p->packet_column = d->columns - PACKET_BESIDE_COLUMNS + 1;
    } else {
        /* The same for every packet, so that the ladder stands still. */
        d->p->packet_rows = screen_clamp(rows * 2 / 5, 1, screen_clamp(most - 1, 1, PACKET_ROWS_MAX));
        d->p->body_rows -= d->p->packet_rows + 1;
        d->p->packet_row = d->p->body_row + d->p->body_rows + 1;
        d->p->packet_column = 0;
    }
    d->p->packet_first = d->v->packet_first;
    if (d->p->packet_first + (size_t)d->p->packet_rows > d->p->packet_lines)
        d->p->packet_first = d->p->packet_lines > (size_t)d->p->packet_rows
                                 ? d->p->packet_lines - (size_t)d->p->packet_rows
                                 : 0;
}

static bool says_something(const struct watch_screen_view *v)
{
    return v->prompt || (v->notice && *v->notice);
}

static void divide(struct drawing *d)
{
    int left = d->rows;
    bool has_last = says_something(d->v) || d->rows >= ROWS_FOR_KEYS;

    memset(d->p, 0, sizeof(*d->p));
    d->p->cursor_row = -1;
    left -= has_last && (left > 1 || d->v->prompt);
    left -= d->rows >= ROWS_FOR_STATUS;
    d->p->body_rows = left;
    d->columns_of_body = d->columns;
    if (has_packet(d) && is_beside(d))
        d->columns_of_body -= PACKET_BESIDE_COLUMNS + 1;
    make_head(d);
    divide_packet(d);
    if (d->p->body_rows >= ROWS_FOR_HEAD && !d->v->help) {
        int head = screen_clamp((int)painted_lines(d->head), 0, d->p->body_rows / 2);

        d->p->body_row += head;
        d->p->body_rows -= head;
    }
    d->p->first = filled(d, first_of(d));
}

/* ---- drawing ---- */

static void draw_body(struct drawing *d)
{
    int row = d->p->body_row, end = row + d->p->body_rows;

    for (int i = 0; i < d->p->body_row; i++)
        painted_draw(d->head, (size_t)i, d->g, i, 0, d->columns_of_body, d->v->skip, false);
    if (d->p->count == 0 && d->v->intro)
        screen_put_wrapped(d->g, row + (d->p->body_rows > 4), 1, d->p->body_rows,
            screen_clamp(d->columns_of_body - 2, 2, INTRO_COLUMNS_MAX), d->v->intro, STYLE_DIM);
    for (size_t i = d->p->first; i < d->p->count && row < end; i++) {
        const struct painted *lines;
        size_t line, count = make_lines(d, i, &lines, &line);

        if (i == d->v->chosen && !d->v->prompt) {
            d->p->cursor_row = row;
            d->p->cursor_column = 0;
        }
        for (; count > 0 && row < end; count--)
            painted_draw(lines, line++, d->g, row++, 0, d->columns_of_body, d->v->skip, i == d->v->chosen);
    }
}

static void draw_packet(struct drawing *d)
{
    enum style rule = d->v->packet_has_focus ? STYLE_BOLD : STYLE_DIM;
    const char *across = d->v->ascii ? "-" : "─", *down = d->v->ascii ? "|" : "│";

    if (d->p->packet_rows == 0)
        return;
    if (is_beside(d)) {
        for (int i = 0; i < d->p->packet_rows; i++)
            grid_put(d->g, d->p->packet_row + i, d->p->packet_column - 2, 1, down, strlen(down), rule);
    } else {
        for (int i = 0; i < d->columns; i++)
            grid_put(d->g, d->p->packet_row - 1, i, 1, across, strlen(across), rule);
    }
    for (int i = 0; i < d->p->packet_rows && d->p->packet_first + (size_t)i < d->p->packet_lines; i++)
        painted_draw(d->packet, d->p->packet_first + (size_t)i, d->g, d->p->packet_row + i,
            d->p->packet_column, d->columns - d->p->packet_column, 0, false);
}

/* A line that is typed: the row of it in which the cursor is. */
static void draw_prompt(struct drawing *d, int row)
{
    int start = screen_columns_of(d->v->prompt), own, column;
    size_t typed_row, len, at;

    if (start >= d->columns / 2)
        start = 0;
    own = screen_clamp(d->columns - start - 1, 2, GRID_COLUMNS_MAX);
    lineedit_layout(d->v->edit, own, &typed_row, &column);
    at = lineedit_row(d->v->edit, typed_row, &len);
    if (start)
        grid_put_text(d->g, row, 0, start, d->v->prompt, STYLE_BOLD);
    grid_put(d->g, row, start, d->columns - start, lineedit_text(d->v->edit) + at, len, STYLE_NORMAL);
    d->p->cursor_row = row;
    d->p->cursor_column = screen_clamp(start + column, 0, d->columns - 1);
}

static void draw_last(struct drawing *d)
{
    int row = d->rows - 1;

    if (d->v->prompt)
        draw_prompt(d, row);
    else if (d->v->notice && *d->v->notice && d->rows > 1)
        grid_put_text(d->g, row, 0, d->columns, d->v->notice, d->v->notice_style);
    else if (d->rows >= ROWS_FOR_KEYS)
        grid_put_text(d->g, row, 0, d->columns, d->v->keys, STYLE_DIM);
}

static void begin(struct drawing *d, struct grid *g, const struct watch_screen_view *view,
    struct watch_screen_places *places)
{
    *d = (struct drawing){.g = g,
        .v = view,
        .p = places,
        .head = painted_new(),
        .notes = painted_new(),
        .line = painted_new(),
        .packet = painted_new(),
        .line_index = WATCH_SCREEN_NONE};
    if (g) {
        d->rows = grid_rows(g);
        d->columns = grid_columns(g);
    }
}

static void end(struct drawing *d)
{
    painted_free(d->head);
    painted_free(d->notes);
    painted_free(d->line);
    painted_free(d->packet);
}

void watch_screen_draw(
    struct grid *g, const struct watch_screen_view *view, struct watch_screen_places *ret_places)
{
    struct drawing d;

    begin(&d, g, view, ret_places);
    grid_reset(g, d.rows, d.columns);
    divide(&d);
    if (view->help)
        screen_put_help(
            g, 0, 0, ret_places->body_rows, d.columns, view->help, view->n_help, view->help_first);
    else {
        draw_body(&d);
        draw_packet(&d);
    }
    if (d.rows >= ROWS_FOR_STATUS)
        screen_put_status(g, d.rows - 1 - (says_something(view) || d.rows >= ROWS_FOR_KEYS), view->who,
            view->state, view->state_style, view->hint);
    draw_last(&d);
    end(&d);
}

size_t watch_screen_hit(
    const struct watch_screen_view *view, const struct watch_screen_places *places, int columns, int row)
{
    struct watch_screen_places none = *places;
    struct drawing d;
    size_t found = WATCH_SCREEN_NONE;
    int at = places->body_row;

    if (row < at || row >= at + places->body_rows)
        return WATCH_SCREEN_NONE;
    begin(&d, NULL, view, &none);
    d.columns = d.columns_of_body = columns;
    if (has_packet(&d) && is_beside(&d))
        d.columns_of_body -= PACKET_BESIDE_COLUMNS + 1;
    make_head(&d);
    for (size_t i = places->first; i < none.count && found == WATCH_SCREEN_NONE; i++) {
        at += height_of(&d, i);
        if (row < at)
            found = i;
    }
    end(&d);
    return found;
}

#define TEXT_COLUMNS 200 /* as wide as a row is laid out for: nothing is left out of it */

void watch_screen_append_text(struct str *out, const struct watch_screen_view *view, size_t index)
{
    struct watch_screen_places none = {0};
    const struct painted *lines;
    struct drawing d;
    size_t line;

    begin(&d, NULL, view, &none);
    d.columns = d.columns_of_body = TEXT_COLUMNS;
    make_head(&d);
    make_lines(&d, index, &lines, &line);
    if (lines == d.line)
        painted_print(lines, false, out);
    else {
        struct str all = STR_INIT;
        const char *at;

        painted_print(lines, false, &all);
        for (at = all.data; line > 0 && strchr(at, '\n'); line--)
            at = strchr(at, '\n') + 1;
        str_append(out, at, strcspn(at, "\n"));
        str_done(&all);
    }
    end(&d);
}
