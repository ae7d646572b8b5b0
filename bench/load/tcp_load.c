/* SPDX-License-Identifier: ISC */
/* Exchanges with a TCP echo: some connections, each with some lines of 64 bytes in flight; or, for
 * redis, its inline PING. Every reply is compared with what was asked.
 *
 * tcp_load --port PORT [--connections 50] [--depth 1] [--seconds 2] [--ping] */
#include "common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNECTIONS 1024
#define MAX_DEPTH 1024
#define EVENTS 256
#define WARM_UP_NS 300000000u

static const char *ask;
static const char *reply;
static size_t ask_bytes;
static size_t reply_bytes;
static char asks[MAX_DEPTH * LINE_BYTES];
static char replies[MAX_DEPTH * LINE_BYTES * 2];
static size_t at[MAX_CONNECTIONS]; /* bytes of an unfinished reply */
static int fds[MAX_CONNECTIONS];

static void say(int fd, long n)
{
    size_t bytes = (size_t)n * ask_bytes;

    /* The socket buffer holds many times the window. */
    if (send(fd, asks, bytes, MSG_NOSIGNAL) != (ssize_t)bytes)
        die("send");
}

/* Reads what there is and returns how many bytes; wrong bytes end the run. */
static uint64_t hear(int i)
{
    static char buf[65536];
    ssize_t got = recv(fds[i], buf, sizeof(buf), 0);
    size_t start = at[i];
    size_t done = 0;

    if (got < 0 && errno == EAGAIN)
        return 0;
    if (got <= 0) {
        errno = got == 0 ? ECONNRESET : errno;
        die("recv");
    }
    while (done < (size_t)got) {
        size_t part = (size_t)got - done;

        if (part > sizeof(replies) - start)
            part = (sizeof(replies) - start) / reply_bytes * reply_bytes;
        if (memcmp(buf + done, replies + start, part) != 0) {
            fprintf(stderr, "a reply differs from what was asked\n");
            exit(1);
        }
        done += part;
        start = (start + part) % reply_bytes;
    }
    at[i] = start;
    return (uint64_t)got;
}

int main(int argc, char **argv)
{
    long connections = option_number(argc, argv, "connections", 50);
    long depth = option_number(argc, argv, "depth", 1);
    long seconds = option_number(argc, argv, "seconds", 2);
    int port = (int)option_number(argc, argv, "port", 0);
    uint64_t heard[MAX_CONNECTIONS] = {0};
    uint64_t answered[MAX_CONNECTIONS] = {0};
    struct epoll_event events[EVENTS];
    uint64_t total = 0;
    uint64_t counted = 0;
    uint64_t start;
    uint64_t begin = 0;
    uint64_t now;
    char line[LINE_BYTES + 1];
    int epfd = epoll_create1(EPOLL_CLOEXEC);

    if (connections < 1 || connections > MAX_CONNECTIONS || depth < 1 || depth > MAX_DEPTH) {
        errno = EINVAL;
        die("options");
    }
    memset(line, 'x', LINE_BYTES - 1);
    line[LINE_BYTES - 1] = '\n';
    ask = reply = line;
    ask_bytes = reply_bytes = LINE_BYTES;
    if (option_given(argc, argv, "ping")) {
        ask = "PING\r\n";
        reply = "+PONG\r\n";
        ask_bytes = 6;
        reply_bytes = 7;
    }
    for (size_t i = 0; i < MAX_DEPTH; i++)
        memcpy(asks + i * ask_bytes, ask, ask_bytes);
    for (size_t i = 0; (i + 1) * reply_bytes <= sizeof(replies); i++)
        memcpy(replies + i * reply_bytes, reply, reply_bytes);
    raise_nofile();
    for (int i = 0; i < connections; i++) {
        struct epoll_event ev = {.events = EPOLLIN, .data.u32 = (uint32_t)i};

        fds[i] = connect_tcp(1, port);
        epoll_ctl(epfd, EPOLL_CTL_ADD, fds[i], &ev);
    }
    for (int i = 0; i < connections; i++)
        say(fds[i], depth);
    start = now_ns();
    do {
        int n = epoll_wait(epfd, events, EVENTS, 1000);

        if (n <= 0) {
            errno = ETIMEDOUT;
            die("no reply for a second");
        }
        for (int e = 0; e < n; e++) {
            uint32_t i = events[e].data.u32;
            long whole;

            heard[i] += hear((int)i);
            whole = (long)(heard[i] / reply_bytes - answered[i]);
            if (whole > 0) {
                answered[i] += (uint64_t)whole;
                total += (uint64_t)whole;
                say(fds[i], whole);
            }
        }
        now = now_ns();
        if (begin == 0 && now - start >= WARM_UP_NS) {
            begin = now;
            counted = total;
        }
    } while (begin == 0 || now - begin < (uint64_t)seconds * 1000000000u);
    printf("{\"per_second\": %.0f}\n", (double)(total - counted) * 1e9 / (double)(now - begin));
    return 0;
}
