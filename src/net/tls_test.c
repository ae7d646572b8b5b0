/* SPDX-License-Identifier: ISC */
/* What TLS carries, over memory pairs and a real socket: every boundary (one byte a read), back-pressure,
 * both ways to end, hang-ups, and bytes that are no TLS at all. Whom it trusts: tls_trust_test.c. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

#include "net/tcp.h"
#include "net/tls_for_test.h"

static void a_question_and_an_answer(void **state)
{
    struct talk t;
    struct tls_facts facts;

    talk_init(&t, good_client(), good_server());
    assert_false(stream_is_open(t.client.s));
    assert_int_equal(tls_facts(t.client.s, &facts), -ENOTCONN);
    assert_int_equal(stream_write(t.client.s, "hello", 5), 0);
    run(&t);
    assert_int_equal(t.client.openeds, 1);
    assert_int_equal(t.server.openeds, 1);
    assert_string_equal(t.server.got.data, "hello");
    stream_write(t.server.s, "world", 5);
    run(&t);
    assert_string_equal(t.client.got.data, "world");

    assert_int_equal(tls_facts(t.client.s, &facts), 0);
    assert_string_equal(facts.version, "TLSv1.3");
    assert_string_equal(facts.subject, "CN=localhost");
    assert_string_equal(facts.issuer, "CN=test CA");
    assert_string_equal(facts.names, "localhost, 127.0.0.1, ::1");
    assert_string_equal(facts.pin, tls_context_pin(t.ctx[1]));
    assert_true(facts.verified && !facts.resumed && !facts.psk && !facts.cut_off);
    assert_string_equal(facts.verify_problem, "");
    assert_true(facts.not_after > time(NULL) && facts.not_before < time(NULL));
    assert_true(*facts.cipher && *facts.group);
    assert_int_equal(tls_facts(t.server.s, &facts), 0);
    assert_false(facts.verified);
    assert_string_equal(facts.pin, "");
    assert_has(facts.verify_problem, "no certificate");
    talk_done(&t);
}

static void one_byte_at_a_time(void **state)
{
    struct talk t;

    talk_over(&t, good_client(), good_server(), "localhost", 1, 1);
    stream_write(t.client.s, "hello", 5);
    stream_write(t.server.s, "world", 5);
    for (int i = 0; i < 20 && t.client.got.len < 5; i++)
        run(&t);
    assert_string_equal(t.server.got.data, "hello");
    assert_string_equal(t.client.got.data, "world");
    talk_done(&t);
}

static void a_mebibyte_each_way_through_a_narrow_window(void **state)
{
    size_t len = 1024 * 1024;
    uint8_t *sent = malloc(len);
    struct talk t;

    for (size_t i = 0; i < len; i++)
        sent[i] = (uint8_t)(i * 7 + i / 251);
    talk_over(&t, good_client(), good_server(), "localhost", 5000, 1777);
    for (size_t i = 0; i < len; i += 4096) {
        assert_int_equal(stream_write(t.client.s, sent + i, 4096), 0);
        assert_int_equal(stream_write(t.server.s, sent + i, 4096), 0);
    }
    assert_true(stream_is_full(t.client.s));
    for (int i = 0; i < 100 && (t.client.got.len < len || t.server.got.len < len); i++)
        run(&t);
    assert_int_equal(t.server.got.len, len);
    assert_int_equal(t.client.got.len, len);
    assert_memory_equal(t.server.got.data, sent, len);
    assert_memory_equal(t.client.got.data, sent, len);
    assert_int_equal(t.client.draineds, 1);
    assert_false(stream_is_full(t.client.s));
    free(sent);
    talk_done(&t);
}

/* A peer that does not read is felt: no more than the queues of both ends and the window is taken. */
static void a_paused_reader_holds_the_writer_back(void **state)
{
    size_t len = 1024 * 1024, before;
    uint8_t *sent = calloc(1, len);
    struct talk t;

    talk_over(&t, good_client(), good_server(), "localhost", 5000, 0);
    run(&t);
    stream_pause(t.server.s);
    stream_write(t.client.s, sent, len);
    run(&t);
    assert_int_equal(t.server.got.len, 0);
    assert_true(stream_queued(t.client.s) > len - 300 * 1024);
    t.server.pause_on_data = true; /* pauses again in each event */
    stream_resume(t.server.s);
    run(&t);
    before = t.server.got.len;
    assert_true(before > 0 && before < len);
    run(&t);
    assert_int_equal(t.server.got.len, before);
    t.server.pause_on_data = false;
    stream_resume(t.server.s);
    for (int i = 0; i < 100 && t.server.got.len < len; i++)
        run(&t);
    assert_int_equal(t.server.got.len, len);
    free(sent);
    talk_done(&t);
}

/* All records arrive in one event, and the owner pauses at the first: nothing more until it resumes, and the
 * end waits too. */
static void records_behind_a_pause_are_kept(void **state)
{
    size_t len = 200 * 1024;
    uint8_t *sent = calloc(1, len);
    struct talk t;

    talk_init(&t, good_client(), good_server());
    run(&t);
    t.server.pause_on_data = true;
    stream_write(t.client.s, sent, len);
    stream_shutdown(t.client.s);
    run(&t);
    assert_true(t.server.got.len > 0 && t.server.got.len < len);
    for (int i = 0; i < 100 && t.server.got.len < len; i++) {
        size_t before = t.server.got.len;

        assert_int_equal(t.server.endeds, 0);
        stream_resume(t.server.s);
        run(&t);
        assert_true(t.server.got.len > before);
    }
    assert_int_equal(t.server.got.len, len);
    stream_resume(t.server.s);
    run(&t);
    assert_int_equal(t.server.endeds, 1);
    free(sent);
    talk_done(&t);
}

static void half_close_leaves_the_other_way_open(void **state)
{
    struct talk t;
    struct tls_facts facts;

    talk_init(&t, good_client(), good_server());
    stream_write(t.client.s, "question", 8);
    stream_shutdown(t.client.s);
    run(&t);
    assert_string_equal(t.server.got.data, "question");
    assert_int_equal(t.server.endeds, 1);
    assert_int_equal(t.client.endeds, 0);
    assert_int_equal(tls_facts(t.server.s, &facts), 0);
    assert_false(facts.cut_off);
    stream_write(t.server.s, "answer", 6);
    stream_shutdown(t.server.s);
    run(&t);
    assert_string_equal(t.client.got.data, "answer");
    assert_int_equal(t.client.endeds, 1);
    assert_int_equal(t.client.faileds + t.server.faileds, 0);
    talk_done(&t);
}

static void closing_says_close_notify(void **state)
{
    struct talk t;
    struct tls_facts facts;

    talk_init(&t, good_client(), good_server());
    run(&t);
    stream_close(t.client.s);
    t.client.s = NULL;
    run(&t);
    assert_int_equal(t.server.endeds, 1);
    assert_int_equal(tls_facts(t.server.s, &facts), 0);
    assert_false(facts.cut_off);
    talk_done(&t);
}

/* stream_finish: what is queued arrives, then the end, though the peer's end came first. */
static void finishing_after_the_peer_has_ended_sends_all(void **state)
{
    size_t len = 600 * 1024;
    uint8_t *sent = calloc(1, len);
    struct talk t;

    talk_over(&t, good_client(), good_server(), "localhost", 3000, 0);
    run(&t);
    t.server.finish_on_end = true;
    stream_write(t.server.s, sent, len);
    stream_shutdown(t.client.s);
    for (int i = 0; i < 50 && !t.client.endeds; i++)
        run(&t);
    assert_int_equal(t.client.got.len, len);
    assert_int_equal(t.client.endeds, 1);
    free(sent);
    talk_done(&t);
}

static void finish_before_the_handshake_waits_for_it(void **state)
{
    struct talk t;

    talk_init(&t, good_client(), good_server());
    stream_write(t.client.s, "last words", 10);
    stream_finish(t.client.s, 1000);
    t.client.s = NULL;
    t.server.shutdown_on_end = true;
    run(&t);
    assert_string_equal(t.server.got.data, "last words");
    assert_int_equal(t.server.endeds, 1);
    talk_done(&t);
}

static void an_owner_may_close_in_any_event(void **state)
{
    struct talk t;

    talk_init(&t, good_client(), good_server());
    t.client.close_on_open = true;
    run(&t);
    assert_null(t.client.s);
    assert_int_equal(t.server.endeds + t.server.faileds, 1);
    talk_done(&t);

    talk_init(&t, good_client(), good_server());
    t.server.close_on_data = true;
    stream_write(t.client.s, "x", 1);
    run(&t);
    assert_null(t.server.s);
    assert_int_equal(t.client.endeds, 1);
    talk_done(&t);

    talk_init(&t, good_client(), good_server());
    t.server.finish_on_open = true;
    run(&t);
    assert_int_equal(t.client.endeds, 1);
    talk_done(&t);

    talk_init(&t, good_client(), good_server());
    stream_close(t.client.s);
    t.client.s = NULL;
    run(&t);
    assert_int_equal(t.server.faileds, 1);
    assert_int_equal(t.server.code, -ECONNRESET);
    assert_int_equal(t.server.err.kind, ERR_HUNG_UP);
    talk_done(&t);
}

/* One TLS end over a pair whose other end the test holds bare. */
struct bare {
    struct loop *loop;
    struct tls_context *ctx;
    struct end tls, plain;
};

static void bare_init(struct bare *b, enum tls_role role)
{
    struct tls_options o = role == TLS_CLIENT ? good_client() : good_server();
    struct stream *s[2];

    b->loop = loop_new();
    b->ctx = context(&o, role);
    mem_pair(b->loop, 0, 0, s);
    end_init(&b->tls, b->loop, tls_wrap(s[0], b->ctx, role == TLS_CLIENT ? "localhost" : NULL));
    end_init(&b->plain, b->loop, s[1]);
    b->tls.stop_on_fail = true;
}

static void stop(void *arg)
{
    loop_stop(arg);
}

/* Here a handshake may be left half done, and its deadline would keep the loop running. */
static void bare_run(struct bare *b)
{
    struct timer *limit = timer_new(b->loop, stop, b->loop);

    timer_start(limit, 30);
    loop_run(b->loop);
    timer_free(limit);
}

static void bare_done(struct bare *b)
{
    stream_close(b->tls.s);
    stream_close(b->plain.s);
    str_done(&b->tls.got);
    str_done(&b->plain.got);
    tls_context_free(b->ctx);
    loop_free(b->loop);
}

static void bytes_that_are_no_tls(void **state)
{
    struct bare b;

    bare_init(&b, TLS_CLIENT);
    stream_write(b.plain.s, "220 mail.\033[31m example ready\r\nsecond", 37);
    bare_run(&b);
    assert_int_equal(b.tls.faileds, 1);
    assert_int_equal(b.tls.err.kind, ERR_CONNECT);
    assert_has(b.tls.err.text, "does not speak TLS");
    assert_has(b.tls.err.text, "\"220 mail.\\x1b[31m example ready\"");
    bare_done(&b);

    bare_init(&b, TLS_SERVER);
    stream_write(b.plain.s, "GET / HTTP/1.1\r\n\r\n", 18);
    bare_run(&b);
    assert_int_equal(b.tls.faileds, 1);
    assert_has(b.tls.err.text, "the caller does not speak TLS");
    bare_done(&b);

    bare_init(&b, TLS_SERVER); /* fewer than a record's header has */
    stream_write(b.plain.s, "x", 1);
    bare_run(&b);
    assert_int_equal(b.tls.faileds, 1);
    assert_has(b.tls.err.text, "it began with \"x\"");
    bare_done(&b);

    bare_init(&b, TLS_CLIENT);
    bare_run(&b);
    assert_true(b.plain.got.len > 100);
    stream_write(b.plain.s, b.plain.got.data, b.plain.got.len);
    bare_run(&b);
    assert_int_equal(b.tls.faileds, 1);
    assert_has(b.tls.err.text, "echoed");
    bare_done(&b);

    bare_init(&b, TLS_CLIENT);
    stream_shutdown(b.plain.s);
    bare_run(&b);
    assert_int_equal(b.tls.code, -ECONNRESET);
    assert_int_equal(b.tls.err.kind, ERR_HUNG_UP);
    assert_has(b.tls.err.text, "during the TLS handshake");
    bare_done(&b);

    bare_init(&b, TLS_CLIENT);
    bare_run(&b);
    mem_cut(b.plain.s, -ECONNRESET);
    bare_run(&b);
    assert_int_equal(b.tls.err.kind, ERR_HUNG_UP);
    assert_has(b.tls.err.text, "connection reset during the TLS handshake");
    bare_done(&b);
}

/* Random bytes in the middle of a conversation, and in place of a handshake: it fails, and nothing worse. */
static void random_bytes_break_it_and_no_more(void **state)
{
    srandom(7);
    for (int round = 0; round < 50; round++) {
        struct bare b;
        uint8_t junk[600];

        bare_init(&b, round % 2 ? TLS_CLIENT : TLS_SERVER);
        for (size_t i = 0; i < sizeof(junk); i++)
            junk[i] = (uint8_t)random();
        if (round % 3) { /* a record header that holds, so that it goes deeper */
            memcpy(junk, "\x16\x03\x03\x02\x00", 5);
            if (round % 3 == 2)
                memcpy(junk + 5, round % 2 ? "\x02\x00\x01\xf0\x03\x03" : "\x01\x00\x01\xf0\x03\x03", 6);
        }
        stream_write(b.plain.s, junk, sizeof(junk));
        stream_shutdown(b.plain.s);
        bare_run(&b);
        assert_int_equal(b.tls.faileds, 1);
        bare_done(&b);
    }
}

/* The bytes of a whole conversation go through the test's hands, which cuts it short. */
struct relay {
    struct loop *loop;
    struct tls_context *ctx[2];
    struct end client, server; /* TLS */
    struct stream *inner[2];   /* the other ends of their lines */
    bool cut;
    size_t cut_after; /* of the client's bytes in this direction, once cut is set */
};

static void relay_data(struct stream *s, const uint8_t *data, size_t len, void *arg)
{
    struct relay *r = arg;
    bool from_client = s == r->inner[0];
    struct stream *to = from_client ? r->inner[1] : r->inner[0];

    if (from_client && r->cut) {
        if (len > r->cut_after)
            len = r->cut_after;
        r->cut_after -= len;
        stream_write(to, data, len);
        if (r->cut_after == 0)
            stream_shutdown(to);
        return;
    }
    stream_write(to, data, len);
}

static void relay_ended(struct stream *s, void *arg)
{
}

static void relay_failed(struct stream *s, int code, const struct err *err, void *arg)
{
}

static const struct stream_events relay_events = {
    .data = relay_data, .ended = relay_ended, .failed = relay_failed};

static void relay_init(struct relay *r)
{
    struct tls_options client = good_client(), server = good_server();
    struct stream *s[2];

    memset(r, 0, sizeof(*r));
    r->loop = loop_new();
    r->ctx[0] = context(&client, TLS_CLIENT);
    r->ctx[1] = context(&server, TLS_SERVER);
    mem_pair(r->loop, 0, 0, s);
    r->inner[0] = s[1];
    end_init(&r->client, r->loop, tls_wrap(s[0], r->ctx[0], "localhost"));
    mem_pair(r->loop, 0, 0, s);
    r->inner[1] = s[1];
    end_init(&r->server, r->loop, tls_wrap(s[0], r->ctx[1], NULL));
    stream_attach(r->inner[0], &relay_events, r);
    stream_attach(r->inner[1], &relay_events, r);
    loop_run(r->loop);
    assert_int_equal(r->server.openeds, 1);
}

static void relay_done(struct relay *r)
{
    stream_close(r->client.s);
    stream_close(r->server.s);
    stream_close(r->inner[0]);
    stream_close(r->inner[1]);
    str_done(&r->client.got);
    str_done(&r->server.got);
    tls_context_free(r->ctx[0]);
    tls_context_free(r->ctx[1]);
    loop_free(r->loop);
}

static void a_hang_up_without_close_notify_is_an_end_and_is_said(void **state)
{
    struct relay r;
    struct tls_facts facts;

    relay_init(&r);
    stream_write(r.client.s, "words", 5);
    loop_run(r.loop);
    stream_shutdown(r.inner[1]);
    loop_run(r.loop);
    assert_string_equal(r.server.got.data, "words");
    assert_int_equal(r.server.endeds, 1);
    assert_int_equal(r.server.faileds, 0);
    assert_int_equal(tls_facts(r.server.s, &facts), 0);
    assert_true(facts.cut_off);
    relay_done(&r);
}

static void a_hang_up_inside_a_record_is_a_failure(void **state)
{
    /* 5 bytes of header, 3 of them; a header alone; all but the last byte */
    size_t cuts[] = {3, 5, 5 + 5 + 1 + 16 - 1};

    for (size_t i = 0; i < 3; i++) {
        struct relay r;

        relay_init(&r);
        r.cut = true;
        r.cut_after = cuts[i];
        stream_write(r.client.s, "words", 5);
        loop_run(r.loop);
        assert_int_equal(r.server.got.len, 0);
        assert_int_equal(r.server.endeds, 0);
        assert_int_equal(r.server.faileds, 1);
        assert_int_equal(r.server.code, -ECONNRESET);
        assert_has(r.server.err.text, "in the middle of a TLS record");
        relay_done(&r);
    }
}

static void a_changed_byte_is_noticed(void **state)
{
    struct relay r;

    relay_init(&r);
    stream_write(r.inner[1],
        "\x17\x03\x03\x00\x20"
        "01234567890123456789012345678901",
        37);
    r.client.stop_on_fail = true;
    loop_run(r.loop);
    assert_int_equal(r.server.faileds, 1);
    assert_int_equal(r.server.err.kind, ERR_HUNG_UP);
    assert_int_equal(r.server.got.len, 0);
    relay_done(&r);
}

static void over_real_sockets(void **state)
{
    int fds[2];
    struct talk t = {0};
    struct tls_options client = good_client(), server = good_server();
    struct stream *s[2];
    size_t len = 3 * 1024 * 1024;
    uint8_t *sent = malloc(len);

    memset(sent, 'x', len);
    t.loop = loop_new();
    t.ctx[0] = context(&client, TLS_CLIENT);
    t.ctx[1] = context(&server, TLS_SERVER);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(stream_from_fd(t.loop, fds[i], &s[i]), 0);
    end_init(&t.client, t.loop, tls_wrap(s[0], t.ctx[0], "localhost"));
    end_init(&t.server, t.loop, tls_wrap(s[1], t.ctx[1], NULL));
    assert_int_equal(stream_write(t.client.s, sent, len), 0);
    stream_shutdown(t.client.s);
    t.server.shutdown_on_end = true;
    for (int i = 0; i < 100 && !t.client.endeds; i++)
        run(&t);
    assert_int_equal(t.server.got.len, len);
    assert_int_equal(t.client.endeds, 1);
    assert_true(stream_fd(t.client.s) >= 0);
    free(sent);
    talk_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_and_an_answer),
        cmocka_unit_test(one_byte_at_a_time),
        cmocka_unit_test(a_mebibyte_each_way_through_a_narrow_window),
        cmocka_unit_test(a_paused_reader_holds_the_writer_back),
        cmocka_unit_test(records_behind_a_pause_are_kept),
        cmocka_unit_test(half_close_leaves_the_other_way_open),
        cmocka_unit_test(closing_says_close_notify),
        cmocka_unit_test(finishing_after_the_peer_has_ended_sends_all),
        cmocka_unit_test(finish_before_the_handshake_waits_for_it),
        cmocka_unit_test(an_owner_may_close_in_any_event),
        cmocka_unit_test(bytes_that_are_no_tls),
        cmocka_unit_test(random_bytes_break_it_and_no_more),
        cmocka_unit_test(a_hang_up_without_close_notify_is_an_end_and_is_said),
        cmocka_unit_test(a_hang_up_inside_a_record_is_a_failure),
        cmocka_unit_test(a_changed_byte_is_noticed),
        cmocka_unit_test(over_real_sockets),
    };

    return cmocka_run_group_tests(tests, make_certs, free_certs);
}
