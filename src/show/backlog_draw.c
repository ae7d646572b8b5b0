/* SPDX-License-Identifier: ISC */
/* How it looks: time, name, mark, and the text with a hanging indent.
 *
 *     ── Tuesday 2026-11-24 ─────────────────
 *     10:23:45  Ann    shall we eat?
 *     10:23:50   me ✓✓ 好，六点
 *     10:23:58      ── hung up
 *
 * Narrow windows lose the names, then the times, then the marks (backlog_divide). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "show/backlog_inside.h"
#include "show/grid.h"
#include "show/text.h"

#define NAME_COLUMNS_MAX 20
#define RULE_COLUMNS 2 /* before its text */
#define NAME_PART 3    /* of all columns, names get one in so many at most */

struct pen {
    struct backlog *b;
    struct grid *g;
    int row, column; /* of the rectangle */
    struct backlog_columns at;
    const struct backlog_look *look;
};

static const struct {
    const char *text, *ascii;
    enum style style;
} marks[] = {
    [BACKLOG_NO_MARK] = {"", "", STYLE_NORMAL},
    [BACKLOG_WAITING] = {"…", "..", STYLE_WARNING},
    [BACKLOG_SENT] = {"→", ">", STYLE_DIM},
    [BACKLOG_ACKED] = {"✓", "+", STYLE_GOOD},
    [BACKLOG_ANSWERED] = {"✓✓", "++", STYLE_GOOD},
    [BACKLOG_FAILED] = {"✗", "X", STYLE_ERROR},
    [BACKLOG_CANCELLED] = {"–", "-", STYLE_DIM},
};

static const char *const weekdays[] = {
    N_("Sunday"), N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday")};

static void draw_rule(struct pen *p, int row, const char *text, enum style style)
{
    const char *line = p->look->ascii ? "-" : "─";
    int column = RULE_COLUMNS + 1, columns = p->b->columns;

    column += grid_put_text(p->g, row, p->column + column, columns - column, text, style) + 1;
    for (int i = 0; i < columns; i++)
        if (i < RULE_COLUMNS || i >= column)
            grid_put(p->g, row, p->column + i, 1, line, strlen(line), style);
}

static void draw_day(struct pen *p, int row, int64_t at_ns)
{
    time_t seconds = (time_t)(at_ns / 1000000000);
    struct str text = STR_INIT;
    struct tm day;

    if (localtime_r(&seconds, &day))
        str_appendf(&text, "%d-%02d-%02d %s", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday,
            gettext(weekdays[day.tm_wday]));
    draw_rule(p, row, text.data, STYLE_DIM);
    str_done(&text);
}

static void draw_time(struct pen *p, int row, const struct entry *e, enum style style)
{
    struct str text = STR_INIT;

    clock_append_time(&text, e->item.at_ns);
    grid_put(p->g, row, p->column, p->at.time, text.data, text.len, style);
    str_done(&text);
}

static void draw_name(struct pen *p, int row, const char *name, enum style style)
{
    int columns = text_columns(name, strlen(name)), free_columns = p->at.name - columns;
    int column = p->at.time ? p->at.time + 1 : 0;

    if (free_columns < 0)
        free_columns = 0;
    grid_put_text(p->g, row, p->column + column + free_columns, p->at.name - free_columns, name, style);
}

static void draw_mark(struct pen *p, int row, const struct entry *e)
{
    const char *mark = p->look->ascii ? marks[e->item.mark].ascii : marks[e->item.mark].text;
    enum style style = marks[e->item.mark].style;

    if (e->item.kind == BACKLOG_EVENT || e->item.kind == BACKLOG_TROUBLE) {
        mark = p->look->ascii ? "--" : "──";
        style = e->item.kind == BACKLOG_EVENT ? STYLE_DIM : STYLE_ERROR;
    }
    grid_put(p->g, row, p->column + p->at.text_at - p->at.mark - 1, p->at.mark, mark, strlen(mark), style);
}

static bool is_escape(const struct entry *e, size_t offset)
{
    for (size_t i = 0; i + 1 < e->n_escapes; i += 2)
        if (offset < e->escapes[i + 1])
            return offset >= e->escapes[i];
    return false;
}

/* Of the text that is searched for, where it stands letter by letter; what is only alike (full width, an
 * accent written otherwise) is found, and has no colour. */
static size_t found_here(const struct pen *p, const char *text, size_t len)
{
    size_t wanted = p->b->found_text ? strlen(p->b->found_text) : 0;

    return wanted && wanted <= len && strncasecmp(text, p->b->found_text, wanted) == 0 ? wanted : 0;
}

static void draw_text(
    struct pen *p, int row, const struct entry *e, size_t from, size_t len, enum style style)
{
    int column = p->column + p->at.text_at, end = p->column + p->b->columns;
    const char *text = e->item.text;
    size_t at = from, found_until = from;

    while (at < from + len && column < end) {
        int columns;
        size_t cluster = text_grapheme(text + at, from + len - at, &columns);
        size_t found = found_here(p, text + at, e->item.len - at);
        enum style now = style;

        if (found && at + found > found_until)
            found_until = at + found;
        if (at < found_until)
            now = STYLE_FOUND;
        else if (e->escapes && is_escape(e, at))
            now = STYLE_ESCAPED;
        column += grid_put(p->g, row, column, end - column, text + at, cluster, now);
        at += cluster;
    }
}

static enum style text_style(const struct entry *e)
{
    switch (e->item.kind) {
    case BACKLOG_EVENT:
        return STYLE_DIM;
    case BACKLOG_TROUBLE:
        return STYLE_ERROR;
    default:
        return e->item.mark == BACKLOG_CANCELLED ? STYLE_DIM : STYLE_NORMAL;
    }
}

static void draw_note(struct pen *p, int row, const struct entry *e, size_t number)
{
    size_t len = strlen(e->item.note), at = 0, next = 0, fits = 0;
    int column = p->at.text_at;

    for (size_t i = 0; i <= number; i++) {
        at = next;
        fits = text_row(e->item.note, len, at, p->at.text, &next);
    }
    grid_put(p->g, row, p->column + column, p->b->columns - column, e->item.note + at, fits,
        e->item.mark == BACKLOG_FAILED ? STYLE_ERROR : STYLE_DIM);
}

/* One of the rows of a message, counted from the rules above it. */
static void draw_row(struct pen *p, int row, int64_t place, size_t number)
{
    struct entry *e = backlog_at(p->b, place);
    bool has_day = backlog_has_day_rule(p->b, place), is_found = place == p->b->found;
    size_t next;

    if (has_day && number-- == 0) {
        draw_day(p, row, e->item.at_ns);
        return;
    }
    if (place == p->b->unread && number-- == 0) {
        draw_rule(p, row, _("new"), STYLE_UNREAD);
        return;
    }
    if (number >= e->n_rows) {
        draw_note(p, row, e, number - e->n_rows);
        return;
    }
    if (number == 0) {
        draw_time(p, row, e, is_found ? STYLE_FOUND : STYLE_DIM);
        if (e->item.kind == BACKLOG_IN)
            draw_name(p, row, p->look->them, STYLE_THEM);
        if (e->item.kind == BACKLOG_OUT)
            draw_name(p, row, p->look->me, STYLE_ME);
        draw_mark(p, row, e);
    }
    if (e->item.len)
        draw_text(p, row, e, e->row_at[number],
            text_row(e->item.text, e->item.len, e->row_at[number], p->at.text, &next), text_style(e));
}

static void measure(struct backlog *b, int rows, int columns, const struct backlog_look *look)
{
    int me = text_columns(look->me, strlen(look->me)), them = text_columns(look->them, strlen(look->them));
    int most = columns / NAME_PART < NAME_COLUMNS_MAX ? columns / NAME_PART : NAME_COLUMNS_MAX;

    b->rows = rows;
    b->columns = columns;
    b->name_columns = me > them ? me : them;
    if (b->name_columns > most)
        b->name_columns = most;
}

void backlog_draw(struct backlog *b, struct grid *g, int row, int column, int rows, int columns,
    const struct backlog_look *look)
{
    struct pen p = {.b = b, .g = g, .row = row, .column = column, .look = look};
    int64_t place;
    size_t number;

    measure(b, rows, columns, look);
    backlog_divide(b, &p.at);
    b->top = b->first;
    if (b->count == 0 || rows <= 0 || columns <= 0)
        return;
    backlog_scroll(b, 0); /* in another width the first row may have come into view, or the last */
    place = b->at_end ? backlog_last(b) : b->bottom;
    number = b->at_end ? backlog_rows_of(b, place) - 1 : b->bottom_row;
    b->top = place;
    for (int i = rows - 1; i >= 0; i--) {
        draw_row(&p, row + i, place, number);
        b->top = place;
        if (number > 0)
            number--;
        else if (place > b->first)
            number = backlog_rows_of(b, --place) - 1;
        else
            break;
    }
}
