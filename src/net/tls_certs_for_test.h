/* SPDX-License-Identifier: ISC */
#ifndef NET_TLS_CERTS_FOR_TEST_H
#define NET_TLS_CERTS_FOR_TEST_H

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/tls.h"

/* Certificates for the tests of TLS and DTLS, made in memory and put into a folder of their own, once for
 * a program; and the contexts made of them. */

struct test_cert {
    EVP_PKEY *key;
    X509 *cert;
    char cert_path[128], key_path[128];
};

struct test_certs {
    char dir[64];
    struct test_cert ca, other_ca, good, expired, wrong_name, stranger, client;
};

static inline void test_cert_make(struct test_cert *c, const char *dir, const char *name, const char *subject,
    const char *alt_names, const char *usage, const struct test_cert *issuer, long from_s, long until_s)
{
    X509_NAME *own;
    FILE *f;

    c->key = EVP_EC_gen("P-256");
    c->cert = X509_new();
    X509_set_version(c->cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c->cert), random() + 1);
    X509_gmtime_adj(X509_getm_notBefore(c->cert), from_s);
    X509_gmtime_adj(X509_getm_notAfter(c->cert), until_s);
    X509_set_pubkey(c->cert, c->key);
    own = X509_get_subject_name(c->cert);
    X509_NAME_add_entry_by_txt(own, "CN", MBSTRING_UTF8, (const unsigned char *)subject, -1, -1, 0);
    X509_set_issuer_name(c->cert, issuer ? X509_get_subject_name(issuer->cert) : own);
    const char *extensions[][2] = {
        {"basicConstraints", issuer ? "CA:FALSE" : "critical,CA:TRUE"},
        {"subjectAltName", alt_names},
        {"extendedKeyUsage", usage},
    };
    for (size_t i = 0; i < 3; i++) {
        X509_EXTENSION *e;

        if (!extensions[i][1])
            continue;
        e = X509V3_EXT_conf(NULL, NULL, extensions[i][0], extensions[i][1]);
        X509_add_ext(c->cert, e, -1);
        X509_EXTENSION_free(e);
    }
    X509_sign(c->cert, issuer ? issuer->key : c->key, EVP_sha256());
    snprintf(c->cert_path, sizeof(c->cert_path), "%s/%s.pem", dir, name);
    snprintf(c->key_path, sizeof(c->key_path), "%s/%s.key", dir, name);
    f = fopen(c->cert_path, "we");
    PEM_write_X509(f, c->cert);
    fclose(f);
    f = fopen(c->key_path, "we");
    PEM_write_PrivateKey(f, c->key, NULL, NULL, 0, NULL, NULL);
    fclose(f);
}

static inline void test_cert_free(struct test_cert *c)
{
    EVP_PKEY_free(c->key);
    X509_free(c->cert);
    unlink(c->cert_path);
    unlink(c->key_path);
}

/* A file of the folder, to be removed by the test. */
static inline const char *test_file(
    const struct test_certs *t, const char *name, const char *text, char path[128])
{
    FILE *f;

    snprintf(path, 128, "%s/%s", t->dir, name);
    f = fopen(path, "we");
    fputs(text, f);
    fclose(f);
    return path;
}

static inline struct test_certs *test_certs_new(void)
{
    static const char names[] = "DNS:localhost,IP:127.0.0.1,IP:::1";
    struct test_certs *t = calloc(1, sizeof(*t));
    long day = 24L * 3600;

    snprintf(t->dir, sizeof(t->dir), "/tmp/landline-tls-XXXXXX");
    if (!mkdtemp(t->dir)) {
        free(t);
        return NULL;
    }
    test_cert_make(&t->ca, t->dir, "ca", "test CA", NULL, NULL, NULL, -day, day);
    test_cert_make(&t->other_ca, t->dir, "other_ca", "other CA", NULL, NULL, NULL, -day, day);
    test_cert_make(&t->good, t->dir, "good", "localhost", names, "serverAuth", &t->ca, -day, day);
    test_cert_make(&t->expired, t->dir, "expired", "localhost", names, "serverAuth", &t->ca, -9 * day, -day);
    test_cert_make(&t->wrong_name, t->dir, "wrong_name", "other", "DNS:other.example,IP:192.0.2.1",
        "serverAuth", &t->ca, -day, day);
    test_cert_make(
        &t->stranger, t->dir, "stranger", "localhost", names, "serverAuth", &t->other_ca, -day, day);
    test_cert_make(&t->client, t->dir, "client", "a client", NULL, "clientAuth", &t->ca, -day, day);
    return t;
}

static inline void test_certs_free(struct test_certs *t)
{
    test_cert_free(&t->ca);
    test_cert_free(&t->other_ca);
    test_cert_free(&t->good);
    test_cert_free(&t->expired);
    test_cert_free(&t->wrong_name);
    test_cert_free(&t->stranger);
    test_cert_free(&t->client);
    rmdir(t->dir);
    free(t);
}

/* Those of this program. */
static struct test_certs *certs;

static inline struct tls_context *test_context(
    const struct tls_options *o, enum tls_role role, enum tls_kind kind)
{
    struct tls_context *ctx;
    struct err err = {0};

    if (tls_context_new(o, role, kind, &ctx, &err) < 0)
        fail_msg("%s", err.text);
    return ctx;
}

static inline struct tls_options good_server(void)
{
    return (struct tls_options){.cert_file = certs->good.cert_path, .key_file = certs->good.key_path};
}

static inline struct tls_options good_client(void)
{
    return (struct tls_options){.ca_file = certs->ca.cert_path};
}

static inline struct tls_options server_with(const struct test_cert *c)
{
    return (struct tls_options){.cert_file = c->cert_path, .key_file = c->key_path};
}

static inline int make_certs(void **state)
{
    certs = test_certs_new();
    return certs ? 0 : -1;
}

static inline int free_certs(void **state)
{
    test_certs_free(certs);
    return 0;
}

static inline void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in: %s", part, text);
}

#endif
