/* SPDX-License-Identifier: ISC */
/* From the first byte of a frame to its network header. Everything comes down to an ethertype, and what may
 * stand between that and IP (VLAN tags, SNAP, PPPoE, MPLS) is taken off in one place, whichever link it came
 * over. */
#include "wire/link.h"

#include "wire/link_private.h"

enum {
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_QINQ = 0x88a8,
    ETHERTYPE_QINQ_OLD = 0x9100,
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_MPLS_MULTICAST = 0x8848,
    ETHERTYPE_PPPOE = 0x8864,
    /* Linux' own for 802.3 frames in a cooked capture (linux/if_ether.h, ETH_P_802_2). */
    ETHERTYPE_SLL_LLC = 0x0004,
};

/* The organization 00 00 f8 of SNAP: IEEE 802.1H. */
#define SNAP_BRIDGED 0xf8

enum { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057 };

/* Addresses 6 bytes each, then the type. */
#define ETHERNET_BYTES 14
#define SLL_BYTES 16
#define SLL2_BYTES 20

/* The first half-byte of an IP header. */
enum link_result link_parse_ip(struct cursor *in, struct link *ret)
{
    if (cursor_left(in) == 0)
        return LINK_CUT;
    if (*in->at >> 4 == 4)
        ret->ethertype = ETHERTYPE_IPV4;
    else if (*in->at >> 4 == 6)
        ret->ethertype = ETHERTYPE_IPV6;
    else
        return LINK_BAD;
    return LINK_OK;
}

static enum link_result parse_one_version(uint16_t ethertype, struct cursor *in, struct link *ret)
{
    enum link_result result = link_parse_ip(in, ret);

    return result == LINK_OK && ret->ethertype != ethertype ? LINK_BAD : result;
}

/* RFC 1661 and 1662: the protocol is of two bytes, or of one if that is odd; before it may stand an address
 * and a control byte that never change. */
static enum link_result parse_ppp_protocol(struct cursor *in, struct link *ret)
{
    uint16_t protocol;
    uint8_t first;

    if (!get_u8(in, &first))
        return LINK_CUT;
    protocol = first;
    if (!(first & 1)) {
        uint8_t second;

        if (!get_u8(in, &second))
            return LINK_CUT;
        protocol = (uint16_t)(first << 8 | second);
    }
    ret->ethertype = protocol == PPP_IPV4   ? ETHERTYPE_IPV4
                     : protocol == PPP_IPV6 ? ETHERTYPE_IPV6
                                            : ETHERTYPE_NONE;
    return LINK_OK;
}

/* PPP over Ethernet (RFC 2516, section 4) in a session:
 *
 *     +---+---+-------+---------------+---------------+--------------
 *     | 1 | 1 | code  | session       | length        | PPP protocol ...
 *     +---+---+-------+---------------+---------------+--------------
 */
enum link_result link_parse_pppoe(struct cursor *in, struct link *ret)
{
    const uint8_t *head;

    if (!get_bytes(in, 6, &head))
        return LINK_CUT;
    if (head[0] != 0x11 || head[1] != 0)
        return LINK_BAD;
    return parse_ppp_protocol(in, ret);
}

/* Labels of 4 bytes, the last one marked (RFC 3032). Nothing says what follows: IP tells by its first half
 * byte, and 0 there begins the control word of a pseudowire (RFC 4385, section 3), behind which comes what
 * the ends have agreed on, mostly Ethernet (RFC 4448): taken for that if the type in it is IP's or a tag's.
 */
enum link_result link_parse_mpls(unsigned depth, struct cursor *in, struct link *ret)
{
    uint32_t label = 0;

    ret->ethertype = ETHERTYPE_NONE;
    for (int i = 0; i < LINK_TAGS_MAX; i++) {
        if (!get_be32(in, &label))
            return LINK_CUT;
        if (label & 0x100) {
            if (depth < LINK_DEPTH_MAX && cursor_left(in) >= 4 + ETHERNET_BYTES &&
                load_be32(in->at) >> 16 == 0) {
                uint16_t type = load_be16(in->at + 4 + 12);

                if (type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6 || type == ETHERTYPE_VLAN) {
                    in->at += 4;
                    return link_parse_within(LINKTYPE_ETHERNET, depth + 1, in, ret);
                }
            }
            return link_parse_ip(in, ret) == LINK_CUT ? LINK_CUT : LINK_OK;
        }
    }
    return LINK_BAD;
}

/* 802.2: SNAP, aa aa 03, an organization that may be none, and an ethertype (RFC 1042), or IP itself as
 * service 06 (RFC 948); other LLC carries no IP. */
enum link_result link_parse_llc(unsigned depth, struct cursor *in, struct link *ret)
{
    const uint8_t *head;
    uint16_t type;

    ret->ethertype = ETHERTYPE_NONE;
    if (cursor_left(in) >= 3 && memcmp(in->at, "\x06\x06\x03", 3) == 0 && get_skip(in, 3))
        return link_parse_ip(in, ret) == LINK_CUT ? LINK_CUT : LINK_OK;
    if (cursor_left(in) < 8 || memcmp(in->at, "\xaa\xaa\x03\x00\x00", 5) != 0 ||
        (in->at[5] != 0 && in->at[5] != SNAP_BRIDGED) || !get_bytes(in, 8, &head))
        return LINK_OK;
    type = load_be16(head + 6);
    return type < ETHERTYPE_MIN ? LINK_OK : link_parse_ethertype_within(type, depth + 1, in, ret);
}

/* A VLAN tag (IEEE 802.1Q) stands behind the ethertype that announces it:
 *
 *     +---------------+---+-+-----------+---------------+
 *     | 8100, 88a8    |pri|d|identifier | next ethertype|
 *     +---------------+---+-+-----------+---------------+
 */
enum link_result link_parse_ethertype_within(
    uint16_t ethertype, unsigned depth, struct cursor *in, struct link *ret)
{
    ret->ethertype = ethertype;
    for (int tags = 0;
         ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_QINQ || ethertype == ETHERTYPE_QINQ_OLD;
         tags++) {
        const uint8_t *tag;

        if (tags == LINK_TAGS_MAX)
            return LINK_BAD;
        if (!get_bytes(in, 4, &tag))
            return LINK_CUT;
        if (ret->vlan_count < LINK_VLANS_KEPT)
            ret->vlans[ret->vlan_count++] = load_be16(tag) & 0x0fff;
        ret->ethertype = ethertype = load_be16(tag + 2);
    }
    if (ethertype == ETHERTYPE_IPV4 || ethertype == ETHERTYPE_IPV6)
        return LINK_OK;
    if (ethertype == ETHERTYPE_PPPOE)
        return link_parse_pppoe(in, ret);
    if (ethertype == ETHERTYPE_MPLS || ethertype == ETHERTYPE_MPLS_MULTICAST)
        return link_parse_mpls(depth, in, ret);
    if (depth >= LINK_DEPTH_MAX)
        return LINK_OK;
    if (ethertype < ETHERTYPE_MIN)
        return link_parse_llc(depth, in, ret);
    return link_parse_shim(ethertype, depth, in, ret);
}

enum link_result link_parse_ethertype(uint16_t ethertype, struct cursor *in, struct link *ret)
{
    return link_parse_ethertype_within(ethertype, 0, in, ret);
}

/* The family of the machine that captured, in its byte order (NULL) or the network's (LOOP). Files change
 * machines, so either order is taken for both; AF_INET is 2 everywhere, AF_INET6 differs. */
static enum link_result parse_null(struct cursor *in, struct link *ret)
{
    uint32_t family;

    if (!get_be32(in, &family))
        return LINK_CUT;
    if (family > 0xffff)
        family = __builtin_bswap32(family);
    switch (family) {
    case 2:
        ret->ethertype = ETHERTYPE_IPV4;
        break;
    case 10: /* Linux */
    case 23: /* Windows */
    case 24: /* NetBSD, OpenBSD */
    case 28: /* FreeBSD */
    case 30: /* macOS */
        ret->ethertype = ETHERTYPE_IPV6;
        break;
    default:
        ret->ethertype = ETHERTYPE_NONE;
        break;
    }
    return LINK_OK;
}

/* ff is no protocol (RFC 1661, section 2) but the address, and the control byte 03 follows. */
enum link_result link_parse_ppp(struct cursor *in, struct link *ret)
{
    if (cursor_left(in) >= 1 && in->at[0] == 0xff && !get_skip(in, 2))
        return LINK_CUT;
    return parse_ppp_protocol(in, ret);
}

/* Address (0f unicast, 8f broadcast), control, ethertype. */
static enum link_result parse_cisco_hdlc(struct cursor *in, struct link *ret)
{
    const uint8_t *head;

    if (!get_bytes(in, 4, &head))
        return LINK_CUT;
    return link_parse_ethertype(load_be16(head + 2), in, ret);
}

/* Some routers write frames of Cisco's HDLC where they say PPP: 0f and 8f begin no protocol of it. */
static enum link_result parse_ppp_hdlc(struct cursor *in, struct link *ret)
{
    if (cursor_left(in) >= 1 && (in->at[0] == 0x0f || in->at[0] == 0x8f))
        return parse_cisco_hdlc(in, ret);
    return link_parse_ppp(in, ret);
}

static uint8_t sll_direction(unsigned packet_type)
{
    static const uint8_t directions[] = {
        LINK_RECEIVED, LINK_RECEIVED_BY_MANY, LINK_RECEIVED_BY_MANY, LINK_OVERHEARD, LINK_SENT};

    return packet_type < sizeof(directions) ? directions[packet_type] : LINK_DIRECTION_UNKNOWN;
}

static enum link_result parse_sll_protocol(uint16_t protocol, struct cursor *in, struct link *ret)
{
    if (protocol < ETHERTYPE_MIN && protocol != ETHERTYPE_SLL_LLC) {
        ret->ethertype = ETHERTYPE_NONE;
        return LINK_OK;
    }
    return link_parse_ethertype(protocol, in, ret);
}

/* "Linux cooked", what the interface `any` gives:
 *
 *      0               2               4               6                       14              16
 *     +---------------+---------------+---------------+-----------------------+---------------+
 *     | packet type   | ARPHRD        | address length| address               | protocol      |
 *     +---------------+---------------+---------------+-----------------------+---------------+
 */
static enum link_result parse_sll(struct cursor *in, struct link *ret)
{
    const uint8_t *head;

    if (!get_bytes(in, SLL_BYTES, &head))
        return LINK_CUT;
    ret->direction = sll_direction(load_be16(head));
    return parse_sll_protocol(load_be16(head + 14), in, ret);
}

/* Its second version:
 *
 *      0               2               4               8               10      11      12              20
 *     +---------------+---------------+---------------+---------------+-------+-------+---------------+
 *     | protocol      | 0             | interface     | ARPHRD        | type  | length| address       |
 *     +---------------+---------------+---------------+---------------+-------+-------+---------------+
 */
static enum link_result parse_sll2(struct cursor *in, struct link *ret)
{
    const uint8_t *head;

    if (!get_bytes(in, SLL2_BYTES, &head))
        return LINK_CUT;
    ret->interface = load_be32(head + 4);
    ret->direction = sll_direction(head[10]);
    return parse_sll_protocol(load_be16(head), in, ret);
}

enum link_result link_parse_within(uint16_t linktype, unsigned depth, struct cursor *in, struct link *ret)
{
    const uint8_t *head;

    switch (linktype) {
    case LINKTYPE_ETHERNET:
        if (!get_bytes(in, ETHERNET_BYTES, &head))
            return LINK_CUT;
        return link_parse_ethertype_within(load_be16(head + 12), depth, in, ret);
    case LINKTYPE_LINUX_SLL:
        return parse_sll(in, ret);
    case LINKTYPE_LINUX_SLL2:
        return parse_sll2(in, ret);
    case LINKTYPE_RAW:
    case LINKTYPE_RAW_BSD:
    case LINKTYPE_RAW_OPENBSD:
        return link_parse_ip(in, ret);
    case LINKTYPE_IPV4:
        return parse_one_version(ETHERTYPE_IPV4, in, ret);
    case LINKTYPE_IPV6:
        return parse_one_version(ETHERTYPE_IPV6, in, ret);
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
        return parse_null(in, ret);
    case LINKTYPE_PPP:
    case LINKTYPE_PPP_HDLC:
        return parse_ppp_hdlc(in, ret);
    case LINKTYPE_CISCO_HDLC:
        return parse_cisco_hdlc(in, ret);
    default:
        return depth < LINK_DEPTH_MAX ? link_parse_rare(linktype, depth, in, ret) : LINK_OK;
    }
}

enum link_result link_parse(uint16_t linktype, struct cursor *in, struct link *ret)
{
    *ret = (struct link){.ethertype = ETHERTYPE_NONE};
    return link_parse_within(linktype, 0, in, ret);
}

const char *link_name(uint16_t linktype)
{
    static const struct {
        uint16_t linktype;
        const char *name;
    } names[] = {
        {LINKTYPE_NULL, "BSD loopback"},
        {LINKTYPE_ETHERNET, "Ethernet"},
        {LINKTYPE_TOKEN_RING, "Token Ring"},
        {7, "ARCNET"},
        {LINKTYPE_SLIP, "SLIP"},
        {LINKTYPE_PPP, "PPP"},
        {LINKTYPE_FDDI, "FDDI"},
        {LINKTYPE_RAW_BSD, "raw IP"},
        {LINKTYPE_RAW_OPENBSD, "raw IP"},
        {LINKTYPE_PPP_HDLC, "PPP in HDLC"},
        {LINKTYPE_PPP_ETHER, "PPPoE"},
        {LINKTYPE_ATM_RFC1483, "ATM"},
        {LINKTYPE_RAW, "raw IP"},
        {LINKTYPE_CISCO_HDLC, "Cisco HDLC"},
        {LINKTYPE_IEEE802_11, "802.11"},
        {LINKTYPE_FRAME_RELAY, "Frame Relay"},
        {LINKTYPE_LOOP, "OpenBSD loopback"},
        {LINKTYPE_ENC, "OpenBSD encapsulation"},
        {LINKTYPE_LINUX_SLL, "Linux cooked"},
        {LINKTYPE_PFLOG, "PFLOG"},
        {LINKTYPE_IEEE802_11_PRISM, "802.11 with Prism header"},
        {LINKTYPE_IEEE802_11_RADIOTAP, "802.11 with radiotap header"},
        {LINKTYPE_IP_OVER_FIREWIRE, "IP over FireWire"},
        {LINKTYPE_USER2, "PKTAP"},
        {LINKTYPE_IEEE802_11_AVS, "802.11 with AVS header"},
        {LINKTYPE_PPP_PPPD, "PPP"},
        {187, "Bluetooth HCI"},
        {189, "USB"},
        {LINKTYPE_PPI, "802.11 with PPI header"},
        {195, "802.15.4"},
        {201, "Bluetooth HCI"},
        {LINKTYPE_PPP_WITH_DIRECTION, "PPP"},
        {LINKTYPE_HDLC_WITH_DIRECTION, "Cisco HDLC"},
        {LINKTYPE_MPLS, "MPLS"},
        {220, "USB"},
        {LINKTYPE_IPV4, "raw IPv4"},
        {LINKTYPE_IPV6, "raw IPv6"},
        {230, "802.15.4"},
        {231, "D-Bus"},
        {LINKTYPE_NFLOG, "NFLOG"},
        {LINKTYPE_NETANALYZER, "netANALYZER"},
        {LINKTYPE_IP_OVER_INFINIBAND, "IP over InfiniBand"},
        {251, "Bluetooth LE"},
        {253, "netlink"},
        {LINKTYPE_PKTAP, "PKTAP"},
        {LINKTYPE_MPACKET, "Ethernet with preamble"},
        {LINKTYPE_LINUX_SLL2, "Linux cooked v2"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].linktype == linktype)
            return names[i].name;
    return NULL;
}
