/* SPDX-License-Identifier: ISC */
/* Datagrams by the many: bursts joined and not, what the kernel loses, and what happens when it takes no
 * more. */
#include <errno.h>
#include <netinet/udp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/dgram_for_test.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* An owner who deals with many at once. */
static void on_burst(struct dgram *d, const struct dgram_message *m, size_t segment, void *arg)
{
    struct party *p = arg;
    int count = (int)((m->len + segment - 1) / segment);

    assert_in_range(segment, 1, m->len - 1);
    p->messages += count;
    p->bursts++;
    p->last_peer = *m->peer;
    if (p->echo)
        assert_int_equal(dgram_send_burst(d, m->peer, m->data, m->len, segment), count);
    check_done(p);
}

static const struct dgram_events burst_events = {.message = on_message, .burst = on_burst, .error = on_error};
/* count datagrams of size bytes (the last one short bytes less), handed to the kernel as one. */
static void send_joined(int fd, const struct endpoint *to, uint8_t first, size_t size, int count, size_t less)
{
    static uint8_t data[DGRAM_MAX_BYTES];
    uint8_t control[CMSG_SPACE(sizeof(uint16_t))] __attribute__((aligned(8))) = {0};
    struct iovec iov = {data, size * (size_t)count - less};
    struct msghdr msg = {.msg_name = (void *)&to->sa,
        .msg_namelen = to->len,
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof(control)};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
    uint16_t segment = (uint16_t)size;

    for (size_t i = 0; i < iov.iov_len; i++)
        data[i] = (uint8_t)(first + i / size);
    cmsg->cmsg_level = IPPROTO_UDP;
    cmsg->cmsg_type = UDP_SEGMENT;
    cmsg->cmsg_len = CMSG_LEN(sizeof(segment));
    memcpy(CMSG_DATA(cmsg), &segment, sizeof(segment));
    assert_int_equal(sendmsg(fd, &msg, 0), iov.iov_len);
}

static void expect_burst(int fd, uint8_t first, size_t size, int count, size_t less)
{
    uint8_t data[2048];

    for (int i = 0; i < count; i++) {
        memset(data, first + i, size);
        expect_datagram(fd, data, size - (i == count - 1 ? less : 0));
    }
}

static int gro_of(const struct party *p)
{
    int on = -1;
    socklen_t len = sizeof(on);

    assert_int_equal(getsockopt(dgram_fd(p->d), IPPROTO_UDP, UDP_GRO, &on, &len), 0);
    return on;
}

static void check_bursts(const char *at, const char *host, const struct dgram_events *events)
{
    struct party *p = bound_with(at, events);
    struct endpoint me = numeric(host, 0), other = numeric(host, 0), to;
    int fd, second, probe = 0;
    socklen_t len = sizeof(probe);

    if (!p)
        skip();
    to = numeric(host, port_of(p));
    if (getsockopt(dgram_fd(p->d), IPPROTO_UDP, UDP_GRO, &probe, &len) < 0) {
        party_free(p);
        skip();
    }
    fd = plain(&me);
    second = plain(&other);
    p->echo = true;
    assert_int_equal(gro_of(p), 0);

    /* The first burst comes apart, and is a reason to ask for joined ones. */
    send_joined(fd, &to, 1, 100, 64, 0);
    await(p, 64, 0);
    expect_burst(fd, 1, 100, 64, 0);
    assert_int_equal(gro_of(p), 1);

    /* Joined, with a shorter end, other sizes, two peers, and single ones in between: the same bytes. */
    for (int round = 0; round < 4; round++) {
        send_joined(fd, &to, 3, 100, 50, 99);
        send_joined(second, &to, 99, 1000, 64, 1);
        plain_send(fd, &to, "single", 6);
        plain_send(fd, &to, "", 0);
        send_joined(fd, &to, 200, 1, 17, 0);
        await(p, 50 + 64 + 2 + 17, 0);
        expect_burst(fd, 3, 100, 50, 99);
        expect_burst(second, 99, 1000, 64, 1);
        expect_datagram(fd, "single", 6);
        expect_datagram(fd, "", 0);
        expect_burst(fd, 200, 1, 17, 0);
    }
    assert_int_equal(gro_of(p), 1);
    assert_int_equal(p->bursts > 0, events->burst != NULL);
    expect_nothing(fd);

    /* An ordinary sender: given up, though it sends in rows, and not tried again at once. */
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 40; i++)
            plain_send(fd, &to, "0123456789", 10);
        await(p, 40, 0);
        for (int i = 0; i < 40; i++)
            expect_datagram(fd, "0123456789", 10);
    }
    assert_int_equal(gro_of(p), 0);
    send_joined(fd, &to, 7, 64, 64, 0);
    send_joined(second, &to, 8, 64, 64, 0);
    await(p, 128, 0);
    expect_burst(fd, 7, 64, 64, 0);
    expect_burst(second, 8, 64, 64, 0);
    assert_int_equal(p->errors, 0);
    close(fd);
    close(second);
    party_free(p);
}

static void bursts_come_and_go_joined(void **state)
{
    check_bursts("127.0.0.1", "127.0.0.1", &party_events);
}

static void bursts_at_a_wildcard_address(void **state)
{
    check_bursts("0.0.0.0", "127.0.0.2", &party_events);
}

static void bursts_over_ipv6(void **state)
{
    check_bursts("::", "::1", &party_events);
}

static void bursts_dealt_with_at_once(void **state)
{
    check_bursts("127.0.0.1", "127.0.0.1", &burst_events);
    check_bursts("0.0.0.0", "127.0.0.2", &burst_events);
}

static void what_the_kernel_lost_is_counted(void **state)
{
    struct party *p = bound_at("127.0.0.1");
    struct endpoint me = numeric("127.0.0.1", 0), to = local_of(p);
    int fd = plain(&me), sent = 40000;
    uint64_t lost;

    for (int i = 0; i < sent; i++)
        plain_send(fd, &to, "x", 1);
    lost = dgram_lost(p->d);
    assert_in_range(lost, 1, sent - 1);
    await(p, sent - (int)lost, 0);
    run_for(p, 10);
    assert_int_equal(p->messages + (int)dgram_lost(p->d), sent);
    close(fd);
    party_free(p);
}

static void the_queue_is_bounded_and_continues(void **state)
{
    struct endpoint at = unix_at("queue");
    int fd = plain(&at), queued = 0, code;
    struct party *p;
    uint8_t data[1000] = {0};

    at = unix_at("queue");
    p = connected_to(&at);
    for (;; queued++) {
        memcpy(data, &queued, sizeof(queued));
        code = dgram_send(p->d, NULL, data, sizeof(data));
        if (code < 0)
            break;
        assert_in_range(queued, 0, 2 * DGRAM_QUEUE_BYTES / (int)sizeof(data));
    }
    assert_int_equal(code, -ENOBUFS);
    assert_in_range(
        queued, DGRAM_QUEUE_BYTES / 2 / (int)sizeof(data), DGRAM_QUEUE_BYTES / (int)sizeof(data) + 600);
    for (int i = 0; i < queued; i++) {
        memcpy(data, &i, sizeof(i));
        while (recv(fd, data, 0, MSG_PEEK | MSG_DONTWAIT) < 0)
            run_for(p, 1);
        expect_datagram(fd, data, sizeof(data));
    }
    expect_nothing(fd);
    assert_int_equal(p->errors, 0);
    assert_int_equal(dgram_send(p->d, NULL, data, sizeof(data)), 0);
    dgram_flush(p->d);
    expect_datagram(fd, data, sizeof(data));
    close(fd);
    unlink(at.un.sun_path);
    party_free(p);
}

static int count_waiting(int fd)
{
    int count = 0;
    char byte;

    while (recv(fd, &byte, 1, MSG_DONTWAIT) == 1)
        count++;
    return count;
}

static void one_stuck_unix_peer_delays_nobody(void **state)
{
    struct endpoint at = unix_at("many"), stuck = unix_at("stuck"), quick = unix_at("quick");
    struct party *p = unix_bound(&at);
    int slow = plain(&stuck), fast = plain(&quick), capacity;

    stuck = unix_at("stuck");
    quick = unix_at("quick");
    for (capacity = 0; sendto(dgram_fd(p->d), "x", 1, MSG_DONTWAIT, &stuck.sa, stuck.len) == 1; capacity++)
        assert_in_range(capacity, 0, 100000);
    assert_int_equal(count_waiting(slow), capacity);

    /* More than its queue takes, with others in between. */
    for (int i = 0; i < capacity + 30; i++) {
        assert_int_equal(dgram_send(p->d, &stuck, &i, sizeof(i)), 0);
        if (i >= capacity && i % 10 == 0) {
            assert_int_equal(dgram_send(p->d, &quick, &i, sizeof(i)), 0);
            dgram_flush(p->d);
            expect_datagram(fast, &i, sizeof(i));
        }
    }
    dgram_flush(p->d);
    for (int i = 0; i < capacity + 30; i++) {
        char byte;

        while (recv(slow, &byte, 0, MSG_PEEK | MSG_DONTWAIT) < 0)
            run_for(p, 5);
        expect_datagram(slow, &i, sizeof(i));
    }
    expect_nothing(slow);
    assert_int_equal(p->errors, 0);

    /* It never reads again: told after a while, and forgotten. */
    for (int i = 0; i < capacity + 3; i++)
        assert_int_equal(dgram_send(p->d, &stuck, &i, sizeof(i)), 0);
    await(p, 0, 3);
    assert_int_equal(p->last_code, -ENOBUFS);
    assert_true(endpoint_is_equal(&p->error_peer, &stuck));
    assert_non_null(strstr(p->last_err.text, "does not take"));
    assert_int_equal(count_waiting(slow), capacity);
    close(slow);
    close(fast);
    unlink(stuck.un.sun_path);
    unlink(quick.un.sun_path);
    party_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bursts_come_and_go_joined),
        cmocka_unit_test(bursts_at_a_wildcard_address),
        cmocka_unit_test(bursts_over_ipv6),
        cmocka_unit_test(bursts_dealt_with_at_once),
        cmocka_unit_test(what_the_kernel_lost_is_counted),
        cmocka_unit_test(the_queue_is_bounded_and_continues),
        cmocka_unit_test(one_stuck_unix_peer_delays_nobody),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
