/* SPDX-License-Identifier: ISC */
#include "show/markup.h"

#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

static void add_character(struct str *out, const char *text, size_t len)
{
    switch (*text) {
    case '&':
        str_append_str(out, "&amp;");
        break;
    case '<':
        str_append_str(out, "&lt;");
        break;
    case '>':
        str_append_str(out, "&gt;");
        break;
    case '"':
        str_append_str(out, "&quot;");
        break;
    case '\'':
        str_append_str(out, "&#39;");
        break;
    default:
        str_append(out, text, len);
    }
}

void markup_add(struct str *out, const void *data, size_t len)
{
    struct str plain = STR_INIT;

    utf8_escape(&plain, data, len, 0);
    for (size_t at = 0; at < plain.len;) {
        uint32_t code = 0;
        int bytes = utf8_decode(plain.data + at, plain.len - at, &code);

        if (bytes < 1)
            break; /* never: utf8_escape leaves UTF-8 */
        if (code == 0xfffe || code == 0xffff)
            str_appendf(out, "\\u{%X}", (unsigned)code);
        else
            add_character(out, plain.data + at, (size_t)bytes);
        at += (size_t)bytes;
    }
    str_done(&plain);
}

void markup_add_text(struct str *out, const char *text)
{
    markup_add(out, text, strlen(text));
}
