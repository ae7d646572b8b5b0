/* SPDX-License-Identifier: ISC */
#include "base/hex.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "base/wrap.h"

#define LINE_BYTES 16

static bool may_be_shown(const uint8_t *p, size_t len)
{
    struct str text = STR_INIT;
    bool same;

    utf8_escape(&text, p, len, 0);
    same = text.len == len && memcmp(text.data, p, len) == 0;
    str_done(&text);
    return same;
}

/* The text beside a line of bytes. A character may reach over the end of its line: *over counts the bytes of
 * the next line that belong to it. */
static void append_text(struct str *out, const uint8_t *p, size_t line_len, size_t len, size_t *over)
{
    size_t i = *over < line_len ? *over : line_len;

    *over -= i;
    for (size_t n = i; n > 0; n--)
        str_append_char(out, ' ');
    while (i < line_len) {
        int size = utf8_decode(p + i, len - i, NULL);
        size_t bytes = size > 0 ? (size_t)size : 1, room = line_len - i, columns;

        if (size > 0 && may_be_shown(p + i, bytes)) {
            struct str one = STR_INIT;

            str_append(&one, p + i, bytes);
            columns = wrap_columns(one.data);
            str_done(&one);
            /* One of no columns would be drawn over what is before it: not worth a wrong picture. */
            if (columns > 0 && columns <= room) {
                str_append(out, p + i, bytes);
                for (; columns < bytes && columns < room; columns++)
                    str_append_char(out, ' ');
                if (bytes > room)
                    *over = bytes - room;
                i += bytes;
                continue;
            }
        }
        for (size_t n = 0; n < bytes && i < line_len; n++, i++)
            str_append_char(out, '.');
    }
}

void hex_dump(struct str *out, const void *data, size_t len, uint64_t offset)
{
    const uint8_t *p = data;
    size_t over = 0;

    for (size_t at = 0; at < len; at += LINE_BYTES) {
        size_t line_len = len - at < LINE_BYTES ? len - at : LINE_BYTES;

        str_appendf(out, "%08" PRIx64 " ", offset + at);
        for (size_t i = 0; i < LINE_BYTES; i++) {
            if (i % 8 == 0)
                str_append_char(out, ' ');
            if (i < line_len) {
                hex_encode(out, p + at + i, 1);
                str_append_char(out, ' ');
            } else {
                str_append_str(out, "   ");
            }
        }
        str_append_str(out, " |");
        append_text(out, p + at, line_len, len - at, &over);
        str_append_str(out, "|\n");
    }
}

void hex_encode(struct str *out, const void *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = data;

    str_reserve(out, 2 * len);
    for (size_t i = 0; i < len; i++) {
        char pair[2] = {digits[p[i] >> 4], digits[p[i] & 15]};

        str_append(out, pair, 2);
    }
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int hex_decode(const char *text, void *data, size_t len)
{
    uint8_t *p = data;

    for (size_t i = 0; i < len; i++) {
        int high, low;

        if (i > 0 && *text == ':')
            text++;
        high = digit(*text);
        if (high < 0)
            return -EINVAL;
        low = digit(text[1]);
        if (low < 0)
            return -EINVAL;
        p[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return *text ? -EINVAL : 0;
}
