/* SPDX-License-Identifier: ISC */
/* Chinese has no blanks between words, and SQLite's own tokenizers either take a whole sentence for one word
 * (unicode61) or need three characters (trigram), where most words have two. Hence pairs of characters, made
 * here, so that the index needs to know nothing of scripts. */
#include "store/grams.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"

/* These options together are NFKC_Casefold (UAX #44), which also drops what is invisible by default. */
#define FOLDING (UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE)

enum kind { NOTHING, WORD, RUN };

struct piece {
    enum kind kind;
    const int32_t *codes;
    size_t n;
};

struct folded {
    int32_t *codes;
    size_t n;
};

struct grams_query {
    struct folded text; /* the pieces point into it */
    struct piece *pieces;
    size_t n_pieces;
};

/* Scripts that are written without blanks between words: utf8proc does not know of scripts. */
static bool is_unspaced(int32_t c)
{
    static const struct {
        int32_t first, last;
    } blocks[] = {
        {0x0e00, 0x0eff},   /* Thai, Lao */
        {0x1000, 0x109f},   /* Myanmar */
        {0x1100, 0x11ff},   /* Hangul letters */
        {0x1780, 0x17ff},   /* Khmer */
        {0x2e80, 0x2fdf},   /* Han radicals */
        {0x3005, 0x3007},   /* 々〆〇 */
        {0x3021, 0x3029},   /* Hangzhou numerals */
        {0x3031, 0x3035},   /* Kana repeat marks */
        {0x3041, 0x30fa},   /* Hiragana, Katakana */
        {0x30fc, 0x31bf},   /* Katakana's long mark; Bopomofo, Hangul letters */
        {0x31f0, 0x31ff},   /* small Katakana */
        {0x3400, 0x4dbf},   /* Han */
        {0x4e00, 0x9fff},   /* Han */
        {0xa960, 0xa97f},   /* Hangul letters */
        {0xac00, 0xd7ff},   /* Hangul */
        {0xf900, 0xfaff},   /* Han */
        {0x1aff0, 0x1b16f}, /* Kana */
        {0x20000, 0x3ffff}, /* Han */
    };

    for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++)
        if (c <= blocks[i].last)
            return c >= blocks[i].first;
    return false;
}

/* before: the kind of the character in front, which a mark belongs to. */
static enum kind kind_of(int32_t c, enum kind before)
{
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? WORD : NOTHING;
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return is_unspaced(c) ? RUN : WORD;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return before != NOTHING ? before : is_unspaced(c) ? RUN : WORD;
    case UTF8PROC_CATEGORY_SO:
        return RUN;
    case UTF8PROC_CATEGORY_SK:
        return c >= 0x1f3fb && c <= 0x1f3ff ? RUN : NOTHING; /* emoji's skin tones */
    default:
        return NOTHING;
    }
}

/* Whatever is not UTF-8 is a blank. */
static void append_clean(struct str *out, const char *text, size_t len)
{
    while (len > 0) {
        int n = utf8_decode(text, len, NULL);

        if (n > 0)
            str_append(out, text, (size_t)n);
        else
            str_append_char(out, ' ');
        n = n > 0 ? n : 1;
        text += n;
        len -= (size_t)n;
    }
}

/* Most texts of most people in the West, and every log line: three times as fast. */
static bool fold_ascii(const char *text, size_t len, struct folded *ret)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    ret->codes = xreallocarray(NULL, len + 1, sizeof(*ret->codes));
    ret->n = len;
    for (size_t i = 0; i < len; i++)
        ret->codes[i] = text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i];
    return true;
}

static void fold(const void *text, size_t len, struct folded *ret)
{
    struct str clean = STR_INIT;
    utf8proc_ssize_t n;

    len = utf8_truncate(text, len, GRAMS_TEXT_BYTES);
    if (fold_ascii(text, len, ret))
        return;
    append_clean(&clean, text, len);
    n = utf8proc_decompose(
        (const utf8proc_uint8_t *)clean.data, (utf8proc_ssize_t)clean.len, NULL, 0, FOLDING);
    assert(n >= 0); /* it is UTF-8, and short */
    ret->codes = xreallocarray(NULL, (size_t)n + 1, sizeof(*ret->codes));
    utf8proc_decompose(
        (const utf8proc_uint8_t *)clean.data, (utf8proc_ssize_t)clean.len, ret->codes, n, FOLDING);
    n = utf8proc_normalize_utf32(ret->codes, n, FOLDING);
    assert(n >= 0);
    ret->n = (size_t)n;
    str_done(&clean);
}

/* The next piece at or behind *at, which moves past it. */
static bool next_piece(const struct folded *text, size_t *at, struct piece *ret)
{
    size_t i = *at, start;
    enum kind kind = NOTHING;

    while (i < text->n && (kind = kind_of(text->codes[i], NOTHING)) == NOTHING)
        i++;
    start = i;
    while (i < text->n && kind_of(text->codes[i], kind) == kind)
        i++;
    *at = i;
    *ret = (struct piece){kind, text->codes + start, i - start};
    return i > start;
}

static void append_codes(struct str *out, const int32_t *codes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        utf8_append(out, (uint32_t)codes[i]);
}

void grams_append(struct str *out, const void *text, size_t len)
{
    struct folded folded;
    struct piece p;
    size_t at = 0;

    fold(text, len, &folded);
    while (next_piece(&folded, &at, &p)) {
        if (p.kind == WORD) {
            append_codes(out, p.codes, p.n < GRAMS_WORD_CHARS ? p.n : GRAMS_WORD_CHARS);
            str_append_char(out, ' ');
            continue;
        }
        for (size_t i = 0; i < p.n; i++) {
            append_codes(out, p.codes + i, i + 1 < p.n ? 2 : 1);
            str_append_char(out, ' ');
        }
    }
    free(folded.codes);
}

struct grams_query *grams_query_new(const char *text)
{
    struct grams_query *q = xcalloc(1, sizeof(*q));
    struct piece p;
    size_t at = 0;

    fold(text, strlen(text), &q->text);
    while (next_piece(&q->text, &at, &p)) {
        q->pieces = xreallocarray(q->pieces, q->n_pieces + 1, sizeof(*q->pieces));
        q->pieces[q->n_pieces++] = p;
    }
    if (q->n_pieces > 0)
        return q;
    grams_query_free(q);
    return NULL;
}

void grams_query_free(struct grams_query *q)
{
    if (!q)
        return;
    free(q->pieces);
    free(q->text.codes);
    free(q);
}

static void append_term(struct str *out, size_t *n, const int32_t *codes, size_t n_codes, bool is_prefix)
{
    if (*n == GRAMS_QUERY_TOKENS)
        return;
    str_append_str(out, *n == 0 ? "\"" : " AND \"");
    append_codes(out, codes, n_codes);
    str_append_str(out, is_prefix ? "\" *" : "\"");
    ++*n;
}

void grams_query_append_match(const struct grams_query *q, struct str *out)
{
    size_t n = 0;

    for (size_t i = 0; i < q->n_pieces; i++) {
        const struct piece *p = &q->pieces[i];

        if (p->kind == WORD && p->n < GRAMS_WORD_CHARS)
            append_term(out, &n, p->codes, p->n, true);
        else if (p->kind == WORD)
            append_term(out, &n, p->codes, GRAMS_WORD_CHARS, false);
        else if (p->n == 1)
            append_term(out, &n, p->codes, 1, true);
        for (size_t j = 0; p->kind == RUN && j + 1 < p->n; j++)
            append_term(out, &n, p->codes + j, 2, false);
    }
}

static bool is_mark(int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);

    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
           category == UTF8PROC_CATEGORY_ME;
}

bool grams_query_is_loose(const struct grams_query *q)
{
    if (q->n_pieces > GRAMS_QUERY_TOKENS)
        return true;
    for (size_t i = 0; i < q->n_pieces; i++) {
        const struct piece *p = &q->pieces[i];

        /* A mark with nothing in front of it is a word, but a run's tokens may begin with one. */
        if (p->n > (p->kind == WORD ? GRAMS_WORD_CHARS : 2) || (p->kind == WORD && is_mark(p->codes[0])))
            return true;
    }
    return false;
}

static bool piece_holds(const struct piece *text, const struct piece *wanted)
{
    size_t last;

    if (text->kind != wanted->kind || text->n < wanted->n)
        return false;
    last = wanted->kind == WORD ? 0 : text->n - wanted->n;
    for (size_t i = 0; i <= last; i++)
        if (memcmp(text->codes + i, wanted->codes, wanted->n * sizeof(*wanted->codes)) == 0)
            return true;
    return false;
}

static bool text_holds(const struct folded *text, const struct piece *wanted)
{
    struct piece p;
    size_t at = 0;

    while (next_piece(text, &at, &p))
        if (piece_holds(&p, wanted))
            return true;
    return false;
}

bool grams_query_holds(const struct grams_query *q, const void *text, size_t len)
{
    struct folded folded;
    bool holds = true;

    fold(text, len, &folded);
    for (size_t i = 0; holds && i < q->n_pieces; i++)
        holds = text_holds(&folded, &q->pieces[i]);
    free(folded.codes);
    return holds;
}
