/* SPDX-License-Identifier: ISC */
/* The room is given out from the bottom: first what is typed, then the status line, the notice, and what is
 * left to the list and the conversation. Each step gets along with no room at all. */
#include "show/chat_screen.h"

#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "show/backlog.h"
#include "show/lineedit.h"
#include "show/screen_parts.h"
#include "show/text.h"

#define LIST_COLUMNS_MIN 18
#define LIST_COLUMNS_MAX 30
#define LIST_PART 3    /* of a wide window, the list gets one column in so many */
#define LIST_NAME_AT 4 /* "1 ● " */
#define LIST_NUMBERS 9 /* rows that Alt and a digit open */
#define ROWS_FOR_STATUS 3
#define ROWS_FOR_NOTICE 4
#define INPUT_PART 3              /* of all rows, the input gets one in so many at most */
#define HELP_BESIDE_LIST_FROM 100 /* in a narrower window its lines would be cut */
#define INTRO_COLUMNS_MAX 64

static void divide_columns(
    const struct chat_screen_view *v, int rows, int columns, struct chat_screen_places *p)
{
    int longest = 0, most = screen_clamp(columns / LIST_PART, LIST_COLUMNS_MIN, LIST_COLUMNS_MAX);

    p->talk_columns = columns;
    p->list_rows = rows;
    if (columns < CHAT_SCREEN_LIST_FROM) {
        /* One of the two. */
        if (v->is_choosing) {
            p->list_columns = columns;
            p->talk_columns = 0;
        }
        return;
    }
    if (v->hides_list && !v->is_choosing)
        return;
    if (v->help && columns < HELP_BESIDE_LIST_FROM)
        return;
    for (size_t i = 0; i < v->n_talks; i++) {
        int own = screen_columns_of(v->talks[i].name);

        longest = own > longest ? own : longest;
    }
    p->list_columns = screen_clamp(longest + LIST_NAME_AT + 5, LIST_COLUMNS_MIN, most);
    p->talk_column = p->list_columns + 2;
    p->talk_columns = columns - p->talk_column;
}

static int rows_of_notice(const struct chat_screen_view *v, int columns)
{
    size_t len = v->notice ? strlen(v->notice) : 0, at = 0;
    int rows = 0;

    while (at < len && rows < CHAT_SCREEN_NOTICE_ROWS) {
        text_row(v->notice, len, at, columns < 2 ? 2 : columns, &at);
        rows++;
    }
    return rows;
}

static int prompt_columns(const struct chat_screen_view *v, int columns)
{
    int own = screen_columns_of(v->prompt);

    return own < columns / 2 ? own : 0;
}

static int input_columns(const struct chat_screen_view *v, int columns)
{
    /* The cursor needs a column behind the last character. */
    return screen_clamp(columns - prompt_columns(v, columns) - 1, 2, GRID_COLUMNS_MAX);
}

static void divide(const struct chat_screen_view *v, int rows, int columns, struct chat_screen_places *p)
{
    size_t row;
    int column,
        wanted = (int)screen_clamp((int)lineedit_layout(v->edit, input_columns(v, columns), &row, &column), 1,
            CHAT_SCREEN_INPUT_ROWS);
    int left = rows;

    memset(p, 0, sizeof(*p));
    p->status_row = -1;
    p->input_rows = screen_clamp(wanted, 1, screen_clamp(rows / INPUT_PART, 1, CHAT_SCREEN_INPUT_ROWS));
    left -= p->input_rows;
    p->input_row = left;
    if (rows >= ROWS_FOR_STATUS)
        p->status_row = --left;
    if (rows >= ROWS_FOR_NOTICE) {
        p->notice_rows = screen_clamp(rows_of_notice(v, columns), 0, left - 1);
        left -= p->notice_rows;
        p->notice_row = left;
    }
    p->talk_rows = left;
    divide_columns(v, left, columns, p);
    if (v->chosen != CHAT_SCREEN_NOBODY && v->n_talks > (size_t)left)
        p->list_first = (size_t)screen_clamp((int)v->chosen - left / 2, 0, (int)v->n_talks - left);
}

/* Counts at the right end, from right to left. Returns the column before them. */
static int draw_count(struct grid *g, int row, int end, const char *before, size_t count, enum style style)
{
    struct str text = STR_INIT;
    int columns;

    if (count == 0)
        return end;
    if (count > 999)
        str_appendf(&text, "%s999+", before);
    else
        str_appendf(&text, "%s%zu", before, count);
    columns = text_columns(text.data, text.len);
    grid_put(g, row, end - columns, columns, text.data, text.len, style);
    str_done(&text);
    return end - columns - 1;
}

static void draw_list_row(struct grid *g, const struct chat_screen_view *v, int row, size_t i, int columns)
{
    static const char *const signs[][2] = {
        [CHAT_SCREEN_IDLE] = {"○", "."}, [CHAT_SCREEN_CALLING] = {"◌", "~"}, [CHAT_SCREEN_UP] = {"●", "*"}};
    const struct chat_screen_talk *talk = &v->talks[i];
    const char *sign = signs[talk->line][v->ascii];
    bool chosen = i == v->chosen;
    enum style style = chosen ? STYLE_SELECTED : STYLE_NORMAL;
    int end = columns - 1;
    char number[2] = {(char)('1' + i), '\0'};

    if (chosen)
        grid_fill(g, row, 0, columns, style);
    if (i < LIST_NUMBERS)
        grid_put(g, row, 0, columns, number, 1, chosen ? style : STYLE_DIM);
    grid_put(g, row, 2, columns - 2, sign, strlen(sign),
        chosen                              ? style
        : talk->line == CHAT_SCREEN_UP      ? STYLE_GOOD
        : talk->line == CHAT_SCREEN_CALLING ? STYLE_WARNING
                                            : STYLE_DIM);
    end = draw_count(g, row, end, "", talk->unread,
        chosen           ? style
        : talk->is_muted ? STYLE_DIM
                         : STYLE_UNREAD);
    end = draw_count(g, row, end, v->ascii ? ".." : "…", talk->waiting, chosen ? style : STYLE_WARNING);
    grid_put_text(g, row, LIST_NAME_AT, end - LIST_NAME_AT, talk->name,
        chosen             ? style
        : talk->is_muted   ? STYLE_DIM
        : talk->unread > 0 ? STYLE_BOLD
                           : STYLE_NORMAL);
}

static void draw_list(struct grid *g, const struct chat_screen_view *v, const struct chat_screen_places *p)
{
    const char *line = v->ascii ? "|" : "│";

    if (p->list_columns == 0)
        return;
    for (int row = 0; row < p->list_rows; row++) {
        size_t i = p->list_first + (size_t)row;

        if (i < v->n_talks)
            draw_list_row(g, v, row, i, p->list_columns);
        if (p->talk_columns)
            grid_put(g, row, p->list_columns, 1, line, strlen(line), STYLE_DIM);
    }
}

static void draw_below(struct grid *g, const struct chat_screen_view *v, const struct chat_screen_places *p)
{
    size_t below = backlog_below(v->backlog);
    struct str text = STR_INIT;
    int columns;

    if (backlog_is_at_end(v->backlog) || p->talk_rows < 2)
        return;
    if (below)
        str_appendf(&text, ngettext(" %zu new below ", " %zu new below ", below), below);
    else
        str_append_str(&text, _(" more below "));
    columns = text_columns(text.data, text.len);
    grid_put(g, p->talk_rows - 1, p->talk_column + p->talk_columns - columns, columns, text.data, text.len,
        below ? STYLE_STATUS_WARNING : STYLE_STATUS);
    str_done(&text);
}

static void draw_talk(struct grid *g, const struct chat_screen_view *v, const struct chat_screen_places *p)
{
    struct backlog_look look = {.me = v->me, .them = v->them, .ascii = v->ascii};

    if (p->talk_columns <= 0)
        return;
    if (v->help)
        screen_put_help(g, 0, p->talk_column, p->talk_rows, p->talk_columns, v->help, v->n_help, v->help_top);
    else if (v->backlog) {
        backlog_draw(v->backlog, g, 0, p->talk_column, p->talk_rows, p->talk_columns, &look);
        draw_below(g, v, p);
    } else if (v->intro)
        screen_put_wrapped(g, p->talk_rows > 4 ? 1 : 0, p->talk_column + 1, p->talk_rows,
            screen_clamp(p->talk_columns - 2, 2, INTRO_COLUMNS_MAX), v->intro, STYLE_DIM);
}

static void draw_input(struct grid *g, const struct chat_screen_view *v, struct chat_screen_places *p)
{
    int columns = grid_columns(g), start = prompt_columns(v, columns), own = input_columns(v, columns),
        column;
    const char *text = lineedit_text(v->edit);
    size_t row, count = lineedit_layout(v->edit, own, &row, &column), first, len;

    first = row >= (size_t)p->input_rows ? row + 1 - (size_t)p->input_rows : 0;
    p->cursor_row = p->input_row + (int)(row - first);
    p->cursor_column = screen_clamp(start + column, 0, columns - 1);
    if (start)
        grid_put_text(g, p->input_row, 0, start, v->prompt, STYLE_BOLD);
    if (lineedit_is_empty(v->edit) && v->placeholder)
        grid_put_text(g, p->input_row, start, columns - start, v->placeholder, STYLE_DIM);
    for (size_t i = 0; i < (size_t)p->input_rows && first + i < count; i++) {
        size_t at = lineedit_row(v->edit, first + i, &len);

        grid_put(g, p->input_row + (int)i, start, columns - start, text + at, len, STYLE_NORMAL);
    }
}

void chat_screen_draw(
    struct grid *g, const struct chat_screen_view *view, struct chat_screen_places *ret_places)
{
    int rows = grid_rows(g), columns = grid_columns(g);

    grid_reset(g, rows, columns);
    divide(view, rows, columns, ret_places);
    draw_list(g, view, ret_places);
    draw_talk(g, view, ret_places);
    if (ret_places->notice_rows)
        screen_put_wrapped(
            g, ret_places->notice_row, 0, ret_places->notice_rows, columns, view->notice, view->notice_style);
    if (ret_places->status_row >= 0)
        screen_put_status(g, ret_places->status_row, view->who, view->state, view->state_style, view->hint);
    draw_input(g, view, ret_places);
}

size_t chat_screen_hit(const struct chat_screen_places *places, size_t n_talks, int row, int column)
{
    size_t i = places->list_first + (size_t)row;

    if (row < 0 || row >= places->list_rows || column < 0 || column >= places->list_columns || i >= n_talks)
        return CHAT_SCREEN_NOBODY;
    return i;
}
