/* SPDX-License-Identifier: ISC */
/* Datagrams. Each is a message, and is answered by one datagram at most. What a UDP sender says of its
 * address may be a lie, so nobody outside this machine gets much more than they sent (ANSWER_AMPLIFIES), nor
 * more often than --rate-limit says; and we never talk to ourselves. */
#include <errno.h>
#include <string.h>

#include "net/dtls.h"
#include "talk/answer_inside.h"

void answer_dgram_who(const struct answer_door *door, const struct endpoint *peer, struct answer_who *ret)
{
    *ret = (struct answer_who){.scheme = door->addr.scheme, .peer = peer, .local = &door->local};
}

static bool is_this_machine(const struct endpoint *e)
{
    switch (e->sa.sa_family) {
    case AF_INET:
        return (ntohl(e->in4.sin_addr.s_addr) >> 24) == 127;
    case AF_INET6:
        return IN6_IS_ADDR_LOOPBACK(&e->in6.sin6_addr);
    default:
        return true;
    }
}

/* May as much be sent to an address that nobody has proved to be theirs? DTLS has, by its cookie; and no
 * packet from outside can have a loopback address. */
static bool may_send(const struct answer_door *door, const struct endpoint *to, size_t asked_len, size_t len)
{
    if (door->addr.scheme != ADDR_UDP || is_this_machine(to))
        return true;
    return len <= ANSWER_UNPROVEN_BYTES || len <= ANSWER_UNPROVEN_TIMES * asked_len;
}

static void refuse(struct answer_door *door, const struct endpoint *peer, enum answer_refusal why, int code)
{
    struct answer_who who;
    struct err err;

    answer_dgram_who(door, peer, &who);
    if (code)
        err_set(&err, err_kind_of(code), code, "%s", err_word(code));
    answer_refuse(door->answer, why, &who, code ? &err : NULL);
}

void answer_dgram_reply(struct answer_door *door, const struct endpoint *to, size_t asked_len,
    const void *data, size_t len, enum line_ending ending)
{
    struct answer *a = door->answer;
    const char *tail = line_ending_text(ending);
    int code;

    if (to->sa.sa_family == AF_UNSPEC) {
        refuse(door, to, ANSWER_NAMELESS, 0);
        return;
    }
    if (ending != LINE_BARE) {
        if (data != a->text.data) {
            str_reset(&a->text);
            str_append(&a->text, data, len);
        }
        str_append_str(&a->text, tail);
        data = a->text.data;
        len += strlen(tail);
    }
    if (!may_send(door, to, asked_len, len)) {
        refuse(door, to, ANSWER_AMPLIFIES, 0);
        return;
    }
    code = door->dgram ? dgram_send(door->dgram, to, data, len) : -EPIPE;
    if (code == -EMSGSIZE)
        refuse(door, to, ANSWER_REPLY_TOO_LONG, code);
    else if (code < 0)
        refuse(door, to, ANSWER_UNSENT, code);
    else
        answer_note_reply(a);
}

static void answer_it(struct answer_door *door, const struct dgram_message *m)
{
    struct answer *a = door->answer;
    size_t len = m->len;
    enum line_ending ending = answer_take_ending(m->data, &len);
    struct answer_who who;
    uint64_t number;

    answer_dgram_who(door, m->peer, &who);
    number = answer_note_message(a, &who, m->data, len, ending);
    switch (a->options->how) {
    case ANSWER_ECHO:
        answer_dgram_reply(door, m->peer, m->len, m->data, m->len, LINE_BARE);
        break;
    case ANSWER_REPLY:
        if (answer_fill_reply(a, &who, m->data, len, number) < 0)
            refuse(door, m->peer, ANSWER_REPLY_TOO_LONG, 0);
        else
            answer_dgram_reply(door, m->peer, m->len, a->text.data, a->text.len, ending);
        break;
    case ANSWER_EXEC:
        answer_exec_datagram(door, m->peer, m->data, m->len, number);
        return; /* done when the child has ended */
    case ANSWER_FILTER:
        if (memchr(m->data, '\n', len)) {
            refuse(door, m->peer, ANSWER_SEVERAL_LINES, 0);
            break;
        }
        if (!answer_filter_has_room(a->filter, len)) {
            refuse(door, m->peer, ANSWER_BUSY, 0);
            break;
        }
        answer_filter_give(a->filter, NULL, door, m->peer, m->data, len, ending, m->len);
        return; /* done when it has answered */
    case ANSWER_DISCARD:
    default:
        break;
    }
    answer_note_done(a);
}

/* A unix socket's sender may have any number of names, and comes from this machine. */
static bool is_too_fast(struct answer *a, const struct endpoint *from)
{
    return a->rate && (from->sa.sa_family == AF_INET || from->sa.sa_family == AF_INET6) &&
           !rate_take(a->rate, from, loop_now_ms(a->loop));
}

static void on_message(struct dgram *d, const struct dgram_message *m, void *arg)
{
    struct answer_door *door = arg;
    struct answer *a = door->answer;

    if (a->stopping || (a->options->once && a->counts.messages))
        return;
    if (!answer_is_allowed(a, m->peer))
        refuse(door, m->peer, ANSWER_DENIED, 0);
    else if (is_too_fast(a, m->peer))
        refuse(door, m->peer, ANSWER_TOO_FAST, 0);
    else if (m->truncated || m->len > a->options->max_message)
        refuse(door, m->peer, ANSWER_TOO_LONG, 0);
    else if (!endpoint_is_equal(m->peer, &door->local))
        answer_it(door, m);
}

/* Nothing to be done for the single datagrams but to send them back: then it is done for all at once. */
static bool echoes_bursts(const struct answer *a)
{
    return a->options->how == ANSWER_ECHO && !a->events->message && !a->rate && !a->options->once &&
           !a->stopping;
}

static void on_burst(struct dgram *d, const struct dgram_message *m, size_t segment, void *arg)
{
    struct answer_door *door = arg;
    struct answer *a = door->answer;
    size_t count = (m->len + segment - 1) / segment;
    int sent;

    if (echoes_bursts(a) && segment <= a->options->max_message && answer_is_allowed(a, m->peer) &&
        !endpoint_is_equal(m->peer, &door->local)) {
        a->counts.messages += count;
        sent = dgram_send_burst(d, m->peer, m->data, m->len, segment);
        if (sent < 0)
            refuse(door, m->peer, ANSWER_UNSENT, sent);
        else
            a->counts.replies += (uint64_t)sent;
        return;
    }
    for (size_t at = 0; at < m->len && door->dgram; at += segment) {
        struct dgram_message single = {.peer = m->peer, .data = m->data + at};

        single.len = m->len - at < segment ? m->len - at : segment;
        on_message(d, &single, door);
    }
}

static void on_error(struct dgram *d, const struct endpoint *peer, int code, const struct err *err, void *arg)
{
    struct answer_door *door = arg;
    struct endpoint nobody = {0};
    struct answer_who who;

    answer_dgram_who(door, peer ? peer : &nobody, &who);
    /* A closed port answers our reply; all else that DTLS tells of is a handshake. */
    answer_refuse(
        door->answer, door->tls && code != -ECONNREFUSED ? ANSWER_HANDSHAKE : ANSWER_UNSENT, &who, err);
}

static const struct dgram_events door_events = {.message = on_message, .burst = on_burst, .error = on_error};

int answer_dgram_open(struct answer_door *door, const struct endpoint *at, struct err *err)
{
    const struct dgram_events *events = door->tls ? dtls_lower_events() : &door_events;
    struct dgram *lower;
    int code = dgram_bind(door->answer->loop, at, events, door, &lower, err);

    if (code < 0)
        return code;
    door->dgram = door->tls ? dtls_wrap_server(lower, door->tls, &door_events, door) : lower;
    dgram_local(door->dgram, &door->local);
    return 0;
}
