/* SPDX-License-Identifier: ISC */
/* Tunnels in UDP datagrams. A port is only a hint: other programs may use it, so every fixed bit must be as
 * the RFC has it, and what is inside must be read as IP (packet.c), or the datagram is just a datagram. */
#include "wire/tunnel_private.h"

enum {
    PORT_L2TP = 1701,
    PORT_GTP = 2152,
    PORT_TEREDO = 3544,
    PORT_LISP = 4341,
    PORT_VXLAN = 4789,
    PORT_VXLAN_GPE = 4790,
    PORT_CAPWAP = 5247,
    PORT_GENEVE = 6081,
    PORT_MPLS = 6635,
    PORT_VXLAN_OLD = 8472, /* Linux, before the number was assigned */
};

enum { GTP_VERSION_1 = 0x30, GTP_EXTENSION = 0x04, GTP_SEQUENCE = 0x02, GTP_N_PDU = 0x01, GTP_PDU = 0xff };

#define GTP_EXTENSIONS_MAX 8

enum { L2TP_CONTROL = 0x8000, L2TP_LENGTH = 0x4000, L2TP_SEQUENCE = 0x0800, L2TP_OFFSET = 0x0200 };

enum { CAPWAP_NATIVE = 0x0100, CAPWAP_FRAGMENT = 0x0080, CAPWAP_KEEP_ALIVE = 0x0008 };

#define CAPWAP_WIFI 1

enum { GPE_IPV4 = 1, GPE_IPV6 = 2, GPE_ETHERNET = 3, GPE_NSH = 4, GPE_MPLS = 5 };

enum { ETHERTYPE_NSH = 0x894f, ETHERTYPE_BRIDGED = 0x6558 };

/* RFC 7348, section 5, then an Ethernet frame. Of the flags only I means something here; the group policy
 * extension uses reserved bits, and a receiver ignores them.
 *
 *      0               4               7       8
 *     +-------+-------+---------------+-------+
 *     | flags | 0     | network       | 0     |
 *     +-------+-------+---------------+-------+
 */
static enum tunnel_result parse_vxlan(struct cursor *in, struct link *ret_link)
{
    const uint8_t *head;

    if (!get_bytes(in, 8, &head))
        return TUNNEL_CUT;
    if (!(head[0] & 0x08))
        return TUNNEL_NOT;
    return tunnel_enter(LINKTYPE_ETHERNET, in, ret_link);
}

/* draft-ietf-nvo3-vxlan-gpe: the same with the flag P, and the fourth byte says what follows. */
static enum tunnel_result parse_vxlan_gpe(struct cursor *in, struct link *ret_link)
{
    const uint8_t *head;

    if (!get_bytes(in, 8, &head))
        return TUNNEL_CUT;
    if ((head[0] & 0xf4) != 0x04)
        return TUNNEL_NOT;
    switch (head[3]) {
    case GPE_IPV4:
        return tunnel_enter_ethertype(ETHERTYPE_IPV4, in, ret_link);
    case GPE_IPV6:
        return tunnel_enter_ethertype(ETHERTYPE_IPV6, in, ret_link);
    case GPE_ETHERNET:
        return tunnel_enter(LINKTYPE_ETHERNET, in, ret_link);
    case GPE_NSH:
        return tunnel_enter_ethertype(ETHERTYPE_NSH, in, ret_link);
    case GPE_MPLS:
        return tunnel_enter(LINKTYPE_MPLS, in, ret_link);
    default:
        return TUNNEL_NOT;
    }
}

/* RFC 8926, section 3.4: version 0, the length of the options in words of 4 bytes, an ethertype.
 *
 *      0       1       2               4                       7       8
 *     +--+----+-------+---------------+-----------------------+-------+--------------
 *     |v |len |O C 0  | ethertype     | network               | 0     | options ...
 *     +--+----+-------+---------------+-----------------------+-------+--------------
 */
static enum tunnel_result parse_geneve(struct cursor *in, struct link *ret_link)
{
    const uint8_t *head;
    uint16_t type;

    if (!get_bytes(in, 8, &head))
        return TUNNEL_CUT;
    if (head[0] >> 6 != 0)
        return TUNNEL_NOT;
    type = load_be16(head + 2);
    if (!get_skip(in, (head[0] & 0x3fU) * 4))
        return TUNNEL_CUT;
    return type == ETHERTYPE_BRIDGED ? tunnel_enter(LINKTYPE_ETHERNET, in, ret_link)
                                     : tunnel_enter_ethertype(type, in, ret_link);
}

/* 3GPP TS 29.281, section 5.1: the 4 bytes of sequence, N-PDU and next extension are there if one of the
 * three flags is set. Extensions (5.2) are of words of 4 bytes, the first byte says how many, the last which
 * is next. A message of the type 255 has a user's packet, which says its version itself.
 *
 *      0       1       2               4                               8               10      11      12
 *     +---+-+-+-------+---------------+-------------------------------+---------------+-------+-------+---
 *     | 1 |1| | type  | length        | tunnel                        | sequence      | N-PDU | next  |...
 *     +---+-+-+-------+---------------+-------------------------------+---------------+-------+-------+---
 */
static enum tunnel_result parse_gtp(struct cursor *in, struct link *ret_link)
{
    const uint8_t *head, *more;
    uint8_t next = 0;

    if (!get_bytes(in, 8, &head))
        return TUNNEL_CUT;
    if ((head[0] & 0xf0) != GTP_VERSION_1 || head[1] != GTP_PDU)
        return TUNNEL_NOT;
    if (head[0] & (GTP_EXTENSION | GTP_SEQUENCE | GTP_N_PDU)) {
        if (!get_bytes(in, 4, &more))
            return TUNNEL_CUT;
        next = head[0] & GTP_EXTENSION ? more[3] : 0;
    }
    for (int i = 0; next != 0; i++) {
        size_t bytes;

        if (i == GTP_EXTENSIONS_MAX)
            return TUNNEL_NOT;
        if (cursor_left(in) < 1)
            return TUNNEL_CUT;
        bytes = in->at[0] * 4U;
        if (bytes == 0)
            return TUNNEL_NOT;
        if (!get_bytes(in, bytes, &more))
            return TUNNEL_CUT;
        next = more[bytes - 1];
    }
    return tunnel_enter(LINKTYPE_RAW, in, ret_link);
}

/* RFC 2661, section 3.1: length, sequence numbers and a pad are there if the flags say so; then PPP.
 *
 *     +---------------+---------------+---------------+---------------+-------+-------+-------+--------
 *     |T L S O   ver 2| length        | tunnel        | session       | Ns    | Nr    | pad   | ...
 *     +---------------+---------------+---------------+---------------+-------+-------+-------+--------
 */
static enum tunnel_result parse_l2tp(struct cursor *in, struct link *ret_link)
{
    uint16_t flags, pad;

    if (!get_be16(in, &flags))
        return TUNNEL_CUT;
    if (flags & L2TP_CONTROL || (flags & 0x000f) != 2)
        return TUNNEL_NOT;
    if ((flags & L2TP_LENGTH && !get_skip(in, 2)) || !get_skip(in, 4) ||
        (flags & L2TP_SEQUENCE && !get_skip(in, 4)) ||
        (flags & L2TP_OFFSET && !(get_be16(in, &pad) && get_skip(in, pad))))
        return TUNNEL_CUT;
    return tunnel_enter(LINKTYPE_PPP, in, ret_link);
}

/* RFC 4380, section 5.1.1: before IPv6 may stand who asks (00 01) and where it was seen to be (00 00).
 *
 *     +-------+-------+-------+-------+------------------------------+-----------+---+
 *     | 0     | 1     | len 1 | len 2 | client, len 1; value, len 2  | nonce, 8  | 0 |
 *     +-------+-------+-------+-------+------------------------------+-----------+---+
 */
static enum tunnel_result parse_teredo(struct cursor *in, struct link *ret_link)
{
    if (cursor_left(in) < 4 || (load_be16(in->at) == 1 && !get_skip(in, 4U + in->at[2] + in->at[3] + 9)))
        return TUNNEL_CUT;
    if (cursor_left(in) >= 2 && load_be16(in->at) == 0 && !get_skip(in, 8))
        return TUNNEL_CUT;
    if (cursor_left(in) < 1)
        return TUNNEL_CUT;
    return in->at[0] >> 4 == 6 ? tunnel_enter_ethertype(ETHERTYPE_IPV6, in, ret_link) : TUNNEL_NOT;
}

/* RFC 9300, section 5.1: 8 bytes, then IP. */
static enum tunnel_result parse_lisp(struct cursor *in, struct link *ret_link)
{
    return get_skip(in, 8) ? tunnel_enter(LINKTYPE_RAW, in, ret_link) : TUNNEL_CUT;
}

/* The frame control field that Cisco's access points send has its two bytes swapped, which a data frame
 * shows: version 0, type 2, and a subtype that no flags are like. Its header is not used but for its length,
 * so the rest of a swapped one is read here. */
static enum tunnel_result parse_capwap_wifi(struct cursor *in, struct link *ret_link)
{
    size_t bytes = 24;

    if (cursor_left(in) < 2)
        return TUNNEL_CUT;
    if ((in->at[0] & 0x0f) == 0x08)
        return tunnel_enter(LINKTYPE_IEEE802_11, in, ret_link);
    if ((in->at[1] & 0x7f) != 0x08)
        return TUNNEL_NOT;
    if ((in->at[0] & 0x03) == 0x03)
        bytes += 6;
    if (in->at[1] & 0x80)
        bytes += 2;
    return get_skip(in, bytes) ? tunnel_enter(LINKTYPE_ATM_RFC1483, in, ret_link) : TUNNEL_CUT;
}

/* RFC 5415, section 4.3: the length of the header is in words of 4 bytes. What is encrypted (type 1) or in
 * pieces is left alone.
 *
 *      0       1       2       3       4               6               8
 *     +---+---+---------------+-------+---------------+---------------+--------------
 *     | 0 | 0 | len, radio, kind, flags               | fragment, offset              | options ...
 *     +---+---+---------------+-------+---------------+---------------+--------------
 */
static enum tunnel_result parse_capwap(struct cursor *in, struct link *ret_link)
{
    uint32_t word;
    size_t bytes;

    if (cursor_left(in) < 8)
        return TUNNEL_CUT;
    word = load_be32(in->at);
    bytes = (word >> 19 & 0x1f) * 4;
    if (word >> 24 != 0 || bytes < 8 || word & (CAPWAP_FRAGMENT | CAPWAP_KEEP_ALIVE))
        return TUNNEL_NOT;
    if (!get_skip(in, bytes))
        return TUNNEL_CUT;
    if (!(word & CAPWAP_NATIVE))
        return tunnel_enter(LINKTYPE_ETHERNET, in, ret_link);
    return (word >> 9 & 0x1f) == CAPWAP_WIFI ? parse_capwap_wifi(in, ret_link) : TUNNEL_NOT;
}

/* RFC 7510. */
static enum tunnel_result parse_mpls(struct cursor *in, struct link *ret_link)
{
    return tunnel_enter(LINKTYPE_MPLS, in, ret_link);
}

bool tunnel_is_port(uint16_t port)
{
    switch (port) {
    case PORT_L2TP:
    case PORT_GTP:
    case PORT_TEREDO:
    case PORT_LISP:
    case PORT_VXLAN:
    case PORT_VXLAN_GPE:
    case PORT_CAPWAP:
    case PORT_GENEVE:
    case PORT_MPLS:
    case PORT_VXLAN_OLD:
        return true;
    default:
        return false;
    }
}

enum tunnel_result tunnel_parse_udp(
    uint16_t sport, uint16_t dport, struct cursor *in, enum tunnel *ret_tunnel, struct link *ret_link)
{
    static const struct {
        uint16_t port;
        bool both_ways; /* the port is the source's, too, when it answers */
        enum tunnel tunnel;
        enum tunnel_result (*parse)(struct cursor *in, struct link *ret_link);
    } tunnels[] = {
        {PORT_L2TP, true, TUNNEL_L2TP, parse_l2tp},
        {PORT_GTP, true, TUNNEL_GTP, parse_gtp},
        {PORT_TEREDO, true, TUNNEL_TEREDO, parse_teredo},
        {PORT_LISP, false, TUNNEL_LISP, parse_lisp},
        {PORT_VXLAN, false, TUNNEL_VXLAN, parse_vxlan},
        {PORT_VXLAN_GPE, false, TUNNEL_VXLAN, parse_vxlan_gpe},
        {PORT_CAPWAP, true, TUNNEL_CAPWAP, parse_capwap},
        {PORT_GENEVE, false, TUNNEL_GENEVE, parse_geneve},
        {PORT_MPLS, false, TUNNEL_MPLS, parse_mpls},
        {PORT_VXLAN_OLD, false, TUNNEL_VXLAN, parse_vxlan},
    };

    for (size_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++)
        if (tunnels[i].port == dport || (tunnels[i].both_ways && tunnels[i].port == sport)) {
            *ret_tunnel = tunnels[i].tunnel;
            return tunnels[i].parse(in, ret_link);
        }
    return TUNNEL_NOT;
}
