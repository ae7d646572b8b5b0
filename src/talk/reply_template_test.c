/* SPDX-License-Identifier: ISC */
/* What --reply makes of its TEXT, and that it says so when a % means nothing. */
#include "talk/reply_template.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct reply_values values = {
    .peer = "127.0.0.1:9000",
    .message = "你好%m",
    .message_len = 8,
    .number = 42,
    .time = "12:34:56",
};

static void expect(const char *text, const char *reply)
{
    struct reply_template *t;
    struct str out = STR_INIT;
    struct err err;

    assert_int_equal(reply_template_new(text, &t, &err), 0);
    assert_int_equal(reply_template_fill(t, &values, 1000, &out), 0);
    assert_string_equal(out.data, reply);
    str_done(&out);
    reply_template_free(t);
}

static void filled(void **state)
{
    expect("", "");
    expect("plain", "plain");
    expect("%m", "你好%m");
    expect("%n: %a said [%m] at %t", "42: 127.0.0.1:9000 said [你好%m] at 12:34:56");
    expect("100%%", "100%");
    expect("%%m%n%n", "%m4242");
}

static void wrong_percent(void **state)
{
    const char *const wrong[] = {"%", "50%", "%x", "%M", "a%%%"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct reply_template *t = NULL;
        struct err err = {0};

        assert_int_equal(reply_template_new(wrong[i], &t, &err), -EINVAL);
        assert_int_equal(err.kind, ERR_MISUSE);
        assert_non_null(strstr(err.text, wrong[i]));
        assert_null(t);
    }
}

static void never_longer_than_max(void **state)
{
    struct reply_template *t;
    struct str out = STR_INIT;
    struct err err;

    assert_int_equal(reply_template_new("<%m%m>", &t, &err), 0);
    str_append_str(&out, "kept");
    assert_int_equal(reply_template_fill(t, &values, 17, &out), -EMSGSIZE);
    assert_string_equal(out.data, "kept");
    assert_int_equal(reply_template_fill(t, &values, 18, &out), 0);
    assert_string_equal(out.data, "kept<你好%m你好%m>");
    str_done(&out);
    reply_template_free(t);
}

static void knows_what_it_needs(void **state)
{
    struct reply_template *t;
    struct err err;

    assert_int_equal(reply_template_new("%%t %m", &t, &err), 0);
    assert_false(reply_template_has_time(t));
    assert_false(reply_template_has_peer(t));
    reply_template_free(t);
    assert_int_equal(reply_template_new("%t%a", &t, &err), 0);
    assert_true(reply_template_has_time(t));
    assert_true(reply_template_has_peer(t));
    reply_template_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filled),
        cmocka_unit_test(wrong_percent),
        cmocka_unit_test(never_longer_than_max),
        cmocka_unit_test(knows_what_it_needs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
