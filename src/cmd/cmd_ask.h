/* SPDX-License-Identifier: ISC */
#ifndef CMD_CMD_ASK_H
#define CMD_CMD_ASK_H

#include "base/encoding.h"
#include "base/str.h"
#include "show/out.h"
#include "show/term.h"
#include "talk/ask.h"

/* What cmd_ask.c (options and wiring), cmd_ask_input.c (the message) and cmd_ask_print.c, cmd_ask_trace.c
 * (what is shown) share. */

struct ask_values {
    bool lines, crlf, bare, half_close;
    int64_t window;
    const char *encoding;
    const char *until;
    int64_t quiet_ms, timeout_ms, interval_ms, retries, count;
    bool json, hex, trace, verbose, no_color;
    const char *ca, *cert, *key, *server_name, *alpn, *pin, *psk_file;
    bool insecure;
};

/* ---- what is shown ---- */

#define ASK_PRINT_JSON_BYTES ((size_t)16 * 1024 * 1024) /* of one reply; what is over is counted only */

struct ask_print {
    const struct ask_values *values;
    struct out *out; /* stdout */
    bool many;       /* several replies: each is made to end with a newline, losses are told one by one */
    bool terminal;   /* stdout is one: nothing from the peer gets there raw */
    bool joined;     /* stdout and stderr end in one file */
    struct encoding *encoding; /* NULL: UTF-8, or not ours to know */
    const struct term_colors *colors;
    struct str reply; /* json: all of it; hex: what has not filled a line; terminal: a cut character */
    uint64_t shown;   /* hex: bytes of this reply that have gone on */
    uint64_t dropped; /* json: bytes that had no room */
    bool open_line;   /* the last byte printed was no newline */
    bool unasked;     /* it was said that bytes came that nobody had asked for */
    char told[ERR_TEXT_BYTES]; /* the last loss told */
    int64_t started_ns;
};

void ask_print_init(struct ask_print *p, const struct ask_values *values, struct encoding *encoding);
void ask_print_done(struct ask_print *p);
void ask_print_data(struct ask_print *p, uint64_t number, const uint8_t *data, size_t len);
void ask_print_answered(struct ask_print *p, const struct ask_exchange *x);
void ask_print_lost(struct ask_print *p, uint64_t number, const struct err *err);
void ask_print_retry(struct ask_print *p, uint64_t number, int retry, uint64_t waited_ms);
void ask_print_next(struct ask_print *p, const struct err *err);
/* The summary, as far as one is wanted; address as it was typed. */
void ask_print_summary(struct ask_print *p, const struct ask_stats *stats, const char *address);
/* What is known of the connection. */
void ask_print_trace(struct ask_print *p, const struct ask_facts *facts);
/* One line on stderr (and an object with --json), unless it was told as a loss. Returns the exit status. */
int ask_print_error(struct ask_print *p, const struct err *err);
/* Writes what was collected. 0, or the error that ends all printing. */
int ask_print_flush(struct ask_print *p);
/* A line on stderr, below what has been printed so far. */
void ask_print_note(struct ask_print *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same as objects, for --json. text and bytes: the reply, decoded, and how long it was. */
void ask_json_unasked(struct ask_print *p, const uint8_t *data, size_t len);
void ask_json_answered(struct ask_print *p, const struct ask_exchange *x);
void ask_json_lost(struct ask_print *p, uint64_t number, const struct err *err);
void ask_json_retry(struct ask_print *p, uint64_t number, int retry, uint64_t waited_ms);
void ask_json_next(struct ask_print *p, const struct err *err);
void ask_json_summary(struct ask_print *p, const struct ask_stats *stats);
void ask_json_trace(struct ask_print *p, const struct ask_facts *facts);
void ask_json_error(struct ask_print *p, const struct err *err);
/* trace's words for stderr. */
void ask_trace_append(struct str *out, const struct ask_facts *facts);

/* ---- what is sent ---- */

/* Standard input, whole, as the message. 0, or a negative errno with err. */
int ask_read_all(int fd, struct str *ret, struct err *err);
/* One line typed at the prompt, without its newline. 0; -ENODATA with err at the end of input. */
int ask_read_typed(struct str *ret, struct err *err);
void ask_prompt(void);

/* Feeds the lines of standard input to an ask. */
struct ask_feeder;
struct ask_feeder *ask_feeder_new(struct loop *loop, struct encoding *encoding);
/* 0 or a negative errno. broken: reading failed, or a line is too long; err says which. */
int ask_feeder_start(
    struct ask_feeder *f, struct ask *ask, void (*broken)(const struct err *err, void *arg), void *arg);
void ask_feeder_room(struct ask_feeder *f); /* the ask's room event */
void ask_feeder_free(struct ask_feeder *f); /* accepts NULL */

#endif
