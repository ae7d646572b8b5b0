/* SPDX-License-Identifier: ISC */
#ifndef CMD_WINDOW_H
#define CMD_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "cmd/cmd_chat.h"
#include "net/input.h"
#include "show/backlog.h"
#include "show/chat_screen.h"
#include "show/grid.h"
#include "show/lineedit.h"
#include "show/screen.h"

/* The inside of the chat's full-screen face, in pieces: cmd_chat_screen.c (its life), window_talks.c (the
 * list of conversations), window_events.c (what the chat tells), window_journal.c (what the journal tells:
 * pages of history, searching, exporting), window_keys.c and window_commands.c (what the user does),
 * window_draw.c. */

#define WINDOW_PAGE 100         /* messages that are had from the journal at once */
#define WINDOW_FRAME_MS 33      /* messages that come are drawn this often at most; what is typed, at once */
#define WINDOW_ESCAPE_MS 50     /* a lone ESC is a key when nothing has followed for so long */
#define WINDOW_READ_MARK_MS 500 /* the journal is told what has been read this long after it was */
#define WINDOW_PASTE_LINES 3    /* a longer paste is asked about */
#define WINDOW_WHEEL_ROWS 3
#define WINDOW_BELL_MS 1000  /* a bell at most this often */
#define WINDOW_COUNT_MAX 99  /* of the title's count */
#define WINDOW_OLD_TALKS 100 /* conversations with others than contacts that are listed for being unread */
#define WINDOW_EXPORT_PAGE 1000

/* One conversation, or a contact with whom there is none yet. */
struct talk {
    uint64_t serial;        /* never the same twice: what is under way for a talk that is gone finds nobody */
    struct chat_peer *peer; /* NULL: nothing was said with it in this run */
    char *who;              /* the journal's word for it, and what chat_open takes */
    char *name;             /* escaped */
    struct backlog *backlog;
    struct lineedit *edit; /* the draft, and the history of what was said there */
    size_t unread;
    bool is_contact, is_muted;
    bool is_kept;       /* what is said goes into the journal, and can be had from there */
    bool is_loading;    /* a page is on its way */
    bool is_read_late;  /* the journal is to be told that all is read */
    uint64_t last_said; /* the number of our last message */
    size_t n_rule;      /* so many at the end of the page that comes from the journal are unread */
    enum chat_why why;  /* of its line */
    char *trouble;      /* the last one that was shown: the same is not said twice in a row */
};

/* What the keys are for. */
enum window_mode {
    WINDOW_CHOOSING, /* whom to talk to */
    WINDOW_TALKING,
    WINDOW_SEARCHING, /* what to search for */
    WINDOW_FINDING,   /* n and N go from one to the next, while nothing is typed */
    WINDOW_PASTING,   /* a long paste: how? */
    WINDOW_HELPING,
};

struct window {
    struct chat_run *run;
    struct screen *screen; /* NULL before start */
    struct grid *grid;
    struct input *input;
    struct lineedit_keys *keys;
    struct timer *escape, *frame, *read_mark;
    struct turn_end draw;
    uint64_t drawn_ms, rung_ms;

    struct talk **talks;
    size_t n_talks, talks_capacity;
    uint64_t serial;
    struct talk *shown; /* NULL: nobody yet */
    size_t bar;         /* WINDOW_CHOOSING: the row of the list */

    enum window_mode mode, mode_before; /* the one that help, a paste or a search came from */
    struct lineedit *choose, *search;   /* what is typed while choosing, searching */
    struct str pasted;
    size_t pasted_lines;
    struct str wanted; /* what is searched for */
    bool is_seeking;   /* in the journal */
    size_t help_top;
    struct str notice;
    enum style notice_style;
    struct str listening; /* addresses */
    struct str pin;       /* of the certificate that is shown there */
    bool hides_list, mouse, has_focus, is_stopping, is_ascii;
    bool interrupt_again; /* another Ctrl-C ends it */
    bool quit_again;      /* so does another /quit, though what waits is not kept */

    struct chat_screen_places places; /* of the last drawing */
};

/* ---- cmd_chat_screen.c ---- */

/* Draws when the turn of the loop ends. */
void window_draw_now(struct window *w);
/* Draws soon: at most every WINDOW_FRAME_MS. */
void window_draw_soon(struct window *w);
/* One line or two above the status line, until the next key. */
void window_say(struct window *w, enum style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Ends it, or says what would be lost, and ends it the next time. */
void window_quit(struct window *w);

/* ---- window_draw.c ---- */

void window_draw(struct window *w);
size_t window_help_count(void); /* rows of help */

/* ---- window_talks.c ---- */

/* The contacts, in the order of the book. */
void window_add_contacts(struct window *w);
struct talk *window_find(const struct window *w, const char *who);
struct talk *window_find_serial(const struct window *w, uint64_t serial);
size_t window_index(const struct window *w, const struct talk *t); /* CHAT_SCREEN_NOBODY: not there */
struct talk *window_add(struct window *w, const char *who, bool is_contact);
/* The one of a peer, made if need be. */
struct talk *window_of(struct window *w, struct chat_peer *p);
void window_remove(struct window *w, struct talk *t);
/* The chat goes: nobody has a peer any more. */
void window_leave_peers(struct window *w);
void window_free_talks(struct window *w);
/* The book has changed: names, order, who is muted. */
void window_rename_all(struct window *w);
/* Shows it; what is typed goes there. False: it can't be opened, which was said. */
bool window_show(struct window *w, struct talk *t);
bool window_open(struct window *w, const char *who);
void window_choose(struct window *w);
/* The next conversation, or the one before. */
void window_step(struct window *w, bool forward);
void window_next_unread(struct window *w);
/* All that is in view has been read, if somebody looks. */
void window_look(struct window *w);
bool window_is_looked_at(const struct window *w, const struct talk *t);
size_t window_unread(const struct window *w); /* conversations with something new, without the muted */

/* ---- window_events.c ---- */

extern const struct chat_events window_events;
enum backlog_mark window_mark(enum store_state state);

/* ---- window_journal.c ---- */

/* Who has said something that was not read. */
void window_load_list(struct window *w);
/* Pages that the view wants. */
void window_load(struct window *w, struct talk *t);
void window_search(struct window *w, const char *text, bool older);
/* In window_export.c. */
void window_export(struct window *w, const char *path, bool overwrites);
void window_mark_read(struct window *w, struct talk *t);

/* ---- window_keys.c ---- */

void window_input(struct window *w, const uint8_t *data, size_t len);
void window_escape(struct window *w);           /* nothing followed ESC */
struct lineedit *window_edit(struct window *w); /* where keys go now */
void window_help_shown(struct window *w);       /* or not any more */
/* The row of the list that what is typed means; CHAT_SCREEN_NOBODY. */
size_t window_match(const struct window *w, const char *text);

/* ---- window_commands.c ---- */

/* "/word rest". */
void window_command(struct window *w, const char *text);
/* Completes what stands before the cursor: commands and names. */
void window_complete(struct window *w);

#endif
