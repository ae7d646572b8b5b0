/* SPDX-License-Identifier: ISC */
#ifndef WIRE_UDP_H
#define WIRE_UDP_H

#include <stdint.h>

#include "wire/cursor.h"

struct udp {
    uint16_t sport, dport;
    uint32_t payload_bytes; /* as sent; of a first fragment, those of the whole datagram */
};

enum udp_result {
    UDP_OK,
    UDP_CUT, /* fewer bytes were captured than the header has */
    UDP_BAD, /* no such header */
};

/* in moves behind the header, and ends with the datagram. datagram_bytes: header and payload, as IP has them.
 */
enum udp_result udp_parse(struct cursor *in, uint32_t datagram_bytes, struct udp *ret);

#endif
