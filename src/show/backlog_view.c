/* SPDX-License-Identifier: ISC */
/* Which part is in view: scrolling by rows, and searching. The view is known by its last row. */
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/xmalloc.h"
#include "show/backlog_inside.h"
#include "show/text.h"

/* Narrower than this, and the column of times gets shorter, then names and times go. */
#define COLUMNS_FOR_SECONDS 50
#define COLUMNS_FOR_NAMES 34
#define COLUMNS_FOR_TIMES 24
#define COLUMNS_FOR_MARKS 10
#define MARK_COLUMNS 2
#define TEXT_COLUMNS_MIN 2 /* a wide character */

void backlog_divide(const struct backlog *b, struct backlog_columns *ret)
{
    int at = 0;

    ret->time = b->columns >= COLUMNS_FOR_SECONDS ? 8 : b->columns >= COLUMNS_FOR_TIMES ? 5 : 0;
    ret->name = b->columns >= COLUMNS_FOR_NAMES ? b->name_columns : 0;
    ret->mark = b->columns >= COLUMNS_FOR_MARKS ? MARK_COLUMNS : 0;
    at += ret->time ? ret->time + 1 : 0;
    at += ret->name ? ret->name + 1 : 0;
    at += ret->mark ? ret->mark + 1 : 0;
    ret->text_at = at;
    ret->text = b->columns - at < TEXT_COLUMNS_MIN ? TEXT_COLUMNS_MIN : b->columns - at;
}

static size_t count_rows(const char *text, size_t len, int columns)
{
    size_t rows = 0, at = 0;

    while (at < len) {
        text_row(text, len, at, columns, &at);
        rows++;
    }
    return rows;
}

static void lay_out(const struct backlog *b, struct entry *e)
{
    struct backlog_columns columns;
    size_t at = 0;

    backlog_divide(b, &columns);
    if (e->text_columns == columns.text)
        return;
    free(e->row_at);
    e->row_at = xcalloc(1, sizeof(*e->row_at));
    e->n_rows = 0;
    do {
        /* By powers of two; the first one is there. */
        if ((e->n_rows & (e->n_rows - 1)) == 0)
            e->row_at = xreallocarray(e->row_at, e->n_rows ? e->n_rows * 2 : 1, sizeof(*e->row_at));
        e->row_at[e->n_rows++] = (uint32_t)at;
        if (e->item.len)
            text_row(e->item.text, e->item.len, at, columns.text, &at);
    } while (at < e->item.len);
    e->n_note_rows = count_rows(e->item.note, strlen(e->item.note), columns.text);
    e->text_columns = columns.text;
}

bool backlog_has_day_rule(const struct backlog *b, int64_t place)
{
    const struct entry *before = backlog_at(b, place - 1);

    return !before || before->day != backlog_at(b, place)->day;
}

size_t backlog_rows_of(struct backlog *b, int64_t place)
{
    struct entry *e = backlog_at(b, place);

    lay_out(b, e);
    return (size_t)backlog_has_day_rule(b, place) + (place == b->unread) + e->n_rows + e->n_note_rows;
}

/* Moves a place and a row of it down by rows, up if negative; as far as there is something. Returns by how
 * many. */
static int move_by(struct backlog *b, int64_t *place, size_t *row, int rows)
{
    int moved = 0;

    while (moved > rows) {
        int64_t left = moved - rows;

        if ((int64_t)*row >= left) {
            *row -= (size_t)left;
            return rows;
        }
        if (*place <= b->first) {
            moved -= (int)*row;
            *row = 0;
            return moved;
        }
        moved -= (int)*row + 1;
        --*place;
        *row = backlog_rows_of(b, *place) - 1;
    }
    while (moved < rows) {
        int64_t left = rows - moved, here = (int64_t)(backlog_rows_of(b, *place) - 1 - *row);

        if (here >= left) {
            *row += (size_t)left;
            return rows;
        }
        if (*place >= backlog_last(b)) {
            *row += (size_t)here;
            return moved + (int)here;
        }
        moved += (int)here + 1;
        ++*place;
        *row = 0;
    }
    return moved;
}

bool backlog_is_at_end(const struct backlog *b)
{
    return b->at_end;
}

size_t backlog_below(const struct backlog *b)
{
    return b->below;
}

void backlog_to_end(struct backlog *b)
{
    if (b->is_cut_below)
        backlog_clear(b); /* the newest come from the journal, as for a conversation just opened */
    b->at_end = true;
    b->below = 0;
}

static void set_bottom(struct backlog *b, int64_t place, size_t row)
{
    int64_t top_place = b->first;
    size_t top_row = 0, rows = backlog_rows_of(b, place);

    if (row >= rows)
        row = rows - 1;
    /* No higher than a view that begins with the first row. */
    move_by(b, &top_place, &top_row, b->rows > 0 ? b->rows - 1 : 0);
    if (place < top_place || (place == top_place && row < top_row)) {
        place = top_place;
        row = top_row;
    }
    b->bottom = place;
    b->bottom_row = row;
    b->at_end = !b->is_cut_below && place == backlog_last(b) && row + 1 == backlog_rows_of(b, place);
    if (b->at_end)
        b->below = 0;
}

/* What the view hung on may be gone, or is awaited from the journal and never comes. */
static void stay_inside(struct backlog *b)
{
    if (b->bottom < b->first) {
        b->bottom = b->first;
        b->bottom_row = 0;
    } else if (b->bottom > backlog_last(b)) {
        b->bottom = backlog_last(b);
        b->bottom_row = SIZE_MAX; /* its last one */
    }
}

bool backlog_scroll(struct backlog *b, int rows)
{
    int64_t place, before;
    size_t row, row_before;

    if (b->count == 0)
        return false;
    stay_inside(b);
    before = place = b->at_end ? backlog_last(b) : b->bottom;
    row = backlog_rows_of(b, place) - 1;
    if (!b->at_end && b->bottom_row < row)
        row = b->bottom_row;
    row_before = row;
    move_by(b, &place, &row, -rows);
    set_bottom(b, place, row);
    return b->bottom != before || b->bottom_row != row_before;
}

void backlog_reveal(struct backlog *b, int64_t place)
{
    size_t row = 0;

    b->at_end = false;
    row = backlog_rows_of(b, place) - 1;
    move_by(b, &place, &row, b->rows / 2);
    set_bottom(b, place, row);
}

static char *fold(const char *text, size_t len)
{
    utf8proc_uint8_t *folded = NULL;

    utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, &folded,
        UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_STABLE | UTF8PROC_CASEFOLD);
    return (char *)folded;
}

static bool holds(const struct entry *e, const char *folded)
{
    char *text;
    bool yes;

    if (e->item.kind != BACKLOG_IN && e->item.kind != BACKLOG_OUT)
        return false;
    text = fold(e->item.text, e->item.len);
    yes = text && strstr(text, folded);
    free(text);
    return yes;
}

bool backlog_find(struct backlog *b, const char *text, bool older)
{
    int64_t place = b->found;
    char *folded = fold(text, strlen(text));

    if (!b->found_text || strcmp(b->found_text, text) != 0 || !backlog_at(b, place)) {
        place = older ? backlog_last(b) + 1 : b->first - 1;
        free(b->found_text);
        b->found_text = xstrdup(text);
        b->found = NO_PLACE;
    }
    do
        place += older ? -1 : 1;
    while (folded && backlog_at(b, place) && !holds(backlog_at(b, place), folded));
    if (folded && backlog_at(b, place)) {
        b->found = place;
        backlog_reveal(b, place);
    } else
        place = NO_PLACE;
    free(folded);
    return place != NO_PLACE;
}

int64_t backlog_found_id(const struct backlog *b)
{
    const struct entry *e = backlog_at(b, b->found);

    return e ? e->item.id : 0;
}

void backlog_forget_found(struct backlog *b)
{
    free(b->found_text);
    b->found_text = NULL;
    b->found = NO_PLACE;
}
