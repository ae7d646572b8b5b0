/* SPDX-License-Identifier: ISC */
/* Tunnels that have a protocol number of IP. */
#include "wire/tunnel.h"

#include "wire/tunnel_private.h"

enum {
    PROTOCOL_IPIP_OLD = 94,
    PROTOCOL_ETHERIP = 97,
    PROTOCOL_PIM = 103,
    PROTOCOL_MPLS = 137,
    PROTOCOL_ETHERNET = 143,
};

enum {
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_ACK = 0x0080, /* of version 1 */
    GRE_VERSION = 0x0007
};

enum {
    GRE_PPP = 0x880b,
    GRE_ETHERNET = 0x6558, /* NVGRE, gretap */
    GRE_WCCP = 0x883e,
    GRE_ERSPAN = 0x88be,
    GRE_ERSPAN_3 = 0x22eb,
};

enum { ERSPAN_2_BYTES = 8, ERSPAN_3_BYTES = 12, ERSPAN_3_PLATFORM_BYTES = 8 };

static enum tunnel_result parse_ip_inside(struct cursor *in, struct link *ret_link)
{
    return tunnel_enter(LINKTYPE_RAW, in, ret_link);
}

/* Ports mirrored over IP (draft-foschiano-erspan). The first kind has no header and no sequence number in
 * GRE; the second and third have 8 and 12 bytes, whose first half-byte is 1 and 2, and the third says with
 * its last bit that 8 more bytes of the platform follow, and with 5 bits before what kind of frame there is:
 * 0 Ethernet, 2 IP.
 *
 *      0               2               4                               8               10              12
 *     +---------------+---------------+-------------------------------+---------------+---------------+
 *     | ver, vlan     | session       | index; in 3: timestamp        | 3: group      | 3: kind, flags|
 *     +---------------+---------------+-------------------------------+---------------+---------------+
 */
static enum tunnel_result parse_erspan(uint16_t gre_flags, struct cursor *in, struct link *ret_link)
{
    const uint8_t *head;

    if (!(gre_flags & GRE_SEQUENCE))
        return tunnel_enter(LINKTYPE_ETHERNET, in, ret_link);
    if (cursor_left(in) < 1)
        return TUNNEL_CUT;
    if (in->at[0] >> 4 == 1)
        return get_skip(in, ERSPAN_2_BYTES) ? tunnel_enter(LINKTYPE_ETHERNET, in, ret_link) : TUNNEL_CUT;
    if (in->at[0] >> 4 != 2)
        return TUNNEL_NOT;
    if (!get_bytes(in, ERSPAN_3_BYTES, &head) || (head[11] & 1 && !get_skip(in, ERSPAN_3_PLATFORM_BYTES)))
        return TUNNEL_CUT;
    switch (head[10] >> 2 & 0x1f) {
    case 0:
        return tunnel_enter(LINKTYPE_ETHERNET, in, ret_link);
    case 2:
        return parse_ip_inside(in, ret_link);
    default:
        return TUNNEL_NOT;
    }
}

/* RFC 2637, section 4.1: version 1 always has a key, of which half is the length of the payload, and has no
 * payload without a sequence number. */
static enum tunnel_result parse_pptp(uint16_t flags, uint16_t type, struct cursor *in, struct link *ret_link)
{
    if (type != GRE_PPP || !(flags & GRE_KEY))
        return TUNNEL_NOT;
    if (!get_skip(in, 4))
        return TUNNEL_CUT;
    if (!(flags & GRE_SEQUENCE))
        return TUNNEL_NOT;
    if (!get_skip(in, flags & GRE_ACK ? 8 : 4))
        return TUNNEL_CUT;
    return tunnel_enter(LINKTYPE_PPP, in, ret_link);
}

/* A cache that was sent a packet by WCCP's second version finds 4 bytes before it, which IP does not begin
 * with. */
static enum tunnel_result parse_wccp(struct cursor *in, struct link *ret_link)
{
    if (cursor_left(in) < 1)
        return TUNNEL_CUT;
    if (in->at[0] >> 4 != 4 && !get_skip(in, 4))
        return TUNNEL_CUT;
    return parse_ip_inside(in, ret_link);
}

/* RFC 2784 and 2890; checksum, key and sequence number only if the flags say so. Source routing (RFC 1701) is
 * gone and not decoded.
 *
 *      0               2               4               8               12
 *     +---------------+---------------+---------------+---------------+---------------+
 *     | C R K S  | ver| ethertype     | checksum, 0   | key           | sequence      |
 *     +---------------+---------------+---------------+---------------+---------------+
 */
static enum tunnel_result parse_gre(struct cursor *in, enum tunnel *ret_tunnel, struct link *ret_link)
{
    uint16_t flags, type;
    uint32_t unused;

    if (!get_be16(in, &flags) || !get_be16(in, &type))
        return TUNNEL_CUT;
    *ret_tunnel = TUNNEL_GRE;
    if ((flags & GRE_VERSION) == 1) {
        *ret_tunnel = TUNNEL_PPTP;
        return parse_pptp(flags, type, in, ret_link);
    }
    if (flags & (GRE_ROUTING | GRE_VERSION))
        return TUNNEL_NOT;
    if ((flags & GRE_CHECKSUM && !get_be32(in, &unused)) || (flags & GRE_KEY && !get_be32(in, &unused)) ||
        (flags & GRE_SEQUENCE && !get_be32(in, &unused)))
        return TUNNEL_CUT;
    switch (type) {
    case GRE_ETHERNET:
        return tunnel_enter(LINKTYPE_ETHERNET, in, ret_link);
    case GRE_PPP:
        return tunnel_enter(LINKTYPE_PPP, in, ret_link);
    case GRE_WCCP:
        return parse_wccp(in, ret_link);
    case GRE_ERSPAN:
    case GRE_ERSPAN_3:
        *ret_tunnel = TUNNEL_ERSPAN;
        return parse_erspan(flags, in, ret_link);
    default:
        return tunnel_enter_ethertype(type, in, ret_link);
    }
}

/* RFC 3378. */
static enum tunnel_result parse_etherip(struct cursor *in, struct link *ret_link)
{
    uint16_t version;

    if (!get_be16(in, &version))
        return TUNNEL_CUT;
    return version == 0x3000 ? tunnel_enter(LINKTYPE_ETHERNET, in, ret_link) : TUNNEL_NOT;
}

/* RFC 7761, section 4.9.3: a router sends the first packets for a group to the rendezvous point within
 * messages of the type register; those with the bit N carry none.
 *
 *     +-------+-------+---------------+-------------------------------+--------------
 *     | 2, 1  | 0     | checksum      | B, N, 0                       | packet ...
 *     +-------+-------+---------------+-------------------------------+--------------
 */
static enum tunnel_result parse_pim(struct cursor *in, struct link *ret_link)
{
    const uint8_t *head;

    if (!get_bytes(in, 8, &head))
        return TUNNEL_CUT;
    return head[0] == 0x21 && !(head[4] & 0x40) ? parse_ip_inside(in, ret_link) : TUNNEL_NOT;
}

enum tunnel_result tunnel_parse_ip(
    uint8_t protocol, struct cursor *in, enum tunnel *ret_tunnel, struct link *ret_link)
{
    switch (protocol) {
    case IP_PROTOCOL_IPV4:
    case PROTOCOL_IPIP_OLD:
        *ret_tunnel = TUNNEL_IPIP;
        return tunnel_enter_ethertype(ETHERTYPE_IPV4, in, ret_link);
    case IP_PROTOCOL_IPV6:
        *ret_tunnel = TUNNEL_IPIP;
        return tunnel_enter_ethertype(ETHERTYPE_IPV6, in, ret_link);
    case IP_PROTOCOL_GRE:
        return parse_gre(in, ret_tunnel, ret_link);
    case PROTOCOL_ETHERIP:
        *ret_tunnel = TUNNEL_ETHERIP;
        return parse_etherip(in, ret_link);
    case PROTOCOL_PIM:
        *ret_tunnel = TUNNEL_PIM;
        return parse_pim(in, ret_link);
    case PROTOCOL_MPLS:
        *ret_tunnel = TUNNEL_MPLS;
        return tunnel_enter(LINKTYPE_MPLS, in, ret_link);
    case PROTOCOL_ETHERNET:
        *ret_tunnel = TUNNEL_ETHERIP;
        return tunnel_enter(LINKTYPE_ETHERNET, in, ret_link);
    default:
        return TUNNEL_NOT;
    }
}

const char *tunnel_name(enum tunnel tunnel)
{
    static const char *const names[] = {
        [TUNNEL_IPIP] = "IP in IP",
        [TUNNEL_GRE] = "GRE",
        [TUNNEL_VXLAN] = "VXLAN",
        [TUNNEL_PPTP] = "PPTP",
        [TUNNEL_ERSPAN] = "ERSPAN",
        [TUNNEL_ETHERIP] = "Ethernet in IP",
        [TUNNEL_MPLS] = "MPLS",
        [TUNNEL_PIM] = "PIM",
        [TUNNEL_L2TP] = "L2TP",
        [TUNNEL_GTP] = "GTP",
        [TUNNEL_LISP] = "LISP",
        [TUNNEL_CAPWAP] = "CAPWAP",
        [TUNNEL_TEREDO] = "Teredo",
        [TUNNEL_GENEVE] = "GENEVE",
    };

    return names[tunnel];
}
