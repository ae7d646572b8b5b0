/* SPDX-License-Identifier: ISC */
/* DTLS over a wire in memory, and over UDP: cookies before any state, handshakes with each flight lost,
 * limits, both ways to go, and datagrams that are no DTLS. Whom it trusts: dtls_trust_test.c. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/dtls_for_test.h"

/* ---- conversations ------------------------------------------------------------------------------- */

static void a_question_and_an_answer(void **state)
{
    struct talk t;
    struct tls_facts facts;
    struct endpoint one = endpoint_of(1);

    talk_init(&t, good_client(), good_server());
    t.server.echo = true;
    assert_string_equal(
        dtls_waits_for(t.client.d), "no answer to the DTLS handshake; does the peer speak DTLS?");
    assert_int_equal(dtls_facts(t.client.d, NULL, &facts), -ENOTCONN);
    /* Before the handshake: they wait for it, and stay two messages. */
    assert_int_equal(dgram_send(t.client.d, NULL, "hello", 5), 0);
    assert_int_equal(dgram_send(t.client.d, NULL, "again", 5), 0);
    run(&t);
    assert_int_equal(t.client.openeds, 1);
    assert_int_equal(t.server.openeds, 0);
    assert_string_equal(t.server.got.data, "hello|again|");
    assert_string_equal(t.client.got.data, "hello|again|");
    assert_true(endpoint_is_equal(&t.server.peer, &one));
    assert_null(dtls_waits_for(t.client.d));
    assert_int_equal(dtls_peers(t.server.d), 1);

    assert_int_equal(dtls_facts(t.client.d, NULL, &facts), 0);
    assert_string_equal(facts.version, "DTLSv1.2");
    assert_string_equal(facts.subject, "CN=localhost");
    assert_string_equal(facts.pin, tls_context_pin(t.ctx[1]));
    assert_true(facts.verified);
    assert_int_equal(dtls_facts(t.server.d, &one, &facts), 0);
    assert_false(facts.verified || facts.psk);
    assert_int_equal(dtls_facts(t.server.d, NULL, &facts), -ENOTCONN);

    /* close_notify tells the server at once. */
    let_go(&t.client);
    run(&t);
    assert_int_equal(t.server.gones, 1);
    assert_int_equal(dtls_peers(t.server.d), 0);
    assert_int_equal(dgram_send(t.server.d, &one, "x", 1), -ENOTCONN);
    assert_int_equal(t.client.errors + t.server.errors, 0);
    talk_done(&t);
}

static void a_server_that_ends_tells_its_callers(void **state)
{
    struct talk t;

    talk_init(&t, good_client(), good_server());
    run(&t);
    let_go(&t.server);
    run(&t);
    assert_int_equal(t.client.gones, 1);
    assert_int_equal(dgram_send(t.client.d, NULL, "x", 1), -ENOTCONN);
    talk_done(&t);
}

static void messages_of_every_length(void **state)
{
    struct talk t;
    uint8_t *long_one = xcalloc(1, DTLS_MESSAGE_MAX_BYTES + 1);
    size_t lengths[] = {1, 1199, 1200, 1201, 9000, DTLS_MESSAGE_MAX_BYTES};

    talk_init(&t, good_client(), good_server());
    t.server.echo = true;
    run(&t);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        assert_int_equal(dgram_send(t.client.d, NULL, long_one, lengths[i]), 0);
        run(&t);
        assert_int_equal(t.client.messages, i + 1);
        assert_int_equal(t.client.longest, lengths[i]);
    }
    assert_int_equal(dgram_send(t.client.d, NULL, long_one, DTLS_MESSAGE_MAX_BYTES + 1), -EMSGSIZE);
    assert_int_equal(dgram_send(t.client.d, NULL, long_one, 0), -EINVAL);
    free(long_one);
    talk_done(&t);
}

static void what_waits_for_the_handshake_is_bounded(void **state)
{
    struct talk t;
    uint8_t message[10000] = {0};
    int taken = 0;

    talk_init(&t, good_client(), good_server());
    while (dgram_send(t.client.d, NULL, message, sizeof(message)) == 0)
        taken++;
    assert_int_equal(taken, 6);
    assert_int_equal(dgram_send(t.client.d, NULL, message, sizeof(message)), -ENOBUFS);
    run(&t);
    assert_int_equal(t.server.messages, 6);
    talk_done(&t);
}

static void many_callers_on_one_socket(void **state)
{
    struct talk t;
    struct end more[4];

    talk_init(&t, good_client(), good_server());
    t.server.echo = true;
    for (int i = 0; i < 4; i++) {
        char text[8];

        call(&t, &more[i], i + 2);
        snprintf(text, sizeof(text), "I am %d", i);
        dgram_send(more[i].d, NULL, text, strlen(text));
    }
    run(&t);
    assert_int_equal(dtls_peers(t.server.d), 5);
    for (int i = 0; i < 4; i++) {
        char text[8];

        snprintf(text, sizeof(text), "I am %d|", i);
        assert_string_equal(more[i].got.data, text);
        end_done(&more[i]);
    }
    run(&t);
    assert_int_equal(dtls_peers(t.server.d), 1);
    talk_done(&t);
}

/* ---- loss ---------------------------------------------------------------------------------------- */

static bool lose_one(struct wire *w, int from, int nth, const uint8_t *data, size_t len)
{
    return from == w->lose_from && nth == w->lose_nth;
}

/* Each datagram of the handshake in turn is lost; OpenSSL's timer is a second. All talk at once, so that
 * the test takes no longer than one of them. */
static void each_flight_may_be_lost(void **state)
{
    enum { CASES = 12 };
    struct talk t[CASES];
    struct loop *loop = loop_new();
    struct timer *limit = timer_new(loop, stop, loop);
    struct tls_options client = good_client(), server = good_server();

    for (int i = 0; i < CASES; i++) {
        t[i] = (struct talk){.wire = {.loop = loop, .lose = lose_one, .lose_from = i % 2, .lose_nth = i / 2}};
        t[i].ctx[0] = context(&client, TLS_CLIENT);
        t[i].ctx[1] = context(&server, TLS_SERVER);
        str_init(&t[i].server.got);
        t[i].server.d = dtls_wrap_server(port_new(&t[i].wire, 0, -1), t[i].ctx[1], &events, &t[i].server);
        call(&t[i], &t[i].client, 1);
    }
    for (int round = 0, opened = 0; round < 100 && opened < CASES; round++) {
        timer_start(limit, 100);
        loop_run(loop);
        opened = 0;
        for (int i = 0; i < CASES; i++)
            opened += t[i].client.openeds;
    }
    timer_free(limit);
    for (int i = 0; i < CASES; i++) {
        if (t[i].client.openeds != 1)
            fail_msg("datagram %d from %s lost: %s", i / 2, i % 2 ? "the client" : "the server",
                dtls_waits_for(t[i].client.d));
        assert_true(t[i].wire.sent[i % 2] > 1);
        end_done(&t[i].client);
        end_done(&t[i].server);
        tls_context_free(t[i].ctx[0]);
        tls_context_free(t[i].ctx[1]);
    }
    loop_free(loop);
}

/* ---- cookies ------------------------------------------------------------------------------------- */

static int answers;
static size_t answered_bytes;

static void keep_answer(struct dgram *d, const struct dgram_message *m, void *arg)
{
    answers++;
    assert_int_equal(m->data[13], 3); /* HelloVerifyRequest */
    answered_bytes = m->len;
}

static void no_error(struct dgram *d, const struct endpoint *peer, int code, const struct err *err, void *arg)
{
}

static const struct dgram_events plain_events = {.message = keep_answer, .error = no_error};

static void keep(struct wire *w, const uint8_t *data, size_t len)
{
    assert_true(len <= sizeof(w->kept));
    memcpy(w->kept, data, len);
    w->kept_len = len;
}

static bool lose_hellos(struct wire *w, int from, int nth, const uint8_t *data, size_t len)
{
    keep(w, data, len);
    return true;
}

/* Hellos that have a cookie: behind the headers (13, 12), version, random and an empty session id. */
static bool lose_cookies(struct wire *w, int from, int nth, const uint8_t *data, size_t len)
{
    if (from != 1 || data[13] != 1 || data[60] == 0)
        return false;
    keep(w, data, len);
    return true;
}

static bool lose_all(struct wire *w, int from, int nth, const uint8_t *data, size_t len)
{
    return true;
}

/* A hello with no cookie costs the server one small datagram and nothing that stays; one with somebody
 * else's cookie likewise. */
static void nothing_is_kept_before_the_cookie_is_back(void **state)
{
    struct talk t;
    struct dgram *plain;

    talk_init(&t, good_client(), good_server());
    t.wire.lose = lose_hellos;
    run(&t);
    let_go(&t.client);
    t.wire.lose = NULL;

    plain = port_new(&t.wire, 5, 0);
    plain->events = &plain_events;
    answers = 0;
    for (int i = 0; i < 1000; i++)
        dgram_send(plain, NULL, t.wire.kept, t.wire.kept_len);
    run(&t);
    assert_int_equal(answers, 1000);
    assert_true(answered_bytes < t.wire.kept_len);
    t.wire.kept_len = 0;
    assert_int_equal(dtls_peers(t.server.d), 0);

    /* Port 1's own hello with its cookie, sent from port 5: another cookie is asked for. */
    t.wire.lose = lose_cookies;
    call(&t, &t.client, 1);
    RUN_UNTIL(&t, t.wire.kept_len);
    assert_int_equal(dtls_peers(t.server.d), 0);
    answers = 0;
    dgram_send(plain, NULL, t.wire.kept, t.wire.kept_len);
    run(&t);
    assert_int_equal(answers, 1);
    assert_int_equal(dtls_peers(t.server.d), 0);
    dgram_free(plain);
    talk_done(&t);
}

static void garbage_does_nothing(void **state)
{
    struct talk t;
    struct dgram *plain;
    uint8_t junk[200];

    srandom(11);
    talk_init(&t, good_client(), good_server());
    run(&t);
    plain = port_new(&t.wire, 5, 0);
    plain->events = &plain_events;
    answers = 0;
    for (int i = 0; i < 2000; i++) {
        size_t len = 1 + (size_t)random() % sizeof(junk);

        for (size_t j = 0; j < len; j++)
            junk[j] = (uint8_t)random();
        if (i % 2 && len > 40) { /* like a hello */
            memcpy(junk, "\x16\xfe\xfd\0\0\0\0\0\0\0\0", 11);
            junk[11] = 0;
            junk[12] = (uint8_t)(len - 13);
            memcpy(junk + 13, "\x01\0\0", 3);
            if (i % 4 == 1) {
                junk[16] = (uint8_t)(len - 25);
                memcpy(junk + 17, "\0\0\0\0\0\0\0", 7);
                junk[24] = (uint8_t)(len - 25);
            }
        }
        dgram_send(plain, NULL, junk, len);
        /* And into an association that works: one datagram of its own port's number. */
        put(&t.wire, 1, 0, junk, len);
    }
    run(&t);
    /* Some of it is a hello by chance, and is asked for a cookie. */
    assert_true(answers < 100);
    assert_int_equal(t.server.messages, 0);
    assert_int_equal(t.server.errors, 0);
    assert_int_equal(dtls_peers(t.server.d), 1);
    t.server.echo = true;
    dgram_send(t.client.d, NULL, "still here", 10);
    run(&t);
    assert_string_equal(t.client.got.data, "still here|");
    dgram_free(plain);
    talk_done(&t);
}

/* A caller that died without a word comes again from the same port. */
static void a_caller_that_starts_anew_is_taken_anew(void **state)
{
    struct talk t;

    talk_init(&t, good_client(), good_server());
    t.server.echo = true;
    run(&t);
    t.wire.lose = lose_all;
    let_go(&t.client);
    t.wire.lose = NULL;
    str_done(&t.client.got);
    call(&t, &t.client, 1);
    dgram_send(t.client.d, NULL, "me again", 8);
    run(&t);
    assert_string_equal(t.client.got.data, "me again|");
    assert_int_equal(t.server.gones, 1);
    assert_int_equal(dtls_peers(t.server.d), 1);
    talk_done(&t);
}

/* ---- limits -------------------------------------------------------------------------------------- */

static void peers_beyond_the_limit_are_refused(void **state)
{
    struct talk t;
    struct end more[2];

    talk_init(&t, good_client(), good_server());
    dtls_set_limits(t.server.d, 2, 60000);
    run(&t);
    for (int i = 0; i < 2; i++) {
        call(&t, &more[i], i + 2);
        run(&t);
    }
    assert_int_equal(dtls_peers(t.server.d), 2);
    assert_int_equal(more[0].openeds, 1);
    assert_int_equal(more[1].openeds, 0);
    assert_true(t.server.errors > 0);
    assert_int_equal(t.server.code, -ENOBUFS);
    /* One leaves, and there is room. */
    end_done(&more[0]);
    RUN_UNTIL(&t, more[1].openeds);
    assert_int_equal(more[1].openeds, 1);
    end_done(&more[1]);
    talk_done(&t);
}

static void idle_associations_end(void **state)
{
    struct talk t;
    bool was_quick = false;

    /* Talking keeps it alive, for five times as long together: unless this machine slept between two words,
     * when it is tried again. */
    for (int tries = 0; tries < 20 && !was_quick; tries++) {
        talk_init(&t, good_client(), good_server());
        dtls_set_limits(t.server.d, 10, 400);
        run(&t);
        was_quick = true;
        for (int i = 0; i < 20; i++) {
            uint64_t before = loop_now_ms(t.wire.loop);

            dgram_send(t.client.d, NULL, "x", 1);
            run_for(&t, 100);
            was_quick = was_quick && loop_now_ms(t.wire.loop) - before < 300;
        }
        if (was_quick)
            assert_int_equal(t.server.gones, 0);
        else
            talk_done(&t);
    }
    assert_true(was_quick);
    RUN_UNTIL(&t, t.client.gones);
    assert_int_equal(t.server.gones, 1);
    assert_int_equal(t.client.gones, 1);
    assert_int_equal(dtls_peers(t.server.d), 0);
    talk_done(&t);
}

static void an_owner_may_free_in_any_event(void **state)
{
    struct talk t;

    talk_init(&t, good_client(), good_server());
    t.client.free_on_open = true;
    run(&t);
    assert_null(t.client.d);
    assert_int_equal(t.server.gones, 1);
    talk_done(&t);

    talk_init(&t, good_client(), good_server());
    t.server.free_on_message = true;
    dgram_send(t.client.d, NULL, "x", 1);
    dgram_send(t.client.d, NULL, "y", 1);
    run(&t);
    assert_null(t.server.d);
    assert_int_equal(t.server.messages, 1);
    assert_int_equal(t.client.gones, 1);
    talk_done(&t);

    talk_init(&t, good_client(), good_server());
    t.client.free_on_gone = true;
    run(&t);
    let_go(&t.server);
    run(&t);
    assert_null(t.client.d);
    talk_done(&t);

    talk_init(&t, good_client(), good_server());
    t.server.free_on_gone = true;
    dtls_set_limits(t.server.d, 10, 20);
    RUN_UNTIL(&t, !t.server.d);
    assert_null(t.server.d);
    talk_done(&t);

    talk_init(&t,
        (struct tls_options){
            .pin = "sha256:0000000000000000000000000000000000000000000000000000000000000000"},
        good_server());
    t.client.free_on_error = t.server.free_on_error = true;
    run(&t);
    assert_null(t.client.d);
    assert_null(t.server.d);
    talk_done(&t);

    talk_init(&t, good_client(), good_server()); /* before anything */
    talk_done(&t);
}

/* ---- peers that speak something else --------------------------------------------------------------- */

static void answer_plain(struct dgram *d, const struct dgram_message *m, void *arg)
{
    if (arg)
        dgram_send(d, m->peer, "what?\r\n", 7);
    else
        dgram_send(d, m->peer, m->data, m->len);
}

static void a_peer_that_speaks_no_dtls(void **state)
{
    static const struct dgram_events plain = {.message = answer_plain, .error = no_error};
    struct talk t;

    for (int echoes = 0; echoes < 2; echoes++) {
        talk_init(&t, good_client(), good_server());
        let_go(&t.server);
        t.server.d = port_new(&t.wire, 0, -1);
        t.server.d->events = &plain;
        t.server.d->arg = echoes ? NULL : &t;
        run(&t);
        assert_int_equal(t.client.errors, 1);
        assert_int_equal(t.client.err.kind, ERR_CONNECT);
        assert_has(t.client.err.text, echoes ? "echoed our own first words" : "answered \"what?\"");
        talk_done(&t);
    }
}

/* ---- over UDP ------------------------------------------------------------------------------------ */

static void over_udp(void **state)
{
    struct loop *loop = loop_new();
    struct tls_options client_options = good_client(), server_options = good_server();
    struct tls_context *ctx[2] = {context(&client_options, TLS_CLIENT), context(&server_options, TLS_SERVER)};
    struct end client = {.got = STR_INIT}, server = {.got = STR_INIT, .echo = true};
    struct dgram *lower;
    struct endpoint at, local;
    struct err err;
    struct timer *limit = timer_new(loop, stop, loop);
    uint8_t message[DTLS_MESSAGE_MAX_BYTES];

    memset(message, 'm', sizeof(message));
    endpoint_from_numeric(&at, "127.0.0.1", 0);
    assert_int_equal(dgram_bind(loop, &at, dtls_lower_events(), NULL, &lower, &err), 0);
    server.d = dtls_wrap_server(lower, ctx[1], &events, &server);
    dgram_local(server.d, &local);
    assert_int_equal(dgram_connect(loop, &local, dtls_lower_events(), NULL, &lower, &err), 0);
    client.d = dtls_wrap_client(lower, ctx[0], "127.0.0.1", &events, &client);
    client.stop_on_message = true;
    dgram_send(client.d, NULL, message, sizeof(message));
    timer_start(limit, 10000);
    loop_run(loop);
    assert_int_equal(client.messages, 1);
    assert_int_equal(client.longest, sizeof(message));
    end_done(&client);
    server.free_on_gone = true;
    timer_start(limit, 100);
    loop_run(loop);
    assert_int_equal(server.gones, 1);
    end_done(&server);

    /* Nobody there: the ICMP answer comes through. */
    assert_int_equal(dgram_connect(loop, &local, dtls_lower_events(), NULL, &lower, &err), 0);
    client = (struct end){.got = STR_INIT, .free_on_error = true};
    client.d = dtls_wrap_client(lower, ctx[0], "127.0.0.1", &events, &client);
    timer_start(limit, 500);
    loop_run(loop);
    assert_int_equal(client.code, -ECONNREFUSED);
    assert_int_equal(client.err.kind, ERR_CONNECT);
    end_done(&client);
    timer_free(limit);
    tls_context_free(ctx[0]);
    tls_context_free(ctx[1]);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_and_an_answer),
        cmocka_unit_test(a_server_that_ends_tells_its_callers),
        cmocka_unit_test(messages_of_every_length),
        cmocka_unit_test(what_waits_for_the_handshake_is_bounded),
        cmocka_unit_test(many_callers_on_one_socket),
        cmocka_unit_test(each_flight_may_be_lost),
        cmocka_unit_test(nothing_is_kept_before_the_cookie_is_back),
        cmocka_unit_test(garbage_does_nothing),
        cmocka_unit_test(a_caller_that_starts_anew_is_taken_anew),
        cmocka_unit_test(peers_beyond_the_limit_are_refused),
        cmocka_unit_test(idle_associations_end),
        cmocka_unit_test(an_owner_may_free_in_any_event),
        cmocka_unit_test(a_peer_that_speaks_no_dtls),
        cmocka_unit_test(over_udp),
    };

    return cmocka_run_group_tests(tests, make_certs, free_certs);
}
