/* SPDX-License-Identifier: ISC */
/* What is written: byte for byte as the format has it, and read back by our own reader. That tshark takes it
 * is held by tests/test_capture_files.py. */
#include "wire/pcapng_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "wire/capture_for_test.h"
#include "wire/pcapfile.h"

static void blocks(void **state)
{
    struct bytes want =
        bytes_of("0a0d0d0a 2c000000 4d3c2b1a 0100 0000 ffffffffffffffff 0400 0500 68656c6c 6f000000 "
                 "0000 0000 2c000000 01000000 28000000 7100 0000 00010000 0200 0200 6c6f0000 "
                 "0900 0100 09000000 0000 0000 28000000 "
                 "06000000 24000000 00000000 01000000 02000000 03000000 05000000 aabbcc00 24000000 "
                 "06000000 2c000000 00000000 00000000 00000000 00000000 00000000 0100 0200 68690000 "
                 "0000 0000 2c000000");
    struct buf out = {0};

    pcapng_begin(&out, "hello");
    pcapng_add_interface(&out, 113, 256, "lo");
    pcapng_add_packet(&out, 0, (INT64_C(1) << 32) + 2, "\xaa\xbb\xcc", 3, 5, NULL);
    pcapng_add_packet(&out, 0, 0, NULL, 0, 0, "hi");
    assert_int_equal(out.len, want.len);
    assert_memory_equal(buf_head(&out), want.at, want.len);
    buf_done(&out);
}

static void is_read_back(void **state)
{
    struct pcapfile_packet packet;
    struct buf out = {0};
    struct cursor in, value;
    struct pcapfile f;
    uint16_t code;

    pcapng_begin(&out, NULL);
    pcapng_add_interface(&out, 1, 0, NULL);
    pcapng_add_interface(&out, 101, 65535, "tun0");
    for (uint32_t len = 0; len < 9; len++)
        pcapng_add_packet(
            &out, len % 2, 1795560000123456789 + len, "12345678", len, 100, len % 3 ? "又一个" : NULL);
    in = cursor_of(buf_head(&out), out.len);
    pcapfile_init(&f);
    for (uint32_t len = 0; len < 9; len++) {
        assert_int_equal(pcapfile_next(&f, &in, &packet), PCAPFILE_PACKET);
        assert_int_equal(packet.time_ns, 1795560000123456789 + len);
        assert_int_equal(packet.interface, len % 2);
        assert_int_equal(packet.linktype, len % 2 ? 101 : 1);
        assert_int_equal(packet.captured_bytes, len);
        assert_int_equal(packet.wire_bytes, 100);
        assert_memory_equal(packet.data, "12345678", len);
        assert_int_equal(pcapfile_option_next(&packet.options, &code, &value), len % 3 != 0);
        if (len % 3 == 0)
            continue;
        assert_int_equal(code, PCAPFILE_OPTION_COMMENT);
        assert_int_equal(cursor_left(&value), strlen("又一个"));
        assert_memory_equal(value.at, "又一个", strlen("又一个"));
    }
    assert_int_equal(pcapfile_next(&f, &in, &packet), PCAPFILE_MORE);
    pcapfile_finish(&f, &in);
    assert_int_equal(f.fault, PCAPFILE_SOUND);
    assert_string_equal(f.interfaces[1].name, "tun0");
    pcapfile_done(&f);
    buf_done(&out);
}

/* The length of a text has 16 bits. */
static void a_long_comment_is_cut_at_a_whole_character(void **state)
{
    size_t bytes = 65536;
    char *text = malloc(bytes + 1);
    struct pcapfile_packet packet;
    struct buf out = {0};
    struct cursor in, value;
    struct pcapfile f;
    uint16_t code;

    assert_non_null(text);
    text[0] = 'x';
    for (size_t i = 1; i < bytes; i += 3)
        memcpy(text + i, "好", 3);
    text[bytes] = '\0';
    pcapng_begin(&out, NULL);
    pcapng_add_interface(&out, 1, 0, NULL);
    pcapng_add_packet(&out, 0, 0, NULL, 0, 0, text);
    in = cursor_of(buf_head(&out), out.len);
    pcapfile_init(&f);
    assert_int_equal(pcapfile_next(&f, &in, &packet), PCAPFILE_PACKET);
    assert_true(pcapfile_option_next(&packet.options, &code, &value));
    assert_int_equal(cursor_left(&value), 65533);
    pcapfile_done(&f);
    buf_done(&out);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks),
        cmocka_unit_test(is_read_back),
        cmocka_unit_test(a_long_comment_is_cut_at_a_whole_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
