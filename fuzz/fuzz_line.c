/* SPDX-License-Identifier: ISC */
/* The first byte chooses the limit and what becomes of a longer message, the second how reads cut the rest.
 * However they cut it, the messages must be the same as when all comes in one read, no longer than the limit,
 * and together with their endings what was sent, less what was too long. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "wire/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds)
        abort();
}

static void record(struct buf *told, enum line_result result, const struct line *line, size_t max)
{
    uint8_t mark = result == LINE_TOO_LONG ? 'X' : result == LINE_PART ? 'P' : (uint8_t)('0' + line->ending);

    buf_append(told, &mark, 1);
    if (result == LINE_TOO_LONG)
        return;
    check(line->len <= max);
    check(line->ending == LINE_BARE || !memchr(line->data, '\n', line->len));
    buf_append(told, line->data, line->len);
    buf_append(told, "\n", 1);
}

static void read_all(
    const uint8_t *data, size_t size, size_t max, bool split, uint32_t cuts, struct buf *told)
{
    enum line_result result;
    struct line_reader r;
    struct line line;

    line_reader_init(&r, max);
    r.split = split && max > 0;
    while (size) {
        size_t piece = size;

        if (cuts) {
            cuts = cuts * 1664525 + 1013904223;
            piece = 1 + (cuts >> 28);
            if (piece > size)
                piece = size;
        }
        size -= piece;
        while ((result = line_next(&r, &data, &piece, &line)) != LINE_MORE)
            record(told, result, &line, max);
        check(piece == 0 && r.partial.len <= max + 1);
        check(r.partial.len > 0 || r.partial.data == NULL);
    }
    while ((result = line_flush(&r, &line)) != LINE_MORE)
        record(told, result, &line, max);
    check(!line_is_pending(&r) && r.partial.data == NULL);
    line_reader_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = {0}, pieces = {0};

    if (size < 2)
        return 0;
    read_all(data + 2, size - 2, data[0] >> 1, data[0] & 1, 0, &whole);
    read_all(data + 2, size - 2, data[0] >> 1, data[0] & 1, data[1] + 1U, &pieces);
    check(whole.len == pieces.len &&
          (whole.len == 0 || memcmp(buf_head(&whole), buf_head(&pieces), whole.len) == 0));
    buf_done(&whole);
    buf_done(&pieces);
    return 0;
}
