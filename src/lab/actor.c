/* SPDX-License-Identifier: ISC */
/* It runs in a process of its own, which nothing else does: so here calls block, and lines are printed. */
#include "lab/actor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "base/clock.h"
#include "base/str.h"
#include "lab/actor_raw.h"
#include "lab/hosts.h"

#define NS_PER_MS 1000000
#define TELL_FROM_NS (10 * NS_PER_MS) /* how long a call took is worth telling from here on */
#define CHUNK_BYTES 16384
#define UDP_WAIT_MS 500
#define LOOK_MS 10

struct stage {
    const struct actor *actor;
    int listener, fd;   /* -1: none */
    int receive_buffer; /* 0: as it comes */
    bool may_fail;      /* the act at hand */
    int64_t since_ns;
};

/* ---- telling ---- */

static void begin(struct stage *s)
{
    s->since_ns = clock_now_ns();
}

static void add_time(const struct stage *s, struct str *line)
{
    int64_t took_ns = clock_now_ns() - s->since_ns;

    if (took_ns < TELL_FROM_NS)
        return;
    str_append_str(line, "  <");
    clock_append_duration(line, took_ns);
    str_append_char(line, '>');
}

/* "send(5) = 5", "connect(server:7000) = -1 ECONNREFUSED". result: a negative errno if it failed. */
static int tell(const struct stage *s, const char *call, ssize_t result)
{
    struct str line = STR_INIT;

    if (result < 0)
        str_appendf(&line, "%s = -1 %s", call, strerrorname_np((int)-result));
    else
        str_appendf(&line, "%s = %zd", call, result);
    add_time(s, &line);
    dprintf(STDOUT_FILENO, "%s\n", line.data);
    str_done(&line);
    return result < 0 ? 1 : 0;
}

static const char *other_name(const struct stage *s)
{
    return lab_side_name(s->actor->side == LAB_CLIENT ? LAB_SERVER : LAB_CLIENT);
}

/* ---- sockets ---- */

static struct sockaddr_in address_of(enum lab_side side, int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    memcpy(&a.sin_addr, hosts_ipv4(side), 4);
    return a;
}

static struct sockaddr_in other_address(const struct stage *s)
{
    return address_of(s->actor->side == LAB_CLIENT ? LAB_SERVER : LAB_CLIENT, ACTOR_PORT);
}

static int result_of(int returned)
{
    return returned < 0 ? -errno : returned;
}

static void set(int fd, int level, int name, int value)
{
    setsockopt(fd, level, name, &value, sizeof(value));
}

static int need_socket(struct stage *s, int type)
{
    if (s->fd >= 0)
        return 0;
    s->fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (s->fd >= 0 && s->receive_buffer)
        set(s->fd, SOL_SOCKET, SO_RCVBUF, s->receive_buffer);
    return s->fd < 0 ? -errno : 0;
}

static int do_bind(struct stage *s, int type, int port)
{
    const struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    char call[64];
    int code = need_socket(s, type);

    if (code == 0)
        code = result_of(bind(s->fd, (const struct sockaddr *)&a, sizeof(a)));
    snprintf(call, sizeof(call), "bind(:%d)", port);
    return tell(s, call, code);
}

static int do_listen(struct stage *s, int backlog)
{
    char call[64];

    s->fd = -1;
    if (do_bind(s, SOCK_STREAM, ACTOR_PORT))
        return 1;
    s->listener = s->fd;
    s->fd = -1;
    snprintf(call, sizeof(call), "listen(%d)", backlog);
    return tell(s, call, result_of(listen(s->listener, backlog)));
}

static int do_accept(struct stage *s)
{
    int fd = result_of(accept4(s->listener, NULL, NULL, SOCK_CLOEXEC));

    if (fd >= 0)
        s->fd = fd;
    return tell(s, "accept()", fd);
}

/* connect, and no more patience than so. */
static int connect_within(int fd, const struct sockaddr_in *to, int timeout_ms)
{
    const struct timeval limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    int code;

    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    code = result_of(connect(fd, (const struct sockaddr *)to, sizeof(*to)));
    return code == -EINPROGRESS ? -ETIMEDOUT : code;
}

static int do_connect(struct stage *s, int type, int timeout_ms)
{
    const struct sockaddr_in to = other_address(s);
    char call[64];
    int code = need_socket(s, type);

    if (code == 0)
        code = connect_within(s->fd, &to, timeout_ms);
    snprintf(call, sizeof(call), "connect(%s:%d)", other_name(s), ACTOR_PORT);
    return tell(s, call, code);
}

static int do_send(struct stage *s, int32_t bytes)
{
    static const char text[CHUNK_BYTES];
    char call[64];
    ssize_t sent = 0, code = 0;

    while (sent < bytes && code >= 0) {
        size_t next = bytes - sent < CHUNK_BYTES ? (size_t)(bytes - sent) : CHUNK_BYTES;

        code = send(s->fd, text, next, MSG_NOSIGNAL);
        code = code < 0 ? -errno : code;
        if (code > 0)
            sent += code;
    }
    snprintf(call, sizeof(call), "send(%d)", bytes);
    return tell(s, call, code < 0 ? code : sent);
}

/* until_end: bytes does not count. */
static int do_receive(struct stage *s, int32_t bytes, int until_end)
{
    char room[CHUNK_BYTES], call[64];
    ssize_t got = 1, sum = 0;

    while (got > 0 && (until_end || sum < bytes)) {
        got = recv(s->fd, room, sizeof(room), 0);
        got = got < 0 ? -errno : got;
        if (got > 0)
            sum += got;
    }
    snprintf(call, sizeof(call), "%s", until_end ? "recv() until the end" : "recv()");
    return tell(s, call, got < 0 ? got : sum);
}

static int do_fill(struct stage *s, int32_t bytes)
{
    static const char text[CHUNK_BYTES];
    ssize_t sent, sum = 0;

    while (sum < bytes && (sent = send(s->fd, text, sizeof(text), MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
        sum += sent;
    return tell(s, "send() until nothing more goes in", sum);
}

static int do_wait_acknowledged(struct stage *s, int timeout_ms)
{
    int left = 0;

    for (int waited = 0; waited < timeout_ms; waited += LOOK_MS) {
        if (ioctl(s->fd, SIOCOUTQ, &left) < 0 || left == 0)
            break;
        poll(NULL, 0, LOOK_MS);
    }
    return tell(s, "ioctl(SIOCOUTQ)", left);
}

static int do_close(struct stage *s, int *fd, const char *call)
{
    int code = result_of(close(*fd));

    *fd = -1;
    return tell(s, call, code);
}

static int do_reset(struct stage *s)
{
    const struct linger none = {.l_onoff = 1};
    int code;

    setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    code = result_of(close(s->fd));
    s->fd = -1;
    return tell(s, "close() with SO_LINGER 0", code);
}

static int do_keepalive(struct stage *s, int idle_s)
{
    set(s->fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(s->fd, IPPROTO_TCP, TCP_KEEPIDLE, idle_s);
    set(s->fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
    set(s->fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
    return tell(s, "setsockopt(SO_KEEPALIVE)", 0);
}

static int do_udp_echo(struct stage *s, int count)
{
    for (int i = 0; i < count; i++) {
        struct sockaddr_in from;
        socklen_t len = sizeof(from);
        char room[2048];
        ssize_t got;

        begin(s);
        got = recvfrom(s->fd, room, sizeof(room), 0, (struct sockaddr *)&from, &len);
        if (tell(s, "recvfrom()", got < 0 ? -errno : got))
            return 1;
        begin(s);
        got = sendto(s->fd, room, (size_t)got, 0, (const struct sockaddr *)&from, len);
        if (tell(s, "sendto()", got < 0 ? -errno : got))
            return 1;
    }
    return 0;
}

static int do_udp_ask(struct stage *s, int times)
{
    const struct timeval limit = {UDP_WAIT_MS / 1000, UDP_WAIT_MS % 1000 * 1000};
    static const char text[] = "hello";
    char room[2048];
    ssize_t got = -EAGAIN;

    setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    for (int i = 0; i < times && got == -EAGAIN; i++) {
        begin(s);
        got = send(s->fd, text, strlen(text), 0);
        if (tell(s, "send(5)", got < 0 ? -errno : got))
            return 1;
        begin(s);
        got = recv(s->fd, room, sizeof(room), 0);
        got = got < 0 ? -errno : got;
        tell(s, "recv()", got);
    }
    return got < 0;
}

static int do_wait(int32_t ms)
{
    const struct timespec wait = {ms / 1000, ms % 1000 * (long)NS_PER_MS};

    nanosleep(&wait, NULL);
    return 0;
}

/* ---- the play ---- */

static int act(struct stage *s, const struct act *a)
{
    begin(s);
    switch ((enum act_kind)a->kind) {
    case ACT_END:
        return 0;
    case ACT_LISTEN:
        return do_listen(s, a->value);
    case ACT_ACCEPT:
        return do_accept(s);
    case ACT_CONNECT:
        return do_connect(s, SOCK_STREAM, a->value);
    case ACT_BIND:
        return do_bind(s, SOCK_STREAM, a->value);
    case ACT_SEND:
        return do_send(s, a->value);
    case ACT_RECEIVE:
        return do_receive(s, a->value, 0);
    case ACT_RECEIVE_END:
        return do_receive(s, 0, 1);
    case ACT_SHUTDOWN:
        return tell(s, "shutdown(SHUT_WR)", result_of(shutdown(s->fd, SHUT_WR)));
    case ACT_CLOSE:
        return do_close(s, &s->fd, "close()");
    case ACT_CLOSE_LISTENER:
        return do_close(s, &s->listener, "close() of the listener");
    case ACT_RESET:
        return do_reset(s);
    case ACT_SET_BUFFER:
        s->receive_buffer = a->value;
        return 0;
    case ACT_SET_NODELAY:
        set(s->fd, IPPROTO_TCP, TCP_NODELAY, a->value);
        return tell(s, a->value ? "setsockopt(TCP_NODELAY, 1)" : "setsockopt(TCP_NODELAY, 0)", 0);
    case ACT_SET_TIMEOUT:
        set(s->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, a->value);
        return tell(s, "setsockopt(TCP_USER_TIMEOUT)", 0);
    case ACT_SET_KEEPALIVE:
        return do_keepalive(s, a->value);
    case ACT_FILL:
        return do_fill(s, a->value);
    case ACT_PEEK_EMPTY:
        return do_wait_acknowledged(s, a->value);
    case ACT_UDP_BIND:
        return do_bind(s, SOCK_DGRAM, ACTOR_PORT);
    case ACT_UDP_CONNECT:
        return do_connect(s, SOCK_DGRAM, 0);
    case ACT_UDP_ECHO:
        return do_udp_echo(s, a->value);
    case ACT_UDP_ASK:
        return do_udp_ask(s, a->value);
    case ACT_WAIT:
        return do_wait(a->value);
    case ACT_MAY_FAIL:
        s->may_fail = true;
        return 0;
    case ACT_RAW_SYNS:
        return tell(s, "SYNs in the names of others", actor_raw_syns(s->actor->side, a->value));
    case ACT_RAW_OLD_SYN:
        return tell(s, "a SYN from long ago", actor_raw_old_syn(s->actor->side));
    }
    return 0;
}

int actor_run(void *arg)
{
    struct stage s = {.actor = arg, .listener = -1, .fd = -1};
    int status = 0;

    for (const struct act *a = s.actor->acts; status == 0 && a->kind != ACT_END; a++) {
        bool may_fail = s.may_fail;

        s.may_fail = false;
        status = act(&s, a);
        if (may_fail)
            status = 0;
    }
    return status;
}
