/* SPDX-License-Identifier: ISC */
/* GRE with each of its optional fields, VXLAN, and what only looks like them. */
#include "wire/tunnel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/capture_for_test.h"

typedef enum tunnel_result parse_function(struct cursor *in, struct link *ret_link);

static enum tunnel_result parse(
    parse_function *parser, const struct bytes *b, size_t len, struct link *ret_link, size_t *ret_at)
{
    uint8_t *copy = bytes_exactly(b, len);
    struct cursor in = cursor_of(copy, len);
    enum tunnel_result result = parser(&in, ret_link);

    *ret_at = (size_t)(in.at - copy);
    free(copy);
    return result;
}

/* The last byte of hex is the first of the network header; whatever is shorter is cut. */
static void expect(parse_function *parser, const char *hex, uint16_t ethertype)
{
    struct bytes b = bytes_of(hex);
    struct link link;
    size_t at;

    assert_int_equal(parse(parser, &b, b.len, &link, &at), TUNNEL_OK);
    assert_int_equal(link.ethertype, ethertype);
    assert_int_equal(at, b.len - 1);
    for (size_t len = 0; len + 1 < b.len; len++)
        assert_int_equal(parse(parser, &b, len, &link, &at), TUNNEL_CUT);
}

static void expect_not(parse_function *parser, const char *hex)
{
    struct bytes b = bytes_of(hex);
    struct link link;
    size_t at;

    assert_int_equal(parse(parser, &b, b.len, &link, &at), TUNNEL_NOT);
}

#define MACS "001122334455 66778899aabb "

static void gre(void **state)
{
    expect(tunnel_parse_gre, "0000 0800 45", ETHERTYPE_IPV4);
    expect(tunnel_parse_gre, "0000 86dd 60", ETHERTYPE_IPV6);
    expect(tunnel_parse_gre, "8000 0800 12340000 45", ETHERTYPE_IPV4);
    expect(tunnel_parse_gre, "2000 0800 00000001 45", ETHERTYPE_IPV4);
    expect(tunnel_parse_gre, "1000 0800 00000001 45", ETHERTYPE_IPV4);
    expect(tunnel_parse_gre, "b000 0800 12340000 00000001 00000002 45", ETHERTYPE_IPV4);
    expect(tunnel_parse_gre, "2000 6558 00000001 " MACS "0800 45", ETHERTYPE_IPV4);
    expect(tunnel_parse_gre, "0000 88be 00", 0x88be);
    /* PPTP; source routing; a version that there is not; a frame inside that is none. */
    expect_not(tunnel_parse_gre, "3081 880b 00010001 00000001 00");
    expect_not(tunnel_parse_gre, "4000 0800 12340000 45");
    expect_not(tunnel_parse_gre, "0002 0800 45");
    expect_not(tunnel_parse_gre, "0000 8864 21000001 0000 0021 45");
}

static void vxlan(void **state)
{
    expect(tunnel_parse_vxlan, "08000000 00002a00 " MACS "0800 45", ETHERTYPE_IPV4);
    expect(tunnel_parse_vxlan, "08000000 00002a00 " MACS "8100 0007 86dd 60", ETHERTYPE_IPV6);
    expect_not(tunnel_parse_vxlan, "00000000 00002a00 " MACS "0800 45");
    expect_not(tunnel_parse_vxlan, "08000001 00002a00 " MACS "0800 45");
    expect_not(tunnel_parse_vxlan, "08000000 00002a01 " MACS "0800 45");
    expect_not(tunnel_parse_vxlan, "68656c6c 6f20776f 726c64");
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
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
