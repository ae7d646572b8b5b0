/* SPDX-License-Identifier: ISC */
/* Which kind of capture file, pcap's records, and what there is to say about a bad one. pcapng's blocks are
 * in pcapng.c.
 *
 * pcap, draft-ietf-opsawg-pcap, sections 4 and 5; every word in the order of the machine that wrote it:
 *
 *      0               4               8              12              16              20
 *     +---------------+-------+-------+---------------+---------------+---------------+---------------+
 *     | magic         | major | minor | time zone     | accuracy      | snap length   | FCS, linktype |
 *     +---------------+-------+-------+---------------+---------------+---------------+---------------+
 *     | seconds       | micro- or ns  | captured      | on the wire   | the captured bytes ...
 *     +---------------+---------------+---------------+---------------+
 *
 * A "modified" file, of an old Linux tcpdump, has 8 more bytes in the head of each record: interface index,
 * protocol, packet type, padding. (Red Hat 6.1, SuSE 6.3 and Nokia had heads of other lengths behind the very
 * same magic. They can only be guessed, and are not: libpcap reads none of them either.) */
#include "wire/pcapfile.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "wire/pcapfile_private.h"

#define MAGIC_MICRO 0xa1b2c3d4U
#define MAGIC_NANO 0xa1b23c4dU
#define MAGIC_MODIFIED 0xa1b2cd34U
#define MAGIC_PCAPNG 0x0a0d0d0aU /* a block type that is its own mirror image */

#define HEAD_BYTES 24
#define RECORD_HEAD_BYTES 16
#define RECORD_HEAD_MODIFIED_BYTES 24

/* The upper half of the last word tells of a frame check sequence and must not be taken for the link type. */
#define LINKTYPE_MASK 0xffffU

void pcapfile_init(struct pcapfile *f)
{
    *f = (struct pcapfile){.format = PCAPFILE_UNDECIDED};
}

void pcapfile_done(struct pcapfile *f)
{
    free(f->interfaces);
    f->interfaces = NULL;
    f->interface_count = f->interface_room = 0;
}

struct pcapfile_interface *pcapfile_add_interface(struct pcapfile *f)
{
    struct pcapfile_interface *i;

    if (f->interface_count == PCAPFILE_INTERFACES_MAX) {
        pcapfile_fail(f, PCAPFILE_INTERFACES, 0, f->interface_count);
        return NULL;
    }
    if (f->interface_count == f->interface_room) {
        f->interface_room = f->interface_room ? 2 * f->interface_room : 4;
        f->interfaces = xreallocarray(f->interfaces, f->interface_room, sizeof(*f->interfaces));
    }
    i = &f->interfaces[f->interface_count++];
    *i = (struct pcapfile_interface){.clock = {.power = 6}};
    return i;
}

/* The file header of pcap. */
static enum pcapfile_result begin_pcap(struct pcapfile *f, struct cursor *in, uint32_t magic)
{
    struct pcapfile_interface *i;
    uint16_t major, minor;

    if (cursor_left(in) < HEAD_BYTES)
        return pcapfile_more(f, HEAD_BYTES);
    major = load_u16(in->at + 4, f->is_big);
    minor = load_u16(in->at + 6, f->is_big);
    if (major != 2)
        return pcapfile_fail(f, PCAPFILE_VERSION, 4, major);

    f->format = PCAPFILE_PCAP;
    f->fraction_ns = magic == MAGIC_NANO ? 1 : 1000;
    f->record_head_bytes = magic == MAGIC_MODIFIED ? RECORD_HEAD_MODIFIED_BYTES : RECORD_HEAD_BYTES;
    /* Before version 2.3 the two lengths stood the other way round, and in 2.3 either way. */
    f->lengths_are_swapped = minor < 3;
    f->lengths_may_be_swapped = minor == 3;
    i = pcapfile_add_interface(f);
    i->clock.power = magic == MAGIC_NANO ? 9 : 6;
    i->snaplen = load_u32(in->at + 16, f->is_big);
    i->linktype = (uint16_t)(load_u32(in->at + 20, f->is_big) & LINKTYPE_MASK);
    pcapfile_advance(f, in, HEAD_BYTES);
    return PCAPFILE_PACKET;
}

/* The first bytes of the file; PCAPFILE_PACKET: go on. */
static enum pcapfile_result begin(struct pcapfile *f, struct cursor *in)
{
    uint32_t little, big;

    if (cursor_left(in) < 4)
        return pcapfile_more(f, 4);
    little = load_le32(in->at);
    big = load_be32(in->at);
    if (big == MAGIC_PCAPNG) {
        f->format = PCAPFILE_PCAPNG;
        return PCAPFILE_PACKET;
    }
    f->is_big = big == MAGIC_MICRO || big == MAGIC_NANO || big == MAGIC_MODIFIED;
    if (f->is_big)
        return begin_pcap(f, in, big);
    if (little == MAGIC_MICRO || little == MAGIC_NANO || little == MAGIC_MODIFIED)
        return begin_pcap(f, in, little);
    return pcapfile_fail(f, PCAPFILE_FOREIGN, 0, big);
}

static enum pcapfile_result pcap_next(struct pcapfile *f, struct cursor *in, struct pcapfile_packet *ret)
{
    uint32_t captured, wire, head_bytes = f->record_head_bytes;
    const uint8_t *head = in->at;
    size_t left = cursor_left(in);

    if (left < head_bytes)
        return pcapfile_more(f, head_bytes);
    captured = load_u32(head + 8, f->is_big);
    wire = load_u32(head + 12, f->is_big);
    if (f->lengths_are_swapped || (f->lengths_may_be_swapped && captured > wire)) {
        uint32_t other = captured;

        captured = wire;
        wire = other;
    }
    if (captured > PCAPFILE_PACKET_MAX_BYTES)
        return pcapfile_fail(f, PCAPFILE_RECORD_TOO_LONG, 0, captured);
    if (left < head_bytes + captured)
        return pcapfile_more(f, head_bytes + captured);

    *ret = (struct pcapfile_packet){
        .data = head + head_bytes,
        .captured_bytes = captured,
        .wire_bytes = wire > captured ? wire : captured,
        .time_ns = (int64_t)load_u32(head, f->is_big) * 1000000000 +
                   (int64_t)load_u32(head + 4, f->is_big) * f->fraction_ns,
        .has_time = true,
        .linktype = f->interfaces[0].linktype,
        .offset = f->offset + head_bytes,
    };
    pcapfile_advance(f, in, head_bytes + captured);
    return PCAPFILE_PACKET;
}

enum pcapfile_result pcapfile_next(struct pcapfile *f, struct cursor *in, struct pcapfile_packet *ret)
{
    enum pcapfile_result result;

    if (f->fault)
        return PCAPFILE_BAD;
    if (f->format == PCAPFILE_UNDECIDED) {
        result = begin(f, in);
        if (result != PCAPFILE_PACKET)
            return result;
    }
    result = f->format == PCAPFILE_PCAP ? pcap_next(f, in, ret) : pcapng_next(f, in, ret);
    if (result == PCAPFILE_PACKET)
        ret->number = ++f->packets;
    return result;
}

void pcapfile_finish(struct pcapfile *f, const struct cursor *in)
{
    if (f->fault)
        return;
    if (cursor_left(in) == 0 && f->offset > 0)
        return;
    if (cursor_left(in) == 0)
        pcapfile_fail(f, PCAPFILE_EMPTY, 0, 0);
    else if (f->format == PCAPFILE_UNDECIDED && cursor_left(in) < 4)
        pcapfile_fail(f, PCAPFILE_FOREIGN, 0, in->at[0]);
    else
        pcapfile_fail(f, PCAPFILE_CUT, 0, f->wanted_bytes);
}

/* What compressed files and the like begin with, for a word that helps more than "no capture file". */
static const char *foreign_kind(uint32_t first)
{
    if (first >> 16 == 0x1f8b)
        return "gzip";
    if (first == 0x28b52ffd)
        return "zstd";
    if (first == 0xfd377a58)
        return "xz";
    if (first == 0x04224d18)
        return "lz4";
    if (first >> 16 == 0x504b)
        return "zip";
    return NULL;
}

void pcapfile_describe(const struct pcapfile *f, struct str *out)
{
    unsigned long long offset = f->fault_offset;
    unsigned value = f->fault_value;
    const char *kind;

    switch (f->fault) {
    case PCAPFILE_SOUND:
        break;
    case PCAPFILE_EMPTY:
        str_append_str(out, _("empty"));
        break;
    case PCAPFILE_FOREIGN:
        kind = foreign_kind(value);
        if (kind)
            str_appendf(out, _("compressed with %s; unpack it first"), kind);
        else
            str_append_str(out, _("neither a pcap nor a pcapng file"));
        break;
    case PCAPFILE_VERSION:
        str_appendf(out, _("written in version %u of its format, which this program does not know"), value);
        break;
    case PCAPFILE_CUT:
        str_appendf(out, _("cut short: what begins at byte %llu should have %u bytes"), offset, value);
        break;
    case PCAPFILE_RECORD_TOO_LONG:
        str_appendf(out, _("corrupt: the packet at byte %llu says that it has %u bytes; the most is %u"),
            offset, value, PCAPFILE_PACKET_MAX_BYTES);
        break;
    case PCAPFILE_BLOCK_LENGTH:
        str_appendf(out, _("corrupt: the block at byte %llu cannot have %u bytes"), offset, value);
        break;
    case PCAPFILE_BLOCK_TRAILER:
        str_appendf(out,
            _("corrupt: the block at byte %llu says at its end that it has %u bytes, and another "
              "number at its beginning"),
            offset, value);
        break;
    case PCAPFILE_BYTE_ORDER:
        str_appendf(out, _("corrupt: the section at byte %llu has no byte order"), offset);
        break;
    case PCAPFILE_NO_INTERFACE:
        str_appendf(out,
            _("corrupt: the packet at byte %llu was captured on interface %u, which the file does "
              "not describe"),
            offset, value);
        break;
    case PCAPFILE_PACKET_IN_BLOCK:
        str_appendf(out, _("corrupt: the packet at byte %llu says that it has %u bytes, more than its block"),
            offset, value);
        break;
    case PCAPFILE_INTERFACES:
        str_appendf(out, _("more than %u interfaces are described in it; this program takes no more"), value);
        break;
    }
}
