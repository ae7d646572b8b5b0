/* SPDX-License-Identifier: ISC */
#ifndef NET_BIND_H
#define NET_BIND_H

#include "base/err.h"
#include "net/endpoint.h"

/* Binding a socket to a local endpoint, with words for what may be in the way. Shared by listener.c and
 * dgram_socket.c. */

/* A non-blocking, close-on-exec socket of type SOCK_STREAM or SOCK_DGRAM, bound to at; IPv6 ones to IPv6
 * alone. *ret_local is where it really is (the kernel's choice of port). A unix socket whose owner is dead
 * (nobody accepts there) is replaced, a live one never. Returns the descriptor, the caller's to close (and
 * to bind_unlink), or a negative errno with err. */
int bind_socket(const struct endpoint *at, int type, struct endpoint *ret_local, struct err *err);
/* Words for why at could not be bound or listened on. Returns code. */
int bind_failed(const struct endpoint *at, int code, struct err *err);
/* Can an address of this family be bound at all here? (A kernel without IPv6, an interface without ::1.) */
bool bind_is_possible(const struct endpoint *at);
/* Removes a bound unix socket's file; nothing for any other. */
void bind_unlink(const struct endpoint *local);

#endif
