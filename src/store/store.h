/* SPDX-License-Identifier: ISC */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/loop.h"

/* The journal of messages: what was said in which conversation, and what became of it; and the outbox, what
 * is still to be said. One interface, several backends: memory (store/mem.h) and SQLite (store/sqlite.h).
 *
 * No call blocks. Its end comes by callback on the loop's thread, never before the call has returned, and
 * ends come in the order of the calls. What a call is given is copied. When a callback says 0, the thing is
 * as durable as the backend makes it: SQLite's survives kill -9. A backend that fails (disk full, database
 * damaged) says so in each callback; nothing else stops. */
struct store;

#define STORE_TEXT_BYTES ((size_t)16 * 1024 * 1024) /* of one message */
#define STORE_WHO_BYTES 2048
#define STORE_SEARCH_BYTES 1024
#define STORE_FOUND_MAX 10000                        /* messages of one store_find or store_adopt */
#define STORE_FOUND_BYTES ((size_t)32 * 1024 * 1024) /* and of their texts, but for the last one */

enum store_direction { STORE_IN, STORE_OUT };

/* How a message was ended on a stream; as enum line_ending of wire/line.h. */
enum store_ending { STORE_BARE, STORE_LF, STORE_CRLF };

/* What is known of a message. STORE_IN is always STORE_RECEIVED. */
enum store_state {
    STORE_RECEIVED,
    STORE_WAITING,   /* not sent yet */
    STORE_SENT,      /* on the wire; of a datagram no more can be known */
    STORE_ACKED,     /* the peer's kernel has it */
    STORE_ANSWERED,  /* the peer has said something since */
    STORE_FAILED,    /* will not be sent any more: note says why */
    STORE_CANCELLED, /* taken back before it was sent */
    STORE_STATES,
};

/* For programs, never changed: "waiting"; "none", "lf", "crlf". */
const char *store_state_name(enum store_state state);
const char *store_ending_name(enum store_ending ending);

struct store_message {
    int64_t id;          /* the journal's, ascending in the order of the appends; 0: has none */
    int64_t at_ns;       /* wall clock: when it came or was typed */
    const char *who;     /* the conversation: a contact's name, or an address as addr_format writes it */
    const char *address; /* where it came from or was sent to, likewise; "" while it was sent nowhere */
    enum store_direction direction;
    enum store_ending ending;
    enum store_state state;
    /* Still to be sent, or sent and not certain to have arrived: it is there again after a restart. */
    bool in_outbox;
    /* A message that is only in the outbox (store_adopt tells it, store_find does not), of a conversation
     * that keeps no history: gone when it leaves. */
    bool is_passing;
    const char *text; /* any bytes, without the ending; NUL behind them */
    size_t len;
    const char *note; /* why it waits or failed, for people; "" where there is nothing to say */
};

struct store_conversation {
    const char *who;
    int64_t last_id, last_at_ns;
    uint64_t messages, unread; /* unread: came after store_mark_read's last id */
};

/* What store_find looks for. All that is set must hold. */
struct store_query {
    const char *who;             /* NULL: all conversations */
    int64_t since_ns, until_ns;  /* wall clock, since <= at < until; 0: no bound */
    int64_t after_id, before_id; /* after < id < before; 0: no bound */
    const char *search; /* words and pieces of Chinese, see grams.h; NULL: all. Nothing to be searched
                         * for in it: finds nothing */
    bool oldest;        /* the oldest so many, not the newest */
    size_t limit;       /* 1 to STORE_FOUND_MAX */
};

/* code 0, or a negative errno with err. id is that of the message. */
typedef void store_done(int64_t id, int code, const struct err *err, void *arg);
/* Oldest first. Valid during the call only. There may be more where there is one: for the next ones ask again
 * from the last one on (before_id, after_id), until none come. */
typedef void store_found(
    const struct store_message *messages, size_t count, int code, const struct err *err, void *arg);
typedef void store_listed(
    const struct store_conversation *conversations, size_t count, int code, const struct err *err, void *arg);

/* Any done may be NULL. A message or a name too long is -EMSGSIZE. m->id is not looked at. */
void store_append(struct store *s, const struct store_message *m, store_done *done, void *arg);
/* What has become of an outgoing message. address and note NULL: as they were. A passing message that leaves
 * the outbox is gone. -ENOENT for an id that is not there. */
void store_set_state(struct store *s, int64_t id, enum store_state state, bool in_outbox, const char *address,
    const char *note, store_done *done, void *arg);
/* All in the conversation up to this id has been read, or (0) all that there is now. Unread are messages that
 * came later. */
void store_mark_read(struct store *s, const char *who, int64_t id, store_done *done, void *arg);
/* A contact has another name now: its conversation moves, into one that is there already if need be. id 0. */
void store_rename(struct store *s, const char *from, const char *to, store_done *done, void *arg);
/* Forgets the messages that a query (without search and limit) finds, except those in the outbox. id is how
 * many. */
void store_delete(struct store *s, const struct store_query *query, store_done *done, void *arg);

/* Passing messages are not found and not listed. */
void store_find(struct store *s, const struct store_query *query, store_found *found, void *arg);
/* Latest first. */
void store_list(struct store *s, store_listed *listed, void *arg);
/* The outbox, oldest first: what nobody who is alive will send becomes this program's to send, and is told.
 * Messages that this program has appended itself are not. A landline that runs keeps its own. To have all,
 * ask until none come. */
void store_adopt(struct store *s, store_found *found, void *arg);

/* Ends all calls under way (their callbacks are made), then closes. Not to be called in a callback. Accepts
 * NULL. */
void store_free(struct store *s);

#endif
