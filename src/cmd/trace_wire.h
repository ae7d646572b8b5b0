/* SPDX-License-Identifier: ISC */
#ifndef CMD_TRACE_WIRE_H
#define CMD_TRACE_WIRE_H

#include <stddef.h>

#include "base/err.h"
#include "net/loop.h"

struct addr;
struct endpoint;

/* --trace: what went over the wire between this program and its peer, as watch draws it; where this process
 * may capture. */
struct trace_wire;

/* Captures from now on what is said with one of these addresses' ports. To be called when nothing is left
 * that needs a privilege: it gives them up. 0, or a negative code with err: ERR_PERMISSION, and how to get
 * it. */
int trace_wire_new(
    struct loop *loop, const struct addr *addresses, size_t count, struct trace_wire **ret, struct err *err);
/* Both ends of the connection that is meant. */
void trace_wire_set_ends(struct trace_wire *t, const struct endpoint *local, const struct endpoint *peer);
/* Draws it on stderr. When the connection has been closed, behind the loop's last turn. Nothing without ends;
 * what goes wrong is told of. */
void trace_wire_draw(struct trace_wire *t);
/* Before the loop. Accepts NULL. */
void trace_wire_stop(struct trace_wire *t);
void trace_wire_free(struct trace_wire *t); /* accepts NULL */

#endif
