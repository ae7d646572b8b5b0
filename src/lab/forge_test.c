/* SPDX-License-Identifier: ISC */
#include "lab/forge.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "wire/link.h"

static const uint8_t client4[4] = {10, 9, 0, 1}, server4[4] = {10, 9, 0, 2};

/* client:1000 -> server:80, data of 5 bytes: seq 100, ack 900. */
static const uint8_t segment4[] = {0x45, 0, 0, 45, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 9, 0, 1, 10, 9, 0,
    2,                                                                               /* IPv4 */
    0x03, 0xe8, 0, 80, 0, 0, 0, 100, 0, 0, 0x03, 0x84, 0x50, 0x18, 1, 0, 0, 0, 0, 0, /* TCP */
    'h', 'e', 'l', 'l', 'o'};

/* The same over IPv6. */
static const uint8_t segment6[] = {0x60, 0, 0, 0, 0, 25, 6, 64, /* IPv6 */
    0xfd, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xfd, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
    0x03, 0xe8, 0, 80, 0, 0, 0, 100, 0, 0, 0x03, 0x84, 0x50, 0x18, 1, 0, 0, 0, 0, 0, /* TCP */
    'h', 'e', 'l', 'l', 'o'};

static struct packet parse(const uint8_t *data, uint32_t bytes)
{
    struct packet p;

    packet_parse(LINKTYPE_RAW, data, bytes, bytes, &p);
    return p;
}

static void check_sums(const struct packet *p)
{
    const uint8_t *payload = p->ip.header + p->ip.header_bytes;

    assert_true(ip_header_checksum_is_right(&p->ip));
    assert_true(ip_payload_checksum_is_right(&p->ip, payload));
}

static void check_reset(const uint8_t *data, uint32_t bytes)
{
    const struct packet about = parse(data, bytes);
    uint8_t room[FORGE_BYTES_MAX];
    uint32_t len;
    struct packet p;

    assert_int_equal(about.kind, PACKET_TCP);
    /* To the receiver of the segment: the number behind its data is what it expects next. */
    len = forge_reset(room, &about, LAB_CLIENT, LAB_SERVER);
    p = parse(room, len);
    assert_int_equal(p.kind, PACKET_TCP);
    check_sums(&p);
    assert_int_equal(p.tcp.flags, TCP_RST | TCP_ACK);
    assert_int_equal(p.tcp.seq, 105);
    assert_int_equal(p.tcp.ack, 900);
    assert_int_equal(p.sport, 1000);
    assert_int_equal(p.dport, 80);
    assert_memory_equal(p.ip.src, about.ip.src, ip_address_bytes(&p.ip));
    /* To its sender: what that has acknowledged. */
    len = forge_reset(room, &about, LAB_CLIENT, LAB_CLIENT);
    p = parse(room, len);
    assert_int_equal(p.kind, PACKET_TCP);
    check_sums(&p);
    assert_int_equal(p.tcp.seq, 900);
    assert_int_equal(p.tcp.ack, 105);
    assert_int_equal(p.sport, 80);
    assert_int_equal(p.dport, 1000);
    assert_memory_equal(p.ip.src, about.ip.dst, ip_address_bytes(&p.ip));
    assert_memory_equal(p.ip.dst, about.ip.src, ip_address_bytes(&p.ip));
}

static void a_reset_has_the_number_that_is_expected(void **state)
{
    check_reset(segment4, sizeof(segment4));
    check_reset(segment6, sizeof(segment6));
}

static void only_a_segment_is_answered_by_a_reset(void **state)
{
    const uint8_t datagram[] = {
        0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2, 0, 1, 0, 2, 0, 8, 0, 0};
    const struct packet p = parse(datagram, sizeof(datagram));
    uint8_t room[FORGE_BYTES_MAX];

    assert_int_equal(p.kind, PACKET_UDP);
    assert_int_equal(forge_reset(room, &p, LAB_CLIENT, LAB_SERVER), 0);
}

static void too_big_tells_the_mtu_and_quotes(void **state)
{
    const struct packet about4 = parse(segment4, sizeof(segment4)),
                        about6 = parse(segment6, sizeof(segment6));
    uint8_t room[FORGE_BYTES_MAX];
    struct packet p;

    p = parse(room, forge_too_big(room, &about4, segment4, sizeof(segment4), 1280));
    assert_int_equal(p.kind, PACKET_ICMP);
    check_sums(&p);
    assert_memory_equal(p.ip.dst, client4, 4);
    assert_memory_equal(p.ip.src, server4, 4);
    assert_int_equal(p.icmp.type, ICMP_UNREACHABLE);
    assert_int_equal(p.icmp.code, ICMP_CODE_TOO_BIG);
    assert_int_equal(p.icmp.mtu, 1280);
    assert_true(p.icmp.has_ports && p.icmp.has_seq);
    assert_int_equal(p.icmp.sport, 1000);
    assert_int_equal(p.icmp.seq, 100);

    p = parse(room, forge_too_big(room, &about6, segment6, sizeof(segment6), 1300));
    assert_int_equal(p.kind, PACKET_ICMP);
    check_sums(&p);
    assert_int_equal(p.icmp.type, ICMPV6_TOO_BIG);
    assert_int_equal(p.icmp.mtu, 1300);
    assert_int_equal(p.icmp.dport, 80);
}

static void a_long_packet_is_quoted_as_far_as_errors_may_go(void **state)
{
    uint8_t data[1500] = {0}, room[FORGE_BYTES_MAX];
    struct packet p;

    memcpy(data, segment4, sizeof(segment4));
    data[2] = sizeof(data) >> 8;
    data[3] = (uint8_t)sizeof(data);
    p = parse(data, sizeof(data));
    assert_int_equal(forge_too_big(room, &p, data, sizeof(data), 576), 576); /* RFC 1812, section 4.3.2.3 */
    memcpy(data, segment6, sizeof(segment6));
    data[4] = (sizeof(data) - 40) >> 8;
    data[5] = (uint8_t)(sizeof(data) - 40);
    p = parse(data, sizeof(data));
    assert_int_equal(forge_too_big(room, &p, data, sizeof(data), 1280), 1280); /* RFC 4443, section 2.4 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reset_has_the_number_that_is_expected),
        cmocka_unit_test(only_a_segment_is_answered_by_a_reset),
        cmocka_unit_test(too_big_tells_the_mtu_and_quotes),
        cmocka_unit_test(a_long_packet_is_quoted_as_far_as_errors_may_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
