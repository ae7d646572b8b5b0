/* SPDX-License-Identifier: ISC */
/* What is asked when, where a reply ends, what counts as lost, and how it all ends. How messages travel is in
 * ask_stream.c and ask_dgram.c.
 *
 * Nothing here costs a system call, an allocation or a timer for each message: the limit's timer is set once
 * and, when it fires, looks at what the oldest message has left. */
#include "talk/ask.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/xmalloc.h"
#include "talk/ask_line.h"

#define NS_PER_MS INT64_C(1000000)

static const struct ask_line *line_of(const struct ask *a)
{
    return addr_is_stream(ask_addr(a)->scheme) ? &ask_stream_line : &ask_dgram_line;
}

static void call(struct ask *a)
{
    a->phase = addr_is_local(ask_addr(a)->scheme) ? ASK_CONNECT : ASK_LOOKUP;
    a->line = line_of(a);
    a->began_ns = clock_now_ns();
    a->lookup_ns = a->connect_ns = a->handshake_ns = 0;
    a->fresh = true;
    a->stale = false;
    a->is_cut_off = false;
    if (a->o.timeout_ms)
        timer_start(a->limit, a->o.timeout_ms);
    a->line->open(a);
}

static void hang_up(struct ask *a)
{
    timer_stop(a->quiet);
    timer_stop(a->retry);
    if (a->line)
        a->line->close(a);
    a->is_open = false;
}

/* The time for the next message, or the first. */
static void begin(void *arg)
{
    struct ask *a = arg;

    if (a->is_open && a->stale)
        hang_up(a);
    if (!a->is_open) {
        call(a);
        return;
    }
    a->began_ns = clock_now_ns();
    if (a->o.timeout_ms)
        timer_start(a->limit, a->o.timeout_ms);
    a->phase = ASK_REPLY;
    a->line->send(a);
}

static void want_lines(struct ask *a)
{
    if (!a->feed_ended && a->is_open)
        loop_at_turn_end(a->loop, &a->room_later);
}

void ask_finish(struct ask *a, const struct err *err)
{
    if (a->done)
        return;
    a->done = true;
    timer_stop(a->limit);
    timer_stop(a->pace);
    hang_up(a);
    a->phase = ASK_DONE;
    if (!err && a->has_loss)
        err = &a->loss;
    if (err)
        a->ending = *err;
    turn_end_cancel(&a->start_later);
    turn_end_cancel(&a->room_later);
    loop_at_turn_end(a->loop, &a->end_later);
}

/* A message is over, well or not. */
static void go_on(struct ask *a)
{
    uint64_t asked = a->stats.sent + a->stats.unsent;
    int64_t passed_ms;

    if (a->o.lines) {
        if (a->feed_ended && ask_under_way(a) == 0)
            ask_finish(a, NULL);
        else
            want_lines(a);
        return;
    }
    timer_stop(a->limit);
    if (a->o.count && asked >= a->o.count) {
        ask_finish(a, NULL);
        return;
    }
    /* Where each reply ends by hanging up the next message needs a call anyway. */
    if (a->is_open && (a->o.half_close || a->o.rule.end == REPLY_CLOSE))
        hang_up(a);
    a->phase = ASK_PAUSE;
    passed_ms = (clock_now_ns() - a->began_ns) / NS_PER_MS;
    timer_start(a->pace, passed_ms < (int64_t)a->o.interval_ms ? a->o.interval_ms - (uint64_t)passed_ms : 0);
}

/* Another address, as long as nobody has answered. */
static bool try_next(struct ask *a, const struct err *err)
{
    if (a->stats.answered || a->at + 1 >= a->o.n_addresses || err->kind == ERR_UNTRUSTED)
        return false;
    if (a->o.lines && a->stats.sent)
        return false;
    if (a->events->next)
        a->events->next(err, a->arg);
    hang_up(a);
    /* What was sent there has to be sent again, and counts once. */
    a->stats.sent -= ask_under_way(a);
    a->last = a->first - 1;
    a->at++;
    call(a);
    return true;
}

static void note_loss(struct ask *a, uint64_t number, size_t bytes, const struct err *err)
{
    a->loss = *err;
    a->has_loss = true;
    if (a->events->lost)
        a->events->lost(number, bytes, err, a->arg);
}

void ask_opened(struct ask *a)
{
    a->is_open = true;
    a->phase = ASK_REPLY;
    if (a->o.lines) {
        timer_stop(a->limit);
        if (a->feed_ended && a->stats.sent == 0)
            ask_finish(a, NULL);
        else
            want_lines(a);
    } else {
        a->line->send(a);
    }
}

void ask_open_failed(struct ask *a, const struct err *err)
{
    a->is_open = false;
    if (a->done || try_next(a, err))
        return;
    if (a->o.lines || a->o.count == 1) {
        a->stats.unsent += !a->o.lines;
        ask_finish(a, err);
        return;
    }
    a->stats.unsent++;
    note_loss(a, a->stats.sent + a->stats.unsent, 0, err);
    /* A name that is unknown, a certificate that is wrong: asking again won't help. */
    if (err->kind == ERR_NAME || err->kind == ERR_UNTRUSTED || err->kind == ERR_PERMISSION)
        ask_finish(a, err);
    else
        go_on(a);
}

void ask_sent(struct ask *a, int64_t now_ns)
{
    uint64_t number = ++a->last;

    a->sent_ns[number % a->o.window] = now_ns;
    a->stats.sent++;
    if (number != a->first)
        return;
    reply_begin(&a->reply, &a->o.rule, a->one_line, a->o.lines && a->o.window > 1);
    a->retries = 0;
    a->truncated = false;
    a->first_byte_ns = 0;
    if (a->o.lines && a->o.timeout_ms && !timer_is_running(a->limit))
        timer_start(a->limit, a->o.timeout_ms);
}

/* Takes the oldest message off what is under way. */
static void drop_first(struct ask *a)
{
    a->first++;
    timer_stop(a->quiet);
    timer_stop(a->retry);
    a->retries = 0;
    a->truncated = false;
    a->first_byte_ns = 0;
    if (ask_under_way(a))
        reply_begin(&a->reply, &a->o.rule, a->one_line, a->o.lines && a->o.window > 1);
}

static void complete(struct ask *a)
{
    int64_t sent_ns = a->sent_ns[a->first % a->o.window];
    struct ask_exchange x = {
        .number = a->first,
        .lookup_ns = a->lookup_ns,
        .connect_ns = a->connect_ns,
        .handshake_ns = a->handshake_ns,
        .called = a->fresh,
        .round_trip_ns = a->last_byte_ns - sent_ns,
        .first_byte_ns = a->first_byte_ns - sent_ns,
        .reply_bytes = a->reply.bytes,
        .retries = a->retries,
        .is_cut_off = a->is_cut_off,
        .is_truncated = a->truncated,
        .addr = ask_addr(a),
        .peer = a->facts.peer,
    };

    if (a->retries)
        a->stale = true;
    a->fresh = false;
    ask_stats_add(&a->stats, x.round_trip_ns);
    drop_first(a);
    if (a->events->answered)
        a->events->answered(&x, a->arg);
    go_on(a);
}

static void note_bytes(struct ask *a, int64_t now_ns)
{
    if (a->first_byte_ns == 0)
        a->first_byte_ns = now_ns;
    a->last_byte_ns = now_ns;
}

void ask_watch_quiet(struct ask *a)
{
    if (!a->done && ask_under_way(a) && reply_waits_for_quiet(&a->reply))
        timer_start(a->quiet, a->o.rule.quiet_ms);
}

void ask_bytes(struct ask *a, const uint8_t *data, size_t len)
{
    int64_t now_ns = clock_now_ns();

    while (len && !a->done) {
        bool whole;
        size_t taken;

        if (ask_under_way(a) == 0) {
            a->events->data(0, data, len, a->arg);
            return;
        }
        taken = reply_take(&a->reply, data, len, &whole);
        note_bytes(a, now_ns);
        a->events->data(a->first, data, taken, a->arg);
        data += taken;
        len -= taken;
        if (whole)
            complete(a);
    }
}

void ask_datagram(struct ask *a, const uint8_t *data, size_t len, bool truncated)
{
    bool whole;

    if (ask_under_way(a) == 0) {
        a->events->data(0, data, len, a->arg);
        return;
    }
    reply_take(&a->reply, data, len, &whole);
    note_bytes(a, clock_now_ns());
    a->truncated |= truncated;
    timer_stop(a->retry);
    if (len)
        a->events->data(a->first, data, len, a->arg);
    if (a->o.rule.end == REPLY_QUIET)
        timer_start(a->quiet, a->o.rule.quiet_ms);
    else
        complete(a);
}

static void on_quiet(void *arg)
{
    complete(arg);
}

void ask_lose(struct ask *a, const struct err *err)
{
    uint64_t number = a->first, bytes = a->reply.bytes;
    bool is_stream = addr_is_stream(ask_addr(a)->scheme);

    if (a->done || ask_under_way(a) == 0)
        return;
    /* On a stream no reply can come after one that did not. */
    a->stats.lost += is_stream ? ask_under_way(a) : 1;
    drop_first(a);
    if (is_stream) {
        a->first = a->last + 1;
        if (!a->o.lines)
            hang_up(a);
    } else {
        a->stale = !a->o.lines || a->o.window == 1;
    }
    note_loss(a, number, bytes, err);
    if (a->o.lines && (is_stream || err->kind != ERR_TIMEOUT))
        ask_finish(a, err);
    else
        go_on(a);
}

void ask_hung_up(struct ask *a)
{
    char text[ADDR_TEXT_BYTES];
    struct err err;

    addr_format(ask_addr(a), text);
    if (ask_under_way(a) && reply_ends_at_close(&a->reply))
        complete(a);
    if (a->done)
        return;
    if (ask_under_way(a) && a->reply.bytes) {
        struct str wanted = STR_INIT;

        reply_rule_append(&wanted, &a->o.rule);
        err_set(&err, ERR_HUNG_UP, -ECONNRESET,
            ngettext("%s: hung up after %" PRIu64 " byte of the reply, which should end at %s",
                "%s: hung up after %" PRIu64 " bytes of the reply, which should end at %s", a->reply.bytes),
            text, a->reply.bytes, wanted.data);
        str_done(&wanted);
        ask_lose(a, &err);
    } else if (ask_under_way(a)) {
        err_set(&err, ERR_HUNG_UP, -ECONNRESET,
            _("%s: hung up without an answer; is the message what it expects (see --crlf, -n, tls://)?"),
            text);
        ask_lose(a, &err);
    } else if (a->o.lines) {
        err_set(&err, ERR_HUNG_UP, -ECONNRESET,
            ngettext("%s: hung up after %" PRIu64 " answer, before there was a further line",
                "%s: hung up after %" PRIu64 " answers, before there was a further line", a->stats.answered),
            text, a->stats.answered);
        ask_finish(a, &err);
    } else {
        hang_up(a);
    }
}

static void explain_timeout(const struct ask *a, struct err *err)
{
    char text[ADDR_TEXT_BYTES];
    struct str span = STR_INIT, wanted = STR_INIT;

    addr_format(ask_addr(a), text);
    clock_append_span(&span, (int64_t)a->o.timeout_ms * NS_PER_MS);
    switch (a->phase) {
    case ASK_LOOKUP:
        err_set(err, ERR_TIMEOUT, -ETIMEDOUT,
            _("%s: the name lookup took longer than %s; is the name server reachable?"), text, span.data);
        break;
    case ASK_CONNECT:
        err_set(err, ERR_TIMEOUT, -ETIMEDOUT,
            _("%s: no connection within %s; the host is down, or something drops the call (a firewall?)"),
            text, span.data);
        break;
    case ASK_HANDSHAKE:
        if (a->line->explain_handshake) {
            a->line->explain_handshake(a, text, span.data, err);
            break;
        }
        err_set(err, ERR_TIMEOUT, -ETIMEDOUT,
            _("%s: the TLS handshake was not done within %s; does the port speak TLS?"), text, span.data);
        break;
    default:
        if (a->reply.bytes) {
            reply_rule_append(&wanted, &a->o.rule);
            err_set(err, ERR_TIMEOUT, -ETIMEDOUT,
                ngettext("%s: %" PRIu64 " byte of the reply came within %s, but it did not end (%s)",
                    "%s: %" PRIu64 " bytes of the reply came within %s, but it did not end (%s)",
                    a->reply.bytes),
                text, a->reply.bytes, span.data, wanted.data);
        } else {
            a->line->explain_silence(a, text, span.data, err);
        }
    }
    str_done(&span);
    str_done(&wanted);
}

enum ask_phase ask_phase(const struct ask *a)
{
    if (a->dial)
        switch (dial_phase(a->dial)) {
        case DIAL_LOOKUP:
            return addr_is_local(ask_addr(a)->scheme) ? ASK_CONNECT : ASK_LOOKUP;
        case DIAL_CONNECT:
            return ASK_CONNECT;
        case DIAL_HANDSHAKE:
            return ASK_HANDSHAKE;
        case DIAL_DONE:
            break;
        }
    return a->phase;
}

static void on_limit(void *arg)
{
    struct ask *a = arg;
    int64_t since_ns = a->began_ns, left_ns;
    struct err err;

    a->phase = ask_phase(a);
    if (a->phase != ASK_REPLY) {
        explain_timeout(a, &err);
        hang_up(a);
        ask_open_failed(a, &err);
        return;
    }
    if (ask_under_way(a) == 0)
        return;
    if (a->o.lines)
        since_ns = a->sent_ns[a->first % a->o.window];
    left_ns = since_ns + (int64_t)a->o.timeout_ms * NS_PER_MS - clock_now_ns();
    if (left_ns > 0) {
        timer_start(a->limit, (uint64_t)((left_ns + NS_PER_MS - 1) / NS_PER_MS));
        return;
    }
    explain_timeout(a, &err);
    if (!addr_is_stream(ask_addr(a)->scheme) && try_next(a, &err))
        return;
    ask_lose(a, &err);
    if (!a->done && ask_under_way(a))
        timer_start(a->limit, 1);
}

static void on_start(struct turn_end *t)
{
    struct ask *a = list_entry(t, struct ask, start_later);

    if (a->o.lines)
        call(a);
    else
        begin(a);
}

static void on_room(struct turn_end *t)
{
    struct ask *a = list_entry(t, struct ask, room_later);

    if (a->is_open && !a->feed_ended && ask_under_way(a) < a->o.window)
        a->events->room(a->arg);
}

static void on_end(struct turn_end *t)
{
    struct ask *a = list_entry(t, struct ask, end_later);

    a->events->finished(a->ending.kind ? &a->ending : NULL, a->arg);
}

static int check_address(const struct addr *addr, const struct ask_options *o, struct err *err)
{
    char text[ADDR_TEXT_BYTES];

    addr_format(addr, text);
    switch (addr->scheme) {
    case ADDR_IRC:
    case ADDR_IRCS:
    case ADDR_WS:
    case ADDR_WSS:
        return err_set(err, ERR_MISUSE, -EINVAL,
            _("%s: asking goes over tcp, tls, udp, dtls, unix and unixgram; for the bare bytes write %s://"),
            text, addr_is_secure(addr->scheme) ? "tls" : "tcp");
    default:
        break;
    }
    if (addr_is_stream(addr->scheme)) {
        if (o->retries)
            return err_set(err, ERR_MISUSE, -EINVAL,
                _("%s: --retries is for datagrams; TCP itself sends again what is lost"), text);
        return 0;
    }
    if (o->half_close)
        return err_set(
            err, ERR_MISUSE, -EINVAL, _("%s: --half-close is for streams; datagrams have no end"), text);
    if (o->rule.end != REPLY_AUTO && o->rule.end != REPLY_QUIET)
        return err_set(err, ERR_MISUSE, -EINVAL,
            _("%s: a datagram is a whole reply; the only --until for it is quiet:MS (several of them)"),
            text);
    if (o->lines && o->window > 1 && o->retries)
        return err_set(err, ERR_MISUSE, -EINVAL,
            _("%s: --retries needs --window 1: with several lines on their way a late answer could be "
              "taken for that to another"),
            text);
    return 0;
}

static int check(const struct ask_options *o, struct err *err)
{
    int code;

    for (size_t i = 0; i < o->n_addresses; i++) {
        code = check_address(&o->addresses[i], o, err);
        if (code < 0)
            return code;
    }
    if (o->lines && o->rule.end == REPLY_CLOSE)
        return err_set(err, ERR_MISUSE, -EINVAL,
            _("--until close ends one reply only; with --lines it is newline, quiet:MS or bytes:N"));
    if (o->lines && o->window > 1 && o->rule.end == REPLY_QUIET)
        return err_set(err, ERR_MISUSE, -EINVAL,
            _("--until quiet needs --window 1: the replies to several lines are not told apart by it"));
    return 0;
}

static void set_message(struct ask *a)
{
    static const char *const endings[] = {[ASK_LF] = "\n", [ASK_CRLF] = "\r\n", [ASK_BARE] = ""};

    str_init(&a->ended);
    a->message = a->o.message;
    a->message_len = a->o.message_len;
    if (!a->o.lines && a->o.ending != ASK_BARE) {
        str_append(&a->ended, a->o.message, a->o.message_len);
        str_append_str(&a->ended, endings[a->o.ending]);
        a->message = (const uint8_t *)a->ended.data;
        a->message_len = a->ended.len;
    }
    a->one_line = a->o.lines || a->message_len == 0 || !memchr(a->message, '\n', a->message_len - 1);
}

int ask_start(struct loop *loop, const struct ask_options *options, const struct ask_events *events,
    void *arg, struct ask **ret, struct err *err)
{
    int code = check(options, err);
    struct ask *a;

    assert(options->n_addresses > 0 && options->window >= 1 && options->window <= ASK_WINDOW_MAX);
    if (code < 0)
        return code;
    a = xcalloc(1, sizeof(*a));
    a->loop = loop;
    a->o = *options;
    a->events = events;
    a->arg = arg;
    a->first = 1;
    if (!a->o.lines)
        a->o.window = 1;
    set_message(a);
    /* A peer that is told that nothing more comes has no reason to stay: its hang-up is the end. */
    if (a->o.half_close && !a->o.lines && a->o.rule.end == REPLY_AUTO)
        a->o.rule.end = REPLY_CLOSE;
    a->sent_ns = xcalloc(a->o.window, sizeof(*a->sent_ns));
    a->limit = timer_new(loop, on_limit, a);
    a->quiet = timer_new(loop, on_quiet, a);
    a->pace = timer_new(loop, begin, a);
    str_init(&a->kept);
    turn_end_init(&a->start_later, on_start);
    turn_end_init(&a->room_later, on_room);
    turn_end_init(&a->end_later, on_end);
    a->retry = timer_new(loop, ask_dgram_retry, a);
    loop_at_turn_end(loop, &a->start_later);
    *ret = a;
    return 0;
}

size_t ask_feed(struct ask *a, const uint8_t *data, size_t len, bool last)
{
    assert(a->o.lines);
    if (a->done || !a->is_open || a->feed_ended)
        return 0;
    if (a->stale && ask_under_way(a) == 0) {
        /* The room event follows when there is a new socket. */
        hang_up(a);
        call(a);
        return 0;
    }
    return a->line->feed(a, data, len, last);
}

void ask_feed_end(struct ask *a)
{
    if (a->done || a->feed_ended)
        return;
    a->feed_ended = true;
    if (a->is_open)
        a->line->feed_end(a);
    if (a->is_open && ask_under_way(a) == 0)
        ask_finish(a, NULL);
}

void ask_stop(struct ask *a)
{
    ask_finish(a, NULL);
}

void ask_free(struct ask *a)
{
    if (!a)
        return;
    if (!a->done)
        hang_up(a);
    turn_end_cancel(&a->start_later);
    turn_end_cancel(&a->room_later);
    turn_end_cancel(&a->end_later);
    timer_free(a->limit);
    timer_free(a->quiet);
    timer_free(a->pace);
    timer_free(a->retry);
    free(a->sent_ns);
    str_done(&a->kept);
    str_done(&a->ended);
    free(a);
}

const struct ask_stats *ask_stats(const struct ask *a)
{
    return &a->stats;
}

bool ask_facts(const struct ask *a, struct ask_facts *ret)
{
    if (a->has_facts)
        *ret = a->facts;
    return a->has_facts;
}
