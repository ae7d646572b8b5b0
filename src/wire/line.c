/* SPDX-License-Identifier: ISC */
/* Cuts a stream of bytes into messages. The usual case, whole lines in what one read brought, is one memchr a
 * line and no copy; only a beginning without its end is kept, in partial.
 *
 * A CR at the very end of what has come may be half of a CRLF, so a beginning may be one byte longer than
 * max_bytes if that byte is a CR. */
#include "wire/line.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"

void line_reader_init(struct line_reader *r, size_t max_bytes)
{
    *r = (struct line_reader){.max_bytes = max_bytes};
}

void line_reader_done(struct line_reader *r)
{
    buf_done(&r->partial);
    r->given = 0;
    r->skipping = false;
}

/* What the last call handed out is done with. */
static void take_back(struct line_reader *r)
{
    if (r->given == 0)
        return;
    buf_consume(&r->partial, r->given);
    buf_trim(&r->partial);
    r->given = 0;
}

/* data[0..len) is a message, its newline just behind it. */
static enum line_result whole(const struct line_reader *r, const uint8_t *data, size_t len, struct line *ret)
{
    bool crlf = len > 0 && data[len - 1] == '\r';

    ret->data = data;
    ret->len = len - crlf;
    ret->ending = crlf ? LINE_CRLF : LINE_LF;
    return ret->len > r->max_bytes ? LINE_TOO_LONG : LINE_MESSAGE;
}

/* Can partial and data[0..len) together still be, or become, a message that is not too long? */
static bool fits(const struct line_reader *r, const uint8_t *data, size_t len)
{
    size_t sum = r->partial.len + len;

    if (sum <= r->max_bytes)
        return true;
    if (sum > r->max_bytes + 1)
        return false;
    return (len ? data[len - 1] : buf_head(&r->partial)[r->partial.len - 1]) == '\r';
}

/* How much of data ends with a whole character; bytes that are not UTF-8 are cut anywhere. */
static size_t whole_characters(const uint8_t *data, size_t len)
{
    for (size_t back = 1; back < 4 && back < len; back++)
        if (utf8_decode(data + len - back, back, NULL) == -EAGAIN)
            return len - back;
    return len;
}

/* Fills partial up to max_bytes from what has come (len: up to its newline), and hands that out. Returns how
 * much of the input it took in *ret_taken. */
static enum line_result piece(
    struct line_reader *r, const uint8_t *data, size_t len, size_t *ret_taken, struct line *ret)
{
    size_t room = r->partial.len < r->max_bytes ? r->max_bytes - r->partial.len : 0;

    *ret_taken = len < room ? len : room;
    buf_append(&r->partial, data, *ret_taken);
    r->given = whole_characters(buf_head(&r->partial), r->max_bytes);
    *ret = (struct line){.data = buf_head(&r->partial), .len = r->given, .ending = LINE_BARE};
    return LINE_PART;
}

enum line_result line_next(struct line_reader *r, const uint8_t **data, size_t *len, struct line *ret)
{
    const uint8_t *newline, *start;
    size_t part;

    take_back(r);
    if (r->skipping && *len) {
        newline = memchr(*data, '\n', *len);
        if (!newline) {
            *data += *len;
            *len = 0;
            return LINE_MORE;
        }
        *len -= (size_t)(newline + 1 - *data);
        *data = newline + 1;
        r->skipping = false;
    }
    if (*len == 0)
        return LINE_MORE;

    start = *data;
    newline = memchr(start, '\n', *len);
    part = newline ? (size_t)(newline - start) : *len;
    if (r->split && !fits(r, start, part)) {
        enum line_result result = piece(r, start, part, &part, ret);

        *data += part;
        *len -= part;
        return result;
    }
    *data += newline ? part + 1 : part;
    *len -= newline ? part + 1 : part;

    if (r->partial.len == 0 && newline)
        return whole(r, start, part, ret);
    /* The limit comes before the memory. */
    if (!fits(r, start, part)) {
        buf_done(&r->partial);
        r->skipping = !newline;
        return LINE_TOO_LONG;
    }
    buf_append(&r->partial, start, part);
    if (!newline)
        return LINE_MORE;
    r->given = r->partial.len;
    return whole(r, buf_head(&r->partial), r->partial.len, ret);
}

enum line_result line_flush(struct line_reader *r, struct line *ret)
{
    take_back(r);
    r->skipping = false;
    if (r->partial.len == 0)
        return LINE_MORE;
    if (r->split && r->partial.len > r->max_bytes) {
        size_t none;

        return piece(r, NULL, 0, &none, ret);
    }
    r->given = r->partial.len;
    if (r->partial.len > r->max_bytes)
        return LINE_TOO_LONG;
    ret->data = buf_head(&r->partial);
    ret->len = r->partial.len;
    ret->ending = LINE_BARE;
    return LINE_MESSAGE;
}

bool line_is_pending(const struct line_reader *r)
{
    return r->partial.len > r->given || r->skipping;
}

const char *line_ending_text(enum line_ending ending)
{
    switch (ending) {
    case LINE_LF:
        return "\n";
    case LINE_CRLF:
        return "\r\n";
    case LINE_BARE:
    default:
        return "";
    }
}
