/* SPDX-License-Identifier: ISC */
/* A token bucket for each source, in one number: the moment at which it would be full again. (Known as GCRA,
 * the generic cell rate algorithm of ITU-T I.371.) Each one taken moves that moment on by one interval; none
 * may be taken that would move it more than a second into the future.
 *
 * Sources live in sets of a few places, so that looking one up touches one cache line and nothing is ever
 * allocated. Sources are told apart by a keyed hash alone: two that share one share a bucket, which nobody
 * can bring about who does not know the key. */
#include "talk/rate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "base/xmalloc.h"

#define RATE_WAYS 4
#define RATE_SETS (RATE_SOURCES / RATE_WAYS)
#define RATE_BURST_NS UINT64_C(1000000000)

struct bucket {
    uint64_t source;  /* 0: none */
    uint64_t full_ns; /* when it is full again */
};

struct rate {
    uint64_t key, interval_ns;
    struct bucket sets[RATE_SETS][RATE_WAYS];
};

struct rate *rate_new(unsigned per_second)
{
    struct rate *r = xcalloc(1, sizeof(*r));

    assert(per_second > 0);
    r->interval_ns = per_second < RATE_BURST_NS ? RATE_BURST_NS / per_second : 1;
    rand_bytes(&r->key, sizeof(r->key));
    return r;
}

void rate_free(struct rate *r)
{
    free(r);
}

static struct bucket *find(struct rate *r, uint64_t source)
{
    struct bucket *set = r->sets[source % RATE_SETS];
    struct bucket *stalest = set;

    for (int i = 0; i < RATE_WAYS; i++) {
        if (set[i].source == source)
            return &set[i];
        if (set[i].full_ns < stalest->full_ns)
            stalest = &set[i];
    }
    *stalest = (struct bucket){.source = source};
    return stalest;
}

static uint64_t source_of(const struct rate *r, const struct endpoint *from)
{
    struct endpoint network;

    if (from->sa.sa_family != AF_INET6 || IN6_IS_ADDR_V4MAPPED(&from->in6.sin6_addr))
        return endpoint_hash_host(from, r->key);
    network = *from;
    memset(network.in6.sin6_addr.s6_addr + 8, 0, 8);
    return endpoint_hash_host(&network, r->key);
}

bool rate_take(struct rate *r, const struct endpoint *from, uint64_t now_ms)
{
    uint64_t source = source_of(r, from);
    uint64_t now_ns = (now_ms + 1) * 1000000; /* never 0, which is older than all */
    struct bucket *bucket = find(r, source ? source : 1);

    if (bucket->full_ns < now_ns)
        bucket->full_ns = now_ns;
    if (bucket->full_ns + r->interval_ns > now_ns + RATE_BURST_NS)
        return false;
    bucket->full_ns += r->interval_ns;
    return true;
}
