/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "see/closeup.h"
#include "see/follow.h"
#include "wire/ip.h"

#define CLIENT_PORT 40000

static const uint8_t hosts[3][4] = {{10, 0, 0, 1}, {10, 0, 0, 2}, {10, 0, 0, 3}};

/* A capture of segments without options, and the closeup that is given it. */
struct scene {
    struct closeup *u;
    uint64_t number;
};

static struct conversation wanted(uint8_t protocol)
{
    struct conversation c = {.id = 77, .ip_version = 4, .protocol = protocol, .label_text = ""};

    memcpy(c.side[FLOW_A].address, hosts[0], 4);
    memcpy(c.side[FLOW_B].address, hosts[1], 4);
    c.side[FLOW_A].port = CLIENT_PORT;
    c.side[FLOW_B].port = 80;
    return c;
}

static bool say(struct scene *s, unsigned from, unsigned to, uint16_t sport, uint16_t dport, uint16_t flags,
    uint32_t seq, uint32_t ack, uint32_t bytes)
{
    static const uint8_t data[100];
    struct packet p = {.kind = PACKET_TCP,
        .layer = PACKET_TRANSPORT,
        .sport = sport,
        .dport = dport,
        .ip = {.version = 4, .protocol = IP_PROTOCOL_TCP, .src = hosts[from], .dst = hosts[to]},
        .tcp = {.sport = sport,
            .dport = dport,
            .seq = seq,
            .ack = ack,
            .flags = flags,
            .window = 1000,
            .header_bytes = 20},
        .payload = data,
        .payload_captured = bytes,
        .payload_bytes = bytes};
    struct ring_packet frame = {.data = data,
        .captured_bytes = 40 + bytes,
        .wire_bytes = 40 + bytes,
        .number = ++s->number,
        .time_ns = (int64_t)s->number * 1000000};

    return closeup_take(s->u, &frame, &p);
}

static bool a(struct scene *s, uint16_t flags, uint32_t seq, uint32_t ack, uint32_t bytes)
{
    return say(s, 0, 1, CLIENT_PORT, 80, flags, seq, ack, bytes);
}

static bool b(struct scene *s, uint16_t flags, uint32_t seq, uint32_t ack, uint32_t bytes)
{
    return say(s, 1, 0, 80, CLIENT_PORT, flags, seq, ack, bytes);
}

static void converse(struct scene *s, uint32_t isn)
{
    a(s, TCP_SYN, isn, 0, 0);
    b(s, TCP_SYN | TCP_ACK, 500, isn + 1, 0);
    a(s, TCP_ACK, isn + 1, 501, 0);
    for (uint32_t i = 0; i < 10; i++)
        a(s, TCP_ACK | TCP_PSH, isn + 1 + i * 10, 501, 10);
    b(s, TCP_ACK, 501, isn + 101, 0);
    a(s, TCP_FIN | TCP_ACK, isn + 101, 501, 0);
    b(s, TCP_FIN | TCP_ACK, 501, isn + 102, 0);
    a(s, TCP_ACK, isn + 102, 502, 0);
}

static void it_picks_the_packets_of_the_conversation(void **state)
{
    struct conversation c = wanted(IP_PROTOCOL_TCP);
    struct scene s = {.u = closeup_new(&c, 2, 0)};
    const struct ladder *l;

    assert_false(say(&s, 0, 2, CLIENT_PORT, 80, TCP_SYN, 1, 0, 0)); /* another host */
    converse(&s, 1000);
    assert_false(say(&s, 0, 1, CLIENT_PORT, 81, TCP_SYN, 1, 0, 0)); /* another port */
    assert_false(say(&s, 0, 1, 80, CLIENT_PORT, TCP_SYN, 1, 0, 0)); /* the other way round */
    closeup_finish(s.u);
    assert_int_equal(ring_count(closeup_packets(s.u)), 17);
    l = closeup_ladder(s.u, true);
    assert_int_equal(ladder_count(l), 17);
    assert_int_equal(ladder_rung(l, 0)->number, 2);
    assert_int_equal(ladder_conversation(l)->id, 77);
    assert_int_equal(ladder_conversation(l)->closed, CLOSED_THREE_SEGMENT);
    /* The same, folded. */
    l = closeup_ladder(s.u, false);
    assert_in_range(ladder_count(l), 5, 9);
    closeup_free(s.u);
}

static void others_of_the_same_ports_are_not_meant(void **state)
{
    struct conversation c = wanted(IP_PROTOCOL_TCP);

    /* Three of them, 17 packets each: one is wanted by its first packet. */
    for (unsigned which = 0; which < 3; which++) {
        struct scene s = {.u = closeup_new(&c, 1 + which * 17, 0)};
        const struct ladder *l;

        for (uint32_t i = 0; i < 3; i++)
            converse(&s, 100000 * (i + 1));
        closeup_finish(s.u);
        l = closeup_ladder(s.u, true);
        assert_int_equal(ladder_count(l), 17);
        assert_int_equal(ladder_rung(l, 0)->number, 1 + which * 17);
        assert_int_equal(ladder_rung(l, 16)->number, 17 + which * 17);
        assert_int_equal(ladder_conversation(l)->is_reuse, which > 0);
        closeup_free(s.u);
    }
}

static void it_can_be_looked_at_while_it_grows(void **state)
{
    struct conversation c = wanted(IP_PROTOCOL_TCP);
    struct scene s = {.u = closeup_new(&c, 1, 0)};

    assert_null(ladder_conversation(closeup_ladder(s.u, true)));
    assert_int_equal(ladder_count(closeup_ladder(s.u, true)), 0);
    assert_true(a(&s, TCP_SYN, 1000, 0, 0));
    assert_int_equal(ladder_conversation(closeup_ladder(s.u, true))->opened, OPENED_UNANSWERED);
    assert_true(b(&s, TCP_SYN | TCP_ACK, 500, 1001, 0));
    assert_true(a(&s, TCP_ACK, 1001, 501, 0));
    assert_int_equal(ladder_conversation(closeup_ladder(s.u, true))->opened, OPENED_THREE_WAY);
    assert_int_equal(ladder_conversation(closeup_ladder(s.u, false))->opened, OPENED_THREE_WAY);
    assert_int_equal(ladder_count(closeup_ladder(s.u, true)), 3);
    closeup_finish(s.u);
    assert_int_equal(ladder_conversation(closeup_ladder(s.u, true))->closed, CLOSED_OPEN);
    closeup_free(s.u);
}

/* A live screen has only the last packets: it begins in the middle then. */
static void what_is_gone_does_not_hide_the_rest(void **state)
{
    struct conversation c = wanted(IP_PROTOCOL_TCP);
    struct scene s = {.u = closeup_new(&c, 10, 0), .number = 500};

    assert_true(a(&s, TCP_ACK | TCP_PSH, 1000, 501, 10));
    assert_true(b(&s, TCP_ACK, 501, 1010, 0));
    assert_int_equal(ladder_count(closeup_ladder(s.u, true)), 2);
    assert_int_equal(ladder_conversation(closeup_ladder(s.u, true))->opened, OPENED_MID_CAPTURE);
    closeup_free(s.u);
}

static void memory_for_packets_is_bounded(void **state)
{
    struct conversation c = wanted(IP_PROTOCOL_TCP);
    struct scene s = {.u = closeup_new(&c, 1, RING_BYTES_MIN)};

    for (uint32_t i = 0; i < 100000; i++)
        a(&s, TCP_ACK, i * 50, 1, 50);
    closeup_finish(s.u);
    assert_in_range(ring_bytes(closeup_packets(s.u)), 1, RING_BYTES_MIN);
    assert_true(ring_gone(closeup_packets(s.u)) > 0);
    assert_in_range(ladder_count(closeup_ladder(s.u, true)), LADDER_RUNGS_DEFAULT - 2, LADDER_RUNGS_DEFAULT);
    closeup_free(s.u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_picks_the_packets_of_the_conversation),
        cmocka_unit_test(others_of_the_same_ports_are_not_meant),
        cmocka_unit_test(it_can_be_looked_at_while_it_grows),
        cmocka_unit_test(what_is_gone_does_not_hide_the_rest),
        cmocka_unit_test(memory_for_packets_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
