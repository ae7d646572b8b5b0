/* SPDX-License-Identifier: ISC */
#ifndef SHOW_SCREEN_H
#define SHOW_SCREEN_H

#include <stdbool.h>

#include "base/err.h"

struct grid;

/* A terminal that is ours as a whole, through ncursesw: the alternate screen, raw keys (which the caller
 * reads from the descriptor itself), what is drawn, and everything put back as it was at the end. One at a
 * time. It takes no signals: the caller says when the size has changed, and when to stop. */
struct screen;

struct screen_options {
    int in_fd, out_fd;
    bool no_color; /* attributes only; also where NO_COLOR or the terminal says so */
    bool mouse;
};

/* 0, or a negative errno with err: the terminal's type is not known, or it can't move its cursor. */
int screen_new(const struct screen_options *options, struct screen **ret, struct err *err);
/* Gives the terminal back. Accepts NULL. */
void screen_free(struct screen *s);
/* The same for a signal's handler, when the program is about to die: writes what was prepared, sets the
 * terminal's modes, touches nothing else. Accepts NULL. */
void screen_rescue(const struct screen *s);

/* How large it is, at least 1 by 1. */
void screen_size(const struct screen *s, int *ret_rows, int *ret_columns);
/* The size may be another (SIGWINCH). */
void screen_resized(struct screen *s);
/* Shows a grid, which is of the screen's size; the cursor stands at a cell of it, or is hidden (row -1).
 * Writes what differs from what is there, with one write. */
void screen_show(struct screen *s, const struct grid *g, int row, int column);
/* Somebody else has written on it: the next screen_show draws all of it. */
void screen_spoiled(struct screen *s);
/* Gives the terminal back, stops the process (and its job) as Ctrl-Z does, and takes the terminal again when
 * it goes on. */
void screen_suspend(struct screen *s);

void screen_bell(struct screen *s);
/* The window's title, where the terminal has one; UTF-8 without control characters. */
void screen_title(struct screen *s, const char *title);
void screen_mouse(struct screen *s, bool on);

#endif
