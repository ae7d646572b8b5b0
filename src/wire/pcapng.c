/* SPDX-License-Identifier: ISC */
/* The blocks of pcapng (draft-ietf-opsawg-pcapng). A file is a row of sections, each in the byte order of the
 * machine that wrote it; a section header is followed by blocks that describe interfaces and blocks that hold
 * packets.
 *
 *      0               4               8                                   length - 4
 *     +---------------+---------------+---------------- - - ---------------+---------------+
 *     | type          | length        | body, padded to a multiple of 4    | length again  |
 *     +---------------+---------------+---------------- - - ---------------+---------------+
 *
 * Bodies (section 4 of the draft):
 *
 *     section header       byte-order magic, major and minor version (2 bytes each), section length (8),
 * options interface            linktype (2), reserved (2), snap length, options enhanced packet interface,
 * time (upper half, lower half), captured, on the wire, packet, options simple packet        on the wire,
 * packet packet (obsolete)    interface (2), drops (2), time (upper, lower), captured, on the wire, packet,
 * options
 *
 * Names, statistics, secrets and what else there may be are passed over by their length. A section's own
 * length is not needed: the next section begins where its header stands. */
#include <string.h>

#include "wire/pcapfile.h"
#include "wire/pcapfile_private.h"

enum {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 2,
    BLOCK_SIMPLE = 3,
    BLOCK_ENHANCED = 6,
    BLOCK_SECTION = 0x0a0d0d0a,
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4dU

#define BLOCK_MIN_BYTES 12
#define SECTION_MIN_BYTES 28
#define INTERFACE_BODY_BYTES 8
#define PACKET_BODY_BYTES 20
#define SIMPLE_BODY_BYTES 4

enum { OPTION_END = 0, IF_NAME = 2, IF_TSRESOL = 9, IF_TSOFFSET = 14 };

#define NS_PER_S 1000000000

#define POWER_OF_TEN_MAX 19
static const uint64_t power_of_ten[POWER_OF_TEN_MAX + 1] = {1, 10, 100, 1000, 10000, 100000, 1000000,
    10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000,
    100000000000000, 1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000,
    10000000000000000000U};

bool pcapfile_option_next(struct pcapfile_options *options, uint16_t *ret_code, struct cursor *ret_value)
{
    const uint8_t *head;
    uint16_t code, len;

    if (!get_bytes(&options->in, 4, &head))
        return false;
    code = load_u16(head, options->is_big);
    len = load_u16(head + 2, options->is_big);
    if (code == OPTION_END || !get_part(&options->in, len, ret_value)) {
        options->in.at = options->in.end;
        return false;
    }
    *ret_code = code;
    /* The last one's padding may be missing: nothing follows it. */
    if (!get_skip(&options->in, -len & 3U))
        options->in.at = options->in.end;
    return true;
}

/* What is past the year 2262, or before 1677, becomes the last or the first moment that there is. */
static int64_t time_of(const struct pcapfile_clock *clock, uint32_t upper, uint32_t lower)
{
    uint64_t ticks = (uint64_t)upper << 32 | lower;
    bool is_late = false;
    int64_t ns = 0;

    if (clock->is_binary && clock->power < 64) {
        unsigned __int128 exact = (unsigned __int128)ticks * NS_PER_S >> clock->power;

        is_late = exact > INT64_MAX;
        ns = (int64_t)exact;
    } else if (!clock->is_binary && clock->power <= 9) {
        is_late = __builtin_mul_overflow(ticks, power_of_ten[9 - clock->power], &ns);
    } else if (!clock->is_binary && clock->power - 9 <= POWER_OF_TEN_MAX) {
        ns = (int64_t)(ticks / power_of_ten[clock->power - 9]);
    }
    if (is_late)
        return INT64_MAX;
    if (__builtin_add_overflow(ns, clock->offset_ns, &ns))
        return clock->offset_ns < 0 ? INT64_MIN : INT64_MAX;
    return ns;
}

static int64_t ns_of_seconds(uint64_t two_complement)
{
    int64_t s = (int64_t)two_complement, ns;

    if (__builtin_mul_overflow(s, (int64_t)NS_PER_S, &ns))
        return s < 0 ? INT64_MIN : INT64_MAX;
    return ns;
}

static enum pcapfile_result begin_section(struct pcapfile *f, const struct cursor *body)
{
    uint16_t major = load_u16(body->at + 4, f->is_big);

    if (major != 1)
        return pcapfile_fail(f, PCAPFILE_VERSION, BLOCK_MIN_BYTES, major);
    f->sections++;
    f->interface_count = 0;
    return PCAPFILE_PACKET;
}

static void interface_option(
    struct pcapfile *f, struct pcapfile_interface *i, uint16_t code, struct cursor value)
{
    size_t len = cursor_left(&value);

    if (code == IF_NAME) {
        if (len > sizeof(i->name) - 1)
            len = sizeof(i->name) - 1;
        memcpy(i->name, value.at, len);
        i->name[len] = '\0';
    } else if (code == IF_TSRESOL && len == 1) {
        i->clock.power = *value.at & 0x7f;
        i->clock.is_binary = *value.at >> 7;
    } else if (code == IF_TSOFFSET && len == 8) {
        uint32_t first = load_u32(value.at, f->is_big), second = load_u32(value.at + 4, f->is_big);

        i->clock.offset_ns =
            ns_of_seconds(f->is_big ? (uint64_t)first << 32 | second : (uint64_t)second << 32 | first);
    }
}

static enum pcapfile_result describe_interface(struct pcapfile *f, struct cursor body)
{
    struct pcapfile_options options = {.is_big = f->is_big};
    struct pcapfile_interface *i;
    struct cursor value;
    const uint8_t *fixed;
    uint16_t code;

    if (!get_bytes(&body, INTERFACE_BODY_BYTES, &fixed))
        return pcapfile_fail(f, PCAPFILE_BLOCK_LENGTH, 0, (uint32_t)cursor_left(&body) + BLOCK_MIN_BYTES);
    i = pcapfile_add_interface(f);
    if (!i)
        return PCAPFILE_BAD;
    i->linktype = load_u16(fixed, f->is_big);
    i->snaplen = load_u32(fixed + 4, f->is_big);
    options.in = body;
    while (pcapfile_option_next(&options, &code, &value))
        interface_option(f, i, code, value);
    return PCAPFILE_PACKET;
}

/* A packet of captured bytes at the beginning of body, its options behind it. */
static enum pcapfile_result take_packet(struct pcapfile *f, uint32_t interface, uint32_t captured,
    uint32_t wire, struct cursor body, struct pcapfile_packet *ret)
{
    const uint8_t *data;

    if (interface >= f->interface_count)
        return pcapfile_fail(f, PCAPFILE_NO_INTERFACE, 0, interface);
    if (captured > PCAPFILE_PACKET_MAX_BYTES)
        return pcapfile_fail(f, PCAPFILE_RECORD_TOO_LONG, 0, captured);
    if (!get_bytes(&body, captured, &data))
        return pcapfile_fail(f, PCAPFILE_PACKET_IN_BLOCK, 0, captured);
    /* The body's length is a multiple of 4, so where the packet fits its padding does. */
    get_skip(&body, -captured & 3U);
    *ret = (struct pcapfile_packet){
        .data = data,
        .captured_bytes = captured,
        .wire_bytes = wire > captured ? wire : captured,
        .linktype = f->interfaces[interface].linktype,
        .interface = interface,
        .options = {.in = body, .is_big = f->is_big},
    };
    return PCAPFILE_PACKET;
}

/* Enhanced and obsolete packets differ in the first word. */
static enum pcapfile_result timed_packet(
    struct pcapfile *f, uint32_t type, struct cursor body, struct pcapfile_packet *ret)
{
    uint32_t block_bytes = (uint32_t)cursor_left(&body) + BLOCK_MIN_BYTES, interface;
    enum pcapfile_result result;
    const uint8_t *fixed;

    if (!get_bytes(&body, PACKET_BODY_BYTES, &fixed))
        return pcapfile_fail(f, PCAPFILE_BLOCK_LENGTH, 0, block_bytes);
    interface = type == BLOCK_ENHANCED ? load_u32(fixed, f->is_big) : load_u16(fixed, f->is_big);
    result = take_packet(
        f, interface, load_u32(fixed + 12, f->is_big), load_u32(fixed + 16, f->is_big), body, ret);
    if (result == PCAPFILE_PACKET) {
        ret->time_ns = time_of(
            &f->interfaces[interface].clock, load_u32(fixed + 4, f->is_big), load_u32(fixed + 8, f->is_big));
        ret->has_time = true;
    }
    return result;
}

/* A simple packet does not say how much of it was captured: it is what the first interface's snap length
 * leaves, and what the block holds. */
static enum pcapfile_result simple_packet(struct pcapfile *f, struct cursor body, struct pcapfile_packet *ret)
{
    uint32_t block_bytes = (uint32_t)cursor_left(&body) + BLOCK_MIN_BYTES, wire, captured;
    enum pcapfile_result result;
    const uint8_t *fixed;

    if (!get_bytes(&body, SIMPLE_BODY_BYTES, &fixed))
        return pcapfile_fail(f, PCAPFILE_BLOCK_LENGTH, 0, block_bytes);
    captured = wire = load_u32(fixed, f->is_big);
    if (f->interface_count && f->interfaces[0].snaplen && captured > f->interfaces[0].snaplen)
        captured = f->interfaces[0].snaplen;
    if (captured > cursor_left(&body))
        captured = (uint32_t)cursor_left(&body);
    result = take_packet(f, 0, captured, wire, body, ret);
    if (result == PCAPFILE_PACKET)
        ret->options.in.at = ret->options.in.end;
    return result;
}

/* Checks the frame of the block at in; PCAPFILE_PACKET: it is whole. */
static enum pcapfile_result take_block(
    struct pcapfile *f, const struct cursor *in, uint32_t *ret_type, struct cursor *ret_body)
{
    size_t left = cursor_left(in);
    uint32_t type, bytes, again;

    if (left < BLOCK_MIN_BYTES)
        return pcapfile_more(f, BLOCK_MIN_BYTES);
    if (load_be32(in->at) == BLOCK_SECTION) {
        uint32_t order = load_be32(in->at + 8);

        if (order != BYTE_ORDER_MAGIC && order != __builtin_bswap32(BYTE_ORDER_MAGIC))
            return pcapfile_fail(f, PCAPFILE_BYTE_ORDER, 0, order);
        f->is_big = order == BYTE_ORDER_MAGIC;
    }
    type = load_u32(in->at, f->is_big);
    bytes = load_u32(in->at + 4, f->is_big);
    if (bytes < (type == BLOCK_SECTION ? SECTION_MIN_BYTES : BLOCK_MIN_BYTES) || bytes % 4 ||
        bytes > PCAPFILE_BLOCK_MAX_BYTES)
        return pcapfile_fail(f, PCAPFILE_BLOCK_LENGTH, 0, bytes);
    if (left < bytes)
        return pcapfile_more(f, bytes);
    again = load_u32(in->at + bytes - 4, f->is_big);
    if (again != bytes)
        return pcapfile_fail(f, PCAPFILE_BLOCK_TRAILER, 0, again);
    *ret_type = type;
    *ret_body = cursor_of(in->at + 8, bytes - BLOCK_MIN_BYTES);
    return PCAPFILE_PACKET;
}

enum pcapfile_result pcapng_next(struct pcapfile *f, struct cursor *in, struct pcapfile_packet *ret)
{
    enum pcapfile_result result;
    bool is_packet = false;
    struct cursor body;
    uint32_t type;

    while (!is_packet) {
        result = take_block(f, in, &type, &body);
        if (result != PCAPFILE_PACKET)
            return result;
        is_packet = type == BLOCK_ENHANCED || type == BLOCK_SIMPLE || type == BLOCK_PACKET;
        if (type == BLOCK_SECTION)
            result = begin_section(f, &body);
        else if (type == BLOCK_INTERFACE)
            result = describe_interface(f, body);
        else if (type == BLOCK_SIMPLE)
            result = simple_packet(f, body, ret);
        else if (is_packet)
            result = timed_packet(f, type, body, ret);
        if (result != PCAPFILE_PACKET)
            return result;
        if (is_packet)
            ret->offset = f->offset + (uint64_t)(ret->data - in->at);
        pcapfile_advance(f, in, (uint32_t)cursor_left(&body) + BLOCK_MIN_BYTES);
    }
    return PCAPFILE_PACKET;
}
