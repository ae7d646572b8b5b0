/* SPDX-License-Identifier: ISC */
#ifndef SEE_INFLATE_H
#define SEE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A descriptor read through gunzip. Memory is fixed, whatever the bytes unpack to. */
struct inflate;

/* first: what was already read from fd, at most INFLATE_FIRST_MAX_BYTES. */
#define INFLATE_FIRST_MAX_BYTES 4096
struct inflate *inflate_new(int fd, const uint8_t *first, size_t first_bytes);
void inflate_free(struct inflate *z);
/* Like read: bytes, 0 at the end, a negative errno. -EBADMSG: what is there is not gzip, or corrupt;
 * -ENODATA: it ends before its own end. */
ssize_t inflate_read(struct inflate *z, uint8_t *data, size_t size);
/* How many bytes of the compressed file have been used. */
uint64_t inflate_offset(const struct inflate *z);

#endif
