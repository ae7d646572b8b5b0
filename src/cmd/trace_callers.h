/* SPDX-License-Identifier: ISC */
#ifndef CMD_TRACE_CALLERS_H
#define CMD_TRACE_CALLERS_H

#include <stddef.h>

#include "base/err.h"
#include "net/loop.h"

struct addr;
struct endpoint;
struct stream;

/* --trace where there are many conversations: each is drawn on stderr when it has ended, by a child, while
 * the others go on. Where this process may not capture, a line each says what the kernel's TCP knows. */
struct trace_callers;

#define TRACE_CALLERS_MAX 16 /* that are drawn in a run */

/* addresses: at whose ports they are. It gives up the process's privileges, as trace_wire_new does. That it
 * may not capture, and how it could, is told and no failure. 0, or a negative code with err. */
int trace_callers_new(struct loop *loop, const struct addr *addresses, size_t count,
    struct trace_callers **ret, struct err *err);
/* A call that ends; stream is still there, or NULL. local: what is known of our end beside it. */
void trace_callers_ended(struct trace_callers *t, const struct stream *stream, const struct endpoint *local,
    const struct endpoint *peer);
/* A datagram came: such conversations end with the program. */
void trace_callers_heard(struct trace_callers *t, const struct endpoint *local, const struct endpoint *peer);
/* Behind loop_run, before loop_free: draws what is left, and waits for it. */
void trace_callers_finish(struct trace_callers *t); /* accepts NULL */
void trace_callers_free(struct trace_callers *t);   /* accepts NULL */

#endif
