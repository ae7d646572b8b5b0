/* SPDX-License-Identifier: ISC */
#ifndef TALK_RATE_H
#define TALK_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/endpoint.h"

/* How often each source address may be answered: so many times a second, and as many at once after a second
 * of silence. The port does not count, and an IPv6 network of 64 bits is one source: whoever has one address
 * of it has them all. Memory is bounded however many sources there are: of the RATE_SOURCES remembered, one
 * that has been silent longest gives its place to a new one. */
struct rate;

#define RATE_SOURCES 16384

struct rate *rate_new(unsigned per_second); /* at least 1 */
void rate_free(struct rate *r);             /* accepts NULL */
/* One from this source, now: may it be answered? now_ms is a monotonic time. */
bool rate_take(struct rate *r, const struct endpoint *from, uint64_t now_ms);

#endif
