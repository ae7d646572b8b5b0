/* SPDX-License-Identifier: ISC */
/* The network layer. The one thing to know: the length that IP tells, not that of the frame, says how much a
 * packet carries (Ethernet pads short frames to 60 bytes), and neither says how much of it was captured. */
#include "wire/ip.h"

#include "wire/checksum.h"

#define IPV4_MIN_BYTES 20
#define IPV6_BYTES 40

enum {
    EXTENSION_HOP_BY_HOP = 0,
    EXTENSION_ROUTING = 43,
    EXTENSION_FRAGMENT = 44,
    EXTENSION_AUTHENTICATION = IP_PROTOCOL_AUTHENTICATION,
    EXTENSION_DESTINATION = 60,
};

#define OPTION_PAD1 0
#define OPTION_JUMBO 0xc2

/* RFC 791, section 3.1:
 *
 *      0       1       2               4               6               8       9       10              12
 *     +---+---+-------+---------------+---------------+---+-----------+-------+-------+---------------+
 *     | 4 |len| class | total length  | identification|DM | offset / 8| ttl   | proto | checksum      |
 *     +---+---+-------+---------------+---------------+---+-----------+-------+-------+---------------+
 *      12              16              20
 *     +---------------+---------------+--------------
 *     | source        | destination   | options, up to 40 bytes
 *     +---------------+---------------+--------------
 */
static enum ip_result parse_ipv4(struct cursor *in, uint32_t frame_bytes, struct ip *ret)
{
    const uint8_t *head = in->at;
    unsigned header_bytes, total_bytes, fragment;

    if (cursor_left(in) < IPV4_MIN_BYTES)
        return IP_CUT;
    header_bytes = (head[0] & 0x0fU) * 4;
    total_bytes = load_be16(head + 2);
    fragment = load_be16(head + 6);
    if (header_bytes < IPV4_MIN_BYTES || header_bytes > frame_bytes)
        return IP_BAD;
    ret->flags = 0;
    if (total_bytes == 0) {
        total_bytes = frame_bytes;
        ret->flags |= IP_LENGTH_FROM_FRAME;
    } else if (total_bytes < header_bytes) {
        return IP_BAD;
    } else if (total_bytes > frame_bytes) {
        total_bytes = frame_bytes;
        ret->flags |= IP_LENGTH_TOO_LONG;
    }
    if (cursor_left(in) < header_bytes)
        return IP_CUT;

    ret->header = head;
    ret->header_bytes = header_bytes;
    ret->payload_bytes = total_bytes - header_bytes;
    ret->version = 4;
    ret->traffic_class = head[1];
    ret->ttl = head[8];
    ret->protocol = head[9];
    ret->src = head + 12;
    ret->dst = head + 16;
    ret->fragment_id = load_be16(head + 4);
    ret->fragment_offset = (uint16_t)((fragment & 0x1fff) * 8);
    if (fragment & 0x4000)
        ret->flags |= IP_DONT_FRAGMENT;
    if (fragment & 0x2000)
        ret->flags |= IP_MORE_FRAGMENTS;
    if (fragment & 0x3fff)
        ret->flags |= IP_FRAGMENT;
    in->at += header_bytes;
    cursor_limit(in, ret->payload_bytes);
    return IP_OK;
}

/* RFC 2675: options of one byte (padding), or type, length and value. */
static bool has_jumbo_option(struct cursor options)
{
    uint8_t type, len;

    while (get_u8(&options, &type)) {
        if (type == OPTION_PAD1)
            continue;
        if (!get_u8(&options, &len) || !get_skip(&options, len))
            return false;
        if (type == OPTION_JUMBO)
            return true;
    }
    return false;
}

/* RFC 8200, section 4.5: what follows is a piece of the whole one's fragmentable part, which may begin with
 * more extension headers: they are read when it is whole.
 *
 *      0       1       2               4               8
 *     +-------+-------+-----------+---+---------------+
 *     | next  | 0     | offset / 8|0 M| identification|
 *     +-------+-------+-----------+---+---------------+
 */
static void take_fragment(const uint8_t *head, struct ip *ret)
{
    unsigned offset = load_be16(head + 2);

    ret->fragment_offset = (uint16_t)(offset & 0xfff8);
    ret->fragment_id = load_be32(head + 4);
    if (offset & 1)
        ret->flags |= IP_MORE_FRAGMENTS;
    /* With neither an offset nor more to come it is a whole packet (RFC 6946). */
    if (offset & 0xfff9)
        ret->flags |= IP_FRAGMENT;
}

/* Walks the extension headers; in moves behind them, left is what the packet has from there on. */
static enum ip_result walk_extensions(
    struct cursor *in, uint32_t *left, uint8_t next, bool may_be_jumbo, struct ip *ret)
{
    for (int count = 0;; count++) {
        uint32_t bytes = 8;
        const uint8_t *head;

        if (next != EXTENSION_HOP_BY_HOP && next != EXTENSION_ROUTING && next != EXTENSION_FRAGMENT &&
            next != EXTENSION_AUTHENTICATION && next != EXTENSION_DESTINATION)
            break;
        if (count == IP_EXTENSIONS_MAX || *left < 8)
            return IP_BAD;
        if (cursor_left(in) < 8)
            return IP_CUT;
        /* In units of 8 bytes, less the first; an authentication header's in units of 4, less two (RFC 4302).
         */
        if (next == EXTENSION_AUTHENTICATION)
            bytes = (in->at[1] + 2U) * 4;
        else if (next != EXTENSION_FRAGMENT)
            bytes = (in->at[1] + 1U) * 8;
        if (bytes > *left)
            return IP_BAD;
        if (!get_bytes(in, bytes, &head))
            return IP_CUT;
        if (next == EXTENSION_HOP_BY_HOP && may_be_jumbo && has_jumbo_option(cursor_of(head + 2, bytes - 2)))
            return IP_REFUSED;
        *left -= bytes;
        if (next == EXTENSION_FRAGMENT)
            take_fragment(head, ret);
        next = head[0];
        if (ret->flags & IP_FRAGMENT)
            break;
    }
    ret->protocol = next;
    return IP_OK;
}

/* RFC 8200, section 3:
 *
 *      0               4               6       7       8                       24                      40
 *     +---+-------+---+---------------+-------+-------+-----------------------+-----------------------+
 *     | 6 | class |flw| payload length| next  | hops  | source, 16            | destination, 16       |
 *     +---+-------+---+---------------+-------+-------+-----------------------+-----------------------+
 */
static enum ip_result parse_ipv6(struct cursor *in, uint32_t frame_bytes, struct ip *ret)
{
    const uint8_t *head = in->at;
    uint32_t payload_bytes;
    enum ip_result result;
    bool has_no_length;

    if (frame_bytes < IPV6_BYTES)
        return IP_BAD;
    if (cursor_left(in) < IPV6_BYTES)
        return IP_CUT;
    payload_bytes = load_be16(head + 4);
    has_no_length = payload_bytes == 0;
    ret->flags = IP_DONT_FRAGMENT;
    if (has_no_length && frame_bytes > IPV6_BYTES && head[6] != 59) {
        payload_bytes = frame_bytes - IPV6_BYTES;
        ret->flags |= IP_LENGTH_FROM_FRAME;
    } else if (payload_bytes > frame_bytes - IPV6_BYTES) {
        payload_bytes = frame_bytes - IPV6_BYTES;
        ret->flags |= IP_LENGTH_TOO_LONG;
    }
    ret->header = head;
    ret->version = 6;
    ret->traffic_class = (uint8_t)(load_be16(head) >> 4);
    ret->ttl = head[7];
    ret->src = head + 8;
    ret->dst = head + 24;
    ret->fragment_id = 0;
    ret->fragment_offset = 0;
    in->at += IPV6_BYTES;
    result = walk_extensions(in, &payload_bytes, head[6], has_no_length, ret);
    if (result != IP_OK)
        return result;
    ret->header_bytes = (uint32_t)(in->at - head);
    ret->payload_bytes = payload_bytes;
    cursor_limit(in, payload_bytes);
    return IP_OK;
}

enum ip_result ip_parse(struct cursor *in, uint32_t frame_bytes, struct ip *ret)
{
    if (cursor_left(in) == 0)
        return IP_CUT;
    switch (*in->at >> 4) {
    case 4:
        return parse_ipv4(in, frame_bytes, ret);
    case 6:
        return parse_ipv6(in, frame_bytes, ret);
    default:
        return IP_BAD;
    }
}

enum ip_result ip_pass_authentication(struct cursor *in, struct ip *ip)
{
    uint32_t left = ip->payload_bytes;
    enum ip_result result = walk_extensions(in, &left, ip->protocol, false, ip);

    if (result != IP_OK)
        return result;
    ip->header_bytes += ip->payload_bytes - left;
    ip->payload_bytes = left;
    return IP_OK;
}

enum ip_result ip_take_whole(struct cursor *in, struct ip *ip)
{
    uint32_t left = (uint32_t)cursor_left(in);
    enum ip_result result = IP_OK;

    ip->flags &= ~(IP_FRAGMENT | IP_MORE_FRAGMENTS) & 0xff;
    ip->fragment_offset = 0;
    if (ip->version == 6)
        result = walk_extensions(in, &left, ip->protocol, false, ip);
    ip->payload_bytes = left;
    return result;
}

bool ip_header_checksum_is_right(const struct ip *ip)
{
    return ip->version == 6 || checksum_fold(checksum_add(0, ip->header, ip->header_bytes)) == 0;
}

uint64_t ip_pseudo_header_sum(const struct ip *ip, uint32_t payload_bytes)
{
    uint64_t sum = (uint64_t)ip->protocol + payload_bytes;

    sum = checksum_add(sum, ip->src, ip_address_bytes(ip));
    return checksum_add(sum, ip->dst, ip_address_bytes(ip));
}

bool ip_payload_checksum_is_right(const struct ip *ip, const uint8_t *payload)
{
    uint64_t sum;

    if (ip->flags & IP_FRAGMENT)
        return false;
    switch (ip->protocol) {
    case IP_PROTOCOL_UDP:
        if (ip->version == 4 && ip->payload_bytes >= 8 && load_be16(payload + 6) == 0)
            return true;
        /* fall through */
    case IP_PROTOCOL_TCP:
    case IP_PROTOCOL_ICMPV6:
        sum = ip_pseudo_header_sum(ip, ip->payload_bytes);
        break;
    case IP_PROTOCOL_ICMP:
        sum = 0;
        break;
    default:
        return false;
    }
    return checksum_fold(checksum_add(sum, payload, ip->payload_bytes)) == 0;
}
