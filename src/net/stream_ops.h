/* SPDX-License-Identifier: ISC */
#ifndef NET_STREAM_OPS_H
#define NET_STREAM_OPS_H

#include <sys/uio.h>

#include "net/loop.h"
#include "net/stream.h"

/* The inside of a stream, for its backends (net/tcp.c, net/tls.c, net/mem.c) alone.
 *
 * The generic part holds the queue, the water marks and the owner; a backend moves bytes. A backend embeds
 * struct stream as its first member and calls stream_init. */
struct slice {
    struct chunk *chunk;
    uint32_t offset, len;
};

struct stream_ops {
    /* Sends from the queue (stream_queue_iov, stream_queue_consume) what goes without blocking. If not
     * all went, sets s->blocked and later clears it and calls stream_flush. 0 or a negative errno;
     * the caller then calls stream_fail. May not free s. */
    int (*flush)(struct stream *s);
    /* Starts or stops reading according to s->paused. Never calls back. */
    void (*set_reading)(struct stream *s);
    /* The queue is empty: half-close. 0 or a negative errno. */
    int (*shutdown)(struct stream *s);
    /* Stops all I/O and frees s, its queue (stream_done) and what lies below, never before the current
     * callback has returned (uv_close, or loop_free_later). with_reset: RST where there is one. No
     * event may follow. A stream laid over another lets that one finish if fin_sent and not failed. */
    void (*close)(struct stream *s, bool with_reset);
    /* The stream it is laid over; NULL, or no such function: it is the bottom. */
    const struct stream *(*lower)(const struct stream *s);
    int (*fd)(const struct stream *s);
    void (*peer)(const struct stream *s, struct endpoint *ret);
    void (*local)(const struct stream *s, struct endpoint *ret);
};

#define STREAM_INLINE_SLICES 2

struct stream {
    const struct stream_ops *ops;
    struct loop *loop;
    const struct stream_events *events;
    void *arg;
    struct turn_end turn_end;
    struct slice *slices; /* a ring of slice_cap (a power of two), first at slice_head */
    struct slice inline_slices[STREAM_INLINE_SLICES];
    uint16_t slice_head, slice_count, slice_cap;
    bool paused : 1;
    bool full : 1;       /* between high and low water */
    bool blocked : 1;    /* the backend will call stream_flush itself */
    bool fin_wanted : 1; /* stream_shutdown was called */
    bool fin_sent : 1;
    bool ended : 1;   /* the peer's FIN was delivered */
    bool failed : 1;  /* failed was delivered */
    bool opening : 1; /* a handshake is under way */
    bool closing : 1; /* closed: no event follows */
    bool drained : 1; /* low water was reached and the owner is still to be told */
    size_t queued;
    uint32_t low, high, limit;
    struct stream_linger *linger; /* stream_finish's, else NULL */
};

void stream_init(struct stream *s, struct loop *loop, const struct stream_ops *ops);
/* Frees what the generic part holds (the queue), not s itself. */
void stream_done(struct stream *s);

/* Describes the front of the queue in at most max pieces; returns how many. */
int stream_queue_iov(const struct stream *s, struct iovec *iov, int max);
/* The first len bytes are gone. Never calls back. */
void stream_queue_consume(struct stream *s, size_t len);
/* Moves a short rest out of the large chunks it keeps alive. For a backend about to be blocked, before it
 * hands the queue's memory to anybody. */
void stream_queue_compact(struct stream *s);
/* Sends the queue now, then a wanted FIN; tells of low water. Called at the turn's end and by a backend
 * that was blocked. The owner may have closed s when it returns: check s->closing. */
void stream_flush(struct stream *s);
/* Hand an event to the owner; nothing happens once it has let go. */
void stream_deliver(struct stream *s, const uint8_t *data, size_t len);
void stream_deliver_end(struct stream *s); /* once; a second call is ignored */
void stream_deliver_open(struct stream *s);
/* Marks the stream broken and tells the owner, once. The queue stays until stream_done. err NULL: words for
 * code are made. */
void stream_fail(struct stream *s, int code, const struct err *err);

/* For loop_free: closes the stream behind a node of loop_lingering. */
void stream_close_lingering(struct list *node);

#endif
