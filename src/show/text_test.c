/* SPDX-License-Identifier: ISC */
#include "show/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/utf8.h"

#define FAMILY "\U0001F469\u200D\U0001F469\u200D\U0001F467"
#define CHINA "\U0001F1E8\U0001F1F3"

/* One cluster, of so many columns, found from both sides. */
static void expect_cluster(const char *text, int columns)
{
    struct str around = STR_INIT;
    size_t len = strlen(text);
    int got = -1;

    if (text_grapheme(text, len, &got) != len || got != columns)
        fail_msg("%s: %zu of %zu bytes, %d columns", text, text_grapheme(text, len, NULL), len, got);
    str_appendf(&around, "a%sb", text);
    if (text_grapheme(around.data, around.len, &got) == 1) { /* a mark alone would join the letter */
        assert_int_equal(text_grapheme_before(around.data, around.len, 1 + len), 1);
        for (size_t at = 2; at <= 1 + len; at++)
            assert_int_equal(text_boundary(around.data, around.len, at), 1 + len);
        assert_int_equal(text_boundary(around.data, around.len, 1), 1);
    }
    str_done(&around);
}

static void clusters_and_their_columns(void **state)
{
    expect_cluster("a", 1);
    expect_cluster("é", 1);
    expect_cluster("e\u0301", 1);
    expect_cluster("你", 2);
    expect_cluster("，", 2);
    expect_cluster("…", 1);
    expect_cluster("ｱ", 1);
    expect_cluster("한", 2);
    expect_cluster("\u1112\u1161\u11ab", 2); /* the same in three jamo */
    expect_cluster("\u0301", 0);
    expect_cluster("\u200b", 0);
    expect_cluster("\u0915\u093e", 2); /* a spacing vowel sign */
    expect_cluster("\U0001F600", 2);
    expect_cluster("\U0001FAE8", 2);           /* Unicode 15: glibc 2.36 says -1 */
    expect_cluster("\U0001FAE9", 2);           /* Unicode 16 */
    expect_cluster("\u2764", 1);               /* a heart as a letter, */
    expect_cluster("\u2764\uFE0F", 2);         /* and as a picture */
    expect_cluster("1\uFE0F\u20E3", 2);        /* a key with 1 on it */
    expect_cluster("\U0001F44D\U0001F3FD", 2); /* skin */
    expect_cluster(FAMILY, 2);
    expect_cluster(CHINA, 2);
    expect_cluster("\U0001F1E8", 1); /* half a flag */
    expect_cluster("\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", 2);
    expect_cluster("\xff", 1);
    expect_cluster("\033", 1);
    expect_cluster("\xc2\x9b", 1);
    assert_int_equal(text_columns("a\xe4\xbd"
                                  "b",
                         4),
        4);
    assert_int_equal(text_columns("a\uFE0F", 4), 1);
}

static void neighbours_are_told_apart(void **state)
{
    static const struct {
        const char *text;
        size_t first, last; /* how long the first is, where the last begins */
    } rows[] = {
        {"你好", 3, 3},
        {CHINA CHINA, 8, 8},
        {CHINA CHINA CHINA, 8, 16},
        {CHINA "\U0001F1E8", 8, 8},
        {"a\u0301\u0301"
         "b",
            5, 5},
        {"\u00e9\u0301", 4, 0},
        {FAMILY FAMILY, sizeof(FAMILY) - 1, sizeof(FAMILY) - 1},
        {"\u200d\U0001F600", 3, 3},
        {"\r\n", 1, 1},
        {"\n\u0301", 1, 1},
        {"\xe4\u0301", 1, 1},
        {"\xe4\xbd", 1, 1},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        size_t len = strlen(rows[i].text);

        if (text_grapheme(rows[i].text, len, NULL) != rows[i].first ||
            text_grapheme_before(rows[i].text, len, len) != rows[i].last)
            fail_msg("row %zu: %zu, %zu", i, text_grapheme(rows[i].text, len, NULL),
                text_grapheme_before(rows[i].text, len, len));
    }
}

static void fitting(void **state)
{
    int columns;

    assert_int_equal(text_fit("a你b", 5, 4, &columns), 5);
    assert_int_equal(columns, 4);
    assert_int_equal(text_fit("a你b", 5, 2, &columns), 1);
    assert_int_equal(columns, 1);
    assert_int_equal(text_fit("e\u0301x", 4, 1, &columns), 3);
    assert_int_equal(text_fit("你", 3, 0, &columns), 0);
    assert_int_equal(text_fit("", 0, 5, &columns), 0);
    assert_int_equal(columns, 0);
}

static void expect_pad(const char *text, int columns, const char *want)
{
    struct str out = STR_INIT;

    text_pad(&out, text, strlen(text), columns);
    assert_string_equal(out.data, want);
    assert_int_equal(text_columns(out.data, out.len), columns);
    str_done(&out);
}

static void padding(void **state)
{
    expect_pad("你好", 6, "你好  ");
    expect_pad("你好", 4, "你好");
    expect_pad("你好", 3, "你…");
    expect_pad("你好", 2, "… ");
    expect_pad("你好", 1, "…");
    expect_pad("你好", 0, "");
    expect_pad("abc", 2, "a…");
    expect_pad("", 2, "  ");
}

/* Rows, joined by |. */
static void expect_rows(const char *text, int columns, const char *want)
{
    struct str got = STR_INIT;
    size_t len = strlen(text), at = 0, next;

    while (at < len) {
        size_t row = text_row(text, len, at, columns, &next);

        if (at)
            str_append_char(&got, '|');
        str_append(&got, text + at, row);
        assert_true(text_columns(text + at, row) <= columns);
        assert_true(next > at && next <= len);
        at = next;
    }
    if (strcmp(got.data, want) != 0)
        fail_msg("%s in %d: %s, not %s", text, columns, got.data, want);
    str_done(&got);
}

static void rows_break_where_a_reader_would(void **state)
{
    expect_rows("the quick brown fox", 10, "the quick|brown fox");
    expect_rows("the quick brown fox", 9, "the quick|brown fox");
    expect_rows("the quick brown fox", 8, "the|quick|brown|fox");
    expect_rows("abcdefgh ij", 4, "abcd|efgh|ij");
    expect_rows("ab cdefghij", 4, "ab|cdef|ghij");
    expect_rows("a\n\nb\n", 4, "a||b");
    expect_rows("ab  cd", 4, "ab |cd");
    expect_rows("  indented", 6, "  inde|nted");
    expect_rows("      x", 4, "    |  x");
    expect_rows("你好世界", 4, "你好|世界");
    expect_rows("你好世界", 5, "你好|世界");
    expect_rows("看https://a.b", 8, "看|https://|a.b");
    expect_rows("abc你好", 4, "abc|你好");
}

static void punctuation_stays_with_its_text(void **state)
{
    expect_rows("你好世界。", 8, "你好世|界。");
    expect_rows("你好世界！！", 8, "你好世|界！！");
    expect_rows("你好（世界）", 6, "你好|（世|界）");
    expect_rows("他说：“好。”", 8, "他说：|“好。”");
    expect_rows("。。。。", 4, "。。|。。");
    expect_rows("中文,ok", 4, "中|文,o|k");
}

static void clusters_stay_whole(void **state)
{
    expect_rows(CHINA CHINA CHINA, 4, CHINA CHINA "|" CHINA);
    expect_rows(FAMILY FAMILY, 2, FAMILY "|" FAMILY);
    expect_rows("e\u0301e\u0301e\u0301", 2, "e\u0301e\u0301|e\u0301");
}

static void an_empty_text_has_an_empty_row(void **state)
{
    size_t next = 9;

    assert_int_equal(text_row("", 0, 0, 5, &next), 0);
    assert_int_equal(next, 0);
}

/* A mebibyte of the worst: if any of it took time by its square, this would not end. */
static void hostile_texts_are_linear(void **state)
{
    static const char *const pieces[] = {"\u0301", "\u200d", CHINA, "\U0001F469\u200d", "\u200b", " ", "。",
        "（", "\u0915\u094d", "\xff", "\u0600", "\u1100"};

    for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
        struct str text = STR_INIT;
        size_t at = 0, next;

        str_append_char(&text, 'a');
        while (text.len < 1024 * 1024)
            str_append_str(&text, pieces[i]);
        text_columns(text.data, text.len);
        while (at < text.len) {
            size_t len = text_grapheme(text.data + at, text.len - at, NULL);

            assert_true(len <= 4 * TEXT_GRAPHEME_CODES);
            at += len;
        }
        for (at = 0; at < text.len; at = next)
            text_row(text.data, text.len, at, 80, &next);
        for (int n = 0; n < 8; n++)
            assert_true(text_grapheme_before(text.data, text.len, text.len) < text.len);
        str_done(&text);
    }
}

/* Every code as a cluster's first: none takes more than two columns, or less than none. */
static void all_codes_have_columns(void **state)
{
    struct str text = STR_INIT;

    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        int columns;

        if (code >= 0xd800 && code <= 0xdfff)
            continue;
        str_reset(&text);
        utf8_append(&text, code);
        assert_int_equal(text_grapheme(text.data, text.len, &columns), text.len);
        if (columns < 0 || columns > 2)
            fail_msg("U+%04X: %d", (unsigned)code, columns);
    }
    str_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clusters_and_their_columns),
        cmocka_unit_test(neighbours_are_told_apart),
        cmocka_unit_test(fitting),
        cmocka_unit_test(padding),
        cmocka_unit_test(rows_break_where_a_reader_would),
        cmocka_unit_test(punctuation_stays_with_its_text),
        cmocka_unit_test(clusters_stay_whole),
        cmocka_unit_test(an_empty_text_has_an_empty_row),
        cmocka_unit_test(hostile_texts_are_linear),
        cmocka_unit_test(all_codes_have_columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
