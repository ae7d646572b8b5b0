/* SPDX-License-Identifier: ISC */
/* The certificate of a server that was given none: made in memory for this run, so that TLS can be tried
 * with nothing prepared, or to be kept (net/tls_identity.c). Its peers trust it by its pin. */
#include <errno.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "net/tls_private.h"

#define SELF_DAYS 30
#define SELF_SKEW_S 3600 /* a peer whose clock is behind still finds it valid */
#define SELF_SERIAL_BYTES 16

/* This machine's name if it is fit for a certificate (it goes into OpenSSL's text of extensions, where a
 * comma would begin another name), else "". */
static void machine_name(char ret[256])
{
    if (gethostname(ret, 256) < 0)
        ret[0] = '\0';
    ret[255] = '\0';
    for (const char *p = ret; *p; p++)
        if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') && !(*p >= '0' && *p <= '9') &&
            *p != '-' && *p != '.')
            ret[0] = '\0';
    if (strcmp(ret, "localhost") == 0)
        ret[0] = '\0';
}

static bool add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    bool good = extension && X509_add_ext(cert, extension, -1) == 1;

    X509_EXTENSION_free(extension);
    return good;
}

static bool set_serial(X509 *cert)
{
    uint8_t bytes[SELF_SERIAL_BYTES];
    BIGNUM *number;
    bool good;

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return false;
    bytes[0] &= 0x7f; /* RFC 5280 4.1.2.2: positive */
    number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    good = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
    BN_free(number);
    return good;
}

/* RFC 5280 4.1.2.5: "To indicate that a certificate has no well-defined expiration date, the notAfter SHOULD
 * be assigned the GeneralizedTime value of 99991231235959Z." */
static bool set_dates(X509 *cert, enum tls_self self)
{
    if (!X509_gmtime_adj(X509_getm_notBefore(cert), -SELF_SKEW_S))
        return false;
    if (self == TLS_SELF_LASTING)
        return ASN1_TIME_set_string(X509_getm_notAfter(cert), "99991231235959Z") == 1;
    return X509_gmtime_adj(X509_getm_notAfter(cert), SELF_DAYS * 24L * 3600) != NULL;
}

static bool fill(X509 *cert, EVP_PKEY *key, enum tls_self self)
{
    char host[256], names[400];
    const char *common_name;
    X509_NAME *subject = X509_get_subject_name(cert);

    machine_name(host);
    snprintf(names, sizeof(names), "DNS:localhost,IP:127.0.0.1,IP:::1%s%s", *host ? ",DNS:" : "", host);
    common_name = *host && strlen(host) <= 64 ? host : "localhost"; /* X.520: ub-common-name is 64 */
    return X509_set_version(cert, X509_VERSION_3) && set_serial(cert) && set_dates(cert, self) &&
           X509_set_pubkey(cert, key) &&
           X509_NAME_add_entry_by_txt(
               subject, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0) &&
           X509_set_issuer_name(cert, subject) &&
           add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
           add_extension(cert, NID_ext_key_usage, "serverAuth,clientAuth") &&
           add_extension(cert, NID_subject_alt_name, names) && X509_sign(cert, key, EVP_sha256());
}

int tls_make_self_signed(enum tls_self self, EVP_PKEY **ret_key, X509 **ret_cert, struct err *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();

    if (!key || !cert || !fill(cert, key, self)) {
        unsigned long e = ERR_peek_error();

        err_set(err, ERR_OTHER, -EIO, _("could not make a certificate: %s"), ERR_reason_error_string(e));
        ERR_clear_error();
        X509_free(cert);
        EVP_PKEY_free(key);
        return -EIO;
    }
    *ret_key = key;
    *ret_cert = cert;
    return 0;
}
