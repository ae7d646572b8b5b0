/* SPDX-License-Identifier: ISC */
/* Links that few captures are of: other networks than Ethernet, and what firewalls and other programs put
 * before the packets that they log. */
#include "wire/link_private.h"

#define NFLOG_BYTES 4
#define NFLOG_PAYLOAD 9
#define NFLOG_TLVS_MAX 64
#define PKTAP_BYTES_MIN 12
#define PKTAP_RECORD_PACKET 1

/* So many bytes, and then a frame of another link. */
static enum link_result parse_behind(
    size_t bytes, uint16_t linktype, unsigned depth, struct cursor *in, struct link *ret)
{
    return get_skip(in, bytes) ? link_parse_within(linktype, depth + 1, in, ret) : LINK_CUT;
}

/* So many bytes, and their last two are an ethertype. */
static enum link_result parse_type_behind(size_t bytes, unsigned depth, struct cursor *in, struct link *ret)
{
    const uint8_t *head;

    if (!get_bytes(in, bytes, &head))
        return LINK_CUT;
    return link_parse_ethertype_within(load_be16(head + bytes - 2), depth, in, ret);
}

/* What netfilter logs: a header of 4 bytes, then values with their length and type, in the byte order of the
 * machine and padded to 4 bytes. One of them is the packet.
 *
 *     +-------+-------+---------------+---------------+---------------+--------------
 *     | family| 0     | group         | length, with 4| type          | value ...
 *     +-------+-------+---------------+---------------+---------------+--------------
 */
static enum link_result parse_nflog(struct cursor *in, struct link *ret)
{
    const uint8_t *tlv;

    if (!get_skip(in, NFLOG_BYTES))
        return LINK_CUT;
    for (int i = 0; i < NFLOG_TLVS_MAX && cursor_left(in) > 0; i++) {
        unsigned length, type;
        bool is_big;

        if (!get_bytes(in, 4, &tlv))
            return LINK_CUT;
        /* No type is above 255, which tells the byte order. */
        is_big = tlv[2] == 0 && tlv[3] != 0;
        length = load_u16(tlv, is_big);
        type = load_u16(tlv + 2, is_big) & 0x7fff;
        if (length < 4)
            return LINK_BAD;
        if (type == NFLOG_PAYLOAD) {
            cursor_limit(in, length - 4);
            return link_parse_ip(in, ret);
        }
        if (!get_skip(in, (length - 4 + 3) / 4 * 4))
            return LINK_CUT;
    }
    ret->ethertype = ETHERTYPE_NONE;
    return LINK_OK;
}

/* macOS: the length of the header, the kind of record, and the link type of what follows.
 *
 *      0                               4                               8                               12
 *     +-------------------------------+-------------------------------+-------------------------------+---
 *     | length                        | kind, 1: a packet             | link type                     |...
 *     +-------------------------------+-------------------------------+-------------------------------+---
 */
static enum link_result parse_pktap(unsigned depth, struct cursor *in, struct link *ret)
{
    uint32_t bytes, linktype;

    if (cursor_left(in) < PKTAP_BYTES_MIN)
        return LINK_CUT;
    bytes = load_le32(in->at);
    linktype = load_le32(in->at + 8);
    if (bytes < PKTAP_BYTES_MIN || load_le32(in->at + 4) != PKTAP_RECORD_PACKET || linktype > UINT16_MAX)
        return LINK_BAD;
    return parse_behind(bytes, (uint16_t)linktype, depth, in, ret);
}

/* RFC 2427: an address of two bytes, the control byte, and which protocol (ISO/IEC TR 9577); Cisco has an
 * ethertype instead of these. */
static enum link_result parse_frame_relay(unsigned depth, struct cursor *in, struct link *ret)
{
    if (cursor_left(in) < 4)
        return LINK_CUT;
    ret->ethertype = ETHERTYPE_NONE;
    if (in->at[2] != 0x03)
        return parse_type_behind(4, depth, in, ret);
    switch (in->at[3]) {
    case 0xcc:
    case 0x8e:
        return get_skip(in, 4) ? link_parse_ip(in, ret) : LINK_CUT;
    case 0x80: /* SNAP, without the first two bytes of LLC */
        return parse_type_behind(9, depth, in, ret);
    case 0x00: /* a pad, so that SNAP begins at an even place */
        return in->at[1] & 1 && cursor_left(in) > 4 && in->at[4] == 0x80
                   ? parse_type_behind(10, depth, in, ret)
                   : LINK_OK;
    default:
        return LINK_OK;
    }
}

/* Access and frame control, two addresses, and if the first bit of the second one says so a route, whose
 * first byte has its length; then LLC. */
static enum link_result parse_token_ring(unsigned depth, struct cursor *in, struct link *ret)
{
    const uint8_t *head;

    if (!get_bytes(in, 14, &head))
        return LINK_CUT;
    ret->ethertype = ETHERTYPE_NONE;
    if ((head[1] & 0xc0) != 0x40)
        return LINK_OK;
    if (head[8] & 0x80 && (cursor_left(in) < 1 || !get_skip(in, in->at[0] & 0x1f)))
        return LINK_CUT;
    return link_parse_llc(depth, in, ret);
}

static enum link_result parse_fddi(unsigned depth, struct cursor *in, struct link *ret)
{
    const uint8_t *head;

    if (!get_bytes(in, 13, &head))
        return LINK_CUT;
    ret->ethertype = ETHERTYPE_NONE;
    return (head[0] & 0xf0) == 0x50 ? link_parse_llc(depth, in, ret) : LINK_OK;
}

/* RFC 4391, behind a global route of 40 bytes: ethertype and 0. */
static enum link_result parse_infiniband(unsigned depth, struct cursor *in, struct link *ret)
{
    const uint8_t *head;

    if (!get_bytes(in, 44, &head))
        return LINK_CUT;
    return link_parse_ethertype_within(load_be16(head + 40), depth, in, ret);
}

/* OpenBSD's log of its filter: the first byte is the length, without padding. */
static enum link_result parse_pflog(struct cursor *in, struct link *ret)
{
    if (cursor_left(in) < 1)
        return LINK_CUT;
    if (in->at[0] < 4)
        return LINK_BAD;
    return get_skip(in, (in->at[0] + 3U) / 4 * 4) ? link_parse_ip(in, ret) : LINK_CUT;
}

enum link_result link_parse_rare(uint16_t linktype, unsigned depth, struct cursor *in, struct link *ret)
{
    switch (linktype) {
    case LINKTYPE_TOKEN_RING:
        return parse_token_ring(depth, in, ret);
    case LINKTYPE_SLIP: /* behind what BSD tells of its compression */
        return get_skip(in, 16) ? link_parse_ip(in, ret) : LINK_CUT;
    case LINKTYPE_FDDI:
        return parse_fddi(depth, in, ret);
    case LINKTYPE_PPP_ETHER:
        return link_parse_pppoe(in, ret);
    case LINKTYPE_ATM_RFC1483:
        return link_parse_llc(depth, in, ret);
    case LINKTYPE_FRAME_RELAY:
        return parse_frame_relay(depth, in, ret);
    case LINKTYPE_ENC:
        return get_skip(in, 12) ? link_parse_ip(in, ret) : LINK_CUT;
    case LINKTYPE_PFLOG:
        return parse_pflog(in, ret);
    case LINKTYPE_IP_OVER_FIREWIRE:
        return parse_type_behind(18, depth, in, ret);
    case LINKTYPE_PPP_PPPD:
    case LINKTYPE_PPP_WITH_DIRECTION:
        return parse_behind(1, LINKTYPE_PPP, depth, in, ret);
    case LINKTYPE_HDLC_WITH_DIRECTION:
        return parse_behind(1, LINKTYPE_CISCO_HDLC, depth, in, ret);
    case LINKTYPE_MPLS:
        return link_parse_mpls(depth, in, ret);
    case LINKTYPE_NFLOG:
        return parse_nflog(in, ret);
    case LINKTYPE_NETANALYZER:
        return parse_behind(4, LINKTYPE_ETHERNET, depth, in, ret);
    case LINKTYPE_IP_OVER_INFINIBAND:
        return parse_infiniband(depth, in, ret);
    case LINKTYPE_USER2: /* where macOS before 10.9 has PKTAP */
    case LINKTYPE_PKTAP:
        return parse_pktap(depth, in, ret);
    case LINKTYPE_MPACKET: /* with the preamble */
        return parse_behind(8, LINKTYPE_ETHERNET, depth, in, ret);
    default:
        return link_parse_wifi(linktype, depth, in, ret);
    }
}
