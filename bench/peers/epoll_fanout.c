/* SPDX-License-Identifier: ISC */
/* The least that a fan-out server can be: what any peer says in whole lines goes to all others, with
 * one write to a peer for all that came in one turn of the loop.   epoll_fanout PORT */
#include "common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_PEERS 20000
#define READ_BYTES 65536
#define QUEUE_BYTES (1024 * 1024) /* a peer further behind is cut off */
#define EVENTS 256

struct peer {
    int fd; /* also its place in the table */
    char *queue;
    size_t queued;
    char *rest; /* a line whose end has not come */
    size_t rest_bytes;
};

static struct peer *peers[MAX_PEERS];
static int alive[MAX_PEERS];
static int alive_count;
static char turn[READ_BYTES * 2];
static size_t turn_bytes;
static int turn_from = -1;
static int epfd;

static void peer_drop(struct peer *peer)
{
    peers[peer->fd] = NULL;
    for (int i = 0; i < alive_count; i++) {
        if (alive[i] == peer->fd) {
            alive[i] = alive[--alive_count];
            break;
        }
    }
    close(peer->fd);
    free(peer->queue);
    free(peer->rest);
    free(peer);
}

static void watch(int fd, uint32_t events, int op)
{
    struct epoll_event ev = {.events = events, .data.fd = fd};

    epoll_ctl(epfd, op, fd, &ev);
}

static int peer_send(struct peer *peer, const char *data, size_t n)
{
    ssize_t sent = 0;

    if (peer->queued == 0) {
        sent = send(peer->fd, data, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return -1;
        sent = sent < 0 ? 0 : sent;
    }
    if ((size_t)sent == n)
        return 0;
    if (peer->queue == NULL)
        peer->queue = malloc(QUEUE_BYTES);
    if (peer->queued + n - (size_t)sent > QUEUE_BYTES)
        return -1;
    if (peer->queued == 0)
        watch(peer->fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    memcpy(peer->queue + peer->queued, data + sent, n - (size_t)sent);
    peer->queued += n - (size_t)sent;
    return 0;
}

static void turn_end(void)
{
    if (turn_bytes == 0)
        return;
    for (int i = 0; i < alive_count;) {
        struct peer *peer = peers[alive[i]];

        if (peer->fd != turn_from && peer_send(peer, turn, turn_bytes) < 0)
            peer_drop(peer); /* puts another into place i */
        else
            i++;
    }
    turn_bytes = 0;
}

static void peer_read(struct peer *peer)
{
    static char buf[READ_BYTES * 2];
    size_t have = peer->rest_bytes;
    size_t whole;
    ssize_t got;

    if (have > 0)
        memcpy(buf, peer->rest, have);
    got = recv(peer->fd, buf + have, READ_BYTES, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN)
            peer_drop(peer);
        return;
    }
    have += (size_t)got;
    for (whole = have; whole > 0 && buf[whole - 1] != '\n'; whole--) {
    }
    peer->rest_bytes = have - whole;
    if (peer->rest_bytes > READ_BYTES) {
        peer_drop(peer);
        return;
    }
    if (peer->rest_bytes > 0) {
        if (peer->rest == NULL)
            peer->rest = malloc(READ_BYTES);
        memcpy(peer->rest, buf + whole, peer->rest_bytes);
    }
    if (whole == 0)
        return;
    if (turn_bytes > 0 && (turn_from != peer->fd || turn_bytes + whole > sizeof(turn)))
        turn_end();
    turn_from = peer->fd;
    memcpy(turn + turn_bytes, buf, whole);
    turn_bytes += whole;
}

static void peer_write(struct peer *peer)
{
    ssize_t sent = send(peer->fd, peer->queue, peer->queued, MSG_NOSIGNAL);

    if (sent < 0) {
        if (errno != EAGAIN)
            peer_drop(peer);
        return;
    }
    peer->queued -= (size_t)sent;
    memmove(peer->queue, peer->queue + sent, peer->queued);
    if (peer->queued == 0)
        watch(peer->fd, EPOLLIN, EPOLL_CTL_MOD);
}

static void accept_all(int listener)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd >= MAX_PEERS) {
            close(fd);
            continue;
        }
        set_nodelay(fd);
        peers[fd] = calloc(1, sizeof(struct peer));
        peers[fd]->fd = fd;
        alive[alive_count++] = fd;
        watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS];
    int listener;

    raise_nofile();
    listener = listen_tcp(argc > 1 ? atoi(argv[1]) : 0);
    epfd = epoll_create1(EPOLL_CLOEXEC);
    watch(listener, EPOLLIN, EPOLL_CTL_ADD);
    say_ready();
    for (;;) {
        int n = epoll_wait(epfd, events, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;

            if (fd == listener) {
                accept_all(listener);
                continue;
            }
            if (peers[fd] != NULL && (events[i].events & EPOLLOUT))
                peer_write(peers[fd]);
            if (peers[fd] != NULL && (events[i].events & ~(uint32_t)EPOLLOUT))
                peer_read(peers[fd]);
        }
        turn_end();
    }
}
