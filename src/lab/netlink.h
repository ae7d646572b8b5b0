/* SPDX-License-Identifier: ISC */
#ifndef LAB_NETLINK_H
#define LAB_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

/* Interfaces and addresses of the network namespace that this process is in: rtnetlink(7). Each returns 0 or
 * a negative errno. */

/* Makes a pair: `name` here, and `peer` in the namespace peer_netns, an open descriptor. */
int netlink_add_veth(const char *name, const char *peer, int peer_netns);

struct netlink_link {
    uint32_t mtu;       /* 0: as it is */
    uint32_t queue;     /* packets that may wait for the device; 0: as it is */
    const uint8_t *mac; /* 6 bytes; NULL: as it is */
    bool no_arp;        /* no neighbour is asked for: NOARP */
    bool no_multicast;  /* groups are not joined, so nothing is said about them */
    bool no_local_ipv6; /* no address is made up for it */
};

int netlink_set_link(const char *name, const struct netlink_link *link);
int netlink_up(const char *name);
/* version 4 or 6; of IPv6 duplicates are not looked for. */
int netlink_add_address(const char *name, unsigned version, const uint8_t *address, unsigned prefix_bits);

#endif
