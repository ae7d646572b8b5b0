/* SPDX-License-Identifier: ISC */
#ifndef NET_DGRAM_OPS_H
#define NET_DGRAM_OPS_H

#include "net/dgram.h"

/* The inside of a datagram socket, for its backends (net/dgram_socket.c, net/dtls.c) alone: they embed
 * struct dgram as their first member. */
struct dgram_ops {
    int (*send)(struct dgram *d, const struct endpoint *to, const void *data, size_t len);
    /* NULL: each is sent for itself. */
    int (*send_burst)(
        struct dgram *d, const struct endpoint *to, const void *data, size_t len, size_t segment);
    void (*flush)(struct dgram *d);
    int (*fd)(const struct dgram *d);
    void (*local)(const struct dgram *d, struct endpoint *ret);
    uint64_t (*lost)(const struct dgram *d);
    void (*close)(struct dgram *d);
};

struct dgram {
    const struct dgram_ops *ops;
    struct loop *loop;
    const struct dgram_events *events;
    void *arg;
};

#endif
