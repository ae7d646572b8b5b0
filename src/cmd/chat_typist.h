/* SPDX-License-Identifier: ISC */
#ifndef CMD_CHAT_TYPIST_H
#define CMD_CHAT_TYPIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "net/loop.h"
#include "show/out.h"

/* Somebody who types lines on a terminal: show/prompt.c on the loop, with the terminal's mode, its signals
 * and its size. For chat_desk.c. */
struct chat_typist;

struct chat_typist_events {
    void (*line)(const char *text, size_t len, void *arg);
    void (*complete)(const char *word, size_t begin, void *arg); /* Tab: chat_typist_complete answers */
    void (*changed)(void *arg);   /* something is to be drawn: chat_typist_draw, and the out is flushed */
    void (*interrupt)(void *arg); /* Ctrl-C in an empty line */
    void (*ended)(const struct err *err, void *arg); /* Ctrl-D, or the terminal has gone */
};

/* Types at standard input, sees out, which stays the caller's. Nothing happens before start. */
struct chat_typist *chat_typist_new(
    struct loop *loop, struct out *out, const struct chat_typist_events *events, void *arg);
/* 0, or a negative errno with err. */
int chat_typist_start(struct chat_typist *t, struct err *err);
/* The terminal is given back; what is printed from now on goes to out as it is. */
void chat_typist_stop(struct chat_typist *t);
void chat_typist_free(struct chat_typist *t); /* accepts NULL */

void chat_typist_prompt(struct chat_typist *t, const char *prompt);
void chat_typist_print(struct chat_typist *t, const char *lines, size_t len);
void chat_typist_draw(struct chat_typist *t);
bool chat_typist_is_typing(const struct chat_typist *t);
void chat_typist_complete(
    struct chat_typist *t, size_t begin, const char *const *candidates, size_t count, const char *suffix);

#endif
