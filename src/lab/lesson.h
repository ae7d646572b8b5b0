/* SPDX-License-Identifier: ISC */
#ifndef LAB_LESSON_H
#define LAB_LESSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/actor.h"
#include "lab/fates.h"
#include "lab/session.h"

/* A scenario of the course: what runs on both hosts, what becomes of the packets, and what is to be learned
 * from it. lessons*.c have them; what the kernel then does is not written anywhere, it is seen. */

struct lesson_order {
    uint8_t order;    /* enum fates_order */
    const char *text; /* NULL: there are no more */
};

struct lesson {
    const char *name;  /* "lost-syn": what is typed */
    const char *title; /* N_(), one line */
    /* N_(), paragraphs: what is about to happen; what was seen, and why; a question; its answer. */
    const char *before, *why, *question, *answer;
    const struct act *acts[LAB_SIDES];
    const struct act *full_acts[LAB_SIDES]; /* with --full; NULL: acts */
    const struct lesson_order *orders;      /* NULL: none */
    const struct lesson_order *full_orders; /* with --full; NULL: orders */
    const struct session_setting *settings; /* NULL: none */
    bool is_crowd;                          /* many conversations: none is explained by itself */
    bool at_once;                           /* nobody listens: the client does not wait for that */
    int64_t
        settle_ns;   /* that is waited after the client's end for segments that are sent again; 0: as usual */
    int64_t full_ns; /* the same with --full, where a kernel timer takes long; 0: there is none */
    const char *timer; /* N_(), one line: which timer it is, and how long it takes */
};

/* In the order of the course, NULL at the end. */
extern const struct lesson *const lessons[];
/* NULL: there is none of this name. */
const struct lesson *lesson_find(const char *name);

#endif
