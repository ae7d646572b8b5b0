/* SPDX-License-Identifier: ISC */
/* The least that a TCP echo server can be: one read, one write of the same bytes. A peer that does not
 * take its echo is waited for, which a real server may not do.   epoll_echo PORT */
#include "common.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES 65536
#define EVENTS 256

static int send_all(int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, data, n, MSG_NOSIGNAL);

        if (sent < 0) {
            struct pollfd wait = {.fd = fd, .events = POLLOUT};

            if (errno != EAGAIN || poll(&wait, 1, 1000) != 1)
                return -1;
            continue;
        }
        data += sent;
        n -= (size_t)sent;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static char buf[READ_BYTES];
    struct epoll_event events[EVENTS];
    struct epoll_event ev = {.events = EPOLLIN};
    int epfd = epoll_create1(EPOLL_CLOEXEC);
    int listener;

    raise_nofile();
    listener = listen_tcp(argc > 1 ? atoi(argv[1]) : 0);
    ev.data.fd = listener;
    epoll_ctl(epfd, EPOLL_CTL_ADD, listener, &ev);
    say_ready();
    for (;;) {
        int n = epoll_wait(epfd, events, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            ssize_t got;

            if (fd == listener) {
                while ((ev.data.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
                    set_nodelay(ev.data.fd);
                    epoll_ctl(epfd, EPOLL_CTL_ADD, ev.data.fd, &ev);
                }
                continue;
            }
            got = recv(fd, buf, sizeof(buf), 0);
            if (got < 0 && errno == EAGAIN)
                continue;
            if (got <= 0 || send_all(fd, buf, (size_t)got) < 0)
                close(fd);
        }
    }
}
