/* SPDX-License-Identifier: ISC */
#ifndef CMD_DEMO_WIRE_H
#define CMD_DEMO_WIRE_H

#include "base/err.h"
#include "net/endpoint.h"
#include "net/loop.h"

/* A wire for the demo between one asker and one answerer, over UDP on loopback, which loses the first
 * datagrams on purpose and tells what it does. */
struct demo_wire;

enum demo_wire_fate { DEMO_WIRE_LOST, DEMO_WIRE_THERE, DEMO_WIRE_BACK };

typedef void demo_wire_told(enum demo_wire_fate fate, const void *data, size_t len, void *arg);

/* lose: how many datagrams of the asker are lost. 0 or a negative errno with err. */
int demo_wire_new(
    struct loop *loop, int lose, demo_wire_told *told, void *arg, struct demo_wire **ret, struct err *err);
/* Where the answerer is. 0 or a negative errno with err. */
int demo_wire_plug(struct demo_wire *w, const struct endpoint *answerer, struct err *err);
/* Where the asker is to send to. */
void demo_wire_near_end(const struct demo_wire *w, struct endpoint *ret);
void demo_wire_free(struct demo_wire *w); /* accepts NULL */

#endif
