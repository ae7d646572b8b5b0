/* SPDX-License-Identifier: ISC */
#include "base/utf8.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

/* Every code there is, forth and back. */
static void all_codes_survive(void **state)
{
    struct str bytes = STR_INIT;

    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        uint32_t back = 1;

        if (code >= 0xd800 && code <= 0xdfff)
            continue;
        str_reset(&bytes);
        utf8_append(&bytes, code);
        if (utf8_decode(bytes.data, bytes.len, &back) != (int)bytes.len || back != code)
            fail_msg("U+%04X", (unsigned)code);
        for (size_t cut = 1; cut < bytes.len; cut++)
            if (utf8_decode(bytes.data, cut, NULL) != -EAGAIN)
                fail_msg("U+%04X cut at %zu", (unsigned)code, cut);
    }
    str_done(&bytes);
}

/* All sequences of two bytes, and all third bytes where the second decides, against the plain arithmetic. */
static void nothing_else_decodes(void **state)
{
    for (unsigned n = 0; n < 0x1000000; n += n < 0xe00000 ? 0x100 : 0x3f) {
        uint8_t p[4] = {(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, 0x80};
        bool second = (p[1] & 0xc0) == 0x80, third = (p[2] & 0xc0) == 0x80;
        unsigned two = (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
        unsigned three = (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
        unsigned four = (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6;
        int want = -EILSEQ;

        if (p[0] < 0x80)
            want = 1;
        else if ((p[0] & 0xe0) == 0xc0 && second && two >= 0x80)
            want = 2;
        else if ((p[0] & 0xf0) == 0xe0 && second && third && three >= 0x800 &&
                 (three < 0xd800 || three > 0xdfff))
            want = 3;
        else if ((p[0] & 0xf8) == 0xf0 && second && third && four >= 0x10000 && four <= 0x10ffff)
            want = 4;
        if (utf8_decode(p, sizeof(p), NULL) != want)
            fail_msg("%02x %02x %02x %02x is %d", p[0], p[1], p[2], p[3], want);
    }
}

static void validity(void **state)
{
    assert_true(utf8_is_valid("", 0));
    assert_true(utf8_is_valid("a\0b", 3));
    assert_true(utf8_is_valid("plain ascii, longer than a word of it 你好 😀",
        strlen("plain ascii, longer than a word of it 你好 😀")));
    assert_false(utf8_is_valid("12345678\xff", 9));
    assert_false(utf8_is_valid("12345678\xe4\xbd", 10));
    assert_false(utf8_is_valid("\xc0\xaf", 2));
    assert_false(utf8_is_valid("\xed\xa0\x80", 3));
    assert_false(utf8_is_valid("\xf4\x90\x80\x80", 4));
}

static void truncation(void **state)
{
    assert_int_equal(utf8_truncate("abc", 3, 10), 3);
    assert_int_equal(utf8_truncate("abc", 3, 2), 2);
    assert_int_equal(utf8_truncate("你好", 6, 6), 6);
    assert_int_equal(utf8_truncate("你好", 6, 5), 3);
    assert_int_equal(utf8_truncate("你好", 6, 4), 3);
    assert_int_equal(utf8_truncate("你好", 6, 3), 3);
    assert_int_equal(utf8_truncate("你好", 6, 2), 0);
    assert_int_equal(utf8_truncate("你好", 6, 0), 0);
    assert_int_equal(utf8_truncate("a😀b", 6, 4), 1);
    assert_int_equal(utf8_truncate("a😀b", 6, 5), 5);
    assert_int_equal(utf8_truncate("\x80\x80\x80\x80\x80\x80", 6, 4), 4);
    assert_int_equal(utf8_truncate("ab\xe4zz", 5, 3), 3);
}

static void expect(const void *data, size_t len, unsigned flags, const char *text)
{
    struct str out = STR_INIT;

    utf8_escape(&out, data, len, flags);
    assert_string_equal(out.data, text);
    str_done(&out);
}

#define EXPECT(bytes, flags, text) expect(bytes, sizeof(bytes) - 1, flags, text)

static void what_steers_a_terminal_is_escaped(void **state)
{
    EXPECT("\033[2J\033]0;x\a", 0, "\\x1b[2J\\x1b]0;x\\x07");
    EXPECT("a\0b\x7f", 0, "a\\x00b\\x7f");
    EXPECT("\xc2\x9b"
           "31m",
        0, "\\xc2\\x9b31m"); /* U+009B, CSI */
    EXPECT("\xc2\x80\xc2\x9f\xc2\xa0", 0, "\\xc2\\x80\\xc2\\x9f\xc2\xa0");
    EXPECT("\x9b"
           "31m",
        0, "\\x9b31m");
    EXPECT("long enough for words \x1b and \x7f then \x80.", 0,
        "long enough for words \\x1b and \\x7f then \\x80.");
}

static void every_byte_place_is_watched(void **state)
{
    /* The fast path takes eight bytes at once: a control in each of the places, beside borrows and carries.
     */
    for (unsigned bad = 0; bad < 256; bad++) {
        for (size_t place = 0; place < 24; place++) {
            char bytes[24], text[64], hex[8];
            bool plain = bad >= 0x20 && bad < 0x7f;

            memset(bytes, place % 2 ? ' ' : '~', sizeof(bytes));
            bytes[place] = (char)bad;
            memset(text, place % 2 ? ' ' : '~', sizeof(text));
            snprintf(hex, sizeof(hex), plain ? "%c" : "\\x%02x", bad);
            memcpy(text + place, hex, strlen(hex));
            text[sizeof(bytes) - 1 + strlen(hex)] = '\0';
            expect(bytes, sizeof(bytes), 0, text);
        }
    }
}

static void what_lies_about_order_is_escaped(void **state)
{
    EXPECT("a\u202eb", 0, "a\\u{202E}b");
    EXPECT("\u202a\u2066\u2069", 0, "\\u{202A}\\u{2066}\\u{2069}");
    EXPECT("\u2028\u2029\ufeff", 0, "\\u{2028}\\u{2029}\\u{FEFF}");
    EXPECT("\U000E0001\U000E007F", 0, "\\u{E0001}\\u{E007F}");
    EXPECT("\u2029\u202a", UTF8_KEEP_LINES, "\\u{2029}\\u{202A}");
}

static void other_text_is_left_alone(void **state)
{
    EXPECT("你好, \\x1b \\ \"世界\" 👩‍👩‍👧 é "
           "\u2027\u202f\u2065\u206a\ufefe\U000E0000\U000E0080",
        0,
        "你好, \\x1b \\ \"世界\" 👩‍👩‍👧 é "
        "\u2027\u202f\u2065\u206a\ufefe\U000E0000\U000E0080");
    EXPECT("", 0, "");
}

static void bad_bytes_are_shown_one_by_one(void **state)
{
    EXPECT("\xe4\xbd", 0, "\\xe4\\xbd");
    EXPECT("\xe4你", 0, "\\xe4你");
    EXPECT("\xed\xa0\x80", 0, "\\xed\\xa0\\x80");
    EXPECT("\xc0\x9b", 0, "\\xc0\\x9b");
}

static void lines_are_kept_on_request(void **state)
{
    EXPECT("a\tb\nc", 0, "a\\x09b\\x0ac");
    EXPECT("a\tb\nc", UTF8_KEEP_LINES, "a\tb\nc");
    EXPECT("a\r\nb\r\n", UTF8_KEEP_LINES, "a\nb\n");
    EXPECT("a\r\nb", 0, "a\\x0d\\x0ab");
    EXPECT("fake\rreal\r", UTF8_KEEP_LINES, "fake\\x0dreal\\x0d");
    EXPECT("\r\r\n\r", UTF8_KEEP_LINES, "\\x0d\n\\x0d");
}

/* Nothing may be at no address at all. */
static void nothing_becomes_nothing(void **state)
{
    struct str out = STR_INIT;

    expect(NULL, 0, 0, "");
    expect("\033", 0, UTF8_KEEP_LINES, "");
    utf8_escape_marked(&out, NULL, 0, UTF8_KEEP_LINES, "<", ">");
    assert_string_equal(out.data, "");
    str_done(&out);
}

static void marks_go_around_runs(void **state)
{
    struct str out = STR_INIT;

    utf8_escape_marked(&out, "a\033\033b\x80", 5, 0, "<", ">");
    assert_string_equal(out.data, "a<\\x1b\\x1b>b<\\x80>");
    str_reset(&out);
    utf8_escape_marked(&out, "\033\r\nb", 4, UTF8_KEEP_LINES, "<", ">");
    assert_string_equal(out.data, "<\\x1b>\nb");
    str_reset(&out);
    utf8_escape_marked(&out, "plain", 5, 0, "<", ">");
    assert_string_equal(out.data, "plain");
    str_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_codes_survive),
        cmocka_unit_test(nothing_else_decodes),
        cmocka_unit_test(validity),
        cmocka_unit_test(truncation),
        cmocka_unit_test(what_steers_a_terminal_is_escaped),
        cmocka_unit_test(every_byte_place_is_watched),
        cmocka_unit_test(what_lies_about_order_is_escaped),
        cmocka_unit_test(other_text_is_left_alone),
        cmocka_unit_test(bad_bytes_are_shown_one_by_one),
        cmocka_unit_test(lines_are_kept_on_request),
        cmocka_unit_test(nothing_becomes_nothing),
        cmocka_unit_test(marks_go_around_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
