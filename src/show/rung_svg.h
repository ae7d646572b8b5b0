/* SPDX-License-Identifier: ISC */
#ifndef SHOW_RUNG_SVG_H
#define SHOW_RUNG_SVG_H

#include <stdbool.h>
#include <stddef.h>

#include "see/ladder.h"

struct str;

/* One rung as a piece of SVG, from its own upper edge at y = 0 down: the two lifelines, what is between them,
 * and beside them the time and the states that change. ladder_svg.c puts pieces below each other; the page
 * has each in an <svg> of its own, so that a printer's page ends between two of them. Classes are those of
 * ladder_svg_style. */

#define RUNG_SVG_WIDTH 980
/* Where the lifelines are. */
#define RUNG_SVG_A 252
#define RUNG_SVG_B 860

/* Appends the piece; returns its height. */
int rung_svg(struct str *out, const struct ladder *l, size_t index, bool absolute);
/* The class of a state's colour. */
const char *rung_svg_state_class(enum flow_state state);
/* Appends "c3-17": the id of the rung of packet 17 in conversation 3. */
void rung_svg_id(struct str *out, const struct ladder *l, const struct rung *rung);
/* The rung that has this packet; NULL if none has. */
const struct rung *rung_svg_find(const struct ladder *l, uint64_t number);

#endif
