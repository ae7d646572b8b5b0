/* SPDX-License-Identifier: ISC */
#ifndef SHOW_WATCH_PAGE_H
#define SHOW_WATCH_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "see/follow.h"
#include "see/ladder.h"

struct str;

/* The conversations of a capture as one page of HTML that needs nothing beside itself: an overview that can
 * be sorted and filtered where scripts may run, and the ladders, explained. In this order:
 *
 *     watch_page_begin(out, &about);
 *     watch_page_row(out, c, has_ladder);         each line of the overview
 *     watch_page_end_rows(out);
 *     watch_page_ladder(out, l, absolute);        each ladder, after ladder_end
 *     watch_page_end(out);
 *
 * Each call appends; what is in out may be written and emptied between two of them, so the page takes no more
 * memory than its largest ladder. */

struct watch_page_about {
    const char *title; /* the file's name; from whomever */
    const struct follow_totals *totals;
    const struct finding *findings; /* of the capture as a whole */
    unsigned finding_count;
    uint64_t rows, conversations; /* in the overview, and as many as are wanted */
};

void watch_page_begin(struct str *out, const struct watch_page_about *about);
/* has_ladder: its number leads to the ladder. */
void watch_page_row(struct str *out, const struct conversation *c, bool has_ladder);
void watch_page_end_rows(struct str *out);
void watch_page_ladder(struct str *out, const struct ladder *l, bool absolute);
void watch_page_end(struct str *out);

/* ---- watch_page_style.c ---- */

extern const char watch_page_style[];
extern const char watch_page_script[];

#endif
