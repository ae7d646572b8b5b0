/* SPDX-License-Identifier: ISC */
/* A datagram that waits has its bytes where they belong, and a bit for each 8 of them that are there:
 * fragments begin and end at multiples of 8, but the last. So each costs what it brings, however small, many
 * and overlapping they are. */
#include "see/fragments.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/xmalloc.h"

#undef uthash_malloc
#define uthash_malloc(size) xmalloc(size)

#define UNIT_BYTES 8
#define DATAGRAM_MAX_BYTES 65535U
#define UNITS_MAX (DATAGRAM_MAX_BYTES / UNIT_BYTES + 1)
#define BYTES_MIN 2048U
#define PIECES_MIN 4
/* A copy of a fragment, from a capture at two places, looks like the first of another datagram when that one
 * is whole. So those that were whole last are known for a while, and a copy is not called lost. */
#define WHOLE_KNOWN 64
/* Fragments of a tunnel, which carried fragments. */
#define DEPTH_MAX 2

/* RFC 8200, section 4.5: the two addresses and the identification; RFC 791 adds the protocol. */
struct key {
    uint8_t src[16], dst[16];
    uint32_t id;
    uint8_t version, tunnel, protocol, unused;
};

struct datagram {
    struct key key;
    int64_t since_ns;
    uint64_t number;
    uint8_t *bytes;
    uint32_t room;
    uint32_t total_bytes; /* known with the last one; else 0 */
    uint32_t end_bytes;   /* behind the furthest that is there */
    uint32_t units;       /* that are there */
    uint64_t has[UNITS_MAX / 64];
    uint64_t *pieces; /* numbers of packets: no more than units, so they cost no more than the bytes */
    uint32_t piece_count, piece_room;
    uint8_t protocol; /* of the first one */
    bool has_first, is_refused, is_copy;
    UT_hash_handle hh;
};

struct fragments {
    struct datagram *waiting;          /* the oldest first */
    struct datagram *whole[DEPTH_MAX]; /* the last ones: their bytes are in the caller's hands */
    const struct datagram *last;       /* of these, the one that was whole last */
    struct key known[WHOLE_KNOWN];
    unsigned known_next;
    uint32_t room;
    void (*lost)(void *arg, const struct fragments_lost *lost);
    void *arg;
};

struct fragments *fragments_new(void (*lost)(void *arg, const struct fragments_lost *lost), void *arg)
{
    struct fragments *f = xcalloc(1, sizeof(*f));

    f->lost = lost;
    f->arg = arg;
    return f;
}

static void datagram_free(struct datagram *d)
{
    if (!d)
        return;
    free(d->pieces);
    free(d->bytes);
    free(d);
}

static void unlink_waiting(struct fragments *f, struct datagram *d)
{
    HASH_DEL(f->waiting, d);
    f->room -= d->room;
}

void fragments_free(struct fragments *f)
{
    struct datagram *d, *next;

    if (!f)
        return;
    HASH_ITER (hh, f->waiting, d, next) {
        unlink_waiting(f, d);
        datagram_free(d);
    }
    for (int depth = 0; depth < DEPTH_MAX; depth++)
        datagram_free(f->whole[depth]);
    free(f);
}

static void tell_lost(const struct fragments *f, const struct datagram *d)
{
    struct fragments_lost lost = {
        .ip = {.src = d->key.src,
            .dst = d->key.dst,
            .version = d->key.version,
            .protocol = d->has_first ? d->protocol : d->key.protocol,
            .fragment_id = d->key.id},
        .number = d->number,
    };

    if (!f->lost || d->is_copy || d->is_refused)
        return;
    if (d->has_first && (d->protocol == IP_PROTOCOL_TCP || d->protocol == IP_PROTOCOL_UDP)) {
        lost.has_ports = true;
        lost.sport = load_be16(d->bytes);
        lost.dport = load_be16(d->bytes + 2);
    }
    f->lost(f->arg, &lost);
}

static void give_up(struct fragments *f, struct datagram *d)
{
    unlink_waiting(f, d);
    tell_lost(f, d);
    datagram_free(d);
}

void fragments_finish(struct fragments *f)
{
    while (f->waiting)
        give_up(f, f->waiting);
}

static struct key key_of(const struct packet *p)
{
    struct key key = {.id = p->ip.fragment_id, .version = p->ip.version, .tunnel = p->tunnel};

    memcpy(key.src, p->ip.src, ip_address_bytes(&p->ip));
    memcpy(key.dst, p->ip.dst, ip_address_bytes(&p->ip));
    /* Of IPv6 only the first one's counts. */
    if (p->ip.version == 4)
        key.protocol = p->ip.protocol;
    return key;
}

static bool is_known_whole(const struct fragments *f, const struct key *key)
{
    for (unsigned i = 0; i < WHOLE_KNOWN; i++)
        if (memcmp(&f->known[i], key, sizeof(*key)) == 0)
            return true;
    return false;
}

static struct datagram *datagram_of(
    struct fragments *f, const struct key *key, uint64_t number, int64_t time_ns)
{
    struct datagram *d;

    HASH_FIND(hh, f->waiting, key, sizeof(*key), d);
    if (d)
        return d;
    if (HASH_COUNT(f->waiting) == FRAGMENTS_DATAGRAMS_MAX)
        give_up(f, f->waiting);
    d = xcalloc(1, sizeof(*d));
    d->key = *key;
    d->since_ns = time_ns;
    d->number = number;
    d->is_copy = is_known_whole(f, key);
    HASH_ADD(hh, f->waiting, key, sizeof(d->key), d);
    return d;
}

/* Makes room for so many bytes; older datagrams may have to go. */
static void make_room(struct fragments *f, struct datagram *d, uint32_t bytes)
{
    uint32_t room = d->room ? d->room : BYTES_MIN;

    while (room < bytes)
        room *= 2;
    if (room == d->room)
        return;
    while (f->room - d->room + room > FRAGMENTS_BYTES_MAX) {
        struct datagram *oldest = f->waiting != d ? f->waiting : d->hh.next;

        give_up(f, oldest);
    }
    d->bytes = xrealloc(d->bytes, room);
    f->room += room - d->room;
    d->room = room;
}

/* Where it lies in the whole one. False if it cannot be a piece of one. */
static bool take_range(const struct ip *ip, uint32_t *ret_bytes)
{
    uint32_t bytes = ip->payload_bytes;

    if (ip->flags & IP_MORE_FRAGMENTS && bytes % UNIT_BYTES) {
        /* RFC 8200, section 4.5: an error. RFC 791 has no word for it; Linux takes what fills whole units. */
        if (ip->version == 6)
            return false;
        bytes -= bytes % UNIT_BYTES;
    }
    if (!bytes || ip->fragment_offset + bytes > DATAGRAM_MAX_BYTES)
        return false;
    *ret_bytes = bytes;
    return true;
}

/* Copies those units that are not there. Returns how many there were already. */
static uint32_t copy_units(struct datagram *d, const uint8_t *from, uint32_t offset, uint32_t bytes)
{
    uint32_t present = 0;

    for (uint32_t at = 0; at < bytes; at += UNIT_BYTES) {
        uint32_t unit = (offset + at) / UNIT_BYTES;
        uint64_t bit = UINT64_C(1) << unit % 64;

        if (d->has[unit / 64] & bit) {
            present++;
            continue;
        }
        d->has[unit / 64] |= bit;
        d->units++;
        memcpy(d->bytes + offset + at, from + at, bytes - at < UNIT_BYTES ? bytes - at : UNIT_BYTES);
    }
    return present;
}

/* RFC 8200, section 4.5: of a datagram with fragments that overlap nothing may be taken, for no two hosts
 * would agree on what it says; a copy of one that came before is none. With IPv4 (RFC 791) what came first
 * stays. */
static void take_bytes(struct datagram *d, const struct ip *ip, const uint8_t *from, uint32_t bytes)
{
    uint32_t offset = ip->fragment_offset, end = offset + bytes;
    uint32_t units = (bytes + UNIT_BYTES - 1) / UNIT_BYTES, present;
    bool is_last = !(ip->flags & IP_MORE_FRAGMENTS);

    if ((is_last && (d->end_bytes > end || (d->total_bytes && d->total_bytes != end))) ||
        (d->total_bytes && end > d->total_bytes)) {
        d->is_refused = true;
        return;
    }
    present = copy_units(d, from, offset, bytes);
    if (ip->version == 6 && present && (present < units || memcmp(d->bytes + offset, from, bytes) != 0)) {
        d->is_refused = true;
        return;
    }
    if (is_last)
        d->total_bytes = end;
    if (end > d->end_bytes)
        d->end_bytes = end;
    if (offset == 0 && !d->has_first) {
        d->has_first = true;
        d->protocol = ip->protocol;
    }
}

static void note_pieces(struct datagram *d, const uint64_t *numbers, uint32_t count)
{
    for (uint32_t i = 0; i < count && d->piece_count < d->units; i++) {
        if (d->piece_count == d->piece_room) {
            d->piece_room = d->piece_room ? d->piece_room * 2 : PIECES_MIN;
            d->pieces = xreallocarray(d->pieces, d->piece_room, sizeof(*d->pieces));
        }
        d->pieces[d->piece_count++] = numbers[i];
    }
}

static bool is_whole(const struct datagram *d)
{
    return d->total_bytes && d->has_first && d->units == (d->total_bytes + UNIT_BYTES - 1) / UNIT_BYTES;
}

static void become_whole(struct fragments *f, struct datagram *d, int depth, struct packet *p)
{
    unlink_waiting(f, d);
    datagram_free(f->whole[depth]);
    f->whole[depth] = d;
    f->last = d;
    f->known[f->known_next++ % WHOLE_KNOWN] = d->key;
    p->ip.protocol = d->protocol;
    packet_parse_whole(p, d->bytes, d->total_bytes);
}

static enum fragments_result take(
    struct fragments *f, struct packet *p, int depth, uint64_t number, int64_t time_ns)
{
    const uint8_t *payload = p->ip.header + p->ip.header_bytes;
    struct key key = key_of(p);
    struct datagram *d;
    uint32_t bytes;

    if (!take_range(&p->ip, &bytes))
        return FRAGMENTS_WAIT;
    d = datagram_of(f, &key, number, time_ns);
    if (d->is_refused)
        return FRAGMENTS_WAIT;
    make_room(f, d, p->ip.fragment_offset + bytes);
    take_bytes(d, &p->ip, payload, bytes);
    if (depth)
        note_pieces(d, f->last->pieces, f->last->piece_count);
    else
        note_pieces(d, &number, 1);
    if (d->is_refused || !is_whole(d))
        return FRAGMENTS_WAIT;
    become_whole(f, d, depth, p);
    return FRAGMENTS_WHOLE;
}

enum fragments_result fragments_take(struct fragments *f, struct packet *p, uint64_t number, int64_t time_ns)
{
    enum fragments_result result = FRAGMENTS_ALONE;

    while (f->waiting && time_ns - f->waiting->since_ns > FRAGMENTS_WAIT_NS)
        give_up(f, f->waiting);
    for (int depth = 0; depth < DEPTH_MAX && packet_is_fragment(p); depth++) {
        if (p->ip.payload_captured < p->ip.payload_bytes || p->ip.flags & IP_LENGTH_TOO_LONG)
            return depth ? FRAGMENTS_WAIT : FRAGMENTS_ALONE;
        result = take(f, p, depth, number, time_ns);
        if (result == FRAGMENTS_WAIT)
            break;
    }
    return result;
}

const uint64_t *fragments_pieces(const struct fragments *f, uint32_t *ret_count)
{
    *ret_count = f->last->piece_count;
    return f->last->pieces;
}
