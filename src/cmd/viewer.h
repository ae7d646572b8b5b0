/* SPDX-License-Identifier: ISC */
#ifndef CMD_VIEWER_H
#define CMD_VIEWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "cmd/cmd_watch_screen.h"
#include "net/input.h"
#include "net/loop.h"
#include "see/closeup.h"
#include "see/follow.h"
#include "see/match.h"
#include "see/ring.h"
#include "see/source_file.h"
#include "show/lineedit.h"
#include "show/screen.h"
#include "show/watch_screen.h"

/* The inside of watch's screen. All work is done in slices between keys, by one timer that is always due
 * while there is some: reading, the second pass that a ladder or a file to save needs, a search. */

#define VIEWER_SLICE_NS 10000000 /* of work, before keys are looked at again */
#define VIEWER_FRAME_MS                                                                                      \
    33 /* what changes by itself is drawn this often at most; what is pressed, at once                       \
        */
#define VIEWER_LIVE_FRAME_MS                                                                                 \
    100 /* the same while packets come from an interface, which draw attention enough */
#define VIEWER_ESCAPE_MS 50
/* The list is put in order, and rows of conversations that live brought up to date, so that it takes at most
 * one part in so many of the time. */
#define VIEWER_TIDY_PART 5
#define VIEWER_WHEEL_ROWS 3
#define VIEWER_SIDE_COLUMNS 8 /* an arrow to the side */
#define VIEWER_BATCH 32       /* packets; at most FLOW_TABLE_EXPECT_MAX */

/* What is typed on the last line. */
enum viewer_asking {
    ASKING_NOTHING,
    ASKING_SEARCH,
    ASKING_FILTER,
    ASKING_SAVE,
    ASKING_OVERWRITE, /* a key: yes or no */
};

struct viewer_save;

/* Packets of one conversation, out of all: for its ladder, or to be saved. */
struct viewer_pass {
    struct closeup *closeup;
    uint32_t id;              /* of the conversation */
    struct source_file *file; /* NULL: it has been read */
    uint64_t number;          /* of the last packet that was given */
    uint64_t offset;          /* of it in the file */
    bool is_finished;
    /* Of a live capture. */
    uint64_t next;         /* place in the ring, counted as ring_gone does */
    uint64_t until_number; /* the last packet there was when it began */
    int64_t until_ns;      /* when the conversation was heard last, then */
    uint64_t missing;      /* of its packets, that went out of the ring before */
    bool has_begun, is_caught_up;
};

struct viewer {
    const struct viewer_options *o;
    struct loop *loop;
    struct screen *screen;
    struct grid *grid;
    int terminal_fd; /* keys; -1: standard input */
    bool is_ascii;
    bool is_paused; /* the list stands still */
    struct input *input;
    struct lineedit_keys *keys;
    struct timer *escape, *frame, *work;
    struct turn_end draw;
    uint64_t drawn_ms;

    /* The capture. */
    struct source_file *file; /* NULL: it has been read */
    uint64_t file_bytes;      /* 0: not known, or packed */
    uint64_t offset, number;  /* of the last packet */
    struct source *live;      /* NULL: a file, or the capture is over */
    struct watch *readable;   /* it is */
    struct timer *time;       /* --for; NULL: none */
    struct ring *kept;        /* the packets of a live capture; NULL: a file */
    uint64_t dropped;         /* by the kernel */
    struct follow *follow;    /* NULL: finished */
    struct err trouble;       /* kind ERR_NONE: none */

    /* The list. */
    struct roll *roll;
    struct match *only;
    struct str only_text;       /* as it was typed */
    int64_t tidy_ns, tidied_ns; /* how long that took, and when it was done, the last time */
    size_t bar, list_first;
    uint32_t chosen_id; /* the bar's; 0: none */
    enum roll_key key;
    bool is_reversed;
    bool is_touched; /* rows of those that live are not up to date */

    /* The ladder, if there is a pass. */
    struct viewer_pass pass;
    size_t rung, rung_first, packet_first;
    int skip;
    bool shows_ladder, every, absolute, hides_packet, packet_has_focus;
    bool follows_end; /* live: the cursor goes with the last rung */

    /* Searching. */
    struct str wanted; /* lower case; empty: nothing */
    size_t find_at;    /* the next one to look at */
    size_t find_left;  /* so many are to be looked at; 0: no search is on */

    struct viewer_save *save; /* under way; NULL: none */

    struct lineedit *search, *filter, *file_name;
    size_t help_first;
    struct str notice;
    enum style notice_style;
    enum viewer_asking asking;
    bool shows_help, finds_backwards;
    struct watch_screen_places places; /* of the last drawing */
};

/* ---- cmd_watch_screen.c ---- */

void viewer_draw_now(struct viewer *v);
void viewer_draw_soon(struct viewer *v);
/* There is something to do: viewer_work is called again and again until it says otherwise. */
void viewer_work_on(struct viewer *v);
/* One line, until the next key. */
void viewer_say(struct viewer *v, enum style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void viewer_quit(struct viewer *v);

/* ---- viewer_feed.c ---- */

int viewer_open(struct viewer *v, struct err *err);
/* A slice of reading. True: there is more. */
bool viewer_read(struct viewer *v);
/* The rows up to date and in order, if it can be afforded by now, or is_wanted anyhow. */
void viewer_tidy(struct viewer *v, bool is_wanted);
/* The row at the bar is this conversation's, wherever it has got to. */
void viewer_keep_bar(struct viewer *v);
/* Begins to look for a conversation's packets. False, and said: it is not there any more. */
bool viewer_pass_begin(struct viewer *v, struct viewer_pass *pass, uint32_t id);
/* A slice of it. True: there is more. */
bool viewer_pass_go(struct viewer *v, struct viewer_pass *pass,
    void (*take)(void *arg, const struct ring_packet *p), void *arg);
void viewer_pass_end(struct viewer_pass *pass);
void viewer_close(struct viewer *v);

/* A packet of the capture, for the list. */
void viewer_take(struct viewer *v, const struct packet *packet, int64_t time_ns);
/* No more comes: rows are as they end. */
void viewer_finish(struct viewer *v);

/* ---- viewer_live.c ---- */

int viewer_live_open(struct viewer *v, struct err *err);
void viewer_live_close(struct viewer *v);
/* What the kernel dropped, as of now. */
void viewer_live_count(struct viewer *v);
void viewer_live_pass_begin(struct viewer *v, struct viewer_pass *pass, const struct conversation *c);
bool viewer_live_pass_go(struct viewer *v, struct viewer_pass *pass,
    void (*take_packet)(void *arg, const struct ring_packet *p), void *arg);

/* ---- viewer_draw.c ---- */

void viewer_draw(struct viewer *v);
/* The view as it is now; texts of the status line left out. */
void viewer_view(struct viewer *v, struct watch_screen_view *ret);
size_t viewer_help_count(void);
/* The rung under the cursor; NULL: none. */
const struct rung *viewer_rung(struct viewer *v);

/* ---- viewer_keys.c ---- */

void viewer_input(struct viewer *v, const uint8_t *data, size_t len);
void viewer_escape(struct viewer *v); /* nothing followed ESC */
void viewer_open_ladder(struct viewer *v, uint32_t id);
/* The filter is another one. False, and said: it is none. */
bool viewer_filter(struct viewer *v, const char *text);

/* ---- viewer_find.c ---- */

/* From the cursor on, with the words that were asked for last. */
void viewer_find(struct viewer *v, bool backwards);
/* A slice of it. True: there is more. */
bool viewer_find_go(struct viewer *v);

/* ---- viewer_save.c ---- */

/* A name for the file to begin with. */
void viewer_save_name(struct viewer *v, struct str *out);
void viewer_save(struct viewer *v, const char *path, bool overwrites);
bool viewer_save_go(struct viewer *v);
void viewer_save_end(struct viewer *v); /* gives it up */

#endif
