/* SPDX-License-Identifier: ISC */
#ifndef TALK_REPLY_H
#define TALK_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Where a reply ends on a stream, which has no ends of its own. Pure: the caller keeps the time. */
enum reply_end {
    REPLY_AUTO,    /* a newline ends a reply of one line to a message of one line; else quiet, or hang-up */
    REPLY_NEWLINE, /* the first newline */
    REPLY_CLOSE,   /* the peer hangs up */
    REPLY_QUIET,   /* nothing has come for quiet_ms, or hang-up */
    REPLY_BYTES,   /* so many bytes */
};

struct reply_rule {
    enum reply_end end;
    uint64_t quiet_ms;
    uint64_t bytes;
};

/* Reads "newline", "close", "quiet", "quiet:MS" or "bytes:N" into rule; "quiet" alone keeps its quiet_ms. 0,
 * or -EINVAL with err (ERR_MISUSE). */
int reply_rule_parse(struct reply_rule *rule, const char *text, struct err *err);
/* What the rule waits for, to a reader: "a newline", "100 bytes". */
void reply_rule_append(struct str *out, const struct reply_rule *rule);

/* One reply as it comes in. */
struct reply {
    const struct reply_rule *rule;
    uint64_t bytes;     /* so far */
    bool one_line;      /* REPLY_AUTO: a newline may end it */
    bool each_line;     /* REPLY_AUTO with several messages under way: every newline ends one */
    bool inner_newline; /* there was a newline with something behind it */
    bool newline;       /* a newline is the last byte so far */
};

void reply_begin(struct reply *r, const struct reply_rule *rule, bool one_line, bool each_line);
/* Bytes have come: returns how many of them belong to this reply, at least 1 of any; *ret_done: it is whole.
 */
size_t reply_take(struct reply *r, const uint8_t *data, size_t len, bool *ret_done);
/* Whether quiet ends the reply as it stands. */
bool reply_waits_for_quiet(const struct reply *r);
/* Whether the peer's hang-up makes it whole. Not if nothing has come. */
bool reply_ends_at_close(const struct reply *r);

#endif
