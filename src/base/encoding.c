/* SPDX-License-Identifier: ISC */
#include "base/encoding.h"

#include <assert.h>
#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"

#define PENDING_MAX_BYTES 16 /* the beginning of a character, with a shift sequence before it */
#define NO_ICONV ((iconv_t)-1)

struct encoding {
    iconv_t decode, encode;
    char pending[PENDING_MAX_BYTES];
    size_t pending_len;
};

int encoding_new(const char *name, struct encoding **ret_encoding, struct err *err)
{
    struct encoding *e = xcalloc(1, sizeof(*e));

    e->decode = e->encode = NO_ICONV;
    /* iconv would take "GBK//IGNORE" too, and then drop characters in silence; and "" as the locale's. */
    if (*name && !strpbrk(name, "/,")) {
        e->decode = iconv_open("UTF-8", name);
        e->encode = iconv_open(name, "UTF-8");
    }
    if (e->decode == NO_ICONV || e->encode == NO_ICONV) {
        encoding_free(e);
        return err_set(
            err, ERR_MISUSE, -EINVAL, _("\"%s\" is no known encoding; iconv -l lists what there is"), name);
    }
    *ret_encoding = e;
    return 0;
}

void encoding_free(struct encoding *e)
{
    if (!e)
        return;
    if (e->decode != NO_ICONV)
        iconv_close(e->decode);
    if (e->encode != NO_ICONV)
        iconv_close(e->encode);
    free(e);
}

static void append_byte(struct str *out, char byte)
{
    str_appendf(out, "\\x%02x", (unsigned char)byte);
}

/* Converts as far as it goes. Returns how many bytes were taken in; *ret_why is 0 at the end of the data,
 * EINVAL where a character is cut off, EILSEQ where there is none. */
static size_t convert(iconv_t with, struct str *out, const char *data, size_t len, int *ret_why)
{
    char *in = (char *)data; /* iconv's prototype lacks a const */
    size_t left = len;

    for (;;) {
        char *to, *start;
        size_t room, result;

        str_reserve(out, left + 64);
        start = to = out->data + out->len;
        room = out->cap - out->len - 1;
        result = iconv(with, &in, &left, &to, &room);
        out->len += (size_t)(to - start);
        out->data[out->len] = '\0';
        *ret_why = result == (size_t)-1 ? errno : 0;
        if (*ret_why != E2BIG)
            return len - left;
    }
}

/* As convert, to UTF-8. glibc lets codes past U+10FFFF through, five and six bytes long as UTF-8 once had
 * them: their bytes are escaped. */
static size_t convert_to_utf8(iconv_t with, struct str *out, const char *data, size_t len, int *ret_why)
{
    size_t from = out->len, taken = convert(with, out, data, len, ret_why), size;
    char *made;

    if (utf8_is_valid(out->data + from, out->len - from))
        return taken;
    size = out->len - from;
    made = xmemdup0(out->data + from, size);
    out->len = from;
    for (size_t at = 0; at < size;) {
        int code_len = utf8_decode(made + at, size - at, NULL);

        if (code_len > 0)
            str_append(out, made + at, (size_t)code_len);
        else
            append_byte(out, made[at]);
        at += code_len > 0 ? (size_t)code_len : 1;
    }
    free(made);
    return taken;
}

/* The pending bytes and as many of data as it takes to get over them. Returns how many of data were used. */
static size_t finish_pending(struct encoding *e, struct str *out, const char *data, size_t len)
{
    size_t used = 0;

    while (e->pending_len > 0 && used < len) {
        size_t taken;
        int why;

        e->pending[e->pending_len++] = data[used++];
        taken = convert_to_utf8(e->decode, out, e->pending, e->pending_len, &why);
        if (taken == 0 && (why == EILSEQ || e->pending_len == sizeof(e->pending))) {
            append_byte(out, e->pending[0]);
            taken = 1;
        }
        e->pending_len -= taken;
        memmove(e->pending, e->pending + taken, e->pending_len);
        /* The byte that was bad may have hidden good ones: look at the rest again before taking more. */
        while (taken > 0 && e->pending_len > 0) {
            taken = convert_to_utf8(e->decode, out, e->pending, e->pending_len, &why);
            if (taken == 0 && why == EILSEQ) {
                append_byte(out, e->pending[0]);
                taken = 1;
            }
            e->pending_len -= taken;
            memmove(e->pending, e->pending + taken, e->pending_len);
        }
    }
    return used;
}

void encoding_decode(struct encoding *e, struct str *out, const void *data, size_t len)
{
    const char *p = data;
    size_t at = finish_pending(e, out, p, len);

    while (at < len) {
        int why;

        at += convert_to_utf8(e->decode, out, p + at, len - at, &why);
        if (at == len)
            break;
        if (why == EINVAL && len - at < sizeof(e->pending)) {
            e->pending_len = len - at;
            memcpy(e->pending, p + at, e->pending_len);
            break;
        }
        append_byte(out, p[at++]);
    }
}

void encoding_decode_end(struct encoding *e, struct str *out)
{
    for (size_t i = 0; i < e->pending_len; i++)
        append_byte(out, e->pending[i]);
    e->pending_len = 0;
    iconv(e->decode, NULL, NULL, NULL, NULL);
}

size_t encoding_encode(struct encoding *e, struct str *out, const void *data, size_t len)
{
    const char *p = data;
    size_t at = 0, replaced = 0;
    char *to;
    size_t room;

    while (at < len) {
        char text[16];
        uint32_t code;
        int why, size;

        at += convert(e->encode, out, p + at, len - at, &why);
        if (at == len)
            break;
        size = utf8_decode(p + at, len - at, &code);
        if (size > 0)
            snprintf(text, sizeof(text), "\\u{%04X}", (unsigned)code);
        else
            snprintf(text, sizeof(text), "\\x%02x", (unsigned char)p[at]);
        convert(e->encode, out, text, strlen(text), &why);
        at += size > 0 ? (size_t)size : 1;
        replaced++;
    }
    /* Back to the first shift state, where the encoding has any: each message stands alone. */
    str_reserve(out, 64);
    to = out->data + out->len;
    room = out->cap - out->len - 1;
    iconv(e->encode, NULL, NULL, &to, &room);
    out->len = (size_t)(to - out->data);
    out->data[out->len] = '\0';
    return replaced;
}
