/* SPDX-License-Identifier: ISC */
/* Whom TLS trusts, and what it says of those whom it does not: certificates, names, pins, pre-shared keys,
 * ALPN, and contexts out of good and bad files and options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/tls_for_test.h"

static void refused(const struct test_cert *cert, const char *name, const char *why, const char *remedy)
{
    struct talk t;

    talk_over(&t, good_client(), server_with(cert), name, 0, 0);
    stream_write(t.client.s, "secret", 6);
    run(&t);
    assert_int_equal(t.client.openeds, 0);
    assert_int_equal(t.client.faileds, 1);
    assert_int_equal(t.client.err.kind, ERR_UNTRUSTED);
    assert_has(t.client.err.text, why);
    assert_has(t.client.err.text, remedy);
    assert_has(t.client.err.text, tls_context_pin(t.ctx[1]));
    assert_has(t.client.err.text, "--insecure");
    assert_int_equal(t.server.got.len, 0);
    /* The alert left before the line was closed. */
    assert_int_equal(t.server.faileds, 1);
    assert_int_equal(t.server.err.kind, ERR_UNTRUSTED);
    assert_has(t.server.err.text, "the caller refused this server's certificate");
    talk_done(&t);
}

static void certificates_that_are_refused(void **state)
{
    char date[32];
    time_t day_ago = time(NULL) - 24L * 3600;
    struct tm tm;

    strftime(date, sizeof(date), "it expired on %Y-%m-%d", gmtime_r(&day_ago, &tm));
    refused(&certs->expired, "localhost", date, "--pin");
    refused(&certs->wrong_name, "localhost", "it is for other.example, 192.0.2.1, not for localhost",
        "--server-name");
    refused(&certs->good, "127.0.0.2", "not for 127.0.0.2", "--server-name");
    refused(&certs->good, "elsewhere.example", "not for elsewhere.example", "--server-name");
    refused(&certs->stranger, "localhost", "does not know its issuer", "--ca FILE");
    refused(&certs->other_ca, "localhost", "self-signed", "--ca FILE");
    refused(&certs->client, "localhost", "not meant for a server", "--pin");
}

static void accepted(struct tls_options client, const struct test_cert *cert, const char *name, bool verified)
{
    struct talk t;
    struct tls_facts facts;

    talk_over(&t, client, server_with(cert), name, 0, 0);
    run(&t);
    if (t.client.faileds)
        fail_msg("%s", t.client.err.text);
    assert_int_equal(t.client.openeds, 1);
    assert_int_equal(tls_facts(t.client.s, &facts), 0);
    assert_int_equal(facts.verified, verified);
    assert_int_equal(*facts.verify_problem == '\0', verified);
    assert_string_equal(facts.pin, tls_context_pin(t.ctx[1]));
    talk_done(&t);
}

static void certificates_that_are_accepted(void **state)
{
    accepted(good_client(), &certs->good, "127.0.0.1", true);
    accepted(good_client(), &certs->good, "::1", true);
    accepted(good_client(), &certs->good, "localhost.", true);
    accepted(good_client(), &certs->good, "LOCALHOST", true);
    accepted((struct tls_options){.insecure = true}, &certs->expired, "localhost", false);
    accepted((struct tls_options){.insecure = true, .ca_file = certs->ca.cert_path}, &certs->wrong_name,
        "localhost", false);
    accepted((struct tls_options){.insecure = true, .ca_file = certs->ca.cert_path}, &certs->good,
        "localhost", true);
}

static void a_pin_trusts_exactly_one_certificate(void **state)
{
    struct tls_options o = server_with(&certs->expired);
    struct tls_context *ctx = context(&o, TLS_SERVER);
    char pin[80], colons[128] = "SHA256:", base64[80] = "sha256:";
    uint8_t digest[32];
    unsigned len;
    struct talk t;

    snprintf(pin, sizeof(pin), "%s", tls_context_pin(ctx));
    tls_context_free(ctx);
    for (int i = 0; i < 32; i++)
        snprintf(colons + 7 + i * 3, 4, "%.2s%s", pin + 7 + i * 2, i < 31 ? ":" : "");
    X509_digest(certs->expired.cert, EVP_sha256(), digest, &len);
    EVP_EncodeBlock((unsigned char *)base64 + 7, digest, 32);
    accepted((struct tls_options){.pin = pin}, &certs->expired, "whatever.example", true);
    accepted((struct tls_options){.pin = pin + 7}, &certs->expired, "localhost", true);
    accepted((struct tls_options){.pin = colons}, &certs->expired, "localhost", true);
    accepted((struct tls_options){.pin = base64}, &certs->expired, "localhost", true);

    /* Not even a good one passes in its place, and --insecure does not undo a pin. */
    for (int insecure = 0; insecure < 2; insecure++) {
        talk_init(&t, (struct tls_options){.pin = pin, .ca_file = certs->ca.cert_path, .insecure = insecure},
            good_server());
        run(&t);
        assert_int_equal(t.client.err.kind, ERR_UNTRUSTED);
        assert_has(t.client.err.text, pin);
        assert_has(t.client.err.text, tls_context_pin(t.ctx[1]));
        talk_done(&t);
    }
}

static void a_server_without_a_certificate_makes_one(void **state)
{
    struct talk t;
    struct tls_facts facts;
    struct tls_options none = {0};
    struct tls_context *ctx = context(&none, TLS_SERVER);
    char pin[80];

    assert_true(tls_context_is_self_signed(ctx));
    assert_string_equal(tls_context_warning(ctx), "");
    snprintf(pin, sizeof(pin), "%s", tls_context_pin(ctx));
    assert_int_equal(strlen(pin), 71);
    tls_context_free(ctx);

    talk_init(&t, (struct tls_options){.insecure = true}, none);
    assert_string_not_equal(tls_context_pin(t.ctx[1]), pin); /* another one each time */
    run(&t);
    assert_int_equal(tls_facts(t.client.s, &facts), 0);
    assert_has(facts.names, "localhost, 127.0.0.1, ::1");
    assert_has(facts.verify_problem, "self-signed");
    assert_true(
        facts.not_after > time(NULL) + 29L * 24 * 3600 && facts.not_after < time(NULL) + 31L * 24 * 3600);
    talk_done(&t);

    talk_init(&t, (struct tls_options){0}, none);
    run(&t);
    assert_int_equal(t.client.err.kind, ERR_UNTRUSTED);
    assert_has(t.client.err.text, "self-signed");
    talk_done(&t);
}

static void client_certificates(void **state)
{
    struct tls_options server = good_server(), client = good_client();
    struct talk t;
    struct tls_facts facts;

    server.verify_peer = true;
    server.ca_file = certs->ca.cert_path;
    client.cert_file = certs->client.cert_path;
    client.key_file = certs->client.key_path;
    talk_init(&t, client, server);
    run(&t);
    assert_int_equal(t.server.openeds, 1);
    assert_int_equal(tls_facts(t.server.s, &facts), 0);
    assert_string_equal(facts.subject, "CN=a client");
    assert_true(facts.verified);
    talk_done(&t);

    /* None: in TLS 1.3 the client learns of it after its own handshake is done. */
    talk_init(&t, good_client(), server);
    run(&t);
    assert_int_equal(t.server.openeds, 0);
    assert_int_equal(t.server.err.kind, ERR_UNTRUSTED);
    assert_has(t.server.err.text, "showed no certificate");
    assert_int_equal(t.client.faileds, 1);
    assert_int_equal(t.client.err.kind, ERR_UNTRUSTED);
    assert_has(t.client.err.text, "--cert");
    talk_done(&t);

    /* A server's certificate is no client's. */
    client.cert_file = certs->good.cert_path;
    client.key_file = certs->good.key_path;
    talk_init(&t, client, server);
    run(&t);
    assert_int_equal(t.server.err.kind, ERR_UNTRUSTED);
    assert_has(t.server.err.text, "not meant for a client");
    assert_int_equal(t.client.err.kind, ERR_UNTRUSTED);
    assert_has(t.client.err.text, "refused our certificate");
    talk_done(&t);
}

static void alpn(void **state)
{
    struct tls_options server = good_server(), client = good_client();
    struct talk t;
    struct tls_facts facts;

    server.alpn = "irc,http/1.1";
    client.alpn = "http/1.1";
    talk_init(&t, client, server);
    run(&t);
    assert_int_equal(tls_facts(t.client.s, &facts), 0);
    assert_string_equal(facts.alpn, "http/1.1");
    assert_int_equal(tls_facts(t.server.s, &facts), 0);
    assert_string_equal(facts.alpn, "http/1.1");
    talk_done(&t);

    client.alpn = "h2";
    talk_init(&t, client, server);
    run(&t);
    assert_int_equal(t.client.err.kind, ERR_CONNECT);
    assert_has(t.client.err.text, "no ALPN protocol in common; here it is h2");
    assert_int_equal(t.server.faileds, 1);
    talk_done(&t);

    client.alpn = NULL; /* a client that does not ask is served */
    talk_init(&t, client, server);
    run(&t);
    assert_int_equal(t.client.openeds, 1);
    talk_done(&t);
}

static void pre_shared_keys(void **state)
{
    char server_path[128], client_path[128];
    struct tls_options server = {
        .psk_file = test_file(certs, "psk1", "# all\n\nada:0011223344556677\r\nbob:ff00\n", server_path)};
    struct tls_options client = {.psk_file = test_file(certs, "psk2", "bob:ff00", client_path)};
    struct talk t;
    struct tls_facts facts;

    talk_init(&t, client, server);
    run(&t);
    if (t.client.faileds)
        fail_msg("%s", t.client.err.text);
    assert_int_equal(t.client.openeds, 1);
    assert_int_equal(tls_facts(t.client.s, &facts), 0);
    assert_true(facts.psk && facts.verified && !facts.resumed);
    talk_done(&t);

    test_file(certs, "psk2", "bob:ff01", client_path);
    talk_init(&t, client, server);
    run(&t);
    assert_int_equal(t.client.err.kind, ERR_UNTRUSTED);
    assert_has(t.client.err.text, "bob");
    assert_int_equal(t.server.err.kind, ERR_UNTRUSTED);
    talk_done(&t);

    test_file(certs, "psk2", "eve:ff01", client_path);
    talk_init(&t, client, server);
    run(&t);
    assert_int_equal(t.client.openeds, 0);
    assert_int_equal(t.client.faileds, 1);
    talk_done(&t);
    unlink(server_path);
    unlink(client_path);
}

/* ---- files --------------------------------------------------------------------------------------- */

static void bad(
    struct tls_options o, enum tls_role role, enum err_kind kind, const char *part1, const char *part2)
{
    struct tls_context *ctx = NULL;
    struct err err = {0};

    assert_true(tls_context_new(&o, role, TLS_STREAM, &ctx, &err) < 0);
    assert_null(ctx);
    assert_int_equal(err.kind, kind);
    assert_has(err.text, part1);
    assert_has(err.text, part2);
}

static void bad_files(void **state)
{
    char path[128], der_path[128];
    FILE *f;
    const char *good = certs->good.cert_path;

    bad((struct tls_options){.ca_file = "/nonexistent/ca.pem"}, TLS_CLIENT, ERR_INPUT, "/nonexistent/ca.pem",
        "no such file");
    bad((struct tls_options){.ca_file = "/tmp"}, TLS_CLIENT, ERR_INPUT, "/tmp", "it is a folder");
    bad((struct tls_options){.ca_file = test_file(certs, "x", "hello", path)}, TLS_CLIENT, ERR_INPUT, path,
        "not a PEM file");
    bad((struct tls_options){.ca_file = test_file(certs, "x", "", path)}, TLS_CLIENT, ERR_INPUT, path,
        "not a PEM file");
    bad((struct tls_options){.ca_file = certs->good.key_path}, TLS_CLIENT, ERR_INPUT, "good.key",
        "no certificate");
    bad((struct tls_options){.cert_file = good}, TLS_SERVER, ERR_INPUT, "good.pem", "no private key");
    bad((struct tls_options){.cert_file = good, .key_file = certs->client.key_path}, TLS_SERVER, ERR_INPUT,
        "client.key: the key does not belong", "good.pem");
    bad((struct tls_options){.key_file = certs->client.key_path}, TLS_SERVER, ERR_MISUSE, "--cert", "--key");
    test_file(certs, "x", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", path);
    bad((struct tls_options){.cert_file = path}, TLS_SERVER, ERR_INPUT, path, "damaged");
    test_file(certs, "x", "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", path);
    bad((struct tls_options){.cert_file = good, .key_file = path}, TLS_SERVER, ERR_INPUT, path, "damaged");

    snprintf(der_path, sizeof(der_path), "%s/der", certs->dir);
    f = fopen(der_path, "we");
    i2d_X509_fp(f, certs->ca.cert);
    fclose(f);
    bad((struct tls_options){.ca_file = der_path}, TLS_CLIENT, ERR_INPUT, der_path, "DER");

    f = fopen(path, "we");
    PEM_write_PrivateKey(
        f, certs->good.key, EVP_aes_128_cbc(), (const unsigned char *)"secret", 6, NULL, NULL);
    fclose(f);
    bad((struct tls_options){.cert_file = good, .key_file = path}, TLS_SERVER, ERR_INPUT, path, "encrypted");

    for (int i = 0; i < 2; i++) {
        bad((struct tls_options){.psk_file = test_file(certs, "x", "ada 00", path)}, i, ERR_INPUT, path,
            "line 1");
        bad((struct tls_options){.psk_file = test_file(certs, "x", "#\nada:0", path)}, i, ERR_INPUT, "line 2",
            "ada");
        bad((struct tls_options){.psk_file = test_file(certs, "x", ":00", path)}, i, ERR_INPUT, path,
            "line 1");
        bad((struct tls_options){.psk_file = test_file(certs, "x", "# none\n", path)}, i, ERR_INPUT, path,
            "no line");
    }
    unlink(path);
    unlink(der_path);
}

static void bad_options(void **state)
{
    char cut[80];

    bad((struct tls_options){.pin = "sha256:00"}, TLS_CLIENT, ERR_MISUSE, "sha256:00", "64 hex digits");
    bad((struct tls_options){.pin = ""}, TLS_CLIENT, ERR_MISUSE, "''", "not a pin");
    bad((struct tls_options){.pin = "md5:0123"}, TLS_CLIENT, ERR_MISUSE, "md5:0123", "not a pin");
    snprintf(cut, sizeof(cut), "sha256:%063d", 0);
    bad((struct tls_options){.pin = cut}, TLS_CLIENT, ERR_MISUSE, cut, "not a pin");
    snprintf(cut, sizeof(cut), "sha256:%065d", 0);
    bad((struct tls_options){.pin = cut}, TLS_CLIENT, ERR_MISUSE, cut, "not a pin");
    bad((struct tls_options){.alpn = "h2,,x"}, TLS_CLIENT, ERR_MISUSE, "h2,,x", "ALPN");
    bad((struct tls_options){.alpn = ""}, TLS_CLIENT, ERR_MISUSE, "''", "ALPN");
}

static void an_expired_certificate_of_our_own_is_a_warning(void **state)
{
    struct tls_options o = server_with(&certs->expired);
    struct tls_context *ctx = context(&o, TLS_SERVER);

    assert_has(tls_context_warning(ctx), "expired.pem: the certificate expired on 2");
    tls_context_free(ctx);
    o = server_with(&certs->good);
    ctx = context(&o, TLS_SERVER);
    assert_string_equal(tls_context_warning(ctx), "");
    tls_context_free(ctx);
}

/* What a certificate says of itself never reaches a terminal raw, nor at any length. */
static void a_certificate_with_escapes_in_its_name(void **state)
{
    struct test_cert odd = {0};
    struct tls_options o;
    struct talk t;
    char subject[70];

    snprintf(subject, sizeof(subject), "\033[2J\u202e%050d", 0);
    test_cert_make(&odd, certs->dir, "odd", subject, "DNS:a\033]0;x", NULL, NULL, -3600, 3600);
    o = server_with(&odd);
    talk_init(&t, good_client(), o);
    run(&t);
    assert_int_equal(t.client.err.kind, ERR_UNTRUSTED);
    assert_null(strchr(t.client.err.text, '\033'));
    assert_null(strstr(t.client.err.text, "\u202e"));
    assert_has(t.client.err.text, "\\1B[2J\\u{202E}");
    talk_done(&t);
    test_cert_free(&odd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_that_are_refused),
        cmocka_unit_test(certificates_that_are_accepted),
        cmocka_unit_test(a_pin_trusts_exactly_one_certificate),
        cmocka_unit_test(a_server_without_a_certificate_makes_one),
        cmocka_unit_test(client_certificates),
        cmocka_unit_test(alpn),
        cmocka_unit_test(pre_shared_keys),
        cmocka_unit_test(bad_files),
        cmocka_unit_test(bad_options),
        cmocka_unit_test(an_expired_certificate_of_our_own_is_a_warning),
        cmocka_unit_test(a_certificate_with_escapes_in_its_name),
    };

    return cmocka_run_group_tests(tests, make_certs, free_certs);
}
