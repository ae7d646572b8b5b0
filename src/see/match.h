/* SPDX-License-Identifier: ISC */
#ifndef SEE_MATCH_H
#define SEE_MATCH_H

#include <stdbool.h>

struct conversation;
struct err;

/* Which conversations somebody wants to see, in words (watch --only):
 *
 *     rst or unanswered
 *     tcp and port 443 and not refused
 *     error or (retransmissions > 5 and duration >= 2s)
 *     host 10.0.0.0/8 bytes > 1M
 *
 * Terms are joined by and (which may be left out), or, not, and parentheses. A term is
 *
 *     a word         a protocol (tcp, udp, ipv4, ipv6), how it opened or closed (conversation.h), a finding
 *                    or its severity (finding.h), a label (tls, http, dns, irc, ssh); "unanswered" and the
 *                    like mean whatever has that in its name
 *     a figure       packets, bytes, duration, rtt, ...: alone, that it is not 0; or compared by = != < <= >
 *                    >= with a number, a size (10k) or a time (200ms)
 *     port N         of either side
 *     host ADDRESS   of either side; ADDRESS/BITS for a network
 */
struct match;

#define MATCH_TERMS_MAX 64
#define MATCH_DEPTH_MAX 32

/* 0 and *ret, to be freed by the caller; or -EINVAL with err (ERR_MISUSE), which says which word is wrong. */
int match_parse(const char *text, struct match **ret, struct err *err);
void match_free(struct match *m); /* accepts NULL */
bool match_is(const struct match *m, const struct conversation *c);

#endif
