/* SPDX-License-Identifier: ISC */
#ifndef CMD_TRACE_WIRE_H
#define CMD_TRACE_WIRE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "net/loop.h"

struct addr;
struct endpoint;

/* --trace: what went over the wire between this program and its peer, as watch draws it; where this process
 * may capture. */
struct trace_wire;

/* Captures from now on what is said with one of these addresses' ports; where none has a port there is
 * nothing to capture, and *ret is NULL. To be called when nothing is left that needs a privilege: it gives
 * them up. 0, or a negative code with err: ERR_PERMISSION, and how to get it. */
int trace_wire_new(
    struct loop *loop, const struct addr *addresses, size_t count, struct trace_wire **ret, struct err *err);
/* Both ends of the connection that is meant. An end's address may be that of every interface (its port
 * counts), and its family AF_UNSPEC (it is not known). */
void trace_wire_set_ends(struct trace_wire *t, const struct endpoint *local, const struct endpoint *peer);
/* What has come so far can be drawn afterwards. */
void trace_wire_catch_up(struct trace_wire *t);
/* The same, and what closing connections still say is waited for, 1 s at most; nothing is captured from then
 * on. When the connection has been closed, behind the loop's last turn. */
void trace_wire_settle(struct trace_wire *t);
/* Draws it on stderr. Nothing without ends; what goes wrong is told of. Once in a process: it confines it. */
void trace_wire_draw(struct trace_wire *t);
/* trace_wire_draw in a child, which it is the caller's to wait for. *ret_ended: readable when it has ended,
 * the caller's to close. 0 or a negative errno. */
int trace_wire_draw_in_child(struct trace_wire *t, pid_t *ret_child, int *ret_ended);
/* Before the loop. Accepts NULL. */
void trace_wire_stop(struct trace_wire *t);
void trace_wire_free(struct trace_wire *t); /* accepts NULL */

#endif
