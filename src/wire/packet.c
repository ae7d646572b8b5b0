/* SPDX-License-Identifier: ISC */
/* Goes through the layers of one packet, and through the tunnels it is in. */
#include "wire/packet.h"

#define UDP_HEADER_BYTES 8

static void stop(struct packet *p, enum packet_kind kind, enum packet_layer layer)
{
    p->kind = (uint8_t)kind;
    p->layer = (uint8_t)layer;
}

/* What IP carries, if it is nothing that is taken apart, or the headers of that fail. */
static void take_ip_payload(struct packet *p, const struct cursor *in)
{
    p->payload = in->at;
    p->payload_captured = (uint32_t)cursor_left(in);
    p->payload_bytes = p->ip.payload_bytes;
}

static void parse_tcp(struct packet *p, struct cursor *in)
{
    switch (tcp_parse(in, p->ip.payload_bytes, &p->tcp)) {
    case TCP_OK:
        break;
    case TCP_CUT:
        stop(p, PACKET_CUT, PACKET_TRANSPORT);
        return;
    case TCP_BAD:
        stop(p, PACKET_BAD, PACKET_TRANSPORT);
        return;
    }
    stop(p, PACKET_TCP, PACKET_TRANSPORT);
    p->sport = p->tcp.sport;
    p->dport = p->tcp.dport;
    p->payload = in->at;
    p->payload_captured = (uint32_t)cursor_left(in);
    p->payload_bytes = p->ip.payload_bytes - p->tcp.header_bytes;
}

/* What its header tells beyond its packet was never sent, except in the fragments to come. */
static uint32_t datagram_bytes(const struct ip *ip, const struct udp *udp)
{
    uint32_t room = ip->payload_bytes - UDP_HEADER_BYTES;

    return !(ip->flags & IP_FRAGMENT) && udp->payload_bytes > room ? room : udp->payload_bytes;
}

static void parse_udp(struct packet *p, struct cursor *in)
{
    switch (udp_parse(in, p->ip.payload_bytes, &p->udp)) {
    case UDP_OK:
        break;
    case UDP_CUT:
        stop(p, PACKET_CUT, PACKET_TRANSPORT);
        return;
    case UDP_BAD:
        stop(p, PACKET_BAD, PACKET_TRANSPORT);
        return;
    }
    stop(p, PACKET_UDP, PACKET_TRANSPORT);
    p->sport = p->udp.sport;
    p->dport = p->udp.dport;
    p->payload = in->at;
    p->payload_captured = (uint32_t)cursor_left(in);
    p->payload_bytes = datagram_bytes(&p->ip, &p->udp);
}

static void parse_icmp(struct packet *p, struct cursor *in)
{
    switch (icmp_parse(in, p->ip.version, p->ip.payload_bytes, &p->icmp)) {
    case ICMP_OK:
        break;
    case ICMP_CUT:
        stop(p, PACKET_CUT, PACKET_TRANSPORT);
        return;
    case ICMP_BAD:
        stop(p, PACKET_BAD, PACKET_TRANSPORT);
        return;
    }
    stop(p, PACKET_ICMP, PACKET_TRANSPORT);
}

static bool went_well(struct packet *p, enum ip_result result)
{
    switch (result) {
    case IP_OK:
        return true;
    case IP_CUT:
        stop(p, PACKET_CUT, PACKET_NETWORK);
        break;
    case IP_BAD:
        stop(p, PACKET_BAD, PACKET_NETWORK);
        break;
    case IP_REFUSED:
        stop(p, PACKET_REFUSED, PACKET_NETWORK);
        break;
    }
    return false;
}

/* in is at a network header, or at what is none. Returns false, with in at the payload of IP, if the
 * transport is still to be read. */
static bool parse_network(struct packet *p, struct cursor *in, uint32_t frame_bytes)
{
    if (p->link.ethertype != ETHERTYPE_IPV4 && p->link.ethertype != ETHERTYPE_IPV6) {
        stop(p, PACKET_NOT_IP, PACKET_LINK);
        return true;
    }
    return !went_well(p, ip_parse(in, frame_bytes, &p->ip));
}

static void parse_transport(struct packet *p, struct cursor *in)
{
    take_ip_payload(p, in);
    if (p->ip.flags & IP_FRAGMENT)
        p->ip.payload_captured = p->payload_captured;
    if (p->ip.fragment_offset) {
        stop(p, PACKET_FRAGMENT, PACKET_NETWORK);
        return;
    }
    switch (p->ip.protocol) {
    case IP_PROTOCOL_TCP:
        parse_tcp(p, in);
        break;
    case IP_PROTOCOL_UDP:
        parse_udp(p, in);
        break;
    case IP_PROTOCOL_ICMP:
    case IP_PROTOCOL_ICMPV6:
        parse_icmp(p, in);
        break;
    default:
        stop(p, PACKET_OTHER, PACKET_NETWORK);
        break;
    }
}

/* Is the packet that p has come to a tunnel, and of what kind? in is at the payload of IP and moves to the
 * network header inside. ret_outer->ip is not filled. */
static enum tunnel enter_tunnel(
    const struct packet *p, struct cursor *in, struct link *ret_link, struct packet_outer *ret_outer)
{
    enum tunnel tunnel = TUNNEL_NONE;
    enum tunnel_result result;
    struct udp udp;

    ret_outer->sport = ret_outer->dport = 0;
    if (p->ip.flags & IP_FRAGMENT)
        return TUNNEL_NONE;
    if (p->ip.protocol != IP_PROTOCOL_UDP) {
        result = tunnel_parse_ip(p->ip.protocol, in, &tunnel, ret_link);
    } else {
        if (udp_parse(in, p->ip.payload_bytes, &udp) != UDP_OK)
            return TUNNEL_NONE;
        ret_outer->sport = udp.sport;
        ret_outer->dport = udp.dport;
        ret_outer->payload_bytes = datagram_bytes(&p->ip, &udp);
        result = tunnel_parse_udp(udp.sport, udp.dport, in, &tunnel, ret_link);
    }
    return result == TUNNEL_OK ? tunnel : TUNNEL_NONE;
}

/* Neither, or UDP whose ports tell: nearly every packet goes on. */
static bool may_be_tunnel(const struct ip *ip, const struct cursor *payload)
{
    if (ip->protocol == IP_PROTOCOL_TCP)
        return false;
    if (ip->protocol != IP_PROTOCOL_UDP)
        return true;
    return cursor_left(payload) >= 4 &&
           (tunnel_is_port(load_be16(payload->at + 2)) || tunnel_is_port(load_be16(payload->at)));
}

/* The packet inside takes the place of the one outside, unless it is no IP: then the tunnel's own is all
 * there is to follow. in moves to its payload. */
static bool enter(struct packet *p, struct cursor *in)
{
    struct packet_outer outer;
    struct cursor inner = *in;
    struct packet inside;
    struct link link;
    enum tunnel tunnel = enter_tunnel(p, &inner, &link, &outer);

    if (tunnel == TUNNEL_NONE)
        return false;
    inside.link = link;
    if (parse_network(&inside, &inner, p->ip.payload_bytes - (uint32_t)(inner.at - in->at)))
        return false;
    outer.ip = p->ip;
    p->outer[p->outer_count++] = outer;
    p->tunnel = (uint8_t)tunnel;
    p->link = inside.link;
    p->ip = inside.ip;
    *in = inner;
    return true;
}

/* in is at the payload of IP. */
static void parse_inside(struct packet *p, struct cursor *in)
{
    do {
        if (p->ip.protocol == IP_PROTOCOL_AUTHENTICATION && p->ip.version == 4 &&
            !(p->ip.flags & IP_FRAGMENT) && !went_well(p, ip_pass_authentication(in, &p->ip)))
            return;
    } while (p->outer_count < PACKET_TUNNELS_MAX && may_be_tunnel(&p->ip, in) && enter(p, in));
    parse_transport(p, in);
}

void packet_parse(
    uint16_t linktype, const uint8_t *data, uint32_t captured_bytes, uint32_t wire_bytes, struct packet *ret)
{
    struct cursor in = cursor_of(data, captured_bytes);

    ret->tunnel = TUNNEL_NONE;
    ret->outer_count = 0;
    switch (link_parse(linktype, &in, &ret->link)) {
    case LINK_OK:
        break;
    case LINK_CUT:
        stop(ret, PACKET_CUT, PACKET_LINK);
        return;
    case LINK_BAD:
        stop(ret, PACKET_BAD, PACKET_LINK);
        return;
    case LINK_REFUSED:
        stop(ret, PACKET_REFUSED, PACKET_LINK);
        return;
    }
    if (parse_network(ret, &in, wire_bytes - (uint32_t)(in.at - data)))
        return;
    parse_inside(ret, &in);
}

void packet_of_outer(const struct packet_outer *outer, struct packet *ret)
{
    *ret = (struct packet){.kind = PACKET_UDP,
        .layer = PACKET_TRANSPORT,
        .ip = outer->ip,
        .sport = outer->sport,
        .dport = outer->dport,
        .udp = {.sport = outer->sport, .dport = outer->dport, .payload_bytes = outer->payload_bytes},
        .payload_bytes = outer->payload_bytes};
}

void packet_parse_whole(struct packet *p, const uint8_t *payload, uint32_t payload_bytes)
{
    struct cursor in = cursor_of(payload, payload_bytes);

    switch (ip_take_whole(&in, &p->ip)) {
    case IP_OK:
        break;
    case IP_CUT:
    case IP_BAD:
    case IP_REFUSED:
        stop(p, PACKET_BAD, PACKET_NETWORK);
        return;
    }
    parse_inside(p, &in);
}
