/* SPDX-License-Identifier: ISC */
#include "base/wrap.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

#define SHORT_COLUMNS 4

/* Code, bytes and columns of the character at text; of a byte that is not UTF-8, 1 and 1. */
struct character {
    uint32_t code;
    size_t len;
    size_t columns;
};

static bool is_wide(uint32_t code)
{
    return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0x303e) ||
           (code >= 0x3041 && code <= 0xa4cf) || (code >= 0xac00 && code <= 0xd7a3) ||
           (code >= 0xf900 && code <= 0xfaff) || (code >= 0xfe30 && code <= 0xfe6f) ||
           (code >= 0xff01 && code <= 0xff60) || (code >= 0xffe0 && code <= 0xffe6) ||
           (code >= 0x1f300 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd);
}

static bool is_combining(uint32_t code)
{
    return (code >= 0x0300 && code <= 0x036f) || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0xfe00 && code <= 0xfe0f);
}

static struct character character_at(const char *text)
{
    struct character c = {.code = (unsigned char)*text, .len = 1, .columns = 1};
    int len = utf8_decode(text, strnlen(text, 4), &c.code);

    if (len > 0)
        c.len = (size_t)len;
    c.columns = is_wide(c.code) ? 2 : is_combining(c.code) ? 0 : 1;
    return c;
}

size_t wrap_columns(const char *text)
{
    size_t columns = 0;

    while (*text) {
        struct character c = character_at(text);

        columns += c.columns;
        text += c.len;
    }
    return columns;
}

static bool is_one_of(uint32_t code, const char *set)
{
    while (*set) {
        struct character c = character_at(set);

        if (c.code == code)
            return true;
        set += c.len;
    }
    return false;
}

static size_t word_columns(const char *text)
{
    size_t columns = 0;

    while (*text && *text != ' ' && *text != '\n' && columns <= SHORT_COLUMNS) {
        struct character c = character_at(text);

        columns += c.columns;
        text += c.len;
    }
    return columns;
}

/* The next piece of text that no line end may go into: a word, or in Chinese one character with the
 * punctuation that clings to it. Two characters before a space stay together: they are a word, as in
 * "--exec 命令 |". */
static size_t piece(const char *text, size_t *ret_columns)
{
    bool is_short = word_columns(text) <= SHORT_COLUMNS;
    size_t len = 0, columns = 0;

    while (text[len] && text[len] != ' ' && text[len] != '\n') {
        struct character c = character_at(text + len), next;

        len += c.len;
        columns += c.columns;
        if (!text[len])
            break;
        next = character_at(text + len);
        if (!is_short && (c.columns == 2 || next.columns == 2) && !is_one_of(c.code, "（《「『【〔“‘([") &&
            !is_one_of(next.code, "，。、：；！？）》」』】〕”’…),.:;!?]"))
            break;
    }
    *ret_columns = columns;
    return len;
}

static void append_spaces(struct str *out, size_t count)
{
    while (count--)
        str_append_char(out, ' ');
}

void wrap_append(struct str *out, const char *text, size_t at, size_t indent, size_t width)
{
    size_t column = at, spaces = 0;
    bool fresh = true; /* nothing on this line yet that would justify another */

    while (*text) {
        size_t columns, len;

        if (*text == '\n') {
            str_append_char(out, '\n');
            text++;
            column = spaces = 0;
            fresh = true;
            continue;
        }
        if (*text == ' ') {
            spaces++;
            text++;
            continue;
        }
        len = piece(text, &columns);
        if (!fresh && column + spaces + columns > width) {
            str_append_char(out, '\n');
            column = spaces = 0;
        }
        if (column == 0) {
            append_spaces(out, indent);
            column = indent;
        }
        append_spaces(out, spaces);
        str_append(out, text, len);
        column += spaces + columns;
        spaces = 0;
        fresh = false;
        text += len;
    }
    str_append_char(out, '\n');
}
