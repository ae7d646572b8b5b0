/* SPDX-License-Identifier: ISC */
#ifndef WIRE_PCAPFILE_H
#define WIRE_PCAPFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/cursor.h"

struct str;

/* Reads capture files: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), told apart by
 * their first bytes. Bytes in, packets out, each a piece of those very bytes: nothing is copied and nothing
 * allocated for a packet. The bytes may be a whole file in memory or the beginning of one that is still
 * coming; the calls are the same.
 *
 *     pcapfile_init(&f);
 *     while ((result = pcapfile_next(&f, &in, &packet)) == PCAPFILE_PACKET)
 *         ...
 *     if (result == PCAPFILE_MORE)     a stream: read on until in holds f.wanted_bytes, and call again;
 *         pcapfile_finish(&f, &in);    at the end: was it a good one?
 *     if (f.fault)
 *         pcapfile_describe(&f, &text);
 *
 * A cut or corrupt file gives every packet before the fault and then that one fault. Nothing is looked for
 * behind it: where a length is wrong every place to go on is a guess. */

/* As libpcap and Wireshark have it: a longer packet is taken for a corrupt length. */
#define PCAPFILE_PACKET_MAX_BYTES 262144
/* Of a pcapng block, libpcap's limit too; so the most that a reader of a stream has to hold. */
#define PCAPFILE_BLOCK_MAX_BYTES (16U << 20)
#define PCAPFILE_INTERFACES_MAX 16384 /* described in one section */
#define PCAPFILE_NAME_BYTES 32        /* of an interface's name that are kept, its NUL counted */

enum pcapfile_fault {
    PCAPFILE_SOUND,
    PCAPFILE_EMPTY,           /* no byte at all */
    PCAPFILE_FOREIGN,         /* the first four bytes (fault_value) are those of no capture file */
    PCAPFILE_VERSION,         /* a major version (fault_value) that did not exist when this was written */
    PCAPFILE_CUT,             /* ends inside a header, record or block that has fault_value bytes */
    PCAPFILE_RECORD_TOO_LONG, /* a packet of fault_value bytes */
    PCAPFILE_BLOCK_LENGTH, /* a block that says it has fault_value bytes: too few, too many, or no multiple of
                              4 */
    PCAPFILE_BLOCK_TRAILER,   /* its length is repeated at its end as fault_value: another one */
    PCAPFILE_BYTE_ORDER,      /* a section whose byte-order magic is fault_value */
    PCAPFILE_NO_INTERFACE,    /* a packet of interface fault_value, which the section has not described */
    PCAPFILE_PACKET_IN_BLOCK, /* a packet of fault_value bytes in a block that is shorter */
    PCAPFILE_INTERFACES,      /* more than PCAPFILE_INTERFACES_MAX */
};

enum pcapfile_format { PCAPFILE_UNDECIDED, PCAPFILE_PCAP, PCAPFILE_PCAPNG };

/* How a timestamp counts: 10^-power s, or 2^-power s. */
struct pcapfile_clock {
    uint8_t power;
    bool is_binary;
    int64_t offset_ns;
};

struct pcapfile_interface {
    struct pcapfile_clock clock;
    uint32_t snaplen; /* 0: no limit */
    uint16_t linktype;
    char name[PCAPFILE_NAME_BYTES]; /* as the file has it, cut if longer; bytes from outside */
};

struct pcapfile_options {
    struct cursor in;
    bool is_big;
};

struct pcapfile_packet {
    const uint8_t *data;     /* inside the bytes that were given, so gone when they go */
    uint32_t captured_bytes; /* that lie there */
    uint32_t wire_bytes;     /* that it had on its way; never fewer than were captured */
    int64_t time_ns;         /* since 1970; 0 if has_time is false */
    bool has_time;           /* false for pcapng's simple packets */
    uint16_t linktype;
    uint32_t interface;              /* counted from 0 in its section */
    uint64_t offset;                 /* of data in the file: to find it again */
    uint64_t number;                 /* in the file, from 1 */
    struct pcapfile_options options; /* of the packet: pcapfile_option_next */
};

enum pcapfile_result {
    PCAPFILE_PACKET, /* *ret is one */
    PCAPFILE_MORE, /* no whole one is left: wanted_bytes must lie in the cursor before another call tells more
                    */
    PCAPFILE_BAD,  /* see fault; so will say every further call */
};

struct pcapfile {
    enum pcapfile_format format;
    enum pcapfile_fault fault;
    uint64_t fault_offset; /* in the file */
    uint32_t fault_value;
    uint64_t offset; /* of the cursor in the file */
    uint32_t wanted_bytes;
    uint64_t packets;  /* given so far */
    uint32_t sections; /* pcapng's, begun so far */
    struct pcapfile_interface *interfaces;
    uint32_t interface_count, interface_room;
    bool is_big;
    /* pcap's */
    bool lengths_are_swapped, lengths_may_be_swapped;
    uint32_t record_head_bytes;
    uint32_t fraction_ns; /* what the second word of a timestamp counts */
};

void pcapfile_init(struct pcapfile *f);
void pcapfile_done(struct pcapfile *f);
/* in moves behind what has been dealt with, whatever the result. */
enum pcapfile_result pcapfile_next(struct pcapfile *f, struct cursor *in, struct pcapfile_packet *ret);
/* No more bytes will come than those in in, and pcapfile_next has said MORE. */
void pcapfile_finish(struct pcapfile *f, const struct cursor *in);
/* Appends what is wrong and where, translated, as the rest of a line that begins with the file's name. */
void pcapfile_describe(const struct pcapfile *f, struct str *out);

/* A pcapng packet's options, one a call; false at their end, or where what is left cannot be one. */
enum { PCAPFILE_OPTION_COMMENT = 1, PCAPFILE_OPTION_FLAGS = 2, PCAPFILE_OPTION_DROPS = 4 };
bool pcapfile_option_next(struct pcapfile_options *options, uint16_t *ret_code, struct cursor *ret_value);

#endif
