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
/* The longest message: what one record holds (RFC 6347 4.1). A longer one is -EMSGSIZE. */
#define DTLS_MESSAGE_MAX_BYTES 16384
/* Of a client's messages that wait for the handshake, each with 4 bytes more. */
#define DTLS_WAITING_BYTES (64 * 1024)

/* events and arg are what lower would have had; lower must have been made with dtls_lower_events() and
 * handed, in the same turn of the loop, to exactly one dtls_wrap_*, which owns it from then on.
 *
 * dgram_send in addition gives -EINVAL for an empty message, which DTLS cannot carry, and -ENOTCONN where
 * there is no association with the peer (any more). What a client sends before its handshake is done waits
 * for it. An error event tells of a handshake that failed, with the words and kinds of tls_wrap: a client's
 * is over then, a server lives on. name: as for tls_wrap. */
const struct dgram_events *dtls_lower_events(void);
struct dgram *dtls_wrap_client(struct dgram *lower, struct tls_context *ctx, const char *name,
    const struct dgram_events *events, void *arg);
struct dgram *dtls_wrap_server(
    struct dgram *lower, struct tls_context *ctx, const struct dgram_events *events, void *arg);
/* A server's limits in place of those above, before the loop's next turn. */
void dtls_set_limits(struct dgram *d, unsigned peers_max, uint64_t idle_ms);
unsigned dtls_peers(const struct dgram *d); /* associations, with those that still shake hands */
/* What a client's handshake waits for, in words for a time-out's message ("no answer to the DTLS handshake;
 * does the peer speak DTLS?"); NULL once it is done. */
const char *dtls_waits_for(const struct dgram *d);
/* As tls_facts, of the association with peer (NULL: a client's only one). */
int dtls_facts(const struct dgram *d, const struct endpoint *peer, struct tls_facts *ret);

#endif
