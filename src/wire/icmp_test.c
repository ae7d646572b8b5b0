/* SPDX-License-Identifier: ISC */
/* Errors of both versions and what they quote, cut at every byte; names of all that has one. */
#include "wire/icmp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/capture_for_test.h"

/* The quoted addresses point into it. */
static struct bytes message;

static enum icmp_result parse(const char *hex, size_t len, unsigned version, struct icmp *ret)
{
    enum icmp_result result;
    struct cursor in;
    uint8_t *copy;

    message = bytes_of(hex);
    if (len > message.len)
        len = message.len;
    copy = bytes_exactly(&message, len);
    in = cursor_of(copy, len);
    result = icmp_parse(&in, version, (uint32_t)message.len, ret);
    free(copy);
    in = cursor_of(message.at, len);
    assert_int_equal(icmp_parse(&in, version, (uint32_t)message.len, ret), result);
    return result;
}

#define QUOTE_UDP "45 00 0023 1234 4000 40 11 0000 0a000001 0a000002 d431 0035 000f 0000"
#define QUOTE_TCP "45 00 05dc 1234 4000 40 06 0000 0a000001 0a000002 d431 0050 01020304"
#define QUOTE_TCP_V6                                                                                         \
    "60000000 05b4 06 40 20010db8000000000000000000000001 20010db8000000000000000000000002 d431 0050 "       \
    "01020304"

static void port_unreachable(void **state)
{
    struct icmp icmp;

    assert_int_equal(parse("03 03 0000 00000000 " QUOTE_UDP, SIZE_MAX, 4, &icmp), ICMP_OK);
    assert_true(icmp.is_error && icmp.has_quote && icmp.has_ports);
    assert_false(icmp.has_seq);
    assert_int_equal(icmp.type, ICMP_UNREACHABLE);
    assert_int_equal(icmp.code, ICMP_CODE_PORT);
    assert_int_equal(icmp.quoted.protocol, IP_PROTOCOL_UDP);
    assert_memory_equal(icmp.quoted.src, "\x0a\0\0\x01", 4);
    assert_memory_equal(icmp.quoted.dst, "\x0a\0\0\x02", 4);
    assert_int_equal(icmp.sport, 54321);
    assert_int_equal(icmp.dport, 53);
    /* The length of what was quoted in part. */
    assert_int_equal(icmp.quoted.payload_bytes, 15);
    assert_int_equal(icmp.mtu, 0);
}

static void too_big(void **state)
{
    struct icmp icmp;

    assert_int_equal(parse("03 04 0000 0000 0578 " QUOTE_TCP, SIZE_MAX, 4, &icmp), ICMP_OK);
    assert_true(icmp.has_seq);
    assert_int_equal(icmp.mtu, 1400);
    assert_int_equal(icmp.seq, 0x01020304);
    assert_int_equal(icmp.dport, 80);
    assert_int_equal(icmp.quoted.payload_bytes, 1480);
    assert_int_equal(parse("02 00 0000 00000500 " QUOTE_TCP_V6, SIZE_MAX, 6, &icmp), ICMP_OK);
    assert_true(icmp.is_error && icmp.has_seq);
    assert_int_equal(icmp.mtu, 1280);
    assert_int_equal(icmp.seq, 0x01020304);
    assert_int_equal(icmp.quoted.version, 6);
    /* Of another code the field is not an MTU. */
    assert_int_equal(parse("03 01 0000 0000 0578 " QUOTE_TCP, SIZE_MAX, 4, &icmp), ICMP_OK);
    assert_int_equal(icmp.mtu, 0);
}

static void cut_anywhere(void **state)
{
    const char *hex = "03 04 0000 0000 0578 " QUOTE_TCP;
    struct icmp icmp;

    for (size_t len = 0; len <= bytes_of(hex).len; len++) {
        enum icmp_result result = parse(hex, len, 4, &icmp);

        assert_int_equal(result, len < 8 ? ICMP_CUT : ICMP_OK);
        if (len < 8)
            continue;
        assert_int_equal(icmp.has_quote, len >= 28);
        assert_int_equal(icmp.has_ports, len >= 32);
        assert_int_equal(icmp.has_seq, len >= 36);
    }
    assert_int_equal(parse("03 04 0000 0000 05", SIZE_MAX, 4, &icmp), ICMP_BAD);
}

static void quotes_that_say_nothing(void **state)
{
    struct icmp icmp;

    /* Not IP; the other version; a later fragment; a protocol with no ports. */
    assert_int_equal(
        parse("03 03 0000 00000000 00 00 0023 1234 4000 40 11 0000 0a000001 0a000002 d431 0035 000f 0000",
            SIZE_MAX, 4, &icmp),
        ICMP_OK);
    assert_false(icmp.has_quote);
    assert_int_equal(parse("03 03 0000 00000000 " QUOTE_TCP_V6, SIZE_MAX, 4, &icmp), ICMP_OK);
    assert_false(icmp.has_quote);
    assert_int_equal(
        parse("0b 01 0000 00000000 45 00 0023 1234 00b9 40 11 0000 0a000001 0a000002 d431 0035 000f 0000",
            SIZE_MAX, 4, &icmp),
        ICMP_OK);
    assert_true(icmp.has_quote);
    assert_false(icmp.has_ports);
    assert_int_equal(
        parse("03 02 0000 00000000 45 00 0023 1234 0000 40 84 0000 0a000001 0a000002 d431 0035 000f 0000",
            SIZE_MAX, 4, &icmp),
        ICMP_OK);
    assert_true(icmp.has_quote);
    assert_false(icmp.has_ports);
}

static void what_is_no_error(void **state)
{
    struct icmp icmp;

    assert_int_equal(parse("08 00 0000 00010001 " QUOTE_UDP, SIZE_MAX, 4, &icmp), ICMP_OK);
    assert_false(icmp.is_error || icmp.has_quote);
    assert_int_equal(parse("80 00 0000 00010001 " QUOTE_TCP_V6, SIZE_MAX, 6, &icmp), ICMP_OK);
    assert_false(icmp.is_error || icmp.has_quote);
}

static void texts(void **state)
{
    assert_string_equal(icmp_text(4, 3, 3), "port unreachable");
    assert_string_equal(icmp_text(4, 3, 15), "precedence cut off");
    assert_string_equal(icmp_text(4, 3, 16), "unreachable");
    assert_string_equal(icmp_text(4, 8, 0), "echo request");
    assert_string_equal(icmp_text(4, 11, 0), "time to live exceeded");
    assert_string_equal(icmp_text(4, 11, 1), "fragments missing, time exceeded");
    assert_string_equal(icmp_text(6, 1, 4), "port unreachable");
    assert_string_equal(icmp_text(6, 1, 7), "unreachable");
    assert_string_equal(icmp_text(6, 2, 0), "packet too big");
    assert_string_equal(icmp_text(6, 128, 0), "echo request");
    assert_string_equal(icmp_text(6, 135, 0), "neighbor solicitation");
    assert_null(icmp_text(4, 255, 0));
    assert_null(icmp_text(6, 255, 0));
    /* Every error has a text. */
    for (unsigned type = 1; type <= 4; type++)
        assert_non_null(icmp_text(6, type, 0));
    for (unsigned type = 3; type <= 5; type++)
        assert_non_null(icmp_text(4, type, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(port_unreachable),
        cmocka_unit_test(too_big),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(quotes_that_say_nothing),
        cmocka_unit_test(what_is_no_error),
        cmocka_unit_test(texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
