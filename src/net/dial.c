/* SPDX-License-Identifier: ISC */
/* Calling a stream address: lookup, Happy Eyeballs (RFC 8305), handshake. */
#include "net/dial.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/xmalloc.h"
#include "net/resolve.h"
#include "net/tcp.h"
#include "net/tls.h"

#define DIAL_ATTEMPT_DELAY_MS 250 /* RFC 8305 8: "Connection Attempt Delay", recommended value */

struct attempt {
    struct dial *dial;
    struct tcp_connect *connect; /* NULL: not begun, or over */
    int64_t started_ns;
};

struct dial {
    struct loop *loop;
    struct addr addr;
    struct tls_context *tls;
    char server_name[ADDR_HOST_BYTES];
    dial_done *done;
    void *arg;
    enum dial_phase phase;
    struct resolve *resolve;
    struct timer *next_attempt;
    struct endpoint endpoints[RESOLVE_ENDPOINTS_MAX];
    struct attempt attempts[RESOLVE_ENDPOINTS_MAX];
    int count, begun, over;
    int code; /* of the failure that tells most, so far */
    struct stream *stream;
    struct turn_end told_later;
    struct err early; /* a failure found before dial_start returned */
    struct dial_report report;
    int64_t phase_ns; /* when this phase began */
};

static void cancel_attempts(struct dial *d)
{
    for (int i = 0; i < d->begun; i++) {
        tcp_connect_cancel(d->attempts[i].connect);
        d->attempts[i].connect = NULL;
    }
}

static void free_dial(struct dial *d)
{
    resolve_cancel(d->resolve);
    cancel_attempts(d);
    timer_free(d->next_attempt);
    turn_end_cancel(&d->told_later);
    free(d);
}

static void finish(struct dial *d, struct stream *s, const struct err *err)
{
    d->phase = DIAL_DONE;
    d->done(s, &d->report, err, d->arg);
    free_dial(d);
}

/* "Unreachable" of one family says less than "refused" of the other. */
static bool tells_more(int code, int than)
{
    bool vague = than == -ENETUNREACH || than == -EADDRNOTAVAIL || than == -EAFNOSUPPORT;

    return than == 0 || (vague && code != than);
}

static void connect_failed(struct dial *d)
{
    char text[ADDR_TEXT_BYTES];
    struct err err;
    enum err_kind kind = err_kind_of(d->code);

    addr_format(&d->addr, text);
    switch (-d->code) {
    case ECONNREFUSED:
        err_set(&err, kind, d->code,
            _("%s: connection refused; nothing listens there: is the server up, is it the right port?"),
            text);
        break;
    case ENETUNREACH:
    case EHOSTUNREACH:
        err_set(
            &err, kind, d->code, _("%s: %s; is this machine on the right network?"), text, err_word(d->code));
        break;
    case ETIMEDOUT:
        err_set(&err, kind, d->code, _("%s: no answer to the connection request; is a firewall in between?"),
            text);
        break;
    case ENOENT:
        err_set(&err, kind, d->code, _("%s: no such socket; is the server up?"), text);
        break;
    case EPROTOTYPE:
        err_set(&err, kind, d->code, _("%s: it is a socket of another kind; try %s"), text, "unixgram:");
        break;
    case EAGAIN:
        err_set(&err, ERR_CONNECT, d->code, _("%s: the server takes no more calls now; try again"), text);
        break;
    default:
        err_set(&err, kind == ERR_OTHER ? ERR_CONNECT : kind, d->code, _("%s: cannot connect: %s"), text,
            err_word(d->code));
    }
    finish(d, NULL, &err);
}

/* While TLS shakes hands the dial is the stream's owner. */
static void handshake_ended(struct stream *s, void *arg)
{
    struct dial *d = arg;
    char text[ADDR_TEXT_BYTES];
    struct err err;

    err_set(&err, ERR_HUNG_UP, -ECONNRESET, _("%s: hung up during the TLS handshake; does it speak TLS?"),
        addr_format(&d->addr, text));
    d->stream = NULL;
    stream_close(s);
    finish(d, NULL, &err);
}

static void handshake_failed(struct stream *s, int code, const struct err *why, void *arg)
{
    struct dial *d = arg;
    char text[ADDR_TEXT_BYTES];
    struct err err;

    err_set(&err, why->kind, code, "%s: %s", addr_format(&d->addr, text), why->text);
    d->stream = NULL;
    stream_close(s);
    finish(d, NULL, &err);
}

static void handshake_opened(struct stream *s, void *arg)
{
    struct dial *d = arg;

    d->report.handshake_ns = (uint64_t)(clock_now_ns() - d->phase_ns);
    d->stream = NULL;
    finish(d, s, NULL);
}

static const struct stream_events handshake_events = {
    .ended = handshake_ended,
    .failed = handshake_failed,
    .opened = handshake_opened,
};

static void connected(struct dial *d, struct attempt *a, struct stream *s)
{
    int64_t now = clock_now_ns();

    d->report.connect_ns = (uint64_t)(now - a->started_ns);
    d->report.attempts = d->begun;
    stream_local(s, &d->report.local);
    d->report.peer = d->endpoints[a - d->attempts];
    cancel_attempts(d);
    timer_stop(d->next_attempt);
    if (!d->tls) {
        finish(d, s, NULL);
        return;
    }
    d->phase = DIAL_HANDSHAKE;
    d->phase_ns = now;
    d->stream = tls_wrap(s, d->tls, d->server_name);
    stream_attach(d->stream, &handshake_events, d);
}

static void begin_attempt(void *arg);

static void on_connected(struct stream *s, int code, void *arg)
{
    struct attempt *a = arg;
    struct dial *d = a->dial;

    a->connect = NULL;
    if (code == 0) {
        connected(d, a, s);
        return;
    }
    d->over++;
    if (tells_more(code, d->code))
        d->code = code;
    if (d->begun < d->count)
        begin_attempt(d); /* RFC 8305 5: a failure starts the next one at once */
    else if (d->over == d->count)
        connect_failed(d);
}

static void begin_attempt(void *arg)
{
    struct dial *d = arg;
    struct attempt *a = &d->attempts[d->begun];

    a->dial = d;
    a->started_ns = clock_now_ns();
    a->connect = tcp_connect(d->loop, &d->endpoints[d->begun], on_connected, a);
    tcp_connect_local(a->connect, &d->report.local);
    d->report.peer = d->endpoints[d->begun];
    d->begun++;
    if (d->begun < d->count)
        timer_start(d->next_attempt, DIAL_ATTEMPT_DELAY_MS);
}

static void on_resolved(const struct endpoint *endpoints, int count, const struct err *err, void *arg)
{
    struct dial *d = arg;
    int64_t now = clock_now_ns();
    struct endpoint numeric;

    d->resolve = NULL;
    if (count == 0) {
        struct err named;
        char text[ADDR_TEXT_BYTES];

        err_set(&named, err->kind, err->code, "%s: %s", addr_format(&d->addr, text), err->text);
        finish(d, NULL, &named);
        return;
    }
    if (endpoint_from_numeric(&numeric, d->addr.host, d->addr.port) < 0)
        d->report.lookup_ns = (uint64_t)(now - d->phase_ns);
    memcpy(d->endpoints, endpoints, (size_t)count * sizeof(*endpoints));
    d->count = count;
    d->phase = DIAL_CONNECT;
    d->phase_ns = now;
    begin_attempt(d);
}

static void on_told_later(struct turn_end *later)
{
    struct dial *d = list_entry(later, struct dial, told_later);

    if (d->early.kind) {
        finish(d, NULL, &d->early);
        return;
    }
    d->phase = DIAL_CONNECT;
    begin_attempt(d);
}

static struct dial *dial_new(struct loop *loop, const struct addr *addr, struct tls_context *tls,
    const char *server_name, dial_done *done, void *arg)
{
    struct dial *d = xcalloc(1, sizeof(*d));

    d->loop = loop;
    d->addr = *addr;
    d->tls = tls;
    snprintf(d->server_name, sizeof(d->server_name), "%s", server_name ? server_name : addr->host);
    d->done = done;
    d->arg = arg;
    d->next_attempt = timer_new(loop, begin_attempt, d);
    d->phase_ns = clock_now_ns();
    turn_end_init(&d->told_later, on_told_later);
    return d;
}

struct dial *dial_start_known(struct loop *loop, const struct addr *addr, const struct endpoint *endpoints,
    int count, struct tls_context *tls, const char *server_name, dial_done *done, void *arg)
{
    struct dial *d = dial_new(loop, addr, tls, server_name, done, arg);

    assert(count > 0 && count <= RESOLVE_ENDPOINTS_MAX);
    memcpy(d->endpoints, endpoints, (size_t)count * sizeof(*endpoints));
    d->count = count;
    loop_at_turn_end(loop, &d->told_later);
    return d;
}

struct dial *dial_start(struct loop *loop, const struct addr *addr, struct tls_context *tls,
    const char *server_name, dial_done *done, void *arg)
{
    struct dial *d = dial_new(loop, addr, tls, server_name, done, arg);
    char text[ADDR_TEXT_BYTES];

    if (!addr_is_local(addr->scheme)) {
        d->resolve = resolve_start(loop, addr->host, addr->port, SOCK_STREAM, on_resolved, d);
        return d;
    }
    d->count = 1;
    if (endpoint_from_path(&d->endpoints[0], addr->path) < 0)
        err_set(&d->early, ERR_MISUSE, -ENAMETOOLONG, _("%s: the path of a unix socket has at most %d bytes"),
            addr_format(addr, text), (int)sizeof(d->endpoints[0].un.sun_path) - 1);
    loop_at_turn_end(loop, &d->told_later);
    return d;
}

enum dial_phase dial_phase(const struct dial *d)
{
    return d->phase;
}

const struct dial_report *dial_report(const struct dial *d)
{
    return &d->report;
}

void dial_cancel(struct dial *d)
{
    if (!d)
        return;
    stream_close(d->stream);
    free_dial(d);
}
