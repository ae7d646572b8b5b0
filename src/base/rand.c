/* SPDX-License-Identifier: ISC */
#include "base/rand.h"

#include <assert.h>
#include <errno.h>
#include <sys/random.h>

/* xoshiro256** and splitmix64 by Blackman and Vigna (https://prng.di.unimi.it), which are in the public
 * domain; written from their description. */

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

void rand_seed(struct rand *r, uint64_t seed)
{
    /* splitmix64 spreads even a seed of 0 or 1 over all of the state. */
    for (int i = 0; i < 4; i++) {
        uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        r->state[i] = z ^ z >> 31;
    }
}

void rand_seed_any(struct rand *r)
{
    uint64_t seed;

    rand_bytes(&seed, sizeof(seed));
    rand_seed(r, seed);
}

uint64_t rand_next(struct rand *r)
{
    uint64_t *s = r->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t rand_below(struct rand *r, uint64_t below)
{
    uint64_t low, unfair;

    assert(below > 0);
    /* The numbers under 2^64 mod below would make the first results likelier: throw them away. */
    unfair = -below % below;
    do
        low = rand_next(r);
    while (low < unfair);
    return low % below;
}

double rand_unit(struct rand *r)
{
    return (double)(rand_next(r) >> 11) * 0x1p-53;
}

void rand_bytes(void *data, size_t len)
{
    uint8_t *p = data;

    while (len > 0) {
        ssize_t got = getrandom(p, len, 0);

        if (got < 0) {
            assert(errno == EINTR); /* anything else is a kernel older than getrandom */
            continue;
        }
        p += got;
        len -= (size_t)got;
    }
}
