/* SPDX-License-Identifier: ISC */
#ifndef TALK_ASK_LINE_H
#define TALK_ASK_LINE_H

#include "base/str.h"
#include "net/dgram.h"
#include "net/dial.h"
#include "net/resolve.h"
#include "net/stream.h"
#include "talk/ask.h"

/* The inside of an ask, for ask.c (what is asked when, and how it ends), ask_stream.c and ask_dgram.c (how it
 * travels) alone. */

/* How messages travel. */
struct ask_line {
    /* Begins the call: leads to one of ask_opened and ask_open_failed, never at once. */
    void (*open)(struct ask *a);
    /* Sends a->message. */
    void (*send)(struct ask *a);
    /* As ask_feed, while there is room. */
    size_t (*feed)(struct ask *a, const uint8_t *data, size_t len, bool last);
    /* No more lines. */
    void (*feed_end)(struct ask *a);
    /* Ends the connection or the call under way; puts what is known of it in a->facts. */
    void (*close)(struct ask *a);
    /* The words for a handshake that was not done in time; NULL: ask.c has them. */
    void (*explain_handshake)(const struct ask *a, const char *address, const char *span, struct err *err);
    /* The words for a reply that did not come in time. */
    void (*explain_silence)(const struct ask *a, const char *address, const char *span, struct err *err);
};

extern const struct ask_line ask_stream_line, ask_dgram_line;
void ask_dgram_retry(void *arg); /* the retry timer's */

struct ask {
    struct loop *loop;
    struct ask_options o;
    const struct ask_events *events;
    void *arg;
    struct ask_stats stats;

    const struct ask_line *line; /* of the address under way */
    size_t at;                   /* which address that is */
    enum ask_phase phase;
    bool is_open;
    bool fresh;      /* nothing was answered on this connection so far */
    bool one_line;   /* each message is a line at most */
    bool feed_ended; /* lines */
    bool done;
    bool stale; /* the socket may still get answers to what was given up: use another */
    bool has_loss;
    struct err loss; /* the last one */

    struct timer *limit, *quiet, *pace, *retry;
    struct turn_end start_later, room_later, end_later;
    struct err ending; /* for finished; no kind: none */
    int64_t began_ns;  /* of the message under way or the call: what the limit counts from */

    /* Messages sent and not answered are numbers first to last. sent_ns[number % window] is when. */
    uint64_t first, last;
    int64_t *sent_ns;
    struct reply reply; /* to first */
    int64_t first_byte_ns, last_byte_ns;
    int retries; /* of first */
    bool truncated;
    bool is_cut_off; /* the peer has hung up, and not as TLS has it */

    uint64_t lookup_ns, connect_ns, handshake_ns;
    struct ask_facts facts;
    bool has_facts;

    struct dial *dial;
    struct stream *stream;
    struct str ended;               /* the message with its ending, where it needs one */
    const uint8_t *message;         /* as a stream sends it */
    size_t message_len, message_at; /* message_at: how much of it the stream was given */

    struct resolve *resolve;
    struct endpoint endpoints[RESOLVE_ENDPOINTS_MAX];
    int n_endpoints, endpoint;
    size_t resolved_at; /* the address they are of */
    struct turn_end open_later;
    struct dgram *dgram;
    int64_t opening_ns;
    struct str kept; /* the line under way, for sending it again */
};

static inline uint64_t ask_under_way(const struct ask *a)
{
    return a->last + 1 - a->first;
}

static inline const struct addr *ask_addr(const struct ask *a)
{
    return &a->o.addresses[a->at];
}

/* What a line tells. Each of these may end the ask (look at a->done) or close the line; none frees the ask.
 */
void ask_opened(struct ask *a);
void ask_open_failed(struct ask *a, const struct err *err);
/* Message a->last + 1 is on its way now. */
void ask_sent(struct ask *a, int64_t now_ns);
/* Bytes of replies have come. */
void ask_bytes(struct ask *a, const uint8_t *data, size_t len);
/* A datagram has come. */
void ask_datagram(struct ask *a, const uint8_t *data, size_t len, bool truncated);
/* No reply will come any more to what is under way. */
void ask_lose(struct ask *a, const struct err *err);
/* The peer has closed, in good order. */
void ask_hung_up(struct ask *a);
/* Starts the quiet time if that is what the reply waits for. */
void ask_watch_quiet(struct ask *a);
/* The end, with the loss so far if err is NULL. */
void ask_finish(struct ask *a, const struct err *err);

#endif
