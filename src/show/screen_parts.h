/* SPDX-License-Identifier: ISC */
#ifndef SHOW_SCREEN_PARTS_H
#define SHOW_SCREEN_PARTS_H

#include <stddef.h>

#include "show/grid.h"

/* What the pictures of whole screens (chat_screen, watch_screen) have in common. All texts are escaped. */

int screen_clamp(int value, int least, int most);
int screen_columns_of(const char *text);

/* Text over several rows of a grid, wrapped; what does not fit is left out. */
void screen_put_wrapped(
    struct grid *g, int row, int column, int rows, int columns, const char *text, enum style style);

/* Help: two columns, what to press and what it does. */
struct screen_help {
    const char *key, *text; /* text NULL: key is a heading */
};
void screen_put_help(struct grid *g, int row, int column, int rows, int columns,
    const struct screen_help *help, size_t count, size_t top);

/* A status line over the whole width: what is shown, how it stands, and at its right end, if there is room,
 * what to press. */
void screen_put_status(
    struct grid *g, int row, const char *who, const char *state, enum style state_style, const char *hint);

#endif
