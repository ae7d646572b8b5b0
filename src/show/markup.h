/* SPDX-License-Identifier: ISC */
#ifndef SHOW_MARKUP_H
#define SHOW_MARKUP_H

#include <stddef.h>

struct str;

/* Appends text, from whomever, as it may stand in HTML and XML, between tags and in quoted attributes: what
 * utf8_escape hides is hidden, and so are characters that XML 1.0 (section 2.2) does not have. A line feed is
 * one of those: whoever wants lines adds them one by one. */
void markup_add(struct str *out, const void *data, size_t len);
void markup_add_text(struct str *out, const char *text);

#endif
