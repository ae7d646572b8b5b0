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
 *     SELECTOR := KIND ["#" NUMBER ["-" [NUMBER]]] ["of" ("handshake" | "close")] ["from" ("client" | "server")]
 *     KIND     := "any" | "tcp" | "udp" | "icmp" | "data" | "retransmission" | FLAG ("+" FLAG)*
 *     FLAG     := "syn" | "ack" | "fin" | "rst"
 *
 * "syn" is a segment with SYN and without ACK, "syn+ack" has both; "ack" has nothing but ACK and no data, "fin"
 * and "rst" have that flag whatever else they have, "data" has payload (TCP or UDP). "ack of handshake" is the
 * third segment; "ack of close" acknowledges a FIN for the first time. "#2" is the second such packet that comes
 * to the wire, "#2-4" the second to the fourth, "#2-" all from the second on; packets that are sent again count
 * again. Words may be in any case and blanks repeated. */

#define SELECTOR_TEXT_MAX 128 /* bytes; a longer one is refused */
#define SELECTOR_NUMBER_MAX 1000000000

struct selector {
    uint16_t kind;      /* selector.c's */
    uint16_t flags_set, flags_clear; /* enum tcp_flags */
    uint8_t of;         /* selector.c's */
    bool has_side;
    uint8_t from;       /* enum lab_side */
    uint32_t first, last; /* by number, from 1; 0 and UINT32_MAX: all */
};

/* What a packet on the wire is: follow's view of it, if it is part of a conversation. */
struct selectee {
    enum lab_side from;
    const struct packet *packet;
    const struct followed *followed; /* NULL: of no conversation */
};

/* 0, or ERR_MISUSE with what in text is wrong and what would be right. */
int selector_parse(const char *text, struct selector *ret, struct err *err);
/* Whether the packet is of that kind; its number is not looked at: who asks counts, and then asks
 * selector_has_number. */
bool selector_matches(const struct selector *s, const struct selectee *packet);
bool selector_has_number(const struct selector *s, uint32_t number);
/* Appends it as it would be typed: "syn+ack#1 from server". */
void selector_print(struct str *out, const struct selector *s);

#endif
