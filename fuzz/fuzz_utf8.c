/* SPDX-License-Identifier: ISC */
/* The first byte chooses flags and a length. Whatever the bytes are, what is shown must be UTF-8 without
 * anything that steers a terminal, be the same when it is escaped again, and hold every good character; a cut
 * never leaves half of one. The dump must not read past the end. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/str.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_shown(const struct str *shown, unsigned flags)
{
    struct str again = STR_INIT;
    size_t i = 0;

    while (i < shown->len) {
        uint32_t code;
        int len = utf8_decode(shown->data + i, shown->len - i, &code);

        check(len > 0);
        if (flags & UTF8_KEEP_LINES && (code == '\n' || code == '\t'))
            code = ' ';
        check(code >= 0x20 && (code < 0x7f || code >= 0xa0));
        check(code != 0x2028 && code != 0x2029 && code != 0xfeff);
        check(code < 0x202a || code > 0x202e);
        check(code < 0x2066 || code > 0x2069);
        check(code < 0xe0001 || code > 0xe007f);
        i += (size_t)len;
    }
    utf8_escape(&again, shown->data, shown->len, flags);
    check(again.len == shown->len && memcmp(again.data, shown->data, again.len) == 0);
    str_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str shown = STR_INIT, marked = STR_INIT, dump = STR_INIT, built = STR_INIT;
    unsigned flags;
    size_t max, kept, bad = 0;

    if (size < 1)
        return 0;
    flags = data[0] & 1;
    max = data[0] >> 1;
    data++;
    size--;

    utf8_escape(&shown, data, size, flags);
    check_shown(&shown, flags);
    utf8_escape_marked(&marked, data, size, flags, "", "");
    check(marked.len == shown.len && memcmp(marked.data, shown.data, shown.len) == 0);

    for (size_t i = 0; i < size;) {
        uint32_t code;
        int len = utf8_decode(data + i, size - i, &code);

        if (len > 0)
            utf8_append(&built, code);
        else
            str_append(&built, data + i, 1);
        bad += len < 0;
        i += len > 0 ? (size_t)len : 1;
    }
    check(built.len == size && (size == 0 || memcmp(built.data, data, size) == 0));
    check(utf8_is_valid(data, size) == (bad == 0));

    kept = utf8_truncate(data, size, max);
    check(kept <= size && kept <= max);
    if (bad == 0)
        check(utf8_is_valid(data, kept) && (kept == size || max - kept < 4));

    hex_dump(&dump, data, size, 0);
    check_shown(&dump, UTF8_KEEP_LINES);
    str_done(&shown);
    str_done(&marked);
    str_done(&dump);
    str_done(&built);
    return 0;
}
