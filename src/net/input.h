/* SPDX-License-Identifier: ISC */
#ifndef NET_INPUT_H
#define NET_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "net/loop.h"

/* Reading standard input (a terminal, a pipe, a file, a socket) through the loop. The descriptor's own mode
 * is left alone: O_NONBLOCK on a terminal would reach every program that shares it, the shell included. */
struct input;

struct input_events {
    void (*data)(struct input *in, const uint8_t *data, size_t len, void *arg); /* valid during the call */
    /* code 0: the end; else the negative errno that reading ended with. Nothing follows. */
    void (*ended)(struct input *in, int code, void *arg);
};

/* Starts reading; never calls back before it has returned. fd stays the caller's. 0 or a negative errno. */
int input_new(struct loop *loop, int fd, const struct input_events *events, void *arg, struct input **ret);
void input_pause(struct input *in); /* also keeps the loop from waiting for it */
void input_resume(struct input *in);
void input_free(struct input *in); /* may be called in an event; accepts NULL */

#endif
