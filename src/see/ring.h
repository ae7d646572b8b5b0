/* SPDX-License-Identifier: ISC */
#ifndef SEE_RING_H
#define SEE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Packets kept in memory, so many bytes of them: when there is no room for another one the oldest go. What a
 * live screen draws ladders from, and saves.
 *
 *     r = ring_new(64 << 20);
 *     ring_add(r, &packet);
 *     for (size_t i = 0; i < ring_count(r); i++)
 *         ring_at(r, i, &packet);
 */
struct ring;

#define RING_BYTES_DEFAULT ((size_t)64 << 20)
/* Less is not taken for a limit, so that the longest packet that there is (PCAPFILE_PACKET_MAX_BYTES) fits.
 */
#define RING_BYTES_MIN ((size_t)1 << 20)

struct ring_packet {
    const uint8_t *data;
    uint32_t captured_bytes; /* at most PCAPFILE_PACKET_MAX_BYTES */
    uint32_t wire_bytes;
    uint64_t number; /* in the capture, growing */
    int64_t time_ns;
    uint16_t linktype;
};

/* max_bytes: of all that is kept, what is known of each packet counted. */
struct ring *ring_new(size_t max_bytes);
void ring_free(struct ring *r); /* accepts NULL */
/* Copies it. Pointers that ring_at gave may be stale afterwards. */
void ring_add(struct ring *r, const struct ring_packet *packet);
size_t ring_count(const struct ring *r);
/* The oldest has index 0. data is valid until the next ring_add. */
void ring_at(const struct ring *r, size_t index, struct ring_packet *ret);
/* False: it is not there (any more). */
bool ring_find(const struct ring *r, uint64_t number, struct ring_packet *ret);
/* How many had to go so far. Index i is the packet that was added as number ring_gone + i, from 0: who goes
 * through a ring that is being added to counts so. */
uint64_t ring_gone(const struct ring *r);
size_t ring_bytes(const struct ring *r);

#endif
