/* SPDX-License-Identifier: ISC */
#include "base/utf8.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"

#define ALL_BYTES(value) (UINT64_MAX / 255 * (value))

int utf8_decode(const void *data, size_t len, uint32_t *ret_code)
{
    const uint8_t *p = data;
    uint8_t lead = p[0], low = 0x80, high = 0xbf;
    uint32_t code;
    size_t want;

    assert(len > 0);
    /* Table 3-7 of the Unicode standard: only the second byte ever has a narrower range. */
    if (lead < 0x80) {
        want = 1;
        code = lead;
    } else if (lead >= 0xc2 && lead <= 0xdf) {
        want = 2;
        code = lead & 0x1f;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        want = 3;
        code = lead & 0x0f;
        if (lead == 0xe0)
            low = 0xa0;
        else if (lead == 0xed)
            high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        want = 4;
        code = lead & 0x07;
        if (lead == 0xf0)
            low = 0x90;
        else if (lead == 0xf4)
            high = 0x8f;
    } else {
        return -EILSEQ;
    }
    for (size_t i = 1; i < want; i++) {
        if (i == len)
            return -EAGAIN;
        if (p[i] < low || p[i] > high)
            return -EILSEQ;
        code = code << 6 | (p[i] & 0x3f);
        low = 0x80;
        high = 0xbf;
    }
    if (ret_code)
        *ret_code = code;
    return (int)want;
}

/* The length of the run at p that holds only printable ASCII; may stop short of its end, never past it. */
static size_t plain_run(const uint8_t *p, size_t len)
{
    size_t i = 0;

    for (; len - i >= 8; i += 8) {
        uint64_t word, no_del;

        memcpy(&word, p + i, 8);
        no_del = word ^ ALL_BYTES(0x7f);
        if ((word | (word - ALL_BYTES(0x20)) | (no_del - ALL_BYTES(0x01))) & ALL_BYTES(0x80))
            break;
    }
    while (i < len && p[i] >= 0x20 && p[i] < 0x7f)
        i++;
    return i;
}

bool utf8_is_valid(const void *data, size_t len)
{
    const uint8_t *p = data;

    for (size_t i = 0; i < len;) {
        int size;

        i += plain_run(p + i, len - i);
        if (i == len)
            break;
        size = utf8_decode(p + i, len - i, NULL);
        if (size < 0)
            return false;
        i += (size_t)size;
    }
    return true;
}

void utf8_append(struct str *out, uint32_t code)
{
    char bytes[4];
    size_t len;

    assert(code <= 0x10ffff && (code < 0xd800 || code > 0xdfff));
    if (code < 0x80) {
        bytes[0] = (char)code;
        len = 1;
    } else if (code < 0x800) {
        bytes[0] = (char)(0xc0 | code >> 6);
        len = 2;
    } else if (code < 0x10000) {
        bytes[0] = (char)(0xe0 | code >> 12);
        len = 3;
    } else {
        bytes[0] = (char)(0xf0 | code >> 18);
        len = 4;
    }
    for (size_t i = 1; i < len; i++)
        bytes[i] = (char)(0x80 | ((code >> 6 * (len - 1 - i)) & 0x3f));
    str_append(out, bytes, len);
}

size_t utf8_truncate(const void *data, size_t len, size_t max)
{
    const uint8_t *p = data;

    if (len <= max)
        return len;
    /* A character that starts in the last three bytes before the cut may reach over it. */
    for (size_t back = 1; back <= 3 && back <= max; back++) {
        int size = utf8_decode(p + max - back, len - (max - back), NULL);

        if (size > 0)
            return (size_t)size > back ? max - back : max;
    }
    return max;
}

static bool is_hidden(uint32_t code)
{
    return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0x2028 ||
           code == 0x2029 || code == 0xfeff || (code >= 0xe0001 && code <= 0xe007f);
}

static void escape_bytes(struct str *out, const uint8_t *p, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        char text[4] = {'\\', 'x', digits[p[i] >> 4], digits[p[i] & 15]};

        str_append(out, text, sizeof(text));
    }
}

void utf8_escape_marked(
    struct str *out, const void *data, size_t len, unsigned flags, const char *on, const char *off)
{
    const uint8_t *p = data;
    size_t kept = 0; /* where the bytes begin that go out as they are */
    bool marked = false;

    if (len == 0) /* data may be NULL then, and C allows no sum with that, not even + 0 */
        return;
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        size_t plain = plain_run(p + i, len - i);
        bool drop = false;
        int size;

        i += plain;
        if (i == len)
            break;
        size = utf8_decode(p + i, len - i, &code);
        if (size > 0 && code >= 0xa0 && !is_hidden(code)) {
            i += (size_t)size;
            continue;
        }
        if (flags & UTF8_KEEP_LINES && size == 1) {
            if (code == '\n' || code == '\t') {
                i++;
                continue;
            }
            drop = code == '\r' && len - i > 1 && p[i + 1] == '\n';
        }
        if (i > kept) {
            if (marked && off)
                str_append_str(out, off);
            marked = false;
            str_append(out, p + kept, i - kept);
        }
        if (!drop) {
            if (!marked && on)
                str_append_str(out, on);
            marked = true;
            if (size > 0 && is_hidden(code))
                str_appendf(out, "\\u{%04X}", (unsigned)code);
            else
                escape_bytes(out, p + i, size > 0 ? (size_t)size : 1);
        }
        i += size > 0 ? (size_t)size : 1;
        kept = i;
    }
    if (marked && off)
        str_append_str(out, off);
    str_append(out, p + kept, len - kept);
}

void utf8_escape(struct str *out, const void *data, size_t len, unsigned flags)
{
    utf8_escape_marked(out, data, len, flags, NULL, NULL);
}

bool utf8_is_plain(const void *data, size_t len)
{
    struct str escaped = STR_INIT;
    bool same;

    utf8_escape(&escaped, data, len, 0);
    same = escaped.len == len && (len == 0 || memcmp(escaped.data, data, len) == 0);
    str_done(&escaped);
    return same;
}
