/* SPDX-License-Identifier: ISC */
/* Conversations are found whichever way their packets go, told apart when ports are used again, and leave in
 * the right order when there is no room; and a long random life of the table, held against a list. */
#include "see/flow_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"
#include "see/tcpseq.h"

static const uint8_t no_options[1];

/* Addresses that packets point to: one for each host. */
static uint8_t hosts[256][16];

static int name_hosts(void **state)
{
    for (int i = 0; i < 256; i++)
        memset(hosts[i], i, sizeof(hosts[i]));
    return 0;
}

static struct packet packet_of(
    uint8_t protocol, uint8_t version, uint8_t src, uint16_t sport, uint8_t dst, uint16_t dport)
{
    return (struct packet){
        .kind = protocol == IP_PROTOCOL_TCP ? PACKET_TCP : PACKET_UDP,
        .layer = PACKET_TRANSPORT,
        .sport = sport,
        .dport = dport,
        .ip = {.version = version, .protocol = protocol, .src = hosts[src], .dst = hosts[dst]},
        .payload_bytes = 10,
    };
}

static struct packet tcp_of(
    uint8_t src, uint16_t sport, uint8_t dst, uint16_t dport, uint16_t flags, uint32_t seq, uint32_t ack)
{
    struct packet p = packet_of(IP_PROTOCOL_TCP, 4, src, sport, dst, dport);

    p.payload_bytes = 0;
    p.tcp = (struct tcp){
        .seq = seq, .ack = ack, .flags = flags, .window = 100, .header_bytes = 20, .options = no_options};
    return p;
}

struct log {
    uint32_t numbers[64];
    size_t count;
};

static void note_end(const struct flow *flow, void *arg)
{
    struct log *log = arg;

    assert_true(log->count < sizeof(log->numbers) / sizeof(log->numbers[0]));
    log->numbers[log->count++] = flow->number;
}

static void both_directions(void **state)
{
    struct flow_table *t = flow_table_new(1, 100, NULL, NULL);

    for (uint8_t version = 4; version <= 6; version += 2)
        for (int tcp = 0; tcp < 2; tcp++) {
            uint8_t protocol = tcp ? IP_PROTOCOL_TCP : IP_PROTOCOL_UDP;
            struct packet there = packet_of(protocol, version, 1, 1000, 2, 53),
                          back = packet_of(protocol, version, 2, 53, 1, 1000);
            struct flow_step first, second;

            there.tcp.options = back.tcp.options = no_options;
            there.tcp.header_bytes = back.tcp.header_bytes = 20;
            first = flow_table_take(t, &there, 5);
            assert_int_equal(first.from, FLOW_A);
            second = flow_table_take(t, &back, 7);
            assert_ptr_equal(first.flow, second.flow);
            assert_int_equal(second.from, FLOW_B);
            assert_int_equal(second.flow->port[FLOW_A], 1000);
            assert_int_equal(second.flow->address[FLOW_B][0], 2);
            assert_int_equal(second.flow->side[FLOW_B].payload_bytes, 10);
            assert_int_equal(second.flow->first_ns, 5);
            assert_int_equal(second.flow->last_ns, 7);
        }
    /* Each of the four is its own. */
    assert_int_equal(flow_table_count(t), 4);
    flow_table_free(t);
}

/* Ends that differ in one thing only, and one that speaks to itself. */
static void strangers(void **state)
{
    struct flow_table *t = flow_table_new(1, 100, NULL, NULL);
    struct packet packets[] = {packet_of(IP_PROTOCOL_UDP, 4, 1, 1000, 2, 53),
        packet_of(IP_PROTOCOL_UDP, 4, 1, 1001, 2, 53), packet_of(IP_PROTOCOL_UDP, 4, 3, 1000, 2, 53),
        packet_of(IP_PROTOCOL_UDP, 4, 1, 53, 2, 1000), packet_of(IP_PROTOCOL_UDP, 4, 1, 1000, 1, 1000)};
    struct packet other = {.kind = PACKET_ICMP};

    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
            assert_int_equal(flow_table_take(t, &packets[i], 0).flow->number, i + 1);
    assert_null(flow_table_take(t, &other, 0).flow);
    flow_table_free(t);
}

static void who_opened(void **state)
{
    struct flow_table *t = flow_table_new(1, 100, NULL, NULL);
    struct packet syn_ack = tcp_of(2, 80, 1, 1000, TCP_SYN | TCP_ACK, 5, 1),
                  ack = tcp_of(1, 1000, 2, 80, TCP_ACK, 1, 6);
    struct flow_step step = flow_table_take(t, &syn_ack, 0);

    assert_int_equal(step.from, FLOW_B);
    assert_int_equal(step.flow->port[FLOW_A], 1000);
    assert_int_equal(flow_table_take(t, &ack, 0).from, FLOW_A);
    flow_table_free(t);
}

static void ports_used_again(void **state)
{
    struct log log = {.count = 0};
    struct flow_table *t = flow_table_new(1, 100, note_end, &log);
    struct packet syn = tcp_of(1, 1000, 2, 80, TCP_SYN, 100, 0),
                  again = tcp_of(1, 1000, 2, 80, TCP_SYN, 200, 0);
    struct packet other_way = tcp_of(2, 80, 1, 1000, TCP_SYN, 900, 0),
                  syn_ack = tcp_of(2, 80, 1, 1000, TCP_SYN | TCP_ACK, 5, 201);
    struct flow_step step;

    assert_int_equal(flow_table_take(t, &syn, 1).flow->number, 1);
    /* The same SYN is the same connection. */
    assert_int_equal(flow_table_take(t, &syn, 2).flow->number, 1);
    assert_int_equal(log.count, 0);
    step = flow_table_take(t, &again, 3);
    assert_int_equal(step.flow->number, 2);
    assert_int_equal(step.flow->side[FLOW_A].syns, 1);
    assert_int_equal(step.flow->first_ns, 3);
    assert_int_equal(log.count, 1);
    assert_int_equal(log.numbers[0], 1);
    assert_int_equal(flow_table_take(t, &syn_ack, 4).flow->number, 2);
    /* And now who was asked asks. */
    step = flow_table_take(t, &other_way, 5);
    assert_int_equal(step.flow->number, 3);
    assert_int_equal(step.from, FLOW_A);
    assert_int_equal(step.flow->port[FLOW_A], 80);
    assert_int_equal(flow_table_count(t), 1);
    flow_table_free(t);
}

static void first_closed_goes_first(void **state)
{
    struct log log = {.count = 0};
    struct flow_table *t = flow_table_new(1, 4, note_end, &log);

    for (uint16_t port = 1; port <= 4; port++) {
        struct packet syn = tcp_of(1, port, 2, 80, TCP_SYN, 100, 0);

        flow_table_take(t, &syn, port);
    }
    /* 3 and 2 are refused, in this order; then 3 begins anew. */
    for (uint16_t port = 3; port >= 2; port--) {
        struct packet rst = tcp_of(2, 80, 1, port, TCP_RST | TCP_ACK, 0, 101);

        flow_table_take(t, &rst, 10);
    }
    {
        struct packet again = tcp_of(1, 3, 2, 80, TCP_SYN, 555, 0);

        assert_int_equal(flow_table_take(t, &again, 11).flow->number, 5);
    }
    assert_int_equal(log.count, 1);
    for (uint16_t port = 11; port <= 12; port++) {
        struct packet syn = tcp_of(1, port, 2, 80, TCP_SYN, 100, 0);

        flow_table_take(t, &syn, 20);
    }
    /* 2 had closed; then nobody has, and the quietest goes, which is 1. */
    assert_int_equal(log.count, 3);
    assert_int_equal(log.numbers[1], 2);
    assert_int_equal(log.numbers[2], 1);
    assert_int_equal(flow_table_count(t), 4);
    flow_table_free(t);
}

static void count_end(const struct flow *flow, void *arg)
{
    uint32_t *last = arg;

    /* In the order in which they closed. */
    assert_int_equal(flow->number, *last + 1);
    assert_true(flow->is_closed);
    *last = flow->number;
}

/* However many there have been, only so many that are over are kept, and the one that lives always is. */
static void closed_ones_go(void **state)
{
    struct packet other = packet_of(IP_PROTOCOL_UDP, 4, 7, 7, 8, 8);
    uint32_t last = 0, count = FLOW_TABLE_CLOSED_MAX + 1000;
    struct flow_table *t = flow_table_new(1, FLOW_TABLE_MAX, count_end, &last);
    struct flow_step step = {.flow = NULL};

    for (uint32_t i = 0; i < count; i++) {
        struct packet syn = tcp_of((uint8_t)(i >> 14), (uint16_t)(i & 0x3fff), 200, 80, TCP_SYN, 100, 0);
        struct packet rst =
            tcp_of(200, 80, (uint8_t)(i >> 14), (uint16_t)(i & 0x3fff), TCP_RST | TCP_ACK, 0, 101);

        flow_table_take(t, &syn, i);
        step = flow_table_take(t, &rst, i);
        assert_true(step.flow->is_closed);
        assert_int_equal(step.flow->number, i + 1);
    }
    assert_int_equal(last, 1000);
    assert_int_equal(flow_table_count(t), FLOW_TABLE_CLOSED_MAX);
    flow_table_take(t, &other, count);
    assert_int_equal(flow_table_count(t), FLOW_TABLE_CLOSED_MAX + 1);
    flow_table_free(t);
}

static void quoted(void **state)
{
    struct flow_table *t = flow_table_new(1, 100, NULL, NULL);
    struct packet asked = packet_of(IP_PROTOCOL_UDP, 4, 1, 1000, 2, 53);
    struct icmp icmp = {.has_ports = true, .sport = 1000, .dport = 53, .quoted = asked.ip};
    struct flow *flow = flow_table_take(t, &asked, 0).flow;
    unsigned from = 9;

    assert_ptr_equal(flow_table_find_quoted(t, &icmp, &from), flow);
    assert_int_equal(from, FLOW_A);
    icmp.sport = 1001;
    assert_null(flow_table_find_quoted(t, &icmp, &from));
    icmp.sport = 1000;
    icmp.has_ports = false;
    assert_null(flow_table_find_quoted(t, &icmp, &from));
    flow_table_free(t);
}

#define MODEL_KEYS 3000
#define MODEL_ROOM 1200

struct model {
    uint32_t number[MODEL_KEYS]; /* 0: not in the table */
    uint32_t count;
};

static unsigned key_index(uint16_t port, uint8_t host)
{
    return (port * 10U + host) % MODEL_KEYS;
}

static void forget(const struct flow *flow, void *arg)
{
    struct model *model = arg;
    unsigned index = key_index(flow->port[FLOW_A], flow->address[FLOW_A][0]);

    assert_int_equal(model->number[index], flow->number);
    model->number[index] = 0;
    model->count--;
}

/* Many more conversations than there is room for, so that the index loses and gains places all the time. */
static void a_long_life(void **state)
{
    struct model model = {.count = 0};
    struct flow_table *t = flow_table_new(77, MODEL_ROOM, forget, &model);
    uint32_t cursor = 0, seen = 0;
    struct flow *flow;
    struct rand r;

    rand_seed(&r, 5);
    for (int i = 0; i < 100000; i++) {
        uint8_t host = (uint8_t)rand_below(&r, 10);
        uint16_t port = (uint16_t)rand_below(&r, MODEL_KEYS / 10);
        bool is_back = rand_below(&r, 2);
        struct packet p = is_back ? packet_of(IP_PROTOCOL_UDP, 6, 200, 53, host, port)
                                  : packet_of(IP_PROTOCOL_UDP, 6, host, port, 200, 53);
        unsigned index = key_index(port, host);
        struct flow_step step;

        if (!model.number[index] && is_back)
            continue;
        flow_table_expect(t, &p, 1);
        step = flow_table_take(t, &p, i);
        if (!model.number[index]) {
            model.number[index] = step.flow->number;
            model.count++;
        }
        assert_int_equal(step.flow->number, model.number[index]);
        assert_int_equal(step.from, is_back ? FLOW_B : FLOW_A);
        assert_int_equal(flow_table_count(t), model.count);
        assert_true(model.count <= MODEL_ROOM);
    }
    while ((flow = flow_table_each(t, &cursor)) != NULL) {
        assert_int_equal(model.number[key_index(flow->port[FLOW_A], flow->address[FLOW_A][0])], flow->number);
        seen++;
    }
    assert_int_equal(seen, MODEL_ROOM);
    flow_table_free(t);
}

/* Growing through several chunks. */
static void many(void **state)
{
    struct flow_table *t = flow_table_new(3, FLOW_TABLE_MAX, NULL, NULL);

    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 60000; i++) {
            struct packet p = packet_of(IP_PROTOCOL_UDP, 4, (uint8_t)(i % 3), (uint16_t)(i / 3), 9, 53);

            assert_int_equal(flow_table_take(t, &p, 0).flow->number, i + 1);
        }
    assert_int_equal(flow_table_count(t), 60000);
    flow_table_free(t);
}

/* What was expected is not what is taken: another packet lies in its place, or its flow has gone and left its
 * memory to another one. */
static void vain_expectations(void **state)
{
    struct flow_table *t = flow_table_new(1, 2, NULL, NULL);
    struct packet first = packet_of(IP_PROTOCOL_UDP, 4, 1, 1000, 9, 53),
                  second = packet_of(IP_PROTOCOL_UDP, 4, 2, 1000, 9, 53),
                  third = packet_of(IP_PROTOCOL_UDP, 4, 3, 1000, 9, 53), p = first;

    assert_int_equal(flow_table_take(t, &first, 1).flow->number, 1);
    assert_int_equal(flow_table_take(t, &second, 2).flow->number, 2);

    flow_table_expect(t, &p, 1);
    p = second;
    assert_int_equal(flow_table_take(t, &p, 3).flow->number, 2);

    p = first;
    flow_table_expect(t, &p, 1);
    assert_int_equal(flow_table_take(t, &third, 4).flow->number, 3); /* in the memory of the first */
    assert_int_equal(flow_table_take(t, &p, 5).flow->number, 4);
    assert_int_equal(flow_table_count(t), 2);
    flow_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_directions),
        cmocka_unit_test(strangers),
        cmocka_unit_test(who_opened),
        cmocka_unit_test(ports_used_again),
        cmocka_unit_test(first_closed_goes_first),
        cmocka_unit_test(closed_ones_go),
        cmocka_unit_test(quoted),
        cmocka_unit_test(a_long_life),
        cmocka_unit_test(many),
        cmocka_unit_test(vain_expectations),
    };

    return cmocka_run_group_tests(tests, name_hosts, NULL);
}
