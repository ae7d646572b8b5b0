/* SPDX-License-Identifier: ISC */
#ifndef NET_DGRAM_H
#define NET_DGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/endpoint.h"
#include "net/loop.h"

/* A socket for datagrams: UDP, unix, or DTLS over UDP (net/dtls.h), bound to take them from anybody or
 * connected to one peer. Received and sent in batches, one system call for many: what is sent while a batch
 * is delivered, or within one turn of the loop, leaves together.
 *
 * A bound UDP socket answers from the address it was asked at (IP_PKTINFO) even when bound to every
 * interface. Bursts of equal datagrams from one peer are taken joined (UDP_GRO) and sent joined
 * (UDP_SEGMENT) where that pays: the events and calls here never show it. */
struct dgram;

#define DGRAM_MAX_BYTES 65535
#define DGRAM_UDP4_MAX_BYTES 65507 /* 65535 - 20 - 8 */

struct dgram_message {
    const struct endpoint
        *peer; /* valid during the call only; AF_UNSPEC: an unnamed unix peer, who cannot be answered */
    const uint8_t *data; /* likewise */
    size_t len;
    bool truncated; /* longer than what could be read: said, never hidden */
};

struct dgram_events {
    void (*message)(struct dgram *d, const struct dgram_message *m, void *arg);
    /* Datagrams of one peer that came joined: each has segment bytes, the last may have fewer, m->len is all
     * of them. For owners who can deal with many at the cost of one. May be NULL: then each is a message. */
    void (*burst)(struct dgram *d, const struct dgram_message *m, size_t segment, void *arg);
    /* Something came back as an error: an ICMP answer (-ECONNREFUSED: port closed), -EMSGSIZE, ... The
     * socket lives on. peer may be NULL where the kernel does not say. */
    void (*error)(struct dgram *d, const struct endpoint *peer, int code, const struct err *err, void *arg);
    /* DTLS client: the handshake is done. May be NULL. */
    void (*opened)(struct dgram *d, void *arg);
    /* DTLS: the association with a peer has ended (close_notify, or idle too long). May be NULL. */
    void (*peer_gone)(struct dgram *d, const struct endpoint *peer, void *arg);
};

/* Connected: only peer's datagrams come in, and its ICMP errors come as error events. A unix one binds
 * itself to an autobind address, so that it can be answered. 0 or a negative errno with err. */
int dgram_connect(struct loop *loop, const struct endpoint *peer, const struct dgram_events *events,
    void *arg, struct dgram **ret, struct err *err);
/* Bound. 0 or a negative errno with err naming the address and what to try. A dead unix socket in the way
 * is replaced, a live one never. */
int dgram_bind(struct loop *loop, const struct endpoint *at, const struct dgram_events *events, void *arg,
    struct dgram **ret, struct err *err);

/* Queues a copy of one datagram for to (a connected one has its peer, and to may be NULL). 0; -EMSGSIZE at
 * once if it can never be sent; -EDESTADDRREQ if there is nobody to send to (on a bound one:
 * NULL, AF_UNSPEC, port 0); -ENOBUFS if the queue is full (DGRAM_QUEUE_BYTES: the kernel does not take more):
 * the datagram is lost, as datagrams may be, and the caller counts it. Errors found later come as events.
 * Never calls back.
 */
#define DGRAM_QUEUE_BYTES (4 * 1024 * 1024)
int dgram_send(struct dgram *d, const struct endpoint *to, const void *data, size_t len);
/* The same for several at once: each has segment bytes (1 at least), the last may have fewer. Returns how
 * many were queued, or the error that the first one met. */
int dgram_send_burst(
    struct dgram *d, const struct endpoint *to, const void *data, size_t len, size_t segment);
/* Sends now what is queued rather than at the turn's end. Never calls back. */
void dgram_flush(struct dgram *d);

int dgram_fd(const struct dgram *d);
void dgram_local(const struct dgram *d, struct endpoint *ret);
/* Datagrams that the kernel threw away because this program was late (its drop counter), so far. */
uint64_t dgram_lost(const struct dgram *d);
/* Closes; unlinks a unix socket that was bound; no event follows. Sends first what is queued, as far as the
 * kernel takes it now. Accepts NULL. */
void dgram_free(struct dgram *d);

#endif
