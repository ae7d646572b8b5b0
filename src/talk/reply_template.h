/* SPDX-License-Identifier: ISC */
#ifndef TALK_REPLY_TEMPLATE_H
#define TALK_REPLY_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* The TEXT of answer --reply: %a is the peer's address, %m its message, %n the message's number, %t the
 * time, %% a percent sign. */
struct reply_template;

/* What is put in. Texts need no NUL. */
struct reply_values {
    const char *peer;
    const void *message;
    size_t message_len;
    uint64_t number;
    const char *time;
};

/* 0, or -EINVAL with err (ERR_MISUSE) naming what is wrong. */
int reply_template_new(const char *text, struct reply_template **ret, struct err *err);
void reply_template_free(struct reply_template *t); /* accepts NULL */
/* So that nobody asks a clock, or writes an address down, for nothing. */
bool reply_template_has_time(const struct reply_template *t);
bool reply_template_has_peer(const struct reply_template *t);
/* Appends the reply. -EMSGSIZE, and nothing is appended, if it would be longer than max bytes. */
int reply_template_fill(
    const struct reply_template *t, const struct reply_values *values, size_t max, struct str *out);

#endif
