/* SPDX-License-Identifier: ISC */
/* Open addressing with linear probing, at most half full. Numbers of conversations count up, so that a
 * multiplication spreads them, and nobody outside chooses them. */
#include "see/told.h"

#include <stdlib.h>

#include "base/xmalloc.h"

#define PLACES_MIN 64U

struct place {
    int64_t as_of_ns;
    uint32_t id; /* 0: free */
};

struct told {
    struct place *places;
    size_t mask; /* their number, a power of two, less one */
    size_t count;
};

struct told *told_new(void)
{
    struct told *t = xcalloc(1, sizeof(*t));

    t->mask = PLACES_MIN - 1;
    t->places = xcalloc(PLACES_MIN, sizeof(*t->places));
    return t;
}

void told_free(struct told *t)
{
    if (!t)
        return;
    free(t->places);
    free(t);
}

/* 2^32 divided by the golden ratio: neighbours come far from each other (Knuth, vol. 3, 6.4). */
static size_t home_of(const struct told *t, uint32_t id)
{
    return (size_t)((uint64_t)id * 2654435769U >> 7) & t->mask;
}

/* Where it is, or the free place where it belongs. */
static size_t find(const struct told *t, uint32_t id)
{
    size_t at = home_of(t, id);

    while (t->places[at].id && t->places[at].id != id)
        at = (at + 1) & t->mask;
    return at;
}

static void resize(struct told *t, size_t places)
{
    struct place *old = t->places;
    size_t old_places = t->mask + 1;

    t->places = xcalloc(places, sizeof(*t->places));
    t->mask = places - 1;
    for (size_t i = 0; i < old_places; i++)
        if (old[i].id)
            t->places[find(t, old[i].id)] = old[i];
    free(old);
}

bool told_already(struct told *t, uint32_t id, int64_t as_of_ns)
{
    size_t at = find(t, id);

    if (t->places[at].id && t->places[at].as_of_ns == as_of_ns)
        return true;
    if (!t->places[at].id && ++t->count > (t->mask + 1) / 2) {
        resize(t, (t->mask + 1) * 2);
        at = find(t, id);
    }
    t->places[at] = (struct place){.id = id, .as_of_ns = as_of_ns};
    return false;
}

bool told_has(const struct told *t, uint32_t id)
{
    return t->places[find(t, id)].id != 0;
}

void told_forget(struct told *t, uint32_t id)
{
    size_t hole = find(t, id), at = hole;

    if (!t->places[hole].id)
        return;
    /* Those behind that may stand in the hole move up, so that no search ends before them. */
    while (t->places[at = (at + 1) & t->mask].id) {
        size_t home = home_of(t, t->places[at].id);

        if (((at - home) & t->mask) >= ((at - hole) & t->mask)) {
            t->places[hole] = t->places[at];
            hole = at;
        }
    }
    t->places[hole].id = 0;
    t->count--;
    if (t->mask + 1 > PLACES_MIN && t->count < (t->mask + 1) / 8)
        resize(t, (t->mask + 1) / 2);
}

size_t told_count(const struct told *t)
{
    return t->count;
}
