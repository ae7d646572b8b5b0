/* SPDX-License-Identifier: ISC */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <time.h>

#include "base/err.h"
#include "net/stream.h"

/* TLS over any stream, by OpenSSL through memory: the stream below moves the bytes. DTLS is in net/dtls.h
 * and shares the context. */
struct tls_context;

struct tls_options {
    const char *ca_file;   /* PEM; NULL: the system's store */
    const char *cert_file; /* PEM chain; a server without one makes itself a self-signed one for this run */
    const char *key_file;  /* PEM; NULL: in cert_file */
    const char *alpn;      /* "h2,http/1.1", or NULL */
    const char *pin; /* "sha256:HEX" (or base64) of the peer's certificate (DER): trusts exactly that one */
    const char *psk_file; /* pre-shared keys: a line "IDENTITY:HEXKEY" each; a client uses the first. A
                           * server with this and no certificate takes no caller without such a key */
    bool insecure;        /* a client goes on whatever verification finds, which facts tell; a pin is held to
                           * all the same */
    bool verify_peer;     /* a server asks for a client certificate and verifies it against ca_file */
};

#define TLS_PIN_TEXT_BYTES (7 + 64 + 1) /* "sha256:HEX" */

enum tls_role { TLS_CLIENT, TLS_SERVER };
enum tls_kind { TLS_STREAM, TLS_DATAGRAM };

/* Reads the files. 0, or a negative errno with err: ERR_INPUT for a bad file, naming it and what is wrong. */
int tls_context_new(const struct tls_options *options, enum tls_role role, enum tls_kind kind,
    struct tls_context **ret, struct err *err);
void tls_context_free(struct tls_context *ctx); /* streams made from it may outlive it; accepts NULL */
/* What a person should know before it is used (the own certificate has expired), or "". */
const char *tls_context_warning(const struct tls_context *ctx);
/* "sha256:HEX" of the certificate this side shows (a server's, self-signed or not), or "". */
const char *tls_context_pin(const struct tls_context *ctx);
bool tls_context_is_self_signed(const struct tls_context *ctx); /* made for this run */

/* "sha256:HEX", in the one way that facts and contexts write it, of a pin as people write it. ERR_MISUSE
 * where it is none. */
int tls_normalize_pin(const char *text, char ret[TLS_PIN_TEXT_BYTES], struct err *err);

/* A handshake must be done within this time, or the stream fails with -ETIMEDOUT. */
#define TLS_HANDSHAKE_MS (30 * 1000)

/* Lays TLS over lower, which it owns from now on, and begins the handshake; the result's opened event says
 * when it is done, failed when it is refused (ERR_UNTRUSTED: who the peer is, why not, and what would
 * accept it: --ca, --pin, --insecure). name: SNI and the name that the certificate must have (a host
 * name or a numeric address), for a client; NULL for a server. Never fails at once. */
struct stream *tls_wrap(struct stream *lower, struct tls_context *ctx, const char *name);

/* What is known of a finished handshake. */
struct tls_facts {
    char version[16], cipher[64], group[32], alpn[64];
    char subject[256], issuer[256], names[512]; /* names: the DNS and IP names, comma-separated */
    char pin[TLS_PIN_TEXT_BYTES];               /* "sha256:HEX", "" if the peer showed no certificate */
    time_t not_before, not_after;
    bool verified;            /* against the store, --ca or --pin */
    char verify_problem[128]; /* why not, "" if verified */
    bool resumed, psk;
    /* The peer has hung up without TLS's own goodbye (close_notify). Many peers do; but what was cut off, by
     * the peer or by somebody in between, cannot be told from what was complete. */
    bool cut_off;
};
/* 0; -ENOTCONN before the handshake is done; -EINVAL for a stream that is not TLS. */
int tls_facts(const struct stream *s, struct tls_facts *ret);

#endif
