/* SPDX-License-Identifier: ISC */
/* Headers written byte by byte; read them beside RFC 791, 8200, 9293, 792 and 4443. */
#include "lab/forge.h"

#include <string.h>

#include "wire/checksum.h"

#define TTL 64
#define IPV4_BYTES 20
#define IPV6_BYTES 40
#define TCP_BYTES 20
#define ICMP_BYTES 8
#define IPV4_QUOTE_MAX 548 /* so that the whole has 576 bytes (RFC 1812, section 4.3.2.3) */

static void put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put32(uint8_t *p, uint32_t value)
{
    put16(p, value >> 16);
    put16(p + 2, value);
}

/* An IP header before payload_bytes of protocol; returns its length. */
static uint32_t put_ip(uint8_t *p, unsigned version, const uint8_t *src, const uint8_t *dst, uint8_t protocol,
    uint32_t payload_bytes)
{
    if (version == 6) {
        memset(p, 0, IPV6_BYTES);
        p[0] = 6 << 4;
        put16(p + 4, payload_bytes);
        p[6] = protocol;
        p[7] = TTL;
        memcpy(p + 8, src, 16);
        memcpy(p + 24, dst, 16);
        return IPV6_BYTES;
    }
    memset(p, 0, IPV4_BYTES);
    p[0] = 4 << 4 | IPV4_BYTES / 4;
    put16(p + 2, IPV4_BYTES + payload_bytes);
    p[6] = 0x40; /* don't fragment */
    p[8] = TTL;
    p[9] = protocol;
    memcpy(p + 12, src, 4);
    memcpy(p + 16, dst, 4);
    put16(p + 10, checksum_fold(checksum_add(0, p, IPV4_BYTES)));
    return IPV4_BYTES;
}

static uint64_t pseudo_header(
    unsigned version, const uint8_t *src, const uint8_t *dst, uint8_t protocol, uint32_t payload_bytes)
{
    const struct ip ip = {.version = (uint8_t)version, .protocol = protocol, .src = src, .dst = dst};

    return ip_pseudo_header_sum(&ip, payload_bytes);
}

struct segment {
    const uint8_t *src, *dst;
    uint16_t sport, dport;
    uint32_t seq, ack;
    uint8_t flags;
    uint16_t window;
};

static uint32_t put_segment(uint8_t *p, unsigned version, const struct segment *s)
{
    uint32_t header_bytes = put_ip(p, version, s->src, s->dst, IP_PROTOCOL_TCP, TCP_BYTES);
    uint8_t *tcp = p + header_bytes;

    memset(tcp, 0, TCP_BYTES);
    put16(tcp, s->sport);
    put16(tcp + 2, s->dport);
    put32(tcp + 4, s->seq);
    put32(tcp + 8, s->ack);
    tcp[12] = TCP_BYTES / 4 << 4;
    tcp[13] = s->flags;
    put16(tcp + 14, s->window);
    put16(tcp + 16, checksum_fold(checksum_add(
                        pseudo_header(version, s->src, s->dst, IP_PROTOCOL_TCP, TCP_BYTES), tcp, TCP_BYTES)));
    return header_bytes + TCP_BYTES;
}

uint32_t forge_syn(uint8_t ret[FORGE_BYTES_MAX], const uint8_t src[4], const uint8_t dst[4], uint16_t sport,
    uint16_t dport, uint32_t isn)
{
    const struct segment s = {.src = src,
        .dst = dst,
        .sport = sport,
        .dport = dport,
        .seq = isn,
        .flags = TCP_SYN,
        .window = 65535};

    return put_segment(ret, 4, &s);
}

uint32_t forge_reset(
    uint8_t ret[FORGE_BYTES_MAX], const struct packet *packet, enum lab_side from, enum lab_side to)
{
    const struct ip *ip = &packet->ip;
    const struct tcp *tcp = &packet->tcp;
    /* With ACK, so that it also refuses a SYN (section 3.10.7.3). To the receiver it is what comes behind
     * this segment; to the sender, what that has acknowledged. */
    struct segment s = {.src = ip->src,
        .dst = ip->dst,
        .sport = tcp->sport,
        .dport = tcp->dport,
        .seq = tcp->seq + tcp_sequence_bytes(tcp, packet->payload_bytes),
        .ack = tcp->ack,
        .flags = TCP_RST | TCP_ACK};

    if (packet->kind != PACKET_TCP)
        return 0;
    if (from == to)
        s = (struct segment){.src = ip->dst,
            .dst = ip->src,
            .sport = tcp->dport,
            .dport = tcp->sport,
            .seq = tcp->ack,
            .ack = s.seq,
            .flags = TCP_RST | TCP_ACK};
    return put_segment(ret, ip->version, &s);
}

uint32_t forge_too_big(uint8_t ret[FORGE_BYTES_MAX], const struct packet *packet, const uint8_t *data,
    uint32_t bytes, uint32_t mtu)
{
    const struct ip *ip = &packet->ip;
    bool is_v6 = ip->version == 6;
    uint8_t protocol = is_v6 ? IP_PROTOCOL_ICMPV6 : IP_PROTOCOL_ICMP;
    uint32_t quote_max = is_v6 ? FORGE_BYTES_MAX - IPV6_BYTES - ICMP_BYTES : IPV4_QUOTE_MAX;
    uint32_t quoted = bytes < quote_max ? bytes : quote_max, message_bytes = ICMP_BYTES + quoted;
    uint32_t header_bytes = put_ip(ret, ip->version, ip->dst, ip->src, protocol, message_bytes);
    uint8_t *message = ret + header_bytes;

    memset(message, 0, ICMP_BYTES);
    if (is_v6) {
        message[0] = ICMPV6_TOO_BIG;
        put32(message + 4, mtu);
    } else {
        message[0] = ICMP_UNREACHABLE;
        message[1] = ICMP_CODE_TOO_BIG;
        put16(message + 6, mtu); /* RFC 1191, section 4 */
    }
    memcpy(message + ICMP_BYTES, data, quoted);
    put16(message + 2, checksum_fold(checksum_add(
                           is_v6 ? pseudo_header(ip->version, ip->dst, ip->src, protocol, message_bytes) : 0,
                           message, message_bytes)));
    return header_bytes + message_bytes;
}
