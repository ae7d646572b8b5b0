/* SPDX-License-Identifier: ISC */
#ifndef SEE_ROLL_H
#define SEE_ROLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "see/conversation.h"

/* The conversations of a capture as a list that is looked at while it grows: a short row of each, some of
 * them wanted, in some order. Millions are no trouble: a row is 200 bytes, and the order is made only when
 * somebody asks for it (roll_arrange), which who draws does as often as he can afford. */
struct roll;

#define ROLL_ROWS_DEFAULT 1000000
#define ROLL_ROWS_MIN 16
#define ROLL_LABEL_BYTES 96 /* more of a label is not kept */
#define ROLL_NONE ((size_t)-1)

enum roll_key {
    ROLL_BY_START, /* as they began */
    ROLL_BY_ACTIVITY,
    ROLL_BY_PACKETS,
    ROLL_BY_BYTES,
    ROLL_BY_DURATION,
    ROLL_BY_RTT,
    ROLL_BY_LOSS,     /* what was sent again */
    ROLL_BY_FINDINGS, /* findings, the gravest first */
    ROLL_BY_HOST,
    ROLL_BY_PORT, /* of B, the service's */
    ROLL_KEYS,
};

/* max_rows: of more conversations the first ones go; 0: the default. */
struct roll *roll_new(uint32_t max_rows);
void roll_free(struct roll *r); /* accepts NULL */

/* A conversation begins, with packet number first_number. Each is given, so ids go up by one. */
void roll_begin(struct roll *r, const struct conversation *c, uint64_t first_number);
/* How one of them stands now; nothing happens if it is not there any more. */
void roll_update(struct roll *r, const struct conversation *c);

/* wants NULL: all are. It is asked again for each that changes. */
void roll_filter(struct roll *r, bool (*wants)(void *arg, const struct conversation *c), void *arg);
void roll_sort(struct roll *r, enum roll_key key, bool is_reversed);
/* Would roll_arrange change anything? */
bool roll_is_stale(const struct roll *r);
void roll_arrange(struct roll *r);

/* Those that are wanted, in order, as of the last roll_arrange (new ones at the end, where that is their
 * place). */
size_t roll_count(const struct roll *r);
uint32_t roll_id(const struct roll *r, size_t index);
/* Its place; ROLL_NONE. Takes as long as the list. */
size_t roll_index(const struct roll *r, uint32_t id);
/* The row as a conversation; of its findings kind and severity alone. False: it is not there any more. Valid
 * until the next call. */
bool roll_conversation(struct roll *r, uint32_t id, struct conversation *ret);
/* Its first packet's; 0 if it is not there any more. */
uint64_t roll_first_number(const struct roll *r, uint32_t id);
/* Of all, wanted or not: how many are kept, how many had to go. */
uint64_t roll_total(const struct roll *r);
uint64_t roll_gone(const struct roll *r);

/* "start", "activity", ...: for programs. */
const char *roll_key_name(enum roll_key key);
/* The same for people: N_. */
const char *roll_key_text(enum roll_key key);

#endif
