/* SPDX-License-Identifier: ISC */
#ifndef SHOW_PROMPT_H
#define SHOW_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "show/lineedit.h"

struct out;

/* A line being typed at the bottom of an ordinary terminal, while other output scrolls by above it and never
 * lands in it. Has no descriptor and no loop: the caller feeds it what was read, and at the end of each turn
 * of its loop calls prompt_draw and out_flush. Everything written to that terminal goes through prompt_print.
 *
 *     tty_raw(&tty);
 *     prompt_begin(p);
 *     for each loop turn:
 *         while (prompt_next(p, &data, &len, &event), event.kind != PROMPT_MORE) ...
 *         prompt_draw(p);
 *         out_flush(out);
 *     prompt_end(p); out_flush(out); tty_restore(&tty);
 *
 * To be suspended is prompt_end, out_flush, tty_restore, raise(SIGTSTP); and the beginning again behind it.
 *
 * On a dumb terminal (TERM is "dumb" or missing), where the cursor can't be moved, the terminal stays as it
 * is and not raw: its own driver edits the line, and other output begins on a new row. */
struct prompt;

struct prompt_options {
    int columns, rows;
    bool is_dumb;
    bool erases_lines; /* a line that was entered goes from the screen: the caller prints what it thinks of it
                        */
};

/* out stays the caller's. */
struct prompt *prompt_new(struct out *out, const struct prompt_options *options);
void prompt_free(struct prompt *p); /* accepts NULL; writes nothing */

void prompt_begin(struct prompt *p);
void prompt_end(struct prompt *p); /* the cursor stands on an empty row then; the text being typed is kept */

/* What stands before the text: as it may be shown, without newlines or colours. Copied. */
void prompt_set(struct prompt *p, const char *text);
/* Asks for a key instead (PROMPT_ANSWER), the text being typed is out of sight; NULL goes back to it. */
void prompt_ask(struct prompt *p, const char *question);
void prompt_resize(struct prompt *p, int columns, int rows);
/* Whole lines, as they may be shown, with colours if one likes; a newline is added if it has none at its end.
 */
void prompt_print(struct prompt *p, const char *text, size_t len);
void prompt_bell(struct prompt *p);
void prompt_draw(struct prompt *p);

/* The text, for drafts and history. */
struct lineedit *prompt_edit(struct prompt *p);

enum prompt_event_kind {
    PROMPT_MORE,      /* all bytes are taken */
    PROMPT_LINE,      /* Enter: text, which may be empty, or of several lines by Alt-Enter */
    PROMPT_PASTE,     /* a paste of several lines, which was not inserted: text, cleaned (lineedit_clean), and
                         lines */
    PROMPT_COMPLETE,  /* Tab: text is the word before the cursor, begin where it begins in the whole */
    PROMPT_INTERRUPT, /* Ctrl-C; the text being typed is still there */
    PROMPT_END,       /* Ctrl-D in an empty line */
    PROMPT_SUSPEND,
    PROMPT_ANSWER, /* to prompt_ask: text is the character; empty for Escape, Ctrl-C and Ctrl-D, "\r" for
                      Enter */
    PROMPT_KEY,    /* one that is the caller's to know (another conversation, page up, F1, ...): key */
};

struct prompt_event {
    enum prompt_event_kind kind;
    const char *text; /* NUL behind it; valid until the next call */
    size_t len, begin, lines;
    struct lineedit_key key;
};

/* Takes from the bytes until something happens; *data and *len move on. Call until it says PROMPT_MORE. */
void prompt_next(struct prompt *p, const uint8_t **data, size_t *len, struct prompt_event *ret);
/* As lineedit_keys_pending and lineedit_keys_flush: what to do about an Escape key. */
bool prompt_pending(const struct prompt *p);
void prompt_timeout(struct prompt *p, struct prompt_event *ret);

/* Answers PROMPT_COMPLETE: what the word may become, the whole of it each, as it may be shown. One: it is put
 * in, with suffix behind it; several: as far as they agree, and if that is no further than what is there,
 * they are listed; none: a bell. */
void prompt_complete(
    struct prompt *p, size_t begin, const char *const *candidates, size_t count, const char *suffix);

#endif
