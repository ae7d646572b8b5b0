/* SPDX-License-Identifier: ISC */
/* Where a terminal's columns go. Terminals do not agree, so this is foot's rule, which is what most of the
 * newer ones come to: a cluster takes what its characters take one by one, and never more than two columns.
 * That gives a family of three joined by ZWJ, a flag, and a thumb with its skin tone two, and an Indian
 * consonant with a spacing vowel two as well.
 *
 * Others differ. xterm knows no clusters and asks wcwidth for each character by itself. tmux 3.3 takes a ZWJ
 * sequence for one character, as we do, but gives 👍🏽 four columns and ❤️ (with U+FE0F) one; and of
 * what the C library has not heard of (U+1FAE8, with glibc 2.36) it shows nothing at all. So whoever draws,
 * and must know where the cursor is afterwards, says where it shall be (show/prompt.c) and does not count on
 * this alone.
 */
#include "show/text.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <utf8proc.h>

#include "base/str.h"
#include "base/utf8.h"

#define ZWJ 0x200d
#define EMOJI_SELECTOR 0xfe0f
#define FIRST_MARK 0x300
#define ELLIPSIS "…"

/* The character at text: its length, and its code; of a byte that is not UTF-8, 1 and -1. */
static size_t decode(const char *text, size_t len, int32_t *ret_code)
{
    uint32_t code;
    int size = utf8_decode(text, len, &code);

    if (size < 0) {
        *ret_code = -1;
        return 1;
    }
    *ret_code = (int32_t)code;
    return (size_t)size;
}

static size_t decode_before(const char *text, size_t at, int32_t *ret_code)
{
    for (size_t size = 1; size <= 4 && size <= at; size++)
        if (decode(text + at - size, size, ret_code) == size && *ret_code >= 0)
            return size;
    *ret_code = -1;
    return 1;
}

static bool is_control(int32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

static int columns_of(int32_t code)
{
    const utf8proc_property_t *property;

    if (code < FIRST_MARK)
        return 1;
    property = utf8proc_get_property(code);
    switch (property->boundclass) {
    case UTF8PROC_BOUNDCLASS_V: /* they join the syllable's first jamo; utf8proc counts them apart */
    case UTF8PROC_BOUNDCLASS_T:
        return 0;
    case UTF8PROC_BOUNDCLASS_PREPEND: /* a number sign is seen, however much it belongs to the digits */
        return 1;
    default:
        break;
    }
    switch (property->category) {
    case UTF8PROC_CATEGORY_MC: /* a mark that takes room; utf8proc says 0, no terminal does */
        return property->charwidth == 2 ? 2 : 1;
    case UTF8PROC_CATEGORY_CN: /* newer than the tables: all that came there lately is emoji */
        return code >= 0x1f300 && code <= 0x1faff ? 2 : 1;
    default:
        return property->charwidth;
    }
}

/* U+FE0F asks for the coloured picture, of what has one. */
static bool has_picture(int32_t code)
{
    return (code >= '0' && code <= '9') || code == '#' || code == '*' ||
           utf8proc_get_property(code)->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

/* A break between two characters that holds whatever comes before the first. utf8proc_grapheme_break looks at
 * two alone, and misses what needs a third: emoji joined by ZWJ, and in later versions consonants joined by a
 * mark. A control is a cluster for itself, also the \r before \n (UAX #29 joins these two): a row ends at
 * each \n. */
static bool is_break_for_sure(int32_t before, int32_t after)
{
    utf8proc_category_t category;

    if (before < 0 || after < 0 || is_control(before) || is_control(after))
        return true;
    if (before < FIRST_MARK && after < FIRST_MARK)
        return true;
    category = utf8proc_category(before);
    if (before == ZWJ || category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
        category == UTF8PROC_CATEGORY_ME)
        return false;
    return utf8proc_grapheme_break(before, after);
}

static bool is_break(int32_t before, int32_t after, int32_t *state)
{
    if (before < 0 || after < 0 || is_control(before) || is_control(after))
        return true;
    return utf8proc_grapheme_break_stateful(before, after, state);
}

size_t text_grapheme(const char *text, size_t len, int *ret_columns)
{
    int32_t before, code, state = 0;
    size_t size;
    int columns;

    assert(len > 0);
    size = decode(text, len, &before);
    columns = columns_of(before);
    /* Most of what is written: nothing below U+0300 joins. */
    if (before < FIRST_MARK && (size == len || (unsigned char)text[size] < 0x80))
        goto out;
    for (int codes = 1; codes < TEXT_GRAPHEME_CODES && size < len; codes++) {
        size_t more = decode(text + size, len - size, &code);

        if (is_break(before, code, &state))
            break;
        size += more;
        columns = code == EMOJI_SELECTOR && has_picture(before) ? 2 : columns + columns_of(code);
        before = code;
    }
out:
    if (ret_columns)
        *ret_columns = columns > 2 ? 2 : columns;
    return size;
}

/* A boundary before `at`, 1 to len, found without looking at what comes before it; clusters counted from
 * there are those counted from the beginning of the text. */
static size_t sure_boundary_before(const char *text, size_t len, size_t at)
{
    int32_t before, after;

    at -= decode_before(text, at, &after);
    while (at > 0) {
        size_t size = decode_before(text, at, &before);

        if (is_break_for_sure(before, after))
            break;
        at -= size;
        after = before;
    }
    return at;
}

size_t text_grapheme_before(const char *text, size_t len, size_t at)
{
    size_t begin, size;

    assert(at > 0 && at <= len);
    begin = sure_boundary_before(text, len, at);
    while (begin + (size = text_grapheme(text + begin, len - begin, NULL)) < at)
        begin += size;
    return begin;
}

size_t text_boundary(const char *text, size_t len, size_t at)
{
    size_t end;

    assert(at <= len);
    /* From inside a character to its end: what is before it looks like bad bytes from here. */
    for (size_t back = 1; back <= 3 && back <= at; back++) {
        int32_t code;
        size_t size = decode(text + at - back, len - at + back, &code);

        if (size > back) {
            at += size - back;
            break;
        }
    }
    if (at == 0 || at == len)
        return at;
    end = sure_boundary_before(text, len, at);
    while (end < at)
        end += text_grapheme(text + end, len - end, NULL);
    return end;
}

int text_columns(const char *text, size_t len)
{
    int columns = 0, more;

    for (size_t at = 0; at < len; columns += more)
        at += text_grapheme(text + at, len - at, &more);
    return columns;
}

size_t text_fit(const char *text, size_t len, int columns, int *ret_columns)
{
    size_t at = 0;
    int taken = 0;

    while (at < len) {
        int more;
        size_t size = text_grapheme(text + at, len - at, &more);

        if (taken + more > columns)
            break;
        at += size;
        taken += more;
    }
    *ret_columns = taken;
    return at;
}

void text_pad(struct str *out, const char *text, size_t len, int columns)
{
    int taken;
    size_t fits = text_fit(text, len, columns, &taken);

    if (fits < len && columns > 0) {
        fits = text_fit(text, len, columns - 1, &taken);
        str_append(out, text, fits);
        str_append_str(out, ELLIPSIS);
        taken++;
    } else {
        str_append(out, text, fits);
    }
    for (; taken < columns; taken++)
        str_append_char(out, ' ');
}

/* Chinese and Japanese rules (GB/T 15834, JIS X 4051): what may not begin a row, and what may not end one. A
 * quotation mark that is the same on both sides has no place in either. */
static bool is_closing(int32_t code)
{
    static const int32_t closing[] = {'!', '%', ')', ',', '.', ':', ';', '?', ']', '}', 0xb7, 0x2019, 0x201d,
        0x2025, 0x2026, 0x203c, 0x2047, 0x2048, 0x2049, 0x3001, 0x3002, 0x3005, 0x3009, 0x300b, 0x300d,
        0x300f, 0x3011, 0x3015, 0x3017, 0x3019, 0x301b, 0x301e, 0x303b, 0x309d, 0x309e, 0x30fb, 0x30fc,
        0x30fd, 0x30fe, 0xff01, 0xff05, 0xff09, 0xff0c, 0xff0e, 0xff1a, 0xff1b, 0xff1f, 0xff3d, 0xff5d,
        0xff60, 0xff61, 0xff63, 0xff64};

    for (size_t i = 0; i < sizeof(closing) / sizeof(*closing); i++)
        if (closing[i] == code)
            return true;
    return false;
}

static bool is_opening(int32_t code)
{
    static const int32_t opening[] = {'(', '[', '{', 0x2018, 0x201c, 0x3008, 0x300a, 0x300c, 0x300e, 0x3010,
        0x3014, 0x3016, 0x3018, 0x301a, 0x301d, 0xff08, 0xff3b, 0xff5b, 0xff5f, 0xff62};

    for (size_t i = 0; i < sizeof(opening) / sizeof(*opening); i++)
        if (opening[i] == code)
            return true;
    return false;
}

struct cluster {
    int32_t code; /* its first character */
    int columns;
};

static bool may_break_between(struct cluster before, struct cluster after)
{
    return (before.columns == 2 || after.columns == 2) && !is_closing(after.code) && !is_opening(before.code);
}

size_t text_row(const char *text, size_t len, size_t at, int columns, size_t *ret_next)
{
    struct cluster before = {.code = ' '};
    size_t i = at, row = at,
           next = at; /* the last place to break at: the row's end, and the next one's begin */
    bool has_word = false;
    int taken = 0;

    assert(at <= len && columns >= 2);
    while (i < len) {
        struct cluster c;
        size_t size;

        decode(text + i, len - i, &c.code);
        if (c.code == '\n') {
            *ret_next = i + 1;
            return i - at;
        }
        size = text_grapheme(text + i, len - i, &c.columns);
        /* A blank that is the first of the row, or stands in an indent, is no place to break at: nothing
         * would be on the row. */
        if (c.code == ' ' && has_word) {
            row = i;
            next = i + size;
        } else if (has_word && before.code != ' ' && may_break_between(before, c)) {
            row = next = i;
        }
        if (taken + c.columns > columns) {
            if (row == at)
                row = next = i;
            *ret_next = next;
            return row - at;
        }
        taken += c.columns;
        has_word = has_word || c.code != ' ';
        before = c;
        i += size;
    }
    *ret_next = len;
    return len - at;
}
