/* SPDX-License-Identifier: ISC */
#ifndef SHOW_WATCH_JSON_H
#define SHOW_WATCH_JSON_H

#include <stdint.h>

struct conversation;
struct finding;
struct follow_totals;
struct followed;
struct str;

/* watch --json: one object a line, its kind in "type". landline-watch(1) documents them; a key is never
 * renamed, and whatever changes the meaning of one counts WATCH_JSON_SCHEMA up. Each appends a line. */
#define WATCH_JSON_SCHEMA 1

/* What the numbers behind a capture are. */
struct watch_json_capture {
    const struct follow_totals *totals;
    const struct finding *findings; /* of the capture as a whole */
    unsigned finding_count;
    int64_t dropped;   /* packets that the capturer lost; -1: a file, which does not tell */
    const char *error; /* the capture could not be read to its end; NULL: it was */
};

void watch_json_conversation(struct str *out, const struct conversation *c);
/* What only the lab knows of a packet. */
struct watch_json_wire {
    const char *fate;   /* "delivered", "dropped", ... */
    const char *reason; /* the order by which; NULL: none */
    int64_t flight_ns;
    unsigned copy;        /* of a packet that was doubled; 0: itself */
    const char *state[2]; /* of A and B, the kernels' own, by the kernel's names; NULL: there is none */
};

/* A packet of a conversation; capture_start_ns is when the capture's first packet was. wire: NULL if it was
 * captured; else its fate comes with it, and the kernels' states in place of those that were followed. */
void watch_json_packet(struct str *out, const struct followed *followed, int64_t capture_start_ns,
    const struct watch_json_wire *wire);
/* The last line. */
void watch_json_capture(struct str *out, const struct watch_json_capture *capture);

#endif
