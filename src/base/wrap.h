/* SPDX-License-Identifier: ISC */
#ifndef BASE_WRAP_H
#define BASE_WRAP_H

#include <stddef.h>

struct str;

/* Filling of help texts, English and Chinese, by the columns that they take on a terminal. Our own texts
 * only: what peers send is measured in show/, with all of Unicode. */

/* Columns of a text. */
size_t wrap_columns(const char *text);

/* Appends text in lines of at most width columns. The cursor stands at column `at` already; lines after the
 * first are indented. A newline in the text is kept, and one line feed ends it all. Chinese is broken between
 * any two characters, except that no line begins with closing punctuation or ends with an opening one. A word
 * wider than the line stands over. */
void wrap_append(struct str *out, const char *text, size_t at, size_t indent, size_t width);

#endif
