/* SPDX-License-Identifier: ISC */
#ifndef SHOW_LINEEDIT_PRIVATE_H
#define SHOW_LINEEDIT_PRIVATE_H

#include "base/str.h"
#include "show/lineedit.h"

/* The inside of the editor, for its own files: lineedit.c (the text and undo), lineedit_do.c (what keys do),
 * lineedit_history.c and lineedit_layout.c. */

/* [at, at + added) took the place of `removed`; the cursor stood elsewhere before. */
struct lineedit_change {
    size_t at, added, cursor;
    char *removed;
    size_t removed_len;
};

struct lineedit_said {
    char *text, *edited; /* edited: as it was left when the history moved on; NULL if untouched */
    size_t len, edited_len;
};

/* What the last key did, for those that go on with it. */
enum lineedit_last { LAST_OTHER, LAST_TYPED, LAST_KILLED, LAST_YANKED, LAST_CHANGED_LINE };

struct lineedit {
    struct str text;
    size_t cursor;
    enum lineedit_last last;
    int goal_column; /* LAST_CHANGED_LINE: where the cursor would like to be */

    struct str kills[LINEEDIT_KILLS]; /* the newest first */
    size_t kill_count, yanked;        /* LAST_YANKED: which of them, standing before the cursor */
    size_t yanked_at;

    struct lineedit_change undos[LINEEDIT_UNDOS]; /* the newest last */
    size_t undo_count, undo_bytes;

    struct lineedit_said *said; /* the oldest first; at said_count is the text that was not sent yet */
    size_t said_count, said_at, said_bytes;
    struct lineedit_said unsent;

    int columns; /* what rows are for */
    size_t *rows, row_count, row_room;
    bool has_all_rows;
};

/* Puts text, which is clean, in the place of a piece, and the cursor to `cursor` or the next boundary behind
 * it. joins: to be undone together with the change before. False: too long. */
bool lineedit_replace(
    struct lineedit *e, size_t at, size_t removed, const char *text, size_t len, size_t cursor, bool joins);
/* The same for the whole text, and not to be undone. */
void lineedit_load(struct lineedit *e, const char *text, size_t len);
void lineedit_forget_undo(struct lineedit *e);
bool lineedit_undo(struct lineedit *e);
void lineedit_kill(struct lineedit *e, size_t from, size_t to, bool is_forward);

bool lineedit_history_move(struct lineedit *e, bool back);
/* Lets go of what was edited and not sent; the history is at its end. */
void lineedit_history_reset(struct lineedit *e);
void lineedit_history_done(struct lineedit *e);

/* The text from offset `at` on is another. */
void lineedit_layout_forget(struct lineedit *e, size_t at);

#endif
