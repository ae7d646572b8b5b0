/* SPDX-License-Identifier: ISC */
#ifndef SHOW_PACKET_FIELDS_H
#define SHOW_PACKET_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "see/conversation.h"
#include "see/ring.h"
#include "show/painted.h"

/* A packet told header by header, a line or more each, and its payload at the end:
 *
 *     packet    12  10:11:12.123456000  74 bytes
 *     Ethernet  00:01:02:03:04:05 > 06:07:08:09:0a:0b
 *     IPv4      10.0.0.1 > 10.0.0.2, TTL 64, don't fragment
 *     TCP       40000 > 80, SYN
 *     seq       0 (3735928559), next 1
 *     window    64240
 *     options   MSS 1460, window scale 7 (x128), SACK permitted
 *     payload   none
 */
struct packet_fields_options {
    int columns;          /* lines are wrapped to them; at least PACKET_FIELDS_COLUMNS_MIN */
    size_t payload_bytes; /* of the payload that are shown */
    const struct conversation *conversation; /* for relative numbers and scaled windows; NULL: none */
    unsigned verdicts;                       /* enum verdict: what was said of it */
    bool ascii;
};

#define PACKET_FIELDS_COLUMNS_MIN 16
#define PACKET_FIELDS_PAYLOAD_DEFAULT 512

/* Bytes from outside are escaped. */
void packet_fields(
    struct painted *out, const struct ring_packet *frame, const struct packet_fields_options *options);

#endif
