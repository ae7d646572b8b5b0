/* SPDX-License-Identifier: ISC */
/* RFC 768:
 *
 *      0               2               4               6               8
 *     +---------------+---------------+---------------+---------------+
 *     | source port   | destination   | length        | checksum      |
 *     +---------------+---------------+---------------+---------------+
 *
 * The length counts the header. It is 0 in a jumbogram, and in a burst that the network card was to cut
 * (USO); then what IP has is the datagram. It may be less than what IP has (RFC 9868 puts options behind it).
 */
#include "wire/udp.h"

#define HEADER_BYTES 8

enum udp_result udp_parse(struct cursor *in, uint32_t datagram_bytes, struct udp *ret)
{
    const uint8_t *head;
    uint32_t bytes;

    if (datagram_bytes < HEADER_BYTES)
        return UDP_BAD;
    if (!get_bytes(in, HEADER_BYTES, &head))
        return UDP_CUT;
    bytes = load_be16(head + 4);
    if (bytes == 0)
        bytes = datagram_bytes;
    if (bytes < HEADER_BYTES)
        return UDP_BAD;
    ret->sport = load_be16(head);
    ret->dport = load_be16(head + 2);
    ret->payload_bytes = bytes - HEADER_BYTES;
    cursor_limit(in, ret->payload_bytes);
    return UDP_OK;
}
