/* SPDX-License-Identifier: ISC */
/* TLS in words: who a certificate is for, why it is not trusted, what an alert means. What a certificate
 * says is in its maker's hands, so nothing of it is shown unescaped or at full length. */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/utf8.h"
#include "net/tls_private.h"

#define NAMES_MAX 100 /* a certificate's names that are looked at */

void tls_word_escaped(const char *text, size_t len, char *ret, size_t size)
{
    struct str safe = STR_INIT;

    utf8_escape(&safe, text ? text : "", len, 0);
    if (safe.len < size) {
        memcpy(ret, safe.data, safe.len + 1);
    } else {
        size_t kept = utf8_truncate(safe.data, safe.len, size - 4);

        memcpy(ret, safe.data, kept);
        memcpy(ret + kept, "...", 4);
    }
    str_done(&safe);
}

void tls_word_name(const X509_NAME *name, char *ret, size_t size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    long len;

    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
    len = BIO_get_mem_data(bio, &text);
    tls_word_escaped(len > 0 ? text : "", len > 0 ? (size_t)len : 0, ret, size);
    BIO_free(bio);
}

static void append_name(struct str *all, const GENERAL_NAME *name)
{
    char text[INET6_ADDRSTRLEN];
    const ASN1_STRING *value;
    const uint8_t *data;
    int len;

    if (name->type == GEN_DNS)
        value = name->d.dNSName;
    else if (name->type == GEN_IPADD)
        value = name->d.iPAddress;
    else
        return;
    data = ASN1_STRING_get0_data(value);
    len = ASN1_STRING_length(value);
    if (name->type == GEN_IPADD && len != 4 && len != 16)
        return;
    if (all->len)
        str_append_str(all, ", ");
    if (name->type == GEN_DNS)
        str_append(all, data, (size_t)len);
    else
        str_append_str(all, inet_ntop(len == 4 ? AF_INET : AF_INET6, data, text, sizeof(text)));
}

void tls_word_names(const X509 *cert, char *ret, size_t size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    struct str all = STR_INIT;

    for (int i = 0; i < sk_GENERAL_NAME_num(names) && i < NAMES_MAX; i++)
        append_name(&all, sk_GENERAL_NAME_value(names, i));
    tls_word_escaped(all.data, all.len, ret, size);
    str_done(&all);
    GENERAL_NAMES_free(names);
}

time_t tls_time(const ASN1_TIME *time)
{
    struct tm tm = {0};

    return ASN1_TIME_to_tm(time, &tm) == 1 ? timegm(&tm) : 0;
}

static void word_date(const ASN1_TIME *time, char ret[32])
{
    struct tm tm = {0};

    ASN1_TIME_to_tm(time, &tm);
    strftime(ret, 32, "%Y-%m-%d", &tm);
}

/* "its issuer's certificate CN=..." is told apart from the peer's own. */
static void word_date_problem(const struct tls_session *t, bool expired, char *ret, size_t size)
{
    char date[32], subject[80];

    word_date(expired ? X509_get0_notAfter(t->verify_cert) : X509_get0_notBefore(t->verify_cert), date);
    if (t->verify_depth == 0) {
        snprintf(ret, size,
            expired ? _("it expired on %s") : _("it is valid only from %s on; is the clock right?"), date);
        return;
    }
    tls_word_name(X509_get_subject_name(t->verify_cert), subject, sizeof(subject));
    snprintf(ret, size,
        expired ? _("%s in its chain expired on %s") : _("%s in its chain is valid only from %s on"), subject,
        date);
}

static void word_mismatch(const struct tls_session *t, char *ret, size_t size)
{
    char names[160] = "";

    if (t->verify_cert)
        tls_word_names(t->verify_cert, names, sizeof(names));
    if (!*names && t->verify_cert)
        tls_word_name(X509_get_subject_name(t->verify_cert), names, sizeof(names));
    snprintf(ret, size, _("it is for %s, not for %s"), names, t->name ? t->name : "");
}

void tls_word_verify(const struct tls_session *t, char *ret, size_t size)
{
    switch (t->verify_error) {
    case X509_V_OK:
        snprintf(ret, size, "%s", "");
        return;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        if (t->verify_cert) {
            word_date_problem(t, true, ret, size);
            return;
        }
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        if (t->verify_cert) {
            word_date_problem(t, false, ret, size);
            return;
        }
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        word_mismatch(t, ret, size);
        return;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        snprintf(ret, size, "%s", _("it is self-signed"));
        return;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        snprintf(ret, size,
            t->ctx->ca_file ? _("%s does not know its issuer") : _("this system does not know its issuer"),
            t->ctx->ca_file);
        return;
    case X509_V_ERR_INVALID_PURPOSE:
        snprintf(ret, size, "%s",
            t->ctx->role == TLS_CLIENT ? _("it is not meant for a server")
                                       : _("it is not meant for a client"));
        return;
    case X509_V_ERR_CERT_REJECTED:
        snprintf(ret, size, "%s", _("it is not the pinned one"));
        return;
    default:
        break;
    }
    snprintf(ret, size, "%s", X509_verify_cert_error_string(t->verify_error));
}

/* About our own certificate, as the peer sees it. */
static int refused(const struct tls_session *t, const char *why, struct err *err)
{
    if (t->ctx->role == TLS_CLIENT)
        return err_set(err, ERR_UNTRUSTED, -EKEYREJECTED, _("the server refused our certificate: %s"), why);
    return err_set(err, ERR_UNTRUSTED, -EKEYREJECTED,
        _("the caller refused this server's certificate: %s; it can be given the authority's file, or the "
          "pin %s"),
        why, t->ctx->own_pin);
}

static int refused_handshake(const struct tls_session *t, struct err *err)
{
    if (t->ctx->psks)
        return err_set(err, ERR_CONNECT, -EPROTO,
            _("the TLS handshake was refused: does the peer use pre-shared keys, with this one among them?"));
    if (t->ctx->role == TLS_CLIENT)
        return err_set(err, ERR_CONNECT, -EPROTO,
            _("the TLS handshake was refused: no version or cipher in common, or the server wants a client "
              "certificate (--cert, --key)%s"),
            t->ctx->kind == TLS_DATAGRAM ? _(" or a pre-shared key (--psk-file)") : "");
    return err_set(err, ERR_CONNECT, -EPROTO,
        _("the caller refused the TLS handshake: no version or cipher in common, or it does not like the "
          "certificate"));
}

int tls_word_alert(const struct tls_session *t, int alert, struct err *err)
{
    switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
        return refused_handshake(t, err);
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_UNKNOWN:
        return refused(t, _("it is not trusted"), err);
    case SSL_AD_CERTIFICATE_REVOKED:
        return refused(t, _("it was revoked"), err);
    case SSL_AD_CERTIFICATE_EXPIRED:
        return refused(t, _("it has expired"), err);
    case SSL_AD_UNKNOWN_CA:
        return refused(t, _("its issuer is not known there"), err);
    case SSL_AD_ACCESS_DENIED:
        return refused(t, _("access denied"), err);
    case 116: /* RFC 8446 6.2, certificate_required: OpenSSL 3.0 has no public name for it */
        return err_set(
            err, ERR_UNTRUSTED, -EKEYREJECTED, _("the server wants a certificate of ours: --cert and --key"));
    case SSL_AD_DECRYPT_ERROR:
    case SSL_AD_BAD_RECORD_MAC:
    case SSL_AD_ILLEGAL_PARAMETER: /* OpenSSL's word for a TLS 1.3 binder that does not verify */
        if (t->ctx->psks)
            return err_set(err, ERR_UNTRUSTED, -EKEYREJECTED,
                _("the pre-shared key of %s is not the one that the peer has"),
                t->ctx->role == TLS_CLIENT ? t->ctx->psks[0].identity : _("the caller"));
        break;
    case SSL_AD_UNKNOWN_PSK_IDENTITY:
        return err_set(err, ERR_UNTRUSTED, -EKEYREJECTED, _("the server knows no pre-shared key of %s"),
            t->ctx->psks ? t->ctx->psks[0].identity : "");
    case SSL_AD_PROTOCOL_VERSION:
        return err_set(err, ERR_CONNECT, -EPROTO, _("no TLS version in common: here it is 1.2 and later"));
    case SSL_AD_UNRECOGNIZED_NAME:
        return err_set(err, ERR_CONNECT, -EPROTO, _("the server does not know the name %s (--server-name)"),
            t->name ? t->name : "");
    case SSL_AD_NO_APPLICATION_PROTOCOL:
        return err_set(err, ERR_CONNECT, -EPROTO, _("no ALPN protocol in common; here it is %s"),
            t->ctx->alpn_text ? t->ctx->alpn_text : "-");
    default:
        break;
    }
    return err_set(
        err, ERR_HUNG_UP, -EPROTO, _("the peer broke off TLS: %s"), SSL_alert_desc_string_long(alert));
}
