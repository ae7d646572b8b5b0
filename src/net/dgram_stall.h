/* SPDX-License-Identifier: ISC */
#ifndef NET_DGRAM_STALL_H
#define NET_DGRAM_STALL_H

#include <stdbool.h>
#include <stddef.h>

#include "net/endpoint.h"
#include "net/loop.h"

/* Datagrams for unix peers whose queue is full, for dgram_socket.c. A bound unix socket is writable at all
 * times, as far as poll can tell, and its peers' queues are as short as 10 datagrams. So what one peer does
 * not take now is set aside and tried again by the clock, and the other peers are not kept waiting. */
struct dgram_stall;

#define DGRAM_STALL_BYTES (256 * 1024) /* set aside for all peers together; beyond, datagrams are lost */
#define DGRAM_STALL_MS 1000            /* after which a datagram is given up */

/* lost: a datagram for to is thrown away; code -ENOBUFS if it was not taken in time, or sendmsg's. */
struct dgram_stall *dgram_stall_new(
    struct loop *loop, int fd, void (*lost)(const struct endpoint *to, int code, void *arg), void *arg);
void dgram_stall_free(struct dgram_stall *stall); /* what is set aside is lost; accepts NULL */
bool dgram_stall_is_empty(const struct dgram_stall *stall);
/* Is there any for this peer? Then a new one has to queue behind it. */
bool dgram_stall_holds(const struct dgram_stall *stall, const struct endpoint *to);
/* Sets a copy aside, or calls lost. */
void dgram_stall_add(struct dgram_stall *stall, const struct endpoint *to, const void *data, size_t len);

#endif
