/* SPDX-License-Identifier: ISC */
#ifndef TALK_CHAT_H
#define TALK_CHAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/addr.h"
#include "net/endpoint.h"
#include "net/loop.h"
#include "net/tls.h"
#include "store/store.h"
#include "wire/line.h"

struct book;
struct stream;
struct trust;

/* Conversations: any number of peers at once, over datagrams and streams, called or calling. Driven by the
 * loop, prints nothing; a face (cmd/) shows it.
 *
 * A conversation is a struct chat_peer: with a contact, with an address, or with a caller. It outlives its
 * calls. What is said in it goes into the journal first (chat_options.store), then on the wire, and is
 * followed from there: see enum store_state. What cannot be delivered waits in the outbox.
 *
 * On a stream the peer is called when there is something to say, and again, with growing pauses, as long as
 * something waits. A datagram waits when its port was said to be closed (ICMP), and is sent when the peer is
 * heard from, when something new is said, or on demand; then one goes ahead, and the others follow if nothing
 * comes back within CHAT_PROBE_MS. So it is, too, as long as a peer has never been heard.
 *
 * A stream message is done when the peer's kernel has acknowledged it. If the call breaks before, or the
 * program ends, it is sent again: it may arrive twice then, and is never lost. */
struct chat;
struct chat_peer;

#define CHAT_MAX_MESSAGE_BYTES (64 * 1024) /* of one that comes, unless told otherwise */
#define CHAT_MAX_MESSAGE_LIMIT (1024 * 1024)
#define CHAT_SAY_BYTES ((size_t)1024 * 1024) /* of one that is said */
#define CHAT_OUTBOX_MAX 10000                /* messages that wait for one peer */
#define CHAT_PEERS_MAX                                                                                       \
    1024                   /* conversations; a further caller is hung up on, a further                       \
                            * sender's datagram is not taken */
#define CHAT_CALLS_MAX 512 /* calls that others made, at once */
#define CHAT_QUIET_MS 100
#define CHAT_DIAL_MS (10 * 1000) /* a call must be up within this time */
#define CHAT_REDIAL_MIN_MS 1000  /* pause before the next try; doubles */
#define CHAT_REDIAL_MAX_MS (60 * 1000)
#define CHAT_PROBE_MS 300
#define CHAT_ICMP_MS 1000     /* "port closed" is about what was sent at most so long ago */
#define CHAT_ANSWERED_MAX 100 /* delivered messages that an answer is waited for, of one peer */
#define CHAT_JOURNAL_MAX                                                                                     \
    4096                       /* messages on their way into the journal: then nothing is read from streams  \
                                */
#define CHAT_ACK_POLL_MIN_MS 1 /* how soon the kernel is asked for what is acknowledged; doubles */
#define CHAT_ACK_POLL_MAX_MS 1000
#define CHAT_LINGER_MS 1000
#define CHAT_JOURNAL_TOLD_MS (60 * 1000) /* that the journal fails is told at most this often */
#define CHAT_TOLD_MS 1000                /* one kind of refusal is told at most this often */

/* Where the conversation stands. */
enum chat_line {
    CHAT_LINE_IDLE,    /* no call; datagrams: no socket is open for it */
    CHAT_LINE_CALLING, /* lookup, connect, handshake */
    CHAT_LINE_UP,      /* on a stream: connected. Datagrams: it was heard from, or may be sent to */
    CHAT_LINE_WAITING, /* the last try failed; chat_peer_redial_ms says when the next one is, 0: on demand */
};

/* Why it stands there. */
enum chat_why {
    CHAT_WHY_NONE,
    CHAT_WHY_CALLED,      /* up: they called us */
    CHAT_WHY_ANSWERED,    /* up: we called them */
    CHAT_WHY_HUNG_UP,     /* idle: they did (FIN, close_notify) */
    CHAT_WHY_WE_HUNG_UP,  /* idle: chat_hang_up */
    CHAT_WHY_BROKEN,      /* idle or waiting: reset, timed out, ...; err says which */
    CHAT_WHY_NOT_REACHED, /* waiting or idle: nobody could be called; err says why */
};

struct chat_message {
    uint64_t number; /* in this run, from 1, never the same twice */
    int64_t id;      /* in the journal, 0 if it is not there (yet) */
    int64_t at_ns;   /* wall clock: when it came or was said */
    enum store_direction direction;
    enum store_state state;
    enum line_ending ending; /* of one that came */
    bool is_part;            /* longer than max_message: the next message goes on with it */
    bool is_old;             /* out: from the outbox of an earlier run */
    const char *text;        /* any bytes; valid during the event, or until its state is final */
    size_t len;
    const char *note;     /* why it waits or failed, "" where there is nothing to say */
    struct endpoint peer; /* in: from where; AF_UNSPEC where that is nowhere */
};

struct chat_options {
    const struct addr *listen;
    size_t n_listen;
    struct book *book;       /* borrowed, or NULL; may be reloaded between two events: chat_set_book */
    struct trust *trust;     /* borrowed, or NULL: only what verifies is trusted */
    struct store *store;     /* borrowed */
    bool no_history;         /* what comes is not kept, what is said only while it is in the outbox */
    enum line_ending ending; /* how we end what we say on a stream, until the peer has spoken otherwise */
    bool ending_is_fixed;    /* and after that too */
    uint64_t quiet_ms;
    size_t max_message;
    const char *encoding; /* what the peers speak, NULL: UTF-8 */
    struct tls_options tls_listen, tls_call;
    bool insecure; /* calls over TLS trust anybody */
    /* A call over a stream ends, whoever ends it: s is still there to be looked at; or it came to nothing,
     * and s is NULL. No face's event: it is about the connection, not the conversation. May be NULL; must not
     * call the chat. */
    void (*call_ends)(
        const struct stream *s, const struct endpoint *local, const struct endpoint *peer, void *arg);
    void *call_ends_arg;
};

/* Any may be NULL. None may free the chat or a peer; every other call is allowed. */
struct chat_events {
    /* One address more at which we listen; addr has the port that the kernel chose; pin: of our own
     * certificate, or NULL. */
    void (*listening)(const struct addr *addr, const char *pin, void *arg);
    /* A conversation that was not there before. */
    void (*peer)(struct chat_peer *p, void *arg);
    /* Its line has changed; err may be NULL. */
    void (*line)(
        struct chat_peer *p, enum chat_line line, enum chat_why why, const struct err *err, void *arg);
    /* A message has come, or was said (before it is sent). */
    void (*message)(struct chat_peer *p, const struct chat_message *m, void *arg);
    /* The state, the note or the journal's id of a message of ours is another now. */
    void (*changed)(struct chat_peer *p, const struct chat_message *m, void *arg);
    /* A certificate is trusted at first sight; facts are the handshake's. */
    void (*first_sight)(struct chat_peer *p, const struct tls_facts *facts, void *arg);
    /* The conversation is no more (chat_close, or it made room for another); p is freed after this. */
    void (*gone)(struct chat_peer *p, void *arg);
    /* A thing that a person should know; it goes on. p may be NULL: it is about no one conversation. */
    void (*trouble)(struct chat_peer *p, const struct err *err, void *arg);
};

/* Listens, adopts the outbox of landlines that are gone. options' addresses, texts and objects and events
 * must outlive the chat. 0, or a negative errno with err, and nothing is left open. */
int chat_new(struct loop *loop, const struct chat_options *options, const struct chat_events *events,
    void *arg, struct chat **ret, struct err *err);
/* Hangs up everywhere, after what is on its way, CHAT_LINGER_MS at most, then calls stopped. What waits stays
 * in the outbox. */
void chat_stop(struct chat *c, void (*stopped)(void *arg), void *arg);
/* Ends everything now. The outbox stays. Accepts NULL. */
void chat_free(struct chat *c);

/* The conversation with a contact's name or an address, made if it is not there. Nothing is sent or called.
 * 0, or -EINVAL / -ENOENT with err (ERR_MISUSE, ERR_NAME): what it is not, and what may be meant. */
int chat_open(struct chat *c, const char *who, struct chat_peer **ret, struct err *err);
/* Says a message, or queues it: the message event comes before this returns, with CHAT_LINE_IDLE or not.
 * 0; -EMSGSIZE, -ENOBUFS (too many wait) with err. */
int chat_say(struct chat_peer *p, const char *text, size_t len, struct err *err);
/* Calls now, also if nothing is to be said; what waits is tried again. Does nothing while the line is up. */
void chat_call(struct chat_peer *p);
/* Ends the call; what waits goes on waiting, until chat_call or chat_say. */
void chat_hang_up(struct chat_peer *p);
/* Hangs up and ends the conversation; what is in the outbox stays there, but is not sent in this run any more
 * unless the conversation is opened again. gone is told at the end of the turn. */
void chat_close(struct chat_peer *p);
/* What has been told of the conversation so far is read: so the journal will have it. */
void chat_mark_read(struct chat_peer *p);
/* Takes back messages that wait: this one, or all (number 0). Returns how many. */
size_t chat_cancel(struct chat_peer *p, uint64_t number);
/* The book is another now (or the same, changed): conversations get their names. */
void chat_set_book(struct chat *c, struct book *book);

/* The conversations, in the order in which they came to be: the one behind `after`, or the first (NULL); NULL
 * at the end. */
struct chat_peer *chat_next(const struct chat *c, const struct chat_peer *after);

/* What it is called: the contact's name, or the address. Valid until the next event. */
const char *chat_peer_name(const struct chat_peer *p);
bool chat_peer_is_contact(const struct chat_peer *p);
/* The journal's word for it: store_message.who. */
const char *chat_peer_who(const struct chat_peer *p);
/* Where it was last reached, or would be first; its text, and as it is. */
const struct addr *chat_peer_addr(const struct chat_peer *p);
/* From where we are called or answered: AF_UNSPEC before that is known. */
const struct endpoint *chat_peer_endpoint(const struct chat_peer *p);
enum chat_line chat_peer_line(const struct chat_peer *p);
/* How long until it is called again by itself; 0: not before somebody wants it. */
uint64_t chat_peer_redial_ms(const struct chat_peer *p);
bool chat_peer_is_caller(const struct chat_peer *p); /* they called us: they cannot be called back */
size_t chat_peer_waiting(const struct chat_peer *p); /* messages in the outbox */
/* How many of them the journal has not taken: they end with the program. */
size_t chat_peer_unkept(const struct chat_peer *p);
/* For the face. */
void chat_peer_set_data(struct chat_peer *p, void *data);
void *chat_peer_data(const struct chat_peer *p);

#endif
