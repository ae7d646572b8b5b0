/* SPDX-License-Identifier: ISC */
/* Sends datagrams on the loopback that nobody reads, at a rate that is kept, or as fast as it goes:
 *
 * pace_load --rate R [--seconds 2] [--bytes 64] [--flows 64]     R a second; 0: as many as it can
 *
 * Says how many there were and in what time. They go to one socket, which is there so that no ICMP error
 * comes back, from as many sockets as there are flows. */
#include "common.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 32
#define FLOWS_MAX 1024
#define BYTES_MAX 1400
#define TICK_NS 100000 /* a rate is kept in steps of this */

static char data[BYTES_MAX];
static struct iovec iov;
static struct mmsghdr msgs[BATCH];
static int sockets[FLOWS_MAX];

static void open_all(long flows)
{
    struct sockaddr_in to;
    socklen_t len = sizeof(to);
    int sink = bind_udp(0), least = 1;

    /* What is in the way of nobody is dropped soonest. */
    if (setsockopt(sink, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)) < 0)
        die("setsockopt");
    if (getsockname(sink, (struct sockaddr *)&to, &len) < 0)
        die("getsockname");
    for (long i = 0; i < flows; i++) {
        sockets[i] = bind_udp(0);
        if (connect(sockets[i], (struct sockaddr *)&to, sizeof(to)) < 0)
            die("connect");
    }
}

static uint64_t send_batch(int fd, uint64_t count)
{
    int done = sendmmsg(fd, msgs, count < BATCH ? (unsigned)count : BATCH, 0);

    if (done < 0)
        die("sendmmsg");
    return (uint64_t)done;
}

int main(int argc, char **argv)
{
    const struct timespec tick = {.tv_nsec = TICK_NS};
    uint64_t rate = (uint64_t)option_number(argc, argv, "rate", 0);
    uint64_t length_ns = (uint64_t)option_number(argc, argv, "seconds", 2) * 1000000000u;
    long bytes = option_number(argc, argv, "bytes", 64), flows = option_number(argc, argv, "flows", 64);
    uint64_t begin, elapsed = 0, sent = 0;
    long turn = 0;

    if (bytes < 1 || bytes > BYTES_MAX || flows < 1 || flows > FLOWS_MAX) {
        fprintf(stderr, "pace_load: 1 to %d bytes, 1 to %d flows\n", BYTES_MAX, FLOWS_MAX);
        return 2;
    }
    iov = (struct iovec){.iov_base = data, .iov_len = (size_t)bytes};
    for (int i = 0; i < BATCH; i++)
        msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov, .msg_iovlen = 1};
    open_all(flows);
    begin = now_ns();
    while (elapsed < length_ns) {
        uint64_t due = rate ? rate * (elapsed / 1000) / 1000000 : sent + BATCH;

        if (sent < due)
            sent += send_batch(sockets[turn++ % flows], due - sent);
        else
            nanosleep(&tick, NULL);
        elapsed = now_ns() - begin;
    }
    printf("{\"sent\": %llu, \"seconds\": %.3f}\n", (unsigned long long)sent, (double)elapsed / 1e9);
    return 0;
}
