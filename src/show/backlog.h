/* SPDX-License-Identifier: ISC */
#ifndef SHOW_BACKLOG_H
#define SHOW_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct grid;

/* What has been said in one conversation, as far as it is in memory, and which part of it is in view. Older
 * messages come from the journal, page by page, when somebody scrolls to the top (backlog_wants_older); so
 * many that the newest have to go, and come again from there on the way down (backlog_wants_newer). */
struct backlog;

#define BACKLOG_ITEMS 2000
#define BACKLOG_BYTES ((size_t)1024 * 1024)    /* of their text; one message is always kept */
#define BACKLOG_TEXT_BYTES ((size_t)64 * 1024) /* of one message; the note says what is left out */

enum backlog_kind {
    BACKLOG_IN,
    BACKLOG_OUT,
    BACKLOG_EVENT,   /* a call came, somebody hung up */
    BACKLOG_TROUBLE, /* an event that one would rather not have */
};

/* What is known of a message of ours. */
enum backlog_mark {
    BACKLOG_NO_MARK,
    BACKLOG_WAITING,
    BACKLOG_SENT,
    BACKLOG_ACKED,
    BACKLOG_ANSWERED,
    BACKLOG_FAILED,
    BACKLOG_CANCELLED,
};

/* As given; all of it is copied. */
struct backlog_item {
    int64_t id;      /* the journal's; 0: not known, or not there */
    uint64_t number; /* of this run; 0: of an earlier one */
    int64_t at_ns;   /* wall clock */
    enum backlog_kind kind;
    enum backlog_mark mark;
    const char *text; /* any bytes: they are escaped here */
    size_t len;
    const char *note; /* stands below; "" or NULL: none */
};

/* has_journal: what is dropped here can be had again. */
struct backlog *backlog_new(bool has_journal);
void backlog_free(struct backlog *b); /* accepts NULL */
void backlog_clear(struct backlog *b);

/* The newest. While the newest are out of memory it is only counted, and comes from the journal. */
void backlog_add(struct backlog *b, const struct backlog_item *item);
/* From the journal: older than all that is here, or newer. What is here already (the same id, or the same
 * moment and kind) is left out. Pages are told with the end of what there is. */
void backlog_add_older(struct backlog *b, const struct backlog_item *items, size_t count, bool is_all);
void backlog_add_newer(struct backlog *b, const struct backlog_item *items, size_t count, bool is_all);
/* Something has become of a message, found by its number or its id. note NULL: as it was. */
void backlog_change(struct backlog *b, uint64_t number, int64_t id, enum backlog_mark mark, const char *note);

size_t backlog_count(const struct backlog *b);
/* Of the oldest and the newest whose ids are known; 0: none is. */
int64_t backlog_oldest_id(const struct backlog *b);
int64_t backlog_newest_id(const struct backlog *b);

/* What is added from here on is unread, and a rule says so above the first of it. */
void backlog_leave(struct backlog *b);
/* The last so many incoming messages are unread. */
void backlog_set_unread(struct backlog *b, size_t count);
/* The rule goes. */
void backlog_forget_unread(struct backlog *b);

/* Scrolls by rows, up if positive, by what was last drawn. False: there is no more in that direction. */
bool backlog_scroll(struct backlog *b, int rows);
void backlog_to_end(struct backlog *b);
bool backlog_is_at_end(const struct backlog *b); /* the newest is in view, and each new one will be */
size_t backlog_below(const struct backlog *b);   /* what came since it is not */
/* The view is near an end of what is in memory, and there is more in the journal. Told until it has come. */
bool backlog_wants_older(const struct backlog *b);
bool backlog_wants_newer(const struct backlog *b);

/* The next message with a text in it (letters' case does not count), older or newer than the last that was
 * found, or than the end. It is in view then, and marked. False: there is none in memory. */
bool backlog_find(struct backlog *b, const char *text, bool older);
/* Only a page around this message is kept, and it is in view and marked: call, then add_older what is before
 * it, with it, and add_newer what is behind. */
void backlog_found_elsewhere(struct backlog *b, const char *text, int64_t id);
/* The id of what was found last, 0 if it has none. */
int64_t backlog_found_id(const struct backlog *b);
void backlog_forget_found(struct backlog *b);

struct backlog_look {
    const char *me, *them; /* names, escaped */
    bool ascii;            /* no marks beyond ASCII */
};

/* Draws the view into a rectangle, the newest at the bottom. */
void backlog_draw(struct backlog *b, struct grid *g, int row, int column, int rows, int columns,
    const struct backlog_look *look);

#endif
