/* SPDX-License-Identifier: ISC */
#ifndef SEE_CLAIMS_H
#define SEE_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "see/sockdiag.h"

/* Whose a conversation is: by the sockets that were seen while it was captured, a command's own and those of
 * others. What is known of a socket comes in pieces, and in any order: that it is the command's, what its
 * addresses are, when it ceased to be. Then conversations are judged.
 *
 * Moments are of the wall clock, as packets have them. */
struct claims;

struct conversation;

enum claims_verdict {
    CLAIMS_OURS,    /* one of its ends is a socket of the command's */
    CLAIMS_FOREIGN, /* it is not: each end on this machine is somebody else's socket, or it is older */
    CLAIMS_UNKNOWN, /* an end on this machine was gone before it could be looked at */
};

#define CLAIMS_MAX (1U << 18) /* sockets that are remembered; conversations of further ones are unknown */

/* all_are_told: every socket of the command's is given to claims_own before it is used, so that what is not
 * ours by then is foreign, seen or not. since_ns: when the command began. */
struct claims *claims_new(bool all_are_told, int64_t since_ns);
void claims_free(struct claims *c); /* accepts NULL */
/* One was missed: from now on what is not seen is unknown. */
void claims_missed(struct claims *c);
/* An address of this machine: 4 bytes, or 16. */
void claims_add_address(struct claims *c, uint8_t ip_version, const uint8_t *address);

/* This socket is the command's; it has said nothing before now_ns. */
void claims_own(struct claims *c, uint64_t cookie, int64_t now_ns);
/* All sockets that there are come in turns, each at most once in a turn: this one is there, since before_ns
 * or later; is_held: by a process of the command's, when these were looked through behind that. */
void claims_turn(struct claims *c);
void claims_see(struct claims *c, const struct sockdiag_socket *s, bool is_held, int64_t before_ns);
/* This socket was there until now_ns. */
void claims_gone(struct claims *c, const struct sockdiag_socket *s, int64_t now_ns);
/* How many sockets of the command's more is to be heard of, after this turn: connections that no process
 * holds any more and the kernel still closes, and sockets that are not there and have not been told to be
 * gone. */
size_t claims_awaited(const struct claims *c);

enum claims_verdict claims_judge(struct claims *c, const struct conversation *conversation);

#endif
