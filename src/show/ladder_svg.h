/* SPDX-License-Identifier: ISC */
#ifndef SHOW_LADDER_SVG_H
#define SHOW_LADDER_SVG_H

#include <stdbool.h>
#include <stddef.h>

#include "see/ladder.h"

struct str;

struct ladder_svg_options {
    bool absolute; /* sequence numbers as they are */
};

/* Appends a whole SVG document, which refers to nothing outside of it: who talked, what it means, what was
 * found, and the ladder, light or dark as its reader wants it. After ladder_end. */
void ladder_svg(struct str *out, const struct ladder *l, const struct ladder_svg_options *o);

/* ---- for the page ---- */

/* The style sheet of ladders, with the colours as variables of :root. */
extern const char ladder_svg_style[];
/* Appends both sides' names above their lifelines, as a piece like those of rung_svg.h; returns its height.
 */
int ladder_svg_head(struct str *out, const struct ladder *l);
/* Appends what the colours of those states mean that the ladder has (NULL: of all), as a piece; returns its
 * height. */
int ladder_svg_legend(struct str *out, const struct ladder *l);
/* Appends one rung's tip as text of markup, with line feeds. */
void ladder_svg_tip(struct str *out, const struct ladder *l, const struct rung *rung);

#endif
