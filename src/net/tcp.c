/* SPDX-License-Identifier: ISC */
/* Streams carried by the kernel: TCP and unix sockets, both libuv streams.
 *
 * Writing first tries at once (measured: the best a libuv program can do); what the kernel does not take is
 * left to a uv_write, whose request is allocated only then: an idle or fast peer never needs one. */
#include "net/tcp.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "net/loop_uv.h"
#include "net/stream_ops.h"

/* Pieces handed to one writev; a queue that is mostly joined slices seldom has more than one. */
#define TCP_IOV_MAX 64

struct tcp_write {
    uv_write_t req;
    struct tcp *tcp;
    size_t len;
};

struct tcp {
    struct stream base;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    };
    struct tcp_write *write; /* in flight exactly while base.blocked */
};

/* uv_buf_t is laid out as struct iovec on unix (libuv's documentation of uv_buf_t says so). */
_Static_assert(sizeof(uv_buf_t) == sizeof(struct iovec) &&
                   offsetof(uv_buf_t, base) == offsetof(struct iovec, iov_base) &&
                   offsetof(uv_buf_t, len) == offsetof(struct iovec, iov_len),
    "uv_buf_t is not an iovec");

static struct tcp *tcp_of(const struct stream *s)
{
    return (struct tcp *)s;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct tcp *t = handle->data;

    *buf = loop_read_buffer(t->base.loop);
}

static int tcp_fd(const struct stream *s)
{
    uv_os_fd_t fd;

    return uv_fileno(&tcp_of(s)->handle, &fd) == 0 ? fd : -1;
}

/* Where bytes and a reset arrive together, libuv reads the bytes and then takes POLLHUP for the end. But a
 * reset is no end in good order: the socket still has the error. */
static int pending_error(const struct stream *s)
{
    socklen_t len = sizeof(int);
    int error = 0;

    return getsockopt(tcp_fd(s), SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? -error : 0;
}

static void read_end(struct tcp *t)
{
    int code = t->base.closing ? 0 : pending_error(&t->base);

    if (code < 0)
        stream_fail(&t->base, code, NULL);
    else
        stream_deliver_end(&t->base);
}

static void on_read(uv_stream_t *handle, ssize_t nread, const uv_buf_t *buf)
{
    struct tcp *t = handle->data;

    if (nread > 0)
        stream_deliver(&t->base, (const uint8_t *)buf->base, (size_t)nread);
    else if (nread == UV_EOF)
        read_end(t);
    else if (nread < 0)
        stream_fail(&t->base, (int)nread, NULL);
}

static void set_reading(struct stream *s)
{
    struct tcp *t = tcp_of(s);

    if (s->paused || s->ended || s->failed)
        uv_read_stop(&t->stream);
    else
        uv_read_start(&t->stream, on_alloc, on_read); /* UV_EALREADY: it reads already */
}

static void on_written(uv_write_t *req, int status)
{
    struct tcp_write *w = req->data;
    struct tcp *t = w->tcp;
    struct stream *s = &t->base;
    size_t len = w->len;

    free(w);
    t->write = NULL;
    s->blocked = false;
    if (s->closing || s->failed)
        return;
    if (status < 0) {
        stream_fail(s, status, NULL);
        return;
    }
    stream_queue_consume(s, len);
    stream_flush(s);
}

/* The kernel is full: libuv writes the rest when it can. */
static int write_later(struct tcp *t)
{
    uv_buf_t bufs[TCP_IOV_MAX];
    struct tcp_write *w = xcalloc(1, sizeof(*w));
    int count, code;

    stream_queue_compact(&t->base);
    count = stream_queue_iov(&t->base, (struct iovec *)bufs, TCP_IOV_MAX);
    for (int i = 0; i < count; i++)
        w->len += bufs[i].len;
    w->tcp = t;
    w->req.data = w;
    t->write = w;
    t->base.blocked = true;
    code = uv_write(&w->req, &t->stream, bufs, (unsigned)count, on_written);
    if (code < 0) {
        t->base.blocked = false;
        t->write = NULL;
        free(w);
    }
    return code;
}

static int flush(struct stream *s)
{
    struct tcp *t = tcp_of(s);

    while (s->queued) {
        uv_buf_t bufs[TCP_IOV_MAX];
        int count = stream_queue_iov(s, (struct iovec *)bufs, TCP_IOV_MAX);
        size_t wanted = 0;
        int sent = uv_try_write(&t->stream, bufs, (unsigned)count);

        if (sent < 0 && sent != UV_EAGAIN)
            return sent;
        if (sent > 0)
            stream_queue_consume(s, (size_t)sent);
        for (int i = 0; i < count; i++)
            wanted += bufs[i].len;
        if (sent < 0 || (size_t)sent < wanted)
            return write_later(t);
    }
    return 0;
}

static int half_close(struct stream *s)
{
    /* The queue is empty and nothing is in flight, so there is nothing for uv_shutdown to wait for. */
    if (shutdown(tcp_fd(s), SHUT_WR) == 0 || errno == ENOTCONN)
        return 0;
    if (errno != ENOTSOCK)
        return -errno;
    /* A pipe: it has no other direction to wait for, closing is all that is left. */
    s->ended = true;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct tcp *t = handle->data;

    stream_done(&t->base);
    free(t);
}

static void close_tcp(struct stream *s, bool with_reset)
{
    struct tcp *t = tcp_of(s);

    if (with_reset && t->handle.type == UV_TCP) {
        struct linger reset = {.l_onoff = 1, .l_linger = 0};

        setsockopt(tcp_fd(s), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    }
    uv_close(&t->handle, on_closed);
}

static void tcp_peer(const struct stream *s, struct endpoint *ret)
{
    *ret = (struct endpoint){.len = sizeof(ret->un)};
    if (getpeername(tcp_fd(s), &ret->sa, &ret->len) < 0)
        *ret = (struct endpoint){0};
}

static void tcp_local(const struct stream *s, struct endpoint *ret)
{
    *ret = (struct endpoint){.len = sizeof(ret->un)};
    if (getsockname(tcp_fd(s), &ret->sa, &ret->len) < 0)
        *ret = (struct endpoint){0};
}

static const struct stream_ops tcp_ops = {
    .flush = flush,
    .set_reading = set_reading,
    .shutdown = half_close,
    .close = close_tcp,
    .fd = tcp_fd,
    .peer = tcp_peer,
    .local = tcp_local,
};

static struct tcp *tcp_new(struct loop *loop, int family)
{
    struct tcp *t = xcalloc(1, sizeof(*t));

    stream_init(&t->base, loop, &tcp_ops);
    if (family == AF_UNIX)
        uv_pipe_init(loop_uv(loop), &t->pipe, 0);
    else
        uv_tcp_init(loop_uv(loop), &t->tcp);
    t->handle.data = t;
    return t;
}

static int adopt_fd(struct loop *loop, int family, int fd, struct tcp **ret)
{
    struct tcp *t = tcp_new(loop, family);
    int code = family == AF_UNIX ? uv_pipe_open(&t->pipe, fd) : uv_tcp_open(&t->tcp, fd);

    if (code < 0) {
        close(fd);
        t->base.closing = true;
        uv_close(&t->handle, on_closed);
        return code;
    }
    *ret = t;
    return 0;
}

int stream_accept(struct loop *loop, int family, int fd, struct stream **ret)
{
    struct tcp *t;
    int code = adopt_fd(loop, family, fd, &t);

    if (code == 0)
        *ret = &t->base;
    return code;
}

int stream_from_fd(struct loop *loop, int fd, struct stream **ret)
{
    struct endpoint local = {.len = sizeof(local.un)};
    int code;

    if (getsockname(fd, &local.sa, &local.len) < 0) {
        code = -errno;
        if (code != -ENOTSOCK) {
            close(fd);
            return code;
        }
        local.sa.sa_family = AF_UNIX; /* what libuv calls a pipe is either */
    }
    return stream_accept(loop, local.sa.sa_family, fd, ret);
}

/* One attempt to connect. A TCP one is libuv's to wait for; a unix one is decided at once by connect(2), and
 * told at the turn's end. */
struct tcp_connect {
    uv_connect_t req;
    struct turn_end told_later;
    struct tcp *tcp; /* NULL where it failed at once */
    int code;
    bool cancelled;
    tcp_connected *done;
    void *arg;
};

static void finish_connect(struct tcp_connect *c)
{
    struct tcp *t = c->tcp;

    if (c->code < 0 || c->cancelled) {
        if (t && !t->base.closing)
            stream_close(&t->base);
        t = NULL;
    }
    if (!c->cancelled)
        c->done(t ? &t->base : NULL, c->code, c->arg);
    free(c);
}

static void on_told_later(struct turn_end *later)
{
    finish_connect(list_entry(later, struct tcp_connect, told_later));
}

static void on_connected(uv_connect_t *req, int status)
{
    struct tcp_connect *c = req->data;

    c->code = status;
    if (status == 0)
        uv_tcp_nodelay(&c->tcp->tcp, 1);
    finish_connect(c);
}

/* libuv's uv_pipe_connect knows no abstract names. */
static int connect_unix(struct loop *loop, const struct endpoint *to, struct tcp **ret)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -errno;
    if (connect(fd, &to->sa, to->len) < 0) {
        int code = -errno;

        close(fd);
        return code;
    }
    return adopt_fd(loop, AF_UNIX, fd, ret);
}

struct tcp_connect *tcp_connect(struct loop *loop, const struct endpoint *to, tcp_connected *done, void *arg)
{
    struct tcp_connect *c = xcalloc(1, sizeof(*c));

    c->done = done;
    c->arg = arg;
    c->req.data = c;
    turn_end_init(&c->told_later, on_told_later);
    if (to->sa.sa_family == AF_UNIX) {
        c->code = connect_unix(loop, to, &c->tcp);
        loop_at_turn_end(loop, &c->told_later);
        return c;
    }
    c->tcp = tcp_new(loop, to->sa.sa_family);
    c->code = uv_tcp_connect(&c->req, &c->tcp->tcp, &to->sa, on_connected);
    if (c->code < 0)
        loop_at_turn_end(loop, &c->told_later);
    return c;
}

void tcp_connect_local(const struct tcp_connect *c, struct endpoint *ret)
{
    *ret = (struct endpoint){0};
    if (c->tcp && c->code == 0)
        tcp_local(&c->tcp->base, ret);
}

void tcp_connect_cancel(struct tcp_connect *c)
{
    if (!c)
        return;
    c->cancelled = true;
    if (!list_is_empty(&c->told_later.node)) {
        turn_end_cancel(&c->told_later);
        finish_connect(c);
    } else {
        /* libuv calls on_connected with UV_ECANCELED while it closes. */
        stream_close(&c->tcp->base);
    }
}
