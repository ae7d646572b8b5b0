/* SPDX-License-Identifier: ISC */
/* 802.11 as it is in the air, behind the header in which the card tells of the signal. Frames that are
 * encrypted, split or put together into one (A-MSDU) carry nothing that can be followed here, and neither do
 * management and control. */
#include "wire/link_private.h"

enum {
    WIFI_TO_DS = 0x01,
    WIFI_FROM_DS = 0x02,
    WIFI_MORE_FRAGMENTS = 0x04,
    WIFI_PROTECTED = 0x40,
    WIFI_ORDER = 0x80,
};

enum { WIFI_SUBTYPE_NO_DATA = 0x40, WIFI_SUBTYPE_QOS = 0x80, WIFI_QOS_AMSDU = 0x80 };

/* Radiotap's: of the words that say which fields there are, and of the field of flags. */
enum { RADIOTAP_TSFT = 1, RADIOTAP_FLAGS = 2, RADIOTAP_MORE = 0x80000000, RADIOTAP_PADDED = 0x20 };

#define RADIOTAP_WORDS_MAX 16
#define PRISM_CODE_MIN 0x41
#define PRISM_CODE_MAX 0x44

/* IEEE 802.11, section 9.3.2.1; the fourth address between access points only.
 *
 *      0       1       2               4       10      16      22              24
 *     +-------+-------+---------------+-------+-------+-------+---------------+-----+-----+-----
 *     | type  | flags | duration      | addresses, 6 each     | sequence, frag| 4th | QoS | HT
 *     +-------+-------+---------------+-------+-------+-------+---------------+-----+-----+-----
 */
static enum link_result parse_80211(bool is_padded, unsigned depth, struct cursor *in, struct link *ret)
{
    const uint8_t *head = in->at;
    size_t bytes = 24, qos = 0;

    ret->ethertype = ETHERTYPE_NONE;
    if (cursor_left(in) < 2)
        return LINK_CUT;
    /* Version 0, of the type data. */
    if ((head[0] & 0x0f) != 0x08 || head[0] & WIFI_SUBTYPE_NO_DATA ||
        head[1] & (WIFI_PROTECTED | WIFI_MORE_FRAGMENTS))
        return LINK_OK;
    if ((head[1] & (WIFI_TO_DS | WIFI_FROM_DS)) == (WIFI_TO_DS | WIFI_FROM_DS))
        bytes += 6;
    if (head[0] & WIFI_SUBTYPE_QOS) {
        qos = bytes;
        bytes += 2;
        if (head[1] & WIFI_ORDER)
            bytes += 4;
    }
    if (is_padded)
        bytes = (bytes + 3) / 4 * 4;
    if (!get_skip(in, bytes))
        return LINK_CUT;
    if (load_le16(head + 22) & 0x000f || (qos && head[qos] & WIFI_QOS_AMSDU))
        return LINK_OK;
    return link_parse_llc(depth, in, ret);
}

/* https://www.radiotap.org: version 0, a pad, the length of all, then bits that say which fields follow, each
 * aligned to its size. Of these only the flags are wanted, which come first but for a clock of 8 bytes.
 *
 *      0       1       2               4                               8
 *     +-------+-------+---------------+-------------------------------+--------------
 *     | 0     | pad   | length        | fields; the highest: another  | ...
 *     +-------+-------+---------------+-------------------------------+--------------
 */
static enum link_result parse_radiotap(unsigned depth, struct cursor *in, struct link *ret)
{
    size_t bytes, at = 4;
    const uint8_t *head;
    bool is_padded = false;
    uint32_t first;

    if (cursor_left(in) < 8)
        return LINK_CUT;
    bytes = load_le16(in->at + 2);
    if (in->at[0] != 0 || bytes < 8)
        return LINK_BAD;
    if (!get_bytes(in, bytes, &head))
        return LINK_CUT;
    first = load_le32(head + 4);
    for (unsigned words = 0; words < RADIOTAP_WORDS_MAX && at + 4 <= bytes; words++) {
        at += 4;
        if (!(load_le32(head + at - 4) & RADIOTAP_MORE))
            break;
    }
    if (first & RADIOTAP_TSFT)
        at = (at + 7) / 8 * 8 + 8;
    if (first & RADIOTAP_FLAGS && at < bytes)
        is_padded = head[at] & RADIOTAP_PADDED;
    return parse_80211(is_padded, depth, in, ret);
}

/* Per-packet information: version, flags, length, and the link type of what follows. */
static enum link_result parse_ppi(unsigned depth, struct cursor *in, struct link *ret)
{
    uint32_t linktype;
    size_t bytes;

    if (cursor_left(in) < 8)
        return LINK_CUT;
    bytes = load_le16(in->at + 2);
    linktype = load_le32(in->at + 4);
    if (in->at[0] != 0 || bytes < 8)
        return LINK_BAD;
    if (!get_skip(in, bytes))
        return LINK_CUT;
    return linktype > UINT16_MAX ? LINK_BAD : link_parse_within((uint16_t)linktype, depth + 1, in, ret);
}

/* Where a header begins with a number that says which it is, and its length. */
static enum link_result parse_sized(uint32_t length, unsigned depth, struct cursor *in, struct link *ret)
{
    if (length < 8)
        return LINK_BAD;
    return get_skip(in, length) ? parse_80211(false, depth, in, ret) : LINK_CUT;
}

/* The AVS header has the network's byte order; Prism's that of the machine, and some drivers write AVS where
 * they say Prism. */
static enum link_result parse_prism(unsigned depth, struct cursor *in, struct link *ret)
{
    uint32_t code;

    if (cursor_left(in) < 8)
        return LINK_CUT;
    if (load_be32(in->at) >> 4 == 0x8021100)
        return parse_sized(load_be32(in->at + 4), depth, in, ret);
    code = load_le32(in->at);
    if (code >= PRISM_CODE_MIN && code <= PRISM_CODE_MAX)
        return parse_sized(load_le32(in->at + 4), depth, in, ret);
    code = load_be32(in->at);
    if (code >= PRISM_CODE_MIN && code <= PRISM_CODE_MAX)
        return parse_sized(load_be32(in->at + 4), depth, in, ret);
    return LINK_BAD;
}

enum link_result link_parse_wifi(uint16_t linktype, unsigned depth, struct cursor *in, struct link *ret)
{
    switch (linktype) {
    case LINKTYPE_IEEE802_11:
        return parse_80211(false, depth, in, ret);
    case LINKTYPE_IEEE802_11_RADIOTAP:
        return parse_radiotap(depth, in, ret);
    case LINKTYPE_PPI:
        return parse_ppi(depth, in, ret);
    case LINKTYPE_IEEE802_11_PRISM:
    case LINKTYPE_IEEE802_11_AVS:
        return parse_prism(depth, in, ret);
    default:
        return LINK_REFUSED;
    }
}
