/* SPDX-License-Identifier: ISC */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

/* The event loop, on libuv. Everything here is called on the loop's one thread. libuv's header is seen
 * by net/ alone (net/loop_uv.h). */
struct loop;

struct loop *loop_new(void);
/* Everything made on the loop has been freed or closed by its owner before; streams that are still finishing
 * (stream_finish) are closed here, and close callbacks are run. Accepts NULL. */
void loop_free(struct loop *loop);
/* Runs until loop_stop, or until nothing is left that could call back. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* CLOCK_MONOTONIC in ms as of this turn of the loop. */
uint64_t loop_now_ms(const struct loop *loop);

/* A one-shot timer. Stopped or freed, it does not call back; it may be freed in its own callback. */
struct timer;
struct timer *timer_new(struct loop *loop, void (*fire)(void *arg), void *arg);
void timer_start(struct timer *timer, uint64_t delay_ms); /* restarts a running one */
void timer_stop(struct timer *timer);
bool timer_is_running(const struct timer *timer);
void timer_free(struct timer *timer); /* accepts NULL */

/* Many timers of one length, at the cost of one: the entry armed last is due last, so a list will do. For
 * thousands of peers with the same idle time. The entry lives in the peer. */
struct deadlines;
struct deadline {
    struct list node;
    uint64_t due_ms;
};
struct deadlines *deadlines_new(
    struct loop *loop, uint64_t delay_ms, void (*fire)(struct deadline *d, void *arg), void *arg);
void deadline_init(struct deadline *d);
void deadlines_arm(struct deadlines *set, struct deadline *d); /* also moves an armed one to the back */
void deadline_disarm(struct deadline *d);
bool deadline_is_armed(const struct deadline *d);
void deadlines_free(struct deadlines *set); /* disarms all; accepts NULL */

/* Work put off to the end of this turn of the loop, when everything that had arrived has been dealt with:
 * what is written to a peer many times in a turn goes out in one system call. Queueing twice is once. */
struct turn_end {
    struct list node;
    void (*run)(struct turn_end *t);
};
void turn_end_init(struct turn_end *t, void (*run)(struct turn_end *t));
void loop_at_turn_end(struct loop *loop, struct turn_end *t);
void turn_end_cancel(struct turn_end *t);

/* Calls back for each arrival of a signal, from the loop, not from the handler. Does not keep the loop
 * running. 0 or a negative errno. Ends with the loop. */
int loop_on_signal(struct loop *loop, int signum, void (*fire)(int signum, void *arg), void *arg);

/* Readiness of a descriptor that something else owns (level-triggered). */
enum { WATCH_READ = 1, WATCH_WRITE = 2 };
struct watch;
/* Takes no ownership of fd; close it after watch_free. Sets O_NONBLOCK on it. -EPERM: a regular file,
 * which is always ready. */
int watch_new(struct loop *loop, int fd, void (*ready)(int events, void *arg), void *arg, struct watch **ret);
void watch_start(struct watch *watch, int events); /* replaces what was watched; 0 stops */
void watch_in_background(struct watch *watch);     /* it alone does not keep the loop running */
void watch_free(struct watch *watch);              /* may be called in its own callback; accepts NULL */

#endif
