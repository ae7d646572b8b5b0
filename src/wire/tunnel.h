/* SPDX-License-Identifier: ISC */
#ifndef WIRE_TUNNEL_H
#define WIRE_TUNNEL_H

#include <stdint.h>

#include "wire/cursor.h"
#include "wire/ip.h"
#include "wire/link.h"

/* Packets inside packets. */
enum tunnel {
    TUNNEL_NONE,
    TUNNEL_IPIP, /* IP in IP: RFC 2003, RFC 4213 (6in4), RFC 2473 */
    TUNNEL_GRE,
    TUNNEL_VXLAN,
};

enum tunnel_result {
    TUNNEL_OK,
    TUNNEL_CUT,
    TUNNEL_NOT, /* nothing that this decodes: what is there stays what it is */
};

#define TUNNEL_VXLAN_PORT 4789
#define TUNNEL_VXLAN_PORT_OLD 8472 /* Linux, before the number was assigned */

/* in is at the payload of IP; it moves to the network header inside, *ret_link says which that is. */
enum tunnel_result tunnel_parse_gre(struct cursor *in, struct link *ret_link);
/* The same at the payload of a UDP datagram to one of the ports. */
enum tunnel_result tunnel_parse_vxlan(struct cursor *in, struct link *ret_link);
/* "GRE" */
const char *tunnel_name(enum tunnel tunnel);

#endif
