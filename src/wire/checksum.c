/* SPDX-License-Identifier: ISC */
/* Four bytes at a time: the carries gather above bit 32 and are folded at the end (RFC 1071, section 2, C).
 */
#include "wire/checksum.h"

#include "wire/cursor.h"

uint64_t checksum_add(uint64_t sum, const void *data, size_t len)
{
    struct cursor in = cursor_of(data, len);
    const uint8_t *p;
    uint32_t word;
    uint16_t half;

    while (get_be32(&in, &word))
        sum += word;
    if (get_be16(&in, &half))
        sum += half;
    if (get_bytes(&in, 1, &p))
        sum += (uint32_t)*p << 8;
    return sum;
}

uint16_t checksum_fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}
