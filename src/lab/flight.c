/* SPDX-License-Identifier: ISC */
/* A binary heap by arrival. */
#include "lab/flight.h"

#include <stdlib.h>

#include "base/xmalloc.h"

#define FIRST_CAPACITY 64

struct entry {
    int64_t due_ns;
    uint64_t order; /* of adding: equals leave as they came */
    struct airborne *packet;
};

struct flight {
    struct entry *heap;
    size_t count, capacity;
    size_t held; /* reserved ones counted */
    size_t bytes;
    uint64_t added;
};

struct flight *flight_new(void)
{
    struct flight *f = xcalloc(1, sizeof(*f));

    f->capacity = FIRST_CAPACITY;
    f->heap = xreallocarray(NULL, f->capacity, sizeof(*f->heap));
    return f;
}

void flight_free(struct flight *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++)
        free(f->heap[i].packet);
    free(f->heap);
    free(f);
}

struct airborne *flight_reserve(struct flight *f, uint32_t bytes)
{
    struct airborne *packet;

    if (f->held == FLIGHT_PACKETS_MAX || f->bytes + bytes > FLIGHT_BYTES_MAX)
        return NULL;
    packet = xmalloc(sizeof(*packet) + bytes);
    packet->bytes = bytes;
    f->held++;
    f->bytes += bytes;
    return packet;
}

void flight_drop(struct flight *f, struct airborne *packet)
{
    f->held--;
    f->bytes -= packet->bytes;
    free(packet);
}

static bool is_before(const struct entry *a, const struct entry *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

void flight_add(struct flight *f, struct airborne *packet)
{
    struct entry entry = {packet->due_ns, f->added++, packet};
    size_t at = f->count++;

    if (f->count > f->capacity) {
        f->capacity *= 2;
        f->heap = xreallocarray(f->heap, f->capacity, sizeof(*f->heap));
    }
    for (; at && is_before(&entry, &f->heap[(at - 1) / 2]); at = (at - 1) / 2)
        f->heap[at] = f->heap[(at - 1) / 2];
    f->heap[at] = entry;
}

int64_t flight_next_ns(const struct flight *f)
{
    return f->count ? f->heap[0].due_ns : INT64_MAX;
}

struct airborne *flight_take(struct flight *f, int64_t now_ns)
{
    struct airborne *first;
    struct entry last;
    size_t at = 0, child;

    if (!f->count || f->heap[0].due_ns > now_ns)
        return NULL;
    first = f->heap[0].packet;
    last = f->heap[--f->count];
    while ((child = 2 * at + 1) < f->count) {
        if (child + 1 < f->count && is_before(&f->heap[child + 1], &f->heap[child]))
            child++;
        if (!is_before(&f->heap[child], &last))
            break;
        f->heap[at] = f->heap[child];
        at = child;
    }
    if (f->count)
        f->heap[at] = last;
    return first;
}

size_t flight_count(const struct flight *f)
{
    return f->count;
}
