/* SPDX-License-Identifier: ISC */
#ifndef SEE_CALLS_H
#define SEE_CALLS_H

#include <stdbool.h>
#include <stdint.h>

/* Which sockets a program calls with, told at the moment when it does: each connect(2), bind(2), listen(2),
 * accept(2), and sendto(2) with an address waits until calls_next has seen it, and then goes on as if nothing
 * had been. So no socket is too short-lived to be known.
 *
 * Not told: programs of another architecture (32 bits on a machine of 64), io_uring, and sendmsg(2), which
 * busy servers use: who only ever sends so has a socket without a name. */

/* From now on this process and all that it starts are told of. Needs CAP_SYS_ADMIN in its user namespace.
 * Returns a descriptor for calls_next, or a negative errno: then nothing is told. */
int calls_tell(void);

enum calls_result {
    CALLS_SEEN,
    CALLS_NONE, /* now; the descriptor is readable when there is one */
    CALLS_OVER, /* no process is left that could call */
};

/* The next one, which then goes on. *ret_cookie is its socket's (SO_COOKIE); 0: it is none of a network, or
 * may not be looked at: then *ret_is_hidden. */
enum calls_result calls_next(int fd, uint64_t *ret_cookie, bool *ret_is_hidden);

/* Lets everything go on that comes, unseen, until no process is left that could call. For a process that has
 * nothing else to do. */
void calls_pass(int fd);

#endif
