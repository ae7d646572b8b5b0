/* SPDX-License-Identifier: ISC */
/* Datagram sockets against plain ones on the loopback: order, lengths, which address answers, ICMP errors,
 * bursts joined and not, what happens when the kernel takes no more, and unix sockets with all their kinds of
 * peers. */
#include "net/dgram.h"

#include <errno.h>
#include <netinet/udp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

#define PATIENCE_MS 10000 /* a test that has not seen what it waits for by then fails */

/* One loop, the socket under test, and what its events said. */
struct party {
    struct loop *loop;
    struct dgram *d;
    struct timer *patience;
    int want_messages, want_errors; /* the loop stops when both are reached */
    int messages, errors, bursts;
    bool echo, free_in_event;
    size_t last_len;
    bool last_truncated;
    uint8_t last_data[DGRAM_MAX_BYTES];
    struct endpoint last_peer, error_peer;
    int last_code;
    struct err last_err;
};

static void out_of_patience(void *arg)
{
    fail_msg("nothing came any more");
}

static void check_done(struct party *p)
{
    if (p->messages >= p->want_messages && p->errors >= p->want_errors)
        loop_stop(p->loop);
}

static void on_message(struct dgram *d, const struct dgram_message *m, void *arg)
{
    struct party *p = arg;

    p->messages++;
    p->last_len = m->len;
    p->last_truncated = m->truncated;
    p->last_peer = *m->peer;
    memcpy(p->last_data, m->data, m->len);
    if (p->echo)
        assert_int_equal(dgram_send(d, m->peer, m->data, m->len), 0);
    if (p->free_in_event) {
        dgram_free(d);
        p->d = NULL;
    }
    check_done(p);
}

static void on_error(struct dgram *d, const struct endpoint *peer, int code, const struct err *err, void *arg)
{
    struct party *p = arg;

    p->errors++;
    p->error_peer = peer ? *peer : (struct endpoint){.len = 0};
    p->last_code = code;
    p->last_err = *err;
    check_done(p);
}

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
static const struct dgram_events party_events = {.message = on_message, .error = on_error};

static struct party *party_new(void)
{
    struct party *p = calloc(1, sizeof(*p));

    p->loop = loop_new();
    p->patience = timer_new(p->loop, out_of_patience, p);
    return p;
}

static void party_free(struct party *p)
{
    dgram_free(p->d);
    timer_free(p->patience);
    loop_free(p->loop);
    free(p);
}

/* Runs until so many more have come. */
static void await(struct party *p, int messages, int errors)
{
    p->want_messages = p->messages + messages;
    p->want_errors = p->errors + errors;
    timer_start(p->patience, PATIENCE_MS);
    loop_run(p->loop);
    timer_stop(p->patience);
}

static void stop(void *arg)
{
    loop_stop(arg);
}

/* Runs for a while, whatever comes. */
static void run_for(struct party *p, uint64_t ms)
{
    struct timer *timer = timer_new(p->loop, stop, p->loop);

    p->want_messages = p->want_errors = INT32_MAX;
    timer_start(timer, ms);
    loop_run(p->loop);
    timer_free(timer);
}

static struct endpoint numeric(const char *host, uint16_t port)
{
    struct endpoint e;

    assert_int_equal(endpoint_from_numeric(&e, host, port), 0);
    return e;
}

static struct party *bound_with(const char *host, const struct dgram_events *events)
{
    struct party *p = party_new();
    struct endpoint at = numeric(host, 0);
    struct err err;

    if (dgram_bind(p->loop, &at, events, p, &p->d, &err) < 0) {
        print_message("%s\n", err.text);
        party_free(p);
        return NULL;
    }
    return p;
}

static struct party *bound_at(const char *host)
{
    return bound_with(host, &party_events);
}

static struct party *connected_to(const struct endpoint *peer)
{
    struct party *p = party_new();
    struct err err;

    if (dgram_connect(p->loop, peer, &party_events, p, &p->d, &err) < 0)
        fail_msg("%s", err.text);
    return p;
}

static struct endpoint local_of(const struct party *p)
{
    struct endpoint e;

    dgram_local(p->d, &e);
    return e;
}

static uint16_t port_of(const struct party *p)
{
    struct endpoint e = local_of(p);

    return endpoint_port(&e);
}

/* A plain socket, blocking but not for ever, bound to e; its true address goes to e. */
static int plain(struct endpoint *e)
{
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int fd = socket(e->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(bind(fd, &e->sa, e->len), 0);
    e->len = sizeof(e->un);
    assert_int_equal(getsockname(fd, &e->sa, &e->len), 0);
    return fd;
}

static void plain_send(int fd, const struct endpoint *to, const void *data, size_t len)
{
    assert_int_equal(sendto(fd, data, len, 0, &to->sa, to->len), len);
}

static void expect_datagram(int fd, const void *data, size_t len)
{
    static uint8_t got[DGRAM_MAX_BYTES + 1];

    assert_int_equal(recv(fd, got, sizeof(got), 0), len);
    if (len)
        assert_memory_equal(got, data, len);
}

static void expect_nothing(int fd)
{
    char byte;

    assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
}

/* A port where nobody is. */
static struct endpoint closed_port(void)
{
    struct endpoint e = numeric("127.0.0.1", 0);

    close(plain(&e));
    return e;
}

static void many_are_answered_in_order(void **state)
{
    struct party *p = bound_at("127.0.0.1");
    struct endpoint me = numeric("127.0.0.1", 0), to = local_of(p);
    int fd = plain(&me);

    p->echo = true;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 150; i++)
            plain_send(fd, &to, &i, sizeof(i));
        await(p, 150, 0);
        for (int i = 0; i < 150; i++)
            expect_datagram(fd, &i, sizeof(i));
    }
    assert_int_equal(p->messages, 750);
    assert_true(endpoint_is_equal(&p->last_peer, &me));
    expect_nothing(fd);
    close(fd);
    party_free(p);
}

static void check_lengths(const char *host, size_t most)
{
    struct party *p = bound_at(host);
    struct endpoint me = numeric(host, 0), to;
    uint8_t *data;
    int fd;

    if (!p)
        skip();
    to = local_of(p);
    fd = plain(&me);
    data = malloc(most + 1);
    for (size_t i = 0; i <= most; i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    p->echo = true;
    plain_send(fd, &to, data, most);
    plain_send(fd, &to, data, 0);
    plain_send(fd, &to, data, 1);
    await(p, 3, 0);
    assert_false(p->last_truncated);
    expect_datagram(fd, data, most);
    expect_datagram(fd, data, 0);
    expect_datagram(fd, data, 1);
    assert_int_equal(dgram_send(p->d, &me, data, most + 1), -EMSGSIZE);
    assert_int_equal(dgram_send(p->d, NULL, data, 1), -EDESTADDRREQ);
    me.in4.sin_port = 0;
    assert_int_equal(dgram_send(p->d, &me, data, 1), -EDESTADDRREQ);
    assert_int_equal(p->errors, 0);
    free(data);
    close(fd);
    party_free(p);
}

static void every_length_from_nothing_to_the_largest(void **state)
{
    check_lengths("127.0.0.1", DGRAM_UDP4_MAX_BYTES);
}

static void every_length_over_ipv6(void **state)
{
    check_lengths("::1", 65527);
}

static void the_address_asked_answers(void **state)
{
    struct party *p = bound_at("0.0.0.0");
    struct endpoint me = numeric("127.0.0.1", 0), to = numeric("127.0.0.2", port_of(p)),
                    from = {.len = sizeof(from.un)};
    int fd = plain(&me);
    char byte;

    p->echo = true;
    plain_send(fd, &to, "?", 1);
    await(p, 1, 0);
    assert_int_equal(recvfrom(fd, &byte, 1, 0, &from.sa, &from.len), 1);
    assert_true(endpoint_is_equal(&from, &to));
    assert_true(endpoint_is_equal(&p->last_peer, &me));

    /* Later too, by a copy of the peer. */
    assert_int_equal(dgram_send(p->d, &p->last_peer, "!", 1), 0);
    dgram_flush(p->d);
    from.len = sizeof(from.un);
    assert_int_equal(recvfrom(fd, &byte, 1, 0, &from.sa, &from.len), 1);
    assert_true(endpoint_is_equal(&from, &to));

    /* Nobody asked: the kernel chooses. */
    assert_int_equal(dgram_send(p->d, &me, "!", 1), 0);
    dgram_flush(p->d);
    from.len = sizeof(from.un);
    assert_int_equal(recvfrom(fd, &byte, 1, 0, &from.sa, &from.len), 1);
    to = numeric("127.0.0.1", endpoint_port(&to));
    assert_true(endpoint_is_equal(&from, &to));
    close(fd);
    party_free(p);
}

static void the_address_asked_answers_over_ipv6(void **state)
{
    struct party *p = bound_at("::");
    struct endpoint me = numeric("::1", 0), to;
    int fd;

    if (!p)
        skip();
    to = local_of(p);
    to.in6.sin6_addr = in6addr_loopback;
    fd = plain(&me);
    p->echo = true;
    plain_send(fd, &to, "?", 1);
    await(p, 1, 0);
    expect_datagram(fd, "?", 1);
    assert_memory_equal(&p->last_peer.asked, &in6addr_loopback, sizeof(in6addr_loopback));
    close(fd);
    party_free(p);
}

static void a_closed_port_is_told_to_a_caller(void **state)
{
    struct endpoint peer = closed_port();
    struct party *p = connected_to(&peer);
    char text[ENDPOINT_TEXT_BYTES];
    int fd;

    assert_int_equal(dgram_send(p->d, NULL, "?", 1), 0);
    await(p, 0, 1);
    assert_int_equal(p->last_code, -ECONNREFUSED);
    assert_int_equal(p->last_err.kind, ERR_CONNECT);
    assert_true(endpoint_is_equal(&p->error_peer, &peer));
    assert_non_null(strstr(p->last_err.text, endpoint_format(&peer, text)));
    assert_non_null(strstr(p->last_err.text, "connection refused"));

    /* The error pending when somebody is there at last costs no datagram. */
    assert_int_equal(dgram_send(p->d, NULL, "a", 1), 0);
    dgram_flush(p->d);
    fd = plain(&peer);
    for (const char *c = "bcdef"; *c; c++) {
        assert_int_equal(dgram_send(p->d, NULL, c, 1), 0);
        dgram_flush(p->d);
        expect_datagram(fd, c, 1);
    }
    await(p, 0, 1);
    assert_int_equal(p->errors, 2);
    close(fd);
    party_free(p);
}

static void a_closed_port_is_told_of_the_one_peer(void **state)
{
    struct party *p = bound_at("127.0.0.1");
    struct endpoint dead = closed_port(), alive = numeric("127.0.0.1", 0);
    int fd = plain(&alive);

    for (int i = 0; i < 20; i++) {
        assert_int_equal(dgram_send(p->d, &dead, "?", 1), 0);
        dgram_flush(p->d);
        assert_int_equal(dgram_send(p->d, &alive, &i, sizeof(i)), 0);
        dgram_flush(p->d);
    }
    await(p, 0, 20);
    assert_int_equal(p->last_code, -ECONNREFUSED);
    assert_true(endpoint_is_equal(&p->error_peer, &dead));
    /* In one batch too. */
    for (int i = 20; i < 40; i++) {
        assert_int_equal(dgram_send(p->d, &dead, "?", 1), 0);
        assert_int_equal(dgram_send(p->d, &alive, &i, sizeof(i)), 0);
    }
    await(p, 0, 1);
    for (int i = 0; i < 40; i++)
        expect_datagram(fd, &i, sizeof(i));
    expect_nothing(fd);
    close(fd);
    party_free(p);
}

static void an_error_of_its_own_costs_only_that_datagram(void **state)
{
    struct party *p = bound_at("127.0.0.1");
    struct endpoint alive = numeric("127.0.0.1", 0), nowhere = numeric("192.0.2.1", 9);
    int fd = plain(&alive);

    /* From a loopback address there is no way out. */
    assert_int_equal(dgram_send(p->d, &alive, "a", 1), 0);
    assert_int_equal(dgram_send(p->d, &nowhere, "b", 1), 0);
    assert_int_equal(dgram_send(p->d, &alive, "c", 1), 0);
    await(p, 0, 1);
    assert_true(p->last_code < 0);
    assert_true(endpoint_is_equal(&p->error_peer, &nowhere));
    expect_datagram(fd, "a", 1);
    expect_datagram(fd, "c", 1);
    close(fd);
    party_free(p);
}

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

static void freed_in_its_own_event(void **state)
{
    struct party *p = bound_at("127.0.0.1");
    struct endpoint me = numeric("127.0.0.1", 0), to = local_of(p);
    int fd = plain(&me);

    for (int i = 0; i < 10; i++)
        plain_send(fd, &to, &i, sizeof(i));
    p->echo = p->free_in_event = true;
    await(p, 1, 0);
    run_for(p, 10);
    assert_int_equal(p->messages, 1);
    expect_datagram(fd, &(int){0}, sizeof(int)); /* what was queued left before it closed */
    expect_nothing(fd);
    close(fd);
    party_free(p);
}

static void expect_bind_error(const struct endpoint *at, int code, enum err_kind kind, const char *words)
{
    struct loop *loop = loop_new();
    struct dgram *d = NULL;
    struct err err = {.kind = ERR_NONE};

    assert_int_equal(dgram_bind(loop, at, &party_events, NULL, &d, &err), code);
    assert_null(d);
    assert_int_equal(err.kind, kind);
    if (!strstr(err.text, words))
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
    loop_free(loop);
}

static void why_it_cannot_be_bound(void **state)
{
    struct party *p = bound_at("127.0.0.1");
    struct endpoint taken = local_of(p), foreign = numeric("192.0.2.1", 9000), low = numeric("127.0.0.1", 1);
    int status = 0;
    pid_t pid;

    expect_bind_error(&taken, -EADDRINUSE, ERR_OTHER, "already listens there");
    expect_bind_error(&foreign, -EADDRNOTAVAIL, ERR_OTHER, "no such address");
    party_free(p);

    /* As somebody who may not: only a child can try, when the tests run as root. */
    pid = fork();
    if (pid == 0) {
        struct loop *loop = loop_new();
        struct dgram *d;
        struct err err = {.kind = ERR_NONE};

        if (geteuid() == 0 && setuid(65534) < 0)
            _exit(77);
        if (dgram_bind(loop, &low, &party_events, NULL, &d, &err) == 0)
            _exit(77); /* net.ipv4.ip_unprivileged_port_start allows it here */
        _exit(err.kind == ERR_PERMISSION && strstr(err.text, "CAP_NET_BIND_SERVICE") &&
                      strstr(err.text, "ip_unprivileged_port_start")
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        print_message("low ports are open to everybody here: not tried\n");
    else
        assert_int_equal(WEXITSTATUS(status), 0);
}

static char folder[] = "/tmp/landline-dgram-XXXXXX";

static struct endpoint unix_at(const char *name)
{
    struct endpoint e;
    char path[64];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(endpoint_from_path(&e, path), 0);
    return e;
}

static struct party *unix_bound(const struct endpoint *at)
{
    struct party *p = party_new();
    struct err err;

    if (dgram_bind(p->loop, at, &party_events, p, &p->d, &err) < 0)
        fail_msg("%s", err.text);
    return p;
}

static void unix_caller_and_answerer(void **state)
{
    struct endpoint at = unix_at("talk");
    struct party *p = unix_bound(&at), *caller;
    struct endpoint name;
    struct stat st;
    int unnamed = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    p->echo = true;
    caller = connected_to(&at);
    assert_int_equal(dgram_send(caller->d, NULL, "hello", 5), 0);
    dgram_flush(caller->d);
    await(p, 1, 0);
    assert_int_equal(p->last_peer.un.sun_path[0], '\0'); /* named by the kernel */
    name = local_of(caller);
    assert_true(endpoint_is_equal(&p->last_peer, &name));
    await(caller, 1, 0);
    assert_int_equal(caller->last_len, 5);
    assert_memory_equal(caller->last_data, "hello", 5);
    assert_true(endpoint_is_equal(&caller->last_peer, &at));

    /* Somebody without a name, and a datagram of no bytes. */
    p->echo = false;
    plain_send(unnamed, &at, "", 0);
    await(p, 1, 0);
    assert_int_equal(p->last_len, 0);
    assert_int_equal(p->last_peer.sa.sa_family, AF_UNSPEC);
    assert_int_equal(dgram_send(p->d, &p->last_peer, "x", 1), -EDESTADDRREQ);

    /* On a unix socket a burst is nothing but several datagrams. */
    name = local_of(caller);
    assert_int_equal(dgram_send_burst(p->d, &name, "aabbc", 5, 2), 3);
    dgram_flush(p->d);
    await(caller, 3, 0);
    assert_int_equal(caller->last_len, 1);
    assert_int_equal(caller->last_data[0], 'c');

    /* The other end has gone. */
    p->last_peer = local_of(caller);
    party_free(caller);
    assert_int_equal(dgram_send(p->d, &p->last_peer, "x", 1), 0);
    await(p, 0, 1);
    assert_int_equal(p->last_code, -ECONNREFUSED);
    close(unnamed);
    party_free(p);
    assert_int_equal(lstat(at.un.sun_path, &st), -1);
}

static void unix_lengths(void **state)
{
    struct endpoint at = unix_at("long");
    struct party *p = unix_bound(&at), *caller = connected_to(&at);
    uint8_t *data = calloc(1, 1 << 20);

    data[DGRAM_MAX_BYTES - 1] = 7;
    assert_int_equal(dgram_send(caller->d, NULL, data, DGRAM_MAX_BYTES), 0);
    assert_int_equal(dgram_send(caller->d, NULL, data, DGRAM_MAX_BYTES + 1), 0);
    assert_int_equal(dgram_send(caller->d, NULL, data, 1 << 20), -EMSGSIZE);
    dgram_flush(caller->d);
    await(p, 1, 0);
    /* Both may have come in one batch. */
    if (p->messages == 1) {
        assert_false(p->last_truncated);
        await(p, 1, 0);
    }
    assert_int_equal(p->last_len, DGRAM_MAX_BYTES);
    assert_true(p->last_truncated);
    assert_int_equal(p->last_data[DGRAM_MAX_BYTES - 1], 7);
    assert_int_equal(caller->errors, 0);
    free(data);
    party_free(caller);
    party_free(p);
}

static void unix_what_is_in_the_way(void **state)
{
    struct endpoint at = unix_at("way"), none = unix_at("none"), nowhere = unix_at("no/folder");
    struct endpoint stream = unix_at("stream"), file = unix_at("file");
    struct loop *loop = loop_new();
    struct dgram *d;
    struct err err;
    struct party *p;
    int fd;

    /* Dead: replaced. */
    close(plain(&at));
    at = unix_at("way");
    p = unix_bound(&at);
    expect_bind_error(&at, -EADDRINUSE, ERR_OTHER, "already listens there");
    plain_send(dgram_fd(p->d), &at, "x", 1); /* it was left as it was */
    await(p, 1, 0);
    party_free(p);

    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, &stream.sa, stream.len), 0);
    assert_int_equal(listen(fd, 1), 0);
    expect_bind_error(&stream, -EADDRINUSE, ERR_OTHER, "already listens there");
    assert_int_equal(dgram_connect(loop, &stream, &party_events, NULL, &d, &err), -EPROTOTYPE);
    assert_non_null(strstr(err.text, "unix://"));
    close(fd);
    assert_int_equal(unlink(stream.un.sun_path), 0);

    fclose(fopen(file.un.sun_path, "w"));
    expect_bind_error(&file, -EADDRINUSE, ERR_OTHER, "");
    assert_int_equal(unlink(file.un.sun_path), 0);

    expect_bind_error(&nowhere, -ENOENT, ERR_OTHER, "folder");
    assert_int_equal(dgram_connect(loop, &none, &party_events, NULL, &d, &err), -ENOENT);
    assert_int_equal(err.kind, ERR_CONNECT);
    assert_non_null(strstr(err.text, "no such socket"));
    close(plain(&none));
    none = unix_at("none");
    assert_int_equal(dgram_connect(loop, &none, &party_events, NULL, &d, &err), -ECONNREFUSED);
    assert_non_null(strstr(err.text, "refused"));
    assert_int_equal(unlink(none.un.sun_path), 0);
    loop_free(loop);
}

static void unix_server_started_anew(void **state)
{
    struct endpoint at = unix_at("anew");
    struct party *p = unix_bound(&at), *caller = connected_to(&at);

    party_free(p);
    assert_int_equal(dgram_send(caller->d, NULL, "1", 1), 0);
    await(caller, 0, 1);
    assert_true(caller->last_code == -ECONNREFUSED || caller->last_code == -ENOENT);
    p = unix_bound(&at);
    assert_int_equal(dgram_send(caller->d, NULL, "2", 1), 0);
    dgram_flush(caller->d);
    await(p, 1, 0);
    assert_int_equal(p->last_data[0], '2');
    assert_int_equal(caller->errors, 1);
    party_free(caller);
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

static int set_up(void **state)
{
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_are_answered_in_order),
        cmocka_unit_test(every_length_from_nothing_to_the_largest),
        cmocka_unit_test(every_length_over_ipv6),
        cmocka_unit_test(the_address_asked_answers),
        cmocka_unit_test(the_address_asked_answers_over_ipv6),
        cmocka_unit_test(a_closed_port_is_told_to_a_caller),
        cmocka_unit_test(a_closed_port_is_told_of_the_one_peer),
        cmocka_unit_test(an_error_of_its_own_costs_only_that_datagram),
        cmocka_unit_test(bursts_come_and_go_joined),
        cmocka_unit_test(bursts_at_a_wildcard_address),
        cmocka_unit_test(bursts_over_ipv6),
        cmocka_unit_test(bursts_dealt_with_at_once),
        cmocka_unit_test(what_the_kernel_lost_is_counted),
        cmocka_unit_test(freed_in_its_own_event),
        cmocka_unit_test(why_it_cannot_be_bound),
        cmocka_unit_test(unix_caller_and_answerer),
        cmocka_unit_test(unix_lengths),
        cmocka_unit_test(unix_what_is_in_the_way),
        cmocka_unit_test(unix_server_started_anew),
        cmocka_unit_test(the_queue_is_bounded_and_continues),
        cmocka_unit_test(one_stuck_unix_peer_delays_nobody),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
