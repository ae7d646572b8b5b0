/* SPDX-License-Identifier: ISC */
#ifndef NET_DTLS_FOR_TEST_H
#define NET_DTLS_FOR_TEST_H

#include "base/buf.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "net/dgram_ops.h"
#include "net/dtls.h"
#include "net/loop.h"
#include "net/loop_uv.h"
#include "net/tls_certs_for_test.h"

/* Sockets in memory that lose what the test wants lost, and a client and a server that speak DTLS over them.
 */

/* ---- a wire in memory ---------------------------------------------------------------------------- */

#define PORTS 8

struct port;

struct wire {
    struct loop *loop;
    struct port *ports[PORTS];
    bool (*lose)(struct wire *w, int from, int nth, const uint8_t *data, size_t len);
    int sent[PORTS];
    int lose_nth, lose_from; /* for lose_one */
    uint8_t kept[2048];      /* by lose_hellos and lose_cookies */
    size_t kept_len;
};

/* A socket on it: bound to 127.0.0.1 and its number; connected to peer if that is not negative. */
struct port {
    struct dgram base;
    struct wire *wire;
    int number, peer;
    struct buf inbox; /* int sender, uint32_t length, bytes */
    struct turn_end delivery;
    bool freed;
};

static inline struct endpoint endpoint_of(int number)
{
    struct endpoint e;

    endpoint_from_numeric(&e, "127.0.0.1", (uint16_t)(1000 + number));
    return e;
}

static inline void deliver(struct turn_end *t)
{
    struct port *p = list_entry(t, struct port, delivery);
    struct buf taken = p->inbox;

    p->inbox = (struct buf){0};
    while (taken.len && !p->freed) {
        int from;
        uint32_t len;
        uint8_t *data = buf_head(&taken);
        struct endpoint peer;
        struct dgram_message m = {.peer = &peer};

        memcpy(&from, data, sizeof(from));
        memcpy(&len, data + sizeof(from), sizeof(len));
        peer = endpoint_of(from);
        m.data = data + sizeof(from) + sizeof(len);
        m.len = len;
        p->base.events->message(&p->base, &m, p->base.arg);
        buf_consume(&taken, sizeof(from) + sizeof(len) + len);
    }
    buf_done(&taken);
}

static inline void put(struct wire *w, int from, int to, const uint8_t *data, size_t len)
{
    struct port *p = to >= 0 && to < PORTS ? w->ports[to] : NULL;
    uint32_t prefix = (uint32_t)len;

    if (!p || (p->peer >= 0 && p->peer != from))
        return;
    buf_append(&p->inbox, &from, sizeof(from));
    buf_append(&p->inbox, &prefix, sizeof(prefix));
    buf_append(&p->inbox, data, len);
    loop_at_turn_end(w->loop, &p->delivery);
}

static inline int port_send(struct dgram *d, const struct endpoint *to, const void *data, size_t len)
{
    struct port *p = (struct port *)d;
    struct wire *w = p->wire;
    int nth = w->sent[p->number]++;

    assert_true(len > 0);
    if (!w->lose || !w->lose(w, p->number, nth, data, len))
        put(w, p->number, to ? endpoint_port(to) - 1000 : p->peer, data, len);
    return 0;
}

static inline void port_flush(struct dgram *d)
{
}

static inline int port_fd(const struct dgram *d)
{
    return -1;
}

static inline void port_local(const struct dgram *d, struct endpoint *ret)
{
    *ret = endpoint_of(((const struct port *)d)->number);
}

static inline uint64_t port_lost(const struct dgram *d)
{
    return 0;
}

static inline void port_close(struct dgram *d)
{
    struct port *p = (struct port *)d;

    p->freed = true;
    p->wire->ports[p->number] = NULL;
    turn_end_cancel(&p->delivery);
    buf_done(&p->inbox);
    loop_free_later(d->loop, p);
}

static const struct dgram_ops port_ops = {
    .send = port_send,
    .flush = port_flush,
    .fd = port_fd,
    .local = port_local,
    .lost = port_lost,
    .close = port_close,
};

static inline struct dgram *port_new(struct wire *w, int number, int peer)
{
    struct port *p = xcalloc(1, sizeof(*p));

    p->base.ops = &port_ops;
    p->base.loop = w->loop;
    p->base.events = dtls_lower_events();
    p->wire = w;
    p->number = number;
    p->peer = peer;
    turn_end_init(&p->delivery, deliver);
    w->ports[number] = p;
    return &p->base;
}

/* ---- its users ----------------------------------------------------------------------------------- */

struct end {
    struct dgram *d;
    struct str got; /* each message and a '|' */
    struct endpoint peer;
    int messages, openeds, gones, errors, code;
    size_t longest;
    struct err err;
    bool echo, free_on_message, free_on_gone, free_on_error, free_on_open, stop_on_message;
};

static inline void let_go(struct end *e)
{
    dgram_free(e->d);
    e->d = NULL;
}

static inline void on_message(struct dgram *d, const struct dgram_message *m, void *arg)
{
    struct end *e = arg;

    str_append(&e->got, m->data, m->len);
    str_append_char(&e->got, '|');
    e->peer = *m->peer;
    e->messages++;
    if (m->len > e->longest)
        e->longest = m->len;
    if (e->echo)
        assert_int_equal(dgram_send(d, m->peer, m->data, m->len), 0);
    if (e->free_on_message)
        let_go(e);
    if (e->stop_on_message)
        loop_stop(d->loop);
}

static inline void on_error(
    struct dgram *d, const struct endpoint *peer, int code, const struct err *err, void *arg)
{
    struct end *e = arg;

    e->errors++;
    e->code = code;
    e->err = *err;
    if (e->free_on_error)
        let_go(e);
}

static inline void on_opened(struct dgram *d, void *arg)
{
    struct end *e = arg;

    e->openeds++;
    if (e->free_on_open)
        let_go(e);
}

static inline void on_gone(struct dgram *d, const struct endpoint *peer, void *arg)
{
    struct end *e = arg;

    e->gones++;
    e->peer = *peer;
    if (e->free_on_gone)
        let_go(e);
}

static const struct dgram_events events = {
    .message = on_message,
    .error = on_error,
    .opened = on_opened,
    .peer_gone = on_gone,
};

struct talk {
    struct wire wire;
    struct tls_context *ctx[2];
    struct end client, server;
};

static inline struct tls_context *context(const struct tls_options *o, enum tls_role role)
{
    return test_context(o, role, TLS_DATAGRAM);
}

static inline void call(struct talk *t, struct end *e, int number)
{
    *e = (struct end){.got = STR_INIT};
    e->d = dtls_wrap_client(port_new(&t->wire, number, 0), t->ctx[0], "localhost", &events, e);
}

static inline void talk_init(struct talk *t, struct tls_options client, struct tls_options server)
{
    *t = (struct talk){.wire.loop = loop_new()};
    t->ctx[0] = context(&client, TLS_CLIENT);
    t->ctx[1] = context(&server, TLS_SERVER);
    str_init(&t->server.got);
    t->server.d = dtls_wrap_server(port_new(&t->wire, 0, -1), t->ctx[1], &events, &t->server);
    call(t, &t->client, 1);
}

static inline void end_done(struct end *e)
{
    dgram_free(e->d);
    str_done(&e->got);
}

static inline void talk_done(struct talk *t)
{
    end_done(&t->client);
    end_done(&t->server);
    tls_context_free(t->ctx[0]);
    tls_context_free(t->ctx[1]);
    loop_free(t->wire.loop);
}

static inline void stop(void *arg)
{
    loop_stop(arg);
}

/* An idle deadline keeps the loop running, so there is a limit. */
static inline void run_for(struct talk *t, uint64_t ms)
{
    struct timer *limit = timer_new(t->wire.loop, stop, t->wire.loop);

    timer_start(limit, ms);
    loop_run(t->wire.loop);
    timer_free(limit);
}

/* Until nothing is on the wire any more. Time passes only for what is on a timer. */
static inline void run(struct talk *t)
{
    int before, after = 0;
    bool waits;

    do {
        before = after;
        run_for(t, 1);
        after = 1;
        waits = false;
        for (int i = 0; i < PORTS; i++) {
            after += t->wire.sent[i];
            waits = waits || (t->wire.ports[i] && t->wire.ports[i]->inbox.len);
        }
    } while (waits || after != before);
}

/* For what comes on a timer, however slow the machine; the test looks itself whether it has come. */
#define RUN_UNTIL(t, true)                                                                                   \
    for (int i_ = 0; i_ < 500 && !(true); i_++)                                                              \
    run_for((t), 20)

#endif
