/* SPDX-License-Identifier: ISC */
#ifndef WIRE_PACKET_H
#define WIRE_PACKET_H

#include <stdint.h>

#include "wire/icmp.h"
#include "wire/ip.h"
#include "wire/link.h"
#include "wire/tcp.h"
#include "wire/tunnel.h"
#include "wire/udp.h"

/* A whole packet, from the first byte of its frame to the first of its payload: the one call for those who
 * follow conversations. Nothing is copied but numbers; addresses, options and payload are pieces of the bytes
 * given. */

enum packet_kind {
    PACKET_TCP,
    PACKET_UDP,
    PACKET_ICMP,     /* and ICMPv6 */
    PACKET_FRAGMENT, /* not the first of its datagram: it has a protocol but no ports */
    PACKET_OTHER,    /* IP with another protocol in it */
    PACKET_NOT_IP,   /* link.ethertype says what it is, if anything does */
    PACKET_CUT,      /* the capture ends within the headers of layer */
    PACKET_BAD,      /* the headers of layer cannot be such */
    PACKET_REFUSED,  /* a link type or, in the network layer, a jumbogram, which this does not decode */
};

enum packet_layer { PACKET_LINK, PACKET_NETWORK, PACKET_TRANSPORT };

#define PACKET_TUNNELS_MAX 4 /* one inside the other */

/* What a packet was found in. Where that is UDP (ports are not 0) it is a datagram of its own conversation.
 */
struct packet_outer {
    struct ip ip;
    uint16_t sport, dport;
    uint32_t payload_bytes; /* of the datagram */
};

/* kind and layer say which members are filled: link behind the link layer, ip and what is beside it behind
 * the network layer, and so on. */
struct packet {
    uint8_t kind;          /* enum packet_kind */
    uint8_t layer;         /* enum packet_layer: how far it could be followed, or where it could not */
    uint8_t tunnel;        /* enum tunnel: what ip was found in, the innermost */
    uint8_t outer_count;   /* of outer that are filled */
    uint16_t sport, dport; /* of TCP and UDP */
    struct link link;      /* of the frame; for one that was in a tunnel, of the frame inside */
    struct ip ip;
    union {
        struct tcp tcp;
        struct udp udp;
        struct icmp icmp;
    };
    const uint8_t *payload; /* of the transport protocol, or of IP where there is none */
    uint32_t payload_captured;
    uint32_t payload_bytes; /* as sent; of a first fragment, what UDP says of the whole, else its own */
    struct packet_outer outer[PACKET_TUNNELS_MAX]; /* the outermost first */
};

/* wire_bytes: what the frame had when it was sent, captured_bytes at least. What is in more tunnels than
 * PACKET_TUNNELS_MAX is not looked for: then the packet is that of the last one. */
void packet_parse(
    uint16_t linktype, const uint8_t *data, uint32_t captured_bytes, uint32_t wire_bytes, struct packet *ret);

/* The datagram as a packet of its own, that carries nothing which anyone looks at. outer has to be UDP. */
void packet_of_outer(const struct packet_outer *outer, struct packet *ret);

/* *p is the last of a datagram's fragments that came, with the protocol of the first, and payload what they
 * all carried: makes it the whole datagram, as packet_parse would have found it. Addresses remain those in
 * the last one's frame. What was in a tunnel may turn out to be a fragment again. */
void packet_parse_whole(struct packet *p, const uint8_t *payload, uint32_t payload_bytes);

/* One piece of several, which says nothing for itself until it is whole; then ip is filled. */
static inline bool packet_is_fragment(const struct packet *p)
{
    return (p->layer == PACKET_TRANSPORT || p->kind == PACKET_FRAGMENT || p->kind == PACKET_OTHER) &&
           p->ip.flags & IP_FRAGMENT;
}

#endif
