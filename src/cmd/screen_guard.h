/* SPDX-License-Identifier: ISC */
#ifndef CMD_SCREEN_GUARD_H
#define CMD_SCREEN_GUARD_H

struct screen;

/* The terminal is given back even when the program dies at a place of its own choosing. One screen at a time;
 * NULL: none any more, to be said before it is freed. */
void screen_guard(struct screen *screen);

#endif
