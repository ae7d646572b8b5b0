/* SPDX-License-Identifier: ISC */
/* What the kernel says of a connection, through its life: both ends on the loopback, every call blocking. */
#include "net/tcp_facts.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/endpoint.h"

struct pair {
    int caller, called;
    struct endpoint local, peer;
};

static void join(struct pair *p, const char *host)
{
    struct endpoint at;
    int listener;

    assert_int_equal(endpoint_from_numeric(&at, host, 0), 0);
    listener = socket(at.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, &at.sa, at.len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, &at.sa, &at.len), 0);
    p->caller = socket(at.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(p->caller, &at.sa, at.len), 0);
    p->called = accept(listener, NULL, NULL);
    assert_true(p->called >= 0);
    close(listener);
    p->local.len = p->peer.len = sizeof(p->local.in6);
    assert_int_equal(getsockname(p->caller, &p->local.sa, &p->local.len), 0);
    assert_int_equal(getpeername(p->caller, &p->peer.sa, &p->peer.len), 0);
}

static struct tcp_facts facts_of(const struct pair *p)
{
    struct tcp_facts facts;

    assert_int_equal(tcp_facts_read(p->caller, &p->local, &p->peer, &facts), 0);
    return facts;
}

static void a_life(const char *host)
{
    struct tcp_facts facts;
    struct pair p;
    char byte;

    join(&p, host);
    assert_int_equal(write(p.caller, "hello", 5), 5);
    assert_int_equal(read(p.called, (char[5]){0}, 5), 5);
    assert_int_equal(write(p.called, "yes", 3), 3);
    assert_int_equal(read(p.caller, (char[3]){0}, 3), 3);
    facts = facts_of(&p);
    assert_int_equal(facts.state, TCP_STATE_ESTABLISHED);
    assert_int_equal(facts.bytes_sent, 5);
    assert_int_equal(facts.bytes_received, 3);
    assert_int_equal(facts.bytes_acked, 6);
    assert_int_equal(facts.retransmits, 0);
    assert_true(facts.send_mss > 0 && facts.rtt_us > 0 && facts.congestion[0]);

    shutdown(p.caller, SHUT_WR);
    assert_int_equal(read(p.called, &byte, 1), 0);
    /* The peer's ACK may be a delayed one. */
    for (int i = 0; i < 2000 && facts_of(&p).state == TCP_STATE_FIN_WAIT1; i++)
        poll(NULL, 0, 1);
    assert_int_equal(facts_of(&p).state, TCP_STATE_FIN_WAIT2);
    close(p.called);
    assert_int_equal(read(p.caller, &byte, 1), 0);
    facts = facts_of(&p);
    assert_int_equal(facts.state, TCP_STATE_TIME_WAIT);
    assert_true(facts.state_by_diag);
    close(p.caller);
}

static void over_ipv4(void **state)
{
    a_life("127.0.0.1");
}

static void over_ipv6(void **state)
{
    if (access("/proc/net/if_inet6", R_OK) != 0)
        skip();
    a_life("::1");
}

static void the_peer_first(void **state)
{
    struct tcp_facts facts;
    struct pair p;
    char bytes[4];

    join(&p, "127.0.0.1");
    assert_int_equal(write(p.called, "xyz", 3), 3);
    close(p.called);
    assert_int_equal(read(p.caller, bytes, sizeof(bytes)), 3);
    assert_int_equal(read(p.caller, bytes, sizeof(bytes)), 0);
    facts = facts_of(&p);
    assert_int_equal(facts.state, TCP_STATE_CLOSE_WAIT);
    assert_int_equal(facts.bytes_received, 4);
    assert_int_equal(tcp_facts_received(&facts), 3); /* without the FIN */
    close(p.caller);
}

static void reset(void **state)
{
    struct linger at_once = {.l_onoff = 1};
    struct tcp_facts facts;
    struct pair p;
    char byte;

    join(&p, "127.0.0.1");
    setsockopt(p.called, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(p.called);
    assert_int_equal(read(p.caller, &byte, 1), -1);
    assert_int_equal(errno, ECONNRESET);
    facts = facts_of(&p);
    assert_int_equal(facts.state, TCP_STATE_CLOSED);
    assert_false(facts.state_by_diag);
    close(p.caller);
}

static void no_tcp(void **state)
{
    struct endpoint none = {0};
    struct tcp_facts facts;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(tcp_facts_read(fd, &none, &none, &facts) < 0);
    close(fd);
    assert_int_equal(tcp_facts_read(-1, &none, &none, &facts), -EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_ipv4),
        cmocka_unit_test(over_ipv6),
        cmocka_unit_test(the_peer_first),
        cmocka_unit_test(reset),
        cmocka_unit_test(no_tcp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
