/* SPDX-License-Identifier: ISC */
#ifndef SHOW_TRAFFIC_TEXT_H
#define SHOW_TRAFFIC_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "see/conversation.h"
#include "show/grid.h"
#include "show/painted.h"

struct str;

/* What a ladder and the overview share: signs, figures short enough for a column, and findings told in full.
 * Captures are hostile: times go back and leap by centuries, labels hold any bytes; nothing here takes more
 * columns than it says. */

/* The narrowest and the widest that is laid out for; what is outside counts as these. */
#define TRAFFIC_COLUMNS_MIN 60
#define TRAFFIC_COLUMNS_MAX 200

int traffic_columns(int columns);

struct traffic_signs {
    const char *line, *again, *run; /* of an arrow: of any, of what is sent again, of many segments */
    const char *right, *left;       /* its heads */
    const char *lost;               /* where it ends if it does not arrive */
    const char *life, *quiet;       /* a lifeline; while nothing happens */
    const char *towards;            /* between who calls and who is called */
    const char *cut;                /* what is missing; one column */
    const char *severity[3];
};

const struct traffic_signs *traffic_signs(bool ascii);
enum style traffic_severity_style(enum finding_severity severity);

/* later - earlier, as far as 64 bits hold it. */
int64_t traffic_between_ns(int64_t later, int64_t earlier);
#define TRAFFIC_COUNT_BYTES 32
/* "51,200", into text, which it returns. */
const char *traffic_count(char text[TRAFFIC_COUNT_BYTES], uint64_t count);
#define TRAFFIC_AMOUNT_COLUMNS 6
/* The same, or if that is too long "1.23M". */
void traffic_append_amount(struct str *out, uint64_t count);
#define TRAFFIC_SPAN_COLUMNS 6
/* A duration with three digits that count: "850ns", "12.3us", "1.02ms", "1.23s", "2m05s", "3h20m", "12d5h".
 * What is below 0 counts as positive: the sign is the caller's. */
void traffic_append_span(struct str *out, int64_t ns);
/* At most so many columns of it, with a sign for what is missing. Nothing is filled up. */
void traffic_append_cut(struct str *out, const char *text, int columns, bool ascii);
/* "TLS example.org", escaped, "" if there is none. */
void traffic_append_label(struct str *out, const struct conversation *c, bool ascii);
/* What a side is: "client", "server", "spoke first" (N_); NULL where there is nothing to say. */
const char *traffic_role(const struct conversation *c, unsigned side);
/* "by A", "by B": a letter, as the ladder's head has it. */
const char *traffic_letter(unsigned side);

/* Text in as many lines as it takes, from where the line that is being made stands; those after the first are
 * indented. Ends the last line. */
void traffic_wrap(struct painted *out, enum style style, const char *text, int indent, int columns);
/* What was found, the packets that show it, what it means and what to do. c may be NULL for one of the
 * capture. */
void traffic_finding(struct painted *out, const struct finding *finding, const struct conversation *c,
    int columns, bool ascii);

#endif
