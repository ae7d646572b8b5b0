/* SPDX-License-Identifier: ISC */
#include "show/json.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/err.h"
#include "base/i18n.h"
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
        base64_encode(&text, data, len);
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

/* ---- reading ---------------------------------------------------------------------------------------- */

struct json_object {
    json_t *root;
};

/* Looks at the brackets and commas alone, before jansson allocates anything: a line of "[[[[" or "0,0,0,"
 * takes many times its length in memory. What is no JSON in other ways passes. */
static bool is_modest(const char *line, size_t len)
{
    size_t depth = 0, values = 0;
    bool in_text = false;

    for (size_t i = 0; i < len; i++) {
        char c = line[i];

        if (in_text) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_text = false;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_READ_DEPTH)
                return false;
        } else if (c == '}' || c == ']') {
            depth -= depth > 0;
        } else if (c == ',' && ++values >= JSON_READ_VALUES) {
            return false;
        }
    }
    return true;
}

static int tell(const json_error_t *why, struct err *err)
{
    switch (json_error_code(why)) {
    case json_error_premature_end_of_input:
        return err_set(err, ERR_INPUT, -EBADMSG, _("no JSON: it ends too early"));
    case json_error_duplicate_key:
        return err_set(
            err, ERR_INPUT, -EBADMSG, _("the JSON object has a key twice (at byte %d)"), why->position);
    case json_error_invalid_utf8:
        return err_set(err, ERR_INPUT, -EBADMSG,
            _("no JSON: byte %d is not UTF-8; other bytes go into a key that ends in _base64"),
            why->position);
    case json_error_numeric_overflow:
        return err_set(err, ERR_INPUT, -EBADMSG,
            _("the JSON object has a number that is too large (at byte %d)"), why->position);
    default:
        return err_set(err, ERR_INPUT, -EBADMSG, _("no JSON: something is wrong at byte %d"), why->position);
    }
}

int json_read(const char *line, size_t len, struct json_object **ret, struct err *err)
{
    json_error_t why;
    json_t *root;

    if (len > JSON_READ_BYTES)
        return err_set(err, ERR_INPUT, -EMSGSIZE,
            _("the line of JSON is longer than %zu MiB, which is the most"), JSON_READ_BYTES >> 20);
    if (!is_modest(line, len))
        return err_set(err, ERR_INPUT, -E2BIG,
            _("the line of JSON has too much in it: %d values at most, and lists and objects at most %d "
              "deep"),
            JSON_READ_VALUES, JSON_READ_DEPTH);
    json_set_alloc_funcs(xmalloc, free);
    root = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &why);
    if (!root)
        return tell(&why, err);
    if (!json_is_object(root)) {
        json_decref(root);
        return err_set(err, ERR_INPUT, -EBADMSG, _("a JSON object is expected, as in {\"key\":\"value\"}"));
    }
    *ret = xcalloc(1, sizeof(**ret));
    (*ret)->root = root;
    return 0;
}

void json_read_free(struct json_object *o)
{
    if (!o)
        return;
    json_decref(o->root);
    free(o);
}

/* NULL: not there, and not meant to be. */
static const json_t *value_of(const struct json_object *o, const char *key)
{
    const json_t *value = json_object_get(o->root, key);

    return json_is_null(value) ? NULL : value;
}

int json_read_text(
    const struct json_object *o, const char *key, const char **ret, size_t *ret_len, struct err *err)
{
    const json_t *value = value_of(o, key);

    if (!value)
        return -ENOENT;
    if (!json_is_string(value))
        return err_set(err, ERR_INPUT, -EINVAL, _("JSON: \"%s\" should be a text"), key);
    *ret = json_string_value(value);
    *ret_len = json_string_length(value);
    return 0;
}

int json_read_bytes(const struct json_object *o, const char *key, struct str *out, struct err *err)
{
    struct str encoded = STR_INIT;
    const char *text = NULL;
    size_t len = 0;
    int code;

    str_appendf(&encoded, "%s_base64", key);
    code = json_read_text(o, encoded.data, &text, &len, err);
    if (code == 0 && base64_decode(out, text, len) < 0)
        code = err_set(err, ERR_INPUT, -EINVAL, _("JSON: \"%s\" is not base64"), encoded.data);
    str_done(&encoded);
    if (code != -ENOENT)
        return code;
    code = json_read_text(o, key, &text, &len, err);
    if (code == 0)
        str_append(out, text, len);
    return code;
}

int json_read_int(const struct json_object *o, const char *key, int64_t *ret, struct err *err)
{
    const json_t *value = value_of(o, key);

    if (!value)
        return -ENOENT;
    if (!json_is_integer(value))
        return err_set(err, ERR_INPUT, -EINVAL, _("JSON: \"%s\" should be a whole number"), key);
    *ret = json_integer_value(value);
    return 0;
}

int json_read_bool(const struct json_object *o, const char *key, bool *ret, struct err *err)
{
    const json_t *value = value_of(o, key);

    if (!value)
        return -ENOENT;
    if (!json_is_boolean(value))
        return err_set(err, ERR_INPUT, -EINVAL, _("JSON: \"%s\" should be true or false"), key);
    *ret = json_is_true(value);
    return 0;
}

static bool is_known(const char *key, const char *const *known)
{
    for (; *known; known++)
        if (strcmp(key, *known) == 0)
            return true;
    return false;
}

const char *json_read_unknown(const struct json_object *o, const char *const *known)
{
    const char *key;
    json_t *value;

    json_object_foreach(o->root, key, value) if (!is_known(key, known)) return key;
    return NULL;
}
