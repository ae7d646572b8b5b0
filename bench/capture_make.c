/* SPDX-License-Identifier: ISC */
/* Makes the captures that watch_read.py reads, the same bytes each time:
 *
 *     capture_make short CONNECTIONS LIVE     ten packets a connection, LIVE of them under way at any time,
 *                                             and which one goes on is left to chance, as on a server's port
 *     capture_make labelled CONNECTIONS LIVE  the same, and each asks by HTTP for something of its own
 *     capture_make long BYTES FLOWS           a few flows with full segments and an ACK for every second one
 *
 * to standard output as pcap, Ethernet, IPv4, TCP with timestamps. A packet is a template in which addresses,
 * ports and numbers are filled in; checksums are left 0, which none of the readers looks at. */
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"

#define OUT_BYTES (1U << 20)
#define PACKET_MAX_BYTES 2048
#define ETHERNET_BYTES 14
#define IP_BYTES 20
#define TCP_BYTES 32 /* with timestamps, and two NOPs before them */
#define HEAD_BYTES (ETHERNET_BYTES + IP_BYTES + TCP_BYTES)
#define SYN_OPTIONS_BYTES 8 /* MSS, SACK permitted, window scale, less one of those NOPs */
#define REQUEST_BYTES 100
#define REPLY_BYTES 300
#define SEGMENT_BYTES 1448
#define STEP_US 10

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

struct flow {
    uint32_t number;
    uint32_t seq[2]; /* the next one of each side; 0 is who opens */
    unsigned step;
};

static uint8_t out[OUT_BYTES + PACKET_MAX_BYTES];
static size_t out_bytes;
static uint64_t time_us = UINT64_C(1700000000000000);
static uint64_t written;
static int is_labelled;

static uint64_t chance(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void flush(void)
{
    for (size_t done = 0; done < out_bytes;) {
        ssize_t got = write(STDOUT_FILENO, out + done, out_bytes - done);

        if (got < 0)
            die("write");
        done += (size_t)got;
    }
    out_bytes = 0;
}

static void put_be16(uint8_t *p, uint16_t v)
{
    v = htobe16(v);
    memcpy(p, &v, sizeof(v));
}

static void put_be32(uint8_t *p, uint32_t v)
{
    v = htobe32(v);
    memcpy(p, &v, sizeof(v));
}

static void put_le32(uint8_t *p, uint32_t v)
{
    v = htole32(v);
    memcpy(p, &v, sizeof(v));
}

static void put_file_head(void)
{
    static const uint8_t head[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, [16] = 0, 0, 4, 0, [20] = 1};

    memcpy(out, head, sizeof(head));
    out_bytes = sizeof(head);
}

static void put_address(uint8_t *p, const struct flow *flow, unsigned side)
{
    /* 16 servers, and a client for each 4,096 connections. */
    if (side == 1)
        put_be32(p, 0x0a000001 + (flow->number & 15));
    else
        put_be32(p, 0xc0a80000 + (flow->number >> 12));
}

static uint16_t port_of(const struct flow *flow, unsigned side)
{
    return side == 1 ? 443 : (uint16_t)(32768 + flow->number % 28000);
}

static void put_packet(struct flow *flow, unsigned from, unsigned flags, uint32_t payload)
{
    static const uint8_t mac[ETHERNET_BYTES] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
    static const uint8_t timestamps[] = {1, 1, 8, 10},
                         syn_options[] = {2, 4, 5, 0xb4, 4, 2, 3, 3, 7, 1, 8, 10};
    uint32_t tcp_bytes = TCP_BYTES + (flags & SYN ? SYN_OPTIONS_BYTES : 0);
    uint32_t frame = ETHERNET_BYTES + IP_BYTES + tcp_bytes + payload;
    uint8_t *p = out + out_bytes, *ip = p + 16 + ETHERNET_BYTES, *tcp = ip + IP_BYTES;
    size_t options = flags & SYN ? sizeof(syn_options) : sizeof(timestamps);

    memset(p, 0, 16 + frame - payload);
    put_le32(p, (uint32_t)(time_us / 1000000));
    put_le32(p + 4, (uint32_t)(time_us % 1000000));
    put_le32(p + 8, frame);
    put_le32(p + 12, frame);
    memcpy(p + 16, mac, sizeof(mac));
    ip[0] = 0x45;
    put_be16(ip + 2, (uint16_t)(frame - ETHERNET_BYTES));
    put_be16(ip + 4, (uint16_t)written);
    ip[6] = 0x40;
    ip[8] = 64;
    ip[9] = 6;
    put_address(ip + 12, flow, from);
    put_address(ip + 16, flow, !from);
    put_be16(tcp, port_of(flow, from));
    put_be16(tcp + 2, port_of(flow, !from));
    put_be32(tcp + 4, flow->seq[from]);
    if (flags & ACK)
        put_be32(tcp + 8, flow->seq[!from]);
    put_be16(tcp + 12, (uint16_t)(tcp_bytes / 4 << 12 | flags));
    put_be16(tcp + 14, 502);
    memcpy(tcp + 20, flags & SYN ? syn_options : timestamps, options);
    put_be32(tcp + 20 + options, (uint32_t)(time_us / 1000));
    memset(tcp + tcp_bytes, 0x80 | (flow->number & 0x7f), payload); /* encrypted, as it were */
    if (payload && from == 0 && is_labelled)
        snprintf(
            (char *)tcp + tcp_bytes, payload, "GET /%08x/index.html HTTP/1.1\r\n", (unsigned)flow->number);
    flow->seq[from] += payload + !!(flags & SYN) + !!(flags & FIN);
    out_bytes += 16 + frame;
    written += 16 + frame;
    time_us += STEP_US;
    if (out_bytes >= OUT_BYTES)
        flush();
}

static void begin(struct flow *flow, uint32_t number)
{
    flow->number = number;
    flow->seq[0] = (uint32_t)chance();
    flow->seq[1] = (uint32_t)chance();
    flow->step = 0;
}

/* Its next packet; nonzero if that was the last. */
static int go_on(struct flow *flow)
{
    static const struct {
        uint8_t from, flags;
        uint16_t payload;
    } steps[] = {
        {0, SYN, 0},
        {1, SYN | ACK, 0},
        {0, ACK, 0},
        {0, PSH | ACK, REQUEST_BYTES},
        {1, ACK, 0},
        {1, PSH | ACK, REPLY_BYTES},
        {0, ACK, 0},
        {0, FIN | ACK, 0},
        {1, FIN | ACK, 0},
        {0, ACK, 0},
    };

    put_packet(flow, steps[flow->step].from, steps[flow->step].flags, steps[flow->step].payload);
    return ++flow->step == sizeof(steps) / sizeof(steps[0]);
}

static void make_short(uint32_t connections, uint32_t live)
{
    struct flow *flows = calloc(live, sizeof(*flows));
    uint32_t begun = 0, open = 0;

    if (!flows)
        die("calloc");
    while (open < live && begun < connections)
        begin(&flows[open++], begun++);
    while (open) {
        struct flow *flow = &flows[(chance() >> 32) * open >> 32];

        if (!go_on(flow))
            continue;
        if (begun < connections)
            begin(flow, begun++);
        else
            *flow = flows[--open];
    }
    free(flows);
}

static void make_long(uint64_t bytes, uint32_t count)
{
    struct flow *flows = calloc(count, sizeof(*flows));

    if (!flows)
        die("calloc");
    for (uint32_t i = 0; i < count; i++) {
        begin(&flows[i], i);
        put_packet(&flows[i], 0, SYN, 0);
        put_packet(&flows[i], 1, SYN | ACK, 0);
        put_packet(&flows[i], 0, ACK, 0);
    }
    while (written < bytes) {
        struct flow *flow = &flows[(chance() >> 32) * count >> 32];

        put_packet(flow, 0, ACK, SEGMENT_BYTES);
        if (++flow->step % 2 == 0)
            put_packet(flow, 1, ACK, 0);
    }
    for (uint32_t i = 0; i < count; i++) {
        put_packet(&flows[i], 0, FIN | ACK, 0);
        put_packet(&flows[i], 1, FIN | ACK, 0);
        put_packet(&flows[i], 0, ACK, 0);
    }
    free(flows);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s short|labelled CONNECTIONS LIVE | long BYTES FLOWS\n", argv[0]);
        return 2;
    }
    put_file_head();
    is_labelled = strcmp(argv[1], "labelled") == 0;
    if (is_labelled || strcmp(argv[1], "short") == 0)
        make_short((uint32_t)strtoul(argv[2], NULL, 10), (uint32_t)strtoul(argv[3], NULL, 10));
    else
        make_long(strtoull(argv[2], NULL, 10), (uint32_t)strtoul(argv[3], NULL, 10));
    flush();
    return 0;
}
