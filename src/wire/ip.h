/* SPDX-License-Identifier: ISC */
#ifndef WIRE_IP_H
#define WIRE_IP_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/cursor.h"

/* IPv4 (RFC 791) and IPv6 (RFC 8200) with its extension headers. */

#define IP_EXTENSIONS_MAX 16 /* headers between IPv6's own and what it carries */

enum {
    IP_PROTOCOL_ICMP = 1,
    IP_PROTOCOL_IPV4 = 4,
    IP_PROTOCOL_TCP = 6,
    IP_PROTOCOL_UDP = 17,
    IP_PROTOCOL_IPV6 = 41,
    IP_PROTOCOL_GRE = 47,
    IP_PROTOCOL_ICMPV6 = 58,
};

enum ip_flags {
    IP_DONT_FRAGMENT = 1, /* always set for IPv6, whose routers never do */
    IP_MORE_FRAGMENTS = 2,
    IP_FRAGMENT = 4,          /* one of several, or might be: see fragment_offset */
    IP_LENGTH_FROM_FRAME = 8, /* the header's length is 0, since the network card was to cut it (TSO): what
                                 the frame holds was taken */
    IP_LENGTH_TOO_LONG = 16,  /* the header tells of more bytes than the frame had */
};

struct ip {
    const uint8_t *src, *dst; /* 4 or 16 bytes in the packet */
    const uint8_t *header;
    uint32_t header_bytes;     /* extension headers counted */
    uint32_t payload_bytes;    /* behind them in this packet, as sent */
    uint32_t payload_captured; /* of them. Only of fragments */
    uint32_t fragment_id;
    uint16_t fragment_offset; /* of the payload in the whole one, in bytes */
    uint8_t version;          /* 4 or 6 */
    uint8_t protocol; /* of the payload; for a fragment, of the whole one's beginning: with IPv6 that may be
                         one more extension header */
    uint8_t ttl;
    uint8_t traffic_class; /* DSCP and, in the lower two bits, ECN */
    uint8_t flags;         /* enum ip_flags */
};

enum ip_result {
    IP_OK,
    IP_CUT,     /* fewer bytes were captured than the headers have */
    IP_BAD,     /* no such header */
    IP_REFUSED, /* an IPv6 jumbogram (RFC 2675) */
};

/* in becomes the payload, as far as it was captured. frame_bytes: what the frame had from in on when it was
 * sent. *ret is complete only with IP_OK. */
enum ip_result ip_parse(struct cursor *in, uint32_t frame_bytes, struct ip *ret);

#define IP_PROTOCOL_AUTHENTICATION 51
/* IPv4 with an authentication header (RFC 4302), which guards what follows and hides nothing: makes *ip that
 * of the protocol behind it. in is at the header, and moves. (IPv6 has it among its extensions.) */
enum ip_result ip_pass_authentication(struct cursor *in, struct ip *ip);

/* *ip was that of the first fragment, and in has the payload of the whole datagram, complete: makes it that
 * of the whole, and moves in behind extension headers. */
enum ip_result ip_take_whole(struct cursor *in, struct ip *ip);

static inline unsigned ip_address_bytes(const struct ip *ip)
{
    return ip->version == 4 ? 4 : 16;
}

/* Checksums, for those who ask. A packet that was captured where it was sent usually has none yet: the
 * network card fills it in. */
bool ip_header_checksum_is_right(const struct ip *ip); /* true for IPv6, which has none */
/* Of a whole, unfragmented TCP segment, UDP datagram (true if it was sent without) or ICMP message at
 * payload, which has ip->payload_bytes; false for others. */
bool ip_payload_checksum_is_right(const struct ip *ip, const uint8_t *payload);
/* The sum over what both ends of a transport protocol count beside its own bytes (RFC 9293, section 3.1; RFC
 * 8200, section 8.1). */
uint64_t ip_pseudo_header_sum(const struct ip *ip, uint32_t payload_bytes);

#endif
