/* SPDX-License-Identifier: ISC */
#ifndef SEE_SOURCE_H
#define SEE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/pcapfile.h"

/* Where packets come from: a capture file, or an interface that is captured from now. Who follows
 * conversations asks for the next packets and never which of the two it is.
 *
 *     for (;;)
 *         switch (source_batch(s, packets, SOURCE_BATCH, &count, &err)) {
 *         case SOURCE_PACKET: ... count of them ...           continue;
 *         case SOURCE_AGAIN:  wait until source_fd can be read; continue;
 *         case SOURCE_END:    ...
 *         case SOURCE_BAD:    ...
 *         }
 */
struct source;

enum source_result {
    SOURCE_PACKET, /* *ret is one, or the first of some, valid until the next call */
    SOURCE_END,    /* there was no more, and all was well */
    SOURCE_BAD,    /* err says what is wrong; whatever stood before it has been given. So will say every
                      further call */
    SOURCE_AGAIN,  /* live: nothing is at hand now */
};

#define SOURCE_ANY "any" /* the interface that is all of them */
#define SOURCE_BATCH 64  /* packets that are worth asking for at a time */
#define SOURCE_SNAPLEN_MIN 96
#define SOURCE_SNAPLEN_DEFAULT PCAPFILE_PACKET_MAX_BYTES /* whole packets */
#define SOURCE_BUFFER_DEFAULT_BYTES (16U << 20)
#define SOURCE_BUFFER_MIN_BYTES (256U << 10) /* libpcap's ring has no smaller block */
#define SOURCE_BUFFER_MAX_BYTES (1U << 30)
#define SOURCE_HOLD_DEFAULT_MS 20

struct source_live_options {
    const char *filter;  /* pcap-filter(7); NULL: everything */
    uint32_t snaplen;    /* bytes of a packet that are kept; 0: the default */
    size_t buffer_bytes; /* of the ring that the kernel fills; 0: the default */
    unsigned hold_ms; /* that a packet may lie in the ring before it shows: many at a time cost less. 0: the
                         default */
    bool is_promiscuous; /* also what others say to each other, where the network brings it here */
};

/* path: "-" is standard input. filter as above. 0 or a negative code with err filled: ERR_MISUSE if it is the
 * filter, ERR_INPUT if it is the file. */
int source_open_file(const char *path, const char *filter, struct source **ret, struct err *err);
/* The same of a file that is open; fd becomes its own, also where it fails. name: for people. */
int source_of_file(int fd, const char *name, const char *filter, struct source **ret, struct err *err);
/* Captures from now on. ERR_PERMISSION if that is not allowed, with what would allow it; privileges_drop
 * should follow. */
int source_open_live(
    const char *interface, const struct source_live_options *options, struct source **ret, struct err *err);
void source_free(struct source *s); /* accepts NULL */

/* As many as lie at hand, at most max: *ret_count of them with SOURCE_PACKET, at least one. With a filter
 * those that match; pcapfile_packet.number counts the others too where it is a file, so that it is the
 * number by which every program calls the packet. Waits only if the file is a pipe. */
enum source_result source_batch(
    struct source *s, struct pcapfile_packet *ret, unsigned max, unsigned *ret_count, struct err *err);
/* Readable when there is more; -1: a file. */
int source_fd(const struct source *s);
/* Live: nothing that comes from now on is taken. What the ring holds still is given, then SOURCE_END; the
 * call that says so may take a moment (SOURCE_QUIET_MS), because the kernel hands the last packets over late.
 * A file is at its end at once. */
void source_stop(struct source *s);
#define SOURCE_QUIET_MS 100

struct source_counts {
    uint64_t captured; /* that were given; of a file: read, with those that did not match */
    uint64_t dropped;  /* live: for which the ring had no room */
};
void source_counts(struct source *s, struct source_counts *ret);

/* Live: what it is that is captured, for the file that keeps it. */
const char *source_name(const struct source *s);
uint16_t source_linktype(const struct source *s);
uint32_t source_snaplen(const struct source *s);
/* What has been read of a file, for the interfaces it describes. NULL: live. */
const struct pcapfile *source_format(const struct source *s);

/* Whether there is an interface of that name to capture from. */
bool source_has_interface(const char *name);

#endif
