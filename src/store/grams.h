/* SPDX-License-Identifier: ISC */
#ifndef STORE_GRAMS_H
#define STORE_GRAMS_H

#include <stdbool.h>
#include <stddef.h>

struct str;

/* What of a text can be searched for, and how.
 *
 * A text is folded (NFKC_Casefold: case, width and the ways to write an accent make no difference) and cut
 * into pieces. Scripts that put blanks between words give words; Chinese, Japanese, Korean, Thai and the
 * like, and symbols such as emoji, give runs. Everything else parts pieces. A search finds a text when each
 * word of the query begins a word of the text, and each run of the query is somewhere in a run of the text as
 * it stands.
 *
 * For an index, pieces become tokens: a word its first GRAMS_WORD_CHARS characters, a run each two neighbours
 * and its last character. "我们去吃饭 Tomorrow" is "我们 们去 去吃 吃饭 饭 tomorrow". No token has a space,
 * ASCII punctuation or a private-use character in it, so those can be used for other things in the same
 * index. */

#define GRAMS_TEXT_BYTES ((size_t)64 * 1024) /* of a longer text only its beginning can be found */
#define GRAMS_WORD_CHARS 16
#define GRAMS_QUERY_TOKENS                                                                                   \
    64 /* an index is asked for so many; the rest of a longer query is checked after                         \
        */

/* Appends the tokens, each with a space behind it. The text may be any bytes. */
void grams_append(struct str *out, const void *text, size_t len);

struct grams_query;
/* NULL where there is nothing in the text that could be searched for. */
struct grams_query *grams_query_new(const char *text);
void grams_query_free(struct grams_query *q); /* accepts NULL */
/* Appends the query for an FTS5 table of tokens with its ascii tokenizer and prefix indexes of 1 up to
 * GRAMS_WORD_CHARS - 1 characters: no part of it needs more than a look-up. */
void grams_query_append_match(const struct grams_query *q, struct str *out);
/* Whether such an index may also give what the search does not find, so that each must be checked. */
bool grams_query_is_loose(const struct grams_query *q);
bool grams_query_holds(const struct grams_query *q, const void *text, size_t len);

#endif
