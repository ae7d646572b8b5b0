/* SPDX-License-Identifier: ISC */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include "base/err.h"
#include "net/endpoint.h"
#include "net/loop.h"

/* Name lookup off the loop's thread (getaddrinfo, so /etc/hosts, DNS and what nsswitch says). */
struct resolve;
#define RESOLVE_ENDPOINTS_MAX 32 /* what a name has beyond that is left out */

/* endpoints in the order of RFC 6724, families interleaved as RFC 8305 4 asks. count 0: err is set
 * (ERR_NAME; the address is
 * the caller's to put before its text). */
typedef void resolve_done(const struct endpoint *endpoints, int count, const struct err *err, void *arg);

/* Never calls back before it has returned. socktype SOCK_STREAM or SOCK_DGRAM. */
struct resolve *resolve_start(
    struct loop *loop, const char *host, uint16_t port, int socktype, resolve_done *done, void *arg);
void resolve_cancel(struct resolve *r); /* no callback follows; accepts NULL */

/* A lookup that hangs keeps a thread; libuv would wait for it at exit. True: leave by _exit. */
bool resolve_is_stuck(struct loop *loop);

#endif
