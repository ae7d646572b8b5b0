/* SPDX-License-Identifier: ISC */
#ifndef SHOW_OVERVIEW_TEXT_H
#define SHOW_OVERVIEW_TEXT_H

#include <stdbool.h>

#include "see/conversation.h"
#include "see/follow.h"
#include "show/painted.h"

/* Many conversations, a line each: never more than one, and never wider than columns, of which 60 to 200 are
 * made use of. Who spoke to whom, how it ended and what was found are there always; bytes, duration, round
 * trip, what was sent again and what it is about come as there is room. */

struct overview_text_options {
    int columns;
    bool ascii; /* the terminal has no UTF-8 */
};

/* The columns' names: one line. */
void overview_text_head(struct painted *out, const struct overview_text_options *o);
/* One line. */
void overview_text_row(
    struct painted *out, const struct conversation *c, const struct overview_text_options *o);
/* What was read, what was not, and what is wrong with the capture as a whole: a line or more. */
void overview_text_totals(struct painted *out, const struct follow_totals *t, const struct finding *findings,
    unsigned count, const struct overview_text_options *o);

#endif
