/* SPDX-License-Identifier: ISC */
#ifndef SEE_CLOSEUP_H
#define SEE_CLOSEUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "see/conversation.h"
#include "see/ladder.h"
#include "see/ring.h"
#include "wire/packet.h"

/* One conversation of a capture, looked at closely: given the capture's packets again, or those that still
 * come, it picks those of the conversation, follows them by themselves, and keeps them and their ladder.
 *
 *     u = closeup_new(&conversation, first_number, 0);
 *     for each packet from the beginning:
 *         closeup_take(u, &frame, &packet);
 *     closeup_ladder(u, every)
 */
struct closeup;

/* c: as the first pass has it; its addresses, ports, protocol and id are what counts. first_number: of its
 * first packet: others that had the same ports before are not meant. keep_bytes: of packets that are kept;
 * 0: RING_BYTES_DEFAULT. */
struct closeup *closeup_new(const struct conversation *c, uint64_t first_number, size_t keep_bytes);
void closeup_free(struct closeup *u); /* accepts NULL */
/* True: it is one of its packets. frame: its bytes, of which packet is made. */
bool closeup_take(struct closeup *u, const struct ring_packet *frame, const struct packet *packet);
/* No packet will come any more: what the end shows is found. */
void closeup_finish(struct closeup *u);
/* The ladder of what has come so far, ended; one with a rung for each packet, or folded. It stays the
 * closeup's, and is valid until the next closeup_take. Empty if there was no packet: ladder_conversation is
 * NULL. */
const struct ladder *closeup_ladder(struct closeup *u, bool every);
/* Its packets: those that are kept. */
const struct ring *closeup_packets(const struct closeup *u);

#endif
