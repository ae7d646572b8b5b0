/* SPDX-License-Identifier: ISC */
#ifndef CMD_CMD_CHAT_H
#define CMD_CMD_CHAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/options.h"
#include "net/loop.h"
#include "talk/book.h"
#include "talk/chat.h"
#include "talk/trust.h"

/* What landline chat is made of: cmd_chat.c reads the options, opens what a chat needs and runs the loop; a
 * face shows the conversations and takes what is typed. There are three, and each knows cmd_chat.c's run and
 * the chat, and nothing of the others. */

struct chat_values {
    struct option_list listen;
    bool lines, json, no_history, no_color, mouse, trace, crlf, bare, insecure;
    int verbose;
    const char *name; /* what we are called; NULL: nothing was said */
    const char *encoding;
    int64_t quiet_ms, timeout_ms;
    size_t max_message;
    const char *ca, *cert, *key, *psk_file;
};

struct chat_run;

/* A face. Its methods and events get what new returned.
 *
 *     new      before there is a chat: no peer, nothing read, the terminal as it was
 *     events   from within chat_new on (listening, trouble): what has no place yet is kept until start
 *     start    run->chat is there: open run->who if there is one, read what is typed, show
 *     stopping chat_run_end was called, by the face or for a signal: take no more input; events still come
 *     leave    the loop has ended, the chat is still there: the terminal is given back, and what hangs on
 *              peers (chat_peer_set_data) is freed
 *     free     the chat is gone, and the store: what that was still asked for has come back before this */
struct chat_face {
    void *(*new)(struct chat_run *run);
    const struct chat_events *events;
    /* 0, or a negative errno with err: then nothing runs, and leave comes next. */
    int (*start)(void *face, struct err *err);
    void (*stopping)(void *face); /* may be NULL */
    void (*leave)(void *face);    /* may be NULL */
    void (*free)(void *face);
};

extern const struct chat_face chat_face_screen; /* cmd_chat_screen.c: the whole terminal */
extern const struct chat_face chat_face_lines;  /* cmd_chat_lines.c: the tutorial's prompts */
extern const struct chat_face chat_face_json;   /* cmd_chat_json.c: an object a line, in and out */

struct chat_run {
    const struct chat_values *values;
    const char *who; /* WHO of the command line; NULL: none was given */
    struct loop *loop;
    struct chat *chat;   /* NULL in the face's new, and while chat_new runs */
    struct store *store; /* never NULL; the one in memory where nothing is to be, or can be, kept */
    bool keeps_outbox;   /* store is the one on disk: what waits is there again in the next run */
    struct book *book;   /* never NULL; another one after chat_run_reload */
    struct trust *trust; /* NULL where its file can't be read: then only what verifies is trusted */

    /* cmd_chat.c's own. */
    const struct chat_face *face;
    void *shown;     /* what face->new returned */
    struct err why;  /* it ends; kind 0: as the user wished */
    bool is_unheard; /* nobody reads standard output any more, which needs no words */
    bool is_ending;
};

/* Ends the chat: hangs up after what is on its way, and the loop ends. Called again, at once. err: why, which
 * is told on stderr when the face has gone, and its kind is the exit status; NULL: as the user wished, 0. */
void chat_run_end(struct chat_run *run, const struct err *err);
/* The same because standard output is broken: code is what out_flush said. */
void chat_run_broken(struct chat_run *run, int code);

/* chat_open as people mean it: a contact's name, an ADDRESS, or a conversation that is there already as its
 * messages are headed (127.0.0.1:40312). A name that is not known is looked for in the contacts file again
 * first: somebody may have just added it. 0, or a negative errno with err. */
int chat_run_open(struct chat_run *run, const char *who, struct chat_peer **ret, struct err *err);
/* Reads the contacts again. A file that can't be read changes nothing. 0, or a negative errno with err. */
int chat_run_reload(struct chat_run *run, struct err *err);
/* How many of the messages that wait for p end with this run: it is kept in memory, or the disk was full. */
size_t chat_run_lost(const struct chat_run *run, const struct chat_peer *p);
/* What an error says, without the address that it begins with if the peer has no other name. */
const char *chat_run_reason(const struct chat_peer *p, const char *text);
/* May one more be said now, or is so much on its way that a pipe's next line had better wait? Where a try has
 * failed there is nothing to wait for. */
bool chat_run_has_room(const struct chat_peer *p);

struct str;
/* Appends what a peer's lines are headed with: 127.0.0.1:40312, or for a contact 张三[127.0.0.1:8081]. from:
 * of the message that is shown; NULL: where the peer is as far as that is known. */
void chat_run_head(struct str *out, const struct chat_peer *p, const struct endpoint *from);

#endif
