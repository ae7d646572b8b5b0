/* SPDX-License-Identifier: ISC */
#ifndef NET_TCP_H
#define NET_TCP_H

#include "net/endpoint.h"
#include "net/loop.h"
#include "net/stream.h"

/* Streams that the kernel carries: TCP and unix sockets, on libuv. TCP_NODELAY is always on: what belongs
 * together is already joined at the turn's end (measured: without it small answers wait 40 ms). */
struct tcp_connect;

/* Exactly once: code 0 and s, which the taker owns and attaches to now; or a negative errno and NULL. */
typedef void tcp_connected(struct stream *s, int code, void *arg);

/* One attempt to one endpoint. Never calls back before it has returned; a failure to even begin is called
 * back too. */
struct tcp_connect *tcp_connect(struct loop *loop, const struct endpoint *to, tcp_connected *done, void *arg);
/* From where it calls; AF_UNSPEC where that is not known. Right after tcp_connect. */
void tcp_connect_local(const struct tcp_connect *c, struct endpoint *ret);
void tcp_connect_cancel(struct tcp_connect *c); /* no callback follows; not after done; accepts NULL */

/* Takes a connected stream socket, TCP or unix, or one end of a pipe, which the stream owns from now on (also
 * on failure, when it is closed). The end of a pipe can only be told by closing, so stream_shutdown does
 * nothing there and stream_finish does it. 0 or a negative errno. */
int stream_from_fd(struct loop *loop, int fd, struct stream **ret);
/* The same where the family is known, without asking the kernel again. */
int stream_accept(struct loop *loop, int family, int fd, struct stream **ret);

#endif
