/* SPDX-License-Identifier: ISC */
#ifndef CMD_WATCH_SOCKETS_H
#define CMD_WATCH_SOCKETS_H

#include <stdint.h>

#include "base/err.h"
#include "net/loop.h"

struct claims;

/* While a command runs: which sockets are its own, and what becomes of them. By its calls where these are
 * told (see/calls.h), and by looking at all processes that descend from this one, again and again: then a
 * socket may come and go between two looks. */
struct watch_sockets;

/* Before the command is there. 0, or a negative code with err. */
int watch_sockets_new(struct loop *loop, struct watch_sockets **ret, struct err *err);
/* It has been started, behind since_ns of the wall clock. calls: a descriptor for calls_next, which stays the
 * caller's; or -1. Until the loop runs the command's calls wait. */
void watch_sockets_begin(struct watch_sockets *s, int calls, int64_t since_ns);
void watch_sockets_free(struct watch_sockets *s); /* accepts NULL */
/* Looks now. */
void watch_sockets_look(struct watch_sockets *s);
/* What is known; to be judged by when the command has ended. */
struct claims *watch_sockets_claims(struct watch_sockets *s);

#endif
