/* SPDX-License-Identifier: ISC */
/* What a TLS stream and a DTLS association have in common: the SSL object, verification of the peer, and
 * telling why it failed and what was agreed on. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "net/tls_private.h"

/* A name without what a certificate never has: the root's dot, the interface of a link-local address. */
static char *bare_name(const char *name)
{
    char *bare = xstrdup(name);
    size_t len = strlen(bare);
    char *zone = strchr(bare, ':') ? strchr(bare, '%') : NULL;

    if (zone)
        *zone = '\0';
    else if (len > 1 && bare[len - 1] == '.')
        bare[len - 1] = '\0';
    return bare;
}

static bool is_numeric(const char *name)
{
    struct in6_addr unused;

    return inet_pton(AF_INET, name, &unused) == 1 || inet_pton(AF_INET6, name, &unused) == 1;
}

void tls_session_init(struct tls_session *t, struct tls_context *ctx, const char *name, BIO *bio)
{
    memset(t, 0, sizeof(*t));
    t->ctx = tls_context_ref(ctx);
    t->ssl = SSL_new(ctx->ssl);
    assert(t->ssl); /* fails only without memory */
    SSL_set_app_data(t->ssl, t);
    SSL_set_bio(t->ssl, bio, bio);
    if (ctx->role == TLS_SERVER) {
        SSL_set_accept_state(t->ssl);
        return;
    }
    SSL_set_connect_state(t->ssl);
    if (!name || !*name)
        return;
    t->name = bare_name(name);
    if (is_numeric(t->name)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(t->ssl), t->name);
    } else {
        /* RFC 6066 3: a literal address is no server name. */
        SSL_set_tlsext_host_name(t->ssl, t->name);
        SSL_set_hostflags(t->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        SSL_set1_host(t->ssl, t->name);
    }
}

void tls_session_done(struct tls_session *t)
{
    SSL_free(t->ssl);
    X509_free(t->verify_cert);
    X509_free(t->leaf);
    free(t->name);
    tls_context_free(t->ctx);
    memset(t, 0, sizeof(*t));
}

void tls_session_note_first(struct tls_session *t, const uint8_t *data, size_t len)
{
    size_t room = sizeof(t->first) - t->first_len;

    if (len > room)
        len = room;
    memcpy(t->first + t->first_len, data, len);
    t->first_len += len;
}

/* Kept for the error's text: the chain is not yet the SSL object's own when its verification fails. */
static void keep(X509 **kept, X509 *cert)
{
    X509_free(*kept);
    *kept = cert;
    if (cert)
        X509_up_ref(cert);
}

static int check_pin(struct tls_session *t, X509_STORE_CTX *store)
{
    uint8_t pin[TLS_PIN_BYTES];

    tls_pin_of(X509_STORE_CTX_get0_cert(store), pin);
    t->verify_depth = 0;
    if (CRYPTO_memcmp(pin, t->ctx->pin, sizeof(pin)) == 0) {
        t->verify_error = X509_V_OK;
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    t->verify_error = X509_V_ERR_CERT_REJECTED;
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

int tls_session_verify(X509_STORE_CTX *store, void *arg)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_session *t = SSL_get_app_data(ssl);

    keep(&t->leaf, X509_STORE_CTX_get0_cert(store));
    if (t->ctx->has_pin)
        return check_pin(t, store);
    if (X509_verify_cert(store) > 0) {
        t->verify_error = X509_V_OK;
        return 1;
    }
    t->verify_error = X509_STORE_CTX_get_error(store);
    t->verify_depth = X509_STORE_CTX_get_error_depth(store);
    keep(&t->verify_cert, X509_STORE_CTX_get_current_cert(store));
    return t->ctx->insecure ? 1 : 0;
}

/* The peer was seen and is not who it should be. */
static int explain_untrusted(const struct tls_session *t, struct err *err)
{
    char subject[80] = "", issuer[80] = "", why[256], pin_text[TLS_PIN_TEXT_BYTES] = "",
         pinned[TLS_PIN_TEXT_BYTES];
    uint8_t pin[TLS_PIN_BYTES];
    int code = -EKEYREJECTED;

    if (t->leaf) {
        tls_word_name(X509_get_subject_name(t->leaf), subject, sizeof(subject));
        tls_word_name(X509_get_issuer_name(t->leaf), issuer, sizeof(issuer));
        tls_pin_of(t->leaf, pin);
        tls_format_pin(pin, pin_text);
    }
    tls_word_verify(t, why, sizeof(why));
    if (t->verify_error == X509_V_ERR_CERT_REJECTED)
        return err_set(err, ERR_UNTRUSTED, code,
            _("not trusted: the peer's certificate is not the pinned %s%s%s; was it renewed, or is somebody "
              "in "
              "between?"),
            tls_format_pin(t->ctx->pin, pinned), *pin_text ? _(" but ") : "", pin_text);
    if (t->ctx->role == TLS_SERVER)
        return err_set(err, ERR_UNTRUSTED, code,
            _("the caller's certificate %s (issued by %s) is not trusted: %s"), subject, issuer, why);
    if (t->verify_error == X509_V_ERR_HOSTNAME_MISMATCH || t->verify_error == X509_V_ERR_IP_ADDRESS_MISMATCH)
        return err_set(err, ERR_UNTRUSTED, code,
            _("the peer's certificate is not trusted: %s; what would accept it: --server-name with one of "
              "its "
              "names, --pin %s, or --insecure"),
            why, pin_text);
    return err_set(err, ERR_UNTRUSTED, code,
        _("the certificate of %s (issued by %s) is not trusted: %s; what would accept it: %s--pin %s, or "
          "--insecure"),
        subject, issuer, why,
        t->verify_error == X509_V_ERR_CERT_HAS_EXPIRED || t->verify_error == X509_V_ERR_CERT_NOT_YET_VALID
            ? ""
            : _("--ca FILE with its issuer, "),
        pin_text);
}

bool tls_session_is_tls(const struct tls_session *t)
{
    /* RFC 8446 5.1: a content type, then legacy_record_version 0x03xx. */
    if (t->first_len > 0 && (t->first[0] < 20 || t->first[0] > 24))
        return false;
    return t->first_len < 2 || t->first[1] == 3;
}

int tls_session_explain_plain(const struct tls_session *t, struct err *err)
{
    struct str shown = STR_INIT;
    size_t len = t->first_len;
    int code;

    for (size_t i = 0; i < len; i++)
        if (t->first[i] == '\r' || t->first[i] == '\n')
            len = i;
    utf8_escape(&shown, t->first, utf8_truncate(t->first, t->first_len, len), 0);
    if (t->ctx->kind == TLS_DATAGRAM)
        code = err_set(err, ERR_CONNECT, -EPROTO,
            _("the server does not speak DTLS here: it answered \"%s\""), shown.data);
    else if (t->ctx->role == TLS_CLIENT)
        code = err_set(err, ERR_CONNECT, -EPROTO,
            _("the server does not speak TLS here: it began with \"%s\""), shown.data);
    else
        code = err_set(
            err, ERR_CONNECT, -EPROTO, _("the caller does not speak TLS: it began with \"%s\""), shown.data);
    str_done(&shown);
    return code;
}

static int explain_reason(const struct tls_session *t, unsigned long e, bool in_handshake, struct err *err)
{
    bool client = t->ctx->role == TLS_CLIENT;
    size_t header = t->ctx->kind == TLS_STREAM ? 5 : 13; /* RFC 8446 5.1; RFC 6347 4.1 */

    switch (ERR_GET_REASON(e)) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_WRONG_SSL_VERSION:
        return err_set(err, ERR_CONNECT, -EPROTO, _("no TLS version in common: here it is 1.2 and later"));
    case SSL_R_NO_SHARED_CIPHER:
        return err_set(err, ERR_CONNECT, -EPROTO,
            t->ctx->psks ? _("no cipher in common: the caller does not use a pre-shared key")
                         : _("no cipher in common with the caller"));
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return err_set(
            err, ERR_UNTRUSTED, -EKEYREJECTED, _("the caller showed no certificate, and one is asked for"));
    case SSL_R_NO_APPLICATION_PROTOCOL:
        return err_set(err, ERR_CONNECT, -EPROTO, _("no ALPN protocol in common; here it is %s"),
            t->ctx->alpn_text ? t->ctx->alpn_text : "-");
    case SSL_R_PSK_IDENTITY_NOT_FOUND:
        return err_set(
            err, ERR_UNTRUSTED, -EKEYREJECTED, _("the caller names a pre-shared key that is not known here"));
    case SSL_R_BINDER_DOES_NOT_VERIFY:
        return err_set(
            err, ERR_UNTRUSTED, -EKEYREJECTED, _("the caller's pre-shared key is not the one known here"));
    case SSL_R_UNEXPECTED_MESSAGE:
        /* Our own ClientHello: a record of type handshake with message type 1. */
        if (client && t->first_len > header && t->first[0] == 22 && t->first[header] == 1)
            return err_set(err, ERR_CONNECT, -EPROTO,
                t->ctx->kind == TLS_STREAM
                    ? _("the server does not speak TLS here: it echoed our own first words")
                    : _("the server does not speak DTLS here: it echoed our own first words"));
        break;
    default:
        break;
    }
    return err_set(err, in_handshake ? ERR_CONNECT : ERR_HUNG_UP, -EPROTO,
        in_handshake ? _("the TLS handshake failed: %s") : _("TLS broke: %s"),
        ERR_reason_error_string(e) ? ERR_reason_error_string(e) : _("no reason given"));
}

int tls_session_explain(const struct tls_session *t, bool in_handshake, struct err *err)
{
    unsigned long e = ERR_peek_error();
    int code;

    if (e == 0)
        code = err_set(err, ERR_HUNG_UP, -EPIPE, in_handshake ? _("%s during the TLS handshake") : "%s",
            err_word(-EPIPE));
    else if (ERR_GET_LIB(e) == ERR_LIB_SSL && ERR_GET_REASON(e) == SSL_R_CERTIFICATE_VERIFY_FAILED)
        code = explain_untrusted(t, err);
    else if (ERR_GET_LIB(e) == ERR_LIB_SSL && ERR_GET_REASON(e) >= SSL_AD_REASON_OFFSET)
        code = tls_word_alert(t, ERR_GET_REASON(e) - SSL_AD_REASON_OFFSET, err);
    else
        code = explain_reason(t, e, in_handshake, err);
    ERR_clear_error();
    return code;
}

static void certificate_facts(const struct tls_session *t, X509 *cert, struct tls_facts *ret)
{
    uint8_t pin[TLS_PIN_BYTES];

    tls_word_name(X509_get_subject_name(cert), ret->subject, sizeof(ret->subject));
    tls_word_name(X509_get_issuer_name(cert), ret->issuer, sizeof(ret->issuer));
    tls_word_names(cert, ret->names, sizeof(ret->names));
    tls_pin_of(cert, pin);
    tls_format_pin(pin, ret->pin);
    ret->not_before = tls_time(X509_get0_notBefore(cert));
    ret->not_after = tls_time(X509_get0_notAfter(cert));
    /* A resumed session was verified when it was made. */
    ret->verified = t->verify_error == X509_V_OK && SSL_get_verify_mode(t->ssl) != SSL_VERIFY_NONE;
    tls_word_verify(t, ret->verify_problem, sizeof(ret->verify_problem));
}

void tls_session_facts(const struct tls_session *t, struct tls_facts *ret)
{
    X509 *cert = SSL_get0_peer_certificate(t->ssl);
    const unsigned char *alpn;
    unsigned alpn_len;
    int group = (int)SSL_get_negotiated_group(t->ssl);
    const char *group_name = group ? SSL_group_to_name(t->ssl, group) : NULL;

    *ret = (struct tls_facts){0};
    snprintf(ret->version, sizeof(ret->version), "%s", SSL_get_version(t->ssl));
    snprintf(ret->cipher, sizeof(ret->cipher), "%s", SSL_get_cipher_name(t->ssl));
    snprintf(ret->group, sizeof(ret->group), "%s", group_name ? group_name : "");
    SSL_get0_alpn_selected(t->ssl, &alpn, &alpn_len);
    tls_word_escaped((const char *)alpn, alpn_len, ret->alpn, sizeof(ret->alpn));
    ret->resumed = SSL_session_reused(t->ssl) == 1;
    if (cert) {
        certificate_facts(t, cert, ret);
        return;
    }
    /* TLS 1.3 counts a pre-shared key as a resumption; then there is no identity to be read. */
    ret->psk = t->ctx->psks && (SSL_get_psk_identity(t->ssl) || (t->ctx->role == TLS_CLIENT && ret->resumed));
    if (ret->psk) {
        ret->resumed = false;
        ret->verified = true;
    } else {
        snprintf(ret->verify_problem, sizeof(ret->verify_problem), "%s", _("it showed no certificate"));
    }
}
