/* SPDX-License-Identifier: ISC */
#include "show/json.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"

struct json {
    json_t *open[JSON_DEPTH_MAX]; /* the innermost last; only the first is owned here */
    size_t depth;
};

/* Adds value, whose reference is taken over. */
static json_t *add(struct json *j, const char *key, json_t *value)
{
    json_t *into = j->open[j->depth - 1];
    int code;

    if (json_is_array(into))
        code = json_array_append_new(into, value);
    else
        code = json_object_set_new_nocheck(into, key, value);
    assert(code == 0);
    return value;
}

struct json *json_begin(const char *event)
{
    struct json *j = xcalloc(1, sizeof(*j));

    /* So jansson never runs out of memory, which is all that its functions could fail of here. */
    json_set_alloc_funcs(xmalloc, free);
    j->open[0] = json_object();
    j->depth = 1;
    if (event)
        json_add_text(j, "event", event);
    return j;
}

static int append(const char *text, size_t len, void *user)
{
    str_append(user, text, len);
    return 0;
}

static void append_unit(struct str *out, unsigned unit)
{
    str_appendf(out, "\\u%04x", unit);
}

/* jansson escapes what JSON demands, which is less than a terminal deserves: a C1 control, a DEL or a change
 * of the text's direction goes through it raw. */
static void append_safe(struct str *out, const char *text, size_t len)
{
    struct str shown = STR_INIT;

    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        int size = utf8_decode(text + i, len - i, &code);

        assert(size > 0);
        if (code >= 0x20 && code < 0x7f) {
            str_append_char(out, text[i]);
        } else {
            str_reset(&shown);
            utf8_escape(&shown, text + i, (size_t)size, 0);
            if (shown.len == (size_t)size) {
                str_append(out, text + i, (size_t)size);
            } else if (code < 0x10000) {
                append_unit(out, code);
            } else {
                append_unit(out, 0xd800 + ((code - 0x10000) >> 10));
                append_unit(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
            }
        }
        i += (size_t)size;
    }
    str_done(&shown);
}

/* jansson has escaped what is below 0x20. */
static bool is_plain_ascii(const struct str *text)
{
    for (size_t i = 0; i < text->len; i++)
        if ((unsigned char)text->data[i] >= 0x7f)
            return false;
    return true;
}

void json_end(struct json *j, struct str *out)
{
    struct str line = STR_INIT;
    int code = json_dump_callback(j->open[0], append, &line, JSON_COMPACT | JSON_REAL_PRECISION(12));

    assert(code == 0);
    if (is_plain_ascii(&line))
        str_append(out, line.data, line.len);
    else
        append_safe(out, line.data, line.len);
    str_append_char(out, '\n');
    str_done(&line);
    json_decref(j->open[0]);
    free(j);
}

void json_add_text(struct json *j, const char *key, const char *text)
{
    if (text)
        json_add_bytes(j, key, text, strlen(text));
    else
        add(j, key, json_null());
}

static void append_base64(struct str *out, const uint8_t *p, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        unsigned group =
            (unsigned)p[i] << 16 | (left > 1 ? (unsigned)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0);
        char four[4] = {digits[group >> 18], digits[group >> 12 & 63],
            left > 1 ? digits[group >> 6 & 63] : '=', left > 2 ? digits[group & 63] : '='};

        str_append(out, four, sizeof(four));
    }
}

void json_add_bytes(struct json *j, const char *key, const void *data, size_t len)
{
    struct str text = STR_INIT, name = STR_INIT;

    if (utf8_is_valid(data, len)) {
        add(j, key, json_stringn_nocheck(len ? data : "", len));
        return;
    }
    utf8_escape(&text, data, len, UTF8_KEEP_LINES);
    add(j, key, json_stringn_nocheck(text.data, text.len));
    if (json_is_object(j->open[j->depth - 1])) {
        str_reset(&text);
        append_base64(&text, data, len);
        str_appendf(&name, "%s_base64", key);
        add(j, name.data, json_stringn_nocheck(text.data, text.len));
    }
    str_done(&text);
    str_done(&name);
}

void json_add_int(struct json *j, const char *key, int64_t number)
{
    add(j, key, json_integer(number));
}

void json_add_real(struct json *j, const char *key, double number)
{
    json_t *value = json_real(number);

    add(j, key, value ? value : json_null());
}

void json_add_bool(struct json *j, const char *key, bool value)
{
    add(j, key, json_boolean(value));
}

static void open_in(struct json *j, const char *key, json_t *value)
{
    assert(j->depth < JSON_DEPTH_MAX);
    j->open[j->depth] = add(j, key, value);
    j->depth++;
}

void json_open(struct json *j, const char *key)
{
    open_in(j, key, json_object());
}

void json_open_list(struct json *j, const char *key)
{
    open_in(j, key, json_array());
}

void json_close(struct json *j)
{
    assert(j->depth > 1);
    j->depth--;
}
