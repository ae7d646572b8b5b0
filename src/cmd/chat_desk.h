/* SPDX-License-Identifier: ISC */
#ifndef CMD_CHAT_DESK_H
#define CMD_CHAT_DESK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "cmd/cmd_chat.h"
#include "show/term.h"

/* Where the line face works: lines are typed below and printed above, and neither tears the other. On a
 * terminal a line can be edited (chat_typist.h). Elsewhere it is as a program that prints prompts and reads
 * lines: a prompt for each line that is read, with no newline behind it, and what is printed begins a line.
 */
struct chat_desk;

struct chat_desk_events {
    /* A line was entered. False, only where chat_desk_holds: not now; it comes again after chat_desk_resume.
     */
    bool (*line)(const char *text, size_t len, void *arg);
    /* The end of input; err: what reading failed with. */
    void (*ended)(const struct err *err, void *arg);
    void (*interrupt)(void *arg); /* Ctrl-C in an empty line, on a terminal */
    /* Tab behind a word that begins at this byte of the line: chat_desk_complete answers. */
    void (*complete)(const char *word, size_t begin, void *arg);
};

struct chat_desk *chat_desk_new(const struct chat_run *run, const struct chat_desk_events *events, void *arg,
    void (*broken)(int code, void *arg));
/* Reads from now on. 0, or a negative errno with err. */
int chat_desk_start(struct chat_desk *d, struct err *err);
void chat_desk_stop(struct chat_desk *d); /* reads no more; what is printed still comes out */
void chat_desk_free(struct chat_desk *d); /* accepts NULL */

/* Lines for standard output, each with its newline: appended here, then chat_desk_printed. */
struct str *chat_desk_text(struct chat_desk *d);
void chat_desk_printed(struct chat_desk *d);
/* One line for standard error. It is escaped: nothing in it is a terminal's to obey. */
void chat_desk_note(struct chat_desk *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What was printed goes out now. */
void chat_desk_flush(struct chat_desk *d);

/* What is asked for from now on; NULL: nothing. It is shown when the turn of the loop ends. */
void chat_desk_prompt(struct chat_desk *d, const char *prompt);
void chat_desk_ask_again(struct chat_desk *d); /* the same prompt, for the next line */
/* Has somebody begun a line that is not entered? */
bool chat_desk_is_typing(const struct chat_desk *d);
/* Standard input is no terminal: lines may be held. */
bool chat_desk_holds(const struct chat_desk *d);
void chat_desk_resume(struct chat_desk *d);
void chat_desk_complete(
    struct chat_desk *d, size_t begin, const char *const *candidates, size_t count, const char *suffix);
int chat_desk_columns(const struct chat_desk *d);
const struct term_colors *chat_desk_colors(const struct chat_desk *d);

#endif
