/* SPDX-License-Identifier: ISC */
/* Whom DTLS trusts, and what it says of those whom it does not: certificates, pins, pre-shared keys. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/dtls_for_test.h"

static void refused(const struct test_cert *cert, const char *why)
{
    struct talk t;

    talk_init(&t, good_client(), server_with(cert));
    dgram_send(t.client.d, NULL, "secret", 6);
    run(&t);
    assert_int_equal(t.client.openeds, 0);
    assert_int_equal(t.client.errors, 1);
    assert_int_equal(t.client.err.kind, ERR_UNTRUSTED);
    assert_has(t.client.err.text, why);
    assert_has(t.client.err.text, tls_context_pin(t.ctx[1]));
    assert_int_equal(dgram_send(t.client.d, NULL, "x", 1), -ENOTCONN);
    assert_int_equal(t.server.messages, 0);
    assert_int_equal(t.server.errors, 1);
    assert_int_equal(t.server.err.kind, ERR_UNTRUSTED);
    assert_int_equal(dtls_peers(t.server.d), 0);
    talk_done(&t);
}

static void certificates_that_are_refused(void **state)
{
    refused(&certs->expired, "it expired on");
    refused(&certs->wrong_name, "not for localhost");
    refused(&certs->stranger, "does not know its issuer");
}

static void a_pin_or_insecure_accepts(void **state)
{
    struct talk t;
    struct tls_facts facts;
    struct tls_options none = {0};

    talk_init(&t, (struct tls_options){.insecure = true}, none);
    run(&t);
    assert_int_equal(t.client.openeds, 1);
    assert_int_equal(dtls_facts(t.client.d, NULL, &facts), 0);
    assert_false(facts.verified);
    assert_non_null(strstr(facts.verify_problem, "self-signed"));
    assert_string_equal(facts.pin, tls_context_pin(t.ctx[1]));
    talk_done(&t);

    talk_init(&t, (struct tls_options){.insecure = true, .ca_file = certs->ca.cert_path}, good_server());
    run(&t);
    assert_int_equal(dtls_facts(t.client.d, NULL, &facts), 0);
    assert_true(facts.verified);
    assert_string_equal(facts.verify_problem, "");
    talk_done(&t);

    talk_init(&t, (struct tls_options){.pin = facts.pin}, none); /* a new one was made */
    run(&t);
    assert_int_equal(t.client.err.kind, ERR_UNTRUSTED);
    talk_done(&t);
}

static void client_certificates(void **state)
{
    struct tls_options server = good_server(), client = good_client();
    struct talk t;
    struct tls_facts facts;
    struct endpoint one = endpoint_of(1);

    server.verify_peer = true;
    server.ca_file = certs->ca.cert_path;
    client.cert_file = certs->client.cert_path;
    client.key_file = certs->client.key_path;
    talk_init(&t, client, server);
    run(&t);
    assert_int_equal(dtls_facts(t.server.d, &one, &facts), 0);
    assert_string_equal(facts.subject, "CN=a client");
    assert_true(facts.verified);
    talk_done(&t);

    talk_init(&t, good_client(), server);
    run(&t);
    assert_int_equal(t.client.openeds, 0);
    assert_int_equal(t.client.errors, 1);
    assert_has(t.client.err.text, "--cert");
    assert_has(t.server.err.text, "showed no certificate");
    talk_done(&t);
}

static void pre_shared_keys(void **state)
{
    char server_path[128], client_path[128];
    struct tls_options server = {.psk_file = test_file(certs, "psk1", "ada:0011\nbob:ff00\n", server_path)};
    struct tls_options client = {.psk_file = test_file(certs, "psk2", "bob:ff00", client_path)};
    struct talk t;
    struct tls_facts facts;
    struct endpoint one = endpoint_of(1);

    talk_init(&t, client, server);
    run(&t);
    assert_int_equal(t.client.openeds, 1);
    assert_int_equal(dtls_facts(t.client.d, NULL, &facts), 0);
    assert_true(facts.psk && facts.verified);
    assert_int_equal(dtls_facts(t.server.d, &one, &facts), 0);
    assert_true(facts.psk && facts.verified);
    talk_done(&t);

    /* A wrong key is silence: the record that it garbles is thrown away. The words say so. */
    test_file(certs, "psk2", "bob:ff01", client_path);
    talk_init(&t, client, server);
    run(&t);
    assert_int_equal(t.client.openeds, 0);
    assert_has(dtls_waits_for(t.client.d), "a wrong pre-shared key looks like this");
    talk_done(&t);

    test_file(certs, "psk2", "eve:ff01", client_path);
    talk_init(&t, client, server);
    run(&t);
    assert_int_equal(t.client.err.kind, ERR_UNTRUSTED);
    assert_has(t.client.err.text, "knows no pre-shared key of eve");
    assert_int_equal(t.server.err.kind, ERR_UNTRUSTED);
    talk_done(&t);

    /* One side has keys, the other none. */
    talk_init(&t, good_client(), server);
    run(&t);
    assert_int_equal(t.client.err.kind, ERR_CONNECT);
    assert_has(t.client.err.text, "--psk-file");
    assert_has(t.server.err.text, "does not use a pre-shared key");
    talk_done(&t);
    unlink(server_path);
    unlink(client_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_that_are_refused),
        cmocka_unit_test(a_pin_or_insecure_accepts),
        cmocka_unit_test(client_certificates),
        cmocka_unit_test(pre_shared_keys),
    };

    return cmocka_run_group_tests(tests, make_certs, free_certs);
}
