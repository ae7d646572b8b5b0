/* SPDX-License-Identifier: ISC */
#include "base/base64.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

/* RFC 4648, section 10. */
static void the_rfcs_examples(void **state)
{
    static const char *const rows[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xff\xfe\xfb", "//77"},
        {"\xfb\xff", "+/8="}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct str text = STR_INIT, back = STR_INIT;

        base64_encode(&text, rows[i][0], strlen(rows[i][0]));
        assert_string_equal(text.data, rows[i][1]);
        assert_int_equal(base64_decode(&back, text.data, text.len), 0);
        assert_int_equal(back.len, strlen(rows[i][0]));
        assert_memory_equal(back.data, rows[i][0], back.len);
        str_done(&text);
        str_done(&back);
    }
}

static void all_bytes_come_back(void **state)
{
    struct str bytes = STR_INIT, text = STR_INIT, back = STR_INIT;

    for (int i = 0; i < 256; i++) {
        str_append_char(&bytes, (char)i);
        str_reset(&text);
        str_reset(&back);
        base64_encode(&text, bytes.data, bytes.len);
        assert_int_equal(base64_decode(&back, text.data, text.len), 0);
        assert_int_equal(back.len, bytes.len);
        assert_memory_equal(back.data, bytes.data, bytes.len);
    }
    str_done(&bytes);
    str_done(&text);
    str_done(&back);
}

static void nothing_else_is_taken(void **state)
{
    static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg===", "====", "=",
        "Z===", "Zh==", "Zm9=", "Zm8=Zm8=", "Zg==Zm9v", "Zm9v\n", "Zm 9", "Zm-_", "Zm9vZm9", "Zm=v"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct str out = STR_INIT;

        str_append_str(&out, "kept");
        if (base64_decode(&out, bad[i], strlen(bad[i])) != -EINVAL)
            fail_msg("%s", bad[i]);
        assert_string_equal(out.data, "kept");
        assert_int_equal(out.len, 4);
        str_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rfcs_examples),
        cmocka_unit_test(all_bytes_come_back),
        cmocka_unit_test(nothing_else_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
