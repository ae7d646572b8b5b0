/* SPDX-License-Identifier: ISC */
#include "base/hex.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

static void expect(const char *data, size_t len, uint64_t offset, const char *text)
{
    struct str out = STR_INIT;

    hex_dump(&out, data, len, offset);
    assert_string_equal(out.data, text);
    str_done(&out);
}

static void lines_are_hexdumps(void **state)
{
    expect("", 0, 0, "");
    expect("Hello, world\n\0\033\x7f!", 17, 0,
        "00000000  48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 0a 00 1b 7f  |Hello, world....|\n"
        "00000010  21                                                |!|\n");
    expect("x", 1, 0x123456789a, "123456789a  78                                                |x|\n");
}

static void characters_stand_over_their_bytes(void **state)
{
    expect("你好, é.\n", strlen("你好, é.\n"), 0,
        "00000000  e4 bd a0 e5 a5 bd 2c 20  c3 a9 2e 0a              |你 好 , é ..|\n");
}

static void a_character_may_cross_lines(void **state)
{
    expect("12345678901234你x", 18, 0,
        "00000000  31 32 33 34 35 36 37 38  39 30 31 32 33 34 e4 bd  |12345678901234你|\n"
        "00000010  a0 78                                             | x|\n");
    /* Two columns do not fit into the place of one byte. */
    expect("123456789012345你x", 19, 0,
        "00000000  31 32 33 34 35 36 37 38  39 30 31 32 33 34 35 e4  |123456789012345.|\n"
        "00000010  bd a0 78                                          |..x|\n");
}

static void nothing_steers_the_terminal(void **state)
{
    expect("\xc2\x9b\u202e\xff\xcc\x81", 8, 0,
        "00000000  c2 9b e2 80 ae ff cc 81                           |........|\n");
}

static void digits_go_and_come(void **state)
{
    struct str out = STR_INIT;
    uint8_t bytes[3];

    hex_encode(&out, "\x00\xaf\x10", 3);
    assert_string_equal(out.data, "00af10");
    str_done(&out);
    assert_int_equal(hex_decode("00Af10", bytes, 3), 0);
    assert_memory_equal(bytes, "\x00\xaf\x10", 3);
    assert_int_equal(hex_decode("00:AF:10", bytes, 3), 0);
    assert_memory_equal(bytes, "\x00\xaf\x10", 3);
    assert_int_equal(hex_decode("", bytes, 0), 0);
    assert_int_equal(hex_decode("00af1", bytes, 3), -EINVAL);
    assert_int_equal(hex_decode("00af", bytes, 3), -EINVAL);
    assert_int_equal(hex_decode("00af1011", bytes, 3), -EINVAL);
    assert_int_equal(hex_decode("00af1g", bytes, 3), -EINVAL);
    assert_int_equal(hex_decode(":00af10", bytes, 3), -EINVAL);
    assert_int_equal(hex_decode("00:af:10:", bytes, 3), -EINVAL);
    assert_int_equal(hex_decode("0:0af10", bytes, 3), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_hexdumps),
        cmocka_unit_test(characters_stand_over_their_bytes),
        cmocka_unit_test(a_character_may_cross_lines),
        cmocka_unit_test(nothing_steers_the_terminal),
        cmocka_unit_test(digits_go_and_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
