/* SPDX-License-Identifier: ISC */
#ifndef SHOW_TTY_H
#define SHOW_TTY_H

#include <stdbool.h>
#include <termios.h>

/* The mode of the terminal that keys come from. Raw: each key comes at once and as the terminal sent it,
 * nothing is echoed, no key raises a signal. Output is left as it is: a newline still begins a line, so what
 * is written to stderr by whomever stays readable. */
struct tty {
    int fd;
    bool is_raw;
    struct termios saved;
};

void tty_init(struct tty *t, int fd); /* fd stays the caller's */
/* 0 or a negative errno (-ENOTTY). Nothing to do if it is raw already. Like all that changes a terminal, it
 * stops a program in the background (SIGTTOU) until that is brought to the front. */
int tty_raw(struct tty *t);
/* As it was found. May be called at any time, again, and in a signal handler; keeps errno. */
void tty_restore(struct tty *t);

/* How many rows and columns it shows; false where it can't say. */
bool tty_size(int fd, int *ret_columns, int *ret_rows);

#endif
