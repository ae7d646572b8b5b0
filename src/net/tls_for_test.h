/* SPDX-License-Identifier: ISC */
#ifndef NET_TLS_FOR_TEST_H
#define NET_TLS_FOR_TEST_H

#include "base/str.h"
#include "net/loop.h"
#include "net/mem.h"
#include "net/stream.h"
#include "net/tls_certs_for_test.h"

/* A client and a server that speak TLS over a pair of streams in memory, for the tests of TLS. */

struct end {
    struct loop *loop;
    struct stream *s;
    struct str got;
    int openeds, endeds, draineds, faileds, code;
    struct err err;
    bool pause_on_data, close_on_data, close_on_open, shutdown_on_end, stop_on_data, stop_on_fail;
    bool finish_on_open, finish_on_end;
};

static inline void on_data(struct stream *s, const uint8_t *data, size_t len, void *arg)
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

static inline void on_ended(struct stream *s, void *arg)
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

static inline void on_drained(struct stream *s, void *arg)
{
    ((struct end *)arg)->draineds++;
}

static inline void on_failed(struct stream *s, int code, const struct err *err, void *arg)
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

static inline void on_opened(struct stream *s, void *arg)
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

static inline void end_init(struct end *e, struct loop *loop, struct stream *s)
{
    memset(e, 0, sizeof(*e));
    str_init(&e->got);
    e->loop = loop;
    e->s = s;
    stream_attach(s, &events, e);
}

static inline struct tls_context *context(const struct tls_options *o, enum tls_role role)
{
    return test_context(o, role, TLS_STREAM);
}

static inline void talk_over(struct talk *t, struct tls_options client, struct tls_options server,
    const char *name, size_t window, size_t max_read)
{
    struct stream *s[2];

    t->loop = loop_new();
    t->ctx[0] = context(&client, TLS_CLIENT);
    t->ctx[1] = context(&server, TLS_SERVER);
    mem_pair(t->loop, window, max_read, s);
    end_init(&t->client, t->loop, tls_wrap(s[0], t->ctx[0], name));
    end_init(&t->server, t->loop, tls_wrap(s[1], t->ctx[1], NULL));
}

static inline void talk_init(struct talk *t, struct tls_options client, struct tls_options server)
{
    talk_over(t, client, server, "localhost", 0, 0);
}

static inline void talk_done(struct talk *t)
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
static inline void run(struct talk *t)
{
    loop_run(t->loop);
}

#endif
