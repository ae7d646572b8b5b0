/* SPDX-License-Identifier: ISC */
#ifndef BASE_ENCODING_H
#define BASE_ENCODING_H

#include <stddef.h>

struct err;
struct str;

/* Both ways between UTF-8 and another encoding, for peers that speak GBK, Big5, Shift_JIS and the like. One
 * for each conversation: it remembers a character that was cut in two by the end of a chunk. */
struct encoding;

/* name is as `iconv -l` lists them. Fails with ERR_MISUSE when there is no such encoding. */
int encoding_new(const char *name, struct encoding **ret_encoding, struct err *err);
void encoding_free(struct encoding *e);

/* Appends as UTF-8 what a peer sent. A byte that means nothing becomes \xHH; the beginning of a character at
 * the end of data waits for the next call. */
void encoding_decode(struct encoding *e, struct str *out, const void *data, size_t len);
/* The end of a datagram or stream: what still waits was never completed, and becomes \xHH. */
void encoding_decode_end(struct encoding *e, struct str *out);

/* Appends a whole text in UTF-8 in the peer's encoding. A character that it does not have becomes \u{1F600},
 * a byte that is not UTF-8 \xHH, in the peer's encoding; returns how many did. */
size_t encoding_encode(struct encoding *e, struct str *out, const void *data, size_t len);

#endif
