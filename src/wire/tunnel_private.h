/* SPDX-License-Identifier: ISC */
#ifndef WIRE_TUNNEL_PRIVATE_H
#define WIRE_TUNNEL_PRIVATE_H

#include "wire/tunnel.h"

/* tunnel.c has the tunnels that are protocols of IP, tunnel_udp.c those in datagrams. */

static inline enum tunnel_result tunnel_of_link(enum link_result result)
{
    return result == LINK_OK ? TUNNEL_OK : result == LINK_CUT ? TUNNEL_CUT : TUNNEL_NOT;
}

static inline enum tunnel_result tunnel_enter(uint16_t linktype, struct cursor *in, struct link *ret)
{
    return tunnel_of_link(link_parse(linktype, in, ret));
}

static inline enum tunnel_result tunnel_enter_ethertype(uint16_t type, struct cursor *in, struct link *ret)
{
    *ret = (struct link){.ethertype = ETHERTYPE_NONE};
    return tunnel_of_link(link_parse_ethertype(type, in, ret));
}

#endif
