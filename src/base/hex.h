/* SPDX-License-Identifier: ISC */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

struct str;

/* Appends lines as `hexdump -C` prints them, 16 bytes each:
 *
 *     00000000  e4 bd a0 e5 a5 bd 2c 20  48 69 0a                 |你 好 , Hi.|
 *
 * A character of several bytes is shown over them; its columns are filled with spaces, so the text stays
 * under its bytes. What has no place in its line, or may not go to a terminal, is a dot for each byte. offset
 * is that of the first byte. No bytes, no lines. */
void hex_dump(struct str *out, const void *data, size_t len, uint64_t offset);

/* Appends two lower-case digits for each byte. */
void hex_encode(struct str *out, const void *data, size_t len);

/* Reads digits of either case, with colons allowed between bytes (as in fingerprints). Exactly len bytes must
 * be there, else -EINVAL; data may be half written then. */
int hex_decode(const char *text, void *data, size_t len);

#endif
