/* SPDX-License-Identifier: ISC */
#ifndef WIRE_PCAPNG_WRITER_H
#define WIRE_PCAPNG_WRITER_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/* Appends the blocks of a pcapng file, little-endian, times in nanoseconds, so that every reader takes them:
 * a section, its interfaces (counted from 0 in the order they come), then packets. The caller writes the
 * bytes where they belong. Texts are UTF-8 and may be NULL; the format holds 65,535 bytes of one, so a longer
 * one is cut at a whole character. */
void pcapng_begin(struct buf *out, const char *application);
void pcapng_add_interface(struct buf *out, uint16_t linktype, uint32_t snaplen, const char *name);
void pcapng_add_packet(struct buf *out, uint32_t interface, int64_t time_ns, const void *data,
    uint32_t captured_bytes, uint32_t wire_bytes, const char *comment);

#endif
