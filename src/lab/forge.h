/* SPDX-License-Identifier: ISC */
#ifndef LAB_FORGE_H
#define LAB_FORGE_H

#include <stdint.h>

#include "lab/hosts.h"
#include "wire/packet.h"

/* Packets that the wire makes itself. */

#define FORGE_BYTES_MAX 1280 /* an ICMPv6 error is no longer (RFC 4443, section 2.4 c) */

/* An RST as if the other host had sent it: one that `to` believes, if it has got, or has sent, this segment
 * as its newest one (RFC 9293, section 3.10.7.4: its number must be exactly the next expected one). from: who
 * sent packet, a TCP segment. Returns the bytes written to ret, 0 if packet is no TCP segment. */
uint32_t forge_reset(
    uint8_t ret[FORGE_BYTES_MAX], const struct packet *packet, enum lab_side from, enum lab_side to);

/* A SYN over IPv4, with nothing agreed on. Returns the bytes written. */
uint32_t forge_syn(uint8_t ret[FORGE_BYTES_MAX], const uint8_t src[4], const uint8_t dst[4], uint16_t sport,
    uint16_t dport, uint32_t isn);

/* What a router says whose next link takes only so many bytes (RFC 1191, RFC 8201): packet is data's, from
 * its IP header on. It comes back to who sent it, in the name of the other. Returns the bytes written. */
uint32_t forge_too_big(uint8_t ret[FORGE_BYTES_MAX], const struct packet *packet, const uint8_t *data,
    uint32_t bytes, uint32_t mtu);

#endif
