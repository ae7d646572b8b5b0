/* SPDX-License-Identifier: ISC */
#ifndef SHOW_LINEEDIT_H
#define SHOW_LINEEDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text being typed: of one line or several, with a cursor that moves by grapheme clusters, readline's
 * Emacs keys, a ring of what was cut, undo, and a history of what was typed before. A model: it reads no
 * terminal and draws nothing, so two faces share it (show/prompt.c on a line, show/chat_screen.c in a box).
 */
struct lineedit;
struct str;

#define LINEEDIT_BYTES ((size_t)1024 * 1024) /* more is not taken: lineedit_insert says so */
#define LINEEDIT_HISTORY 500
#define LINEEDIT_KILLS 16
#define LINEEDIT_UNDOS 200
#define LINEEDIT_KEPT_BYTES                                                                                  \
    ((size_t)4 * 1024 * 1024) /* of history, and of what can be undone: the oldest goes */
#define LINEEDIT_TAB "    "   /* what a tab becomes */

/* What a key does, by readline(3)'s names. */
enum lineedit_action {
    LINEEDIT_FORWARD_CHAR,
    LINEEDIT_BACKWARD_CHAR,
    LINEEDIT_FORWARD_WORD,
    LINEEDIT_BACKWARD_WORD,
    LINEEDIT_BEGINNING_OF_LINE,
    LINEEDIT_END_OF_LINE,
    LINEEDIT_BEGINNING_OF_TEXT,
    LINEEDIT_END_OF_TEXT,
    LINEEDIT_PREVIOUS_LINE, /* in a text of several lines, else history */
    LINEEDIT_NEXT_LINE,
    LINEEDIT_PREVIOUS_HISTORY,
    LINEEDIT_NEXT_HISTORY,
    LINEEDIT_DELETE_CHAR,
    LINEEDIT_BACKWARD_DELETE_CHAR,
    LINEEDIT_KILL_WORD,
    LINEEDIT_BACKWARD_KILL_WORD, /* Alt-Backspace: to the beginning of the word */
    LINEEDIT_UNIX_WORD_RUBOUT,   /* Ctrl-W: to the last blank */
    LINEEDIT_KILL_LINE,          /* Ctrl-K */
    LINEEDIT_UNIX_LINE_DISCARD,  /* Ctrl-U: to the beginning of the line */
    LINEEDIT_YANK,
    LINEEDIT_YANK_POP,
    LINEEDIT_TRANSPOSE_CHARS,
    LINEEDIT_UPCASE_WORD,
    LINEEDIT_DOWNCASE_WORD,
    LINEEDIT_CAPITALIZE_WORD,
    LINEEDIT_UNDO,
    LINEEDIT_NEWLINE, /* a line break in the text */
};

struct lineedit *lineedit_new(void);
void lineedit_free(struct lineedit *e); /* accepts NULL */

const char *lineedit_text(const struct lineedit *e); /* NUL behind it; valid until the next call */
size_t lineedit_len(const struct lineedit *e);
size_t lineedit_cursor(const struct lineedit *e); /* a byte offset, at a cluster's boundary */
bool lineedit_is_empty(const struct lineedit *e);

/* Appends a text as it may be edited and shown: \r\n and \r (what terminals make of the line ends they paste)
 * become \n, \t becomes LINEEDIT_TAB; other controls, bytes that are not UTF-8 and all else that utf8_escape
 * would escape is left out. */
void lineedit_clean(struct str *out, const char *text, size_t len);
/* Typed or pasted text, which is cleaned. False: it would be longer than LINEEDIT_BYTES, and nothing was
 * inserted. */
bool lineedit_insert(struct lineedit *e, const char *text, size_t len);
/* False: there was nothing to do (a bell, if one likes). */
bool lineedit_do(struct lineedit *e, enum lineedit_action action);
/* The whole text is another (a draft, a completed word); the cursor goes to `cursor`. Can be undone. */
void lineedit_set(struct lineedit *e, const char *text, size_t len, size_t cursor);
/* Takes the text out, for sending: it becomes history (not if it is empty or the same as the last) and the
 * editor is empty. The caller frees. */
char *lineedit_take(struct lineedit *e, size_t *ret_len);
/* Empties it; what was there can be yanked, and the history is at its end again. */
void lineedit_clear(struct lineedit *e);
/* Something said in an earlier life, the oldest first. */
void lineedit_remember(struct lineedit *e, const char *text, size_t len);

/* Where the rows of the text are when it is shown `columns` wide (at least 2), wrapped by text_row: how many
 * rows, at least 1, and on which row and column the cursor stands, always less than `columns`. A last row
 * that is full has an empty one below it, for the cursor. Cheap after typing at the end, whatever the length.
 */
size_t lineedit_layout(struct lineedit *e, int columns, size_t *ret_row, int *ret_column);
/* One of these rows: where it begins and how many bytes are on it. After lineedit_layout, before the next
 * change. */
size_t lineedit_row(const struct lineedit *e, size_t row, size_t *ret_len);

/* Reads what a terminal sends when keys are pressed (xterm, vt, tmux, screen, Linux; both cursor modes; Alt
 * as ESC; bracketed paste), whole or in pieces. The terminal must be raw (show/tty.h): where it still turns
 * \r into \n, Enter can't be told from Ctrl-J. */
enum lineedit_key_kind {
    LINEEDIT_KEY_MORE,   /* the bytes so far are the beginning of something */
    LINEEDIT_KEY_TEXT,   /* text to insert */
    LINEEDIT_KEY_ACTION, /* action */
    LINEEDIT_KEY_ENTER,
    LINEEDIT_KEY_TAB,
    LINEEDIT_KEY_BACK_TAB,
    LINEEDIT_KEY_ESCAPE,    /* alone (lineedit_keys_flush), or Ctrl-G */
    LINEEDIT_KEY_INTERRUPT, /* Ctrl-C */
    LINEEDIT_KEY_END,       /* Ctrl-D: delete-char if there is text, else the end of input */
    LINEEDIT_KEY_SUSPEND,   /* Ctrl-Z */
    LINEEDIT_KEY_REDRAW,    /* Ctrl-L */
    LINEEDIT_KEY_SEARCH,    /* Ctrl-R */
    LINEEDIT_KEY_PAGE_UP,
    LINEEDIT_KEY_PAGE_DOWN,
    LINEEDIT_KEY_NEXT,        /* Alt-Down, Alt-N: the next conversation */
    LINEEDIT_KEY_PREVIOUS,    /* Alt-Up, Alt-P */
    LINEEDIT_KEY_NEXT_UNREAD, /* Alt-A */
    LINEEDIT_KEY_NUMBER,      /* Alt-1 to Alt-9: number */
    LINEEDIT_KEY_FUNCTION,    /* F1 to F12: number */
    LINEEDIT_KEY_MOUSE,       /* button, column, row (from 0), pressed */
    LINEEDIT_KEY_PASTE,       /* text: a whole bracketed paste */
    LINEEDIT_KEY_FOCUS,       /* number 1: the window has the focus now, 0: it has not */
    LINEEDIT_KEY_UNKNOWN,     /* swallowed */
};

struct lineedit_key {
    enum lineedit_key_kind kind;
    enum lineedit_action action;
    const char *text; /* valid until the next call */
    size_t len;
    int number;
    int button, column, row; /* SGR mouse: button as sent, wheel 64 and 65 */
    bool pressed;
};

#define LINEEDIT_PASTE_BYTES LINEEDIT_BYTES /* a longer one is cut; `number` is 1 then */
#define LINEEDIT_SEQUENCE_BYTES 64          /* a longer escape sequence means nothing */

struct lineedit_keys;
struct lineedit_keys *lineedit_keys_new(void);
void lineedit_keys_free(struct lineedit_keys *k); /* accepts NULL */
/* Takes one key from the bytes; *data and *len move on. Call until it says MORE. */
void lineedit_keys_next(struct lineedit_keys *k, const uint8_t **data, size_t *len, struct lineedit_key *ret);
/* What came last may be a key, or the beginning of a sequence: a lone ESC, or Alt and a key that begins
 * sequences (Alt-[, Alt-O, Alt-]). */
bool lineedit_keys_pending(const struct lineedit_keys *k);
/* Nothing came for a moment (50 ms), so it is a key: LINEEDIT_KEY_ESCAPE or _UNKNOWN. MORE if nothing is
 * pending. */
void lineedit_keys_flush(struct lineedit_keys *k, struct lineedit_key *ret);

#endif
