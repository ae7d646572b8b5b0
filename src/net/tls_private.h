/* SPDX-License-Identifier: ISC */
#ifndef NET_TLS_PRIVATE_H
#define NET_TLS_PRIVATE_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "net/tls.h"

/* What net/tls*.c and net/dtls.c share: the context with OpenSSL in view, and the part of a conversation
 * that is the same over a stream and over datagrams (net/tls_session.c). */

/* ---- files (net/tls_files.c) -------------------------------------------------------------------- */

#define TLS_FILE_BYTES (4 * 1024 * 1024) /* the system's bundle of authorities has a quarter of a MiB */
#define TLS_PIN_BYTES 32
#define TLS_PSK_MAX 10000
#define TLS_PSK_KEY_BYTES 64
#define TLS_PSK_IDENTITY_BYTES 128 /* RFC 4279 5.3 */

struct tls_psk {
    char *identity;
    uint8_t key[TLS_PSK_KEY_BYTES];
    size_t key_len;
};

/* All return 0, or a negative errno with err (ERR_INPUT, naming the file). */
int tls_read_chain(const char *path, X509 **ret_leaf, STACK_OF(X509) * *ret_chain, struct err *err);
int tls_read_key(const char *path, EVP_PKEY **ret, struct err *err); /* never asks for a passphrase */
int tls_read_ca(const char *path, STACK_OF(X509) * *ret, struct err *err);
int tls_read_psks(const char *path, struct tls_psk **ret, size_t *ret_count, struct err *err);
void tls_free_psks(struct tls_psk *psks, size_t count);
/* ERR_MISUSE. */
int tls_parse_pin(const char *text, uint8_t ret[TLS_PIN_BYTES], struct err *err);

void tls_pin_of(X509 *cert, uint8_t ret[TLS_PIN_BYTES]);
const char *tls_format_pin(const uint8_t pin[TLS_PIN_BYTES], char text[TLS_PIN_TEXT_BYTES]);

/* A key and a certificate, good for localhost, 127.0.0.1, ::1 and this machine's name. */
enum tls_self {
    TLS_SELF_BRIEF,   /* for this run: 30 days */
    TLS_SELF_LASTING, /* never expires */
};
int tls_make_self_signed(enum tls_self self, EVP_PKEY **ret_key, X509 **ret_cert, struct err *err);

/* ---- the context (net/tls_context.c) ------------------------------------------------------------ */

struct tls_context {
    unsigned refs;
    SSL_CTX *ssl;
    enum tls_role role;
    enum tls_kind kind;
    bool insecure, self_signed, has_pin;
    uint8_t pin[TLS_PIN_BYTES];
    char own_pin[TLS_PIN_TEXT_BYTES];
    char *warning; /* NULL: none */
    char *ca_file; /* NULL: the system's store */
    char *alpn_text;
    uint8_t *alpn; /* as on the wire: a length byte before each name */
    size_t alpn_len;
    struct tls_psk *psks;
    size_t psk_count;
    BIO_METHOD *bio_method; /* made by tls.c or dtls.c when first needed */
};

struct tls_context *tls_context_ref(struct tls_context *ctx);

/* ---- a conversation (net/tls_session.c) --------------------------------------------------------- */

#define TLS_FIRST_BYTES 40

struct tls_session {
    struct tls_context *ctx;
    SSL *ssl;
    char *name;       /* what the peer's certificate must be for, or NULL */
    int verify_error; /* X509_V_OK, or why not */
    int verify_depth;
    X509 *verify_cert; /* the one in the chain that is at fault */
    X509 *leaf;        /* the peer's own, where verification failed */
    uint8_t first[TLS_FIRST_BYTES];
    size_t first_len; /* the peer's first bytes, for telling what it speaks instead */
};

/* bio carries both directions and is owned by the session from now on. name may be NULL. */
void tls_session_init(struct tls_session *t, struct tls_context *ctx, const char *name, BIO *bio);
void tls_session_done(struct tls_session *t); /* accepts one that is all zero, or done already */
void tls_session_note_first(struct tls_session *t, const uint8_t *data, size_t len);
/* After an OpenSSL call failed with SSL_ERROR_SSL or SSL_ERROR_SYSCALL: fills err from OpenSSL's queue of
 * errors and from what verification found. Returns the negative code. */
int tls_session_explain(const struct tls_session *t, bool in_handshake, struct err *err);
/* As far as the peer's first bytes tell; and what they are if not, for err. */
bool tls_session_is_tls(const struct tls_session *t);
int tls_session_explain_plain(const struct tls_session *t, struct err *err);
void tls_session_facts(const struct tls_session *t, struct tls_facts *ret);
/* For SSL_CTX_set_cert_verify_callback. */
int tls_session_verify(X509_STORE_CTX *store, void *arg);

/* ---- words (net/tls_words.c) -------------------------------------------------------------------- */

/* Escaped; what does not fit is cut, at a whole character, and "..." says so. */
void tls_word_escaped(const char *text, size_t len, char *ret, size_t size);
/* Text from a certificate, fit to be shown. */
void tls_word_name(const X509_NAME *name, char *ret, size_t size);
void tls_word_names(const X509 *cert, char *ret, size_t size); /* "localhost, 127.0.0.1" */
time_t tls_time(const ASN1_TIME *time);
/* Why certificate verification failed, with no remedy: "it expired on 2020-01-02". */
void tls_word_verify(const struct tls_session *t, char *ret, size_t size);
/* An alert that the peer sent. Returns the negative code with err filled. */
int tls_word_alert(const struct tls_session *t, int alert, struct err *err);

#endif
