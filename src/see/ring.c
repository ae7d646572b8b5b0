/* SPDX-License-Identifier: ISC */
/* Two circles: one of bytes, in which each packet lies in one piece, and one of what is known of each, which
 * grows by doubling. A packet that does not fit before the end of the bytes goes to their beginning, and the
 * end stays unused that time round. The bytes are had from the system at once; those that were never written
 * cost nothing. */
#include "see/ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "wire/pcapfile.h"

#define ENTRIES_FIRST 1024 /* a power of two */

struct entry {
    size_t offset;
    uint64_t number;
    int64_t time_ns;
    uint32_t captured_bytes, wire_bytes;
    uint16_t linktype;
};

struct ring {
    size_t max_bytes, used_bytes;
    uint8_t *bytes; /* max_bytes */
    size_t head;    /* where the next one goes */
    struct entry *entries;
    size_t first, count, room; /* room: a power of two */
    uint64_t gone;
};

struct ring *ring_new(size_t max_bytes)
{
    struct ring *r = xcalloc(1, sizeof(*r));

    r->max_bytes = max_bytes < RING_BYTES_MIN ? RING_BYTES_MIN : max_bytes;
    r->bytes = xmalloc(r->max_bytes);
    return r;
}

void ring_free(struct ring *r)
{
    if (!r)
        return;
    free(r->bytes);
    free(r->entries);
    free(r);
}

static struct entry *entry_at(const struct ring *r, size_t index)
{
    return &r->entries[(r->first + index) & (r->room - 1)];
}

/* The bytes that it takes: at least one, so that no two packets begin at the same place. */
static size_t bytes_of(uint32_t captured_bytes)
{
    return captured_bytes ? captured_bytes : 1;
}

static size_t cost_of(uint32_t captured_bytes)
{
    return bytes_of(captured_bytes) + sizeof(struct entry);
}

static void drop_oldest(struct ring *r)
{
    r->used_bytes -= cost_of(entry_at(r, 0)->captured_bytes);
    r->first = (r->first + 1) & (r->room - 1);
    r->count--;
    r->gone++;
}

/* Where so many bytes go; what lies there is dropped. */
static size_t make_place(struct ring *r, size_t bytes)
{
    for (;;) {
        size_t tail;

        if (r->count == 0)
            return 0;
        tail = entry_at(r, 0)->offset;
        if (r->head > tail) {
            /* tail ... head is in use */
            if (r->max_bytes - r->head >= bytes)
                return r->head;
            if (tail >= bytes)
                return 0;
        } else if (tail - r->head >= bytes) {
            /* head ... tail is free */
            return r->head;
        }
        drop_oldest(r);
    }
}

static void grow(struct ring *r)
{
    size_t room = r->room ? r->room * 2 : ENTRIES_FIRST;
    struct entry *entries = xreallocarray(NULL, room, sizeof(*entries));

    for (size_t i = 0; i < r->count; i++)
        entries[i] = *entry_at(r, i);
    free(r->entries);
    r->entries = entries;
    r->first = 0;
    r->room = room;
}

void ring_add(struct ring *r, const struct ring_packet *packet)
{
    size_t bytes = bytes_of(packet->captured_bytes), offset;

    assert(packet->captured_bytes <= PCAPFILE_PACKET_MAX_BYTES);
    while (r->count && r->used_bytes + cost_of(packet->captured_bytes) > r->max_bytes)
        drop_oldest(r);
    offset = make_place(r, bytes);
    if (r->count == r->room)
        grow(r);
    if (packet->captured_bytes)
        memcpy(r->bytes + offset, packet->data, packet->captured_bytes);
    r->head = offset + bytes;
    *entry_at(r, r->count++) = (struct entry){.offset = offset,
        .number = packet->number,
        .time_ns = packet->time_ns,
        .captured_bytes = packet->captured_bytes,
        .wire_bytes = packet->wire_bytes,
        .linktype = packet->linktype};
    r->used_bytes += cost_of(packet->captured_bytes);
}

size_t ring_count(const struct ring *r)
{
    return r->count;
}

void ring_at(const struct ring *r, size_t index, struct ring_packet *ret)
{
    const struct entry *e = entry_at(r, index);

    *ret = (struct ring_packet){.data = r->bytes + e->offset,
        .captured_bytes = e->captured_bytes,
        .wire_bytes = e->wire_bytes,
        .number = e->number,
        .time_ns = e->time_ns,
        .linktype = e->linktype};
}

bool ring_find(const struct ring *r, uint64_t number, struct ring_packet *ret)
{
    size_t low = 0, high = r->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (entry_at(r, middle)->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == r->count || entry_at(r, low)->number != number)
        return false;
    ring_at(r, low, ret);
    return true;
}

uint64_t ring_gone(const struct ring *r)
{
    return r->gone;
}

size_t ring_bytes(const struct ring *r)
{
    return r->used_bytes;
}
