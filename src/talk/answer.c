/* SPDX-License-Identifier: ISC */
/* The answerer as a whole: its addresses, who may call, what is told of it, and how it stops. */
#include "talk/answer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/xmalloc.h"
#include "talk/answer_inside.h"

/* ":0" is one port for IPv4 and IPv6: the kernel's choice for the first may be taken for the second. */

const char *answer_who_text(const struct answer_who *who, char text[ENDPOINT_TEXT_BYTES])
{
    if (who->peer->sa.sa_family == AF_UNSPEC && who->pid)
        snprintf(text, ENDPOINT_TEXT_BYTES, "pid %d", (int)who->pid);
    else
        endpoint_format(who->peer, text);
    return text;
}

const char *answer_who_host(const struct answer_who *who, char text[ENDPOINT_TEXT_BYTES])
{
    if (who->peer->sa.sa_family == AF_INET || who->peer->sa.sa_family == AF_INET6)
        return endpoint_format_host(who->peer, text);
    return answer_who_text(who, text);
}

static bool is_in(const struct cidr *blocks, size_t count, const struct endpoint *peer)
{
    for (size_t i = 0; i < count; i++)
        if (cidr_contains(&blocks[i], peer))
            return true;
    return false;
}

bool answer_is_allowed(const struct answer *a, const struct endpoint *peer)
{
    const struct answer_options *o = a->options;

    if (peer->sa.sa_family != AF_INET && peer->sa.sa_family != AF_INET6)
        return true;
    if (is_in(o->deny, o->deny_count, peer))
        return false;
    return o->allow_count == 0 || is_in(o->allow, o->allow_count, peer);
}

void answer_refuse(
    struct answer *a, enum answer_refusal why, const struct answer_who *who, const struct err *err)
{
    uint64_t now = loop_now_ms(a->loop) + 1; /* 0 is never */

    a->counts.refused[why]++;
    a->refused_untold[why]++;
    if (!a->events->refused || (a->refused_told_ms[why] && now - a->refused_told_ms[why] < ANSWER_TOLD_MS))
        return;
    a->refused_told_ms[why] = now;
    a->events->refused(why, a->refused_untold[why], who, err, a->arg);
    a->refused_untold[why] = 0;
}

uint64_t answer_note_message(
    struct answer *a, const struct answer_who *who, const uint8_t *data, size_t len, enum line_ending ending)
{
    uint64_t number = ++a->counts.messages;

    if (a->events->message) {
        struct answer_message message = {.data = data, .len = len, .ending = ending, .number = number};

        a->events->message(who, &message, a->arg);
    }
    return number;
}

int answer_fill_reply(
    struct answer *a, const struct answer_who *who, const uint8_t *data, size_t len, uint64_t number)
{
    struct reply_values values = {.message = data, .message_len = len, .number = number};
    char peer[ENDPOINT_TEXT_BYTES];
    struct str time = STR_INIT;
    int code;

    str_reset(&a->text);
    if (reply_template_has_peer(a->reply))
        values.peer = answer_who_text(who, peer);
    if (reply_template_has_time(a->reply)) {
        clock_append_iso(&time, clock_wall_ns());
        values.time = time.data;
    }
    code = reply_template_fill(a->reply, &values, ANSWER_REPLY_BYTES, &a->text);
    str_done(&time);
    return code;
}

void answer_note_reply(struct answer *a)
{
    a->counts.replies++;
}

void answer_note_done(struct answer *a)
{
    if (a->options->once)
        answer_stop(a);
}

enum line_ending answer_take_ending(const uint8_t *data, size_t *len)
{
    if (*len == 0 || data[*len - 1] != '\n')
        return LINE_BARE;
    --*len;
    if (*len == 0 || data[*len - 1] != '\r')
        return LINE_LF;
    --*len;
    return LINE_CRLF;
}

static void door_free(void *at)
{
    struct answer_door *door = at;

    list_remove(&door->node);
    listener_free(door->listener);
    dgram_free(door->dgram);
    free(door);
}

struct opening {
    struct answer *answer;
    const struct addr *addr;
};

static int open_door(
    const struct endpoint *at, struct endpoint *ret_local, void **ret, struct err *err, void *arg)
{
    const struct opening *o = arg;
    struct answer_door *door = xcalloc(1, sizeof(*door));
    bool stream = addr_is_stream(o->addr->scheme);
    int code;

    door->answer = o->answer;
    door->addr = *o->addr;
    if (addr_is_secure(o->addr->scheme))
        door->tls = o->answer->tls[stream ? TLS_STREAM : TLS_DATAGRAM];
    list_init(&door->node);
    code = stream ? answer_stream_open(door, at, err) : answer_dgram_open(door, at, err);
    if (code < 0) {
        door_free(door);
        return code;
    }
    list_append(&o->answer->doors, &door->node);
    *ret_local = door->local;
    *ret = door;
    return 0;
}

static void tell_listening(struct answer *a, const struct answer_door *door)
{
    struct addr addr = door->addr;
    const char *pin = NULL;

    if (!a->events->listening)
        return;
    if (!addr_is_local(addr.scheme)) {
        endpoint_format_host(&door->local, addr.host);
        addr.port = endpoint_port(&door->local);
    }
    if (door->tls && tls_context_is_self_signed(door->tls))
        pin = tls_context_pin(door->tls);
    a->events->listening(&addr, pin, a->arg);
}

/* All endpoints of one address, or none of them. */
static int open_address(struct answer *a, const struct addr *addr, struct err *err)
{
    static const struct listen_opener opener = {open_door, door_free};
    struct opening opening = {a, addr};
    struct list *last = a->doors.prev;
    int code = listen_open(addr, &opener, &opening, err);

    for (struct list *node = last->next; code == 0 && node != &a->doors; node = node->next)
        tell_listening(a, list_entry(node, struct answer_door, node));
    return code;
}

static int make_tls(struct answer *a, const struct addr *addrs, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        enum tls_kind kind = addr_is_stream(addrs[i].scheme) ? TLS_STREAM : TLS_DATAGRAM;
        int code;

        if (!addr_is_secure(addrs[i].scheme) || a->tls[kind])
            continue;
        code = tls_context_new(&a->options->tls, TLS_SERVER, kind, &a->tls[kind], err);
        if (code < 0)
            return code;
        if (*tls_context_warning(a->tls[kind]) && a->events->trouble) {
            struct err warning;

            err_set(&warning, ERR_UNTRUSTED, 0, "%s", tls_context_warning(a->tls[kind]));
            a->events->trouble(&warning, a->arg);
        }
    }
    return 0;
}

static int check_scheme(const struct addr *addr, struct err *err)
{
    char text[ADDR_TEXT_BYTES];

    switch (addr->scheme) {
    case ADDR_TCP:
    case ADDR_UDP:
    case ADDR_TLS:
    case ADDR_DTLS:
    case ADDR_UNIX:
    case ADDR_UNIXGRAM:
        return 0;
    default:
        return err_set(err, ERR_MISUSE, -EINVAL,
            _("%s: answer speaks tcp, udp, tls, dtls, unix and unixgram, not %s"), addr_format(addr, text),
            addr_scheme_name(addr->scheme));
    }
}

static void on_drain_over(void *arg);
static void on_stop(struct turn_end *t);
static void on_check(struct turn_end *t);

int answer_new(struct loop *loop, const struct answer_options *options, const struct addr *addrs,
    size_t addr_count, const struct answer_events *events, void *arg, struct answer **ret, struct err *err)
{
    struct answer *a = xcalloc(1, sizeof(*a));
    int code = 0;

    a->loop = loop;
    a->options = options;
    a->events = events;
    a->arg = arg;
    str_init(&a->text);
    list_init(&a->doors);
    list_init(&a->peers);
    list_init(&a->children);
    list_init(&a->waiting_peers);
    list_init(&a->waiting_datagrams);
    turn_end_init(&a->stop_later, on_stop);
    turn_end_init(&a->check_later, on_check);
    a->drain = timer_new(loop, on_drain_over, a);
    if (options->how == ANSWER_REPLY)
        code = reply_template_new(options->text, &a->reply, err);
    for (size_t i = 0; code == 0 && i < addr_count; i++)
        code = check_scheme(&addrs[i], err);
    if (code == 0)
        code = make_tls(a, addrs, addr_count, err);
    if (code < 0)
        goto out;
    answer_stream_init(a);
    answer_exec_init(a);
    if (options->rate_limit)
        a->rate = rate_new(options->rate_limit);
    if (options->how == ANSWER_FILTER)
        a->filter = answer_filter_new(a);
    for (size_t i = 0; code == 0 && i < addr_count; i++)
        code = open_address(a, &addrs[i], err);
    if (code < 0)
        goto out;
    *ret = a;
    a = NULL;
out:
    answer_free(a);
    return code;
}

void answer_counts(const struct answer *a, struct answer_counts *ret)
{
    *ret = a->counts;
    list_for_each (node, &a->doors) {
        const struct answer_door *door = list_entry(node, struct answer_door, node);

        if (door->dgram)
            ret->lost_by_kernel += dgram_lost(door->dgram);
    }
}

/* The event loop ends by itself when nothing is left that could call back, so nothing must be. */
static void on_check(struct turn_end *t)
{
    struct answer *a = list_entry(t, struct answer, check_later);

    if (!a->stopping || a->stopped || !list_is_empty(&a->peers) || !list_is_empty(&a->children) ||
        !list_is_empty(&a->waiting_datagrams) || (a->filter && !answer_filter_close(a->filter)))
        return;
    a->stopped = true;
    answer_filter_free(a->filter);
    a->filter = NULL;
    answer_exec_free(a);
    answer_stream_done(a);
    timer_stop(a->drain);
    /* Here, and not before: replies went out through them. */
    list_for_each (node, &a->doors) {
        struct answer_door *door = list_entry(node, struct answer_door, node);

        if (door->dgram)
            a->counts.lost_by_kernel += dgram_lost(door->dgram);
        dgram_free(door->dgram);
        door->dgram = NULL;
    }
}

void answer_check_stopped(struct answer *a)
{
    if (a->stopping && !a->stopped)
        loop_at_turn_end(a->loop, &a->check_later);
}

/* Nothing below an event must find its peer freed, so stopping waits for the turn's end. */
static void on_stop(struct turn_end *t)
{
    struct answer *a = list_entry(t, struct answer, stop_later);

    timer_start(a->drain, ANSWER_DRAIN_MS);
    list_for_each (node, &a->doors) {
        struct answer_door *door = list_entry(node, struct answer_door, node);

        listener_free(door->listener);
        door->listener = NULL;
    }
    list_for_each_safe (node, after, &a->peers)
        answer_peer_stop(list_entry(node, struct answer_peer, node));
    answer_exec_stop(a);
    answer_check_stopped(a);
}

void answer_stop(struct answer *a)
{
    if (a->stopping)
        return;
    a->stopping = true;
    loop_at_turn_end(a->loop, &a->stop_later);
}

/* Children get the grace time on top. */
static void on_drain_over(void *arg)
{
    struct answer *a = arg;

    if (a->gave_up) {
        answer_exec_free(a);
        return;
    }
    a->gave_up = true;
    timer_start(a->drain, 2 * ANSWER_GRACE_MS);
    while (!list_is_empty(&a->peers))
        answer_peer_break(list_entry(a->peers.next, struct answer_peer, node), ANSWER_STOPPED, NULL);
    answer_exec_give_up(a);
    if (a->filter)
        answer_filter_give_up(a->filter);
    answer_check_stopped(a);
}

void answer_free(struct answer *a)
{
    if (!a)
        return;
    turn_end_cancel(&a->stop_later);
    turn_end_cancel(&a->check_later);
    a->stopping = a->stopped = true;
    while (!list_is_empty(&a->peers))
        answer_peer_free(list_entry(a->peers.next, struct answer_peer, node));
    answer_exec_free(a);
    answer_filter_free(a->filter);
    list_for_each_safe (node, after, &a->doors)
        door_free(list_entry(node, struct answer_door, node));
    answer_stream_done(a);
    timer_free(a->drain);
    rate_free(a->rate);
    reply_template_free(a->reply);
    for (size_t i = 0; i < 2; i++)
        tls_context_free(a->tls[i]);
    str_done(&a->text);
    free(a);
}
