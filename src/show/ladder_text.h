/* SPDX-License-Identifier: ISC */
#ifndef SHOW_LADDER_TEXT_H
#define SHOW_LADDER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "see/ladder.h"
#include "show/painted.h"

/* A ladder for a terminal: two lifelines, an arrow a packet, and the state of each side beside its lifeline
 * where it changes.
 *
 *     0.000000         SYN_SENT │── SYN seq=0 mss=1460 ────▶│ SYN_RECEIVED
 *     0.000021 +21.0us ESTABLISHED │◀─ SYN ACK seq=0 ack=1 ───│
 *
 * No line is wider than columns, of which 60 to 200 are made use of: with fewer, states are abbreviated and
 * one of the two times goes; with more come packet numbers, and words beside the ladder and not below an
 * arrow. What does not fit is put on a further line; nothing of a header, and no finding, is left out. */

struct ladder_text_options {
    int columns;
    bool absolute; /* sequence numbers as they are */
    bool ascii;    /* the terminal has no UTF-8 */
};

/* Who the two are, and the heads of the lifelines. */
void ladder_text_head(struct painted *out, const struct ladder *l, const struct ladder_text_options *o);
/* One line or more. */
void ladder_text_rung(
    struct painted *out, const struct ladder *l, size_t index, const struct ladder_text_options *o);
/* The conversation explained, then its findings. Nothing before ladder_end. */
void ladder_text_notes(struct painted *out, const struct ladder *l, const struct ladder_text_options *o);

#endif
