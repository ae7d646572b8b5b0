/* SPDX-License-Identifier: ISC */
#ifndef TALK_ANSWER_INSIDE_H
#define TALK_ANSWER_INSIDE_H

#include "base/buf.h"
#include "base/list.h"
#include "net/dgram.h"
#include "net/listener.h"
#include "net/stream.h"
#include "talk/answer.h"
#include "talk/rate.h"
#include "talk/reply_template.h"

/* The inside of the answerer, for answer.c, answer_stream.c, answer_dgram.c, answer_exec.c and
 * answer_filter.c alone. */

struct answer_filter;

/* One place where we listen. */
struct answer_door {
    struct list node;
    struct answer *answer;
    struct addr addr;
    struct endpoint local;
    struct tls_context *tls;   /* the answer's, or NULL */
    struct listener *listener; /* one of these two */
    struct dgram *dgram;
};

struct answer {
    struct loop *loop;
    const struct answer_options *options;
    const struct answer_events *events;
    void *arg;
    struct answer_counts counts;

    struct list doors;
    struct list peers;          /* of streams */
    struct deadlines *quiet;    /* bare bytes become a message */
    struct deadlines *idle;     /* NULL: no --idle-timeout */
    struct tls_context *tls[2]; /* by enum tls_kind */
    struct reply_template *reply;
    struct rate *rate; /* NULL: any */
    struct str text;   /* the reply being made; kept for its memory */

    struct list children;
    size_t child_count;
    struct deadlines *child_ends; /* a datagram's child that runs too long */
    struct deadlines *outputs;    /* what still holds the stdout of a command that has ended */
    struct list waiting_peers;    /* for a child */
    struct list waiting_datagrams;
    size_t waiting_count, waiting_bytes;
    uint64_t trouble_told_ms; /* with a child; 0: never */
    struct answer_filter *filter;

    struct timer *drain;
    struct turn_end stop_later, check_later;
    uint64_t refused_untold[ANSWER_REFUSALS];
    uint64_t refused_told_ms[ANSWER_REFUSALS]; /* 0: never */
    bool stopping;                             /* takes nothing new */
    bool gave_up;                              /* and waits for nobody */
    bool stopped;                              /* and has nothing left */
};

/* A stream peer. Ten thousand of these are idle most of the time: no buffer, no timer of its own. */
struct answer_peer {
    struct list node;    /* in peers */
    struct list waiting; /* for a child, or for room in the filter */
    struct answer_door *door;
    struct stream *stream;
    struct answer_child *child; /* ANSWER_EXEC: the conversation */
    struct line_reader lines;
    struct buf rest; /* came but not yet looked at: we are waiting for room */
    struct deadline quiet, idle;
    uint64_t call;
    uint32_t in_flight; /* messages that the filter has not answered */
    pid_t pid;
    bool opened : 1; /* TLS is done; called was told */
    bool ended : 1;  /* they said their last byte */
    bool paused : 1; /* reading is, by us */
    bool full : 1;   /* their queue is */
    uint8_t address_len;
    uint8_t address[]; /* a struct sockaddr of that length */
};

/* answer.c */
bool answer_is_allowed(const struct answer *a, const struct endpoint *peer);
/* Counts a refusal and tells of it if its turn has come. */
void answer_refuse(
    struct answer *a, enum answer_refusal why, const struct answer_who *who, const struct err *err);
/* A message has come: counts and tells it. Returns its number. */
uint64_t answer_note_message(
    struct answer *a, const struct answer_who *who, const uint8_t *data, size_t len, enum line_ending ending);
/* The reply that --reply's template gives, in a->text, without ending. -EMSGSIZE: too long. */
int answer_fill_reply(
    struct answer *a, const struct answer_who *who, const uint8_t *data, size_t len, uint64_t number);
/* A reply was given: with --once that was all. */
void answer_note_reply(struct answer *a);
/* --once: its message is done, answered or not. */
void answer_note_done(struct answer *a);
/* Something has ended: if we are stopping, was it the last? Looked at when the turn ends. */
void answer_check_stopped(struct answer *a);
/* A datagram that ends in a newline is spoken in that manner; takes it off *len. */
enum line_ending answer_take_ending(const uint8_t *data, size_t *len);

/* answer_stream.c */
void answer_stream_init(struct answer *a);
void answer_stream_done(struct answer *a);
int answer_stream_open(struct answer_door *door, const struct endpoint *at, struct err *err);
/* Fills ret_endpoint too, which ret points at. */
void answer_peer_who(const struct answer_peer *peer, struct answer_who *ret, struct endpoint *ret_endpoint);
/* Replies to one message of a peer, in its manner; data is without ending. */
void answer_peer_reply(struct answer_peer *peer, const void *data, size_t len, enum line_ending ending);
/* The filter is done with one of its messages, whether there was a reply or not. May free the peer. */
void answer_peer_answered(struct answer_peer *peer);
void answer_peer_set_reading(struct answer_peer *peer, bool reading);
/* What was waited for (room in a queue, a child, the filter) is there: goes on with the peer. */
void answer_peer_go_on(struct answer_peer *peer);
/* Says goodbye after what is queued, frees the peer. */
void answer_peer_finish(struct answer_peer *peer, enum answer_end why);
/* The same at once, with what broke. */
void answer_peer_break(struct answer_peer *peer, enum answer_end why, const struct err *err);
/* We are stopping: what has come is answered, then the peer is let go, or later when its replies are there.
 */
void answer_peer_stop(struct answer_peer *peer);
void answer_peer_free(struct answer_peer *peer); /* no event */

/* answer_dgram.c */
int answer_dgram_open(struct answer_door *door, const struct endpoint *at, struct err *err);
void answer_dgram_who(const struct answer_door *door, const struct endpoint *peer, struct answer_who *ret);
/* Sends a reply to a datagram of asked_len bytes. */
void answer_dgram_reply(struct answer_door *door, const struct endpoint *to, size_t asked_len,
    const void *data, size_t len, enum line_ending ending);

/* answer_exec.c */
void answer_exec_init(struct answer *a);
/* A stream peer's conversation begins, now or when a child may be had. */
void answer_exec_call(struct answer_peer *peer);
/* Bytes, the end, and room, from a peer to its child. */
void answer_exec_data(struct answer_peer *peer, const uint8_t *data, size_t len);
void answer_exec_peer_ended(struct answer_peer *peer);
void answer_exec_peer_drained(struct answer_peer *peer);
/* The peer is about to be freed: its child, if any, is stopped. */
void answer_exec_peer_gone(struct answer_peer *peer);
void answer_exec_datagram(
    struct answer_door *door, const struct endpoint *from, const uint8_t *data, size_t len, uint64_t number);
void answer_exec_stop(struct answer *a);
void answer_exec_give_up(struct answer *a); /* they had their time: SIGTERM, then SIGKILL */
void answer_exec_free(struct answer *a);

/* answer_filter.c */
struct answer_filter *answer_filter_new(struct answer *a);
bool answer_filter_has_room(const struct answer_filter *f, size_t len);
/* For a stream's message (peer) or a datagram's (door and from). Room was asked for before. */
void answer_filter_give(struct answer_filter *f, struct answer_peer *peer, struct answer_door *door,
    const struct endpoint *from, const uint8_t *data, size_t len, enum line_ending ending, size_t asked_len);
void answer_filter_wait(struct answer_filter *f, struct answer_peer *peer); /* answer_peer_go_on follows */
void answer_filter_peer_gone(struct answer_filter *f, struct answer_peer *peer);
/* We are stopping: once all is answered, ends the command. True: it has ended. answer_check_stopped follows.
 */
bool answer_filter_close(struct answer_filter *f);
void answer_filter_give_up(struct answer_filter *f); /* on what it has not answered: the time is over */
void answer_filter_free(struct answer_filter *f);

#endif
