/* SPDX-License-Identifier: ISC */
#include "base/base64.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct str *out, const void *data, size_t len)
{
    const uint8_t *p = data;

    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        unsigned group =
            (unsigned)p[i] << 16 | (left > 1 ? (unsigned)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0);
        char four[4] = {digits[group >> 18], digits[group >> 12 & 63],
            left > 1 ? digits[group >> 6 & 63] : '=', left > 2 ? digits[group & 63] : '='};

        str_append(out, four, sizeof(four));
    }
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int base64_decode(struct str *out, const char *text, size_t len)
{
    size_t before = out->len, padding = 0;

    if (len % 4 != 0)
        return -EINVAL;
    while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
        padding++;
    str_reserve(out, len / 4 * 3);
    for (size_t i = 0; i < len; i += 4) {
        size_t missing = i + 4 == len ? padding : 0;
        unsigned group = 0;
        char three[3];

        for (size_t k = 0; k < 4; k++) {
            int value = k + missing < 4 ? value_of(text[i + k]) : 0;

            if (value < 0)
                goto bad;
            group = group << 6 | (unsigned)value;
        }
        if ((missing == 1 && group & 0xff) || (missing == 2 && group & 0xffff))
            goto bad;
        three[0] = (char)(group >> 16);
        three[1] = (char)(group >> 8);
        three[2] = (char)group;
        str_append(out, three, 3 - missing);
    }
    return 0;
bad:
    out->len = before;
    out->data[before] = '\0';
    return -EINVAL;
}
