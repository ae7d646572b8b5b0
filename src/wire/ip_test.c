/* SPDX-License-Identifier: ISC */
/* IPv4 and IPv6: every length field wrong in each way, cut at every byte, fragments, extension headers,
 * checksums. */
#include "wire/ip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/capture_for_test.h"
#include "wire/checksum.h"

/* The bytes stay: struct ip points into them. */
static struct bytes packet;

static enum ip_result parse_frame(
    const char *hex, size_t len, uint32_t frame_bytes, struct ip *ret, struct cursor *ret_in)
{
    enum ip_result result;
    uint8_t *copy;

    packet = bytes_of(hex);
    if (len > packet.len)
        len = packet.len;
    /* Once where ASan watches, once where the result stays. */
    copy = bytes_exactly(&packet, len);
    *ret_in = cursor_of(copy, len);
    result = ip_parse(ret_in, frame_bytes, ret);
    assert_true(ret_in->at <= ret_in->end && ret_in->end <= copy + len);
    free(copy);
    *ret_in = cursor_of(packet.at, len);
    assert_int_equal(ip_parse(ret_in, frame_bytes, ret), result);
    return result;
}

static enum ip_result parse(const char *hex, struct ip *ret, struct cursor *ret_in)
{
    return parse_frame(hex, SIZE_MAX, (uint32_t)bytes_of(hex).len, ret, ret_in);
}

/* Every shorter capture of the same packet is told as cut, up to where the payload begins. */
static void expect_cut_up_to(const char *hex, size_t header_bytes)
{
    uint32_t frame_bytes = (uint32_t)bytes_of(hex).len;
    struct cursor in;
    struct ip ip;

    for (size_t len = 0; len < header_bytes; len++)
        if (parse_frame(hex, len, frame_bytes, &ip, &in) != IP_CUT)
            fail_msg("%zu bytes of %zu are not cut", len, header_bytes);
    assert_int_equal(parse_frame(hex, header_bytes, frame_bytes, &ip, &in), IP_OK);
    assert_int_equal(ip.header_bytes, header_bytes);
}

/* 0x14 bytes of header, total length 0x17; three bytes of padding behind them. */
#define V4 "45 b9 0017 1234 4000 3f 06 b1a0 0a000001 0a000002 aabbcc 000000"

static void ipv4(void **state)
{
    struct cursor in;
    struct ip ip;

    assert_int_equal(parse(V4, &ip, &in), IP_OK);
    assert_int_equal(ip.version, 4);
    assert_int_equal(ip.protocol, IP_PROTOCOL_TCP);
    assert_int_equal(ip.ttl, 63);
    assert_int_equal(ip.traffic_class, 0xb9);
    assert_int_equal(ip.flags, IP_DONT_FRAGMENT);
    assert_int_equal(ip.fragment_id, 0x1234);
    assert_int_equal(ip.fragment_offset, 0);
    assert_int_equal(ip.header_bytes, 20);
    assert_int_equal(ip.payload_bytes, 3);
    assert_memory_equal(ip.src, "\x0a\0\0\x01", 4);
    assert_memory_equal(ip.dst, "\x0a\0\0\x02", 4);
    assert_int_equal(ip_address_bytes(&ip), 4);
    /* Ethernet's padding is no payload. */
    assert_int_equal(cursor_left(&in), 3);
    assert_int_equal(*in.at, 0xaa);
    expect_cut_up_to(V4, 20);
    /* The snap length cut the payload: as sent it has three bytes. */
    assert_int_equal(parse_frame(V4, 21, 26, &ip, &in), IP_OK);
    assert_int_equal(ip.payload_bytes, 3);
    assert_int_equal(cursor_left(&in), 1);
}

static void ipv4_options(void **state)
{
    const char *router_alert = "46 00 0019 0000 0000 40 11 0000 0a000001 0a000002 94040000 ff";
    struct cursor in;
    struct ip ip;

    assert_int_equal(parse(router_alert, &ip, &in), IP_OK);
    assert_int_equal(ip.header_bytes, 24);
    assert_int_equal(ip.payload_bytes, 1);
    assert_int_equal(*in.at, 0xff);
    expect_cut_up_to(router_alert, 24);
}

static void ipv4_lengths(void **state)
{
    struct cursor in;
    struct ip ip;

    /* A header of 16 bytes; one longer than the frame; a total shorter than the header; not IP. */
    assert_int_equal(parse("44 00 0017 0000 0000 40 06 0000 0a000001 0a000002 aabbcc", &ip, &in), IP_BAD);
    assert_int_equal(parse("4f 00 0017 0000 0000 40 06 0000 0a000001 0a000002 aabbcc", &ip, &in), IP_BAD);
    assert_int_equal(parse("45 00 0013 0000 0000 40 06 0000 0a000001 0a000002 aabbcc", &ip, &in), IP_BAD);
    assert_int_equal(parse("46 00 0014 0000 0000 40 06 0000 0a000001 0a000002 aabbccdd", &ip, &in), IP_BAD);
    assert_int_equal(parse("55 00 0017 0000 0000 40 06 0000 0a000001 0a000002 aabbcc", &ip, &in), IP_BAD);
    assert_int_equal(parse("", &ip, &in), IP_CUT);
    /* A total longer than the frame. */
    assert_int_equal(parse("45 00 0018 0000 0000 40 06 0000 0a000001 0a000002 aabbcc", &ip, &in), IP_OK);
    assert_int_equal(ip.flags, IP_LENGTH_TOO_LONG);
    assert_int_equal(ip.payload_bytes, 3);
    /* No payload at all. */
    assert_int_equal(parse("45 00 0014 0000 0000 40 06 0000 0a000001 0a000002 aabbcc", &ip, &in), IP_OK);
    assert_int_equal(ip.payload_bytes, 0);
    assert_int_equal(cursor_left(&in), 0);
    /* TSO: 0, and the frame may be longer than 64 KiB. */
    assert_int_equal(
        parse_frame("45 00 0000 0000 4000 40 06 0000 0a000001 0a000002 aabbcc", SIZE_MAX, 100020, &ip, &in),
        IP_OK);
    assert_int_equal(ip.flags, IP_LENGTH_FROM_FRAME | IP_DONT_FRAGMENT);
    assert_int_equal(ip.payload_bytes, 100000);
    assert_int_equal(cursor_left(&in), 3);
}

static void ipv4_fragments(void **state)
{
    struct cursor in;
    struct ip ip;

    assert_int_equal(parse("45 00 0017 abcd 2000 40 11 0000 0a000001 0a000002 aabbcc", &ip, &in), IP_OK);
    assert_int_equal(ip.flags, IP_FRAGMENT | IP_MORE_FRAGMENTS);
    assert_int_equal(ip.fragment_offset, 0);
    assert_int_equal(parse("45 00 0017 abcd 20b9 40 11 0000 0a000001 0a000002 aabbcc", &ip, &in), IP_OK);
    assert_int_equal(ip.flags, IP_FRAGMENT | IP_MORE_FRAGMENTS);
    assert_int_equal(ip.fragment_offset, 1480);
    assert_int_equal(parse("45 00 0017 abcd 1fff 40 11 0000 0a000001 0a000002 aabbcc", &ip, &in), IP_OK);
    assert_int_equal(ip.flags, IP_FRAGMENT);
    assert_int_equal(ip.fragment_offset, 65528);
    assert_int_equal(ip.fragment_id, 0xabcd);
}

#define FROM_TO "20010db8000000000000000000000001 20010db8000000000000000000000002 "

static void ipv6(void **state)
{
    const char *plain = "6b9 12345 0003 06 40 " FROM_TO "aabbcc 0000";
    struct cursor in;
    struct ip ip;

    assert_int_equal(parse(plain, &ip, &in), IP_OK);
    assert_int_equal(ip.version, 6);
    assert_int_equal(ip.protocol, IP_PROTOCOL_TCP);
    assert_int_equal(ip.ttl, 64);
    assert_int_equal(ip.traffic_class, 0xb9);
    assert_int_equal(ip.flags, IP_DONT_FRAGMENT);
    assert_int_equal(ip.header_bytes, 40);
    assert_int_equal(ip.payload_bytes, 3);
    assert_int_equal(ip_address_bytes(&ip), 16);
    assert_int_equal(ip.src[15], 1);
    assert_int_equal(ip.dst[15], 2);
    assert_int_equal(cursor_left(&in), 3);
    expect_cut_up_to(plain, 40);
    /* A payload longer than the frame; a frame shorter than the header. */
    assert_int_equal(parse("60000000 0004 06 40 " FROM_TO "aabbcc", &ip, &in), IP_OK);
    assert_int_equal(ip.flags, IP_DONT_FRAGMENT | IP_LENGTH_TOO_LONG);
    assert_int_equal(ip.payload_bytes, 3);
    assert_int_equal(parse("60000000 0004 06 40 20010db8", &ip, &in), IP_BAD);
    /* TSO. */
    assert_int_equal(parse("60000000 0000 06 40 " FROM_TO "aabbcc", &ip, &in), IP_OK);
    assert_int_equal(ip.flags, IP_DONT_FRAGMENT | IP_LENGTH_FROM_FRAME);
    assert_int_equal(ip.payload_bytes, 3);
    /* No next header: nothing is nothing. */
    assert_int_equal(parse("60000000 0000 3b 40 " FROM_TO, &ip, &in), IP_OK);
    assert_int_equal(ip.payload_bytes, 0);
}

static void ipv6_extensions(void **state)
{
    /* Hop-by-hop, destination (16 bytes), routing, authentication (24 bytes), then UDP. */
    const char *all =
        "60000000 0039 00 40 " FROM_TO "3c 00 0104 00000000 2b 01 010c 000000000000000000000000 "
        "33 00 00 00 00000000 11 04 0000 00000001 00000002 000102030405060708090a0b aa";
    const char *chain = "60000000 0081 3c 40 " FROM_TO
                        "3c000104 00000000 3c000104 00000000 3c000104 00000000 3c000104 00000000 "
                        "3c000104 00000000 3c000104 00000000 3c000104 00000000 3c000104 00000000 "
                        "3c000104 00000000 3c000104 00000000 3c000104 00000000 3c000104 00000000 "
                        "3c000104 00000000 3c000104 00000000 3c000104 00000000 11000104 00000000 aa";
    struct cursor in;
    struct ip ip;

    assert_int_equal(parse(all, &ip, &in), IP_OK);
    assert_int_equal(ip.protocol, IP_PROTOCOL_UDP);
    assert_int_equal(ip.header_bytes, 40 + 8 + 16 + 8 + 24);
    assert_int_equal(ip.payload_bytes, 1);
    assert_int_equal(*in.at, 0xaa);
    expect_cut_up_to(all, 96);

    /* As many as there may be, and one more. */
    assert_int_equal(parse(chain, &ip, &in), IP_OK);
    assert_int_equal(ip.payload_bytes, 1);
    packet.at[40 + 15 * 8] = 0x3c;
    in = cursor_of(packet.at, packet.len);
    assert_int_equal(ip_parse(&in, (uint32_t)packet.len, &ip), IP_BAD);

    /* Longer than the packet, in each kind; and no room for the smallest. */
    assert_int_equal(parse("60000000 0008 00 40 " FROM_TO "11010104 00000000", &ip, &in), IP_BAD);
    assert_int_equal(parse("60000000 0008 2b 40 " FROM_TO "11010000 00000000", &ip, &in), IP_BAD);
    assert_int_equal(parse("60000000 0008 33 40 " FROM_TO "11010000 00000000", &ip, &in), IP_BAD);
    assert_int_equal(parse("60000000 0007 2c 40 " FROM_TO "11000000 000000", &ip, &in), IP_BAD);
}

static void ipv6_fragments(void **state)
{
    struct cursor in;
    struct ip ip;

    assert_int_equal(parse("60000000 000b 2c 40 " FROM_TO "11 00 0001 12345678 aabbcc", &ip, &in), IP_OK);
    assert_int_equal(ip.flags, IP_DONT_FRAGMENT | IP_FRAGMENT | IP_MORE_FRAGMENTS);
    assert_int_equal(ip.fragment_id, 0x12345678);
    assert_int_equal(ip.fragment_offset, 0);
    assert_int_equal(ip.payload_bytes, 3);
    /* A later one: what looks like another extension header is payload. */
    assert_int_equal(parse("60000000 000b 2c 40 " FROM_TO "3c 00 05a8 12345678 aabbcc", &ip, &in), IP_OK);
    assert_int_equal(ip.flags, IP_DONT_FRAGMENT | IP_FRAGMENT);
    assert_int_equal(ip.fragment_offset, 1448);
    assert_int_equal(ip.protocol, 0x3c);
    assert_int_equal(cursor_left(&in), 3);
    /* RFC 6946: all of it in one. */
    assert_int_equal(parse("60000000 000b 2c 40 " FROM_TO "11 00 0000 12345678 aabbcc", &ip, &in), IP_OK);
    assert_int_equal(ip.flags, IP_DONT_FRAGMENT);
}

static void jumbograms_are_refused(void **state)
{
    struct cursor in;
    struct ip ip;

    assert_int_equal(
        parse("60000000 0000 00 40 " FROM_TO "11 00 c204 00010000 aabbcc", &ip, &in), IP_REFUSED);
    assert_int_equal(
        parse("60000000 0000 00 40 " FROM_TO "11 01 0000 0102 0000 c204 00010000 0000", &ip, &in),
        IP_REFUSED);
    /* An option that reaches out of its header. */
    assert_int_equal(parse("60000000 0000 00 40 " FROM_TO "11 00 05ff 00010000 aabbcc", &ip, &in), IP_OK);
    /* With a length it is no jumbogram. */
    assert_int_equal(parse("60000000 000b 00 40 " FROM_TO "11 00 c204 00010000 aabbcc", &ip, &in), IP_OK);
}

static void checksums(void **state)
{
    /* From RFC 1071, section 3: 00 01 f2 03 f4 f5 f6 f7 sums to ddf2. */
    assert_int_equal(checksum_fold(checksum_add(0, "\x00\x01\xf2\x03\xf4\xf5\xf6\xf7", 8)), 0xffff ^ 0xddf2);
    assert_int_equal(checksum_fold(checksum_add(0, "\x00\x01\xf2", 3)), 0xffff ^ 0xf201);
    assert_int_equal(checksum_fold(0), 0xffff);
}

/* The first is the worked example of many textbooks; the sums of the others were worked out by hand. */
static void checksums_of_packets(void **state)
{
    const char *header = "45 00 003c 1c46 4000 40 06 b1e6 ac100a63 ac100a0c";
    struct cursor in;
    struct ip ip;

    assert_int_equal(parse_frame(header, SIZE_MAX, 0x3c, &ip, &in), IP_OK);
    assert_true(ip_header_checksum_is_right(&ip));
    packet.at[8]--;
    assert_false(ip_header_checksum_is_right(&ip));

    /* ICMP echo; UDP with a checksum and without; TCP over IPv6. */
    assert_int_equal(
        parse("45 00 001c 0000 0000 40 01 0000 0a000001 0a000002 0800 f7fd 0001 0001", &ip, &in), IP_OK);
    assert_true(ip_payload_checksum_is_right(&ip, in.at));
    packet.at[27] = 2;
    assert_false(ip_payload_checksum_is_right(&ip, in.at));

    assert_int_equal(
        parse("45 00 001c 0000 0000 40 11 0000 0a000001 0a000002 0001 0002 0008 ebd8", &ip, &in), IP_OK);
    assert_true(ip_payload_checksum_is_right(&ip, in.at));
    packet.at[26] = packet.at[27] = 0;
    assert_true(ip_payload_checksum_is_right(&ip, in.at));
    packet.at[27] = 1;
    assert_false(ip_payload_checksum_is_right(&ip, in.at));

    assert_int_equal(
        parse("60000000 0014 06 40 " FROM_TO "0001 0002 00000000 00000000 5000 0000 546d 0000", &ip, &in),
        IP_OK);
    assert_true(ip_header_checksum_is_right(&ip));
    assert_true(ip_payload_checksum_is_right(&ip, in.at));
    packet.at[41]++;
    assert_false(ip_payload_checksum_is_right(&ip, in.at));

    /* Of a fragment, and of another protocol, nothing can be said. */
    assert_int_equal(
        parse("45 00 001c 0000 2000 40 11 0000 0a000001 0a000002 0001 0002 0008 0000", &ip, &in), IP_OK);
    assert_false(ip_payload_checksum_is_right(&ip, in.at));
    assert_int_equal(
        parse("45 00 001c 0000 0000 40 2f 0000 0a000001 0a000002 0001 0002 0008 0000", &ip, &in), IP_OK);
    assert_false(ip_payload_checksum_is_right(&ip, in.at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv4),
        cmocka_unit_test(ipv4_options),
        cmocka_unit_test(ipv4_lengths),
        cmocka_unit_test(ipv4_fragments),
        cmocka_unit_test(ipv6),
        cmocka_unit_test(ipv6_extensions),
        cmocka_unit_test(ipv6_fragments),
        cmocka_unit_test(jumbograms_are_refused),
        cmocka_unit_test(checksums),
        cmocka_unit_test(checksums_of_packets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
