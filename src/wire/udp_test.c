/* SPDX-License-Identifier: ISC */
/* A datagram's header, and its length wrong in each way. */
#include "wire/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/capture_for_test.h"

static enum udp_result parse(
    const char *hex, size_t captured, uint32_t datagram_bytes, struct udp *ret, size_t *ret_left)
{
    struct bytes b = bytes_of(hex);
    uint8_t *copy = bytes_exactly(&b, captured < b.len ? captured : b.len);
    struct cursor in = cursor_of(copy, captured < b.len ? captured : b.len);
    enum udp_result result = udp_parse(&in, datagram_bytes, ret);

    *ret_left = cursor_left(&in);
    free(copy);
    return result;
}

static void header(void **state)
{
    const char *hex = "0035 d431 000b 0000 aabbcc";
    struct udp udp;
    size_t left;

    assert_int_equal(parse(hex, SIZE_MAX, 11, &udp, &left), UDP_OK);
    assert_int_equal(udp.sport, 53);
    assert_int_equal(udp.dport, 54321);
    assert_int_equal(udp.payload_bytes, 3);
    assert_int_equal(left, 3);
    for (size_t len = 0; len < 8; len++)
        assert_int_equal(parse(hex, len, 11, &udp, &left), UDP_CUT);
    assert_int_equal(parse(hex, 8, 11, &udp, &left), UDP_OK);
    assert_int_equal(udp.payload_bytes, 3);
    assert_int_equal(left, 0);
    assert_int_equal(parse(hex, 7, 7, &udp, &left), UDP_BAD);
}

static void lengths(void **state)
{
    struct udp udp;
    size_t left;

    /* Shorter than the header; nothing; less than IP has; more, as a first fragment's is; 0. */
    assert_int_equal(parse("0035 d431 0007 0000 aabbcc", SIZE_MAX, 11, &udp, &left), UDP_BAD);
    assert_int_equal(parse("0035 d431 0008 0000 aabbcc", SIZE_MAX, 11, &udp, &left), UDP_OK);
    assert_int_equal(udp.payload_bytes, 0);
    assert_int_equal(left, 0);
    assert_int_equal(parse("0035 d431 000a 0000 aabbcc", SIZE_MAX, 11, &udp, &left), UDP_OK);
    assert_int_equal(udp.payload_bytes, 2);
    assert_int_equal(left, 2);
    assert_int_equal(parse("0035 d431 ffff 0000 aabbcc", SIZE_MAX, 11, &udp, &left), UDP_OK);
    assert_int_equal(udp.payload_bytes, 65527);
    assert_int_equal(left, 3);
    assert_int_equal(parse("0035 d431 0000 0000 aabbcc", SIZE_MAX, 100008, &udp, &left), UDP_OK);
    assert_int_equal(udp.payload_bytes, 100000);
    assert_int_equal(left, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header),
        cmocka_unit_test(lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
