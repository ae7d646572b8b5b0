/* SPDX-License-Identifier: ISC */
/* Text from strangers cannot become a tag, an attribute or a character that XML does not have. */
#include "show/markup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

#define CHECK(text, expected)                                                                                \
    do {                                                                                                     \
        struct str out_ = STR_INIT;                                                                          \
        markup_add(&out_, (text), sizeof(text) - 1);                                                         \
        assert_string_equal(out_.data, (expected));                                                          \
        assert_int_equal(out_.len, strlen(expected));                                                        \
        str_done(&out_);                                                                                     \
    } while (0)

static void tags_and_quotes(void **state)
{
    CHECK("</title><script>alert('1')", "&lt;/title&gt;&lt;script&gt;alert(&#39;1&#39;)");
    CHECK("a\" onload=\"b&amp;", "a&quot; onload=&quot;b&amp;amp;");
}

static void controls_and_bad_bytes(void **state)
{
    CHECK("a\0b\n\x1b[31m", "a\\x00b\\x0a\\x1b[31m");
    CHECK("\xff\xc3(", "\\xff\\xc3(");
    CHECK("\xef\xbf\xbe\xef\xbf\xbf", "\\u{FFFE}\\u{FFFF}");
    CHECK("\xe2\x80\xae", "\\u{202E}");
}

static void other_text_is_left_alone(void **state)
{
    CHECK("GET /\xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80", "GET /\xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80");
    CHECK("", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_and_quotes),
        cmocka_unit_test(controls_and_bad_bytes),
        cmocka_unit_test(other_text_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
