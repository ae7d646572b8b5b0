/* SPDX-License-Identifier: ISC */
#ifndef CMD_WATCH_SIFT_H
#define CMD_WATCH_SIFT_H

#include <stdint.h>

struct claims;
struct err;
struct watch_order;
struct watch_writer;

/* Copies out of a capture file what belongs to a command: the packets of its conversations, ICMP
 * errors about these, and fragments, of which it cannot be told alone. *ret_unknown is how many conversations
 * may have been its own, and are not in there. 0, or a negative code with err. */
int watch_sift(const struct watch_order *w, struct claims *claims, const char *from, struct watch_writer *to,
    uint64_t *ret_unknown, struct err *err);

#endif
