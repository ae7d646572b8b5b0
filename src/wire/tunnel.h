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
    TUNNEL_PPTP,
    TUNNEL_ERSPAN,
    TUNNEL_ETHERIP,
    TUNNEL_MPLS,
    TUNNEL_PIM,
    TUNNEL_L2TP,
    TUNNEL_GTP,
    TUNNEL_LISP,
    TUNNEL_CAPWAP,
    TUNNEL_TEREDO,
    TUNNEL_GENEVE,
};

enum tunnel_result {
    TUNNEL_OK,
    TUNNEL_CUT,
    TUNNEL_NOT, /* nothing that this decodes: what is there stays what it is */
};

/* in is at the payload of IP, of this protocol, and moves to the network header inside: *ret_link says which
 * that is, *ret_tunnel what the tunnel is called. */
enum tunnel_result tunnel_parse_ip(
    uint8_t protocol, struct cursor *in, enum tunnel *ret_tunnel, struct link *ret_link);
/* The same at the payload of a UDP datagram, by its ports. */
enum tunnel_result tunnel_parse_udp(
    uint16_t sport, uint16_t dport, struct cursor *in, enum tunnel *ret_tunnel, struct link *ret_link);
/* Could it be one? Nearly everything is not, and this costs little. */
bool tunnel_is_port(uint16_t port);
/* "GRE" */
const char *tunnel_name(enum tunnel tunnel);

#endif
