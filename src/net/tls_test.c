/* SPDX-License-Identifier: ISC */
/* TLS over memory pairs and a real socket: contexts out of good and bad files, handshakes that end well and
 * each way that they do not, every boundary (one byte a read), back-pressure, both ways to end, and bytes
 * that are no TLS at all. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/str.h"
#include "net/loop.h"
#include "net/mem.h"
#include "net/stream.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "net/tls_certs_for_test.h"

static struct test_certs *certs;

struct end {
    struct loop *loop;
    struct stream *s;
    struct str got;
    int openeds, endeds, draineds, faileds, code;
    struct err err;
    bool pause_on_data, close_on_data, close_on_open, shutdown_on_end, stop_on_data, stop_on_fail;
    bool finish_on_open, finish_on_end;
};

static void on_data(struct stream *s, const uint8_t *data, size_t len, void *arg)
{
    struct end *e = arg;

    str_append(&e->got, data, len);
    if (e->pause_on_data)
        stream_pause(s);
    if (e->close_on_data) {
        e->s = NULL;
        stream_close(s);
    }
    if (e->stop_on_data)
        loop_stop(e->loop);
}

static void on_ended(struct stream *s, void *arg)
{
    struct end *e = arg;

    e->endeds++;
    if (e->shutdown_on_end)
        stream_shutdown(s);
    if (e->finish_on_end) {
        e->s = NULL;
        stream_finish(s, 1000);
    }
}

static void on_drained(struct stream *s, void *arg)
{
    ((struct end *)arg)->draineds++;
}

static void on_failed(struct stream *s, int code, const struct err *err, void *arg)
{
    struct end *e = arg;

    e->faileds++;
    e->code = code;
    e->err = *err;
    e->s = NULL;
    stream_close(s);
    if (e->stop_on_fail)
        loop_stop(e->loop);
}

static void on_opened(struct stream *s, void *arg)
{
    struct end *e = arg;

    e->openeds++;
    assert_true(stream_is_open(s));
    if (e->close_on_open) {
        e->s = NULL;
        stream_close(s);
    }
    if (e->finish_on_open) {
        e->s = NULL;
        stream_finish(s, 1000);
    }
}

static const struct stream_events events = {
    .data = on_data,
    .ended = on_ended,
    .drained = on_drained,
    .failed = on_failed,
    .opened = on_opened,
};

/* A client and a server over memory; contexts as the options say. */
struct talk {
    struct loop *loop;
    struct tls_context *ctx[2];
    struct end client, server;
};

static void end_init(struct end *e, struct loop *loop, struct stream *s)
{
    memset(e, 0, sizeof(*e));
    str_init(&e->got);
    e->loop = loop;
    e->s = s;
    stream_attach(s, &events, e);
}

static struct tls_context *context(const struct tls_options *o, enum tls_role role)
{
    struct tls_context *ctx;
    struct err err = {0};

    if (tls_context_new(o, role, TLS_STREAM, &ctx, &err) < 0)
        fail_msg("%s", err.text);
    return ctx;
}

static struct tls_options good_server(void)
{
    return (struct tls_options){.cert_file = certs->good.cert_path, .key_file = certs->good.key_path};
}

static struct tls_options good_client(void)
{
    return (struct tls_options){.ca_file = certs->ca.cert_path};
}

static void talk_over(struct talk *t, struct tls_options client, struct tls_options server, const char *name,
    size_t window, size_t max_read)
{
    struct stream *s[2];

    t->loop = loop_new();
    t->ctx[0] = context(&client, TLS_CLIENT);
    t->ctx[1] = context(&server, TLS_SERVER);
    mem_pair(t->loop, window, max_read, s);
    end_init(&t->client, t->loop, tls_wrap(s[0], t->ctx[0], name));
    end_init(&t->server, t->loop, tls_wrap(s[1], t->ctx[1], NULL));
}

static void talk_init(struct talk *t, struct tls_options client, struct tls_options server)
{
    talk_over(t, client, server, "localhost", 0, 0);
}

static void talk_done(struct talk *t)
{
    stream_close(t->client.s);
    stream_close(t->server.s);
    str_done(&t->client.got);
    str_done(&t->server.got);
    tls_context_free(t->ctx[0]);
    tls_context_free(t->ctx[1]);
    loop_free(t->loop);
}

/* Memory pairs keep no loop running: it ends when all has been said. */
static void run(struct talk *t)
{
    loop_run(t->loop);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in: %s", part, text);
}

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

/* ---- trust --------------------------------------------------------------------------------------- */

static struct tls_options server_with(const struct test_cert *c)
{
    return (struct tls_options){.cert_file = c->cert_path, .key_file = c->key_path};
}

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
    bad((struct tls_options){.ca_file = "/tmp"}, TLS_CLIENT, ERR_INPUT, "/tmp", "irectory");
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

static int make_certs(void **state)
{
    certs = test_certs_new();
    return certs ? 0 : -1;
}

static int free_certs(void **state)
{
    test_certs_free(certs);
    return 0;
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
        cmocka_unit_test(over_real_sockets),
    };

    return cmocka_run_group_tests(tests, make_certs, free_certs);
}
