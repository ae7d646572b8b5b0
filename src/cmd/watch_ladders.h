/* SPDX-License-Identifier: ISC */
#ifndef CMD_WATCH_LADDERS_H
#define CMD_WATCH_LADDERS_H

#include <stddef.h>
#include <stdint.h>

#include "see/ladder.h"

/* The ladders of some conversations, made in one pass over their packets. */
struct watch_ladders;

/* What is drawn at once: more ladders than that nobody reads, and where there may be as many they are short.
 */
#define WATCH_LADDERS_MAX 1000
#define WATCH_RUNGS_EACH 1000

/* options: of each ladder. */
struct watch_ladders *watch_ladders_new(const struct ladder_options *options);
void watch_ladders_free(struct watch_ladders *all); /* accepts NULL */
/* A packet of a conversation that is wanted. Nothing if there are WATCH_LADDERS_MAX others. */
void watch_ladders_add(struct watch_ladders *all, const struct followed *followed);
/* Its summary; nothing if it had no packets here. */
void watch_ladders_end(struct watch_ladders *all, const struct conversation *c);
/* Forgets one. */
void watch_ladders_drop(struct watch_ladders *all, uint32_t id);
size_t watch_ladders_count(const struct watch_ladders *all);
/* NULL if there is none with this number. */
const struct ladder *watch_ladders_find(const struct watch_ladders *all, uint32_t id);
/* The next one in the order of their numbers, behind id (0: the first); NULL: there is no more. *ret_id is
 * its number. Those without an end are passed over. */
const struct ladder *watch_ladders_next(struct watch_ladders *all, uint32_t id, uint32_t *ret_id);

#endif
