/* SPDX-License-Identifier: ISC */
#ifndef CMD_CHAT_INPUT_H
#define CMD_CHAT_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "net/loop.h"

/* Standard input, line by line, for the faces that take lines. A line that cannot be taken yet is held, and
 * with it what comes behind: a pipe's writer then waits, and nothing piles up here. */
struct chat_input;

#define CHAT_INPUT_HIGH_BYTES ((size_t)256 * 1024) /* held; past this standard input is not read on */

struct chat_input_events {
    /* A line without its newline (or CR LF), at most max_bytes long; valid during the call. False: not
     * now; it comes again after chat_input_resume. */
    bool (*line)(const char *text, size_t len, void *arg);
    /* A longer one was left out. */
    void (*too_long)(void *arg);
    /* All lines are taken. err: what reading failed with, NULL at the end of input. Nothing follows. */
    void (*ended)(const struct err *err, void *arg);
};

/* Never calls back before it has returned. 0, or a negative errno with err. */
int chat_input_new(struct loop *loop, size_t max_bytes, const struct chat_input_events *events, void *arg,
    struct chat_input **ret, struct err *err);
/* The held line is offered again, at the end of this turn of the loop. */
void chat_input_resume(struct chat_input *in);
/* Nothing is read or told any more. May be called in an event; accepts NULL. */
void chat_input_stop(struct chat_input *in);
/* Not in an event; accepts NULL. */
void chat_input_free(struct chat_input *in);

#endif
