/* SPDX-License-Identifier: ISC */
#ifndef CMD_CMD_ANSWER_H
#define CMD_CMD_ANSWER_H

#include "base/encoding.h"
#include "base/options.h"
#include "base/str.h"
#include "net/loop.h"
#include "show/out.h"
#include "show/term.h"
#include "talk/answer.h"

/* What landline answer takes, and what it prints (cmd_answer_print.c, cmd_answer_json.c). */
struct answer_values {
    const char *reply, *exec, *filter;
    bool echo, discard;
    bool once, quiet, json, hex, no_color, trace;
    int verbose;
    const char *encoding;
    size_t max_message;
    int64_t max_peers, max_children, rate_limit;
    int64_t idle_ms, quiet_ms;
    struct option_list allow, deny;
    const char *cert, *key, *ca, *alpn, *psk_file;
};

struct answer_print {
    const struct answer_values *values;
    struct encoding *encoding; /* NULL: UTF-8 */
    const struct term_colors *colors;
    struct loop *loop;
    struct out *out;                     /* stdout */
    struct turn_end flush_later;         /* what a turn prints leaves in one write */
    void (*broken)(int code, void *arg); /* nobody reads stdout any more */
    void *arg;
    struct str text; /* being made; kept for its memory */
};

void answer_print_init(struct answer_print *p, const struct answer_values *values, struct encoding *encoding,
    struct loop *loop, void (*broken)(int code, void *arg), void *arg);
void answer_print_done(struct answer_print *p);
/* What was appended to out leaves when the turn ends. */
void answer_print_flush_later(struct answer_print *p);
/* The events that these options print; their arg is the answer_print. */
void answer_print_events(const struct answer_values *values, struct answer_events *ret);
/* The last line: what was done. */
void answer_print_counts(struct answer_print *p, const struct answer_counts *counts);

/* The same as JSON. */
void answer_json_events(struct answer_events *ret);
void answer_json_counts(struct answer_print *p, const struct answer_counts *counts);

#endif
