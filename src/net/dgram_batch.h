/* SPDX-License-Identifier: ISC */
#ifndef NET_DGRAM_BATCH_H
#define NET_DGRAM_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/endpoint.h"

/* Taking datagrams from the kernel, many at a call, for dgram_socket.c. Decides by what arrives whether the
 * kernel shall join the datagrams of a burst (UDP_GRO). */
struct dgram_batch;

/* What one entry of a batch holds: one datagram, or several of segment bytes each (the last may be
 * shorter). Valid until the next dgram_batch_receive. */
struct dgram_arrival {
    const struct endpoint *peer;
    const uint8_t *data;
    size_t len;
    size_t segment; /* equal to len for a single one */
    bool truncated;
};

/* wildcard: note which local address was asked (endpoint.asked). fd stays the caller's. */
struct dgram_batch *dgram_batch_new(int fd, int family, bool wildcard);
void dgram_batch_free(struct dgram_batch *batch); /* accepts NULL */
/* Takes what has arrived without waiting, at most one batch. How many entries, or a negative errno. */
int dgram_batch_receive(struct dgram_batch *batch);
void dgram_batch_get(const struct dgram_batch *batch, int i, struct dgram_arrival *ret);
/* Bursts come joined at present, and answering joined pays. */
bool dgram_batch_is_joined(const struct dgram_batch *batch);

#endif
