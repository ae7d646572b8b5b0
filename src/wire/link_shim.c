/* SPDX-License-Identifier: ISC */
/* What switches put between Ethernet and IP, beside VLAN tags: few frames have it, so it stands apart. */
#include "wire/link_private.h"

enum {
    SHIM_FABRICPATH = 0x8903,
    SHIM_CISCO_METADATA = 0x8909,
    SHIM_MACSEC = 0x88e5,
    SHIM_BACKBONE = 0x88e7,
    SHIM_VNTAG = 0x8926,
    SHIM_ETAG = 0x893f,
    SHIM_NSH = 0x894f,
    SHIM_TRILL = 0x22f3,
};

enum { NSH_IPV4 = 1, NSH_IPV6 = 2, NSH_ETHERNET = 3, NSH_NSH = 4, NSH_MPLS = 5 };

enum { MACSEC_ENCRYPTED = 0x08, MACSEC_CHANGED = 0x04, MACSEC_HAS_SCI = 0x20 };

/* So many bytes, and the last two of them are the ethertype of what follows. */
static enum link_result parse_tag(size_t bytes, unsigned depth, struct cursor *in, struct link *ret)
{
    const uint8_t *tag;

    if (!get_bytes(in, bytes, &tag))
        return LINK_CUT;
    return link_parse_ethertype_within(load_be16(tag + bytes - 2), depth + 1, in, ret);
}

/* So many bytes, and then another Ethernet frame. */
static enum link_result parse_frame(size_t bytes, unsigned depth, struct cursor *in, struct link *ret)
{
    if (!get_skip(in, bytes))
        return LINK_CUT;
    return link_parse_within(LINKTYPE_ETHERNET, depth + 1, in, ret);
}

/* IEEE 802.1AE, section 9.3. Frames that are only authenticated can be read; the check value at their end is
 * behind what IP counts.
 *
 *     +-------+-------+---------------+-----------------------+---------------
 *     | flags | short | packet number | channel, 8, if flagged| ethertype ...
 *     +-------+-------+---------------+-----------------------+---------------
 */
static enum link_result parse_macsec(unsigned depth, struct cursor *in, struct link *ret)
{
    if (cursor_left(in) < 1)
        return LINK_CUT;
    if (*in->at & (MACSEC_ENCRYPTED | MACSEC_CHANGED))
        return LINK_OK;
    return parse_tag(*in->at & MACSEC_HAS_SCI ? 16 : 8, depth, in, ret);
}

/* RFC 8300, section 2: the length is in words of 4 bytes, of the whole header.
 *
 *     +---+-------+-------+-------+-------+-----------------------+-------+---------------
 *     | ver, ttl, length  | type  | next  | path                  | index | context ...
 *     +---+-------+-------+-------+-------+-----------------------+-------+---------------
 */
static enum link_result parse_nsh(unsigned depth, struct cursor *in, struct link *ret)
{
    size_t bytes;
    uint8_t next;

    if (cursor_left(in) < 8)
        return LINK_CUT;
    bytes = (in->at[1] & 0x3fU) * 4;
    next = in->at[3];
    if (in->at[0] >> 6 != 0 || bytes < 8)
        return LINK_BAD;
    if (!get_skip(in, bytes))
        return LINK_CUT;
    switch (next) {
    case NSH_IPV4:
        ret->ethertype = ETHERTYPE_IPV4;
        return LINK_OK;
    case NSH_IPV6:
        ret->ethertype = ETHERTYPE_IPV6;
        return LINK_OK;
    case NSH_ETHERNET:
        return link_parse_within(LINKTYPE_ETHERNET, depth + 1, in, ret);
    case NSH_NSH:
        return link_parse_ethertype_within(SHIM_NSH, depth + 1, in, ret);
    case NSH_MPLS:
        return link_parse_mpls(depth + 1, in, ret);
    default:
        ret->ethertype = ETHERTYPE_NONE;
        return LINK_OK;
    }
}

/* RFC 6325, section 3: version, flags and the length of options in words of 4 bytes, hops, two nicknames;
 * then the frame as it was at the edge.
 *
 *     +---------------+---------------+---------------+--------------
 *     |v|r|m|optlen|hp| egress        | ingress       | options ...
 *     +---------------+---------------+---------------+--------------
 */
static enum link_result parse_trill(unsigned depth, struct cursor *in, struct link *ret)
{
    if (cursor_left(in) < 6)
        return LINK_CUT;
    return parse_frame(6 + (load_be16(in->at) >> 6 & 0x1fU) * 4, depth, in, ret);
}

/* The outer addresses of FabricPath stand where Ethernet's do, and the tag with its TTL behind; then the
 * whole frame as it came. Provider backbone bridges (IEEE 802.1ah) do the same with the identifier of the
 * service. */
enum link_result link_parse_shim(uint16_t ethertype, unsigned depth, struct cursor *in, struct link *ret)
{
    ret->ethertype = ethertype;
    if (depth >= LINK_DEPTH_MAX)
        return LINK_OK;
    switch (ethertype) {
    case SHIM_FABRICPATH:
        return parse_frame(2, depth, in, ret);
    case SHIM_BACKBONE:
        return parse_frame(4, depth, in, ret);
    case SHIM_CISCO_METADATA:
        return parse_tag(8, depth, in, ret);
    case SHIM_VNTAG:
        return parse_tag(6, depth, in, ret);
    case SHIM_ETAG:
        return parse_tag(8, depth, in, ret);
    case SHIM_MACSEC:
        return parse_macsec(depth, in, ret);
    case SHIM_NSH:
        return parse_nsh(depth, in, ret);
    case SHIM_TRILL:
        return parse_trill(depth, in, ret);
    default:
        return LINK_OK;
    }
}
