/* SPDX-License-Identifier: ISC */
#ifndef TALK_CHAT_INSIDE_H
#define TALK_CHAT_INSIDE_H

#include <inttypes.h>
#include <stdio.h>

#include "base/encoding.h"
#include "base/list.h"
#include "base/str.h"
#include "net/dgram.h"
#include "net/dial.h"
#include "net/listener.h"
#include "net/resolve.h"
#include "net/stream.h"
#include "talk/book.h"
#include "talk/chat.h"
#include "talk/trust.h"

/* The inside of the chat engine, for chat*.c alone:
 *
 *     chat.c          conversations: made, found, named, ended
 *     chat_call.c     calling one: its addresses in their order, the pauses between two tries
 *     chat_stream.c   a call over a stream, whoever made it
 *     chat_dgram.c    datagrams: a socket of its own, or one at which we listen
 *     chat_door.c     where we listen
 *     chat_outbox.c   what we say, and what becomes of it
 *     chat_inbox.c    what they say
 *     chat_journal.c  all of it, on its way to the journal and back
 *     chat_names.c    which address is which contact's
 */

struct chat_ticket;

/* A message of ours that may still change. */
struct chat_entry {
    struct list node;    /* in the outbox or among the delivered of its peer; alone when is_done */
    struct list changed; /* in the chat's, while a change is to be told */
    struct chat_peer *peer;
    struct chat_ticket *ticket; /* while the journal has not answered, else NULL */
    struct chat_message m;      /* m.text and m.note are its own */
    bool is_journaled;          /* or it can't be: it may be sent */
    bool in_outbox;
    bool is_kept;      /* the journal keeps it when it leaves the outbox */
    bool is_rewritten; /* the journal is to be told */
    bool is_telling;   /* an event about it is going on */
    bool is_done;      /* freed when all is told */
    uint64_t sent_ms;  /* datagrams: when, on the loop's clock */
    uint64_t end_at;   /* streams: of the call's bytes, the one behind its last; 0: not written */
};

/* How a peer is spoken to: by its address under way. */
enum chat_transport { CHAT_STREAM, CHAT_DGRAM };

struct chat_peer {
    struct list node;
    struct chat *chat;
    void *data;
    struct str who;           /* the journal's word */
    struct str name;          /* the contact's, or the address */
    struct addr *addrs;       /* tried in order; a caller has one: its own */
    size_t n_addrs, addr_at;  /* under way, or the one that was reached last */
    struct endpoint endpoint; /* that speaks or is spoken to; AF_UNSPEC: not known */
    bool is_contact;
    bool is_announced; /* the peer event was told */
    bool is_caller;    /* a stream that they opened: can't be called back */
    bool is_closing;   /* freed at the end of the turn */
    bool is_quiet;     /* keeps no history: the contact's flag, or the chat's */
    uint64_t heard_ms;

    enum chat_line line;
    enum chat_why why;

    /* A call under way, or up. */
    struct dial *dial;
    struct timer *patience; /* CHAT_DIAL_MS, then the pause before the next try */
    uint64_t redial_ms;     /* the last pause; 0: none yet */
    uint64_t redial_at_ms;  /* 0: on demand */
    uint64_t tried_ms;      /* when the last try began */
    bool is_held;           /* hung up by us: what waits waits until somebody wants a call */

    /* Streams. */
    struct stream *stream;
    struct line_reader lines;
    struct deadline quiet;
    enum line_ending ending; /* of what we say */
    uint64_t written;        /* bytes of this call */
    uint64_t acked;          /* of them, known to be there */
    struct timer *ack;       /* while some are not */
    uint64_t ack_ms;
    struct turn_end look; /* what has left, when the turn's writes are done */
    bool is_paused;       /* the journal is behind */

    /* Datagrams. */
    struct resolve *resolve;
    struct endpoint *endpoints; /* of the address under way */
    int n_endpoints, endpoint_at;
    struct dgram *dgram;    /* its own, or its door's */
    bool has_own_dgram;     /* to be freed */
    bool is_ready;          /* may be sent to: DTLS has shaken hands and is trusted */
    bool is_closed;         /* the port was said to be closed, and nothing was heard since */
    bool must_probe;        /* one is to go ahead */
    bool is_probing;        /* it has */
    bool is_shy;            /* from an earlier run: not before it is heard from, or somebody wants it */
    struct chat_door *door; /* where it was heard first, or NULL */

    struct encoding *encoding; /* NULL: UTF-8 */
    struct list outbox;        /* struct chat_entry, oldest first */
    size_t waiting;            /* in it */
    struct list delivered;     /* an answer is waited for */
    size_t n_delivered;
    struct turn_end send; /* what may go goes at the turn's end */
    struct turn_end read; /* chat_mark_read */
    struct turn_end end;  /* is_closing */
};

/* One endpoint at which we listen. */
struct chat_door {
    struct list node;
    struct chat *chat;
    struct addr addr;
    struct endpoint local;
    struct tls_context *tls; /* the chat's, or NULL */
    struct listener *listener;
    struct dgram *dgram;
};

struct chat {
    struct loop *loop;
    const struct chat_options *options;
    const struct chat_events *events;
    void *arg;
    struct book *book;
    struct list peers, doors;
    size_t n_peers, n_calls;
    struct chat_names *names;
    struct chat_peer *last_heard;      /* datagrams mostly come in runs */
    struct tls_context *listen_tls[2]; /* by enum tls_kind */
    struct tls_context *call_tls[2];   /* likewise, made when first needed */
    struct deadlines *quiet;
    uint64_t numbers;    /* of messages, given so far */
    uint64_t callers;    /* without a name, so far */
    struct list changed; /* struct chat_entry, to be told */
    struct turn_end tell;
    struct list tickets; /* that the journal has not answered */
    size_t n_tickets;
    bool journal_is_late; /* and streams are not read */
    bool is_adopting;     /* nothing is sent before what is older is known */
    uint64_t n_dropped;   /* datagrams, since it was last said */
    uint64_t crowd_told_ms, dropped_told_ms, journal_told_ms; /* when; 0: never */
    bool is_stopping, has_stopped;
    void (*stopped)(void *arg);
    void *stopped_arg;
    struct timer *linger;
};

/* chat.c */
struct chat_peer *chat_peer_new(
    struct chat *c, const char *name, const struct addr *addrs, size_t n_addrs, bool is_contact);
/* The conversation of this name, or NULL. */
struct chat_peer *chat_find_name(struct chat *c, const char *name);
void chat_peer_announce(struct chat_peer *p); /* tells that it is there */
void chat_set_line(struct chat_peer *p, enum chat_line line, enum chat_why why, const struct err *err);
/* Tells of a trouble; p may be NULL. */
void chat_trouble(struct chat *c, struct chat_peer *p, const struct err *err);
/* Room for one more conversation? The caller that is idle longest makes some. */
bool chat_has_room(struct chat *c);
/* Something may have ended: is that all, when stopping? */
void chat_check_stopped(struct chat *c);
/* One kind of trouble is told at most once in such a time. */
bool chat_may_tell(struct chat *c, uint64_t *told_ms, uint64_t pause_ms);
/* There was no room. */
void chat_tell_crowd(struct chat *c);

/* chat_names.c */
struct chat_names;
struct chat_names *chat_names_new(const struct book *book);
void chat_names_free(struct chat_names *n); /* accepts NULL */
/* The contact that has this address, or whose datagrams come from this endpoint; NULL: none. */
const struct book_entry *chat_names_of_addr(
    const struct chat_names *n, const struct book *book, const struct addr *addr);
const struct book_entry *chat_names_of_endpoint(
    const struct chat_names *n, const struct book *book, enum addr_scheme scheme, const struct endpoint *e);

/* chat_call.c */
enum chat_transport chat_transport(const struct chat_peer *p);
/* There is something to say: calls if nobody is called and it is not to wait. */
void chat_call_if_wanted(struct chat_peer *p);
/* Somebody wants to say something now: a pause is cut short. */
void chat_call_wish(struct chat_peer *p);
/* What waited was taken back: nobody is called for it. */
void chat_call_unwanted(struct chat_peer *p);
/* The address under way is of no use (err says why): the next one, or a pause. */
void chat_call_failed(struct chat_peer *p, const struct err *err);
/* It is up. why: who called. */
void chat_call_done(struct chat_peer *p, enum chat_why why);
/* It was up and is not any more. */
void chat_call_ended(struct chat_peer *p, enum chat_why why, const struct err *err);
/* Stops whatever is under way, without a word. */
void chat_call_stop(struct chat_peer *p);
void chat_call_on_patience(void *arg); /* the timer's */
/* NULL with err: the options are wrong. */
struct tls_context *chat_call_tls(struct chat *c, enum tls_kind kind, struct err *err);
/* Is whom we reached who they should be? Tells of a first sight. err: why not. */
bool chat_call_is_trusted(struct chat_peer *p, const struct tls_facts *facts, struct err *err);

/* chat_stream.c */
void chat_stream_dial(struct chat_peer *p);
void chat_stream_send(struct chat_peer *p); /* what may go of the outbox */
void chat_stream_accept(struct chat_door *door, struct stream *s);
void chat_stream_close(struct chat_peer *p);   /* now; no event */
void chat_stream_finish(struct chat_peer *p);  /* after what is queued; no event */
void chat_stream_goodbye(struct chat_peer *p); /* we stop: FIN when all has arrived */
void chat_stream_set_reading(struct chat_peer *p, bool reading);
void chat_stream_on_quiet(struct deadline *d, void *arg);
void chat_stream_on_ack(void *arg);
void chat_stream_on_look(struct turn_end *t);

/* chat_dgram.c */
void chat_dgram_open(struct chat_peer *p);
void chat_dgram_send(struct chat_peer *p);
void chat_dgram_close(struct chat_peer *p);
void chat_dgram_on_probed(struct chat_peer *p); /* nothing came back for CHAT_PROBE_MS */
extern const struct dgram_events chat_dgram_door_events;

/* chat_door.c */
int chat_doors_open(struct chat *c, struct err *err);
void chat_doors_close(struct chat *c);
/* The UDP or unix door that can send to an endpoint, or NULL. */
struct chat_door *chat_door_to(struct chat *c, enum addr_scheme scheme, const struct endpoint *to);

/* chat_outbox.c */
void chat_outbox_adopt(struct chat *c, const struct store_message *m);
/* The next that may be sent, or NULL. */
struct chat_entry *chat_outbox_next(const struct chat_peer *p);
/* Its state, or why it has it, is another. Tells and writes it down at the turn's end; moves e between its
 * peer's lists, but frees nothing. */
void chat_entry_set(struct chat_entry *e, enum store_state state, const char *note);
void chat_entry_changed(struct chat_entry *e); /* something else of it is */
/* Appends the bytes on the wire, in the peer's encoding, with the ending that a stream wants. */
void chat_entry_bytes(const struct chat_entry *e, struct str *out);
/* What was sent on a call that broke and was not acknowledged waits again; so does what a closed port did not
 * take. */
void chat_outbox_unsend(struct chat_peer *p, const char *note);
void chat_outbox_unsend_dgrams(struct chat_peer *p, const char *note);
/* Nothing of it can be sent ever. */
void chat_outbox_fail(struct chat_peer *p, const char *note);
/* Why the first one waits. */
void chat_outbox_note(struct chat_peer *p, const char *note);
void chat_outbox_answered(struct chat_peer *p);
void chat_outbox_free(struct chat_peer *p); /* forgets the entries; the journal keeps them */
void chat_outbox_on_send(struct turn_end *t);
void chat_outbox_on_tell(struct turn_end *t);
/* At the turn's end what may be sent is, and what has nobody to be sent to calls. */
void chat_send_later(struct chat_peer *p);

/* chat_inbox.c. data lives through the call. */
void chat_inbox_take(struct chat_peer *p, const uint8_t *data, size_t len, enum line_ending ending,
    bool is_part, const struct endpoint *from);

/* chat_journal.c */
void chat_journal_in(struct chat_peer *p, const struct chat_message *m);
void chat_journal_out(struct chat_entry *e);
void chat_journal_state(struct chat_entry *e);
void chat_journal_on_read(struct turn_end *t);
void chat_journal_adopt(struct chat *c);
/* False, and told: a datagram can't be taken now. */
bool chat_journal_has_room(struct chat *c);
void chat_ticket_drop_entry(struct chat_ticket *t); /* the entry is about to be freed */
void chat_journal_free(struct chat *c);             /* what comes back later finds nobody */

#endif
