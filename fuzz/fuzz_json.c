/* SPDX-License-Identifier: ISC */
/* Any line is an object or an error that says so; what is read out of it is UTF-8, and what is written from
 * any bytes is read as the same bytes. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/utf8.h"
#include "show/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void read_any(const char *line, size_t len)
{
    static const char *const known[] = {"a", NULL};
    struct json_object *o = NULL;
    struct str bytes = STR_INIT;
    struct err err = {0};
    const char *text;
    int64_t number;
    size_t text_len;
    bool flag;

    if (json_read(line, len, &o, &err) < 0) {
        check(!o && err.kind == ERR_INPUT && err.text[0]);
        return;
    }
    if (json_read_text(o, "a", &text, &text_len, &err) == 0)
        check(utf8_is_valid(text, text_len) && text[text_len] == '\0');
    json_read_bytes(o, "a", &bytes, &err);
    json_read_int(o, "a", &number, &err);
    json_read_bool(o, "a", &flag, &err);
    text = json_read_unknown(o, known);
    check(!text || utf8_is_valid(text, strlen(text)));
    json_read_free(o);
    str_done(&bytes);
}

static void write_and_read(const void *data, size_t size)
{
    struct json *j = json_begin("fuzz");
    struct str line = STR_INIT, back = STR_INIT;
    struct json_object *o;

    json_add_bytes(j, "a", data, size);
    json_end(j, &line);
    check(json_read(line.data, line.len, &o, NULL) == 0);
    check(json_read_bytes(o, "a", &back, NULL) == 0);
    check(back.len == size && (size == 0 || memcmp(back.data, data, size) == 0));
    json_read_free(o);
    str_done(&line);
    str_done(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_any((const char *)data, size);
    write_and_read(data, size);
    return 0;
}
