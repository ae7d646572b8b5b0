/* SPDX-License-Identifier: ISC */
#ifndef SHOW_PAINTED_H
#define SHOW_PAINTED_H

#include <stdbool.h>
#include <stddef.h>

#include "show/grid.h"

struct str;

/* Text with styles, line by line: made once, and then printed on a terminal or into a file, or drawn on a
 * screen. It knows no width: whoever adds to it keeps to his own. */
struct painted;

struct painted *painted_new(void);
void painted_free(struct painted *p); /* accepts NULL */
/* Empty again; keeps the memory. */
void painted_reset(struct painted *p);

/* These append to the line that is being made. The text has no line feed in it, and has been escaped before
 * (utf8_escape) if it is not ours. */
void painted_add(struct painted *p, enum style style, const char *text, size_t len);
void painted_add_text(struct painted *p, enum style style, const char *text);
void painted_addf(struct painted *p, enum style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same text so many times. */
void painted_repeat(struct painted *p, enum style style, const char *text, int times);
/* Blanks up to this column, from 0; none if the line is there already. */
void painted_pad(struct painted *p, int column);
/* Where the line that is being made stands: the columns it has. */
int painted_column(const struct painted *p);
void painted_end_line(struct painted *p);

/* Lines that were ended. */
size_t painted_lines(const struct painted *p);
int painted_columns(const struct painted *p, size_t line);

/* Appends all lines, each with a line feed and without blanks at its end; colours as escape sequences. */
void painted_print(const struct painted *p, bool color, struct str *out);
/* Puts a line on a grid, at most `columns` of it, without its first skip columns. is_selected: all of it, and
 * the blanks up to `columns`, in STYLE_SELECTED. */
void painted_draw(const struct painted *p, size_t line, struct grid *g, int row, int column, int columns,
    int skip, bool is_selected);

#endif
