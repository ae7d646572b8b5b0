/* SPDX-License-Identifier: ISC */
/* New connections a second: connect, one line and its reply, close; some of them at the same time. The
 * side that closes first keeps the port for a minute, so the callers come from many addresses.
 *
 * connect_load --port PORT [--parallel 16] [--seconds 2] [--ping] */
#include "common.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOURCES 50
#define EVENTS 64
#define WARM_UP_NS 300000000u

static const char *ask;
static size_t ask_bytes;
static size_t reply_bytes;
static int epfd;
static int port;

static void call(void)
{
    static int source;
    struct sockaddr_in from = loopback(2 + source++ % SOURCES, 0);
    struct sockaddr_in to = loopback(1, port);
    struct epoll_event ev = {.events = EPOLLIN};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        die("socket");
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0)
        die("bind");
    /* On the loopback the handshake is over when connect returns, nonblocking or not. */
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS)
        die("connect");
    ev.data.fd = fd;
    if (send(fd, ask, ask_bytes, MSG_NOSIGNAL) != (ssize_t)ask_bytes)
        ev.events |= EPOLLOUT; /* unless the server's backlog was full */
    epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev);
}

int main(int argc, char **argv)
{
    uint64_t seconds = (uint64_t)option_number(argc, argv, "seconds", 2);
    long parallel = option_number(argc, argv, "parallel", 16);
    struct epoll_event events[EVENTS];
    char line[LINE_BYTES];
    uint64_t total = 0;
    uint64_t begin = 0;
    uint64_t start;
    uint64_t now;

    memset(line, 'x', LINE_BYTES - 1);
    line[LINE_BYTES - 1] = '\n';
    port = (int)option_number(argc, argv, "port", 0);
    ask = line;
    ask_bytes = reply_bytes = LINE_BYTES;
    if (option_given(argc, argv, "ping")) {
        ask = "PING\r\n";
        ask_bytes = 6;
        reply_bytes = 7;
    }
    epfd = epoll_create1(EPOLL_CLOEXEC);
    for (long i = 0; i < parallel; i++)
        call();
    start = now_ns();
    do {
        int n = epoll_wait(epfd, events, EVENTS, 1000);

        if (n <= 0) {
            errno = ETIMEDOUT;
            die("no reply for a second");
        }
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            char buf[256];
            ssize_t got;

            if (events[i].events & EPOLLOUT) {
                struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

                if (send(fd, ask, ask_bytes, MSG_NOSIGNAL) != (ssize_t)ask_bytes)
                    die("send");
                epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &ev);
                continue;
            }
            got = recv(fd, buf, sizeof(buf), 0);
            if (got != (ssize_t)reply_bytes) {
                errno = got < 0 ? errno : EBADMSG; /* so short a reply comes in one piece */
                die("reply");
            }
            close(fd);
            total++;
            call();
        }
        now = now_ns();
        if (begin == 0 && now - start >= WARM_UP_NS) {
            begin = now;
            total = 0;
        }
    } while (begin == 0 || now - begin < seconds * 1000000000u);
    printf("{\"per_second\": %.0f}\n", (double)total * 1e9 / (double)(now - begin));
    return 0;
}
