/* SPDX-License-Identifier: ISC */
/* What the packet decoders make of a capture file, a line a packet, for tests/test_capture_files.py: that
 * compares it with what other programs say.
 *
 *     number time_ns captured wire kind tunnel source destination sport dport seq ack flags window payload
 * mss shift
 *
 * with "-" for what a packet does not have. Then exit status 0, or 9 and what is wrong on stderr. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "see/source_file.h"
#include "wire/packet.h"

static const char *const kinds[] = {
    "tcp", "udp", "icmp", "fragment", "other", "not-ip", "cut", "bad", "refused"};

static const char *address_text(const struct ip *ip, const uint8_t *address, char text[INET6_ADDRSTRLEN])
{
    return inet_ntop(ip->version == 4 ? AF_INET : AF_INET6, address, text, INET6_ADDRSTRLEN);
}

static void print_addresses(const struct packet *p)
{
    char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

    /* Behind a layer that failed there is none. */
    if (p->layer == PACKET_LINK || (p->layer == PACKET_NETWORK && p->kind >= PACKET_CUT))
        printf("\t-\t-");
    else
        printf("\t%s\t%s", address_text(&p->ip, p->ip.src, src), address_text(&p->ip, p->ip.dst, dst));
}

static void print_tcp(const struct packet *p)
{
    const struct tcp *tcp = &p->tcp;
    struct tcp_options options;

    tcp_parse_options(tcp, &options);
    printf("\t%" PRIu32 "\t%" PRIu32 "\t0x%04x\t%u\t%" PRIu32, tcp->seq, tcp->ack, tcp->flags, tcp->window,
        p->payload_bytes);
    if (options.has & TCP_HAS_MSS)
        printf("\t%u", options.mss);
    else
        printf("\t-");
    if (options.has & TCP_HAS_WINDOW_SHIFT)
        printf("\t%u", options.window_shift);
    else
        printf("\t-");
}

static void print_packet(uint64_t number, const struct pcapfile_packet *frame)
{
    const char *tunnel;
    struct packet p;

    packet_parse(frame->linktype, frame->data, frame->captured_bytes, frame->wire_bytes, &p);
    tunnel = tunnel_name((enum tunnel)p.tunnel);
    printf("%" PRIu64 "\t%" PRId64 "\t%" PRIu32 "\t%" PRIu32 "\t%s\t%s", number, frame->time_ns,
        frame->captured_bytes, frame->wire_bytes, kinds[p.kind], tunnel ? tunnel : "-");
    print_addresses(&p);
    if (p.kind == PACKET_TCP || p.kind == PACKET_UDP)
        printf("\t%u\t%u", p.sport, p.dport);
    else
        printf("\t-\t-");
    if (p.kind == PACKET_TCP)
        print_tcp(&p);
    else if (p.kind == PACKET_UDP)
        printf("\t-\t-\t-\t-\t%" PRIu32 "\t-\t-", p.payload_bytes);
    else
        printf("\t-\t-\t-\t-\t-\t-\t-");
    putchar('\n');
}

int main(int argc, char **argv)
{
    struct pcapfile_packet frame;
    enum source_result result;
    struct source_file *s;
    uint64_t number = 0;
    struct err err;

    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    if (source_file_open(argv[1], &s, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return (int)err.kind;
    }
    while ((result = source_file_next(s, &frame, &err)) == SOURCE_PACKET)
        print_packet(++number, &frame);
    source_file_close(s);
    if (result == SOURCE_BAD) {
        fprintf(stderr, "%s\n", err.text);
        return (int)err.kind;
    }
    return 0;
}
