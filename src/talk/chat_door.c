/* SPDX-License-Identifier: ISC */
/* Where a chat listens. A UDP or unix socket at which we listen is also what we write from, where it can
 * reach whom we write to: who answers then writes to an address that others know us by, and we know them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "net/dtls.h"
#include "talk/chat_inside.h"

static void on_accepted(struct listener *l, struct stream *s, void *arg)
{
    chat_stream_accept(arg, s);
}

static void on_refused(struct listener *l, int code, void *arg)
{
    struct chat_door *door = arg;
    struct err err;

    err_set(&err, ERR_OTHER, code, _("a caller was hung up on: %s"), err_word(code));
    chat_trouble(door->chat, NULL, &err);
}

static const struct listener_events door_events = {.accepted = on_accepted, .refused = on_refused};

static void door_free(void *at)
{
    struct chat_door *door = at;

    list_remove(&door->node);
    listener_free(door->listener);
    dgram_free(door->dgram);
    free(door);
}

static int open_dgram(struct chat_door *door, const struct endpoint *at, struct err *err)
{
    struct dgram *lower;
    int code = dgram_bind(
        door->chat->loop, at, door->tls ? dtls_lower_events() : &chat_dgram_door_events, door, &lower, err);

    if (code < 0)
        return code;
    door->dgram = door->tls ? dtls_wrap_server(lower, door->tls, &chat_dgram_door_events, door) : lower;
    dgram_local(door->dgram, &door->local);
    return 0;
}

struct opening {
    struct chat *chat;
    const struct addr *addr;
};

static int door_open(
    const struct endpoint *at, struct endpoint *ret_local, void **ret, struct err *err, void *arg)
{
    const struct opening *o = arg;
    struct chat_door *door = xcalloc(1, sizeof(*door));
    bool is_stream = addr_is_stream(o->addr->scheme);
    int code;

    door->chat = o->chat;
    door->addr = *o->addr;
    list_init(&door->node);
    if (addr_is_secure(o->addr->scheme))
        door->tls = o->chat->listen_tls[is_stream ? TLS_STREAM : TLS_DATAGRAM];
    if (is_stream) {
        code = listener_new(o->chat->loop, at, &door_events, door, &door->listener, err);
        if (code == 0)
            door->local = *listener_local(door->listener);
    } else {
        code = open_dgram(door, at, err);
    }
    if (code < 0) {
        door_free(door);
        return code;
    }
    list_append(&o->chat->doors, &door->node);
    *ret_local = door->local;
    *ret = door;
    return 0;
}

static void tell(struct chat *c, const struct chat_door *door)
{
    struct addr addr = door->addr;

    if (!c->events->listening)
        return;
    if (!addr_is_local(addr.scheme)) {
        endpoint_format_host(&door->local, addr.host);
        addr.port = endpoint_port(&door->local);
    }
    c->events->listening(&addr, door->tls ? tls_context_pin(door->tls) : NULL, c->arg);
}

static int make_tls(struct chat *c, const struct addr *addr, struct err *err)
{
    enum tls_kind kind = addr_is_stream(addr->scheme) ? TLS_STREAM : TLS_DATAGRAM;
    int code;

    if (!addr_is_secure(addr->scheme) || c->listen_tls[kind])
        return 0;
    code = tls_context_new(&c->options->tls_listen, TLS_SERVER, kind, &c->listen_tls[kind], err);
    if (code == 0 && *tls_context_warning(c->listen_tls[kind])) {
        struct err warning;

        err_set(&warning, ERR_UNTRUSTED, 0, "%s", tls_context_warning(c->listen_tls[kind]));
        chat_trouble(c, NULL, &warning);
    }
    return code;
}

int chat_doors_open(struct chat *c, struct err *err)
{
    static const struct listen_opener opener = {door_open, door_free};

    for (size_t i = 0; i < c->options->n_listen; i++) {
        const struct addr *addr = &c->options->listen[i];
        struct opening opening = {c, addr};
        char text[ADDR_TEXT_BYTES];
        struct list *last = c->doors.prev;
        int code;

        if (addr->scheme > ADDR_UNIXGRAM)
            return err_set(err, ERR_MISUSE, -EINVAL,
                _("%s: chat speaks tcp, udp, tls, dtls, unix and unixgram, not %s"), addr_format(addr, text),
                addr_scheme_name(addr->scheme));
        code = make_tls(c, addr, err);
        if (code == 0)
            code = listen_open(addr, &opener, &opening, err);
        if (code < 0)
            return code;
        for (struct list *node = last->next; node != &c->doors; node = node->next)
            tell(c, list_entry(node, struct chat_door, node));
    }
    return 0;
}

void chat_doors_close(struct chat *c)
{
    list_for_each (node, &c->peers) {
        struct chat_peer *p = list_entry(node, struct chat_peer, node);

        if (p->dgram && !p->has_own_dgram)
            chat_dgram_close(p);
        p->door = NULL;
    }
    list_for_each_safe (node, after, &c->doors)
        door_free(list_entry(node, struct chat_door, node));
}

static bool is_loopback(const struct endpoint *e)
{
    if (e->sa.sa_family == AF_INET)
        return (ntohl(e->in4.sin_addr.s_addr) >> 24) == 127;
    return e->sa.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&e->in6.sin6_addr);
}

static bool is_any(const struct endpoint *e)
{
    if (e->sa.sa_family == AF_INET)
        return e->in4.sin_addr.s_addr == htonl(INADDR_ANY);
    return e->sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&e->in6.sin6_addr);
}

struct chat_door *chat_door_to(struct chat *c, enum addr_scheme scheme, const struct endpoint *to)
{
    list_for_each (node, &c->doors) {
        struct chat_door *door = list_entry(node, struct chat_door, node);

        if (!door->dgram || door->addr.scheme != scheme || door->tls ||
            door->local.sa.sa_family != to->sa.sa_family || endpoint_is_equal(&door->local, to))
            continue;
        if (addr_is_local(scheme) || is_any(&door->local) || is_loopback(&door->local) == is_loopback(to))
            return door;
    }
    return NULL;
}
