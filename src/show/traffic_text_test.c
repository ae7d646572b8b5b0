/* SPDX-License-Identifier: ISC */
/* Figures that keep to their columns, and text that is cut. */
#include "show/traffic_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "show/text.h"

static void spans(void **state)
{
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {{0, "0ns"}, {999, "999ns"}, {1000, "1.00us"}, {12345, "12.3us"}, {999999, "999us"},
        {1000000, "1.00ms"}, {1029999, "1.02ms"}, {200000000, "200ms"}, {999999999, "999ms"},
        {1230000000, "1.23s"}, {59990000000, "59.9s"}, {60000000000, "1m00s"}, {3599000000000, "59m59s"},
        {3600000000000, "1h00m"}, {86399000000000, "23h59m"}, {86400000000000, "1d0h"},
        {8639000000000000, "99d23h"}, {8640000000000000, "100d"}, {INT64_MAX, ">9999d"},
        {INT64_MIN, ">9999d"}, {-1500, "1.50us"}};
    struct str text = STR_INIT;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        str_reset(&text);
        traffic_append_span(&text, cases[i].ns);
        assert_string_equal(text.data, cases[i].text);
    }
    for (uint64_t ns = 1; ns < INT64_MAX / 3; ns = ns * 3 / 2 + 1) {
        str_reset(&text);
        traffic_append_span(&text, (int64_t)ns);
        assert_in_range(text.len, 1, TRAFFIC_SPAN_COLUMNS);
    }
    str_done(&text);
}

static void amounts(void **state)
{
    static const struct {
        uint64_t count;
        const char *grouped, *amount;
    } cases[] = {{0, "0", "0"}, {999, "999", "999"}, {1000, "1,000", "1,000"}, {99999, "99,999", "99,999"},
        {100000, "100,000", "100k"}, {999999, "999,999", "999k"}, {1234567, "1,234,567", "1.23M"},
        {51200000000, "51,200,000,000", "51.2G"}, {UINT64_MAX, "18,446,744,073,709,551,615", "18.4E"}};
    char count[TRAFFIC_COUNT_BYTES];
    struct str text = STR_INIT;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_string_equal(traffic_count(count, cases[i].count), cases[i].grouped);
        str_reset(&text);
        traffic_append_amount(&text, cases[i].count);
        assert_string_equal(text.data, cases[i].amount);
        assert_in_range(text.len, 1, TRAFFIC_AMOUNT_COLUMNS);
    }
    str_done(&text);
}

static void times_that_leap(void **state)
{
    assert_int_equal(traffic_between_ns(5, 3), 2);
    assert_int_equal(traffic_between_ns(3, 5), -2);
    assert_true(traffic_between_ns(INT64_MAX, -1) == INT64_MAX);
    assert_true(traffic_between_ns(INT64_MIN, 1) == INT64_MIN);
}

static void assert_cut(const char *text, int columns, bool ascii, const char *expected)
{
    struct str cut = STR_INIT;

    traffic_append_cut(&cut, text, columns, ascii);
    assert_string_equal(cut.data, expected);
    str_done(&cut);
}

static void text_is_cut(void **state)
{
    assert_cut("abcdef", 6, false, "abcdef");
    assert_cut("abcdef", 5, false, "abcd…");
    assert_cut("abcdef", 5, true, "abcd~");
    assert_cut("你好吗", 5, false, "你好…");
    assert_cut("你好吗", 4, false, "你…");
    assert_cut("abc", 1, false, "…");
    assert_cut("abc", 0, false, "");
    assert_cut("abc", -3, false, "");
}

static void assert_label(enum label label, const char *text, bool ascii, const char *expected)
{
    const struct conversation c = {.label = (uint8_t)label, .label_text = text};
    struct str out = STR_INIT;

    traffic_append_label(&out, &c, ascii);
    assert_string_equal(out.data, expected);
    str_done(&out);
}

/* Labels are bytes from outside. */
static void labels_are_escaped(void **state)
{
    assert_label(LABEL_NONE, "", false, "");
    assert_label(LABEL_TLS, "", false, "TLS");
    assert_label(LABEL_TLS, "example.org (h2)", false, "TLS example.org (h2)");
    assert_label(LABEL_HTTP, "GET /\x1b[2J\xff", false, "HTTP GET /\\x1b[2J\\xff");
    assert_label(LABEL_HTTP, "GET /例", false, "HTTP GET /例");
    assert_label(LABEL_HTTP, "GET /例", true, "HTTP GET /\\xe4\\xbe\\x8b");
}

static void a_finding_in_full(void **state)
{
    const struct finding finding = {.kind = FINDING_SYN_FLOOD,
        .severity = SEVERITY_ERROR,
        .count = 300,
        .evidence_count = 3,
        .evidence = {7, 9, 11}};
    struct painted *p = painted_new();
    struct str out = STR_INIT;

    traffic_finding(p, &finding, NULL, 60, true);
    for (size_t i = 0; i < painted_lines(p); i++)
        assert_in_range(painted_columns(p, i), 1, 60);
    painted_print(p, false, &out);
    assert_non_null(strstr(out.data, "X many SYNs without an end of the handshake (300 times)\n"
                                     "  (packets 7, 9, 11 and others)\n    Most of the connections"));
    assert_non_null(strstr(out.data, "\n    What to do: See whether"));
    str_done(&out);
    painted_free(p);
}

static void text_is_wrapped_from_where_the_line_stands(void **state)
{
    struct painted *p = painted_new();
    struct str out = STR_INIT;

    painted_add_text(p, STYLE_NORMAL, "mark ");
    traffic_wrap(p, STYLE_NORMAL, "one two three four", 2, 12);
    traffic_wrap(p, STYLE_NORMAL, "你好你好你好你好", 2, 12);
    painted_print(p, false, &out);
    assert_string_equal(out.data, "mark one two\n  three four\n  你好你好你\n  好你好\n");
    str_done(&out);
    painted_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans),
        cmocka_unit_test(amounts),
        cmocka_unit_test(times_that_leap),
        cmocka_unit_test(text_is_cut),
        cmocka_unit_test(labels_are_escaped),
        cmocka_unit_test(a_finding_in_full),
        cmocka_unit_test(text_is_wrapped_from_where_the_line_stands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
