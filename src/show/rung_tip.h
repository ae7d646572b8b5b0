/* SPDX-License-Identifier: ISC */
#ifndef SHOW_RUNG_TIP_H
#define SHOW_RUNG_TIP_H

#include "see/ladder.h"

struct str;

/* Appends what the header of a rung's packet said and what it means, in words, a line each, without a line
 * feed behind the last. Nothing in it is from outside but addresses and numbers. */
void rung_tip(struct str *out, const struct ladder *l, const struct rung *rung);

#endif
