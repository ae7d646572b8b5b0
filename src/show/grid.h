/* SPDX-License-Identifier: ISC */
#ifndef SHOW_GRID_H
#define SHOW_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str;

/* A screen's content as a value: rows and columns of cells. What draws (chat_screen) fills one and knows no
 * terminal; screen.c puts it on one; a test reads it as text. */
struct grid;

/* What a piece of text is; screen.c knows how it looks with 256, 16 or no colours. */
enum style {
    STYLE_NORMAL,
    STYLE_DIM, /* times, rules, what has happened */
    STYLE_BOLD,
    STYLE_ME, /* names */
    STYLE_THEM,
    STYLE_GOOD, /* marks */
    STYLE_WARNING,
    STYLE_ERROR,
    STYLE_UNREAD,
    STYLE_ESCAPED, /* what stands for bytes that may not be shown */
    STYLE_FOUND,
    STYLE_SELECTED, /* the row of a list where one is */
    STYLE_STATUS,
    STYLE_STATUS_GOOD,
    STYLE_STATUS_WARNING,
    STYLE_STATUS_ERROR,
    STYLE_COUNT,
};

#define GRID_ROWS_MAX 1000
#define GRID_COLUMNS_MAX 2000
#define GRID_CELL_BYTES 29 /* a longer grapheme cluster loses what makes it longer */

struct grid_cell {
    char text[GRID_CELL_BYTES]; /* one cluster, no NUL behind it; a blank is one space */
    uint8_t len;
    uint8_t columns; /* 1 or 2; 0: the right half of the one before */
    uint8_t style;
};

struct grid *grid_new(void);
void grid_free(struct grid *g); /* accepts NULL */
/* All blank, of this size (at least 1 by 1, at most the limits). */
void grid_reset(struct grid *g, int rows, int columns);
int grid_rows(const struct grid *g);
int grid_columns(const struct grid *g);
/* Becomes what the other one is. */
void grid_copy(struct grid *g, const struct grid *from);
/* The cells of a row. */
const struct grid_cell *grid_row(const struct grid *g, int row);

/* Puts text at a place, by grapheme clusters, as many as go into `columns` and onto the grid; a wide one that
 * has only one column left is left out. Returns the columns taken. Rows and columns outside are allowed. Text
 * has been escaped before (utf8_escape); a control character still in it is left out. */
int grid_put(
    struct grid *g, int row, int column, int columns, const char *text, size_t len, enum style style);
/* The same for text with a NUL, "…" as its last column if not all fits. */
int grid_put_text(struct grid *g, int row, int column, int columns, const char *text, enum style style);
/* Blanks in a style. */
void grid_fill(struct grid *g, int row, int column, int columns, enum style style);

/* Appends the rows as lines, blanks at their ends left out. */
void grid_print(const struct grid *g, struct str *out);

#endif
