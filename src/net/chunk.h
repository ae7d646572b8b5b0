/* SPDX-License-Identifier: ISC */
#ifndef NET_CHUNK_H
#define NET_CHUNK_H

#include <stddef.h>
#include <stdint.h>

/* Bytes on their way to any number of peers, counted references. What has been written into a chunk never
 * changes; only its unused end is filled. Single-threaded, as the loop is. */
struct chunk {
    uint32_t refs;
    uint32_t len;
    uint32_t cap;
    uint8_t data[];
};

#define CHUNK_BYTES (64 * 1024 - 64) /* with malloc's header just under 64 KiB */

struct chunk *chunk_new(size_t cap); /* one reference, held by the caller */
struct chunk *chunk_ref(struct chunk *chunk);
void chunk_unref(struct chunk *chunk); /* accepts NULL */
/* Appends to *chunk, which the caller keeps between calls: starts over in it when nobody else holds it, lets
 * go of it and takes a new one when it is full. Returns the offset in *chunk
 * where the bytes are. *chunk may be NULL. len at most CHUNK_LIMIT_BYTES. */
#define CHUNK_LIMIT_BYTES (16 * 1024 * 1024)
size_t chunk_append(struct chunk **chunk, const void *data, size_t len);

#endif
