/* SPDX-License-Identifier: ISC */
#include "cmd/watch_ladders.h"

#include <stdlib.h>
#include <uthash.h>

#include "base/xmalloc.h"

#undef uthash_malloc
#define uthash_malloc(size) xmalloc(size)

struct entry {
    uint32_t id;
    struct ladder *ladder;
    UT_hash_handle hh;
};

struct watch_ladders {
    struct ladder_options options;
    struct entry *entries; /* in the order in which they came, which is that of their numbers */
    struct entry *last;    /* that was looked for: most packets follow one of their own */
};

struct watch_ladders *watch_ladders_new(const struct ladder_options *options)
{
    struct watch_ladders *all = xcalloc(1, sizeof(*all));

    all->options = *options;
    return all;
}

static void drop(struct watch_ladders *all, struct entry *e)
{
    if (all->last == e)
        all->last = NULL;
    HASH_DEL(all->entries, e);
    ladder_free(e->ladder);
    free(e);
}

void watch_ladders_free(struct watch_ladders *all)
{
    struct entry *e, *next;

    if (!all)
        return;
    HASH_ITER (hh, all->entries, e, next) {
        drop(all, e);
    }
    free(all);
}

static struct entry *find(const struct watch_ladders *all, uint32_t id)
{
    struct entry *e = NULL;

    if (all->last && all->last->id == id)
        return all->last;
    HASH_FIND(hh, all->entries, &id, sizeof(id), e);
    return e;
}

void watch_ladders_add(struct watch_ladders *all, const struct followed *followed)
{
    struct entry *e = find(all, followed->conversation);

    if (!e && watch_ladders_count(all) == WATCH_LADDERS_MAX)
        return;
    if (!e) {
        e = xcalloc(1, sizeof(*e));
        e->id = followed->conversation;
        e->ladder = ladder_new(&all->options);
        HASH_ADD(hh, all->entries, id, sizeof(e->id), e);
    }
    all->last = e;
    ladder_add(e->ladder, followed, NULL);
}

void watch_ladders_end(struct watch_ladders *all, const struct conversation *c)
{
    struct entry *e = find(all, c->id);

    if (e)
        ladder_end(e->ladder, c);
}

void watch_ladders_drop(struct watch_ladders *all, uint32_t id)
{
    struct entry *e = find(all, id);

    if (e)
        drop(all, e);
}

size_t watch_ladders_count(const struct watch_ladders *all)
{
    return HASH_COUNT(all->entries);
}

const struct ladder *watch_ladders_find(const struct watch_ladders *all, uint32_t id)
{
    const struct entry *e = find(all, id);

    return e ? e->ladder : NULL;
}

const struct ladder *watch_ladders_next(struct watch_ladders *all, uint32_t id, uint32_t *ret_id)
{
    struct entry *e = id ? find(all, id) : NULL;

    for (e = id ? (e ? e->hh.next : NULL) : all->entries; e; e = e->hh.next)
        if (ladder_conversation(e->ladder)) {
            *ret_id = e->id;
            return e->ladder;
        }
    return NULL;
}
