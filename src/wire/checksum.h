/* SPDX-License-Identifier: ISC */
#ifndef WIRE_CHECKSUM_H
#define WIRE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* The Internet checksum (RFC 1071): the one's complement of the sum of 16-bit words. Sums of parts may be
 * added up if every part but the last has an even length. */
uint64_t checksum_add(uint64_t sum, const void *data, size_t len);
/* What goes into a header whose field was 0 meanwhile; 0 when the sum was over a header with the right one in
 * it. In host order. */
uint16_t checksum_fold(uint64_t sum);

#endif
