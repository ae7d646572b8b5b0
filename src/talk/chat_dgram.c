/* SPDX-License-Identifier: ISC */
/* A conversation by datagrams. There is no call: the line is up as long as we may send. "Port closed" (ICMP)
 * comes back a moment after something was sent, and the kernel does not say what exactly it was about; so it
 * is taken to be about all that was sent within CHAT_ICMP_MS, which waits again. Then, and when nobody has
 * been heard yet, one message goes ahead (a probe), and the others follow if nothing comes back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "net/dtls.h"
#include "talk/chat_inside.h"

static void open_endpoint(struct chat_peer *p);

/* ---- sending ---- */

static void explain_unsent(const struct chat_peer *p, int code, size_t len, struct str *out)
{
    if (code == -EMSGSIZE)
        str_appendf(out, _("%zu bytes are too long for one datagram; over tcp:// there is no limit"), len);
    else if (code == -EINVAL && len == 0)
        str_append_str(out, _("DTLS can't carry an empty message"));
    else
        str_append_str(out, err_word(code));
}

/* False: it could not be sent now. */
static bool send_one(struct chat_peer *p, struct chat_entry *e)
{
    struct str bytes = STR_INIT, note = STR_INIT;
    int code;

    chat_entry_bytes(e, &bytes);
    code = dgram_send(p->dgram, p->has_own_dgram ? NULL : &p->endpoint, bytes.data, bytes.len);
    if (code == 0) {
        e->sent_ms = loop_now_ms(p->chat->loop);
        chat_entry_set(e, STORE_SENT, "");
    } else {
        explain_unsent(p, code, bytes.len, &note);
        chat_entry_set(e, code == -EMSGSIZE || code == -EINVAL ? STORE_FAILED : STORE_WAITING, note.data);
    }
    str_done(&bytes);
    str_done(&note);
    /* What can never be sent stands in nobody's way. */
    return code == 0 || code == -EMSGSIZE || code == -EINVAL;
}

void chat_dgram_send(struct chat_peer *p)
{
    struct chat_entry *e;

    if (!p->dgram || !p->is_ready || p->is_closed || p->is_probing || p->is_shy)
        return;
    if (p->must_probe && (e = chat_outbox_next(p))) {
        p->is_probing = true;
        timer_start(p->patience, CHAT_PROBE_MS);
        send_one(p, e);
        return;
    }
    while (p->dgram && p->is_ready && !p->is_closed && (e = chat_outbox_next(p)))
        if (!send_one(p, e))
            break;
}

void chat_dgram_on_probed(struct chat_peer *p)
{
    p->is_probing = p->must_probe = false;
    /* Said to be closed before, and not any more. */
    if (p->line == CHAT_LINE_WAITING)
        chat_call_done(p, CHAT_WHY_ANSWERED);
    else
        chat_send_later(p);
}

/* ---- hearing ---- */

static void heard(struct chat_peer *p)
{
    bool may_send_again = p->is_closed || p->is_shy;

    p->heard_ms = loop_now_ms(p->chat->loop);
    if (p->is_probing)
        timer_stop(p->patience);
    p->is_closed = p->is_probing = p->must_probe = p->is_shy = false;
    if (p->line != CHAT_LINE_UP && p->is_ready)
        chat_call_done(p, CHAT_WHY_ANSWERED);
    else if (may_send_again)
        chat_send_later(p);
}

static void take(struct chat_peer *p, const struct dgram_message *m)
{
    size_t len = m->len, max = p->chat->options->max_message;
    const uint8_t *data = m->data;
    enum line_ending ending = LINE_BARE;
    const struct dgram *d = p->dgram;

    if (len && data[len - 1] == '\n') {
        ending = LINE_LF;
        if (--len && data[len - 1] == '\r') {
            ending = LINE_CRLF;
            len--;
        }
    }
    if (m->truncated) {
        struct err err;

        err_set(&err, ERR_OTHER, -EMSGSIZE,
            _("%s: a datagram was longer than can be read; its end is missing"), p->name.data);
        chat_trouble(p->chat, p, &err);
    }
    while (len > max && p->dgram == d) {
        chat_inbox_take(p, data, max, LINE_BARE, true, m->peer);
        data += max;
        len -= max;
    }
    if (p->dgram == d)
        chat_inbox_take(p, data, len, ending, false, m->peer);
}

static bool is_taken(struct chat *c)
{
    return !c->is_stopping && chat_journal_has_room(c);
}

static void on_own_message(struct dgram *d, const struct dgram_message *m, void *arg)
{
    struct chat_peer *p = arg;

    if (!p->is_ready || !is_taken(p->chat))
        return;
    heard(p);
    if (p->dgram == d)
        take(p, m);
}

/* ICMP, mostly. */
static void was_closed(struct chat_peer *p, int code, const struct err *why)
{
    struct err err = {.kind = ERR_CONNECT, .code = code};
    char host[ENDPOINT_TEXT_BYTES];

    if (code == -EMSGSIZE || !p->dgram)
        return; /* dgram_send has said so */
    if (code == -ECONNREFUSED && p->endpoint.sa.sa_family != AF_UNIX)
        err_set(&err, ERR_CONNECT, code, _("%s says that the port is closed (ICMP)"),
            endpoint_format_host(&p->endpoint, host));
    else
        err_set(&err, why ? why->kind : err_kind_of(code), code, "%s", why ? why->text : err_word(code));
    chat_outbox_unsend_dgrams(p, err.text);
    if (p->is_probing)
        timer_stop(p->patience);
    p->is_probing = false;
    /* Never heard from: it may be another of its addresses. */
    if (p->heard_ms == 0 && p->has_own_dgram && p->endpoint_at + 1 < p->n_endpoints) {
        chat_dgram_close(p);
        p->endpoint_at++;
        open_endpoint(p);
        return;
    }
    if (p->heard_ms == 0 && p->addr_at + 1 < p->n_addrs) {
        chat_call_failed(p, &err);
        return;
    }
    if (!p->is_closed) {
        p->is_closed = p->must_probe = true;
        chat_set_line(p, CHAT_LINE_WAITING, CHAT_WHY_NOT_REACHED, &err);
    }
}

static void on_own_error(
    struct dgram *d, const struct endpoint *peer, int code, const struct err *why, void *arg)
{
    struct chat_peer *p = arg;
    struct err err;

    if (p->is_ready) {
        was_closed(p, code, why);
        return;
    }
    err = *why;
    chat_call_failed(p, &err); /* the handshake */
}

static void on_own_opened(struct dgram *d, void *arg)
{
    struct chat_peer *p = arg;
    struct tls_facts facts;
    struct err err;

    if (dtls_facts(d, NULL, &facts) == 0 && !chat_call_is_trusted(p, &facts, &err)) {
        chat_call_failed(p, &err);
        return;
    }
    if (p->dgram != d)
        return;
    p->is_ready = true;
    chat_call_done(p, CHAT_WHY_ANSWERED);
}

static void on_own_gone(struct dgram *d, const struct endpoint *peer, void *arg)
{
    chat_call_ended(arg, CHAT_WHY_HUNG_UP, NULL);
}

static const struct dgram_events own_events = {
    .message = on_own_message,
    .error = on_own_error,
    .opened = on_own_opened,
    .peer_gone = on_own_gone,
};

/* ---- at a door ---- */

static struct chat_peer *find_peer(const struct chat_door *door, const struct endpoint *from)
{
    struct chat *c = door->chat;
    struct chat_peer *last = c->last_heard;

    if (last && last->dgram == door->dgram && endpoint_is_equal(&last->endpoint, from))
        return last;
    list_for_each (node, &c->peers) {
        struct chat_peer *p = list_entry(node, struct chat_peer, node);

        if (!p->is_closing && p->dgram == door->dgram && endpoint_is_equal(&p->endpoint, from))
            return p;
    }
    return NULL;
}

/* Joins a conversation to a door and to who was heard there. */
static void join(struct chat_peer *p, struct chat_door *door, const struct endpoint *to)
{
    p->door = door;
    p->dgram = door->dgram;
    p->has_own_dgram = false;
    p->is_ready = true;
    p->endpoint = *to;
}

/* A conversation with a contact that has no socket of its own under way. */
static struct chat_peer *find_contact(const struct chat_door *door, const struct endpoint *from)
{
    struct chat *c = door->chat;
    const struct book_entry *entry =
        c->book ? chat_names_of_endpoint(c->names, c->book, door->addr.scheme, from) : NULL;
    struct chat_peer *p = NULL;

    if (!entry || chat_open(c, entry->name, &p, NULL) < 0)
        return NULL;
    if (p->stream || p->dial || p->dgram)
        return NULL; /* busy on another line: this one is a conversation of its own */
    resolve_cancel(p->resolve);
    p->resolve = NULL;
    for (p->addr_at = 0; p->addr_at + 1 < p->n_addrs; p->addr_at++)
        if (p->addrs[p->addr_at].scheme == door->addr.scheme)
            break;
    return p;
}

static struct chat_peer *new_caller(struct chat_door *door, const struct endpoint *from)
{
    struct addr addr = {.scheme = door->addr.scheme};
    char name[ADDR_TEXT_BYTES];
    struct chat_peer *p;

    if (addr_is_local(addr.scheme)) {
        char text[ENDPOINT_TEXT_BYTES];

        snprintf(addr.path, sizeof(addr.path), "%s", endpoint_format(from, text));
    } else {
        endpoint_format_host(from, addr.host);
        addr.port = endpoint_port(from);
    }
    p = chat_find_name(door->chat, addr_format(&addr, name));
    if (p && !p->dgram && !p->is_contact) {
        resolve_cancel(p->resolve);
        p->resolve = NULL;
        p->is_caller = false;
        join(p, door, from);
        return p;
    }
    if (!chat_has_room(door->chat)) {
        chat_tell_crowd(door->chat);
        return NULL;
    }
    p = chat_peer_new(door->chat, NULL, &addr, 1, false);
    join(p, door, from);
    chat_peer_announce(p);
    return p;
}

static void on_door_message(struct dgram *d, const struct dgram_message *m, void *arg)
{
    struct chat_door *door = arg;
    struct chat_peer *p;

    if (!is_taken(door->chat) || endpoint_is_equal(m->peer, &door->local))
        return;
    p = find_peer(door, m->peer);
    if (!p) {
        p = find_contact(door, m->peer);
        if (p)
            join(p, door, m->peer);
        else
            p = new_caller(door, m->peer);
    }
    /* The event about a new conversation may have hung up, or stopped the chat: then the door is gone. */
    if (!p || p->is_closing || p->dgram != d)
        return;
    p->endpoint = *m->peer; /* with the address of ours that was asked */
    door->chat->last_heard = p;
    if (p->line != CHAT_LINE_UP) {
        p->is_closed = p->is_probing = p->must_probe = false;
        chat_call_done(p, CHAT_WHY_CALLED);
    }
    heard(p);
    if (p->dgram == d)
        take(p, m);
}

static void on_door_error(
    struct dgram *d, const struct endpoint *peer, int code, const struct err *why, void *arg)
{
    struct chat_door *door = arg;
    struct chat_peer *p = peer ? find_peer(door, peer) : NULL;

    if (p)
        was_closed(p, code, why);
    else if (door->tls && why)
        chat_trouble(door->chat, NULL, why); /* a handshake of a stranger */
}

static void on_door_gone(struct dgram *d, const struct endpoint *peer, void *arg)
{
    struct chat_peer *p = find_peer(arg, peer);

    if (p && !p->is_contact) {
        p->is_caller = true; /* DTLS: the association was theirs to make */
        chat_call_ended(p, CHAT_WHY_HUNG_UP, NULL);
    }
}

const struct dgram_events chat_dgram_door_events = {
    .message = on_door_message,
    .error = on_door_error,
    .peer_gone = on_door_gone,
};

/* ---- opening ---- */

static int open_own(struct chat_peer *p, struct err *err)
{
    const struct addr *addr = &p->addrs[p->addr_at];
    struct tls_context *tls;
    struct dgram *lower;
    int code;

    p->has_own_dgram = true;
    if (addr->scheme != ADDR_DTLS) {
        code = dgram_connect(p->chat->loop, &p->endpoint, &own_events, p, &p->dgram, err);
        p->is_ready = code == 0;
        return code;
    }
    tls = chat_call_tls(p->chat, TLS_DATAGRAM, err);
    if (!tls)
        return -EINVAL;
    code = dgram_connect(p->chat->loop, &p->endpoint, dtls_lower_events(), NULL, &lower, err);
    if (code == 0)
        p->dgram = dtls_wrap_client(lower, tls, addr->host, &own_events, p);
    return code;
}

static void open_endpoint(struct chat_peer *p)
{
    char text[ADDR_TEXT_BYTES];
    struct err why, err;

    for (;; p->endpoint_at++) {
        struct chat_door *door;

        p->endpoint = p->endpoints[p->endpoint_at];
        door = chat_door_to(p->chat, p->addrs[p->addr_at].scheme, &p->endpoint);
        if (door) {
            join(p, door, &p->endpoints[p->endpoint_at]);
            break;
        }
        if (open_own(p, &why) == 0)
            break;
        if (p->endpoint_at + 1 >= p->n_endpoints) {
            err_set(&err, why.kind, why.code, "%s: %s", addr_format(&p->addrs[p->addr_at], text), why.text);
            chat_call_failed(p, &err);
            return;
        }
    }
    /* Nobody knows yet whether somebody is there. */
    p->must_probe = p->heard_ms == 0;
    if (p->is_ready)
        chat_call_done(p, CHAT_WHY_ANSWERED);
}

static void on_resolved(const struct endpoint *endpoints, int count, const struct err *err, void *arg)
{
    struct chat_peer *p = arg;

    p->resolve = NULL;
    if (count == 0) {
        char text[ADDR_TEXT_BYTES];
        struct err named;

        err_set(&named, err->kind, err->code, "%s: %s", addr_format(&p->addrs[p->addr_at], text), err->text);
        chat_call_failed(p, &named);
        return;
    }
    p->endpoints = xreallocarray(p->endpoints, (size_t)count, sizeof(*endpoints));
    memcpy(p->endpoints, endpoints, (size_t)count * sizeof(*endpoints));
    p->n_endpoints = count;
    p->endpoint_at = 0;
    open_endpoint(p);
}

void chat_dgram_open(struct chat_peer *p)
{
    const struct addr *addr = &p->addrs[p->addr_at];
    struct endpoint at;

    if (!addr_is_local(addr->scheme)) {
        p->resolve = resolve_start(p->chat->loop, addr->host, addr->port, SOCK_DGRAM, on_resolved, p);
        return;
    }
    memset(&at, 0, sizeof(at));
    endpoint_from_path(&at, addr->path); /* its length was looked at when it was read */
    on_resolved(&at, 1, NULL, p);
}

void chat_dgram_close(struct chat_peer *p)
{
    resolve_cancel(p->resolve);
    p->resolve = NULL;
    if (p->dgram && p->has_own_dgram)
        dgram_free(p->dgram);
    if (p->chat->last_heard == p)
        p->chat->last_heard = NULL;
    p->dgram = NULL;
    p->has_own_dgram = p->is_ready = p->is_probing = false;
}
