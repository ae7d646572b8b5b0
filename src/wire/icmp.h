/* SPDX-License-Identifier: ISC */
#ifndef WIRE_ICMP_H
#define WIRE_ICMP_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/cursor.h"
#include "wire/ip.h"

/* ICMP (RFC 792) and ICMPv6 (RFC 4443). What matters here are the errors: each quotes the beginning of the
 * packet that it is about, which is how it finds its conversation. */
struct icmp {
    uint8_t version; /* 4 or 6 */
    uint8_t type, code;
    bool is_error;  /* the fields below may then be filled */
    bool has_quote; /* quoted is the packet that the error is about */
    bool has_ports; /* and so are sport and dport, for TCP and UDP */
    bool has_seq;   /* TCP's */
    uint16_t sport, dport;
    uint32_t seq;
    uint32_t mtu; /* of the next link, where the packet was too big; 0 if it is not told */
    struct ip quoted;
};

enum icmp_result {
    ICMP_OK,
    ICMP_CUT,
    ICMP_BAD,
};

enum {
    ICMP_UNREACHABLE = 3,
    ICMP_SOURCE_QUENCH = 4,
    ICMP_REDIRECT = 5,
    ICMP_TIME_EXCEEDED = 11,
    ICMP_PARAMETER_PROBLEM = 12,
};
enum { ICMP_CODE_PORT = 3, ICMP_CODE_TOO_BIG = 4 };
enum {
    ICMPV6_UNREACHABLE = 1,
    ICMPV6_TOO_BIG = 2,
    ICMPV6_TIME_EXCEEDED = 3,
    ICMPV6_PARAMETER_PROBLEM = 4,
};
enum { ICMPV6_CODE_PORT = 4 };

/* in holds the message of IP version version; message_bytes: as sent. */
enum icmp_result icmp_parse(struct cursor *in, unsigned version, uint32_t message_bytes, struct icmp *ret);

/* What the message says, in words ("port unreachable", "echo request"), not translated: N_. NULL for what has
 * no well-known name. */
const char *icmp_text(unsigned version, unsigned type, unsigned code);

#endif
