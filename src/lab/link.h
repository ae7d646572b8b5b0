/* SPDX-License-Identifier: ISC */
#ifndef LAB_LINK_H
#define LAB_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "lab/hosts.h"

/* The cable, for hosts.c: what the two interfaces called LINK_NAME are, and how their packets are had. One of
 * these a backend. */

#define LINK_NAME "wire0"
#define LINK_QUEUE 10000 /* packets; with TUN's usual 500 some are lost in silence */

struct link {
    const struct link_ops *ops;
    bool has_offload;
    uint32_t mtu;
    int fds[LAB_SIDES]; /* read and written; -1: not made yet */
    int netns;          /* veth: the namespace with the other ends; -1: none */
};

struct link_ops {
    enum hosts_backend backend;
    /* Once, before attach. 0, or a negative code with err (refusal.h). */
    int (*begin)(struct link *l, struct err *err);
    /* Makes LINK_NAME in a host's namespace, in which this process is before and after. It is down. The same.
     */
    int (*attach)(struct link *l, enum lab_side side, int netns, struct err *err);
    /* As hosts_read and hosts_write. */
    int (*read)(struct link *l, enum lab_side from, struct hosts_packet *ret);
    int (*write)(struct link *l, enum lab_side to, const struct hosts_packet *packet);
};

extern const struct link_ops link_tun, link_veth;

#endif
