/* SPDX-License-Identifier: ISC */
#ifndef SHOW_TEXT_H
#define SHOW_TEXT_H

#include <stddef.h>

struct str;

/* Text as a terminal lays it out: by grapheme clusters (UAX #29), each 0, 1 or 2 columns wide, measured with
 * utf8proc and not with the C library, whose tables are older than people's emoji. Bytes that are not UTF-8
 * and control characters count one column each; whoever shows text from a peer has escaped it before
 * (utf8_escape). All of it takes time that grows with the text and not faster, whatever the text is. */

/* A cluster of more characters is cut into several: no writing needs as many (the longest emoji has 10, and
 * UAX #15 allows 30 marks on a letter), and a million marks on one letter must not be one piece. */
#define TEXT_GRAPHEME_CODES 32

/* The grapheme cluster at text, len at least 1: its length in bytes, at least 1; its columns (NULL: not
 * wanted). */
size_t text_grapheme(const char *text, size_t len, int *ret_columns);
/* The one that ends at offset `at` of text, 1 to len: where it begins. */
size_t text_grapheme_before(const char *text, size_t len, size_t at);
/* The first end of a cluster at or behind offset `at`; `at` itself if that is one, or 0. */
size_t text_boundary(const char *text, size_t len, size_t at);
int text_columns(const char *text, size_t len);
/* How many of the bytes fit into so many columns, whole clusters only; *ret_columns is what they take. */
size_t text_fit(const char *text, size_t len, int columns, int *ret_columns);
/* Appends text cut to columns, "…" as its last column if something is missing, filled with spaces. */
void text_pad(struct str *out, const char *text, size_t len, int columns);

/* One row of a text that is wrapped: how many bytes from offset `at` (0 to len) stand on it: at least one
 * cluster, or none where a line is empty, at most to the next newline, which is not counted. Breaks at the
 * last blank if there is one, and beside any wide character, but never before closing punctuation or behind
 * opening punctuation; a word longer than the row is cut. *ret_next is where the next row begins: behind the
 * newline, or behind the one blank that was broken at; len at the end. columns at least 2. A text that ends
 * in a newline has no row behind it here: whoever edits shows one for the cursor. */
size_t text_row(const char *text, size_t len, size_t at, int columns, size_t *ret_next);

#endif
