/* SPDX-License-Identifier: ISC */
#ifndef SHOW_WATCH_SCREEN_H
#define SHOW_WATCH_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "see/conversation.h"
#include "see/ladder.h"
#include "see/ring.h"
#include "show/grid.h"
#include "show/screen_parts.h"

struct lineedit;

/* What `landline watch` looks like on a whole screen. The list:
 *
 *      #  who                                   how it ended         ...
 *      1  10.0.0.1:40000 → 10.0.0.2:80          closed in four ...
 *      2  ...
 *      lossy.pcap  2 conversations                               F1 help
 *      Enter ladder  / search  F filter  ...
 *
 * and the ladder of one of them, with the packet under the cursor header by header below it, or beside it
 * where the screen is wide. A picture of a view that the caller fills in; it keeps no state of its own. */

enum watch_screen_kind { WATCH_SCREEN_LIST, WATCH_SCREEN_LADDER };

#define WATCH_SCREEN_NONE ((size_t)-1)
/* From so many columns on the packet is shown beside the ladder. */
#define WATCH_SCREEN_BESIDE_FROM 160

struct watch_screen_view {
    enum watch_screen_kind kind;
    bool ascii;
    size_t chosen; /* the row, the rung or, behind the last rung, the line of what is explained */
    size_t first;  /* at the top; as places.first had it, so that things stand still */
    int skip;      /* columns that are out of sight to the left */

    /* The list: */
    size_t count;
    /* False: there is none any more. *ret is valid until the next call. */
    bool (*conversation)(void *arg, size_t index, struct conversation *ret);
    void *arg;
    const char *intro; /* shown where there is no row */

    /* The ladder: */
    const struct ladder *ladder; /* ended; NULL: there is none yet, and intro is shown */
    bool absolute;
    bool hides_packet;
    const struct ring_packet *packet; /* under the cursor; NULL: none */
    unsigned verdicts;                /* of it */
    bool packet_has_focus;
    size_t packet_first; /* its line at the top */

    const struct screen_help *help; /* over all of it; NULL: none */
    size_t n_help, help_first;
    const char *who, *state, *hint; /* the status line */
    enum style state_style;
    const char *keys;   /* the last line, while there is nothing else to say on it */
    const char *notice; /* NULL: none */
    enum style notice_style;
    const char *prompt; /* what is typed, on the last line; NULL: nothing */
    struct lineedit *edit;
};

struct watch_screen_places {
    int body_row, body_rows; /* where rows or rungs are; rows of 0: nowhere */
    size_t first;            /* the one at the top */
    size_t count;            /* rows; or rungs and the lines behind them */
    int packet_row, packet_column, packet_rows;
    size_t packet_lines, packet_first;
    int cursor_row, cursor_column; /* row -1: hidden */
};

/* Draws on all of the grid. */
void watch_screen_draw(
    struct grid *g, const struct watch_screen_view *view, struct watch_screen_places *ret_places);
/* The row or rung at a row of the screen; WATCH_SCREEN_NONE. */
size_t watch_screen_hit(
    const struct watch_screen_view *view, const struct watch_screen_places *places, int columns, int row);
/* One of them as text on one line, as it stands on the screen: what a search looks through. */
void watch_screen_append_text(struct str *out, const struct watch_screen_view *view, size_t index);

#endif
