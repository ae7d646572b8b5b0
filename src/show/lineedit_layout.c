/* SPDX-License-Identifier: ISC */
/* Where the rows begin, kept from one key to the next: in a long text only the rows from the change on are
 * laid out again. */
#include <assert.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "show/lineedit_private.h"
#include "show/text.h"

/* How far before a change a row may have depended on what changed. text_row looks at most one cluster past
 * what a row holds; that may be the first cluster of the row after the next one (where this row holds less
 * than two columns, and the next is full); and a mark typed at a row's begin belongs to the row before. */
#define ROWS_AHEAD 3

/* The last of the rows that begin at or before this offset. */
static size_t row_of(const struct lineedit *e, size_t at)
{
    size_t low = 0, high = e->row_count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (e->rows[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void lineedit_layout_forget(struct lineedit *e, size_t at)
{
    size_t row;

    if (e->row_count == 0)
        return;
    row = row_of(e, at);
    e->row_count = row > ROWS_AHEAD ? row - ROWS_AHEAD + 1 : 1;
    e->has_all_rows = false;
}

static void add_row(struct lineedit *e, size_t at)
{
    if (e->row_count == e->row_room) {
        e->row_room = e->row_room ? e->row_room * 2 : 8;
        e->rows = xreallocarray(e->rows, e->row_room, sizeof(*e->rows));
    }
    e->rows[e->row_count++] = at;
}

static void lay_out(struct lineedit *e)
{
    const char *text = e->text.data;
    size_t at, len, next;

    if (e->row_count == 0)
        add_row(e, 0);
    for (;;) {
        at = e->rows[e->row_count - 1];
        len = text_row(text, e->text.len, at, e->columns, &next);
        if (next == e->text.len)
            break;
        add_row(e, next);
    }
    /* Behind a newline, behind the blank that a row was broken at, and where a row is full, the cursor stands
     * on a row of its own. */
    if (at + len < e->text.len || text_columns(text + at, len) >= e->columns)
        add_row(e, e->text.len);
    e->has_all_rows = true;
}

size_t lineedit_layout(struct lineedit *e, int columns, size_t *ret_row, int *ret_column)
{
    size_t row, len;
    int column;

    if (columns < 2)
        columns = 2;
    if (columns != e->columns) {
        e->columns = columns;
        e->row_count = 0;
        e->has_all_rows = false;
    }
    if (!e->has_all_rows)
        lay_out(e);
    row = row_of(e, e->cursor);
    len = e->cursor - e->rows[row];
    column = text_columns(e->text.data + e->rows[row], len);
    *ret_row = row;
    *ret_column = column < columns ? column : columns - 1;
    return e->row_count;
}

size_t lineedit_row(const struct lineedit *e, size_t row, size_t *ret_len)
{
    size_t next;

    assert(e->has_all_rows && row < e->row_count);
    *ret_len = text_row(e->text.data, e->text.len, e->rows[row], e->columns, &next);
    return e->rows[row];
}
