/* SPDX-License-Identifier: ISC */
#ifndef SEE_FRAGMENTS_H
#define SEE_FRAGMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/packet.h"

/* Puts the fragments of IP datagrams together (RFC 791, section 3.2; RFC 8200, section 4.5), so that what
 * they carry is a packet of its conversation, once, in the place of the fragment that made it whole. */
struct fragments;

/* Datagrams that wait for fragments, and the bytes kept for them. When it would be more, the oldest is given
 * up. */
#define FRAGMENTS_DATAGRAMS_MAX 1024
#define FRAGMENTS_BYTES_MAX (8U << 20)
/* RFC 8200, section 4.5. By the times in the capture. */
#define FRAGMENTS_WAIT_NS (60 * INT64_C(1000000000))

/* A datagram of which fragments never came. */
struct fragments_lost {
    struct ip ip;   /* src, dst, version, protocol, fragment_id only; valid during the call */
    bool has_ports; /* its first fragment came, and it is TCP or UDP */
    uint16_t sport, dport;
    uint64_t number; /* of the packet with the first fragment that came */
};

/* lost may be NULL. It must not call back. */
struct fragments *fragments_new(void (*lost)(void *arg, const struct fragments_lost *lost), void *arg);
/* Does not tell of those that still wait: fragments_finish. */
void fragments_free(struct fragments *f);

enum fragments_result {
    FRAGMENTS_WAIT,  /* more are to come, or it is one that is refused */
    FRAGMENTS_WHOLE, /* *p is the whole datagram now, valid until the next packet */
    FRAGMENTS_ALONE, /* not all of it was captured, so nothing can be put together: *p is what it was */
};

/* p has to be a fragment (packet_is_fragment). */
enum fragments_result fragments_take(struct fragments *f, struct packet *p, uint64_t number, int64_t time_ns);
/* After FRAGMENTS_WHOLE: the packets that brought it, in the order in which they came, the last one included;
 * those too whose fragments carried its fragments. Valid until the next packet. */
const uint64_t *fragments_pieces(const struct fragments *f, uint32_t *ret_count);
/* No more packets: what still waits is lost. */
void fragments_finish(struct fragments *f);

#endif
