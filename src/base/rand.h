/* SPDX-License-Identifier: ISC */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

/* Chance. Two kinds that must not be mixed up: a seeded generator (xoshiro256**), whose numbers are the same
 * for the same seed on every machine, for simulated losses, jitter and tests; and rand_bytes, the kernel's,
 * for whatever a peer must not guess. */

struct rand {
    uint64_t state[4];
};

void rand_seed(struct rand *r, uint64_t seed);
/* Seeds from the kernel. */
void rand_seed_any(struct rand *r);

uint64_t rand_next(struct rand *r);
/* Evenly from 0 to below - 1; below is at least 1. */
uint64_t rand_below(struct rand *r, uint64_t below);
/* Evenly from 0 up to, but never, 1. */
double rand_unit(struct rand *r);

/* Fills from getrandom(2): for identifiers, keys and cookies. Cannot fail: early in boot it waits. */
void rand_bytes(void *data, size_t len);

#endif
