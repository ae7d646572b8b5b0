/* SPDX-License-Identifier: ISC */
/* Up to twice as many as wanted are kept; then they are sorted and the worse half goes. From then on whoever
 * is no better than the last that stayed is turned away at the door, so the sorting is rare. */
#include "see/roster.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "see/conversation.h"

/* Small, for the sorting. The greater rank comes first, and of equal ones the smaller id. */
struct entry {
    int64_t rank;
    struct conversation *conversation;
};

struct roster {
    enum roster_order order;
    size_t limit, count, room;
    struct entry *entries;
    uint64_t taken;
    bool has_bar; /* there were more than limit: who is below rank and behind id would not stay */
    int64_t bar_rank;
    uint32_t bar_id;
};

struct roster *roster_new(enum roster_order order, size_t limit)
{
    struct roster *r = xcalloc(1, sizeof(*r));

    r->order = order;
    r->limit = limit;
    return r;
}

void roster_clear(struct roster *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->entries[i].conversation);
    r->count = 0;
    r->taken = 0;
    r->has_bar = false;
}

void roster_free(struct roster *r)
{
    if (!r)
        return;
    roster_clear(r);
    free(r->entries);
    free(r);
}

/* ---- the order ---- */

/* Every error counts more than any number of warnings. */
static int64_t gravity(const struct conversation *c)
{
    int64_t sum = 0;

    for (unsigned i = 0; i < c->finding_count; i++)
        sum += INT64_C(1) << (20 * c->findings[i].severity);
    return sum;
}

static int64_t rank_of(enum roster_order order, const struct conversation *c)
{
    switch (order) {
    case ROSTER_BY_DURATION:
        return c->last_ns - c->first_ns;
    case ROSTER_BY_BYTES:
        return (int64_t)conversation_payload(c);
    case ROSTER_BY_PACKETS:
        return (int64_t)conversation_packets(c);
    case ROSTER_BY_LOSS:
        return conversation_retransmissions(c);
    case ROSTER_BY_RTT:
        return conversation_rtt_ns(c);
    default:
        return gravity(c);
    }
}

static int compare_rank(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;

    if (a->rank != b->rank)
        return a->rank > b->rank ? -1 : 1;
    return a->conversation->id < b->conversation->id ? -1 : a->conversation->id > b->conversation->id;
}

static int compare_id(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;

    return a->conversation->id < b->conversation->id ? -1 : a->conversation->id > b->conversation->id;
}

static void sort(struct roster *r, int (*compare)(const void *, const void *))
{
    if (r->count)
        qsort(r->entries, r->count, sizeof(*r->entries), compare);
}

/* Leaves no more than are wanted. */
static void cut(struct roster *r)
{
    const struct entry *last;

    if (!r->limit || r->count <= r->limit)
        return;
    sort(r, compare_rank);
    for (size_t i = r->limit; i < r->count; i++)
        free(r->entries[i].conversation);
    r->count = r->limit;
    last = &r->entries[r->count - 1];
    r->has_bar = true;
    r->bar_rank = last->rank;
    r->bar_id = last->conversation->id;
}

static bool is_turned_away(const struct roster *r, int64_t rank, uint32_t id)
{
    return r->has_bar && (rank < r->bar_rank || (rank == r->bar_rank && id > r->bar_id));
}

void roster_take(struct roster *r, const struct conversation *c)
{
    int64_t rank = rank_of(r->order, c);

    r->taken++;
    if (is_turned_away(r, rank, c->id))
        return;
    if (r->count == r->room) {
        r->room = r->room ? r->room * 2 : 64;
        r->entries = xreallocarray(r->entries, r->room, sizeof(*r->entries));
    }
    r->entries[r->count++] = (struct entry){rank, conversation_copy(c)};
    if (r->limit && r->count >= 2 * r->limit)
        cut(r);
}

uint64_t roster_taken(const struct roster *r)
{
    return r->taken;
}

void roster_sort(struct roster *r)
{
    cut(r);
    sort(r, r->order == ROSTER_BY_START ? compare_id : compare_rank);
}

size_t roster_count(const struct roster *r)
{
    return r->count;
}

const struct conversation *roster_get(const struct roster *r, size_t index)
{
    return r->entries[index].conversation;
}
