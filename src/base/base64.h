/* SPDX-License-Identifier: ISC */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

struct str;

/* RFC 4648, section 4: the ordinary alphabet, with padding and without line breaks. */
void base64_encode(struct str *out, const void *data, size_t len);
/* Appends the bytes. -EINVAL, and nothing is appended, unless text is exactly what base64_encode makes of
 * some bytes: so there is one text for them, and nothing hides in unused bits (section 3.5). */
int base64_decode(struct str *out, const char *text, size_t len);

#endif
