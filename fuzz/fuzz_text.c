/* SPDX-License-Identifier: ISC */
/* The first byte is a width. Whatever the text: clusters found forwards and backwards are the same, rows hold
 * whole clusters, fit, and follow each other without losing more than the newline or blank between them. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "show/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_clusters(const char *text, size_t len)
{
    int columns = 0;

    for (size_t at = 0; at < len;) {
        int more = -1, taken;
        size_t end = at + text_grapheme(text + at, len - at, &more);

        check(end > at && end <= len && more >= 0 && more <= 2);
        check(text_boundary(text, len, at) == at);
        for (size_t inside = at + 1; inside <= end; inside++)
            check(text_boundary(text, len, inside) == end);
        check(text_grapheme_before(text, len, end) == at);
        columns += more;
        check(text_fit(text, end, columns, &taken) == end && taken == columns);
        at = end;
        if (at > 512) /* fitting from the beginning each time takes its square */
            return;
    }
    check(text_columns(text, len) == columns);
}

static void check_rows(const char *text, size_t len, int columns)
{
    size_t next;

    for (size_t at = 0; at < len; at = next) {
        size_t row = text_row(text, len, at, columns, &next);

        check(next > at && next <= len);
        check(text_columns(text + at, row) <= columns);
        check(!memchr(text + at, '\n', row));
        check(text_boundary(text, len, at + row) == at + row && text_boundary(text, len, next) == next);
        check(next == at + row || (next == at + row + 1 && text[at + row] == '\n') || text[at + row] == ' ');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str padded = STR_INIT;
    const char *text = (const char *)data + 1;
    int columns;

    if (size < 1)
        return 0;
    columns = 2 + data[0] % 64;
    size--;
    check_clusters(text, size);
    check_rows(text, size, columns);
    text_pad(&padded, text, size, columns);
    check(text_columns(padded.data, padded.len) <= columns);
    str_done(&padded);
    return 0;
}
