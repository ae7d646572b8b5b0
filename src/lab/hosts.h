/* SPDX-License-Identifier: ISC */
#ifndef LAB_HOSTS_H
#define LAB_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Two hosts, `client` and `server`, each a network namespace of its own in a user namespace of ours, and the
 * two ends of the cable between them, which nobody but us connects: what one host sends is read here, and
 * comes to the other only if it is written here. No privilege is needed, and none outside is had.
 *
 *     hosts_new(&options, &h, &err)     this process is in a user namespace of its own from now on
 *     program_start                     programs on them (program.h)
 *     hosts_read, hosts_write           the wire
 *     hosts_free
 *
 * The process must have one thread. Namespaces live as long as somebody is in them or has their descriptors:
 * all of it ends with this process and the programs, whatever ends them. */

enum lab_side { LAB_CLIENT, LAB_SERVER }; /* FLOW_A and FLOW_B where a conversation is followed */
#define LAB_SIDES 2

enum hosts_backend {
    HOSTS_ANY, /* TUN if it may be had, else VETH */
    HOSTS_TUN,
    HOSTS_VETH, /* a pair of veth for each host, their other ends in a third namespace, on packet sockets */
};

#define HOSTS_MTU_DEFAULT 1500
#define HOSTS_MTU_MIN 576      /* of IPv4 (RFC 791); below 1280 there is no IPv6 (RFC 8200, section 5) */
#define HOSTS_MTU_MAX 65521    /* what TUN takes */
#define HOSTS_PACKET_MAX 65536 /* bytes, with offload */

struct hosts_options {
    uint8_t backend; /* enum hosts_backend */
    uint32_t mtu;    /* 0: the default */
    bool offload; /* the hosts hand over up to 64 KB as one packet, as their network cards would take it; only
                     for a wire that passes every packet on as it is */
};

struct hosts;

/* 0, or a negative code with err: ERR_PERMISSION says which kernel rule forbids it and what lifts it
 * (refusal.h). After a failure the process may be in a namespace of its own already: it is to end. */
int hosts_new(const struct hosts_options *options, struct hosts **ret, struct err *err);
void hosts_free(struct hosts *h);                        /* accepts NULL */
enum hosts_backend hosts_backend(const struct hosts *h); /* TUN or VETH */

/* "client", "server". */
const char *lab_side_name(enum lab_side side);
/* The addresses, as bytes: 4 of IPv4, 16 of IPv6. Of both hosts the same in every lab. */
const uint8_t *hosts_ipv4(enum lab_side side);
const uint8_t *hosts_ipv6(enum lab_side side);

/* Readable when that host has sent something. */
int hosts_fd(const struct hosts *h, enum lab_side side);

/* A packet from its IP header on. With offload what its checksum and segments still lack is in note, which
 * has to come back with it. */
struct hosts_packet {
    uint8_t *data;
    uint32_t bytes;
    uint8_t note[12];
};

/* The next packet that the host has sent, into room for HOSTS_PACKET_MAX bytes that ret->data points to.
 * -EAGAIN: none; -EMSGSIZE never. Other negative codes: the cable is gone. Frames that are no IP are passed
 * over. */
int hosts_read(struct hosts *h, enum lab_side from, struct hosts_packet *ret);
/* Hands a packet to a host, whose kernel has dealt with it when this returns. -EAGAIN or -ENOBUFS: it had no
 * room, and the packet is lost. */
int hosts_write(struct hosts *h, enum lab_side to, const struct hosts_packet *packet);

/* Sets net/NAME in a host ("ipv4/tcp_fin_timeout"), as sysctl does. 0 or a negative code with err. */
int hosts_sysctl(struct hosts *h, enum lab_side side, const char *name, const char *value, struct err *err);

/* The network namespace of a host, an open descriptor that stays the hosts'. */
int hosts_netns(const struct hosts *h, enum lab_side side);

#endif
