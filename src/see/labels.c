/* SPDX-License-Identifier: ISC */
/* Open addressing, never more than half full: a label lies at its number's place, or behind it before the
 * next free one. Who goes lets those behind move up, so that there are no tombstones. */
#include "see/labels.h"

#include <stdlib.h>

#include "base/xmalloc.h"

#define SLOT_BITS 17
#define SLOTS (UINT32_C(1) << SLOT_BITS)

_Static_assert(SLOTS == 2 * LABELS_MAX, "half of them are free");

struct slot {
    uint32_t number; /* 0: free */
    uint8_t label, side;
    char *text;
};

struct labels {
    struct slot *slots;
    uint32_t count;
};

struct labels *labels_new(void)
{
    struct labels *l = xcalloc(1, sizeof(*l));

    /* Zero pages, until something is put there. */
    l->slots = xcalloc(SLOTS, sizeof(*l->slots));
    return l;
}

void labels_free(struct labels *l)
{
    if (!l)
        return;
    for (uint32_t i = 0; l->count && i < SLOTS; i++)
        free(l->slots[i].text);
    free(l->slots);
    free(l);
}

/* Numbers that follow each other are spread by the golden ratio. */
static uint32_t place_of(uint32_t number)
{
    return number * UINT32_C(0x9e3779b9) >> (32 - SLOT_BITS);
}

static uint32_t next_of(uint32_t place)
{
    return (place + 1) % SLOTS;
}

/* Where it is, or the free slot where it would be. */
static struct slot *slot_of(const struct labels *l, uint32_t number)
{
    uint32_t place = place_of(number);

    while (l->slots[place].number && l->slots[place].number != number)
        place = next_of(place);
    return &l->slots[place];
}

bool labels_add(
    struct labels *l, uint32_t number, unsigned label, unsigned side, const char *text, size_t len)
{
    struct slot *slot;

    if (l->count == LABELS_MAX)
        return false;
    slot = slot_of(l, number);
    *slot = (struct slot){
        .number = number, .label = (uint8_t)label, .side = (uint8_t)side, .text = xmemdup0(text, len)};
    l->count++;
    return true;
}

bool labels_find(const struct labels *l, uint32_t number, struct found_label *ret)
{
    const struct slot *slot = slot_of(l, number);

    if (!slot->number)
        return false;
    *ret = (struct found_label){.label = slot->label, .side = slot->side, .text = slot->text};
    return true;
}

/* Fills a free place with what would be found no more behind it, and so on. */
static void move_up(struct labels *l, uint32_t free_place)
{
    for (uint32_t at = next_of(free_place); l->slots[at].number; at = next_of(at)) {
        uint32_t from_home = (at - place_of(l->slots[at].number)) % SLOTS;

        if (from_home < (at - free_place) % SLOTS)
            continue;
        l->slots[free_place] = l->slots[at];
        l->slots[at] = (struct slot){0};
        free_place = at;
    }
}

void labels_remove(struct labels *l, uint32_t number)
{
    struct slot *slot = slot_of(l, number);

    if (!slot->number)
        return;
    free(slot->text);
    *slot = (struct slot){0};
    l->count--;
    move_up(l, (uint32_t)(slot - l->slots));
}

size_t labels_count(const struct labels *l)
{
    return l->count;
}
