/* SPDX-License-Identifier: ISC */
#ifndef LAB_EXPECT_H
#define LAB_EXPECT_H

#include <stdbool.h>

#include "base/err.h"
#include "lab/hosts.h"

struct conversation;
struct str;

/* What a run of the lab must have been like:
 *
 *     exit N [of client|server]      how a program ends; the client's if none is named
 *     closed by client|server        who closed each conversation first
 *     no WHICH                       no conversation is so (match.h): "no rst", "no error", "no (rtt > 1s)"
 *     WHICH                          every conversation is so, and there is one: "three-way",
 * "retransmissions > 2"
 *
 * One is parsed once and asked about many runs. */
struct expect;

#define EXPECT_STATUS_MAX 255

/* 0, or ERR_MISUSE with what is wrong. */
int expect_parse(const char *text, struct expect **ret, struct err *err);
void expect_free(struct expect *e); /* accepts NULL */

/* A run begins: what was taken before is forgotten. */
void expect_begin(struct expect *e);
void expect_take_conversation(struct expect *e, const struct conversation *c);
/* status: as a shell's $?, 128 and the signal's number if it was killed. was_stopped: by the lab, at the end.
 */
void expect_take_exit(struct expect *e, enum lab_side side, int status, bool was_stopped);
/* At the end of the run. False: why (translated, one line) is appended. */
bool expect_is_met(const struct expect *e, struct str *why);

const char *expect_text(const struct expect *e);

#endif
