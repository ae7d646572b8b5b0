/* SPDX-License-Identifier: ISC */
#include "show/json.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/err.h"
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

static struct json_object *read_line(const char *line)
{
    struct json_object *o = NULL;
    struct err err = {0};

    if (json_read(line, strlen(line), &o, &err) < 0)
        fail_msg("%s: %s", line, err.text);
    return o;
}

static void values_are_read(void **state)
{
    struct json_object *o =
        read_line(" {\"say\":\"你\\u0000\\ud83d\\ude00\",\"n\":-3,\"yes\":true,\"no\":false,"
                  "\"nil\":null,\"more\":[1,{\"a\":[]}]}\r\n");
    const char *text = "";
    struct err err = {0};
    int64_t number = 7;
    bool flag = false;
    size_t len = 0;

    assert_int_equal(json_read_text(o, "say", &text, &len, &err), 0);
    assert_int_equal(len, 8);
    assert_memory_equal(text, "你\0\U0001F600", 9);
    assert_int_equal(json_read_int(o, "n", &number, &err), 0);
    assert_int_equal(number, -3);
    assert_int_equal(json_read_bool(o, "yes", &flag, &err), 0);
    assert_true(flag);
    assert_int_equal(json_read_bool(o, "no", &flag, &err), 0);
    assert_false(flag);
    assert_int_equal(json_read_int(o, "nil", &number, &err), -ENOENT);
    assert_int_equal(json_read_text(o, "none", &text, &len, &err), -ENOENT);
    assert_int_equal(number, -3);
    assert_int_equal(err.kind, ERR_NONE);
    json_read_free(o);
    json_read_free(NULL);
}

static void another_kind_is_told(void **state)
{
    struct json_object *o = read_line("{\"a\":1.5,\"b\":\"x\",\"c_base64\":\"!\",\"d\":[]}");
    struct str out = STR_INIT;
    const char *text = NULL;
    struct err err;
    int64_t number;
    size_t len;
    bool flag;

    assert_int_equal(json_read_int(o, "a", &number, &err), -EINVAL);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_string_equal(err.text, "JSON: \"a\" should be a whole number");
    assert_int_equal(json_read_text(o, "a", &text, &len, &err), -EINVAL);
    assert_int_equal(json_read_bool(o, "b", &flag, &err), -EINVAL);
    assert_int_equal(json_read_bytes(o, "c", &out, &err), -EINVAL);
    assert_string_equal(err.text, "JSON: \"c_base64\" is not base64");
    assert_int_equal(json_read_bytes(o, "d", &out, NULL), -EINVAL);
    assert_int_equal(json_read_bytes(o, "e", &out, NULL), -ENOENT);
    assert_null(text);
    assert_int_equal(out.len, 0);
    json_read_free(o);
}

/* What was written is what is read, whatever the bytes. */
static void bytes_come_back(void **state)
{
    static const char *const rows[] = {"", "plain", "你好\n\t\033", "\xff\xfe", "\xe4\xbd and more"};

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct json *j = json_begin("message");
        struct str line = STR_INIT, back = STR_INIT;
        struct json_object *o;

        json_add_bytes(j, "text", rows[i], strlen(rows[i]));
        json_end(j, &line);
        o = read_line(line.data);
        assert_int_equal(json_read_bytes(o, "text", &back, NULL), 0);
        assert_string_equal(back.data, rows[i]);
        json_read_free(o);
        str_done(&line);
        str_done(&back);
    }
}

static void slips_are_found(void **state)
{
    static const char *const known[] = {"to", "say", NULL};
    struct json_object *o = read_line("{\"to\":\"a\",\"sya\":\"b\",\"x\":1}");

    assert_string_equal(json_read_unknown(o, known), "sya");
    json_read_free(o);
    o = read_line("{\"say\":1}");
    assert_null(json_read_unknown(o, known));
    json_read_free(o);
}

static void what_is_not_an_object_is_refused(void **state)
{
    static const char *const rows[][2] = {
        {"", "no JSON: it ends too early"},
        {"{\"a\":", "no JSON: it ends too early"},
        {"hello", "no JSON: something is wrong at byte 5"},
        {"{\"a\":1} x", "no JSON: something is wrong at byte 9"},
        {"[1]", "a JSON object is expected, as in {\"key\":\"value\"}"},
        {"\"x\"", "a JSON object is expected, as in {\"key\":\"value\"}"},
        {"{\"a\":1,\"a\":2}", "the JSON object has a key twice (at byte 10)"},
        {"{\"a\":\"\xff\"}", "no JSON: byte 6 is not UTF-8; other bytes go into a key that ends in _base64"},
        {"{\"a\":99999999999999999999}", "the JSON object has a number that is too large (at byte 25)"},
        {"{\"a\\u0000\":1}", "no JSON: something is wrong at byte 10"},
        {"{\"a\":\"\\ud800\"}", "no JSON: something is wrong at byte 13"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct json_object *o = NULL;
        struct err err;

        assert_true(json_read(rows[i][0], strlen(rows[i][0]), &o, &err) < 0);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_string_equal(err.text, rows[i][1]);
        assert_null(o);
    }
}

static void build_deep(struct str *line, int depth)
{
    str_reset(line);
    str_append_str(line, "{\"a\":");
    for (int i = 1; i < depth; i++)
        str_append_char(line, '[');
    for (int i = 1; i < depth; i++)
        str_append_char(line, ']');
    str_append_char(line, '}');
}

static void build_many(struct str *line, int values)
{
    str_reset(line);
    str_append_str(line, "{\"a,[\\\"[\":[0");
    for (int i = 1; i < values; i++)
        str_append_str(line, ",0");
    str_append_str(line, "]}");
}

static void reading_has_its_limits(void **state)
{
    struct str line = STR_INIT;
    struct json_object *o;

    build_deep(&line, JSON_READ_DEPTH);
    json_read_free(read_line(line.data));
    build_deep(&line, JSON_READ_DEPTH + 1);
    assert_int_equal(json_read(line.data, line.len, &o, NULL), -E2BIG);
    build_many(&line, JSON_READ_VALUES);
    json_read_free(read_line(line.data));
    build_many(&line, JSON_READ_VALUES + 1);
    assert_int_equal(json_read(line.data, line.len, &o, NULL), -E2BIG);
    str_reset(&line);
    str_append_str(&line, "{\"a\":\"");
    while (line.len < JSON_READ_BYTES - 2)
        str_append_char(&line, 'x');
    str_append_str(&line, "\"}");
    json_read_free(read_line(line.data));
    str_append_char(&line, ' ');
    assert_int_equal(json_read(line.data, line.len, &o, NULL), -EMSGSIZE);
    str_done(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_stay_in_order),
        cmocka_unit_test(objects_and_lists_nest),
        cmocka_unit_test(other_bytes_come_twice),
        cmocka_unit_test(nothing_steers_a_terminal_and_nothing_is_lost),
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(another_kind_is_told),
        cmocka_unit_test(bytes_come_back),
        cmocka_unit_test(slips_are_found),
        cmocka_unit_test(what_is_not_an_object_is_refused),
        cmocka_unit_test(reading_has_its_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
