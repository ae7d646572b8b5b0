/* SPDX-License-Identifier: ISC */
#include "base/encoding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"

/* What must come out whichever way the bytes are cut into chunks. */
static void expect(const char *name, const char *bytes, size_t len, const char *text)
{
    for (size_t chunk = 1; chunk <= len; chunk++) {
        struct encoding *e;
        struct str out = STR_INIT;

        assert_int_equal(encoding_new(name, &e, NULL), 0);
        for (size_t at = 0; at < len; at += chunk)
            encoding_decode(e, &out, bytes + at, len - at < chunk ? len - at : chunk);
        encoding_decode_end(e, &out);
        assert_string_equal(out.data, text);
        str_done(&out);
        encoding_free(e);
    }
}

static void characters_survive_any_cut(void **state)
{
    expect("GBK", "a\xc4\xe3\xba\xc3!", 6, "a你好!");
    expect("GB18030", "\x94\x39\xfc\x36\xc4\xe3", 6, "😀你");
    expect("Big5", "\xa7\x41\xa6\x6e", 4, "你好");
    expect("UTF-8", "你好😀", 10, "你好😀");
    expect("ISO-2022-JP", "\033$B$3$s\033(BA", 11, "こんA");
}

static void bad_bytes_are_shown(void **state)
{
    expect("GBK", "\xff\xc4\xe3", 3, "\\xff你");
    expect("GBK", "a\xc4", 2, "a\\xc4");
    expect("GBK", "\xc4\xffz", 3, "\\xc4\\xffz");
    expect("UTF-8", "\xe4\xbd z", 4, "\\xe4\\xbd z");
    expect("UTF-8", "\xe4\xe4\xbd\xa0", 4, "\\xe4你");
    expect("UTF-8", "\xf0\x9f\x98", 3, "\\xf0\\x9f\\x98");
    /* glibc takes codes past U+10FFFF for good. */
    expect("UTF-8", "a\xf7\xbd\xa0\xbdz", 6, "a\\xf7\\xbd\\xa0\\xbdz");
}

static void each_message_ends_for_itself(void **state)
{
    struct encoding *e;
    struct str out = STR_INIT;

    assert_int_equal(encoding_new("GBK", &e, NULL), 0);
    encoding_decode(e, &out, "\xc4", 1);
    encoding_decode_end(e, &out);
    encoding_decode(e, &out, "\xc4\xe3", 2);
    encoding_decode_end(e, &out);
    assert_string_equal(out.data, "\\xc4你");
    str_done(&out);
    encoding_free(e);
}

static void text_goes_out(void **state)
{
    struct encoding *e;
    struct str out = STR_INIT;

    assert_int_equal(encoding_new("GBK", &e, NULL), 0);
    assert_int_equal(encoding_encode(e, &out, "a你好\n", 8), 0);
    assert_string_equal(out.data, "a\xc4\xe3\xba\xc3\n");
    str_reset(&out);
    assert_int_equal(encoding_encode(e, &out, "好😀\xff!", 9), 2);
    assert_string_equal(out.data, "\xba\xc3\\u{1F600}\\xff!");
    str_reset(&out);
    encoding_free(e);
    assert_int_equal(encoding_new("ISO-2022-JP", &e, NULL), 0);
    assert_int_equal(encoding_encode(e, &out, "こん", 6), 0);
    assert_string_equal(out.data, "\033$B$3$s\033(B");
    str_done(&out);
    encoding_free(e);
}

/* Two bytes become three: the room that was made at first is not enough. */
static void long_text(void **state)
{
    struct encoding *e;
    struct str in = STR_INIT, out = STR_INIT;

    assert_int_equal(encoding_new("GBK", &e, NULL), 0);
    for (int i = 0; i < 10000; i++)
        str_append_str(&in, "\xc4\xe3");
    encoding_decode(e, &out, in.data, in.len);
    assert_int_equal(out.len, 30000);
    assert_memory_equal(out.data + 29997, "你", 3);
    str_done(&in);
    str_done(&out);
    encoding_free(e);
}

static void unknown_names_are_said(void **state)
{
    static const char *const names[] = {"NOSUCH", "", "GBK//IGNORE", "GBK//TRANSLIT", "UTF-8,x"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct encoding *e = NULL;
        struct err err = {0};

        assert_true(encoding_new(names[i], &e, &err) < 0);
        assert_null(e);
        assert_int_equal(err.kind, ERR_MISUSE);
        assert_non_null(strstr(err.text, names[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_survive_any_cut),
        cmocka_unit_test(bad_bytes_are_shown),
        cmocka_unit_test(each_message_ends_for_itself),
        cmocka_unit_test(text_goes_out),
        cmocka_unit_test(long_text),
        cmocka_unit_test(unknown_names_are_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
