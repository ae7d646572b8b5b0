/* SPDX-License-Identifier: ISC */
/* Each link layer: where its network header is, and that a frame cut anywhere before it is told as cut. */
#include "wire/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/capture_for_test.h"

static enum link_result parse(
    uint16_t linktype, const struct bytes *b, size_t len, struct link *ret, size_t *ret_at)
{
    uint8_t *data = bytes_exactly(b, len);
    struct cursor in = cursor_of(data, len);
    enum link_result result = link_parse(linktype, &in, ret);

    *ret_at = (size_t)(in.at - data);
    assert_true(in.at <= data + len);
    free(data);
    return result;
}

/* The last byte of hex is the first of the network header; whatever is shorter is cut. */
static void expect(uint16_t linktype, const char *hex, uint16_t ethertype, struct link *ret)
{
    struct bytes b = bytes_of(hex);
    struct link link, unused;
    size_t at;

    assert_int_equal(parse(linktype, &b, b.len, &link, &at), LINK_OK);
    assert_int_equal(link.ethertype, ethertype);
    assert_int_equal(at, b.len - 1);
    for (size_t len = 0; len + 1 < b.len; len++)
        if (parse(linktype, &b, len, &unused, &at) != LINK_CUT)
            fail_msg("link type %u with %zu bytes is not cut", linktype, len);
    if (ret)
        *ret = link;
}

/* With less than the whole of it, it is still decided. */
static void expect_result(uint16_t linktype, const char *hex, enum link_result result, uint16_t ethertype)
{
    struct bytes b = bytes_of(hex);
    struct link link;
    size_t at;

    assert_int_equal(parse(linktype, &b, b.len, &link, &at), result);
    if (result == LINK_OK)
        assert_int_equal(link.ethertype, ethertype);
}

#define MACS "001122334455 66778899aabb "

static void ethernet(void **state)
{
    struct link link;

    expect(LINKTYPE_ETHERNET, MACS "0800 45", ETHERTYPE_IPV4, &link);
    assert_int_equal(link.vlan_count, 0);
    assert_int_equal(link.direction, LINK_DIRECTION_UNKNOWN);
    expect(LINKTYPE_ETHERNET, MACS "86dd 60", ETHERTYPE_IPV6, NULL);
    expect(LINKTYPE_ETHERNET, MACS "0806 00", ETHERTYPE_ARP, NULL);
}

static void vlan_tags(void **state)
{
    struct link link;

    expect(LINKTYPE_ETHERNET, MACS "8100 f00a 0800 45", ETHERTYPE_IPV4, &link);
    assert_int_equal(link.vlan_count, 1);
    assert_int_equal(link.vlans[0], 10);
    expect(LINKTYPE_ETHERNET, MACS "88a8 0001 8100 0002 86dd 60", ETHERTYPE_IPV6, &link);
    assert_int_equal(link.vlan_count, 2);
    assert_int_equal(link.vlans[0], 1);
    assert_int_equal(link.vlans[1], 2);
    expect(LINKTYPE_ETHERNET, MACS "9100 0001 8100 0002 8100 0003 0800 45", ETHERTYPE_IPV4, &link);
    assert_int_equal(link.vlan_count, LINK_VLANS_KEPT);
    /* Eight are taken, nine are not. */
    expect(LINKTYPE_ETHERNET,
        MACS "8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 8100 0006 8100 0007 8100 0008 0800 45",
        ETHERTYPE_IPV4, NULL);
    expect_result(LINKTYPE_ETHERNET,
        MACS
        "8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 8100 0006 8100 0007 8100 0008 8100 0009 0800 45",
        LINK_BAD, 0);
}

static void ieee_802_3(void **state)
{
    struct bytes snap = bytes_of(MACS "0040 aaaa03 000000 0800 45");
    struct link link;
    size_t at;

    assert_int_equal(parse(LINKTYPE_ETHERNET, &snap, snap.len, &link, &at), LINK_OK);
    assert_int_equal(link.ethertype, ETHERTYPE_IPV4);
    assert_int_equal(at, snap.len - 1);
    /* Spanning tree; SNAP of somebody else's; SNAP cut. */
    expect_result(LINKTYPE_ETHERNET, MACS "0026 424203 0000", LINK_OK, ETHERTYPE_NONE);
    expect_result(LINKTYPE_ETHERNET, MACS "0026 aaaa03 00000c 2000 00", LINK_OK, ETHERTYPE_NONE);
    expect_result(LINKTYPE_ETHERNET, MACS "0026 aaaa03 000000 08", LINK_OK, ETHERTYPE_NONE);
}

static void pppoe_and_mpls(void **state)
{
    expect(LINKTYPE_ETHERNET, MACS "8864 11 00 1234 0016 0021 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_ETHERNET, MACS "8100 0007 8864 11 00 1234 0016 0057 60", ETHERTYPE_IPV6, NULL);
    expect(LINKTYPE_ETHERNET, MACS "8864 11 00 1234 0016 c021 01", ETHERTYPE_NONE, NULL);
    expect_result(LINKTYPE_ETHERNET, MACS "8864 21 00 1234 0016 0021 45", LINK_BAD, 0);
    expect_result(LINKTYPE_ETHERNET, MACS "8864 11 09 1234 0016 0021 45", LINK_BAD, 0);

    expect_result(LINKTYPE_ETHERNET, MACS "8847 00010140 45", LINK_OK, ETHERTYPE_IPV4);
    expect_result(LINKTYPE_ETHERNET, MACS "8847 00010040 00020140 60", LINK_OK, ETHERTYPE_IPV6);
    expect_result(LINKTYPE_ETHERNET, MACS "8848 00010140 00", LINK_OK, ETHERTYPE_NONE);
    expect_result(LINKTYPE_ETHERNET, MACS "8847 00010140", LINK_CUT, 0);
    expect_result(LINKTYPE_ETHERNET, MACS "8847 00010040", LINK_CUT, 0);
    expect_result(LINKTYPE_ETHERNET,
        MACS "8847 00010040 00010040 00010040 00010040 00010040 00010040 00010040 00010040 00010140 45",
        LINK_BAD, 0);
}

static void cooked(void **state)
{
    static const enum link_direction directions[] = {LINK_RECEIVED, LINK_RECEIVED_BY_MANY,
        LINK_RECEIVED_BY_MANY, LINK_OVERHEARD, LINK_SENT, LINK_DIRECTION_UNKNOWN};
    struct bytes b = bytes_of("0000 0001 0006 0011223344550000 0800 45");
    struct link link;
    size_t at;

    expect(LINKTYPE_LINUX_SLL, "0004 0001 0006 0011223344550000 86dd 60", ETHERTYPE_IPV6, &link);
    assert_int_equal(link.direction, LINK_SENT);
    for (size_t i = 0; i < sizeof(directions) / sizeof(directions[0]); i++) {
        b.at[1] = (uint8_t)i;
        assert_int_equal(parse(LINKTYPE_LINUX_SLL, &b, b.len, &link, &at), LINK_OK);
        assert_int_equal(link.direction, directions[i]);
    }
    expect(LINKTYPE_LINUX_SLL, "0004 0001 0006 0011223344550000 8100 0005 0800 45", ETHERTYPE_IPV4, &link);
    assert_int_equal(link.vlans[0], 5);
    expect_result(LINKTYPE_LINUX_SLL, "0000 0001 0006 0011223344550000 0004 424203", LINK_OK, ETHERTYPE_NONE);
    expect_result(LINKTYPE_LINUX_SLL, "0000 0118 0000 0000000000000000 000c 00", LINK_OK, ETHERTYPE_NONE);

    expect(LINKTYPE_LINUX_SLL2, "0800 0000 00000007 0001 04 06 0011223344550000 45", ETHERTYPE_IPV4, &link);
    assert_int_equal(link.direction, LINK_SENT);
    assert_int_equal(link.interface, 7);
    expect(LINKTYPE_LINUX_SLL2, "86dd 0000 ffffffff 0304 00 06 0000000000000000 60", ETHERTYPE_IPV6, &link);
    assert_int_equal(link.direction, LINK_RECEIVED);
}

static void raw_ip(void **state)
{
    static const uint16_t linktypes[] = {LINKTYPE_RAW, LINKTYPE_RAW_BSD, LINKTYPE_RAW_OPENBSD};

    for (size_t i = 0; i < sizeof(linktypes) / sizeof(linktypes[0]); i++) {
        expect_result(linktypes[i], "45", LINK_OK, ETHERTYPE_IPV4);
        expect_result(linktypes[i], "60", LINK_OK, ETHERTYPE_IPV6);
        expect_result(linktypes[i], "", LINK_CUT, 0);
        expect_result(linktypes[i], "50", LINK_BAD, 0);
    }
    expect(LINKTYPE_IPV4, "45", ETHERTYPE_IPV4, NULL);
    expect_result(LINKTYPE_IPV4, "60", LINK_BAD, 0);
    expect(LINKTYPE_IPV6, "60", ETHERTYPE_IPV6, NULL);
    expect_result(LINKTYPE_IPV6, "45", LINK_BAD, 0);
}

static void null_and_loop(void **state)
{
    static const char *const v6[] = {"18", "1c", "1e"};
    char hex[20];

    expect(LINKTYPE_NULL, "02000000 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_NULL, "00000002 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_LOOP, "00000002 45", ETHERTYPE_IPV4, NULL);
    for (size_t i = 0; i < sizeof(v6) / sizeof(v6[0]); i++) {
        snprintf(hex, sizeof(hex), "000000%s 60", v6[i]);
        expect(LINKTYPE_LOOP, hex, ETHERTYPE_IPV6, NULL);
        snprintf(hex, sizeof(hex), "%s000000 60", v6[i]);
        expect(LINKTYPE_NULL, hex, ETHERTYPE_IPV6, NULL);
    }
    expect(LINKTYPE_NULL, "07000000 00", ETHERTYPE_NONE, NULL);
    expect(LINKTYPE_NULL, "ffffffff 00", ETHERTYPE_NONE, NULL);
}

static void ppp(void **state)
{
    expect(LINKTYPE_PPP, "0021 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_PPP, "ff03 0057 60", ETHERTYPE_IPV6, NULL);
    expect(LINKTYPE_PPP, "ff03 21 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_PPP, "21 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_PPP, "c021 01", ETHERTYPE_NONE, NULL);
    expect(LINKTYPE_PPP_HDLC, "ff03 0021 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_PPP_HDLC, "0f00 0800 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_PPP_HDLC, "8f00 86dd 60", ETHERTYPE_IPV6, NULL);
    expect(LINKTYPE_CISCO_HDLC, "0f00 0800 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_CISCO_HDLC, "8f00 2000 00", 0x2000, NULL);
}

/* Tags and headers of switches between Ethernet and IP. */
static void cisco_hdlc_where_ppp_is_said(void **state)
{
    expect(LINKTYPE_PPP, "0f00 0800 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_PPP, "8f00 86dd 60", ETHERTYPE_IPV6, NULL);
}

static void shims(void **state)
{
    expect(LINKTYPE_ETHERNET, MACS "8903 0001 " MACS "0800 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_ETHERNET, MACS "88e7 00000001 " MACS "8100 0007 0800 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_ETHERNET, MACS "8909 0101 0001 0001 0800 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_ETHERNET, MACS "8926 00000000 86dd 60", ETHERTYPE_IPV6, NULL);
    expect(LINKTYPE_ETHERNET, MACS "893f 000000000000 0800 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_ETHERNET, MACS "88e5 00 00 00000001 0800 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_ETHERNET, MACS "88e5 20 00 00000001 0011223344556677 0800 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_ETHERNET, MACS "894f 0fc2 02 01 00000001 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_ETHERNET, MACS "894f 0fc2 02 04 00000001 0fc2 02 02 00000001 60", ETHERTYPE_IPV6, NULL);
    expect(LINKTYPE_ETHERNET, MACS "22f3 0040 0001 0002 00000000 " MACS "0800 45", ETHERTYPE_IPV4, NULL);
    /* Encrypted; a length that NSH cannot have; frames within frames for ever. */
    expect_result(LINKTYPE_ETHERNET, MACS "88e5 08 00 00000001 0800 45", LINK_OK, 0x88e5);
    expect_result(LINKTYPE_ETHERNET, MACS "894f 0fc1 02 01 00000001 45", LINK_BAD, 0);
    expect_result(LINKTYPE_ETHERNET,
        MACS "8903 0001 " MACS "8903 0001 " MACS "8903 0001 " MACS "8903 0001 " MACS "8903 0001 " MACS
             "0800 45",
        LINK_OK, 0x8903);
}

#define WIFI "0000 001122334455 66778899aabb 001122334455 1000 "
#define SNAP "aaaa03000000 "

static void wifi(void **state)
{
    expect_result(LINKTYPE_IEEE802_11, "0802 " WIFI SNAP "0800 45", LINK_OK, ETHERTYPE_IPV4);
    expect_result(LINKTYPE_IEEE802_11, "8802 " WIFI "0000 " SNAP "86dd 60", LINK_OK, ETHERTYPE_IPV6);
    expect_result(LINKTYPE_IEEE802_11, "0803 " WIFI "001122334455 " SNAP "0800 45", LINK_OK, ETHERTYPE_IPV4);
    expect_result(LINKTYPE_IEEE802_11, "8882 " WIFI "0000 00000000 " SNAP "0800 45", LINK_OK, ETHERTYPE_IPV4);
    expect_result(LINKTYPE_IEEE802_11_RADIOTAP, "0000 0800 00000000 0802 " WIFI SNAP "0800 45", LINK_OK,
        ETHERTYPE_IPV4);
    /* Two words of fields, a clock, and flags that say: padded. */
    expect_result(LINKTYPE_IEEE802_11_RADIOTAP,
        "0000 1900 03000080 00000000 00000000 0011223344556677 20 8802 " WIFI "0000 0000 " SNAP "0800 45",
        LINK_OK, ETHERTYPE_IPV4);
    expect_result(LINKTYPE_PPI, "0000 0800 69000000 0802 " WIFI SNAP "0800 45", LINK_OK, ETHERTYPE_IPV4);
    expect_result(LINKTYPE_PPI, "0000 0800 01000000 " MACS "0800 45", LINK_OK, ETHERTYPE_IPV4);
    expect_result(LINKTYPE_IEEE802_11_PRISM, "44000000 0c000000 00000000 0802 " WIFI SNAP "0800 45", LINK_OK,
        ETHERTYPE_IPV4);
    expect_result(LINKTYPE_IEEE802_11_AVS, "80211001 0000000c 00000000 0802 " WIFI SNAP "0800 45", LINK_OK,
        ETHERTYPE_IPV4);
    /* Encrypted, in pieces, several in one, without data, a beacon. */
    expect_result(LINKTYPE_IEEE802_11, "0842 " WIFI SNAP "0800 45", LINK_OK, ETHERTYPE_NONE);
    expect_result(LINKTYPE_IEEE802_11, "0806 " WIFI SNAP "0800 45", LINK_OK, ETHERTYPE_NONE);
    expect_result(LINKTYPE_IEEE802_11, "8802 " WIFI "8000 " SNAP "0800 45", LINK_OK, ETHERTYPE_NONE);
    expect_result(LINKTYPE_IEEE802_11, "4802 " WIFI, LINK_OK, ETHERTYPE_NONE);
    expect_result(LINKTYPE_IEEE802_11, "8000 " WIFI, LINK_OK, ETHERTYPE_NONE);
    expect_result(LINKTYPE_IEEE802_11, "0802 0000 0011", LINK_CUT, 0);
    expect_result(LINKTYPE_IEEE802_11_RADIOTAP, "0000 0700 00000000", LINK_BAD, 0);
    expect_result(LINKTYPE_PPI,
        "0000 0800 c0000000 0000 0800 c0000000 0000 0800 c0000000 0000 0800 c0000000 "
        "0000 0800 c0000000 0000 0800 c0000000",
        LINK_OK, ETHERTYPE_NONE);
}

static void rare_links(void **state)
{
    expect_result(LINKTYPE_NFLOG, "02000000 0600 0100 abcd0000 0500 0900 45 000000", LINK_OK, ETHERTYPE_IPV4);
    expect_result(LINKTYPE_NFLOG, "0a000000 0006 0001 abcd0000 0005 0009 60 000000", LINK_OK, ETHERTYPE_IPV6);
    expect_result(LINKTYPE_NFLOG, "02000000 0300 0100 abcd0000", LINK_BAD, 0);
    expect_result(LINKTYPE_NFLOG, "02000000 0600 0100 abcd0000", LINK_OK, ETHERTYPE_NONE);
    expect(LINKTYPE_PKTAP, "10000000 01000000 01000000 00000000 " MACS "0800 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_USER2, "0c000000 01000000 0c000000 60", ETHERTYPE_IPV6, NULL);
    expect_result(LINKTYPE_PKTAP, "04000000 01000000 01000000", LINK_BAD, 0);
    expect(LINKTYPE_FRAME_RELAY, "1841 03cc 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_FRAME_RELAY, "1841 0800 45", ETHERTYPE_IPV4, NULL);
    expect_result(LINKTYPE_FRAME_RELAY, "1841 0300 80 000000 0800 45", LINK_OK, ETHERTYPE_IPV4);
    expect_result(
        LINKTYPE_TOKEN_RING, "1040 001122334455 66778899aabb " SNAP "0800 45", LINK_OK, ETHERTYPE_IPV4);
    expect_result(
        LINKTYPE_TOKEN_RING, "1040 001122334455 e6778899aabb 0230 " SNAP "0800 45", LINK_OK, ETHERTYPE_IPV4);
    expect_result(LINKTYPE_FDDI, "50 " MACS SNAP "0800 45", LINK_OK, ETHERTYPE_IPV4);
    expect_result(LINKTYPE_ATM_RFC1483, SNAP "0800 45", LINK_OK, ETHERTYPE_IPV4);
    expect(LINKTYPE_PFLOG, "3d02 0000 " WIFI "0000000000 " WIFI "000000 0000000000000000 45", ETHERTYPE_IPV4,
        NULL);
    expect(LINKTYPE_ENC, "02000000 00000001 00000000 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_PPP_ETHER, "1100 0001 0000 0021 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_PPP_PPPD, "00 ff03 0021 45", ETHERTYPE_IPV4, NULL);
    expect(LINKTYPE_MPLS, "00000140 45", ETHERTYPE_IPV4, NULL);
    /* A pseudowire behind its control word. */
    expect_result(LINKTYPE_MPLS, "00000140 00000000 " MACS "0800 45", LINK_OK, ETHERTYPE_IPV4);
}

static void others_are_refused_by_name(void **state)
{
    expect_result(187, "08000000", LINK_REFUSED, 0);
    expect_result(65535, "08000000", LINK_REFUSED, 0);
    assert_string_equal(link_name(105), "802.11");
    assert_string_equal(link_name(LINKTYPE_ETHERNET), "Ethernet");
    assert_string_equal(link_name(LINKTYPE_LINUX_SLL2), "Linux cooked v2");
    assert_null(link_name(65535));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ethernet),
        cmocka_unit_test(vlan_tags),
        cmocka_unit_test(ieee_802_3),
        cmocka_unit_test(pppoe_and_mpls),
        cmocka_unit_test(cooked),
        cmocka_unit_test(raw_ip),
        cmocka_unit_test(null_and_loop),
        cmocka_unit_test(ppp),
        cmocka_unit_test(cisco_hdlc_where_ppp_is_said),
        cmocka_unit_test(shims),
        cmocka_unit_test(wifi),
        cmocka_unit_test(rare_links),
        cmocka_unit_test(others_are_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
