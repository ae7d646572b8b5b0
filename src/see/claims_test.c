/* SPDX-License-Identifier: ISC */
/* Whose a conversation is: told sockets, sockets that were looked at, listeners, mapped and unknown ends,
 * reused ports, times. */
#include "see/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "see/conversation.h"
#include "wire/ip.h"

#define MS INT64_C(1000000)
#define START (1000 * MS)

static struct sockdiag_socket tcp(uint64_t cookie, uint32_t inode, uint16_t local, uint16_t remote)
{
    struct sockdiag_socket s = {.cookie = cookie,
        .inode = inode,
        .protocol = IP_PROTOCOL_TCP,
        .ip_version = 4,
        .local = {127, 0, 0, 1},
        .local_port = local,
        .remote_port = remote};

    if (remote)
        memcpy(s.remote, s.local, 4);
    return s;
}

static struct conversation between(uint16_t a, uint16_t b, int64_t first_ns)
{
    struct conversation c = {.protocol = IP_PROTOCOL_TCP, .ip_version = 4, .first_ns = first_ns};
    static const uint8_t loopback[4] = {127, 0, 0, 1};

    memcpy(c.side[FLOW_A].address, loopback, 4);
    memcpy(c.side[FLOW_B].address, loopback, 4);
    c.side[FLOW_A].port = a;
    c.side[FLOW_B].port = b;
    return c;
}

static enum claims_verdict judge(struct claims *c, uint16_t a, uint16_t b, int64_t first_ns)
{
    const struct conversation conversation = between(a, b, first_ns);

    return claims_judge(c, &conversation);
}

/* The shortest life: told, used, gone, and never looked at. */
static void told_and_gone(void **state)
{
    struct claims *c = claims_new(true, START);
    struct sockdiag_socket s = tcp(7, 0, 40000, 80);

    claims_own(c, 7, START + 1 * MS);
    assert_int_equal(claims_awaited(c), 1); /* its end is told later */
    claims_gone(c, &s, START + 2 * MS);
    assert_int_equal(judge(c, 40000, 80, START + MS), CLAIMS_OURS);
    assert_int_equal(judge(c, 80, 40000, START + MS), CLAIMS_OURS);
    assert_int_equal(judge(c, 40001, 80, START + MS), CLAIMS_FOREIGN);
    /* Somebody else has the port a second later. */
    assert_int_equal(judge(c, 40000, 80, START + 1000 * MS), CLAIMS_FOREIGN);
    claims_free(c);
}

/* Refused: the kernel has taken addresses and peer from the socket when it reports its end. */
static void told_and_refused(void **state)
{
    struct claims *c = claims_new(true, START);
    struct sockdiag_socket s = tcp(7, 0, 40000, 0);

    memset(s.local, 0, sizeof(s.local));
    claims_own(c, 7, START);
    claims_gone(c, &s, START + 2 * MS);
    assert_int_equal(judge(c, 40000, 80, START + MS), CLAIMS_OURS);
    claims_free(c);
}

static void missed_makes_unknown(void **state)
{
    struct claims *c = claims_new(true, START);

    assert_int_equal(judge(c, 40000, 80, START + MS), CLAIMS_FOREIGN);
    claims_missed(c);
    assert_int_equal(judge(c, 40000, 80, START + MS), CLAIMS_UNKNOWN);
    assert_int_equal(judge(c, 40000, 80, START - MS), CLAIMS_FOREIGN); /* before the command */
    claims_free(c);
}

/* Without being told: held by the command; had by others in two looks; gone too soon. */
static void looked_at(void **state)
{
    struct claims *c = claims_new(false, START);
    struct sockdiag_socket listener = tcp(1, 11, 80, 0), ours = tcp(2, 12, 40000, 81);
    struct sockdiag_socket other_a = tcp(3, 13, 50000, 90), other_b = tcp(4, 14, 90, 50000);
    struct sockdiag_socket seen_once = tcp(5, 15, 50001, 90);

    claims_turn(c);
    claims_see(c, &listener, true, START);
    claims_see(c, &ours, true, START);
    claims_see(c, &other_a, false, START);
    claims_see(c, &other_b, false, START);
    claims_see(c, &seen_once, false, START);
    assert_int_equal(judge(c, 50000, 90, START + MS), CLAIMS_UNKNOWN);
    claims_turn(c);
    claims_see(c, &other_a, false, START + 5 * MS);
    claims_see(c, &other_b, false, START + 5 * MS);
    assert_int_equal(judge(c, 40000, 81, START + MS), CLAIMS_OURS);
    assert_int_equal(judge(c, 41234, 80, START + MS), CLAIMS_OURS); /* to the listener */
    assert_int_equal(judge(c, 50000, 90, START + MS), CLAIMS_FOREIGN);
    assert_int_equal(judge(c, 50001, 90, START + MS), CLAIMS_UNKNOWN);
    claims_free(c);
}

/* In a look the socket may lose its process between the two halves of it: nobody's is not somebody else's. */
static void orphans_are_nobodys(void **state)
{
    struct claims *c = claims_new(false, START);
    struct sockdiag_socket orphan = tcp(1, 0, 40000, 80);

    for (int i = 0; i < 3; i++) {
        claims_turn(c);
        claims_see(c, &orphan, false, START);
    }
    assert_int_equal(judge(c, 40000, 80, START + MS), CLAIMS_UNKNOWN);
    assert_int_equal(claims_awaited(c), 0);
    claims_own(c, 1, START);
    claims_turn(c);
    claims_see(c, &orphan, false, START);
    assert_int_equal(claims_awaited(c), 1);
    claims_gone(c, &orphan, START + MS);
    assert_int_equal(claims_awaited(c), 0);
    claims_free(c);
}

/* Bound to any address of the machine: only an end that is on the machine can be its. */
static void any_address_is_of_this_machine(void **state)
{
    struct claims *c = claims_new(true, START);
    struct sockdiag_socket s = tcp(1, 11, 80, 0);
    struct conversation with_peer = between(40000, 80, START + MS);
    static const uint8_t here[4] = {192, 0, 2, 1}, there[4] = {198, 51, 100, 1};

    memset(s.local, 0, sizeof(s.local));
    s.ip_version = 0;
    claims_own(c, 1, START);
    claims_turn(c);
    claims_see(c, &s, true, START);
    claims_add_address(c, 4, here);
    memcpy(with_peer.side[FLOW_A].address, here, 4);
    memcpy(with_peer.side[FLOW_B].address, there, 4);
    assert_int_equal(claims_judge(c, &with_peer), CLAIMS_FOREIGN); /* port 80 is the other machine's */
    memcpy(with_peer.side[FLOW_A].address, there, 4);
    memcpy(with_peer.side[FLOW_B].address, here, 4);
    assert_int_equal(claims_judge(c, &with_peer), CLAIMS_OURS);
    with_peer.protocol = IP_PROTOCOL_UDP;
    assert_int_equal(claims_judge(c, &with_peer), CLAIMS_FOREIGN);
    claims_free(c);
}

static void only_v6_is_not_v4(void **state)
{
    struct claims *c = claims_new(true, START);
    struct sockdiag_socket s = tcp(1, 11, 80, 0);
    struct conversation six = between(40000, 80, START + MS);

    memset(s.local, 0, sizeof(s.local));
    s.ip_version = 6;
    claims_turn(c);
    claims_see(c, &s, true, START);
    assert_int_equal(judge(c, 40000, 80, START + MS), CLAIMS_FOREIGN);
    six.ip_version = 6;
    memset(six.side, 0, sizeof(six.side));
    six.side[FLOW_A].port = 40000;
    six.side[FLOW_B].port = 80;
    six.side[FLOW_A].address[15] = six.side[FLOW_B].address[15] = 1;
    claims_add_address(c, 6, six.side[FLOW_A].address);
    assert_int_equal(claims_judge(c, &six), CLAIMS_OURS);
    claims_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told_and_gone),
        cmocka_unit_test(told_and_refused),
        cmocka_unit_test(missed_makes_unknown),
        cmocka_unit_test(looked_at),
        cmocka_unit_test(orphans_are_nobodys),
        cmocka_unit_test(any_address_is_of_this_machine),
        cmocka_unit_test(only_v6_is_not_v4),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
