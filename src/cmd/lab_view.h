/* SPDX-License-Identifier: ISC */
#ifndef CMD_LAB_VIEW_H
#define CMD_LAB_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "lab/wire.h"

struct conversation;
struct follow;

/* What is shown of a run of the lab, as it happens: the rungs of the ladders, and what the programs print
 * among them; or a JSON object for each of these; or nothing until the end, and then a picture or a page. The
 * packets may be kept in a file beside that. */
struct lab_view;

enum lab_view_face {
    LAB_VIEW_TEXT,
    LAB_VIEW_JSON,
    LAB_VIEW_SVG,
    LAB_VIEW_HTML,
    LAB_VIEW_QUIET, /* the programs' output only */
};

struct lab_view_options {
    uint8_t face; /* enum lab_view_face */
    bool every, absolute, ascii, no_color;
    bool no_notes;     /* below a ladder */
    const char *write; /* NULL: no file */
    const char *title; /* of the page */
};

/* 0, or a negative code with err. */
int lab_view_new(const struct lab_view_options *options, struct lab_view **ret, struct err *err);
void lab_view_free(struct lab_view *v); /* accepts NULL */

/* Before the first event: what knows the conversations beyond single packets (wire_follow). */
void lab_view_set_follow(struct lab_view *v, struct follow *follow);

/* For wire_options.see and .ended. */
void lab_view_see(struct lab_view *v, const struct wire_event *event);
void lab_view_end(struct lab_view *v, const struct conversation *c);
/* A line that a program printed, as it came. */
void lab_view_output(struct lab_view *v, enum lab_side side, const char *text, size_t len);
/* How a program ended; status as waitpid's. */
void lab_view_exit(struct lab_view *v, enum lab_side side, int status, bool was_stopped);
/* A line of ours, translated. Not in JSON. */
void lab_view_tell(struct lab_view *v, const char *text);
/* Nothing has happened for a moment: what was kept back since more might be folded into it is shown. */
void lab_view_rest(struct lab_view *v);
/* After wire_finish: the rest of it. 0, or a negative code with err. */
int lab_view_finish(struct lab_view *v, struct err *err);

#endif
