/* SPDX-License-Identifier: ISC */
/* One publisher and many members of a server that hands each line to all others. Some messages are in
 * flight: the next is sent when the oldest has reached every member. Each member's messages are
 * checked for being the right ones in the right order. Reports the server's CPU time per delivery.
 *
 * fanout_load --port PORT --pid SERVER [--members 100] [--window 32] [--seconds 2] */
#include "common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_WINDOW 1024
#define EVENTS 256
#define WARM_UP_NS 500000000u
#define SOURCES 8

struct member {
    int fd;
    size_t at;      /* bytes of a message that has not come whole */
    uint64_t heard; /* whole messages */
    char part[LINE_BYTES];
};

static void message_make(char *to, uint64_t number)
{
    memset(to, 'x', LINE_BYTES - 1);
    for (size_t i = 0; i < sizeof(number); i++)
        to[i] = (char)('a' + (number >> (4 * i) & 15));
    to[LINE_BYTES - 1] = '\n';
}

static void message_check(const char *at, uint64_t number)
{
    char want[LINE_BYTES];

    message_make(want, number);
    if (memcmp(at, want, LINE_BYTES) != 0) {
        fprintf(stderr, "message %llu is not what was sent\n", (unsigned long long)number);
        exit(1);
    }
}

/* Reads what there is; counts each whole message in reached[number % MAX_WINDOW]. */
static uint64_t hear(struct member *member, uint32_t *reached)
{
    static char buf[LINE_BYTES + 65536];
    uint64_t before = member->heard;
    char *at = buf;
    ssize_t got;
    size_t have;

    memcpy(buf, member->part, member->at);
    got = recv(member->fd, buf + member->at, 65536, 0);
    if (got < 0 && errno == EAGAIN)
        return 0;
    if (got <= 0) {
        errno = got == 0 ? ECONNRESET : errno;
        die("a member");
    }
    for (have = member->at + (size_t)got; have >= LINE_BYTES; have -= LINE_BYTES, at += LINE_BYTES) {
        message_check(at, member->heard);
        reached[member->heard % MAX_WINDOW]++;
        member->heard++;
    }
    memcpy(member->part, at, have);
    member->at = have;
    return member->heard - before;
}

static void publish(int fd, uint64_t number, uint64_t n)
{
    static char out[MAX_WINDOW * LINE_BYTES];

    for (uint64_t i = 0; i < n; i++)
        message_make(out + i * LINE_BYTES, number + i);
    if (send(fd, out, n * LINE_BYTES, MSG_NOSIGNAL) != (ssize_t)(n * LINE_BYTES))
        die("send");
}

int main(int argc, char **argv)
{
    uint64_t seconds = (uint64_t)option_number(argc, argv, "seconds", 2);
    uint64_t window = (uint64_t)option_number(argc, argv, "window", 32);
    long members = option_number(argc, argv, "members", 100);
    pid_t pid = (pid_t)option_number(argc, argv, "pid", 0);
    int port = (int)option_number(argc, argv, "port", 0);
    struct member *all = calloc((size_t)members, sizeof(*all));
    static uint32_t reached[MAX_WINDOW];
    struct epoll_event events[EVENTS];
    int epfd = epoll_create1(EPOLL_CLOEXEC);
    uint64_t sent = 0;
    uint64_t done = 0; /* messages that reached all */
    uint64_t total = 0;
    uint64_t begin = 0;
    uint64_t cpu = 0;
    uint64_t start;
    uint64_t now;
    int publisher;

    if (all == NULL || window < 1 || window > MAX_WINDOW) {
        errno = EINVAL;
        die("options");
    }
    raise_nofile();
    publisher = connect_tcp(1, port);
    for (long i = 0; i < members; i++) {
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &all[i]};

        all[i].fd = connect_tcp(2 + (int)(i % SOURCES), port);
        epoll_ctl(epfd, EPOLL_CTL_ADD, all[i].fd, &ev);
    }
    usleep(200000); /* the last of them are accepted too: a message is for those who are there */
    start = now_ns();
    publish(publisher, 0, window);
    sent = window;
    do {
        int n = epoll_wait(epfd, events, EVENTS, 2000);
        uint64_t before = done;

        if (n <= 0) {
            errno = ETIMEDOUT;
            die("nothing delivered for two seconds");
        }
        for (int i = 0; i < n; i++)
            total += hear(events[i].data.ptr, reached);
        while (done < sent && reached[done % MAX_WINDOW] == (uint32_t)members) {
            reached[done % MAX_WINDOW] = 0;
            done++;
        }
        if (done > before) {
            publish(publisher, sent, done - before);
            sent += done - before;
        }
        now = now_ns();
        if (begin == 0 && now - start >= WARM_UP_NS) {
            begin = now;
            cpu = pid > 0 ? cpu_ns_of(pid) : 0;
            total = 0;
        }
    } while (begin == 0 || now - begin < seconds * 1000000000u);
    cpu = pid > 0 ? cpu_ns_of(pid) - cpu : 0;
    printf("{\"per_second\": %.0f, \"cpu_us\": %.4f, \"cpu_share\": %.3f}\n",
        (double)total * 1e9 / (double)(now - begin), (double)cpu / 1000.0 / (double)total,
        (double)cpu / (double)(now - begin));
    return 0;
}
