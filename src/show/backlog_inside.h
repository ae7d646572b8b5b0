/* SPDX-License-Identifier: ISC */
#ifndef SHOW_BACKLOG_INSIDE_H
#define SHOW_BACKLOG_INSIDE_H

#include "show/backlog.h"

/* What backlog.c (what there is), backlog_view.c (what is in view) and backlog_draw.c (how it looks) share.
 *
 * Messages have a place: a number that goes up by one from each to the next, and stays what it is when others
 * come at either end. The view hangs on a place and a row of it, so that nothing moves while one reads. */

struct entry {
    struct backlog_item item; /* text and note: ours, escaped */
    uint32_t *escapes;        /* pairs of offsets: what was escaped; NULL: nothing */
    size_t n_escapes;
    int32_t day;      /* local; counts up, and differs from one to the next */
    uint32_t *row_at; /* where its rows begin, for text_columns; NULL: not laid out */
    size_t n_rows;    /* of the text */
    size_t n_note_rows;
    int text_columns;
};

struct backlog {
    struct entry **ring; /* capacity is a power of two */
    size_t capacity, head, count;
    size_t bytes;
    int64_t first;  /* the place of the oldest */
    int64_t unread; /* the place above which the rule stands; INT64_MIN: none */
    bool has_journal;
    bool has_all_older; /* there is nothing older in the journal */
    bool is_cut_below;  /* the newest are in the journal only */
    size_t missed;      /* came while is_cut_below, since a page was last asked for */
    size_t below;       /* came while the end was not in view */
    bool at_end;        /* the view follows the newest */
    int64_t bottom;     /* else: the place at its last row, */
    size_t bottom_row;  /* and which of that one's rows */
    char *found_text;   /* NULL: nothing is searched for */
    int64_t found;      /* place; INT64_MIN: none */
    int64_t awaited_id; /* what backlog_found_elsewhere waits for */

    /* Of the last drawing. */
    int rows, columns, name_columns;
    int64_t top;
};

#define NO_PLACE INT64_MIN

struct entry *backlog_at(const struct backlog *b, int64_t place); /* NULL outside */
int64_t backlog_last(const struct backlog *b);                    /* first - 1 if it is empty */
/* The view is put so that this one is in the middle, or as near as may be. */
void backlog_reveal(struct backlog *b, int64_t place);
/* How many rows a message takes, with the rules above it and the note below. */
size_t backlog_rows_of(struct backlog *b, int64_t place);
bool backlog_has_day_rule(const struct backlog *b, int64_t place);

/* Where things stand in a row. */
struct backlog_columns {
    int time; /* 8, 5 or 0 */
    int name, mark, text_at, text;
};
void backlog_divide(const struct backlog *b, struct backlog_columns *ret);

#endif
