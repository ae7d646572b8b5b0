/* SPDX-License-Identifier: ISC */
/* Capture files of each kind, byte by byte as they come and all at once; each length and number in them wrong
 * in each way. */
#include "wire/pcapfile.h"

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

/* "FORMAT linktype/interface captured/wire @time bytes; ..." and, at the end, what is wrong. */
static void note_packet(struct str *told, const struct pcapfile_packet *p)
{
    struct pcapfile_options options = p->options;
    struct cursor value;
    uint16_t code;

    str_appendf(told, "%u/%u %u/%u ", p->linktype, p->interface, p->captured_bytes, p->wire_bytes);
    if (p->has_time)
        str_appendf(
            told, "@%lld.%09lld ", (long long)p->time_ns / 1000000000, (long long)p->time_ns % 1000000000);
    hex_encode(told, p->data, p->captured_bytes);
    while (pcapfile_option_next(&options, &code, &value)) {
        str_appendf(told, " %u=", code);
        hex_encode(told, value.at, cursor_left(&value));
    }
    str_append_char(told, ';');
}

/* Reads it in pieces of step bytes, the unread part moved to memory of exactly its size each time, so that
 * ASan sees a step too far. */
static void read_in_steps(const struct bytes *file, size_t step, struct str *told)
{
    enum pcapfile_result result = PCAPFILE_MORE;
    struct pcapfile_packet packet;
    struct pcapfile f;
    size_t from = 0, to = 0;

    pcapfile_init(&f);
    while (result == PCAPFILE_MORE && to < file->len) {
        uint8_t *window;
        struct cursor in;

        to = file->len - to < step ? file->len : to + step;
        window = malloc(to - from);
        assert_non_null(window);
        memcpy(window, file->at + from, to - from);
        in = cursor_of(window, to - from);
        while ((result = pcapfile_next(&f, &in, &packet)) == PCAPFILE_PACKET) {
            note_packet(told, &packet);
            assert_memory_equal(file->at + packet.offset, packet.data, packet.captured_bytes);
            assert_int_equal(packet.offset - from, packet.data - window);
        }
        if (result == PCAPFILE_MORE)
            assert_true(f.wanted_bytes > cursor_left(&in));
        else
            assert_int_equal(pcapfile_next(&f, &in, &packet), PCAPFILE_BAD);
        from = to - cursor_left(&in);
        if (to == file->len)
            pcapfile_finish(&f, &in);
        free(window);
    }
    if (file->len == 0)
        pcapfile_finish(&f, &(struct cursor){NULL, NULL});
    pcapfile_describe(&f, told);
    pcapfile_done(&f);
}

static void expect_bytes(const struct bytes *file, const char *want)
{
    const size_t steps[] = {SIZE_MAX, 1, 7, 24};

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct str told = STR_INIT;

        read_in_steps(file, steps[i], &told);
        if (strcmp(told.data, want) != 0)
            fail_msg("in steps of %zu: \"%s\", not \"%s\"", steps[i], told.data, want);
        str_done(&told);
    }
}

static void expect(const char *hex, const char *want)
{
    struct bytes file = bytes_of(hex);

    expect_bytes(&file, want);
}

#define PCAP_LE "d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000 "
#define PCAP_BE "a1b2c3d4 0002 0004 00000000 00000000 00040000 00000001 "

static void pcap_orders_and_clocks(void **state)
{
    expect(PCAP_LE "10000000 01000000 03000000 05000000 aabbcc", "1/0 3/5 @16.000001000 aabbcc;");
    expect(PCAP_BE "00000010 00000001 00000003 00000005 aabbcc", "1/0 3/5 @16.000001000 aabbcc;");
    expect("4d3cb2a1 0200 0400 00000000 00000000 00000400 65000000 "
           "10000000 01000000 01000000 01000000 aa 10000000 02000000 00000000 00000000",
        "101/0 1/1 @16.000000001 aa;101/0 0/0 @16.000000002 ;");
    expect("a1b23c4d 0002 0004 00000000 00000000 00040000 00000065 00000010 3b9ac9ff 00000001 00000001 aa",
        "101/0 1/1 @16.999999999 aa;");
    /* The last second that fits, unsigned. */
    expect(PCAP_LE "ffffffff 00000000 00000000 00000000", "1/0 0/0 @4294967295.000000000 ;");
    expect(PCAP_LE, "");
}

static void pcap_of_other_times(void **state)
{
    expect("34cdb2a1 0200 0400 00000000 00000000 00000400 01000000 "
           "10000000 01000000 02000000 02000000 03000000 0800 04 00 aabb",
        "1/0 2/2 @16.000001000 aabb;");
    /* A frame check sequence of 4 bytes is told above the link type. */
    expect("d4c3b2a1 0200 0400 00000000 00000000 00000400 01000024 "
           "10000000 01000000 01000000 01000000 aa",
        "1/0 1/1 @16.000001000 aa;");
    /* 2.2 has the two lengths the other way round, 2.3 either way. */
    expect("d4c3b2a1 0200 0200 00000000 00000000 00000400 01000000 "
           "10000000 01000000 05000000 01000000 aa",
        "1/0 1/5 @16.000001000 aa;");
    expect("d4c3b2a1 0200 0300 00000000 00000000 00000400 01000000 "
           "10000000 01000000 05000000 01000000 aa 10000000 01000000 01000000 05000000 bb",
        "1/0 1/5 @16.000001000 aa;1/0 1/5 @16.000001000 bb;");
    /* More captured than there was: some writers do that. */
    expect(PCAP_LE "10000000 01000000 02000000 01000000 aabb", "1/0 2/2 @16.000001000 aabb;");
}

static void pcap_cut_and_corrupt(void **state)
{
    struct bytes whole = bytes_of(PCAP_LE "10000000 01000000 01000000 01000000 aa"
                                          "10000000 01000000 02000000 02000000 bbcc");
    char want[200];

    for (size_t len = 0; len <= whole.len; len++) {
        struct bytes cut = whole;
        size_t at = len < 24 ? 0 : len < 41 ? 24 : 41, wanted = len < 24 ? 24 : 16;

        cut.len = len;
        if (len >= 40)
            wanted = len == 40 ? 17 : len < 57 ? 16 : 18;
        snprintf(want, sizeof(want), "%s%s", len >= 41 ? "1/0 1/1 @16.000001000 aa;" : "",
            len == 59 ? "1/0 2/2 @16.000001000 bbcc;" : "");
        if (len == 0)
            strncat(want, "empty", 6);
        else if (len < 4)
            strncat(want, "neither a pcap nor a pcapng file", 40);
        else if (len != 24 && len != 41 && len != 59)
            snprintf(want + strlen(want), 100, "cut short: what begins at byte %zu should have %zu bytes", at,
                wanted);
        expect_bytes(&cut, want);
    }
    expect(PCAP_LE "10000000 01000000 01000000 01000000 aa 10000000 01000000 01000400 01000400",
        "1/0 1/1 @16.000001000 aa;corrupt: the packet at byte 41 says that it has 262145 bytes; the most is "
        "262144");
    expect(PCAP_LE "10000000 01000000 ffffffff 01000000 aa",
        "corrupt: the packet at byte 24 says that it has 4294967295 bytes; the most is 262144");
    expect("d4c3b2a1 0300 0400 00000000 00000000 00000400 01000000",
        "written in version 3 of its format, which this program does not know");
}

static void foreign(void **state)
{
    expect("48656c6c 6f", "neither a pcap nor a pcapng file");
    expect("1f8b0808 00", "compressed with gzip; unpack it first");
    expect("28b52ffd 00", "compressed with zstd; unpack it first");
    expect("fd377a58 5a", "compressed with xz; unpack it first");
    expect("04224d18 00", "compressed with lz4; unpack it first");
    expect("504b0304 00", "compressed with zip; unpack it first");
    expect("00000000 00", "neither a pcap nor a pcapng file");
}

#define SECTION_LE "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000 "
#define SECTION_BE "0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c "
#define INTERFACE_LE "01000000 14000000 0100 0000 00000400 14000000 "
#define INTERFACE_BE "00000001 00000014 0001 0000 00040000 00000014 "
/* 16.000001 s in microseconds: 0xf42401 */
#define PACKET_LE "06000000 24000000 00000000 00000000 0124f400 03000000 05000000 aabbcc00 24000000 "
#define PACKET_BE "00000006 00000024 00000000 00000000 00f42401 00000003 00000005 aabbcc00 00000024 "

static void pcapng_orders(void **state)
{
    expect(SECTION_LE INTERFACE_LE PACKET_LE, "1/0 3/5 @16.000001000 aabbcc;");
    expect(SECTION_BE INTERFACE_BE PACKET_BE, "1/0 3/5 @16.000001000 aabbcc;");
    /* Sections follow each other, each in its own order and with interfaces of its own. */
    expect(SECTION_LE INTERFACE_LE PACKET_LE SECTION_BE INTERFACE_BE PACKET_BE SECTION_LE,
        "1/0 3/5 @16.000001000 aabbcc;1/0 3/5 @16.000001000 aabbcc;");
    expect(SECTION_LE INTERFACE_LE PACKET_LE SECTION_BE PACKET_BE,
        "1/0 3/5 @16.000001000 aabbcc;"
        "corrupt: the packet at byte 112 was captured on interface 0, which the file does not describe");
}

static void pcapng_packets_of_each_kind(void **state)
{
    /* Obsolete, with drops; simple, cut by the snap length of 2; simple, whole. */
    expect(SECTION_LE INTERFACE_LE
        "02000000 24000000 0000 0700 00000000 0124f400 03000000 05000000 aabbcc00 24000000 "
        "03000000 14000000 04000000 aabbccdd 14000000",
        "1/0 3/5 @16.000001000 aabbcc;1/0 4/4 aabbccdd;");
    expect(SECTION_LE "01000000 14000000 0100 0000 02000000 14000000 "
                      "03000000 14000000 05000000 aabb0000 14000000",
        "1/0 2/5 aabb;");
    /* A simple packet longer than its block: what is there is what was captured. */
    expect(SECTION_LE INTERFACE_LE "03000000 14000000 09000000 aabbccdd 14000000", "1/0 4/9 aabbccdd;");
    expect(SECTION_LE "03000000 14000000 04000000 aabbccdd 14000000",
        "corrupt: the packet at byte 28 was captured on interface 0, which the file does not describe");
    /* Comment "hi", flags, end; behind a packet that needs padding. */
    expect(SECTION_LE INTERFACE_LE "06000000 38000000 00000000 00000000 0124f400 03000000 05000000 aabbcc00 "
                                   "0100 0200 68690000 0200 0400 01000000 0000 0000 38000000",
        "1/0 3/5 @16.000001000 aabbcc 1=6869 2=01000000;");
    /* Names, statistics, secrets, and one that nobody knows. */
    expect(SECTION_LE INTERFACE_LE
        "04000000 10000000 00000000 10000000 05000000 0c000000 0c000000 "
        "0a000000 0c000000 0c000000 ad0b0040 10000000 12345678 10000000 " PACKET_LE,
        "1/0 3/5 @16.000001000 aabbcc;");
}

static void pcapng_clocks(void **state)
{
#define CLOCK(options) SECTION_LE "01000000 20000000 0100 0000 00000400 " options "20000000 "
#define AT(upper, lower) "06000000 20000000 00000000 " upper lower "00000000 00000000 20000000 "
    expect(CLOCK("0900 0100 09000000 0000 0000") AT("03000000", "01000000"), "1/0 0/0 @12.884901889 ;");
    expect(CLOCK("0900 0100 00000000 0000 0000") AT("00000000", "07000000"), "1/0 0/0 @7.000000000 ;");
    expect(CLOCK("0900 0100 0c000000 0000 0000") AT("00000000", "e8030000"), "1/0 0/0 @0.000000001 ;");
    expect(CLOCK("0900 0100 81000000 0000 0000") AT("00000000", "03000000"), "1/0 0/0 @1.500000000 ;");
    expect(CLOCK("0900 0100 bf000000 0000 0000") AT("00000080", "00000000"), "1/0 0/0 @1.000000000 ;");
    /* Powers with no meaning left in 64 bits. */
    expect(CLOCK("0900 0100 c0000000 0000 0000") AT("ffffffff", "ffffffff"), "1/0 0/0 @0.000000000 ;");
    expect(CLOCK("0900 0100 7f000000 0000 0000") AT("ffffffff", "ffffffff"), "1/0 0/0 @0.000000000 ;");
    expect(CLOCK("0900 0100 1d000000 0000 0000") AT("ffffffff", "ffffffff"), "1/0 0/0 @0.000000000 ;");
    /* Past the end of time. */
    expect(
        CLOCK("0900 0100 00000000 0000 0000") AT("ffffffff", "ffffffff"), "1/0 0/0 @9223372036.854775807 ;");
    expect(
        CLOCK("0900 0100 80000000 0000 0000") AT("ffffffff", "ffffffff"), "1/0 0/0 @9223372036.854775807 ;");
}

static void pcapng_offsets(void **state)
{
#define OFFSET(seconds) SECTION_LE "01000000 20000000 0100 0000 00000400 0e00 0800 " seconds "20000000 "
    expect(OFFSET("6400000000000000") AT("00000000", "01000000"), "1/0 0/0 @100.000001000 ;");
    expect(OFFSET("ffffffffffffffff") AT("00000000", "40420f00"), "1/0 0/0 @0.000000000 ;");
    expect(OFFSET("ffffffffffffff7f") AT("00000000", "01000000"), "1/0 0/0 @9223372036.854775807 ;");
    expect(OFFSET("0000000000000080") AT("00000000", "01000000"), "1/0 0/0 @-9223372036.-854774808 ;");
    expect("0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c "
           "00000001 00000020 0001 0000 00040000 000e 0008 0000000000000064 00000020 "
           "00000006 00000020 00000000 00000000 00000001 00000000 00000000 00000020",
        "1/0 0/0 @100.000001000 ;");
}

static void pcapng_names_are_kept(void **state)
{
    /* "eth0"; a name of 40 bytes, of which 31 are kept; an option longer than its block. */
    struct bytes file = bytes_of(SECTION_LE
        "01000000 1c000000 0100 0000 00000000 0200 0400 65746830 1c000000 "
        "01000000 40000000 6500 0000 80000000 0200 2800 "
        "61616161616161616161616161616161616161616161616161616161"
        "616161616161616161616161 40000000 01000000 1c000000 0100 0000 00000000 0200 0500 65746830 1c000000");
    struct cursor in = cursor_of(file.at, file.len);
    struct pcapfile_packet packet;
    struct pcapfile f;

    pcapfile_init(&f);
    assert_int_equal(pcapfile_next(&f, &in, &packet), PCAPFILE_MORE);
    pcapfile_finish(&f, &in);
    assert_int_equal(f.fault, PCAPFILE_SOUND);
    assert_int_equal(f.interface_count, 3);
    assert_string_equal(f.interfaces[0].name, "eth0");
    assert_int_equal(strlen(f.interfaces[1].name), PCAPFILE_NAME_BYTES - 1);
    assert_int_equal(f.interfaces[1].linktype, 101);
    assert_int_equal(f.interfaces[1].snaplen, 128);
    assert_string_equal(f.interfaces[2].name, "");
    pcapfile_done(&f);
    pcapfile_done(&f);
}

static void pcapng_lengths_are_not_believed(void **state)
{
    static const struct {
        const char *block, *verdict;
    } wrong[] = {
        {"06000000 00000000 00000000", "corrupt: the block at byte 48 cannot have 0 bytes"},
        {"06000000 0b000000 00000000", "corrupt: the block at byte 48 cannot have 11 bytes"},
        {"06000000 0d000000 00000000 00", "corrupt: the block at byte 48 cannot have 13 bytes"},
        {"06000000 fcffffff 00000000", "corrupt: the block at byte 48 cannot have 4294967292 bytes"},
        {"06000000 04000001 00000000", "corrupt: the block at byte 48 cannot have 16777220 bytes"},
        {"06000000 0c000000 0c000000", "corrupt: the block at byte 48 cannot have 12 bytes"},
        {"06000000 1c000000 00000000 00000000 0124f400 00000000 1c000000",
            "corrupt: the block at byte 48 cannot have 28 bytes"},
        {"03000000 0c000000 0c000000", "corrupt: the block at byte 48 cannot have 12 bytes"},
        {"01000000 10000000 01000000 10000000", "corrupt: the block at byte 48 cannot have 16 bytes"},
        {"06000000 0c000000 10000000",
            "corrupt: the block at byte 48 says at its end that it has 16 bytes, and "
            "another number at its beginning"},
        {"06000000 24000000 00000000 00000000 0124f400 05000000 05000000 aabbcc00 24000000",
            "corrupt: the packet at byte 48 says that it has 5 bytes, more than its block"},
        {"06000000 24000000 00000000 00000000 0124f400 ffffffff 05000000 aabbcc00 24000000",
            "corrupt: the packet at byte 48 says that it has 4294967295 bytes; the most is 262144"},
        {"06000000 24000000 01000000 00000000 0124f400 03000000 05000000 aabbcc00 24000000",
            "corrupt: the packet at byte 48 was captured on interface 1, which the file does not describe"},
        {"0a0d0d0a 1c000000 4d3c2b1b 0100 0000 ffffffffffffffff 1c000000",
            "corrupt: the section at byte 48 has no byte order"},
        {"0a0d0d0a 18000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000",
            "corrupt: the block at byte 48 cannot have 24 bytes"},
        {"0a0d0d0a 1c000000 4d3c2b1a 0200 0000 ffffffffffffffff 1c000000",
            "written in version 2 of its format, which this program does not know"},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char hex[1000];

        snprintf(hex, sizeof(hex), "%s%s%s", SECTION_LE, INTERFACE_LE, wrong[i].block);
        expect(hex, wrong[i].verdict);
    }
}

static void pcapng_cut_anywhere(void **state)
{
    struct bytes whole = bytes_of(SECTION_LE INTERFACE_LE PACKET_LE);

    for (size_t len = 4; len < whole.len; len++) {
        struct bytes cut = whole;
        size_t at = len < 28 ? 0 : len < 48 ? 28 : 48, full = len < 28 ? 28 : len < 48 ? 20 : 36;
        char want[100] = "";

        cut.len = len;
        if (len != 28 && len != 48)
            snprintf(want, sizeof(want), "cut short: what begins at byte %zu should have %zu bytes", at,
                len - at < 12 ? 12 : full);
        expect_bytes(&cut, want);
    }
}

static void interfaces_have_a_limit(void **state)
{
    struct bytes head = bytes_of(SECTION_LE), one = bytes_of(INTERFACE_LE);
    size_t len = head.len + (PCAPFILE_INTERFACES_MAX + 1) * one.len;
    uint8_t *file = malloc(len);
    struct pcapfile_packet packet;
    struct str told = STR_INIT;
    struct pcapfile f;
    struct cursor in;

    assert_non_null(file);
    memcpy(file, head.at, head.len);
    for (size_t at = head.len; at < len; at += one.len)
        memcpy(file + at, one.at, one.len);
    in = cursor_of(file, len);
    pcapfile_init(&f);
    assert_int_equal(pcapfile_next(&f, &in, &packet), PCAPFILE_BAD);
    assert_int_equal(f.interface_count, PCAPFILE_INTERFACES_MAX);
    pcapfile_describe(&f, &told);
    assert_string_equal(
        told.data, "more than 16384 interfaces are described in it; this program takes no more");
    str_done(&told);
    pcapfile_done(&f);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pcap_orders_and_clocks),
        cmocka_unit_test(pcap_of_other_times),
        cmocka_unit_test(pcap_cut_and_corrupt),
        cmocka_unit_test(foreign),
        cmocka_unit_test(pcapng_orders),
        cmocka_unit_test(pcapng_packets_of_each_kind),
        cmocka_unit_test(pcapng_clocks),
        cmocka_unit_test(pcapng_offsets),
        cmocka_unit_test(pcapng_names_are_kept),
        cmocka_unit_test(pcapng_lengths_are_not_believed),
        cmocka_unit_test(pcapng_cut_anywhere),
        cmocka_unit_test(interfaces_have_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
