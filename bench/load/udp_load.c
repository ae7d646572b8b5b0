/* SPDX-License-Identifier: ISC */
/* Exchanges with a UDP echo, datagrams of 64 bytes, in three ways:
 *
 * udp_load --port PORT --window W [--seconds 2]      always W datagrams outstanding
 * udp_load --port PORT --rate R [--seconds 2]        R a second whatever comes back; counts the lost
 * udp_load --port PORT --burst B [--window 8] ...    W bursts outstanding, each of B datagrams that
 *                                                    leave joined (UDP_SEGMENT) and may come joined */
#include "common.h"

#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

#define BATCH 64
#define WARM_UP_NS 300000000u
#define DRAIN_MS 300
#define SILENCE_MS 100  /* then what is outstanding counts as lost */
#define TICK_NS 100000u /* a rate is kept in steps of this */

static char data[BATCH][2048];
static struct iovec iov[BATCH];
static struct mmsghdr msgs[BATCH];

static void say(int fd, long n)
{
    while (n > 0) {
        int done;
        unsigned want = n < BATCH ? (unsigned)n : BATCH;

        for (unsigned i = 0; i < want; i++)
            iov[i].iov_len = LINE_BYTES;
        done = sendmmsg(fd, msgs, want, 0);
        if (done < 0)
            die("sendmmsg");
        n -= done;
    }
}

/* How many replies there are now; waits for the first when asked to, as long as SILENCE_MS. */
static long hear(int fd, int wait_ms)
{
    int got;

    for (int i = 0; i < BATCH; i++)
        iov[i].iov_len = sizeof(data[i]);
    got = recvmmsg(fd, msgs, BATCH, MSG_DONTWAIT, NULL);
    if (got < 0 && errno == EAGAIN && wait_ms > 0) {
        struct pollfd pfd = {.fd = fd, .events = POLLIN};

        if (poll(&pfd, 1, wait_ms) > 0)
            got = recvmmsg(fd, msgs, BATCH, MSG_DONTWAIT, NULL);
    }
    if (got < 0) {
        if (errno != EAGAIN)
            die("recvmmsg");
        return 0;
    }
    for (int i = 0; i < got; i++) {
        if (msgs[i].msg_len != LINE_BYTES || data[i][LINE_BYTES - 1] != '\n') {
            errno = EBADMSG;
            die("reply");
        }
    }
    return got;
}

static void run_window(int fd, long window, uint64_t seconds)
{
    uint64_t start = now_ns();
    uint64_t begin = 0;
    uint64_t now;
    uint64_t total = 0;
    uint64_t lost = 0;

    say(fd, window);
    do {
        long got = hear(fd, SILENCE_MS);

        now = now_ns();
        if (got == 0) {
            lost += (uint64_t)window;
            got = window;
        } else {
            total += (uint64_t)got;
        }
        say(fd, got);
        if (begin == 0 && now - start >= WARM_UP_NS) {
            begin = now;
            total = lost = 0;
        }
    } while (begin == 0 || now - begin < seconds * 1000000000u);
    printf("{\"per_second\": %.0f, \"lost\": %llu}\n", (double)total * 1e9 / (double)(now - begin),
        (unsigned long long)lost);
}

static void run_rate(int fd, uint64_t rate, uint64_t seconds)
{
    uint64_t sent = 0;
    uint64_t heard = 0;
    uint64_t start = now_ns();
    uint64_t now = start;
    long got;

    while (now - start < seconds * 1000000000u) {
        uint64_t due = (now - start) / TICK_NS * TICK_NS * rate / 1000000000u;

        if (due > sent) {
            /* Never more than a batch late at once: a stall of ours is not a burst for the server. */
            long n = due - sent > BATCH ? BATCH : (long)(due - sent);

            say(fd, n);
            sent += (uint64_t)n;
        }
        heard += (uint64_t)hear(fd, 0);
        now = now_ns();
    }
    while ((got = hear(fd, DRAIN_MS)) > 0)
        heard += (uint64_t)got;
    printf("{\"offered_per_second\": %.0f, \"answered_per_second\": %.0f, \"lost_percent\": %.4f}\n",
        (double)sent * 1e9 / (double)(now - start), (double)heard * 1e9 / (double)(now - start),
        sent > 0 ? 100.0 * (double)(sent - heard) / (double)sent : 0.0);
}

static void burst_say(int fd, long burst)
{
    static char joined[65536];
    char control[CMSG_SPACE(sizeof(uint16_t))] __attribute__((aligned(8))) = {0};
    struct iovec all = {joined, (size_t)burst * LINE_BYTES};
    struct msghdr msg = {
        .msg_iov = &all, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
    uint16_t size = LINE_BYTES;

    if (joined[0] == 0)
        for (size_t i = 0; i < sizeof(joined); i++)
            joined[i] = i % LINE_BYTES == LINE_BYTES - 1 ? '\n' : 'x';
    cmsg->cmsg_level = IPPROTO_UDP;
    cmsg->cmsg_type = UDP_SEGMENT;
    cmsg->cmsg_len = CMSG_LEN(sizeof(size));
    memcpy(CMSG_DATA(cmsg), &size, sizeof(size));
    if (sendmsg(fd, &msg, 0) < 0)
        die("sendmsg with UDP_SEGMENT");
}

static void run_burst(int fd, long burst, long window, uint64_t seconds)
{
    static char buf[65536];
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    uint64_t start = now_ns();
    uint64_t begin = 0;
    uint64_t now;
    uint64_t total = 0;
    uint64_t reads = 0;
    uint64_t lost = 0;
    uint64_t owed = 0; /* replies towards the next burst */
    int one = 1;

    if (setsockopt(fd, IPPROTO_UDP, UDP_GRO, &one, sizeof(one)) < 0)
        die("UDP_GRO");
    for (long i = 0; i < window; i++)
        burst_say(fd, burst);
    do {
        ssize_t got = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

        if (got < 0 && errno == EAGAIN)
            got = poll(&pfd, 1, SILENCE_MS) > 0 ? recv(fd, buf, sizeof(buf), MSG_DONTWAIT) : 0;
        if (got < 0)
            die("recv");
        if (got % LINE_BYTES != 0) {
            errno = EBADMSG;
            die("reply");
        }
        if (got == 0) {
            lost += (uint64_t)(burst * window) - owed;
            owed = (uint64_t)(burst * window);
        } else {
            reads++;
            total += (uint64_t)got / LINE_BYTES;
            owed += (uint64_t)got / LINE_BYTES;
        }
        while (owed >= (uint64_t)burst) {
            burst_say(fd, burst);
            owed -= (uint64_t)burst;
        }
        now = now_ns();
        if (begin == 0 && now - start >= WARM_UP_NS) {
            begin = now;
            total = lost = reads = 0;
        }
    } while (begin == 0 || now - begin < seconds * 1000000000u);
    printf("{\"per_second\": %.0f, \"joined\": %.1f, \"lost\": %llu}\n",
        (double)total * 1e9 / (double)(now - begin), reads > 0 ? (double)total / (double)reads : 0.0,
        (unsigned long long)lost);
}

int main(int argc, char **argv)
{
    struct sockaddr_in to = loopback(1, (int)option_number(argc, argv, "port", 0));
    uint64_t seconds = (uint64_t)option_number(argc, argv, "seconds", 2);
    long burst = option_number(argc, argv, "burst", 0);
    long rate = option_number(argc, argv, "rate", 0);
    int fd = bind_udp(0);

    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
        die("connect");
    for (int i = 0; i < BATCH; i++) {
        memset(data[i], 'x', LINE_BYTES - 1);
        data[i][LINE_BYTES - 1] = '\n';
        iov[i] = (struct iovec){data[i], LINE_BYTES};
        msgs[i].msg_hdr.msg_iov = &iov[i];
        msgs[i].msg_hdr.msg_iovlen = 1;
    }
    if (burst > 0)
        run_burst(fd, burst, option_number(argc, argv, "window", 8), seconds);
    else if (rate > 0)
        run_rate(fd, (uint64_t)rate, seconds);
    else
        run_window(fd, option_number(argc, argv, "window", 64), seconds);
    return 0;
}
