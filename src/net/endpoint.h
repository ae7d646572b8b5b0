/* SPDX-License-Identifier: ISC */
#ifndef NET_ENDPOINT_H
#define NET_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/err.h"

/* One end of a conversation as the kernel knows it: a socket address with its length. A plain value,
 * copied freely. Family AF_UNSPEC (all zero) means unknown, as for an unnamed unix socket. */
struct endpoint {
    union {
        struct sockaddr sa;
        struct sockaddr_in in4;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    };
    socklen_t len;
    /* Of a datagram's sender, where the receiving socket is bound to every interface: the local address that
     * was asked (IPv4: mapped), and the interface if it is link-local. An answer to a copy of this endpoint
     * leaves from there. All zero: the kernel chooses. No part of what makes two endpoints equal. */
    struct in6_addr asked;
    uint32_t asked_interface;
};

/* "[" + IPv6 + "%" + interface + "]:65535", or a unix path of 108 bytes. */
#define ENDPOINT_TEXT_BYTES 128

/* Copies a socket address; an unnamed unix one becomes AF_UNSPEC. False if len is more than an endpoint
 * holds or less than the family needs. */
bool endpoint_from_sockaddr(struct endpoint *ret, const struct sockaddr *sa, socklen_t len);
/* Reads "127.0.0.1", "::1" or "fe80::1%eth0"; no names. 0, -EINVAL, or -ENODEV for an
 * interface that is not here. */
int endpoint_from_numeric(struct endpoint *ret, const char *host, uint16_t port);
/* A unix socket path; "@name" is Linux's abstract namespace. 0, -ENAMETOOLONG beyond 107 bytes, or
 * -EINVAL for an empty name. */
int endpoint_from_path(struct endpoint *ret, const char *path);

/* "127.0.0.1:9000", "[::1]:9000", "/run/x.sock", "@name", or "-" where there is none. An IPv4-mapped
 * IPv6 address is shown as IPv4. In a unix name control bytes are shown as "?". Returns text. */
const char *endpoint_format(const struct endpoint *e, char text[ENDPOINT_TEXT_BYTES]);
/* The same without the port: "127.0.0.1", "::1". */
const char *endpoint_format_host(const struct endpoint *e, char text[ENDPOINT_TEXT_BYTES]);
uint16_t endpoint_port(const struct endpoint *e); /* host order; 0 for unix */
/* An IPv4-mapped IPv6 address equals, and hashes as, the IPv4 one. */
bool endpoint_is_equal(const struct endpoint *a, const struct endpoint *b);
bool endpoint_is_same_host(const struct endpoint *a, const struct endpoint *b); /* the port does not count */
/* A keyed hash, so that a peer who picks addresses cannot pick collisions. */
uint64_t endpoint_hash(const struct endpoint *e, uint64_t key);
uint64_t endpoint_hash_host(const struct endpoint *e, uint64_t key);

/* A block of addresses for --allow and --deny: "10.0.0.0/8", "2001:db8::/32", or one address. */
struct cidr {
    int family;
    uint8_t bytes[16];
    uint8_t bits;
};

/* 0, or -EINVAL with err saying what is wrong ("10.0.0.1/8: bits set behind the prefix; 10.0.0.0/8?"). */
int cidr_parse(struct cidr *ret, const char *text, struct err *err);
bool cidr_contains(const struct cidr *block, const struct endpoint *e); /* IPv4-mapped counts as IPv4 */

#endif
