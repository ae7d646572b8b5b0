/* SPDX-License-Identifier: ISC */
/* Asking over a stream: one connection, dialled, and bytes both ways. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "talk/ask_line.h"

#define PIECE_BYTES ((size_t)64 * 1024)

/* Where a reply is on its way the peer's RST comes too late to throw it away: what was read was printed. */
static void stream_broke(struct stream *s, int code, const struct err *why, void *arg)
{
    struct ask *a = arg;
    char text[ADDR_TEXT_BYTES];
    struct err err;
    uint64_t bytes = a->reply.bytes;

    addr_format(ask_addr(a), text);
    if (ask_under_way(a) == 0)
        err_set(&err, why->kind, code, "%s: %s", text, why->text);
    else if (why->kind != ERR_HUNG_UP)
        err_set(&err, why->kind, code,
            ngettext("%s: %s (%" PRIu64 " byte of the reply came)",
                "%s: %s (%" PRIu64 " bytes of the reply came)", bytes),
            text, why->text, bytes);
    else if (bytes)
        err_set(&err, ERR_HUNG_UP, code,
            ngettext("%s: broke off in the middle of the reply: %s after %" PRIu64 " byte",
                "%s: broke off in the middle of the reply: %s after %" PRIu64 " bytes", bytes),
            text, why->text, bytes);
    else
        err_set(&err, ERR_HUNG_UP, code,
            _("%s: hung up without an answer: %s; is the message what it expects (see --crlf, -n, tls://)?"),
            text, why->text);
    if (ask_under_way(a)) {
        ask_lose(a, &err);
    } else if (a->o.lines) {
        ask_finish(a, &err);
    } else {
        a->line->close(a);
        a->is_open = false;
    }
}

static void stream_said(struct stream *s, const uint8_t *data, size_t len, void *arg)
{
    struct ask *a = arg;

    ask_bytes(a, data, len);
    /* Quiet counts from when all is said on this side. */
    if (a->stream == s && (a->o.lines || a->message_at == a->message_len))
        ask_watch_quiet(a);
}

static void stream_ended(struct stream *s, void *arg)
{
    struct ask *a = arg;
    struct tls_facts facts;

    a->is_cut_off = tls_facts(s, &facts) == 0 && facts.cut_off;
    ask_hung_up(a);
}

/* Hands the stream as much of the message as it has room for. */
static void pump(struct ask *a)
{
    size_t left, piece;

    while ((left = a->message_len - a->message_at) > 0 && !stream_is_full(a->stream)) {
        piece = left < PIECE_BYTES ? left : PIECE_BYTES;
        if (stream_write(a->stream, a->message + a->message_at, piece) < 0)
            return; /* it has failed, and says so */
        a->message_at += piece;
    }
    if (left)
        return;
    if (a->o.half_close)
        stream_shutdown(a->stream);
    ask_watch_quiet(a);
}

static void stream_drained(struct stream *s, void *arg)
{
    struct ask *a = arg;

    if (!a->o.lines)
        pump(a);
    else if (ask_under_way(a) < a->o.window && !a->feed_ended)
        loop_at_turn_end(a->loop, &a->room_later);
}

static const struct stream_events stream_events = {
    .data = stream_said,
    .ended = stream_ended,
    .drained = stream_drained,
    .failed = stream_broke,
};

/* Of a call that came to nothing its ends are all that is known. */
static void note_ends(struct ask *a, const struct dial_report *report)
{
    if ((a->has_facts && a->facts.has_tcp) || report->local.sa.sa_family == AF_UNSPEC)
        return;
    a->facts = (struct ask_facts){.addr = ask_addr(a), .local = report->local, .peer = report->peer};
    a->has_facts = true;
}

static void dialled(struct stream *s, const struct dial_report *report, const struct err *err, void *arg)
{
    struct ask *a = arg;

    a->dial = NULL;
    a->lookup_ns = report->lookup_ns;
    a->connect_ns = report->connect_ns;
    a->handshake_ns = report->handshake_ns;
    if (err) {
        note_ends(a, report);
        ask_open_failed(a, err);
        return;
    }
    a->stream = s;
    a->facts = (struct ask_facts){.addr = ask_addr(a), .peer = report->peer};
    stream_local(s, &a->facts.local);
    stream_attach(s, &stream_events, a);
    ask_opened(a);
}

static void stream_line_open(struct ask *a)
{
    a->dial = dial_start(a->loop, ask_addr(a), addr_is_secure(ask_addr(a)->scheme) ? a->o.tls : NULL,
        a->o.server_name, dialled, a);
}

static void stream_line_send(struct ask *a)
{
    a->message_at = 0;
    ask_sent(a, clock_now_ns());
    pump(a);
}

/* Puts the ending that is wanted in place of the one that a line has. */
static void write_line(struct ask *a, const uint8_t *line, size_t len)
{
    if (len && line[len - 1] == '\n')
        len--;
    if (a->o.ending == ASK_CRLF && len && line[len - 1] == '\r')
        len--;
    stream_write(a->stream, line, len);
    if (a->o.ending == ASK_CRLF)
        stream_write(a->stream, "\r\n", 2);
    else if (a->o.ending == ASK_LF)
        stream_write(a->stream, "\n", 1);
}

static size_t stream_line_feed(struct ask *a, const uint8_t *data, size_t len, bool last)
{
    int64_t now_ns = clock_now_ns();
    size_t taken = 0, written = 0;

    /* Lines that leave as they are go to the stream together. */
    while (taken < len && ask_under_way(a) < a->o.window &&
           stream_queued(a->stream) + (taken - written) < STREAM_HIGH_BYTES) {
        const uint8_t *newline = memchr(data + taken, '\n', len - taken);
        size_t line_len = newline ? (size_t)(newline - data) + 1 - taken : len - taken;

        if (!newline && !last)
            break;
        ask_sent(a, now_ns);
        if (a->o.ending != ASK_LF || !newline) {
            stream_write(a->stream, data + written, taken - written);
            write_line(a, data + taken, line_len);
            written = taken + line_len;
        }
        taken += line_len;
    }
    stream_write(a->stream, data + written, taken - written);
    return taken;
}

static void stream_line_feed_end(struct ask *a)
{
    if (a->o.half_close)
        stream_shutdown(a->stream);
}

static void stream_line_close(struct ask *a)
{
    if (a->dial)
        note_ends(a, dial_report(a->dial));
    dial_cancel(a->dial);
    a->dial = NULL;
    if (!a->stream)
        return;
    a->facts.has_tcp =
        tcp_facts_read(stream_fd(a->stream), &a->facts.local, &a->facts.peer, &a->facts.tcp) == 0;
    a->facts.has_tls = tls_facts(a->stream, &a->facts.tls) == 0;
    a->has_facts = true;
    /* FIN, or TLS's good-bye, leaves at this turn's end; nobody waits for the peer's. */
    stream_finish(a->stream, 0);
    a->stream = NULL;
}

static void stream_line_explain(const struct ask *a, const char *address, const char *span, struct err *err)
{
    size_t queued = a->stream ? stream_queued(a->stream) : 0;

    if (!a->o.lines && (a->message_at < a->message_len || queued))
        err_set(err, ERR_TIMEOUT, -ETIMEDOUT,
            _("%s: after %s only %zu of %zu bytes of the message have left: the peer reads no further"),
            address, span, a->message_at - (queued < a->message_at ? queued : a->message_at), a->message_len);
    else if (a->o.lines)
        err_set(err, ERR_TIMEOUT, -ETIMEDOUT, _("%s: no reply to line %" PRIu64 " within %s"), address,
            a->first, span);
    else if (a->message_len == 0)
        err_set(err, ERR_TIMEOUT, -ETIMEDOUT,
            _("%s: connected, but the message was empty, so nothing was sent, and nothing came within %s"),
            address, span);
    else
        err_set(err, ERR_TIMEOUT, -ETIMEDOUT,
            _("%s: connected, and the message was sent, but no reply came within %s; --timeout waits longer"),
            address, span);
}

const struct ask_line ask_stream_line = {
    .open = stream_line_open,
    .send = stream_line_send,
    .feed = stream_line_feed,
    .feed_end = stream_line_feed_end,
    .close = stream_line_close,
    .explain_silence = stream_line_explain,
};
