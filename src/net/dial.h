/* SPDX-License-Identifier: ISC */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "base/err.h"
#include "net/addr.h"
#include "net/loop.h"
#include "net/stream.h"

/* Calls a stream address: look the name up, try its addresses as RFC 8305 (Happy Eyeballs) says, and shake
 * hands if it is TLS. The first that connects wins, the others are closed. */
struct dial;
struct tls_context;

enum dial_phase { DIAL_LOOKUP, DIAL_CONNECT, DIAL_HANDSHAKE, DIAL_DONE };

struct dial_report {
    uint64_t lookup_ns;    /* 0 for a numeric address */
    uint64_t connect_ns;   /* of the attempt that won: SYN to established */
    uint64_t handshake_ns; /* 0 without TLS */
    int attempts;
    struct endpoint local, peer; /* of the attempt that won, or of the last one; AF_UNSPEC: there was none */
};

/* Exactly once, unless cancelled. Success: s is open, owned by the taker, who attaches to it now; err NULL.
 * Failure: s NULL; err names the address, what happened and what to try. The dial is freed after. */
typedef void dial_done(struct stream *s, const struct dial_report *report, const struct err *err, void *arg);

/* tls: for secure schemes, must outlive the dial; else NULL. server_name: SNI and the name checked, or NULL
 * for the address's host. Never calls back before it has returned. */
struct dial *dial_start(struct loop *loop, const struct addr *addr, struct tls_context *tls,
    const char *server_name, dial_done *done, void *arg);
/* The same where the endpoints of addr are known already, in the order to try them: no lookup. count from 1
 * to RESOLVE_ENDPOINTS_MAX. */
struct dial *dial_start_known(struct loop *loop, const struct addr *addr, const struct endpoint *endpoints,
    int count, struct tls_context *tls, const char *server_name, dial_done *done, void *arg);
enum dial_phase dial_phase(const struct dial *d); /* what it waits for: the word for a time-out's message */
/* The same as far as it is known now. */
const struct dial_report *dial_report(const struct dial *d);
void dial_cancel(struct dial *d); /* no callback follows; not after done; accepts NULL */

#endif
