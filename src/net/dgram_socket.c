/* SPDX-License-Identifier: ISC */
/* The datagram socket of the kernel: UDP and unix.
 *
 * One wake-up takes a batch (dgram_batch.c), hands each datagram to the owner, and sends what the owner
 * answered (dgram_queue.c) before the next batch is taken. Sending never calls the owner back: what goes
 * wrong then is noted and told from the loop. */
#include "net/dgram.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "net/bind.h"
#include "net/dgram_batch.h"
#include "net/dgram_icmp.h"
#include "net/dgram_ops.h"
#include "net/dgram_queue.h"
#include "net/dgram_stall.h"
#include "net/loop.h"

#define RECEIVE_BYTES                                                                                        \
    (4 * 1024 * 1024) /* what the kernel may hold for us: at 300,000 a second 20 ms late is no loss */
#define BUSY_MIN                                                                                             \
    16 /* datagrams at once from which on the socket is not watched while they are dealt with                \
        */
#define BATCHES_PER_WAKE 16      /* then the loop's others have their turn */
#define FLUSH_BYTES (256 * 1024) /* sent at once, while the bytes are in the processor's cache */
#define NEWS_MAX 32              /* noted until the loop can tell; more at once are dropped */
#define SEND_TRIES 8             /* of one datagram, when each try fails with an older one's ICMP error */
#define UDP6_MAX_BYTES 65527     /* 65535 - 8 */
#define UNIX_OVERHEAD_BYTES 32   /* what the kernel subtracts from SO_SNDBUF */

struct dgram_socket {
    struct dgram base;
    int fd;
    bool connected;
    bool udp;
    bool blocked;   /* the kernel takes no more; its WATCH_WRITE will tell */
    bool receiving; /* a flush follows anyway */
    bool detached;  /* not watched until the work at hand is done */
    bool freed;
    int busy;              /* depth of calls that still need the memory */
    struct endpoint local; /* as bound */
    struct endpoint peer;  /* if connected */
    size_t max_bytes;
    struct watch *watch;
    struct turn_end turn_end;
    struct dgram_batch *batch;
    struct dgram_queue queue;
    struct dgram_stall *stall; /* of a bound unix one, else NULL */
    struct dgram_news news[NEWS_MAX];
    int news_count;
};

static void destroy(struct dgram_socket *s)
{
    dgram_batch_free(s->batch);
    dgram_queue_done(&s->queue);
    free(s);
}

static void attach(struct dgram_socket *s)
{
    s->detached = false;
    watch_start(s->watch, WATCH_READ | (s->blocked ? WATCH_WRITE : 0));
}

/* While a socket is watched, the kernel walks to the watcher for every datagram that comes in or has left,
 * though nobody waits there now: a tenth of the whole cost of an echo. Not watching it while many are dealt
 * with, and watching it again, costs two calls. */
static void detach(struct dgram_socket *s)
{
    if (!s->detached)
        watch_start(s->watch, 0);
    s->detached = true;
}

static void leave(struct dgram_socket *s)
{
    if (--s->busy > 0)
        return;
    if (s->freed)
        destroy(s);
    else if (s->detached)
        attach(s);
}

static void note_news(struct dgram_socket *s, const struct dgram_news *news)
{
    if (s->news_count == NEWS_MAX)
        return;
    s->news[s->news_count++] = *news;
    loop_at_turn_end(s->base.loop, &s->turn_end);
}

static void tell_news(struct dgram_socket *s)
{
    for (int i = 0; i < s->news_count && !s->freed; i++) {
        struct dgram_news news = s->news[i];
        struct err err;

        dgram_news_words(&news, &err);
        s->base.events->error(&s->base, news.peer.len ? &news.peer : NULL, news.code, &err, s->base.arg);
    }
    s->news_count = 0;
}

/* Everything that the network has said; how much that was. */
static int read_news(struct dgram_socket *s)
{
    struct dgram_news news;
    int count = 0;

    if (!s->udp)
        return 0;
    /* Bounded: what comes in meanwhile is seen at the next wake-up. */
    while (count < NEWS_MAX && dgram_icmp_next(s->fd, &news)) {
        if (s->connected)
            news.peer = s->peer;
        note_news(s, &news);
        count++;
    }
    return count;
}

/* A unix server that was started anew has the old name and is another socket. */
static bool reconnect(struct dgram_socket *s)
{
    return connect(s->fd, &s->peer.sa, s->peer.len) == 0;
}

/* The first datagram of the queue met an error. True: try it again, nothing is wrong with it. */
static bool should_retry(struct dgram_socket *s, int code, int tries)
{
    if (code == -EINTR)
        return true;
    if ((code == -EINVAL || code == -EIO || code == -EMSGSIZE || code == -EOPNOTSUPP) &&
        dgram_queue_split(&s->queue))
        return true;
    /* A pending ICMP error of an earlier datagram is returned once by whatever call comes next. */
    if (s->udp)
        return tries < (read_news(s) > 0 ? SEND_TRIES : 1);
    return s->connected && tries == 0 &&
           (code == -ECONNREFUSED || code == -ENOTCONN || code == -ECONNRESET) && reconnect(s);
}

static void note_lost(const struct endpoint *to, int code, void *arg)
{
    struct dgram_socket *s = arg;
    struct dgram_news news = {.peer = *to, .code = code};

    note_news(s, &news);
}

static void drop_first(struct dgram_socket *s, int code)
{
    note_lost(s->connected ? &s->peer : &dgram_queue_first(&s->queue)->to, code, s);
    dgram_queue_sent(&s->queue, 1);
}

static void set_first_aside(struct dgram_socket *s)
{
    const struct dgram_run *run = dgram_queue_first(&s->queue);

    dgram_stall_add(s->stall, &run->to, dgram_run_data(&s->queue, run), run->len);
    dgram_queue_sent(&s->queue, 1);
}

static void set_blocked(struct dgram_socket *s, bool blocked)
{
    if (s->blocked == blocked)
        return;
    s->blocked = blocked;
    if (!s->detached)
        attach(s);
}

static void flush(struct dgram_socket *s)
{
    struct dgram_sending sending;
    int tries = 0;

    s->busy++;
    while (!s->blocked && !dgram_queue_is_empty(&s->queue)) {
        bool stalled = s->stall && !dgram_stall_is_empty(s->stall);
        int count, sent, code;

        if (stalled && dgram_stall_holds(s->stall, &dgram_queue_first(&s->queue)->to)) {
            set_first_aside(s);
            continue;
        }
        count = dgram_queue_batch(&s->queue, &sending);
        if (count >= BUSY_MIN)
            detach(s);
        sent = sendmmsg(s->fd, sending.msgs, stalled ? 1 : (unsigned)count, MSG_DONTWAIT | MSG_NOSIGNAL);
        code = sent < 0 ? -errno : 0;
        if (sent > 0) {
            dgram_queue_sent(&s->queue, sent);
            tries = 0;
        } else if (code == -EAGAIN && s->stall) {
            set_first_aside(s);
        } else if (code == -EAGAIN) {
            set_blocked(s, true);
        } else if (!should_retry(s, code, tries++)) {
            drop_first(s, code);
            tries = 0;
        }
    }
    leave(s);
}

static void on_turn_end(struct turn_end *t)
{
    struct dgram_socket *s = list_entry(t, struct dgram_socket, turn_end);

    s->busy++;
    flush(s);
    tell_news(s);
    leave(s);
}

/* Is there somebody to send to, and room for len bytes more? Makes room. */
static int prepare_send(struct dgram_socket *s, const struct endpoint *to, size_t len)
{
    if (!s->connected && (!to || to->sa.sa_family == AF_UNSPEC || (s->udp && to->in4.sin_port == 0)))
        return -EDESTADDRREQ;
    if (dgram_queue_runs(&s->queue) >= DGRAM_BATCH || s->queue.tail - s->queue.head >= FLUSH_BYTES) {
        flush(s);
        if (dgram_queue_bytes(&s->queue) + len + sizeof(struct dgram_run) > DGRAM_QUEUE_BYTES)
            return -ENOBUFS;
    }
    if (!s->receiving)
        loop_at_turn_end(s->base.loop, &s->turn_end);
    return 0;
}

static int socket_send(struct dgram *d, const struct endpoint *to, const void *data, size_t len)
{
    struct dgram_socket *s = (struct dgram_socket *)d;
    int code = len > s->max_bytes ? -EMSGSIZE : prepare_send(s, to, len);

    if (code == 0)
        dgram_queue_add(
            &s->queue, s->connected ? NULL : to, data, len, s->batch && dgram_batch_is_joined(s->batch));
    return code;
}

static int socket_send_burst(
    struct dgram *d, const struct endpoint *to, const void *data, size_t len, size_t segment)
{
    struct dgram_socket *s = (struct dgram_socket *)d;
    int code = segment > s->max_bytes ? -EMSGSIZE : prepare_send(s, to, len);

    if (code < 0)
        return code;
    dgram_queue_add_burst(&s->queue, s->connected ? NULL : to, data, len, segment);
    return (int)((len + segment - 1) / segment);
}

static void socket_flush(struct dgram *d)
{
    flush((struct dgram_socket *)d);
}

static int socket_fd(const struct dgram *d)
{
    return ((const struct dgram_socket *)d)->fd;
}

static void socket_local(const struct dgram *d, struct endpoint *ret)
{
    *ret = ((const struct dgram_socket *)d)->local;
}

static uint64_t socket_lost(const struct dgram *d)
{
    const struct dgram_socket *s = (const struct dgram_socket *)d;
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof(info);

    /* The counter that SO_RXQ_OVFL tells with each datagram, without the price for each datagram. */
    if (s->fd < 0 || getsockopt(s->fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0)
        return 0;
    return info[SK_MEMINFO_DROPS];
}

static void socket_close(struct dgram *d)
{
    struct dgram_socket *s = (struct dgram_socket *)d;

    if (s->freed)
        return;
    s->busy++;
    flush(s);
    s->freed = true;
    turn_end_cancel(&s->turn_end);
    watch_free(s->watch);
    dgram_stall_free(s->stall);
    s->stall = NULL;
    if (!s->connected)
        bind_unlink(&s->local);
    close(s->fd);
    s->fd = -1;
    leave(s);
}

static const struct dgram_ops socket_ops = {
    .send = socket_send,
    .send_burst = socket_send_burst,
    .flush = socket_flush,
    .fd = socket_fd,
    .local = socket_local,
    .lost = socket_lost,
    .close = socket_close,
};

static void deliver(struct dgram_socket *s, const struct dgram_arrival *a)
{
    struct dgram_message m = {.peer = a->peer, .truncated = a->truncated};
    size_t left = a->len;

    m.data = a->data;
    if (a->len > a->segment && s->base.events->burst) {
        m.len = a->len;
        s->base.events->burst(&s->base, &m, a->segment, s->base.arg);
        return;
    }
    do {
        m.len = left > a->segment ? a->segment : left;
        s->base.events->message(&s->base, &m, s->base.arg);
        m.data += m.len;
        left -= m.len;
    } while (left > 0 && !s->freed);
}

static void receive(struct dgram_socket *s)
{
    for (int round = 0; round < BATCHES_PER_WAKE && !s->freed; round++) {
        int count = dgram_batch_receive(s->batch);
        bool busy;

        /* Woken, and there is no datagram, or an ICMP error has been returned in its stead. */
        if (count < 0) {
            bool any = read_news(s) > 0;

            if (!any && count != -EAGAIN) {
                struct dgram_news news = {.peer = s->peer, .code = count};

                note_news(s, &news);
            }
            tell_news(s);
            if (count == -EAGAIN)
                return;
            continue;
        }
        busy = count >= BUSY_MIN || dgram_batch_is_joined(s->batch);
        if (busy)
            detach(s);
        s->receiving = true;
        for (int i = 0; i < count && !s->freed; i++) {
            struct dgram_arrival arrival;

            dgram_batch_get(s->batch, i, &arrival);
            deliver(s, &arrival);
        }
        s->receiving = false;
        if (s->freed)
            return;
        flush(s);
        /* While many were dealt with, more came, as a rule. After few the loop may as well tell. */
        if (!busy)
            return;
    }
}

static void on_ready(int events, void *arg)
{
    struct dgram_socket *s = arg;

    s->busy++;
    if (events & WATCH_WRITE) {
        set_blocked(s, false);
        flush(s);
    }
    if (events & WATCH_READ)
        receive(s);
    leave(s);
}

static void set_receive_buffer(int fd)
{
    int bytes = RECEIVE_BYTES;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

static bool is_wildcard(const struct endpoint *e)
{
    if (e->sa.sa_family == AF_INET)
        return e->in4.sin_addr.s_addr == htonl(INADDR_ANY);
    return e->sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&e->in6.sin6_addr);
}

static void ask_for_local_address(int fd, int family)
{
    int on = 1;

    if (family == AF_INET)
        setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
    else
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
}

static size_t max_bytes(int fd, int family)
{
    int bytes = 0;
    socklen_t len = sizeof(bytes);

    if (family == AF_INET)
        return DGRAM_UDP4_MAX_BYTES;
    if (family == AF_INET6)
        return UDP6_MAX_BYTES;
    if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &len) < 0 || bytes <= UNIX_OVERHEAD_BYTES)
        return DGRAM_MAX_BYTES;
    return (size_t)bytes - UNIX_OVERHEAD_BYTES;
}

/* Takes fd over, also when it fails. */
static int adopt(struct loop *loop, int fd, const struct endpoint *local, const struct endpoint *peer,
    const struct dgram_events *events, void *arg, struct dgram **ret, struct err *err)
{
    struct dgram_socket *s = xcalloc(1, sizeof(*s));
    int family = local->sa.sa_family, code;
    bool wildcard = !peer && is_wildcard(local);
    char text[ENDPOINT_TEXT_BYTES];

    s->base = (struct dgram){.ops = &socket_ops, .loop = loop, .events = events, .arg = arg};
    s->fd = fd;
    s->udp = family != AF_UNIX;
    s->local = *local;
    if (peer) {
        s->connected = true;
        s->peer = *peer;
    }
    s->max_bytes = max_bytes(fd, family);
    dgram_queue_init(&s->queue);
    if (!s->udp)
        s->queue.segment_limit = 0; /* nothing is ever joined */
    turn_end_init(&s->turn_end, on_turn_end);
    if (s->udp) {
        set_receive_buffer(fd);
        dgram_icmp_enable(fd, family);
    }
    if (wildcard)
        ask_for_local_address(fd, family);
    code = watch_new(loop, fd, on_ready, s, &s->watch);
    if (code < 0) {
        close(fd);
        destroy(s);
        return err_set(
            err, ERR_OTHER, code, "%s: %s", endpoint_format(peer ? peer : local, text), err_word(code));
    }
    if (!s->udp && !peer)
        s->stall = dgram_stall_new(loop, fd, note_lost, s);
    s->batch = dgram_batch_new(fd, family, wildcard);
    watch_start(s->watch, WATCH_READ);
    *ret = &s->base;
    return 0;
}

int dgram_bind(struct loop *loop, const struct endpoint *at, const struct dgram_events *events, void *arg,
    struct dgram **ret, struct err *err)
{
    struct endpoint local;
    int fd = bind_socket(at, SOCK_DGRAM, &local, err), code;

    if (fd < 0)
        return fd;
    code = adopt(loop, fd, &local, NULL, events, arg, ret, err);
    if (code < 0)
        bind_unlink(&local);
    return code;
}

static int connect_failed(const struct endpoint *peer, int code, struct err *err)
{
    enum err_kind kind = err_kind_of(code);
    char text[ENDPOINT_TEXT_BYTES];

    endpoint_format(peer, text);
    if (peer->sa.sa_family == AF_UNIX) {
        if (code == -ENOENT)
            return err_set(err, kind, code, _("%s: there is no such socket; is the program running?"), text);
        if (code == -ECONNREFUSED)
            return err_set(err, kind, code,
                _("%s: connection refused: nobody has this socket open any more; is the program running?"),
                text);
        if (code == -EPROTOTYPE)
            return err_set(err, kind, code,
                _("%s: is not a datagram socket; try unix:// in place of unixgram://"), text);
        if (code == -EACCES)
            return err_set(
                err, kind, code, _("%s: not permitted: its file may not be written by this user"), text);
    }
    if (code == -ENETUNREACH || code == -EADDRNOTAVAIL)
        return err_set(err, ERR_CONNECT, code,
            _("%s: network unreachable: this machine has no route there (see \"ip route get\")"), text);
    if (code == -EACCES)
        return err_set(
            err, kind, code, _("%s: not permitted: a broadcast address, or a local firewall"), text);
    return err_set(err, kind, code, _("%s: %s"), text, err_word(code));
}

int dgram_connect(struct loop *loop, const struct endpoint *peer, const struct dgram_events *events,
    void *arg, struct dgram **ret, struct err *err)
{
    struct endpoint local = {.len = sizeof(local.un)}, unnamed = {.un.sun_family = AF_UNIX};
    int fd = socket(peer->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int code;

    if (fd < 0)
        return connect_failed(peer, -errno, err);
    /* With no more than a family the kernel picks an abstract name. */
    if (peer->sa.sa_family == AF_UNIX && bind(fd, &unnamed.sa, sizeof(sa_family_t)) < 0)
        goto failed;
    if (connect(fd, &peer->sa, peer->len) < 0 || getsockname(fd, &local.sa, &local.len) < 0)
        goto failed;
    return adopt(loop, fd, &local, peer, events, arg, ret, err);
failed:
    code = -errno;
    close(fd);
    return connect_failed(peer, code, err);
}
