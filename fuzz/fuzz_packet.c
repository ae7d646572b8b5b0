/* SPDX-License-Identifier: ISC */
/* The first bytes choose the link type, how much longer the packet was on the wire, and where a second
 * capture of it is cut; the rest is the packet. Nothing that the decoders give may lie outside of it or have
 * more bytes than were sent, and what a shorter capture still tells must be the same. Every codec from the
 * link layer to TCP's options runs. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/checksum.h"
#include "wire/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t linktypes[] = {LINKTYPE_ETHERNET, LINKTYPE_RAW, LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2,
    LINKTYPE_NULL, LINKTYPE_LOOP, LINKTYPE_PPP, LINKTYPE_PPP_HDLC, LINKTYPE_CISCO_HDLC, LINKTYPE_IPV4, 105,
    LINKTYPE_IEEE802_11_RADIOTAP, LINKTYPE_PPI, LINKTYPE_IEEE802_11_PRISM, LINKTYPE_NFLOG, LINKTYPE_PKTAP,
    LINKTYPE_FRAME_RELAY, LINKTYPE_TOKEN_RING, LINKTYPE_FDDI, LINKTYPE_PFLOG, LINKTYPE_MPLS,
    LINKTYPE_IP_OVER_INFINIBAND};

static void check(int holds)
{
    if (!holds)
        abort();
}

static void check_inside(const uint8_t *at, size_t len, const uint8_t *data, size_t size)
{
    check(at >= data && at <= data + size && len <= (size_t)(data + size - at));
}

static void check_ip(const struct ip *ip, const uint8_t *data, size_t size)
{
    check(ip->version == 4 || ip->version == 6);
    check_inside(ip->src, ip_address_bytes(ip), data, size);
    check_inside(ip->dst, ip_address_bytes(ip), data, size);
    check_inside(ip->header, ip->header_bytes, data, size);
    check((ip->flags & IP_FRAGMENT) || (ip->fragment_offset == 0 && !(ip->flags & IP_MORE_FRAGMENTS)));
    ip_header_checksum_is_right(ip);
}

static void check_tcp(const struct tcp *tcp, const uint8_t *data, size_t size)
{
    struct tcp_options options;

    check_inside(tcp->options, tcp->options_captured, data, size);
    check(tcp->header_bytes >= 20 && tcp->header_bytes <= 60);
    tcp_parse_options(tcp, &options);
    check(options.sack_count <= TCP_SACK_BLOCKS_MAX && options.cookie_bytes <= TCP_COOKIE_MAX_BYTES);
    check(options.window_shift <= TCP_WINDOW_SHIFT_MAX);
    check(!!(options.has & TCP_HAS_SACK) == (options.sack_count > 0));
}

static void check_icmp(const struct icmp *icmp, const uint8_t *data, size_t size)
{
    check(!icmp->has_seq || icmp->has_ports);
    check(!icmp->has_ports || icmp->has_quote);
    check(!icmp->has_quote || icmp->is_error);
    if (icmp->has_quote) {
        check_ip(&icmp->quoted, data, size);
        check(icmp->quoted.version == icmp->version);
    }
    icmp_text(icmp->version, icmp->type, icmp->code);
}

/* Is ip filled? */
static int has_ip(const struct packet *p)
{
    return p->layer == PACKET_TRANSPORT || p->kind == PACKET_OTHER || p->kind == PACKET_FRAGMENT;
}

static void check_packet(const struct packet *p, const uint8_t *data, size_t size, size_t wire)
{
    check(p->kind <= PACKET_REFUSED && p->layer <= PACKET_TRANSPORT);
    check(p->link.vlan_count <= LINK_VLANS_KEPT);
    if (!has_ip(p)) {
        check(p->tunnel == TUNNEL_NONE || p->kind >= PACKET_NOT_IP);
        return;
    }
    check_ip(&p->ip, data, size);
    check(p->outer_count <= PACKET_TUNNELS_MAX && !p->tunnel == !p->outer_count);
    for (unsigned i = 0; i < p->outer_count; i++)
        check_ip(&p->outer[i].ip, data, size);
    check(p->ip.payload_bytes <= wire);
    check_inside(p->payload, p->payload_captured, data, size);
    check(p->payload_captured <= p->payload_bytes);
    if (p->kind == PACKET_TCP)
        check_tcp(&p->tcp, data, size);
    if (p->kind == PACKET_ICMP)
        check_icmp(&p->icmp, data, size);
    if (p->kind == PACKET_OTHER && p->payload_captured == p->ip.payload_bytes)
        ip_payload_checksum_is_right(&p->ip, p->payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct packet whole, part;
    uint16_t linktype;
    uint32_t wire;
    uint8_t *copy;
    size_t cut;

    if (size < 4)
        return 0;
    linktype = linktypes[data[0] % (sizeof(linktypes) / sizeof(linktypes[0]))];
    wire = (uint32_t)size - 4 + (data[1] & 1 ? load_be16(data + 1) : 0);
    cut = data[3] % (size - 3);
    data += 4;
    size -= 4;
    memset(&whole, 0xa5, sizeof(whole));
    memset(&part, 0x5a, sizeof(part));
    packet_parse(linktype, data, (uint32_t)size, wire, &whole);
    check_packet(&whole, data, size, wire);

    /* Memory of its own, so that a step behind the cut is seen. */
    copy = malloc(cut + 1);
    check(copy != NULL);
    memcpy(copy, data, cut);
    packet_parse(linktype, copy, (uint32_t)cut, wire, &part);
    check_packet(&part, copy, cut, wire);
    if (part.kind == whole.kind && part.layer == whole.layer && part.tunnel == whole.tunnel &&
        part.outer_count == whole.outer_count && has_ip(&part)) {
        check(part.ip.payload_bytes == whole.ip.payload_bytes && part.ip.protocol == whole.ip.protocol);
        check(part.payload_bytes == whole.payload_bytes);
        check((part.kind != PACKET_TCP && part.kind != PACKET_UDP) ||
              (part.sport == whole.sport && part.dport == whole.dport));
    }
    free(copy);
    return 0;
}
