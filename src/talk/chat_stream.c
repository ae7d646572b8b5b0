/* SPDX-License-Identifier: ISC */
/* A conversation over a stream. What is written is followed by its place among the call's bytes: the kernel
 * says how many of them it has not sent yet and how many the peer's kernel has not acknowledged (SIOCOUTQ).
 * It is asked when a turn's writes have left, and then, while something is outstanding, after 1, 2, 4 ... ms:
 * on loopback and in a local network once is enough; nothing is asked while nothing is outstanding. */
#include <errno.h>
#include <string.h>

#include "base/i18n.h"
#include "net/tls.h"
#include "talk/chat_inside.h"

#define SEND_PIECES_BYTES (256 * 1024) /* of the outbox at once; the rest when it has left */

/* ---- what we say ---- */

/* Follows what has left and what has arrived. May free entries, and through events close the stream. */
static void look(struct chat_peer *p)
{
    size_t unacked = stream_unacked(p->stream), queued = stream_queued(p->stream);
    uint64_t taken = p->written > queued ? p->written - queued : 0;
    uint64_t acked = p->written > unacked ? p->written - unacked : 0;
    const struct stream *s = p->stream;

    if (acked > p->acked) {
        p->acked = acked;
        p->redial_ms = 0;
    }
    list_for_each_safe (node, after, &p->outbox) {
        struct chat_entry *e = list_entry(node, struct chat_entry, node);

        if (e->end_at == 0 || e->end_at > taken || p->stream != s)
            break;
        if (e->end_at <= p->acked)
            chat_entry_set(e, STORE_ACKED, "");
        else if (e->m.state == STORE_WAITING)
            chat_entry_set(e, STORE_SENT, "");
    }
}

static void look_again(struct chat_peer *p)
{
    if (!p->stream)
        return;
    if (p->acked >= p->written) {
        if (p->chat->is_stopping) {
            chat_stream_finish(p);
            chat_check_stopped(p->chat);
        }
        return;
    }
    timer_start(p->ack, p->ack_ms);
    p->ack_ms = p->ack_ms * 2 > CHAT_ACK_POLL_MAX_MS ? CHAT_ACK_POLL_MAX_MS : p->ack_ms * 2;
}

void chat_stream_on_ack(void *arg)
{
    struct chat_peer *p = arg;

    if (!p->stream)
        return;
    look(p);
    look_again(p);
}

void chat_stream_on_look(struct turn_end *t)
{
    struct chat_peer *p = list_entry(t, struct chat_peer, look);

    if (!p->stream)
        return;
    p->ack_ms = CHAT_ACK_POLL_MIN_MS;
    look(p);
    look_again(p);
}

void chat_stream_send(struct chat_peer *p)
{
    struct str bytes = STR_INIT;
    struct chat_entry *e;

    if (!p->stream || p->line != CHAT_LINE_UP)
        return;
    while (stream_queued(p->stream) < SEND_PIECES_BYTES && (e = chat_outbox_next(p))) {
        str_reset(&bytes);
        chat_entry_bytes(e, &bytes);
        if (stream_write(p->stream, bytes.data, bytes.len) < 0)
            break; /* it has failed, and says so */
        p->written += bytes.len;
        e->end_at = p->written;
        loop_at_turn_end(p->chat->loop, &p->look);
    }
    str_done(&bytes);
}

/* ---- what they say ---- */

void chat_stream_set_reading(struct chat_peer *p, bool reading)
{
    if (!p->stream || p->is_paused != reading)
        return;
    p->is_paused = !reading;
    if (reading)
        stream_resume(p->stream);
    else
        stream_pause(p->stream);
}

static void take(struct chat_peer *p, const struct line *line, enum line_result result)
{
    if (result == LINE_MESSAGE && !p->chat->options->ending_is_fixed)
        p->ending = line->ending;
    chat_inbox_take(p, line->data, line->len, line->ending, result == LINE_PART, &p->endpoint);
}

static void on_data(struct stream *s, const uint8_t *data, size_t len, void *arg)
{
    struct chat_peer *p = arg;
    enum line_result result;
    struct line line;

    /* What they answer they have: it must not be found acknowledged only after its answer. */
    if (p->acked < p->written)
        look(p);
    while (p->stream == s && (result = line_next(&p->lines, &data, &len, &line)) != LINE_MORE)
        take(p, &line, result);
    if (p->stream != s)
        return;
    if (line_is_pending(&p->lines))
        deadlines_arm(p->chat->quiet, &p->quiet);
    else
        deadline_disarm(&p->quiet);
}

static void take_bare(struct chat_peer *p)
{
    const struct stream *s = p->stream;
    enum line_result result;
    struct line line;

    deadline_disarm(&p->quiet);
    while (p->stream == s && (result = line_flush(&p->lines, &line)) != LINE_MORE)
        take(p, &line, result);
}

void chat_stream_on_quiet(struct deadline *d, void *arg)
{
    take_bare(list_entry(d, struct chat_peer, quiet));
}

/* All that they have said is taken, and all that is known to have arrived is noted. False: an event has ended
 * the call. */
static bool take_last_words(struct chat_peer *p)
{
    const struct stream *s = p->stream;

    take_bare(p);
    if (p->stream == s)
        look(p);
    return p->stream == s;
}

static void on_ended(struct stream *s, void *arg)
{
    struct chat_peer *p = arg;

    if (!p->is_announced) {
        chat_close(p);
        return;
    }
    if (!take_last_words(p))
        return;
    /* They say no more; people who hang up do not read on either, and a program that half-closes has had what
     * was said before. What is queued still goes. */
    chat_stream_finish(p);
    chat_call_ended(p, CHAT_WHY_HUNG_UP, NULL);
}

static void on_drained(struct stream *s, void *arg)
{
    struct chat_peer *p = arg;

    chat_send_later(p);
    loop_at_turn_end(p->chat->loop, &p->look);
}

static void on_failed(struct stream *s, int code, const struct err *why, void *arg)
{
    struct chat_peer *p = arg;
    struct err err;

    if (!p->is_announced) { /* a handshake that came to nothing */
        err_set(&err, why->kind, code, "%s: %s", p->name.data, why->text);
        chat_trouble(p->chat, NULL, &err);
        chat_close(p);
        return;
    }
    if (take_last_words(p))
        chat_call_ended(p, CHAT_WHY_BROKEN, why);
}

static void on_opened(struct stream *s, void *arg)
{
    struct chat_peer *p = arg;

    chat_peer_announce(p);
    if (p->stream == s)
        chat_call_done(p, CHAT_WHY_CALLED);
}

static const struct stream_events events = {
    .data = on_data,
    .ended = on_ended,
    .drained = on_drained,
    .failed = on_failed,
    .opened = on_opened,
};

/* ---- the call ---- */

static void attach(struct chat_peer *p, struct stream *s)
{
    p->stream = s;
    p->written = p->acked = 0;
    p->is_paused = false;
    line_reader_done(&p->lines);
    stream_attach(s, &events, p);
    if (p->chat->journal_is_late)
        chat_stream_set_reading(p, false);
}

static void tell_end(const struct chat_peer *p, const struct stream *s, const struct endpoint *local,
    const struct endpoint *peer)
{
    const struct chat_options *o = p->chat->options;

    if (o->call_ends)
        o->call_ends(s, local, peer, o->call_ends_arg);
}

static void on_dialled(struct stream *s, const struct dial_report *report, const struct err *err, void *arg)
{
    struct chat_peer *p = arg;
    struct tls_facts facts;
    struct err why;

    p->dial = NULL;
    if (err) {
        tell_end(p, NULL, &report->local, &report->peer);
        chat_call_failed(p, err);
        return;
    }
    if (tls_facts(s, &facts) == 0 && !chat_call_is_trusted(p, &facts, &why)) {
        stream_close(s);
        chat_call_failed(p, &why);
        return;
    }
    /* The event about a first sight may have ended it, or called again. */
    if (p->is_closing || p->is_held || p->chat->is_stopping || p->dial) {
        stream_close(s);
        return;
    }
    p->endpoint = report->peer;
    attach(p, s);
    chat_call_done(p, CHAT_WHY_ANSWERED);
}

void chat_stream_dial(struct chat_peer *p)
{
    const struct addr *addr = &p->addrs[p->addr_at];
    struct tls_context *tls = NULL;
    struct err err;

    if (addr_is_secure(addr->scheme)) {
        tls = chat_call_tls(p->chat, TLS_STREAM, &err);
        if (!tls) {
            chat_call_failed(p, &err);
            return;
        }
    }
    p->dial = dial_start(p->chat->loop, addr, tls, NULL, on_dialled, p);
}

/* A caller's conversation is called by where they call from. */
static void name_caller(
    const struct chat_door *door, const struct stream *s, struct addr *ret, struct endpoint *ret_from)
{
    *ret = (struct addr){.scheme = door->addr.scheme};
    stream_peer(s, ret_from);
    if (addr_is_local(ret->scheme)) {
        /* The client's end of a unix socket has no name: ours, and which caller it is. */
        snprintf(ret->path, sizeof(ret->path), "%.*s#%" PRIu64, (int)sizeof(ret->path) - 24, door->addr.path,
            ++door->chat->callers);
        return;
    }
    endpoint_format_host(ret_from, ret->host);
    ret->port = endpoint_port(ret_from);
}

void chat_stream_accept(struct chat_door *door, struct stream *s)
{
    struct chat *c = door->chat;
    struct chat_peer *p = NULL;
    struct addr addr;
    struct endpoint from;

    name_caller(door, s, &addr, &from);
    if (c->is_stopping || (from.sa.sa_family == AF_UNSPEC && !addr_is_local(addr.scheme))) {
        stream_close(s); /* or: hung up (RST) before we came to it */
        return;
    }
    if (c->n_calls >= CHAT_CALLS_MAX || !chat_has_room(c)) {
        stream_close(s);
        chat_tell_crowd(c);
        return;
    }
    p = chat_peer_new(c, NULL, &addr, 1, false);
    p->is_caller = true;
    p->endpoint = from;
    p->heard_ms = loop_now_ms(c->loop);
    c->n_calls++;
    attach(p, door->tls ? tls_wrap(s, door->tls, NULL) : s);
    if (stream_is_open(p->stream))
        on_opened(p->stream, p);
}

static struct stream *let_go(struct chat_peer *p)
{
    struct stream *s = p->stream;
    const struct endpoint unknown = {0};

    tell_end(p, s, &unknown, &p->endpoint);
    p->stream = NULL;
    timer_stop(p->ack);
    turn_end_cancel(&p->look);
    deadline_disarm(&p->quiet);
    line_reader_done(&p->lines);
    if (p->is_caller)
        p->chat->n_calls--;
    return s;
}

void chat_stream_close(struct chat_peer *p)
{
    if (!p->stream)
        return;
    stream_close(let_go(p));
    chat_outbox_unsend(p, _("the call broke off before it was acknowledged"));
}

void chat_stream_finish(struct chat_peer *p)
{
    if (!p->stream)
        return;
    stream_finish(let_go(p), CHAT_LINGER_MS);
    chat_outbox_unsend(p, _("the call ended before it was acknowledged"));
}

void chat_stream_goodbye(struct chat_peer *p)
{
    p->ack_ms = CHAT_ACK_POLL_MIN_MS;
    look(p);
    look_again(p);
}
