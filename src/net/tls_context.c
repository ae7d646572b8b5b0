/* SPDX-License-Identifier: ISC */
/* The context: what is the same for all conversations with one set of options. OpenSSL is first touched
 * when the first one is made. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "net/tls_private.h"

#define ALPN_BYTES 1024 /* of names on the wire */

/* ECDHE first: a pre-shared key that leaks later then opens no recorded conversation. Before all
 * certificate ciphers, since it was given on purpose. kRSAPSK needs both and is nobody's wish. */
#define PSK_FIRST "kECDHEPSK:kDHEPSK:kPSK:ALL:!kRSAPSK:!COMPLEMENTOFDEFAULT:!eNULL:!aNULL"

static int parse_alpn(struct tls_context *ctx, const char *text, struct err *err)
{
    const char *next = text;

    ctx->alpn = xmalloc(strlen(text) + 1);
    ctx->alpn_text = xstrdup(text);
    while (next) {
        const char *comma = strchr(next, ',');
        size_t len = comma ? (size_t)(comma - next) : strlen(next);

        if (len == 0 || len > 255 || ctx->alpn_len + len + 1 > ALPN_BYTES)
            return err_set(err, ERR_MISUSE, -EINVAL,
                _("'%s' is no list of ALPN protocols: names of 1 to 255 bytes with commas between"), text);
        ctx->alpn[ctx->alpn_len] = (uint8_t)len;
        memcpy(ctx->alpn + ctx->alpn_len + 1, next, len);
        ctx->alpn_len += len + 1;
        next = comma ? comma + 1 : NULL;
    }
    return 0;
}

/* RFC 7301 3.2: the server picks; if nothing fits, "no_application_protocol" ends it. */
static int select_alpn(SSL *ssl, const unsigned char **ret, unsigned char *ret_len,
    const unsigned char *offered, unsigned offered_len, void *arg)
{
    const struct tls_context *ctx = arg;
    unsigned char *chosen;

    if (SSL_select_next_proto(&chosen, ret_len, ctx->alpn, (unsigned)ctx->alpn_len, offered, offered_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *ret = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static void set_alpn(struct tls_context *ctx)
{
    if (ctx->role == TLS_CLIENT)
        SSL_CTX_set_alpn_protos(ctx->ssl, ctx->alpn, (unsigned)ctx->alpn_len);
    else
        SSL_CTX_set_alpn_select_cb(ctx->ssl, select_alpn, ctx);
}

static unsigned client_psk(
    SSL *ssl, const char *hint, char *identity, unsigned identity_size, unsigned char *key, unsigned key_size)
{
    const struct tls_session *t = SSL_get_app_data(ssl);
    const struct tls_psk *psk = &t->ctx->psks[0];

    if (strlen(psk->identity) >= identity_size || psk->key_len > key_size)
        return 0;
    snprintf(identity, identity_size, "%s", psk->identity);
    memcpy(key, psk->key, psk->key_len);
    return (unsigned)psk->key_len;
}

static unsigned server_psk(SSL *ssl, const char *identity, unsigned char *key, unsigned key_size)
{
    const struct tls_session *t = SSL_get_app_data(ssl);

    for (size_t i = 0; identity && i < t->ctx->psk_count; i++) {
        const struct tls_psk *psk = &t->ctx->psks[i];

        if (strcmp(psk->identity, identity) == 0 && psk->key_len <= key_size) {
            memcpy(key, psk->key, psk->key_len);
            return (unsigned)psk->key_len;
        }
    }
    return 0;
}

static int load_psks(struct tls_context *ctx, const char *path, struct err *err)
{
    int code = tls_read_psks(path, &ctx->psks, &ctx->psk_count, err);

    if (code < 0)
        return code;
    if (ctx->role == TLS_CLIENT)
        SSL_CTX_set_psk_client_callback(ctx->ssl, client_psk);
    else
        SSL_CTX_set_psk_server_callback(ctx->ssl, server_psk);
    SSL_CTX_set_cipher_list(ctx->ssl, PSK_FIRST);
    return 0;
}

static void warn_of_dates(struct tls_context *ctx, X509 *cert, const char *path)
{
    struct str text = STR_INIT;
    char date[32];
    time_t until = tls_time(X509_get0_notAfter(cert)), from = tls_time(X509_get0_notBefore(cert)),
           now = time(NULL);
    time_t shown = now > until ? until : from;
    struct tm tm;

    if (now <= until && now >= from)
        return;
    gmtime_r(&shown, &tm);
    strftime(date, sizeof(date), "%Y-%m-%d", &tm);
    str_appendf(&text,
        now > until ? _("%s: the certificate expired on %s: peers that verify will refuse it")
                    : _("%s: the certificate is valid only from %s on: peers that verify will refuse it"),
        path, date);
    free(ctx->warning);
    ctx->warning = str_steal(&text);
}

/* What OpenSSL refuses about a certificate or a key that was read well: mostly one too weak. */
static int explain_refused(const char *path, struct err *err)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    int code = err_set(err, ERR_INPUT, -EINVAL, "%s: %s", path, reason ? reason : err_word(-EINVAL));

    ERR_clear_error();
    return code;
}

/* Both are the caller's. */
static int use_own(struct tls_context *ctx, X509 *leaf, EVP_PKEY *key, const char *path, struct err *err)
{
    uint8_t pin[TLS_PIN_BYTES];

    if (SSL_CTX_use_certificate(ctx->ssl, leaf) != 1 || SSL_CTX_use_PrivateKey(ctx->ssl, key) != 1)
        return explain_refused(path, err);
    tls_pin_of(leaf, pin);
    tls_format_pin(pin, ctx->own_pin);
    return 0;
}

static int load_own(struct tls_context *ctx, const struct tls_options *o, struct err *err)
{
    const char *key_file = o->key_file ? o->key_file : o->cert_file;
    STACK_OF(X509) *chain = NULL;
    X509 *leaf = NULL;
    EVP_PKEY *key = NULL;
    int code;

    if (!o->cert_file)
        return err_set(err, ERR_MISUSE, -EINVAL, _("a key alone is of no use: --key goes with --cert"));
    if ((code = tls_read_chain(o->cert_file, &leaf, &chain, err)) < 0)
        goto out;
    if ((code = tls_read_key(key_file, &key, err)) < 0)
        goto out;
    ERR_clear_error();
    if (X509_check_private_key(leaf, key) != 1) {
        ERR_clear_error();
        code = err_set(err, ERR_INPUT, -EINVAL, _("%s: the key does not belong to the certificate in %s"),
            key_file, o->cert_file);
        goto out;
    }
    if ((code = use_own(ctx, leaf, key, o->cert_file, err)) < 0)
        goto out;
    if (sk_X509_num(chain) > 0 && SSL_CTX_set1_chain(ctx->ssl, chain) != 1) {
        code = explain_refused(o->cert_file, err);
        goto out;
    }
    warn_of_dates(ctx, leaf, o->cert_file);
out:
    EVP_PKEY_free(key);
    X509_free(leaf);
    sk_X509_pop_free(chain, X509_free);
    return code;
}

static int make_own(struct tls_context *ctx, struct err *err)
{
    X509 *leaf = NULL;
    EVP_PKEY *key = NULL;
    int code = tls_make_self_signed(TLS_SELF_BRIEF, &key, &leaf, err);

    if (code == 0)
        code = use_own(ctx, leaf, key, "", err);
    ctx->self_signed = code == 0;
    X509_free(leaf);
    EVP_PKEY_free(key);
    return code;
}

static int load_ca(struct tls_context *ctx, const char *path, struct err *err)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx->ssl);
    STACK_OF(X509) *all = NULL;
    int code = tls_read_ca(path, &all, err);

    if (code < 0)
        return code;
    for (int i = 0; i < sk_X509_num(all); i++) {
        X509_STORE_add_cert(store, sk_X509_value(all, i));
        if (ctx->role == TLS_SERVER)
            SSL_CTX_add_client_CA(ctx->ssl, sk_X509_value(all, i));
    }
    ctx->ca_file = xstrdup(path);
    sk_X509_pop_free(all, X509_free);
    return 0;
}

static int load_trust(struct tls_context *ctx, const struct tls_options *o, struct err *err)
{
    int code = 0;

    if (o->pin) {
        if ((code = tls_parse_pin(o->pin, ctx->pin, err)) < 0)
            return code;
        ctx->has_pin = true;
    }
    if (o->ca_file)
        code = load_ca(ctx, o->ca_file, err);
    else
        SSL_CTX_set_default_verify_paths(ctx->ssl); /* looked into when a chain is verified, not now */
    ctx->insecure = o->insecure && ctx->role == TLS_CLIENT;
    SSL_CTX_set_cert_verify_callback(ctx->ssl, tls_session_verify, NULL);
    if (ctx->role == TLS_CLIENT)
        SSL_CTX_set_verify(ctx->ssl, SSL_VERIFY_PEER, NULL);
    else if (o->verify_peer || ctx->has_pin)
        SSL_CTX_set_verify(ctx->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return code;
}

static void configure(struct tls_context *ctx)
{
    static const unsigned char session_context[] = "landline";

    SSL_CTX_set_min_proto_version(ctx->ssl, ctx->kind == TLS_STREAM ? TLS1_2_VERSION : DTLS1_2_VERSION);
    /* An idle peer keeps no record buffers (2 of 16 KiB each). The write buffer may move: what is not sent
     * yet stays in the stream's queue and is gathered anew. */
    SSL_CTX_set_mode(ctx->ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(ctx->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    /* Tickets carry the state to the client, so nothing is kept here. In TLS 1.3 they are sent after the
     * handshake, to a client that perhaps says one thing and closes without ever reading: its kernel then
     * answers with RST, which can destroy what it said. So none there. */
    SSL_CTX_set_session_cache_mode(ctx->ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx->ssl, 0);
    if (ctx->role == TLS_SERVER)
        SSL_CTX_set_session_id_context(ctx->ssl, session_context, sizeof(session_context) - 1);
    if (ctx->kind == TLS_DATAGRAM)
        SSL_CTX_set_options(
            ctx->ssl, SSL_OP_NO_QUERY_MTU | (ctx->role == TLS_SERVER ? SSL_OP_COOKIE_EXCHANGE : 0));
}

static const SSL_METHOD *method_of(enum tls_role role, enum tls_kind kind)
{
    if (kind == TLS_STREAM)
        return role == TLS_CLIENT ? TLS_client_method() : TLS_server_method();
    return role == TLS_CLIENT ? DTLS_client_method() : DTLS_server_method();
}

int tls_context_new(const struct tls_options *o, enum tls_role role, enum tls_kind kind,
    struct tls_context **ret, struct err *err)
{
    struct tls_context *ctx = xcalloc(1, sizeof(*ctx));
    int code = 0;

    ctx->refs = 1;
    ctx->role = role;
    ctx->kind = kind;
    ctx->ssl = SSL_CTX_new(method_of(role, kind));
    if (!ctx->ssl) {
        code = err_set(err, ERR_OTHER, -EIO, _("OpenSSL could not be started: %s"),
            ERR_reason_error_string(ERR_peek_error()));
        goto out;
    }
    configure(ctx);
    if (o->alpn && (code = parse_alpn(ctx, o->alpn, err)) < 0)
        goto out;
    if (ctx->alpn_len)
        set_alpn(ctx);
    if (o->psk_file && (code = load_psks(ctx, o->psk_file, err)) < 0)
        goto out;
    if (o->cert_file || o->key_file)
        code = load_own(ctx, o, err);
    else if (role == TLS_SERVER && !ctx->psks)
        code = make_own(ctx, err);
    if (code == 0)
        code = load_trust(ctx, o, err);
out:
    if (code < 0)
        tls_context_free(ctx);
    else
        *ret = ctx;
    ERR_clear_error();
    return code;
}

struct tls_context *tls_context_ref(struct tls_context *ctx)
{
    ctx->refs++;
    return ctx;
}

void tls_context_free(struct tls_context *ctx)
{
    if (!ctx || --ctx->refs > 0)
        return;
    SSL_CTX_free(ctx->ssl);
    BIO_meth_free(ctx->bio_method);
    tls_free_psks(ctx->psks, ctx->psk_count);
    free(ctx->warning);
    free(ctx->ca_file);
    free(ctx->alpn_text);
    free(ctx->alpn);
    free(ctx);
}

const char *tls_context_warning(const struct tls_context *ctx)
{
    return ctx->warning ? ctx->warning : "";
}

const char *tls_context_pin(const struct tls_context *ctx)
{
    return ctx->own_pin;
}

bool tls_context_is_self_signed(const struct tls_context *ctx)
{
    return ctx->self_signed;
}
