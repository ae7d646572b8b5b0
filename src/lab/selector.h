/* SPDX-License-Identifier: ISC */
#ifndef LAB_SELECTOR_H
#define LAB_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "lab/hosts.h"
#include "see/follow.h"

struct str;

/* Which packets are meant, in plain words:
 *
 *     SELECTOR := [KIND] ["#" NUMBER ["-" [NUMBER]]] ["of" ("handshake" | "close")] ["from" ("client" |
 * "server")] KIND     := "any" | "tcp" | "udp" | "icmp" | "data" | "retransmission" | FLAG ("+" FLAG)* FLAG
 * := "syn" | "ack" | "fin" | "rst"
 *
 * "syn" is a segment with SYN and without ACK, "syn+ack" has both; "ack" has nothing but ACK and no data,
 * "fin" and "rst" have that flag whatever else they have, "data" has payload (TCP or UDP). What is behind
 * KIND may come in any order, each once; without KIND it is "any", but one part at least there is.
 *
 * "of handshake" are SYN, SYN+ACK, and the ACK by which it is complete, so "ack of handshake" is the third
 * segment; "of close" are FINs and what acknowledges one, so "ack of close" is that of a FIN alone.
 *
 * "#2" is the second such packet that comes to the wire, in all conversations, "#2-4" the second to the
 * fourth, "#2-" all from the second on; packets that are sent again count again, and so do those that an
 * order has dropped. Words may be in any case and blanks repeated or left out where nothing becomes
 * ambiguous. */

#define SELECTOR_TEXT_MAX 128 /* bytes; a longer one is refused */
#define SELECTOR_NUMBER_MAX 1000000000

struct selector {
    uint8_t kind; /* selector.c's */
    uint8_t of;   /* selector.c's */
    bool has_side;
    uint8_t from;                    /* enum lab_side */
    uint16_t flags_set, flags_clear; /* enum tcp_flags */
    uint32_t first, last;            /* by number, from 1; 0 and UINT32_MAX: all */
};

/* What a packet on the wire is: follow's view of it, if it is part of a conversation. A of every conversation
 * is the client (follow_options.has_a). */
struct selectee {
    enum lab_side from;
    const struct packet *packet;
    const struct followed *followed; /* NULL: of no conversation */
};

/* 0, or ERR_MISUSE with what in text is wrong and what would be right. */
int selector_parse(const char *text, struct selector *ret, struct err *err);
/* The same for who has a longer text to quote: appends to ret_why only what is wrong, and returns a negative
 * code. */
int selector_read(const char *text, struct selector *ret, struct str *ret_why);

/* Whether the packet is of that kind; its number is not looked at: who asks counts, and then asks
 * selector_has_number. */
bool selector_matches(const struct selector *s, const struct selectee *packet);
bool selector_has_number(const struct selector *s, uint32_t number);
/* Every packet, if only of one side: nothing is singled out. */
bool selector_is_general(const struct selector *s);
/* Appends it as it would be typed: "syn+ack#1 from server". */
void selector_print(struct str *out, const struct selector *s);

#endif
