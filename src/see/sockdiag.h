/* SPDX-License-Identifier: ISC */
#ifndef SEE_SOCKDIAG_H
#define SEE_SOCKDIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* What the kernel tells anybody of the TCP and UDP sockets in this network namespace: those that there are
 * now, and each that ceases to be. */
struct sockdiag;

struct sockdiag_socket {
    uint64_t cookie;    /* SO_COOKIE: no other socket of this boot has it */
    uint32_t inode;     /* 0: no process holds it (any more) */
    uint8_t protocol;   /* IP_PROTOCOL_TCP or IP_PROTOCOL_UDP */
    uint8_t ip_version; /* of its addresses, 4 or 6; 0: it takes either, at any address of this machine */
    bool is_listener;
    uint8_t local[16], remote[16];    /* 4 bytes of IPv4, also where the socket is one of IPv6; 0: any */
    uint16_t local_port, remote_port; /* 0: none */
};

typedef void sockdiag_take(void *arg, const struct sockdiag_socket *s);

/* 0, or a negative code with err. */
int sockdiag_new(struct sockdiag **ret, struct err *err);
void sockdiag_free(struct sockdiag *d); /* accepts NULL */
/* All that there are. 0, or a negative errno: not all could be had. */
int sockdiag_each(struct sockdiag *d, sockdiag_take *take, void *arg);
/* Readable when a socket has ceased to be. */
int sockdiag_fd(const struct sockdiag *d);
/* Those that have, as they were; never waits. -ENOBUFS: there were more than could be kept, once. */
int sockdiag_gone(struct sockdiag *d, sockdiag_take *take, void *arg);

#endif
