/* SPDX-License-Identifier: ISC */
#ifndef NET_DTLS_H
#define NET_DTLS_H

#include "net/dgram.h"
#include "net/tls.h"

/* DTLS (RFC 6347) over a datagram socket, as a datagram socket: each datagram is one message. A client talks
 * to the one peer of a connected socket; a server to any number of peers, each an association by its
 * endpoint, begun only by callers who have proved their address (the stateless cookie of RFC 6347 4.2.1).
 * Handshake flights are resent on OpenSSL's timer. */
#define DTLS_PEERS_MAX 10000
#define DTLS_IDLE_MS (5 * 60 * 1000) /* an association with no traffic is dropped then */
#define DTLS_HANDSHAKE_MS (30 * 1000)

/* events and arg are what lower would have had; lower must have been made with dtls_lower_events() and
 * handed to exactly one dtls_wrap_*, which owns it from then on. */
const struct dgram_events *dtls_lower_events(void);
struct dgram *dtls_wrap_client(struct dgram *lower, struct tls_context *ctx, const char *name,
    const struct dgram_events *events, void *arg);
struct dgram *dtls_wrap_server(
    struct dgram *lower, struct tls_context *ctx, const struct dgram_events *events, void *arg);
/* As tls_facts, of the association with peer (NULL: a client's only one). */
int dtls_facts(const struct dgram *d, const struct endpoint *peer, struct tls_facts *ret);

#endif
