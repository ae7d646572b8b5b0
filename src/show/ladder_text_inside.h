/* SPDX-License-Identifier: ISC */
#ifndef SHOW_LADDER_TEXT_INSIDE_H
#define SHOW_LADDER_TEXT_INSIDE_H

#include "see/ladder.h"
#include "show/painted.h"
#include "show/traffic_text.h"

struct str;

/* What ladder_text.c and ladder_text_head.c share: where things stand.
 *
 *     number time delta   state of A │ lane, with the arrows │ state of B   notes
 */

#define LADDER_DELTA_COLUMNS (1 + TRAFFIC_SPAN_COLUMNS)

struct ladder_layout {
    int columns;
    int number; /* columns of it; 0: none */
    int time;
    bool has_delta; /* else the time's column has it, but for the first rung */
    bool has_states, is_brief;
    int state;                /* columns of one, with the blank beside its lifeline; 0: none */
    int line_a, lane, line_b; /* where the lifelines are, and how far apart */
    int notes_at, notes;      /* notes: columns; 0: below the arrows */
};

struct ladder_layout ladder_text_layout(const struct ladder *l, int columns);
bool ladder_text_is_udp(const struct ladder *l);
enum style ladder_text_side_style(unsigned side);
/* So that it ends behind `columns` from `at` on. */
void ladder_text_put_right(
    struct painted *out, enum style style, const struct str *text, int at, int columns);
/* Right up to its lifeline, or away from it; the mark of an inferred one may take the blank between. */
void ladder_text_put_state(struct painted *out, const struct ladder_layout *y, unsigned side,
    enum flow_state state, bool is_inferred);
/* A packet counts as arrived until something tells otherwise, so a side that was sent a SYN is in
 * SYN_RECEIVED; but of one that has never answered nothing is known. */
bool ladder_text_is_never_heard(const struct conversation *c);

#endif
