/* SPDX-License-Identifier: ISC */
/* Messages out of bytes: every ending, every place where a read may cut, the limit to the byte. */
#include "wire/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

static void note(struct str *told, enum line_result result, const struct line *line)
{
    if (result == LINE_TOO_LONG) {
        str_append_str(told, "[too long]");
        return;
    }
    str_append_char(told, '[');
    str_append(told, line->data, line->len);
    if (result == LINE_PART)
        str_append_str(told, ">]");
    else
        str_append_str(told, line->ending == LINE_BARE ? "]" : line->ending == LINE_LF ? " LF]" : " CRLF]");
}

static void feed(struct line_reader *r, const char *text, size_t len, struct str *told)
{
    const uint8_t *data = (const uint8_t *)text;
    enum line_result result;
    struct line line;

    while ((result = line_next(r, &data, &len, &line)) != LINE_MORE)
        note(told, result, &line);
    assert_int_equal(len, 0);
}

static void flush(struct line_reader *r, struct str *told)
{
    enum line_result result;
    struct line line;

    while ((result = line_flush(r, &line)) != LINE_MORE)
        note(told, result, &line);
    assert_false(line_is_pending(r));
    assert_null(r->partial.data);
}

/* In pieces of step bytes, then quiet. */
static void expect_in_pieces(
    const char *text, size_t len, size_t max, size_t step, const char *want, size_t want_len)
{
    struct str told = STR_INIT;
    struct line_reader r;

    line_reader_init(&r, max);
    for (size_t at = 0; at < len; at += step)
        feed(&r, text + at, len - at < step ? len - at : step, &told);
    flush(&r, &told);
    if (told.len != want_len || memcmp(told.data, want, want_len) != 0)
        fail_msg("in steps of %zu: \"%s\", not \"%s\"", step, told.data, want);
    line_reader_done(&r);
    str_done(&told);
}

static void expect(const char *text, size_t max, const char *want)
{
    size_t len = strlen(text);

    for (size_t step = 1; step <= len; step++)
        expect_in_pieces(text, len, max, step, want, strlen(want));
}

static void endings(void **state)
{
    expect("one\ntwo\r\nthree", 100, "[one LF][two CRLF][three]");
    expect("\n", 100, "[ LF]");
    expect("\r\n", 100, "[ CRLF]");
    expect("\n\n\r\n\n", 100, "[ LF][ LF][ CRLF][ LF]");
    expect("a\rb\n", 100, "[a\rb LF]");
    expect("a\r\r\n", 100, "[a\r CRLF]");
    expect("a\r", 100, "[a\r]");
    expect("你好\n再见", 100, "[你好 LF][再见]");
}

static void limit(void **state)
{
    expect("12345\n123456\n12345\n", 5, "[12345 LF][too long][12345 LF]");
    expect("12345\r\n123456\r\nx", 5, "[12345 CRLF][too long][x]");
    expect("12345", 5, "[12345]");
    expect("123456", 5, "[too long]");
    expect("1234567890\nok\n", 5, "[too long][ok LF]");
    /* The CR that might have been half of a CRLF was not. */
    expect("12345\rx\nok\n", 5, "[too long][ok LF]");
    expect("12345\r", 5, "[too long]");
    expect("\nx\n", 0, "[ LF][too long]");
}

static void too_long_is_told_once(void **state)
{
    struct str told = STR_INIT;
    struct line_reader r;

    line_reader_init(&r, 4);
    for (int i = 0; i < 100; i++) {
        feed(&r, "0123456789", 10, &told);
        assert_null(r.partial.data);
        assert_true(line_is_pending(&r));
    }
    assert_string_equal(told.data, "[too long]");
    feed(&r, "tail\nnext\n", 10, &told);
    assert_string_equal(told.data, "[too long][next LF]");
    line_reader_done(&r);
    str_done(&told);
}

/* A peer who sends bare: a message that was too long ends where the peer falls quiet. */
static void quiet_ends_what_was_too_long(void **state)
{
    struct str told = STR_INIT;
    struct line_reader r;

    line_reader_init(&r, 4);
    feed(&r, "0123456789", 10, &told);
    flush(&r, &told);
    feed(&r, "ok", 2, &told);
    flush(&r, &told);
    assert_string_equal(told.data, "[too long][ok]");
    line_reader_done(&r);
    str_done(&told);
}

static void whole_lines_are_not_copied(void **state)
{
    const char text[] = "one\r\ntwo\n";
    const uint8_t *data = (const uint8_t *)text;
    size_t len = strlen(text);
    struct line_reader r;
    struct line line;

    line_reader_init(&r, 100);
    assert_int_equal(line_next(&r, &data, &len, &line), LINE_MESSAGE);
    assert_ptr_equal(line.data, text);
    assert_int_equal(line_next(&r, &data, &len, &line), LINE_MESSAGE);
    assert_ptr_equal(line.data, text + 5);
    assert_int_equal(line_next(&r, &data, &len, &line), LINE_MORE);
    assert_null(r.partial.data);
    line_reader_done(&r);
}

static void zero_bytes_are_bytes(void **state)
{
    expect_in_pieces("a\0b\n\0", 5, 100, 1, "[a\0b LF][\0]", 11);
}

static void pending(void **state)
{
    struct str told = STR_INIT;
    struct line_reader r;

    line_reader_init(&r, 100);
    assert_false(line_is_pending(&r));
    feed(&r, "a", 1, &told);
    assert_true(line_is_pending(&r));
    feed(&r, "b\n", 2, &told);
    assert_false(line_is_pending(&r));
    assert_null(r.partial.data);
    assert_string_equal(told.data, "[ab LF]");
    assert_string_equal(line_ending_text(LINE_BARE), "");
    assert_string_equal(line_ending_text(LINE_LF), "\n");
    assert_string_equal(line_ending_text(LINE_CRLF), "\r\n");
    line_reader_done(&r);
    str_done(&told);
}

static void too_long_in_pieces(void **state)
{
    /* A limit of 4 cuts neither characters (three bytes each) nor CRLF, and loses nothing. */
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"aaaaa\n", "[aaaa>][a LF]"},
        {"aaaaaaaa\nb", "[aaaa>][aaaa LF][b]"},
        {"aaaa\r\nb\n", "[aaaa CRLF][b LF]"},
        {"aaaa\rb\n", "[aaaa>][\rb LF]"},
        {"\xe4\xbd\xa0\xe5\xa5\xbd\n", "[\xe4\xbd\xa0>][\xe5\xa5\xbd LF]"},
        {"\xff\xfe\xfd\xfc\xfb", "[\xff\xfe\xfd\xfc>][\xfb]"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t step = 1; step <= strlen(cases[i].text); step++) {
            struct str told = STR_INIT;
            struct line_reader r;

            line_reader_init(&r, 4);
            r.split = true;
            for (size_t at = 0; at < strlen(cases[i].text); at += step) {
                size_t left = strlen(cases[i].text) - at;

                feed(&r, cases[i].text + at, left < step ? left : step, &told);
            }
            flush(&r, &told);
            assert_string_equal(told.data, cases[i].want);
            str_done(&told);
            line_reader_done(&r);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endings),
        cmocka_unit_test(limit),
        cmocka_unit_test(too_long_is_told_once),
        cmocka_unit_test(quiet_ends_what_was_too_long),
        cmocka_unit_test(whole_lines_are_not_copied),
        cmocka_unit_test(zero_bytes_are_bytes),
        cmocka_unit_test(pending),
        cmocka_unit_test(too_long_in_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
