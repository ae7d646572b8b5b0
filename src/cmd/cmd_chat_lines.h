/* SPDX-License-Identifier: ISC */
#ifndef CMD_CMD_CHAT_LINES_H
#define CMD_CMD_CHAT_LINES_H

#include "base/list.h"
#include "cmd/chat_desk.h"
#include "cmd/chat_drain.h"
#include "cmd/cmd_chat.h"

/* The inside of the line face: cmd_chat_lines.c (who is talked to, what is shown) and
 * cmd_chat_lines_commands.c (what begins with a slash). */

enum lines_mode {
    LINES_CHOOSING,  /* the next line is a contact's name or number, or an address */
    LINES_TALKING,   /* each line goes to whom it was opened for */
    LINES_ANSWERING, /* each line answers who waits longest for an answer */
};

struct lines {
    struct chat_run *run;
    struct chat_desk *desk;
    struct chat_drain *drain;
    enum lines_mode mode;
    bool may_choose;        /* quit leads back to the list of contacts */
    struct chat_peer *to;   /* who gets the next line; NULL: nobody */
    bool is_to_chosen;      /* by /to: it need not be answered to be talked to */
    struct list unanswered; /* struct lines_talk, who waits longest first */
    bool is_held;           /* a line waits until it can be taken */
    bool has_read;          /* a line, ever */
    bool is_ending;
    bool has_left; /* what the journal still finds is not shown any more */
    struct turn_end tell_old;
};

/* The face's side of a conversation. */
struct lines_talk {
    struct list node; /* in unanswered */
    struct chat_peer *peer;
    uint64_t last_said;        /* the number of our last message; 0: none */
    size_t n_old;              /* messages of earlier runs, not told of yet */
    bool is_in_parts;          /* it was said that long messages come in parts */
    char told[ERR_TEXT_BYTES]; /* why its messages wait, as it was said last */
};

struct lines_talk *lines_talk(struct chat_peer *p);
/* The one whose conversation is open, or what a command names. NULL: it was told why not. */
struct chat_peer *lines_whom(struct lines *l, const char *who);
/* Lines go to p from now on. */
void lines_talk_to(struct lines *l, struct chat_peer *p, bool is_chosen);
/* Says text to whom it goes. */
void lines_say(struct lines *l, const char *text, size_t len);
/* `quit`: back to the contacts, or the end. */
void lines_quit(struct lines *l);
void lines_show_contacts(struct lines *l);

/* text begins with "/" and is no message. */
void lines_command(struct lines *l, const char *text);
void lines_complete_command(struct lines *l, const char *word);

#endif
