/* SPDX-License-Identifier: ISC */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/chunk.h"
#include "net/endpoint.h"

/* A conversation of bytes with one peer: TCP, a unix socket, TLS over either, or memory. Callers never ask
 * which. What is written in one turn of the loop leaves in one system call at the turn's end.
 *
 * Life: made by tcp_connect/listener/tls_wrap/mem_pair, owned by whoever gets it, ended by exactly one
 * stream_close, stream_finish or stream_abort, after which no event is called. These may be called inside
 * any event; memory is freed when the loop is done with it. */
struct stream;
struct loop;

struct stream_events {
    /* Bytes from the peer, valid during the call only. Not called while reading is paused. NULL: they are
     * thrown away, as for a stream that is only written to. */
    void (*data)(struct stream *s, const uint8_t *data, size_t len, void *arg);
    /* The peer has said its last byte (FIN, close_notify); writing may go on. Not called twice. May be
     * NULL. */
    void (*ended)(struct stream *s, void *arg);
    /* The queue had reached high water and has fallen to low water. May be NULL. */
    void (*drained)(struct stream *s, void *arg);
    /* The connection is broken; nothing more will come or go. err's text does not name the peer. The
     * owner still has to call stream_close. code is a negative errno (-ECONNRESET, -EPIPE, ...). */
    void (*failed)(struct stream *s, int code, const struct err *err, void *arg);
    /* A TLS handshake that was under way is done; what was written before then leaves now. May be NULL. */
    void (*opened)(struct stream *s, void *arg);
};

/* Must be called once before the loop's next turn; events must outlive the stream. Reading starts here. May
 * be called again to hand the stream to another owner. */
void stream_attach(struct stream *s, const struct stream_events *events, void *arg);
void *stream_arg(const struct stream *s);
struct loop *stream_loop(const struct stream *s);

/* Limits in bytes on what waits to be sent. Defaults below. */
#define STREAM_HIGH_BYTES (256 * 1024)
#define STREAM_LOW_BYTES (64 * 1024)
#define STREAM_LIMIT_BYTES (4 * 1024 * 1024)
void stream_set_limits(struct stream *s, size_t low, size_t high, size_t limit);
size_t stream_queued(const struct stream *s); /* bytes not yet taken by the kernel */
/* Bytes written that the peer's kernel has not acknowledged yet, as far as ours knows; of a unix socket, that
 * the peer has not read. With TLS it counts what the records add, so it is never too small. */
size_t stream_unacked(const struct stream *s);
bool stream_is_full(const struct stream *s); /* high water was reached and low water not yet */

/* Queues a copy of data. 0; -ENOBUFS if the limit would be passed (nothing is queued then: cut the slow
 * reader off); -EPIPE after stream_shutdown or a failure. Never calls back. */
int stream_write(struct stream *s, const void *data, size_t len);
/* Queues a part of a chunk without copying it: one encoding for any number of peers. Neighbouring parts of
 * one chunk join into one. Same errors; takes its own reference. */
int stream_write_chunk(struct stream *s, struct chunk *chunk, size_t offset, size_t len);

void stream_pause(
    struct stream *s); /* no data events until stream_resume: the peer feels it (back-pressure) */
void stream_resume(struct stream *s);

/* Half-close: what is queued, then FIN (TLS: close_notify and FIN). Reading goes on. */
void stream_shutdown(struct stream *s);
/* Closes now; what is queued is lost. Accepts NULL. */
void stream_close(struct stream *s);
/* Lets go of the stream: it sends what is queued, half-closes, throws away what still comes (closing with
 * unread bytes would send RST and could destroy our last words on their way), and closes at the
 * peer's FIN or after linger_ms. */
void stream_finish(struct stream *s, uint64_t linger_ms);
/* Closes with RST where the transport has one. */
void stream_abort(struct stream *s);

/* The descriptor at the bottom (for TCP_INFO, SIOCOUTQ), or -1. Borrowed. */
int stream_fd(const struct stream *s);
/* AF_UNSPEC where there is none (memory, an unnamed unix peer). */
void stream_peer(const struct stream *s, struct endpoint *ret);
void stream_local(const struct stream *s, struct endpoint *ret);
/* True from the start for plain streams, after the handshake for TLS. */
bool stream_is_open(const struct stream *s);

#endif
