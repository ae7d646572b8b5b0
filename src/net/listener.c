/* SPDX-License-Identifier: ISC */
/* Taking calls. Accepting is done here rather than by libuv, to bound the work per wake-up and to say so when
 * descriptors run out: libuv hangs up on such callers without a word. */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "net/bind.h"
#include "net/loop.h"
#include "net/tcp.h"

#define LISTENER_BACKLOG                                                                                     \
    4096 /* the kernel cuts it to net.core.somaxconn; 10 makes 1000 callers wait a minute */
#define LISTENER_ACCEPTS_MAX                                                                                 \
    128                          /* per wake-up: those who are connected already get their turn in between   \
                                  */
#define LISTENER_REFUSED_MS 1000 /* how often at most it is told that descriptors ran out */
#define KEEPALIVE_IDLE_S 60      /* a half-open peer is noticed after KEEPALIVE_IDLE_S + 4 * 15 s */
#define KEEPALIVE_INTERVAL_S 15
#define KEEPALIVE_PROBES 4

struct listener {
    struct loop *loop;
    struct watch *watch;
    int fd;
    int spare_fd; /* given up to accept and hang up on a caller when descriptors have run out */
    struct endpoint local;
    const struct listener_events *events;
    void *arg;
    uint64_t refused_told_ms;
    bool *freed; /* set while accepting: an event may free the listener */
};

#define LISTEN_PORT_TRIES 16 /* a port free on one endpoint may be taken on another */

int listen_endpoints(const struct addr *addr, struct endpoint *ret, int max, struct err *err)
{
    char text[ADDR_TEXT_BYTES];
    struct addrinfo hints = {
        .ai_socktype = addr_is_stream(addr->scheme) ? SOCK_STREAM : SOCK_DGRAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    const char *names[2] = {"127.0.0.1", "::1"};
    char port[8];
    int count = 0, code;

    addr_format(addr, text);
    if (addr_is_local(addr->scheme)) {
        code = endpoint_from_path(&ret[0], addr->path);
        if (code < 0)
            return err_set(err, ERR_MISUSE, code, _("%s: the path of a unix socket has at most %d bytes"),
                text, (int)sizeof(ret->un.sun_path) - 1);
        return 1;
    }
    if (addr->host[0] == '\0' || strcmp(addr->host, "*") == 0) {
        if (addr->host[0]) {
            names[0] = "0.0.0.0";
            names[1] = "::";
        }
        for (int i = 0; i < 2 && count < max; i++) {
            if (endpoint_from_numeric(&ret[count], names[i], addr->port) < 0 ||
                !bind_is_possible(&ret[count]))
                continue;
            count++;
        }
        if (count == 0)
            return err_set(
                err, ERR_CONNECT, -EAFNOSUPPORT, _("%s: this machine has neither IPv4 nor IPv6"), text);
        return count;
    }
    if (endpoint_from_numeric(&ret[0], addr->host, addr->port) == 0)
        return 1;
    snprintf(port, sizeof(port), "%u", addr->port);
    code = getaddrinfo(addr->host, port, &hints, &found);
    if (code)
        return err_set(err, ERR_NAME, -EADDRNOTAVAIL, _("%s: the name %s is not known (%s)"), text,
            addr->host, gai_strerror(code));
    for (struct addrinfo *ai = found; ai && count < max; ai = ai->ai_next)
        if (endpoint_from_sockaddr(&ret[count], ai->ai_addr, ai->ai_addrlen) && bind_is_possible(&ret[count]))
            count++;
    freeaddrinfo(found);
    if (count == 0)
        return err_set(err, ERR_CONNECT, -EADDRNOTAVAIL,
            _("%s: none of the addresses of %s is this machine's"), text, addr->host);
    return count;
}

/* Accepted sockets inherit these from the listening one, which saves three calls for each. */
static void set_inherited_options(int fd, int family)
{
    int on = 1, idle = KEEPALIVE_IDLE_S, interval = KEEPALIVE_INTERVAL_S, probes = KEEPALIVE_PROBES;

    if (family == AF_UNIX)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

static void tell_refused(struct listener *l, int code)
{
    uint64_t now = loop_now_ms(l->loop);

    if (!l->events->refused || (l->refused_told_ms && now - l->refused_told_ms < LISTENER_REFUSED_MS))
        return;
    l->refused_told_ms = now ? now : 1;
    l->events->refused(l, code, l->arg);
}

/* Out of descriptors: a caller left in the kernel's queue would keep the listener ready and this program
 * spinning. Take the call with the spare descriptor and hang up, so that the caller knows at once. */
static void hang_up_on_one(struct listener *l)
{
    int fd;

    if (l->spare_fd >= 0)
        close(l->spare_fd);
    fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    l->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_callers(int events, void *arg)
{
    struct listener *l = arg;
    bool freed = false;

    l->freed = &freed;
    for (int i = 0; i < LISTENER_ACCEPTS_MAX; i++) {
        int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        struct stream *s;

        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE) {
                int code = -errno;

                hang_up_on_one(l);
                tell_refused(l, code);
                if (freed)
                    return;
                continue;
            }
            if (errno == ECONNABORTED || errno == EINTR)
                continue;
            if (errno != EAGAIN)
                tell_refused(l, -errno);
            break;
        }
        if (stream_accept(l->loop, l->local.sa.sa_family, fd, &s) < 0)
            continue;
        l->events->accepted(l, s, l->arg);
        if (freed)
            return;
    }
    l->freed = NULL;
}

int listener_new(struct loop *loop, const struct endpoint *at, const struct listener_events *events,
    void *arg, struct listener **ret, struct err *err)
{
    struct listener *l = xcalloc(1, sizeof(*l));
    char text[ENDPOINT_TEXT_BYTES];
    int code;

    l->loop = loop;
    l->events = events;
    l->arg = arg;
    l->spare_fd = -1;
    l->fd = bind_socket(at, SOCK_STREAM, &l->local, err);
    if (l->fd < 0) {
        code = l->fd;
        goto out;
    }
    set_inherited_options(l->fd, at->sa.sa_family);
    if (listen(l->fd, LISTENER_BACKLOG) < 0) {
        code = bind_failed(at, -errno, err);
        goto out;
    }
    code = watch_new(loop, l->fd, on_callers, l, &l->watch);
    if (code < 0) {
        code = err_set(err, ERR_OTHER, code, "%s: %s", endpoint_format(at, text), err_word(code));
        goto out;
    }
    l->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    watch_start(l->watch, WATCH_READ);
    *ret = l;
    l = NULL;
    code = 0;
out:
    listener_free(l);
    return code;
}

const struct endpoint *listener_local(const struct listener *l)
{
    return &l->local;
}

void listener_pause(struct listener *l)
{
    watch_start(l->watch, 0);
}

void listener_resume(struct listener *l)
{
    watch_start(l->watch, WATCH_READ);
}

void listener_free(struct listener *l)
{
    if (!l)
        return;
    if (l->freed)
        *l->freed = true;
    watch_free(l->watch);
    if (l->fd >= 0) {
        bind_unlink(&l->local);
        close(l->fd);
    }
    if (l->spare_fd >= 0)
        close(l->spare_fd);
    free(l);
}

static void set_port(struct endpoint *e, uint16_t port)
{
    if (e->sa.sa_family == AF_INET)
        e->in4.sin_port = htons(port);
    else if (e->sa.sa_family == AF_INET6)
        e->in6.sin6_port = htons(port);
}

int listen_open(const struct addr *addr, const struct listen_opener *opener, void *arg, struct err *err)
{
    struct endpoint at[LISTEN_ENDPOINTS_MAX], local;
    void *things[LISTEN_ENDPOINTS_MAX];
    int count = listen_endpoints(addr, at, LISTEN_ENDPOINTS_MAX, err);
    bool any_port = addr->port == 0 && !addr_is_local(addr->scheme);
    int code = count < 0 ? count : 0;

    for (int tries = 0; count > 0 && tries < LISTEN_PORT_TRIES; tries++) {
        int opened = 0;

        for (; opened < count; opened++) {
            code = opener->open(&at[opened], &local, &things[opened], err, arg);
            if (code < 0)
                break;
            if (opened == 0 && any_port)
                for (int i = 1; i < count; i++)
                    set_port(&at[i], endpoint_port(&local));
        }
        if (opened == count)
            return 0;
        while (opened > 0)
            opener->close(things[--opened]);
        if (code != -EADDRINUSE || !any_port)
            break;
    }
    return code;
}
