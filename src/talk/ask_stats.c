/* SPDX-License-Identifier: ISC */
#include "talk/ask_stats.h"

#include <stddef.h>

/* Below 2^CLASS_BITS every ns has its class; above, each doubling has 2^CLASS_BITS of them. */
#define PER_OCTAVE (UINT64_C(1) << ASK_STATS_CLASS_BITS)

static size_t class_of(uint64_t ns)
{
    unsigned shift;

    if (ns < PER_OCTAVE)
        return (size_t)ns;
    shift = 63 - (unsigned)__builtin_clzll(ns) - ASK_STATS_CLASS_BITS;
    if (shift >= ASK_STATS_OCTAVES)
        return ASK_STATS_CLASSES - 1;
    return (size_t)(((uint64_t)(shift + 1) << ASK_STATS_CLASS_BITS) + (ns >> shift) - PER_OCTAVE);
}

/* The middle of a class. */
static uint64_t value_of(size_t class)
{
    unsigned shift;

    if (class < PER_OCTAVE)
        return class;
    shift = (unsigned)(class >> ASK_STATS_CLASS_BITS) - 1;
    return (((class & (PER_OCTAVE - 1)) + PER_OCTAVE) << shift) + ((UINT64_C(1) << shift) >> 1);
}

void ask_stats_add(struct ask_stats *s, int64_t round_trip_ns)
{
    if (round_trip_ns < 0)
        round_trip_ns = 0;
    if (s->answered == 0 || round_trip_ns < s->min_ns)
        s->min_ns = round_trip_ns;
    if (round_trip_ns > s->max_ns)
        s->max_ns = round_trip_ns;
    s->answered++;
    s->total_ns += (uint64_t)round_trip_ns;
    s->classes[class_of((uint64_t)round_trip_ns)]++;
}

int64_t ask_stats_quantile(const struct ask_stats *s, unsigned permille)
{
    /* The nearest rank, counted from 1. */
    uint64_t rank = (uint64_t)(((unsigned __int128)s->answered * permille + 999) / 1000), seen = 0;
    int64_t ns;

    if (s->answered == 0)
        return 0;
    if (rank == 0)
        rank = 1;
    for (size_t i = 0; i < ASK_STATS_CLASSES; i++) {
        seen += s->classes[i];
        if (seen >= rank) {
            ns = (int64_t)value_of(i);
            return ns < s->min_ns ? s->min_ns : ns > s->max_ns ? s->max_ns : ns;
        }
    }
    return s->max_ns;
}
