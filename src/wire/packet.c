/* SPDX-License-Identifier: ISC */
/* Goes through the layers of one packet, and at most one tunnel. */
#include "wire/packet.h"

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
    p->payload_bytes = p->udp.payload_bytes;
    /* What its header tells beyond its packet was never sent, except in the fragments to come. */
    if (!(p->ip.flags & IP_FRAGMENT) && p->payload_bytes > p->ip.payload_bytes - 8)
        p->payload_bytes = p->ip.payload_bytes - 8;
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

/* in is at a network header, or at what is none. Returns false, with in at the payload of IP, if the
 * transport is still to be read. */
static bool parse_network(struct packet *p, struct cursor *in, uint32_t frame_bytes)
{
    if (p->link.ethertype != ETHERTYPE_IPV4 && p->link.ethertype != ETHERTYPE_IPV6) {
        stop(p, PACKET_NOT_IP, PACKET_LINK);
        return true;
    }
    switch (ip_parse(in, frame_bytes, &p->ip)) {
    case IP_OK:
        break;
    case IP_CUT:
        stop(p, PACKET_CUT, PACKET_NETWORK);
        return true;
    case IP_BAD:
        stop(p, PACKET_BAD, PACKET_NETWORK);
        return true;
    case IP_REFUSED:
        stop(p, PACKET_REFUSED, PACKET_NETWORK);
        return true;
    }
    return false;
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
 * network header inside. */
static enum tunnel enter_tunnel(const struct packet *p, struct cursor *in, struct link *ret_link)
{
    struct udp udp;

    if (p->ip.flags & IP_FRAGMENT)
        return TUNNEL_NONE;
    switch (p->ip.protocol) {
    case IP_PROTOCOL_IPV4:
    case IP_PROTOCOL_IPV6:
        *ret_link = p->link;
        ret_link->ethertype = p->ip.protocol == IP_PROTOCOL_IPV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
        return TUNNEL_IPIP;
    case IP_PROTOCOL_GRE:
        return tunnel_parse_gre(in, ret_link) == TUNNEL_OK ? TUNNEL_GRE : TUNNEL_NONE;
    case IP_PROTOCOL_UDP:
        if (udp_parse(in, p->ip.payload_bytes, &udp) != UDP_OK ||
            (udp.dport != TUNNEL_VXLAN_PORT && udp.dport != TUNNEL_VXLAN_PORT_OLD))
            return TUNNEL_NONE;
        return tunnel_parse_vxlan(in, ret_link) == TUNNEL_OK ? TUNNEL_VXLAN : TUNNEL_NONE;
    default:
        return TUNNEL_NONE;
    }
}

/* The packet inside takes the place of the one outside, unless it is no IP: then the tunnel's own is all
 * there is to follow. */
static bool parse_inside(struct packet *p, const struct cursor *payload)
{
    struct cursor in = *payload;
    struct link link;
    enum tunnel tunnel = enter_tunnel(p, &in, &link);
    struct packet inside;

    if (tunnel == TUNNEL_NONE)
        return false;
    inside = (struct packet){.tunnel = (uint8_t)tunnel, .link = link, .outer = p->ip};
    if (parse_network(&inside, &in, p->ip.payload_bytes - (uint32_t)(in.at - payload->at)))
        return false;
    parse_transport(&inside, &in);
    *p = inside;
    return true;
}

static bool may_be_tunnel(const struct ip *ip)
{
    return ip->protocol == IP_PROTOCOL_IPV4 || ip->protocol == IP_PROTOCOL_IPV6 ||
           ip->protocol == IP_PROTOCOL_GRE || ip->protocol == IP_PROTOCOL_UDP;
}

void packet_parse(
    uint16_t linktype, const uint8_t *data, uint32_t captured_bytes, uint32_t wire_bytes, struct packet *ret)
{
    struct cursor in = cursor_of(data, captured_bytes);

    ret->tunnel = TUNNEL_NONE;
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
    if (may_be_tunnel(&ret->ip) && parse_inside(ret, &in))
        return;
    parse_transport(ret, &in);
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
    if (p->tunnel == TUNNEL_NONE && may_be_tunnel(&p->ip) && parse_inside(p, &in))
        return;
    parse_transport(p, &in);
}
