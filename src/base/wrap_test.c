/* SPDX-License-Identifier: ISC */
#include "base/wrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"

static void expect(const char *text, size_t at, size_t indent, size_t width, const char *filled)
{
    struct str out = STR_INIT;

    wrap_append(&out, text, at, indent, width);
    assert_string_equal(out.data, filled);
    str_done(&out);
}

static void columns(void **state)
{
    assert_int_equal(wrap_columns(""), 0);
    assert_int_equal(wrap_columns("abc"), 3);
    assert_int_equal(wrap_columns("消息a"), 5);
    assert_int_equal(wrap_columns("e\xcc\x81"), 1);
    assert_int_equal(wrap_columns("，"), 2);
    assert_int_equal(wrap_columns("\xff\xff"), 2);
}

static void words(void **state)
{
    expect("one two three", 0, 0, 7, "one two\nthree\n");
    expect("one two three", 4, 4, 11, "one two\n    three\n");
    expect("one two", 0, 2, 80, "  one two\n");
    expect("overlong a", 0, 0, 3, "overlong\na\n");
    expect("a\n\nb", 0, 0, 80, "a\n\nb\n");
    expect("", 0, 0, 80, "\n");
}

static void chinese_breaks_anywhere(void **state)
{
    expect("等待回复的时间", 0, 0, 8, "等待回复\n的时间\n");
    expect("等待 tcp 回复", 0, 0, 8, "等待 tcp\n回复\n");
}

static void a_short_word_stays_whole(void **state)
{
    expect("--exec 命令 | --echo", 0, 0, 10, "--exec\n命令 |\n--echo\n");
    expect("等待回复", 0, 0, 6, "等待\n回复\n");
}

static void punctuation_clings(void **state)
{
    /* The comma would begin the second line; the bracket would end the first. */
    expect("等待回复，再问", 0, 0, 8, "等待回\n复，再问\n");
    expect("等待回（复）", 0, 0, 8, "等待回\n（复）\n");
    expect("回复(默认)好", 0, 0, 8, "回复(默\n认)好\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns),
        cmocka_unit_test(words),
        cmocka_unit_test(chinese_breaks_anywhere),
        cmocka_unit_test(a_short_word_stays_whole),
        cmocka_unit_test(punctuation_clings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
