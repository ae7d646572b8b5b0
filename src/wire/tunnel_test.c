/* SPDX-License-Identifier: ISC */
/* Each tunnel with each of its optional fields, cut anywhere, and what only looks like one. */
#include "wire/tunnel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/capture_for_test.h"

/* Of IP's protocol if ports are 0, else in UDP to that port. */
struct kind {
    uint8_t protocol;
    uint16_t port;
    enum tunnel tunnel;
};

static enum tunnel_result parse(
    const struct kind *kind, const struct bytes *b, size_t len, struct link *ret_link, size_t *ret_at)
{
    uint8_t *copy = bytes_exactly(b, len);
    struct cursor in = cursor_of(copy, len);
    enum tunnel tunnel = TUNNEL_NONE;
    enum tunnel_result result = kind->port ? tunnel_parse_udp(40000, kind->port, &in, &tunnel, ret_link)
                                           : tunnel_parse_ip(kind->protocol, &in, &tunnel, ret_link);

    if (result == TUNNEL_OK)
        assert_int_equal(tunnel, kind->tunnel);
    *ret_at = (size_t)(in.at - copy);
    free(copy);
    return result;
}

/* The last byte of hex is the first of the network header; whatever is shorter is cut. */
static void expect(struct kind kind, const char *hex, uint16_t ethertype)
{
    struct bytes b = bytes_of(hex);
    struct link link;
    size_t at;

    assert_int_equal(parse(&kind, &b, b.len, &link, &at), TUNNEL_OK);
    assert_int_equal(link.ethertype, ethertype);
    assert_int_equal(at, b.len - 1);
    for (size_t len = 0; len + 1 < b.len; len++)
        assert_int_equal(parse(&kind, &b, len, &link, &at), TUNNEL_CUT);
}

static void expect_not(struct kind kind, const char *hex)
{
    struct bytes b = bytes_of(hex);
    struct link link;
    size_t at;

    assert_int_equal(parse(&kind, &b, b.len, &link, &at), TUNNEL_NOT);
}

#define GRE ((struct kind){47, 0, TUNNEL_GRE})
#define PPTP ((struct kind){47, 0, TUNNEL_PPTP})
#define ERSPAN ((struct kind){47, 0, TUNNEL_ERSPAN})
#define VXLAN ((struct kind){17, 4789, TUNNEL_VXLAN})
#define GPE ((struct kind){17, 4790, TUNNEL_VXLAN})
#define GENEVE ((struct kind){17, 6081, TUNNEL_GENEVE})
#define GTP ((struct kind){17, 2152, TUNNEL_GTP})
#define L2TP ((struct kind){17, 1701, TUNNEL_L2TP})
#define LISP ((struct kind){17, 4341, TUNNEL_LISP})
#define TEREDO ((struct kind){17, 3544, TUNNEL_TEREDO})
#define CAPWAP ((struct kind){17, 5247, TUNNEL_CAPWAP})
#define MPLS ((struct kind){137, 0, TUNNEL_MPLS})
#define MPLS_IN_UDP ((struct kind){17, 6635, TUNNEL_MPLS})
#define PIM ((struct kind){103, 0, TUNNEL_PIM})
#define ETHERIP ((struct kind){97, 0, TUNNEL_ETHERIP})
#define ETHERNET ((struct kind){143, 0, TUNNEL_ETHERIP})

#define MACS "001122334455 66778899aabb "

static void gre(void **state)
{
    expect(GRE, "0000 0800 45", ETHERTYPE_IPV4);
    expect(GRE, "0000 86dd 60", ETHERTYPE_IPV6);
    expect(GRE, "8000 0800 12340000 45", ETHERTYPE_IPV4);
    expect(GRE, "2000 0800 00000001 45", ETHERTYPE_IPV4);
    expect(GRE, "1000 0800 00000001 45", ETHERTYPE_IPV4);
    expect(GRE, "b000 0800 12340000 00000001 00000002 45", ETHERTYPE_IPV4);
    expect(GRE, "2000 6558 00000001 " MACS "0800 45", ETHERTYPE_IPV4);
    expect(GRE, "0000 880b ff03 0021 45", ETHERTYPE_IPV4);
    expect(GRE, "0000 883e 00000000 45", ETHERTYPE_IPV4);
    expect(GRE, "0000 894f 0fc6 01 01 00000001 0000000000000000 0000000000000000 45", ETHERTYPE_IPV4);
    expect(PPTP, "3001 880b 00010001 00000001 0021 45", ETHERTYPE_IPV4);
    expect(PPTP, "3081 880b 00010001 00000001 00000001 ff03 0057 60", ETHERTYPE_IPV6);
    expect(ERSPAN, "0000 88be " MACS "0800 45", ETHERTYPE_IPV4);
    expect(ERSPAN, "1000 88be 00000001 1001 0001 00000000 " MACS "86dd 60", ETHERTYPE_IPV6);
    expect(ERSPAN, "1000 22eb 00000001 2001 0001 00000000 0000 0000 " MACS "0800 45", ETHERTYPE_IPV4);
    expect(ERSPAN, "1000 22eb 00000001 2001 0001 00000000 0000 0001 0011223344556677 " MACS "0800 45",
        ETHERTYPE_IPV4);
    /* An ACK of PPTP without payload; ERSPAN of a version that there is not; source routing; a version that
     * there is not; a frame inside that is none. */
    expect_not(GRE, "2081 880b 00000001 00000001");
    expect_not(GRE, "1000 88be 00000001 3001 0001 00000000");
    expect_not(GRE, "4000 0800 12340000 45");
    expect_not(GRE, "0002 0800 45");
    expect_not(GRE, "0000 8864 21000001 0000 0021 45");
}

static void vxlan(void **state)
{
    expect(VXLAN, "08000000 00002a00 " MACS "0800 45", ETHERTYPE_IPV4);
    expect(VXLAN, "08000000 00002a00 " MACS "8100 0007 86dd 60", ETHERTYPE_IPV6);
    expect_not(VXLAN, "00000000 00002a00 " MACS "0800 45");
    /* Reserved bits are ignored (RFC 7348, section 5). */
    expect(VXLAN, "08000001 00002a01 " MACS "0800 45", ETHERTYPE_IPV4);
    expect(VXLAN, "ff01d1f2 00000b00 " MACS "0800 45", ETHERTYPE_IPV4);
}

static void vxlan_gpe(void **state)
{
    expect(GPE, "0c000001 00002a00 45", ETHERTYPE_IPV4);
    expect(GPE, "0c000002 00002a00 60", ETHERTYPE_IPV6);
    expect(GPE, "0c000003 00002a00 " MACS "0800 45", ETHERTYPE_IPV4);
    expect(GPE, "0c000004 00002a00 0fc2 02 03 00000001 " MACS "0800 45", ETHERTYPE_IPV4);
    expect(GPE, "0c000005 00002a00 00000140 45", ETHERTYPE_IPV4);
    expect_not(GPE, "0c000007 00002a00 45");
    expect_not(GPE, "08000001 00002a00 45");
}

static void geneve(void **state)
{
    expect(GENEVE, "0000 6558 00002a00 " MACS "0800 45", ETHERTYPE_IPV4);
    expect(GENEVE, "0240 6558 00002a00 0102800100000000 " MACS "86dd 60", ETHERTYPE_IPV6);
    expect(GENEVE, "0000 0800 00002a00 45", ETHERTYPE_IPV4);
    expect_not(GENEVE, "4000 6558 00002a00 " MACS "0800 45");
}

static void gtp(void **state)
{
    expect(GTP, "30ff 0014 00000001 45", ETHERTYPE_IPV4);
    expect(GTP, "32ff 0018 00000001 00010000 60", ETHERTYPE_IPV6);
    expect(GTP, "34ff 001c 00000001 00000085 01001000 45", ETHERTYPE_IPV4);
    expect(GTP, "34ff 001c 00000001 00000085 010010c0 0200000000000000 45", ETHERTYPE_IPV4);
    /* Without its flag the field of the extension says nothing. */
    expect(GTP, "32ff 0018 00000001 00010085 45", ETHERTYPE_IPV4);
    /* An echo; GTP' and version 2; an extension without length; more of them than any has; no IP. */
    expect_not(GTP, "3201 0004 00000000 00010000");
    expect_not(GTP, "20ff 0014 00000001 45");
    expect_not(GTP, "48ff 0014 00000001 45");
    expect_not(GTP, "34ff 001c 00000001 00000085 00000000 45");
    expect_not(GTP,
        "34ff 0030 00000001 00000085 01000085 01000085 01000085 01000085 01000085 01000085 01000085 "
        "01000085 01000000 45");
    expect_not(GTP, "30ff 0014 00000001 ff");
}

static void l2tp(void **state)
{
    expect(L2TP, "0002 00010001 ff03 0021 45", ETHERTYPE_IPV4);
    expect(L2TP, "4802 0014 00010001 00000000 0021 45", ETHERTYPE_IPV4);
    expect(L2TP, "0202 00010001 0002 0000 0021 45", ETHERTYPE_IPV4);
    expect_not(L2TP, "c802 0014 00010001 00000000");
    expect_not(L2TP, "0003 00010001 ff03 0021 45");
}

static void teredo(void **state)
{
    expect(TEREDO, "0001 0000 0011223344556677 00 60", ETHERTYPE_IPV6);
    expect_not(TEREDO, "0000 f00d 01020304 45");
    expect_not(TEREDO, "45000000");
}

static void capwap(void **state)
{
    expect(CAPWAP, "0010 0200 00000000 " MACS "0800 45", ETHERTYPE_IPV4);
    expect_not(CAPWAP, "0010 0280 00000000 " MACS "0800 45");
    expect_not(CAPWAP, "0100 0000 16feff00");
}

/* Data frames of 802.11, as the RFC has them and with the two bytes swapped. */
static void capwap_wifi(void **state)
{
#define REST "0000 001122334455 66778899aabb 001122334455 1000 "
    static const char *const frames[] = {
        "0010 0300 00000000 0801 " REST "aaaa03000000 0800 45",
        "0010 0300 00000000 8801 " REST "0000 aaaa03000000 0800 45",
        "0010 0300 00000000 0108 " REST "aaaa03000000 0800 45",
        "0010 0300 00000000 0188 " REST "0000 aaaa03000000 0800 45",
    };

    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        struct bytes b = bytes_of(frames[i]);
        struct link link;
        size_t at;

        assert_int_equal(parse(&CAPWAP, &b, b.len, &link, &at), TUNNEL_OK);
        assert_int_equal(link.ethertype, ETHERTYPE_IPV4);
        assert_int_equal(at, b.len - 1);
    }
    expect_not(CAPWAP, "0010 0300 00000000 5000 " REST);
}

static void others(void **state)
{
    expect(LISP, "88000001 00000001 45", ETHERTYPE_IPV4);
    expect(MPLS, "00000040 00000140 45", ETHERTYPE_IPV4);
    expect(MPLS_IN_UDP, "00000140 60", ETHERTYPE_IPV6);
    expect(ETHERIP, "3000 " MACS "0800 45", ETHERTYPE_IPV4);
    expect_not(ETHERIP, "4000 " MACS "0800 45");
    expect(ETHERNET, MACS "0800 45", ETHERTYPE_IPV4);
    expect(PIM, "2100 0000 00000000 45", ETHERTYPE_IPV4);
    expect_not(PIM, "2100 0000 40000000 45");
    expect_not(PIM, "2000 0000 00010002");
    expect_not(((struct kind){132, 0, TUNNEL_NONE}), "45");
    expect_not(((struct kind){17, 53, TUNNEL_NONE}), "45");
}

static void names(void **state)
{
    assert_string_equal(tunnel_name(TUNNEL_IPIP), "IP in IP");
    assert_string_equal(tunnel_name(TUNNEL_GRE), "GRE");
    assert_string_equal(tunnel_name(TUNNEL_VXLAN), "VXLAN");
    assert_null(tunnel_name(TUNNEL_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gre),
        cmocka_unit_test(vxlan),
        cmocka_unit_test(vxlan_gpe),
        cmocka_unit_test(geneve),
        cmocka_unit_test(gtp),
        cmocka_unit_test(l2tp),
        cmocka_unit_test(teredo),
        cmocka_unit_test(capwap),
        cmocka_unit_test(capwap_wifi),
        cmocka_unit_test(others),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
