/* SPDX-License-Identifier: ISC */
/* Generic routing encapsulation and VXLAN. IP in IP needs no more than the protocol numbers. */
#include "wire/tunnel.h"

enum {
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_VERSION = 0x0007
};

/* Ethernet inside GRE (NVGRE, gretap). */
#define ETHERTYPE_BRIDGED 0x6558

/* RFC 2784 and 2890; checksum, key and sequence number only if the flags say so. Version 1 is PPTP's (RFC
 * 2637), and source routing (RFC 1701) is gone: neither is decoded.
 *
 *      0               2               4               8               12
 *     +---------------+---------------+---------------+---------------+---------------+
 *     | C R K S  | ver| ethertype     | checksum, 0   | key           | sequence      |
 *     +---------------+---------------+---------------+---------------+---------------+
 */
enum tunnel_result tunnel_parse_gre(struct cursor *in, struct link *ret_link)
{
    enum link_result result;
    uint16_t flags, type;
    uint32_t unused;

    if (!get_be16(in, &flags) || !get_be16(in, &type))
        return TUNNEL_CUT;
    if (flags & (GRE_ROUTING | GRE_VERSION))
        return TUNNEL_NOT;
    if ((flags & GRE_CHECKSUM && !get_be32(in, &unused)) || (flags & GRE_KEY && !get_be32(in, &unused)) ||
        (flags & GRE_SEQUENCE && !get_be32(in, &unused)))
        return TUNNEL_CUT;
    if (type == ETHERTYPE_BRIDGED) {
        result = link_parse(LINKTYPE_ETHERNET, in, ret_link);
    } else {
        *ret_link = (struct link){.ethertype = ETHERTYPE_NONE};
        result = link_parse_ethertype(type, in, ret_link);
    }
    return result == LINK_OK ? TUNNEL_OK : result == LINK_CUT ? TUNNEL_CUT : TUNNEL_NOT;
}

/* RFC 7348, section 5, then an Ethernet frame. Other programs may use the ports, so the reserved bits must be
 * as the RFC has them.
 *
 *      0               4               7       8
 *     +-------+-------+---------------+-------+
 *     | 08    | 0     | network       | 0     |
 *     +-------+-------+---------------+-------+
 */
enum tunnel_result tunnel_parse_vxlan(struct cursor *in, struct link *ret_link)
{
    enum link_result result;
    const uint8_t *head;

    if (!get_bytes(in, 8, &head))
        return TUNNEL_CUT;
    if (load_be32(head) != 0x08000000 || head[7] != 0)
        return TUNNEL_NOT;
    result = link_parse(LINKTYPE_ETHERNET, in, ret_link);
    return result == LINK_OK ? TUNNEL_OK : result == LINK_CUT ? TUNNEL_CUT : TUNNEL_NOT;
}

const char *tunnel_name(enum tunnel tunnel)
{
    switch (tunnel) {
    case TUNNEL_IPIP:
        return "IP in IP";
    case TUNNEL_GRE:
        return "GRE";
    case TUNNEL_VXLAN:
        return "VXLAN";
    case TUNNEL_NONE:
        break;
    }
    return NULL;
}
