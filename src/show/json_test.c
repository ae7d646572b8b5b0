/* SPDX-License-Identifier: ISC */
#include "show/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/str.h"
#include "base/utf8.h"

static void expect(struct json *j, const char *line)
{
    struct str out = STR_INIT;

    json_end(j, &out);
    assert_string_equal(out.data, line);
    str_done(&out);
}

static void keys_stay_in_order(void **state)
{
    struct json *j = json_begin("answered");

    json_add_text(j, "z", "你好 \"x\"\n");
    json_add_int(j, "a", INT64_MIN);
    json_add_real(j, "m", 0.1);
    json_add_real(j, "nan", NAN);
    json_add_bool(j, "yes", true);
    json_add_bool(j, "no", false);
    json_add_text(j, "none", NULL);
    json_add_text(j, "empty", "");
    expect(j, "{\"event\":\"answered\",\"z\":\"你好 "
              "\\\"x\\\"\\n\",\"a\":-9223372036854775808,\"m\":0.1,\"nan\":null,"
              "\"yes\":true,\"no\":false,\"none\":null,\"empty\":\"\"}\n");
    expect(json_begin(NULL), "{}\n");
}

static void objects_and_lists_nest(void **state)
{
    struct json *j = json_begin(NULL);

    json_open(j, "tcp");
    json_add_int(j, "mss", 1460);
    json_open_list(j, "peers");
    json_add_text(j, NULL, "a");
    json_add_bytes(j, NULL, "\xff", 1);
    json_open(j, NULL);
    json_close(j);
    json_close(j);
    json_close(j);
    json_add_int(j, "after", 1);
    expect(j, "{\"tcp\":{\"mss\":1460,\"peers\":[\"a\",\"\\\\xff\",{}]},\"after\":1}\n");
    j = json_begin(NULL);
    json_open_list(j, "left");
    json_open(j, NULL);
    expect(j, "{\"left\":[{}]}\n");
}

static void other_bytes_come_twice(void **state)
{
    static const char *const base64[] = {"/w==", "/wA=", "/wBh"};

    for (size_t len = 1; len <= 3; len++) {
        struct json *j = json_begin(NULL);
        struct str line = STR_INIT;

        json_add_bytes(j, "reply", "\xff\0a", len);
        str_appendf(&line, "{\"reply\":\"\\\\xff%s\",\"reply_base64\":\"%s\"}\n",
            len == 1   ? ""
            : len == 2 ? "\\\\x00"
                       : "\\\\x00a",
            base64[len - 1]);
        expect(j, line.data);
        str_done(&line);
    }
    struct json *j = json_begin(NULL);
    json_add_bytes(j, "reply", "a\0b", 3);
    json_add_bytes(j, "none", NULL, 0);
    expect(j, "{\"reply\":\"a\\u0000b\",\"none\":\"\"}\n");
}

/* Every code there is: the line may go to a terminal, and what is read from it is what was put in. */
static void nothing_steers_a_terminal_and_nothing_is_lost(void **state)
{
    struct str all = STR_INIT, line = STR_INIT, shown = STR_INIT;
    struct json *j = json_begin(NULL);
    json_t *back;

    for (uint32_t code = 0; code <= 0x10ffff; code++)
        if (code < 0xd800 || code > 0xdfff)
            utf8_append(&all, code);
    json_add_bytes(j, "all", all.data, all.len);
    json_end(j, &line);
    utf8_escape(&shown, line.data, line.len - 1, 0);
    assert_int_equal(shown.len, line.len - 1);
    assert_non_null(strstr(line.data, "\\u202e"));
    assert_non_null(strstr(line.data, "\\udb40\\udc01"));
    back = json_loadb(line.data, line.len, JSON_ALLOW_NUL, NULL);
    assert_non_null(back);
    assert_int_equal(json_string_length(json_object_get(back, "all")), all.len);
    assert_memory_equal(json_string_value(json_object_get(back, "all")), all.data, all.len);
    json_decref(back);
    str_done(&all);
    str_done(&line);
    str_done(&shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_stay_in_order),
        cmocka_unit_test(objects_and_lists_nest),
        cmocka_unit_test(other_bytes_come_twice),
        cmocka_unit_test(nothing_steers_a_terminal_and_nothing_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
