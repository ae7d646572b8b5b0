/* SPDX-License-Identifier: ISC */
/* Asking with datagrams: a connected socket, so that only the one asked can answer and an ICMP error comes
 * back; the next address of the name when one is refused; the same message again when nothing comes.
 *
 * As long as nobody has answered, one message is on its way at most: it can go to the next address then. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "net/dtls.h"
#include "talk/ask_line.h"

#define NS_PER_MS INT64_C(1000000)
#define UDP6_MAX_BYTES 65527 /* 65535 - 8: a payload length without a jumbo option (RFC 8200 3) */

static void open_endpoint(struct ask *a);

static const uint8_t *message(const struct ask *a, size_t *ret_len)
{
    *ret_len = a->o.lines ? a->kept.len : a->o.message_len;
    return a->o.lines ? (const uint8_t *)a->kept.data : a->o.message;
}

static void wait_for_retry(struct ask *a)
{
    if (a->retries < a->o.retries)
        timer_start(a->retry, (uint64_t)ASK_RETRY_MS << a->retries);
}

/* Words for a message that did not even leave. */
static void explain_unsent(const struct ask *a, int code, size_t len, struct err *err)
{
    char text[ADDR_TEXT_BYTES];
    size_t limit = a->facts.peer.sa.sa_family == AF_INET6 ? UDP6_MAX_BYTES : DGRAM_UDP4_MAX_BYTES;

    addr_format(ask_addr(a), text);
    if (code == -EMSGSIZE && ask_addr(a)->scheme == ADDR_UDP && len > limit)
        err_set(err, ERR_OTHER, code,
            _("%s: the message has %zu bytes, and a datagram carries %zu at most; over tcp:// there is no "
              "limit"),
            text, len, limit);
    else if (code == -EMSGSIZE && ask_addr(a)->scheme == ADDR_DTLS)
        err_set(err, ERR_OTHER, code,
            _("%s: the message has %zu bytes, and DTLS carries %d at most; over tls:// "
              "there is no limit"),
            text, len, DTLS_MESSAGE_MAX_BYTES);
    else if (code == -EINVAL && ask_addr(a)->scheme == ADDR_DTLS && len == 0)
        err_set(err, ERR_OTHER, code, _("%s: DTLS cannot carry an empty message"), text);
    else if (code == -EMSGSIZE)
        err_set(err, ERR_OTHER, code, _("%s: the message, %zu bytes, is too long for one datagram here"),
            text, len);
    else if (code == -EACCES && ask_addr(a)->scheme != ADDR_UNIXGRAM)
        err_set(err, ERR_PERMISSION, code,
            _("%s: not permitted: it is a broadcast address, or a firewall here forbids it"), text);
    else
        err_set(err, err_kind_of(code), code, _("%s: cannot send: %s"), text, err_word(code));
}

/* Sends what is under way, for the first time or again. */
static int send_again(struct ask *a)
{
    size_t len;
    const uint8_t *data = message(a, &len);
    struct err err;
    int code = dgram_send(a->dgram, NULL, data, len);

    if (code == 0)
        return 0;
    explain_unsent(a, code, len, &err);
    if (a->retries == 0) {
        /* It was not sent after all. ask_lose counts it as lost. */
        a->stats.sent--;
        a->stats.lost--;
        a->stats.unsent++;
    }
    ask_lose(a, &err);
    /* Another time it would be as long. */
    if (code == -EMSGSIZE || code == -EINVAL)
        ask_finish(a, &err);
    return code;
}

static void send_first(struct ask *a)
{
    ask_sent(a, clock_now_ns());
    if (send_again(a) == 0)
        wait_for_retry(a);
}

void ask_dgram_retry(void *arg)
{
    struct ask *a = arg;
    uint64_t waited_ms = (uint64_t)ASK_RETRY_MS << a->retries;

    a->retries++;
    a->stats.retried++;
    a->sent_ns[a->first % a->o.window] = clock_now_ns();
    if (a->events->retry)
        a->events->retry(a->first, a->retries, waited_ms, a->arg);
    if (send_again(a) == 0)
        wait_for_retry(a);
}

static void close_socket(struct ask *a)
{
    if (!a->dgram)
        return;
    a->facts.has_tls = ask_addr(a)->scheme == ADDR_DTLS && dtls_facts(a->dgram, NULL, &a->facts.tls) == 0;
    a->has_facts = true;
    dgram_free(a->dgram);
    a->dgram = NULL;
}

static void explain_error(const struct ask *a, int code, const struct err *why, struct err *err)
{
    char text[ADDR_TEXT_BYTES], peer[ENDPOINT_TEXT_BYTES];

    addr_format(ask_addr(a), text);
    if (code == -ECONNREFUSED && addr_is_local(ask_addr(a)->scheme))
        err_set(err, ERR_CONNECT, code,
            _("%s: connection refused; the socket is there, but its server is gone"), text);
    else if (code == -ECONNREFUSED)
        err_set(err, ERR_CONNECT, code,
            _("%s: %s says that the port is closed (ICMP); is the server up, is it the right port?"), text,
            endpoint_format_host(&a->facts.peer, peer));
    else if (why && why->text[0])
        err_set(err, why->kind, code, "%s: %s", text, why->text);
    else
        explain_unsent(a, code, 0, err);
}

/* The endpoint under way is of no use. True: another one is tried. */
static bool next_endpoint(struct ask *a)
{
    if (!a->fresh || a->stats.answered || a->endpoint + 1 >= a->n_endpoints)
        return false;
    close_socket(a);
    timer_stop(a->retry);
    a->endpoint++;
    open_endpoint(a);
    return true;
}

static void on_message(struct dgram *d, const struct dgram_message *m, void *arg)
{
    ask_datagram(arg, m->data, m->len, m->truncated);
}

static void on_error(struct dgram *d, const struct endpoint *peer, int code, const struct err *why, void *arg)
{
    struct ask *a = arg;
    struct err err;

    if (a->is_open && ask_under_way(a) == 0)
        return; /* about a message that was given up */
    explain_error(a, code, why, &err);
    if ((!a->is_open || a->reply.bytes == 0) && err.kind == ERR_CONNECT && next_endpoint(a))
        return;
    if (a->is_open) {
        ask_lose(a, &err);
    } else {
        close_socket(a);
        ask_open_failed(a, &err);
    }
}

static void ready(struct ask *a)
{
    /* The message that another endpoint of this name refused. */
    if (a->is_open && ask_under_way(a)) {
        a->phase = ASK_REPLY;
        a->sent_ns[a->first % a->o.window] = clock_now_ns();
        if (send_again(a) == 0)
            wait_for_retry(a);
        return;
    }
    ask_opened(a);
}

static void on_opened(struct dgram *d, void *arg)
{
    struct ask *a = arg;

    a->handshake_ns = (uint64_t)(clock_now_ns() - a->opening_ns);
    ready(a);
}

static void on_peer_gone(struct dgram *d, const struct endpoint *peer, void *arg)
{
    struct ask *a = arg;
    char text[ADDR_TEXT_BYTES];
    struct err err;

    if (ask_under_way(a) == 0) {
        a->stale = true;
        return;
    }
    err_set(&err, ERR_HUNG_UP, -ECONNRESET, _("%s: ended the DTLS association without an answer"),
        addr_format(ask_addr(a), text));
    ask_lose(a, &err);
}

static const struct dgram_events dgram_events = {
    .message = on_message,
    .error = on_error,
    .opened = on_opened,
    .peer_gone = on_peer_gone,
};

static int open_socket(struct ask *a, struct err *err)
{
    const struct addr *addr = ask_addr(a);
    const struct endpoint *to = &a->endpoints[a->endpoint];
    struct dgram *lower;
    int code;

    a->facts = (struct ask_facts){.addr = addr, .peer = *to};
    if (addr->scheme != ADDR_DTLS)
        return dgram_connect(a->loop, to, &dgram_events, a, &a->dgram, err);
    code = dgram_connect(a->loop, to, dtls_lower_events(), NULL, &lower, err);
    if (code < 0)
        return code;
    a->phase = ASK_HANDSHAKE;
    a->dgram = dtls_wrap_client(
        lower, a->o.dtls, a->o.server_name ? a->o.server_name : addr->host, &dgram_events, a);
    return 0;
}

/* Opens a socket to the endpoint under way, or the first after it that allows one. */
static void open_endpoint(struct ask *a)
{
    struct err why, err;
    char text[ADDR_TEXT_BYTES];
    int code;

    a->opening_ns = clock_now_ns();
    for (;; a->endpoint++) {
        code = open_socket(a, &why);
        if (code == 0)
            break;
        if (a->endpoint + 1 == a->n_endpoints) {
            err_set(&err, why.kind, code, "%s: %s", addr_format(ask_addr(a), text), why.text);
            if (a->is_open && ask_under_way(a))
                ask_lose(a, &err);
            else
                ask_open_failed(a, &err);
            return;
        }
    }
    dgram_local(a->dgram, &a->facts.local);
    if (ask_addr(a)->scheme != ADDR_DTLS)
        ready(a); /* else when the handshake is done */
}

static void resolved(const struct endpoint *endpoints, int count, const struct err *err, void *arg)
{
    struct ask *a = arg;
    struct endpoint numeric;

    a->resolve = NULL;
    if (count == 0) {
        char text[ADDR_TEXT_BYTES];
        struct err named;

        err_set(&named, err->kind, err->code, "%s: %s", addr_format(ask_addr(a), text), err->text);
        ask_open_failed(a, &named);
        return;
    }
    if (endpoint_from_numeric(&numeric, ask_addr(a)->host, ask_addr(a)->port) < 0)
        a->lookup_ns = (uint64_t)(clock_now_ns() - a->opening_ns);
    memcpy(a->endpoints, endpoints, (size_t)count * sizeof(*endpoints));
    a->n_endpoints = count;
    a->endpoint = 0;
    open_endpoint(a);
}

static void on_open_later(struct turn_end *t)
{
    open_endpoint(list_entry(t, struct ask, open_later));
}

static void dgram_line_open(struct ask *a)
{
    const struct addr *addr = ask_addr(a);

    turn_end_init(&a->open_later, on_open_later);
    a->opening_ns = clock_now_ns();
    if (a->n_endpoints && a->resolved_at == a->at) {
        /* Another socket to the one that was talked to; the name is not looked up again. */
        loop_at_turn_end(a->loop, &a->open_later);
        return;
    }
    a->resolved_at = a->at;
    a->n_endpoints = 0;
    if (!addr_is_local(addr->scheme)) {
        a->resolve = resolve_start(a->loop, addr->host, addr->port, SOCK_DGRAM, resolved, a);
        return;
    }
    a->endpoint = 0;
    a->n_endpoints = 1;
    endpoint_from_path(&a->endpoints[0], addr->path); /* its length was looked at when it was read */
    loop_at_turn_end(a->loop, &a->open_later);
}

static size_t dgram_line_feed(struct ask *a, const uint8_t *data, size_t len, bool last)
{
    size_t taken = 0;

    while (taken < len && !a->done && ask_under_way(a) < (a->fresh ? 1 : a->o.window)) {
        const uint8_t *line = data + taken, *newline = memchr(line, '\n', len - taken);
        size_t line_len = newline ? (size_t)(newline - line) : len - taken;

        if (!newline && !last)
            break;
        taken += line_len + (newline != NULL);
        if (a->fresh || a->o.window == 1) {
            str_reset(&a->kept);
            str_append(&a->kept, line, line_len);
            send_first(a);
            continue;
        }
        ask_sent(a, clock_now_ns());
        /* A full queue is a datagram lost, which shows as one. */
        dgram_send(a->dgram, NULL, line, line_len);
    }
    return taken;
}

static void dgram_line_feed_end(struct ask *a)
{
}

static void dgram_line_close(struct ask *a)
{
    resolve_cancel(a->resolve);
    a->resolve = NULL;
    if (a->open_later.run)
        turn_end_cancel(&a->open_later);
    close_socket(a);
}

static void dgram_line_explain_handshake(
    const struct ask *a, const char *address, const char *span, struct err *err)
{
    const char *words = a->dgram ? dtls_waits_for(a->dgram) : NULL;

    err_set(err, ERR_TIMEOUT, -ETIMEDOUT, _("%s: %s (after %s)"), address,
        words ? words : _("the DTLS handshake was not done in time"), span);
}

static void dgram_line_explain(const struct ask *a, const char *address, const char *span, struct err *err)
{
    if (a->retries)
        err_set(err, ERR_TIMEOUT, -ETIMEDOUT,
            _("%s: no reply within %s, though the message was sent %d times; does anybody listen there?"),
            address, span, a->retries + 1);
    else if (a->o.lines)
        err_set(err, ERR_TIMEOUT, -ETIMEDOUT, _("%s: no reply to line %" PRIu64 " within %s"), address,
            a->first, span);
    else
        err_set(err, ERR_TIMEOUT, -ETIMEDOUT,
            _("%s: no reply within %s; datagrams can get lost: --retries 3 sends it again"), address, span);
}

const struct ask_line ask_dgram_line = {
    .open = dgram_line_open,
    .send = send_first,
    .feed = dgram_line_feed,
    .feed_end = dgram_line_feed_end,
    .close = dgram_line_close,
    .explain_handshake = dgram_line_explain_handshake,
    .explain_silence = dgram_line_explain,
};
