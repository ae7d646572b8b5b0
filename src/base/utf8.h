/* SPDX-License-Identifier: ISC */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str;

/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing past U+10FFFF. */

/* Decodes the character at data; len is at least 1. Returns its length, 1 to 4; -EAGAIN when the bytes are
 * the good beginning of a character that is cut off at len; -EILSEQ when they can't be one. ret_code may be
 * NULL, and is untouched unless a length is returned. */
int utf8_decode(const void *data, size_t len, uint32_t *ret_code);

bool utf8_is_valid(const void *data, size_t len);

/* Appends the 1 to 4 bytes of a code, which must be one that UTF-8 can hold. */
void utf8_append(struct str *out, uint32_t code);

/* How many of the first max bytes may be kept so that no character is cut in two. Bytes that are not UTF-8
 * are cut anywhere. */
size_t utf8_truncate(const void *data, size_t len, size_t max);

enum utf8_flags {
    UTF8_KEEP_LINES = 1, /* \n and \t pass, \r\n becomes \n. A \r that is the last byte counts as alone. */
};

/* Appends data as it may be shown on a terminal. Whatever could steer the terminal or lie about the order of
 * the text is escaped: controls (C0, DEL, C1) and bytes that are not UTF-8 as \xHH for each byte; U+202A to
 * U+202E and U+2066 to U+2069 (text direction), U+2028, U+2029 (line ends), U+FEFF (invisible), U+E0001 to
 * U+E007F (invisible tags) as \u{202E}. All other UTF-8 is left alone, and so is a backslash: this is for
 * eyes, it can't be turned back. */
void utf8_escape(struct str *out, const void *data, size_t len, unsigned flags);
/* Whether it may be shown as it is: utf8_escape with no flags would change nothing. */
bool utf8_is_plain(const void *data, size_t len);
/* The same with texts around each run of escapes (a colour on, a colour off); either may be NULL. */
void utf8_escape_marked(
    struct str *out, const void *data, size_t len, unsigned flags, const char *on, const char *off);

#endif
