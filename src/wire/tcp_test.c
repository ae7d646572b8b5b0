/* SPDX-License-Identifier: ISC */
/* The header, cut and with wrong lengths; every option, alone, together, and malformed. */
#include "wire/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/capture_for_test.h"

static enum tcp_result parse(const struct bytes *b, size_t captured, uint32_t segment_bytes, struct tcp *ret,
    struct tcp_options *ret_options, size_t *ret_payload)
{
    uint8_t *copy = bytes_exactly(b, captured);
    struct cursor in = cursor_of(copy, captured);
    enum tcp_result result = tcp_parse(&in, segment_bytes, ret);

    assert_true(in.at <= in.end && in.end == copy + captured);
    if (result == TCP_OK) {
        tcp_parse_options(ret, ret_options);
        *ret_payload = cursor_left(&in);
    }
    free(copy);
    return result;
}

static void header(void **state)
{
    struct bytes b = bytes_of("1f90 d431 01020304 05060708 6 1ff abcd 0000 1234 01010101 aabb");
    struct tcp_options options;
    struct tcp tcp;
    size_t payload;

    assert_int_equal(parse(&b, b.len, (uint32_t)b.len, &tcp, &options, &payload), TCP_OK);
    assert_int_equal(tcp.sport, 8080);
    assert_int_equal(tcp.dport, 54321);
    assert_int_equal(tcp.seq, 0x01020304);
    assert_int_equal(tcp.ack, 0x05060708);
    assert_int_equal(tcp.flags, 0x1ff);
    assert_int_equal(tcp.window, 0xabcd);
    assert_int_equal(tcp.urgent, 0x1234);
    assert_int_equal(tcp.header_bytes, 24);
    assert_int_equal(payload, 2);
    assert_int_equal(options.has, 0);
    assert_int_equal(tcp_sequence_bytes(&tcp, 2), 4);
    tcp.flags = TCP_SYN;
    assert_int_equal(tcp_sequence_bytes(&tcp, 0), 1);
    tcp.flags = TCP_ACK | TCP_RST;
    assert_int_equal(tcp_sequence_bytes(&tcp, 7), 7);
}

static void header_cut_or_bad(void **state)
{
    struct bytes b = bytes_of("1f90 d431 01020304 05060708 6010 abcd 0000 1234 01010101 aabb");
    struct tcp_options options;
    struct tcp tcp;
    size_t payload;

    for (size_t len = 0; len < 20; len++)
        assert_int_equal(parse(&b, len, (uint32_t)b.len, &tcp, &options, &payload), TCP_CUT);
    /* Cut among the options: the header stands all the same. */
    for (size_t len = 20; len < 24; len++) {
        assert_int_equal(parse(&b, len, (uint32_t)b.len, &tcp, &options, &payload), TCP_OK);
        assert_int_equal(tcp.options_captured, len - 20);
        assert_int_equal(options.has, TCP_HAS_CUT_OPTIONS);
        assert_int_equal(payload, 0);
    }
    /* The segment is shorter than the header, or than any. */
    assert_int_equal(parse(&b, b.len, 23, &tcp, &options, &payload), TCP_BAD);
    assert_int_equal(parse(&b, b.len, 24, &tcp, &options, &payload), TCP_OK);
    assert_int_equal(parse(&b, 19, 19, &tcp, &options, &payload), TCP_BAD);
    b.at[12] = 0x40;
    assert_int_equal(parse(&b, b.len, (uint32_t)b.len, &tcp, &options, &payload), TCP_BAD);
    b.at[12] = 0x00;
    assert_int_equal(parse(&b, b.len, (uint32_t)b.len, &tcp, &options, &payload), TCP_BAD);
    b.at[12] = 0xf0;
    assert_int_equal(parse(&b, b.len, (uint32_t)b.len, &tcp, &options, &payload), TCP_BAD);
}

/* hex is a multiple of 4 bytes. */
static struct tcp_options options_of(const char *hex)
{
    struct bytes b = bytes_of("1f90 d431 01020304 05060708 0010 abcd 0000 1234"), more = bytes_of(hex);
    struct tcp_options options;
    struct tcp tcp;
    size_t payload;

    assert_int_equal(more.len % 4, 0);
    memcpy(b.at + b.len, more.at, more.len);
    b.len += more.len;
    b.at[12] = (uint8_t)(b.len / 4 << 4);
    assert_int_equal(parse(&b, b.len, (uint32_t)b.len, &tcp, &options, &payload), TCP_OK);
    return options;
}

static void options_each(void **state)
{
    struct tcp_options o = options_of("020405b4");

    assert_int_equal(o.has, TCP_HAS_MSS);
    assert_int_equal(o.mss, 1460);
    o = options_of("01030307");
    assert_int_equal(o.has, TCP_HAS_WINDOW_SHIFT);
    assert_int_equal(o.window_shift, 7);
    /* RFC 7323, section 2.3: more than 14 counts as 14. */
    o = options_of("010303ff");
    assert_int_equal(o.window_shift, 14);
    o = options_of("01010402");
    assert_int_equal(o.has, TCP_HAS_SACK_PERMITTED);
    o = options_of("0101 080a 11223344 55667788");
    assert_int_equal(o.has, TCP_HAS_TIMESTAMPS);
    assert_int_equal(o.timestamp, 0x11223344);
    assert_int_equal(o.timestamp_echo, 0x55667788);
    o = options_of("0101 050a 00000001 00000002");
    assert_int_equal(o.has, TCP_HAS_SACK);
    assert_int_equal(o.sack_count, 1);
    assert_int_equal(o.sack[0].left, 1);
    assert_int_equal(o.sack[0].right, 2);
    o = options_of("0101 0522 00000001 00000002 00000003 00000004 00000005 00000006 00000007 00000008");
    assert_int_equal(o.sack_count, 4);
    assert_int_equal(o.sack[3].right, 8);
    o = options_of("2202 0101");
    assert_int_equal(o.has, TCP_HAS_COOKIE);
    assert_int_equal(o.cookie_bytes, 0);
    o = options_of("220a 0102030405060708 0101");
    assert_int_equal(o.cookie_bytes, 8);
    assert_memory_equal(o.cookie, "\1\2\3\4\5\6\7\10", 8);
    assert_int_equal(options_of("1312 000102030405060708090a0b0c0d0e0f 0101").has, TCP_HAS_MD5);
    assert_int_equal(options_of("1d04 0000").has, TCP_HAS_AO);
    assert_int_equal(options_of("1e04 0081").has, TCP_HAS_MPTCP);
    assert_int_equal(options_of("fe04 1234").has, TCP_HAS_OTHER);
}

static void options_together(void **state)
{
    /* Linux' SYN. */
    struct tcp_options o = options_of("020405b4 0402 080a 00000001 00000000 01 030307");

    assert_int_equal(o.has, TCP_HAS_MSS | TCP_HAS_SACK_PERMITTED | TCP_HAS_TIMESTAMPS | TCP_HAS_WINDOW_SHIFT);
    assert_int_equal(o.mss, 1460);
    assert_int_equal(o.window_shift, 7);
    assert_int_equal(o.timestamp, 1);
    /* Nothing is read behind the end. */
    assert_int_equal(options_of("00 020405 b4000000").has, 0);
    assert_int_equal(options_of("01010101 01010101").has, 0);
}

static void options_malformed(void **state)
{
    /* No length; of 0 and 1; past the header. */
    assert_int_equal(options_of("01010102").has, TCP_HAS_BAD_OPTION);
    assert_int_equal(options_of("02000000").has, TCP_HAS_BAD_OPTION);
    assert_int_equal(options_of("02010000").has, TCP_HAS_BAD_OPTION);
    assert_int_equal(options_of("020505b4").has, TCP_HAS_BAD_OPTION);
    assert_int_equal(options_of("fe050000").has, TCP_HAS_BAD_OPTION);
    /* A wrong length that can be passed over: what follows is still read. */
    assert_int_equal(options_of("0203 05 030307 0101").has, TCP_HAS_BAD_OPTION | TCP_HAS_WINDOW_SHIFT);
    assert_int_equal(options_of("03040707 020405b4").has, TCP_HAS_BAD_OPTION | TCP_HAS_MSS);
    assert_int_equal(options_of("040301 01 020405b4").has, TCP_HAS_BAD_OPTION | TCP_HAS_MSS);
    assert_int_equal(options_of("0502 0101").has, TCP_HAS_BAD_OPTION);
    assert_int_equal(options_of("0509 00000000 000000 010101").has, TCP_HAS_BAD_OPTION);
    assert_int_equal(options_of("0809 00000000 000000 010101").has, TCP_HAS_BAD_OPTION);
    assert_int_equal(options_of("2213 00000000 00000000 00000000 00000000 00 01").has, TCP_HAS_BAD_OPTION);
    assert_int_equal(options_of("2212 00000000 00000000 00000000 00000000 0101").has, TCP_HAS_COOKIE);
    /* The same twice: the last one counts. */
    assert_int_equal(options_of("02040001 02040002").mss, 2);
    /* Five blocks do not fit in 40 bytes; two options of them fill four. */
    assert_int_equal(options_of("0512 00000001 00000002 00000003 00000004 "
                                "0512 00000005 00000006 00000007 00000008")
                         .sack_count,
        4);
}

static void options_cut(void **state)
{
    struct bytes b = bytes_of("1f90 d431 01020304 05060708 8010 abcd 0000 1234 020405b4 01010402 03030701");
    struct tcp_options options;
    struct tcp tcp;
    size_t payload;

    assert_int_equal(parse(&b, 26, (uint32_t)b.len, &tcp, &options, &payload), TCP_OK);
    assert_int_equal(options.has, TCP_HAS_MSS | TCP_HAS_CUT_OPTIONS);
    assert_int_equal(parse(&b, 28, (uint32_t)b.len, &tcp, &options, &payload), TCP_OK);
    assert_int_equal(options.has, TCP_HAS_MSS | TCP_HAS_SACK_PERMITTED | TCP_HAS_CUT_OPTIONS);
}

static void names(void **state)
{
    assert_string_equal(tcp_flag_name(TCP_SYN), "SYN");
    assert_string_equal(tcp_flag_name(TCP_AE), "AE");
    assert_null(tcp_flag_name(TCP_SYN | TCP_ACK));
    for (unsigned bit = 1; bit <= TCP_AE; bit <<= 1)
        assert_non_null(tcp_flag_name(bit));
    for (unsigned bit = 1; bit <= TCP_HAS_MPTCP; bit <<= 1)
        assert_non_null(tcp_option_name(bit));
    assert_null(tcp_option_name(TCP_HAS_OTHER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header),
        cmocka_unit_test(header_cut_or_bad),
        cmocka_unit_test(options_each),
        cmocka_unit_test(options_together),
        cmocka_unit_test(options_malformed),
        cmocka_unit_test(options_cut),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
