/* SPDX-License-Identifier: ISC */
/* Whole packets, through every layer, and cut at every byte: what can be told of them is told, and where it
 * stops. */
#include "wire/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "wire/capture_for_test.h"

static void note_address(struct str *told, const struct ip *ip, const uint8_t *address)
{
    if (ip->version == 4)
        str_appendf(told, "%u.%u.%u.%u", address[0], address[1], address[2], address[3]);
    else
        str_appendf(told, "%x::%x", load_be16(address), load_be16(address + 14));
}

static void note_kind(struct str *told, const struct packet *p)
{
    static const char *const kinds[] = {
        "tcp", "udp", "icmp", "fragment", "other", "not ip", "cut", "bad", "refused"};
    static const char *const layers[] = {"link", "network", "transport"};

    if (p->kind >= PACKET_CUT)
        str_appendf(told, "%s in %s", kinds[p->kind], layers[p->layer]);
    else
        str_append_str(told, kinds[p->kind]);
}

/* "tcp 10.0.0.1:80 > 10.0.0.2:90 captured/sent [inside GRE of 10.1.0.1 > 10.1.0.2 [in ...]]" */
static void note(struct str *told, const struct packet *p)
{
    note_kind(told, p);
    if (p->layer == PACKET_LINK || (p->layer == PACKET_NETWORK && p->kind >= PACKET_CUT))
        return;
    str_append_char(told, ' ');
    note_address(told, &p->ip, p->ip.src);
    if (p->kind == PACKET_TCP || p->kind == PACKET_UDP)
        str_appendf(told, ":%u", p->sport);
    str_append_str(told, " > ");
    note_address(told, &p->ip, p->ip.dst);
    if (p->kind == PACKET_TCP || p->kind == PACKET_UDP)
        str_appendf(told, ":%u", p->dport);
    str_appendf(told, " %u/%u", p->payload_captured, p->payload_bytes);
    if (p->outer_count)
        str_appendf(told, " inside %s of ", tunnel_name((enum tunnel)p->tunnel));
    for (unsigned i = p->outer_count; i-- > 0;) {
        note_address(told, &p->outer[i].ip, p->outer[i].ip.src);
        str_append_str(told, " > ");
        note_address(told, &p->outer[i].ip, p->outer[i].ip.dst);
        if (p->outer[i].dport)
            str_appendf(told, " to %u, %u", p->outer[i].dport, p->outer[i].payload_bytes);
        if (i)
            str_append_str(told, " in ");
    }
}

static void tell(
    uint16_t linktype, const struct bytes *b, size_t captured, uint32_t wire_bytes, struct str *told)
{
    uint8_t *copy = bytes_exactly(b, captured);
    struct packet packet;

    /* What it does not fill in must not matter. */
    memset(&packet, 0xa5, sizeof(packet));
    packet_parse(linktype, copy, (uint32_t)captured, wire_bytes, &packet);
    str_reset(told);
    note(told, &packet);
    free(copy);
}

static void expect_captured(uint16_t linktype, const char *hex, size_t captured, const char *want)
{
    struct bytes b = bytes_of(hex);
    struct str told = STR_INIT;

    tell(linktype, &b, captured < b.len ? captured : b.len, (uint32_t)b.len, &told);
    assert_string_equal(told.data, want);
    str_done(&told);
}

static void expect(uint16_t linktype, const char *hex, const char *want)
{
    expect_captured(linktype, hex, SIZE_MAX, want);
}

#define MACS "001122334455 66778899aabb "
#define V4(length, protocol) "45 00 " length " 0000 4000 40 " protocol " 0000 0a000001 0a000002 "
#define V6(length, next)                                                                                     \
    "60000000 " length " " next " 40 20010000000000000000000000000001 20010000000000000000000000000002 "
#define TCP "0050 005a 00000001 00000002 5018 1000 0000 0000 "

static void tcp_packets(void **state)
{
    expect(LINKTYPE_ETHERNET, MACS "0800 " V4("002b", "06") TCP "aabbcc 0000",
        "tcp 10.0.0.1:80 > 10.0.0.2:90 3/3");
    expect(LINKTYPE_RAW, V6("0017", "06") TCP "aabbcc", "tcp 2001::1:80 > 2001::2:90 3/3");
    expect(LINKTYPE_NULL, "02000000 " V4("0028", "06") TCP, "tcp 10.0.0.1:80 > 10.0.0.2:90 0/0");
    /* Of a frame that was cut in its payload the length is still known. */
    expect_captured(LINKTYPE_RAW, V4("002b", "06") TCP "aabbcc", 41, "tcp 10.0.0.1:80 > 10.0.0.2:90 1/3");
    expect(LINKTYPE_RAW, V4("002b", "06") "0050 005a 00000001 00000002 4018 1000 0000 0000 aabbcc",
        "bad in transport 10.0.0.1 > 10.0.0.2 23/23");
    expect(LINKTYPE_RAW, V4("0020", "06") "0050 005a 00000001 00000002",
        "bad in transport 10.0.0.1 > 10.0.0.2 12/12");
}

static void udp_packets(void **state)
{
    expect(LINKTYPE_RAW, V4("001f", "11") "0035 005a 000b 0000 aabbcc", "udp 10.0.0.1:53 > 10.0.0.2:90 3/3");
    expect(LINKTYPE_RAW, V4("001f", "11") "0035 005a 0007 0000 aabbcc",
        "bad in transport 10.0.0.1 > 10.0.0.2 11/11");
    /* A length that the packet does not have; but a first fragment tells that of the whole. */
    expect(LINKTYPE_RAW, V4("001f", "11") "0035 005a 00ff 0000 aabbcc", "udp 10.0.0.1:53 > 10.0.0.2:90 3/3");
    expect(LINKTYPE_RAW, "45 00 001f 0000 2000 40 11 0000 0a000001 0a000002 0035 005a 0808 0000 aabbcc",
        "udp 10.0.0.1:53 > 10.0.0.2:90 3/2048");
    expect(LINKTYPE_RAW, "45 00 0017 0000 0001 40 11 0000 0a000001 0a000002 aabbcc",
        "fragment 10.0.0.1 > 10.0.0.2 3/3");
}

static void other_packets(void **state)
{
    expect(LINKTYPE_RAW, V4("0024", "01") "0303 0000 00000000 45000000 00000000",
        "icmp 10.0.0.1 > 10.0.0.2 16/16");
    expect(LINKTYPE_RAW, V6("0008", "3a") "8000 0000 00010001", "icmp 2001::1 > 2001::2 8/8");
    expect(LINKTYPE_RAW, V4("0018", "01") "0303 0000", "bad in transport 10.0.0.1 > 10.0.0.2 4/4");
    expect(LINKTYPE_RAW, V4("0018", "84") "aabbccdd", "other 10.0.0.1 > 10.0.0.2 4/4");
    expect(LINKTYPE_ETHERNET, MACS "0806 0001", "not ip");
    expect(LINKTYPE_ETHERNET, MACS "0026 424203", "not ip");
    expect(LINKTYPE_ETHERNET, MACS "0800 00", "bad in network");
    expect(LINKTYPE_RAW, "00", "bad in link");
    expect(187, "00", "refused in link");
    expect(LINKTYPE_RAW, V6("0000", "00") "11 00 c204 00010000 aabbcc", "refused in network");
}

static void cut_anywhere(void **state)
{
    struct bytes b = bytes_of(MACS "8100 0001 0800 " V4("002b", "06") TCP "aabbcc");
    struct str told = STR_INIT;
    char want[80];

    for (size_t len = 0; len <= b.len; len++) {
        tell(LINKTYPE_ETHERNET, &b, len, (uint32_t)b.len, &told);
        if (len < 18)
            snprintf(want, sizeof(want), "cut in link");
        else if (len < 38)
            snprintf(want, sizeof(want), "cut in network");
        else if (len < 58)
            snprintf(want, sizeof(want), "cut in transport 10.0.0.1 > 10.0.0.2 %zu/23", len - 38);
        else
            snprintf(want, sizeof(want), "tcp 10.0.0.1:80 > 10.0.0.2:90 %zu/3", len - 58);
        assert_string_equal(told.data, want);
    }
    str_done(&told);
}

#define OUTER(length, protocol) "45 00 " length " 0000 4000 40 " protocol " 0000 0b000001 0b000002 "
#define INSIDE V4("002a", "06") TCP "aabb"

static void tunnels(void **state)
{
    expect(LINKTYPE_RAW, OUTER("003e", "04") INSIDE,
        "tcp 10.0.0.1:80 > 10.0.0.2:90 2/2 inside IP in IP of 11.0.0.1 > 11.0.0.2");
    expect(LINKTYPE_RAW, OUTER("0052", "29") V6("0016", "06") TCP "aabb",
        "tcp 2001::1:80 > 2001::2:90 2/2 inside IP in IP of 11.0.0.1 > 11.0.0.2");
    expect(LINKTYPE_RAW, V6("002a", "04") INSIDE,
        "tcp 10.0.0.1:80 > 10.0.0.2:90 2/2 inside IP in IP of 2001::1 > 2001::2");
    expect(LINKTYPE_RAW, OUTER("0046", "2f") "2000 0800 00000001 " INSIDE,
        "tcp 10.0.0.1:80 > 10.0.0.2:90 2/2 inside GRE of 11.0.0.1 > 11.0.0.2");
    expect(LINKTYPE_RAW,
        OUTER("0064", "11") "1234 12b5 0050 0000 08000000 00002a00 " MACS "8100 0007 0800 " INSIDE "0000",
        "tcp 10.0.0.1:80 > 10.0.0.2:90 2/2 inside VXLAN of 11.0.0.1 > 11.0.0.2 to 4789, 70");
    expect(LINKTYPE_RAW,
        OUTER("0056", "11") "1234 0868 0042 0000 34ff 0030 00000007 00000085 01001000 " INSIDE,
        "tcp 10.0.0.1:80 > 10.0.0.2:90 2/2 inside GTP of 11.0.0.1 > 11.0.0.2 to 2152, 58");
    /* An authentication header of IPv4. */
    expect(LINKTYPE_RAW, OUTER("0040", "33") "0604 0000 00000001 00000001 0123456789abcdef01234567 " TCP,
        "tcp 11.0.0.1:80 > 11.0.0.2:90 0/0");
    expect_captured(LINKTYPE_RAW,
        OUTER("0040", "33") "0604 0000 00000001 00000001 0123456789abcdef01234567 " TCP, 40,
        "cut in network");
    /* Four tunnels one inside the other, and what is in a fifth is left there. */
    expect(LINKTYPE_RAW, V6("0052", "29") V6("002a", "04") INSIDE,
        "tcp 10.0.0.1:80 > 10.0.0.2:90 2/2 inside IP in IP of 2001::1 > 2001::2 in 2001::1 > 2001::2");
    expect(LINKTYPE_RAW,
        OUTER("0080", "04") OUTER("006c", "04") OUTER("0058", "04") OUTER("0044", "04") V4("0030", "04")
            V4("001c", "11") "0035 005a 0008 0000",
        "other 10.0.0.1 > 10.0.0.2 28/28 inside IP in IP of 11.0.0.1 > 11.0.0.2 in 11.0.0.1 > 11.0.0.2 in "
        "11.0.0.1 > 11.0.0.2 in 11.0.0.1 > 11.0.0.2");
    /* The snap length cut it inside. */
    expect_captured(LINKTYPE_RAW, OUTER("003e", "04") INSIDE, 61,
        "tcp 10.0.0.1:80 > 10.0.0.2:90 1/2 inside IP in IP of 11.0.0.1 > 11.0.0.2");
    expect_captured(LINKTYPE_RAW, OUTER("003e", "04") INSIDE, 50,
        "cut in transport 10.0.0.1 > 10.0.0.2 10/22 inside IP in IP of 11.0.0.1 > 11.0.0.2");
}

static void tunnels_that_are_none(void **state)
{
    /* No IP inside, PPTP, another program on VXLAN's port, a fragment of one. */
    expect(LINKTYPE_RAW, OUTER("0018", "04") "00000000", "other 11.0.0.1 > 11.0.0.2 4/4");
    expect(LINKTYPE_RAW, OUTER("001c", "2f") "0000 0806 00010800", "other 11.0.0.1 > 11.0.0.2 8/8");
    expect(LINKTYPE_RAW, OUTER("0024", "2f") "3081 880b 00010001 00000001 00000000",
        "other 11.0.0.1 > 11.0.0.2 16/16");
    expect(LINKTYPE_RAW, OUTER("0024", "11") "1234 12b5 0010 0000 68656c6c 6f21210a",
        "udp 11.0.0.1:4660 > 11.0.0.2:4789 8/8");
    expect(LINKTYPE_RAW, "45 00 003e 0000 2000 40 04 0000 0b000001 0b000002 " INSIDE,
        "other 11.0.0.1 > 11.0.0.2 42/42");
    expect(LINKTYPE_RAW, "45 00 003e 0000 00b9 40 04 0000 0b000001 0b000002 " INSIDE,
        "fragment 11.0.0.1 > 11.0.0.2 42/42");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_packets),
        cmocka_unit_test(udp_packets),
        cmocka_unit_test(other_packets),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(tunnels),
        cmocka_unit_test(tunnels_that_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
