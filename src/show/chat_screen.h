/* SPDX-License-Identifier: ISC */
#ifndef SHOW_CHAT_SCREEN_H
#define SHOW_CHAT_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "show/grid.h"
#include "show/screen_parts.h"

struct backlog;
struct lineedit;

/* What `landline chat` looks like on a whole screen:
 *
 *     1 ● Ann            │ ── 2026-11-24 Tuesday ─────────────────────
 *     2 ○ 王五         3 │ 10:23:45  Ann    shall we eat?
 *                        │ 10:23:50   me ✓✓ 好，六点
 *      Ann  udp://127.0.0.1:8081  connected                    F1 help
 *      > what is being typed
 *
 * A picture of a view that the caller fills in: it keeps no state of its own. */

#define CHAT_SCREEN_INPUT_ROWS 6
#define CHAT_SCREEN_NOTICE_ROWS 3
#define CHAT_SCREEN_LIST_FROM 60 /* columns; in narrower ones the list is shown alone, or not */
#define CHAT_SCREEN_NOBODY ((size_t)-1)

enum chat_screen_line { CHAT_SCREEN_IDLE, CHAT_SCREEN_CALLING, CHAT_SCREEN_UP };

/* A row of the list. */
struct chat_screen_talk {
    const char *name; /* escaped, as all text here */
    enum chat_screen_line line;
    size_t unread, waiting;
    bool is_muted;
};

struct chat_screen_view {
    const struct chat_screen_talk *talks;
    size_t n_talks;
    size_t chosen; /* the conversation that is shown, or when is_choosing where the list's bar stands */
    bool is_choosing;
    bool hides_list;
    struct backlog *backlog; /* NULL: intro is shown */
    const char *me, *them;
    const char *intro;
    const struct screen_help *help; /* over the conversation; NULL: none */
    size_t n_help, help_top;
    const char *who, *state, *hint; /* the status line: whom, how it stands, at its right end */
    enum style state_style;
    const char *notice; /* NULL: none */
    enum style notice_style;
    const char *prompt;
    struct lineedit *edit;
    const char *placeholder; /* while nothing is typed */
    bool ascii;
};

/* Where things are. Rows or columns of 0: not there. */
struct chat_screen_places {
    int list_columns; /* from column 0, list_rows high; the conversation begins one further, behind a line */
    int list_rows;
    size_t list_first;
    int talk_column, talk_columns, talk_rows; /* from row 0 */
    int notice_row, notice_rows;
    int status_row; /* -1: none */
    int input_row, input_rows;
    int cursor_row, cursor_column; /* where the cursor stands */
};

/* Draws on all of the grid. */
void chat_screen_draw(
    struct grid *g, const struct chat_screen_view *view, struct chat_screen_places *ret_places);
/* The row of a list of n_talks at a place of the screen; CHAT_SCREEN_NOBODY. */
size_t chat_screen_hit(const struct chat_screen_places *places, size_t n_talks, int row, int column);

#endif
