/* SPDX-License-Identifier: ISC */
#ifndef CMD_CMD_ASK_H
#define CMD_CMD_ASK_H

#include "base/encoding.h"
#include "base/str.h"
#include "talk/ask.h"

/* What cmd_ask.c (options and wiring), cmd_ask_input.c (the message) and cmd_ask_print.c, cmd_ask_trace.c
 * (what is shown) share. */

struct ask_values {
    bool lines, crlf, bare, half_close;
    int64_t window;
    const char *encoding;
    const char *until;
    int64_t quiet_ms, timeout_ms, interval_ms, retries, count;
    bool json, hex, trace, verbose;
    const char *ca, *cert, *key, *server_name, *alpn, *pin, *psk_file;
    bool insecure;
};

/* ---- what is shown ---- */

struct ask_print {
    const struct ask_values *values;
    bool many;     /* more than one reply: each ends with a newline, losses are told as they happen */
    bool joined;   /* stdout and stderr end in one file */
    bool terminal; /* stdout is one: nothing from the peer gets there raw */
    struct encoding *encoding; /* NULL: UTF-8, or not ours to know */
    struct str reply; /* json: all of it; hex: what has not filled a line; terminal: a cut character */
    uint64_t shown;   /* bytes of this reply that have gone on */
    uint64_t cut;     /* json: bytes that had no room */
    bool open_line;   /* the last byte printed was no newline */
    bool unasked;     /* bytes came that nobody had asked for */
    char told[ERR_TEXT_BYTES]; /* the last loss told */
    int64_t started_ns;
};

#define ASK_PRINT_JSON_BYTES ((size_t)16 * 1024 * 1024)

void ask_print_init(struct ask_print *p, const struct ask_values *values, struct encoding *encoding);
void ask_print_done(struct ask_print *p);
void ask_print_data(struct ask_print *p, uint64_t number, const uint8_t *data, size_t len);
void ask_print_answered(struct ask_print *p, const struct ask_exchange *x);
void ask_print_lost(struct ask_print *p, uint64_t number, const struct err *err);
void ask_print_retry(struct ask_print *p, uint64_t number, int retry, uint64_t waited_ms);
void ask_print_next(struct ask_print *p, const struct err *err);
/* The summary, as far as one is wanted; address as it was typed. */
void ask_print_summary(struct ask_print *p, const struct ask_stats *stats, const char *address);
/* What is known of the connection, in words or as JSON. */
void ask_print_trace(struct ask_print *p, const struct ask_facts *facts);
/* One line on stderr (and an object with --json), unless it was told as a loss. Returns the exit status. */
int ask_print_error(struct ask_print *p, const struct err *err);

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
