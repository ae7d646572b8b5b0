/* SPDX-License-Identifier: ISC */
#ifndef SHOW_TERM_H
#define SHOW_TERM_H

#include <stdbool.h>

/* What is known of the terminal behind a descriptor. */

bool term_is(int fd);

/* Whether to colour what goes to fd: not when --no-color was given, NO_COLOR is set and not empty, TERM is
 * "dumb" or missing, or fd is no terminal. */
bool term_wants_color(int fd, bool no_color_given);

/* Texts to be put around a piece of output; all empty where there are no colours, so nobody has to ask. */
struct term_colors {
    const char *off; /* ends any of the others */
    const char *bold, *dim;
    const char *red, *green, *yellow, *blue, *magenta, *cyan;
    const char *escape_on, *escape_off; /* around what utf8_escape_marked escapes */
};

const struct term_colors *term_colors(bool on);

/* How wide it is: what the terminal says, else COLUMNS, else 80. Never less than TERM_COLUMNS_MIN, so that
 * nobody divides by it or wraps for ever. */
#define TERM_COLUMNS_MIN 10
#define TERM_COLUMNS_MAX 10000
int term_columns(int fd);

#endif
