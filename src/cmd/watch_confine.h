/* SPDX-License-Identifier: ISC */
#ifndef CMD_WATCH_CONFINE_H
#define CMD_WATCH_CONFINE_H

#include "see/sandbox.h"

struct str;
struct watch_order;

/* Before the first byte of a capture is looked at: opens what libraries would open later by themselves,
 * and enters the sandbox. Appends to said, for who wants to know, what holds now.
 * Whatever else is to be opened must be so already. */
void watch_confine(const struct sandbox_options *options, struct str *said);
/* The same, and says it on standard error with -v. */
void watch_confine_and_tell(const struct sandbox_options *options, const struct watch_order *w);
/* For who reads one file, which is open, and no other. */
void watch_confine_reader(const struct watch_order *w);

#endif
