/* SPDX-License-Identifier: ISC */
#ifndef CMD_WATCH_PASS_H
#define CMD_WATCH_PASS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "see/follow.h"
#include "see/source.h"

struct watch_order;

/* Once through a capture file from its beginning to its end: each packet is read, filtered, followed, and
 * handed on. */
struct watch_pass {
    struct source *source;
    struct follow *follow;
    uint64_t number;                     /* of the packet at hand, counted from 1 as it stands in the file */
    const struct pcapfile_packet *frame; /* the one at hand */
    int64_t start_ns;                    /* when the file's first packet was */
    bool has_failed;                     /* it could not be read to its end: err says why */
    struct err err;
    /* A packet that is part of a conversation; may be NULL. */
    void (*take)(struct watch_pass *p, const struct followed *followed, const struct pcapfile_packet *frame);
    /* One that is part of none, or of one that is not known before its last fragment comes; may be NULL. */
    void (*pass_over)(struct watch_pass *p, const struct packet *packet, const struct pcapfile_packet *frame);
    void *arg;
};

/* Opens the file, filling *ret; take and arg are the caller's to set. ended and the close look are as in
 * follow_options. 0, or a negative code with err. */
int watch_pass_open(struct watch_pass *ret, const struct watch_order *w, const char *path,
    const struct follow_options *options, struct err *err);
/* The same of a source that is open, which becomes its own. */
void watch_pass_begin(struct watch_pass *ret, const struct watch_order *w, struct source *source,
    const struct follow_options *options);
/* Reads all of it, and finishes the conversations that are left. watch_confine_reader comes before it. */
void watch_pass_run(struct watch_pass *p);
void watch_pass_close(struct watch_pass *p);

/* A file without a name, of the user's alone: *ret_path leads to it, is to be freed, and stays good until the
 * program ends. for_what: for the message, "a pipe is kept there to be read twice". 0, or a negative code
 * with err. */
int watch_temporary(const char *for_what, char **ret_path, struct err *err);
/* A file that can be read more than once: path itself, or what comes out of a pipe, put into a temporary
 * one. *ret_path as above. 0, or a negative code with err. */
int watch_spool(const char *path, char **ret_path, struct err *err);

#endif
