/* SPDX-License-Identifier: ISC */
/* Timers, deadlines and watches of net/loop.h. */
#include "net/loop.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "net/loop_uv.h"

struct timer {
    uv_timer_t uv;
    void (*fire)(void *arg);
    void *arg;
};

struct deadlines {
    struct loop *loop;
    struct timer *timer;
    struct list armed; /* by due_ms, which is the order of arming */
    uint64_t delay_ms;
    void (*fire)(struct deadline *d, void *arg);
    void *arg;
};

struct watch {
    uv_poll_t uv;
    int events;
    void (*ready)(int events, void *arg);
    void *arg;
};

static void free_handle(uv_handle_t *handle)
{
    free(handle->data);
}

struct timer *timer_new(struct loop *loop, void (*fire)(void *arg), void *arg)
{
    struct timer *timer = xcalloc(1, sizeof(*timer));

    uv_timer_init(loop_uv(loop), &timer->uv);
    timer->uv.data = timer;
    timer->fire = fire;
    timer->arg = arg;
    return timer;
}

static void on_timer(uv_timer_t *handle)
{
    struct timer *timer = handle->data;

    timer->fire(timer->arg);
}

void timer_start(struct timer *timer, uint64_t delay_ms)
{
    /* libuv counts from the time it last looked at the clock, which was long ago if this turn did work. */
    uv_update_time(timer->uv.loop);
    uv_timer_start(&timer->uv, on_timer, delay_ms, 0);
}

void timer_stop(struct timer *timer)
{
    uv_timer_stop(&timer->uv);
}

bool timer_is_running(const struct timer *timer)
{
    return uv_is_active((const uv_handle_t *)&timer->uv);
}

void timer_free(struct timer *timer)
{
    if (timer)
        uv_close((uv_handle_t *)&timer->uv, free_handle);
}

static void on_deadline(void *arg)
{
    struct deadlines *set = arg;
    uint64_t now = loop_now_ms(set->loop);
    struct list due;

    /* Taken out first: one that arms itself again in its callback must not be fired again now. */
    list_init(&due);
    while (!list_is_empty(&set->armed)) {
        struct deadline *d = list_entry(set->armed.next, struct deadline, node);

        if (d->due_ms > now) {
            timer_start(set->timer, d->due_ms - now);
            break;
        }
        list_remove(&d->node);
        list_append(&due, &d->node);
    }
    while (!list_is_empty(&due)) {
        struct deadline *d = list_entry(due.next, struct deadline, node);

        list_remove(&d->node);
        set->fire(d, set->arg);
    }
}

struct deadlines *deadlines_new(
    struct loop *loop, uint64_t delay_ms, void (*fire)(struct deadline *d, void *arg), void *arg)
{
    struct deadlines *set = xcalloc(1, sizeof(*set));

    set->loop = loop;
    set->timer = timer_new(loop, on_deadline, set);
    list_init(&set->armed);
    set->delay_ms = delay_ms;
    set->fire = fire;
    set->arg = arg;
    return set;
}

void deadline_init(struct deadline *d)
{
    list_init(&d->node);
    d->due_ms = 0;
}

void deadlines_arm(struct deadlines *set, struct deadline *d)
{
    list_remove(&d->node);
    d->due_ms = loop_now_ms(set->loop) + set->delay_ms;
    list_append(&set->armed, &d->node);
    if (!timer_is_running(set->timer))
        timer_start(set->timer, set->delay_ms);
}

void deadline_disarm(struct deadline *d)
{
    list_remove(&d->node);
}

bool deadline_is_armed(const struct deadline *d)
{
    return !list_is_empty(&d->node);
}

void deadlines_free(struct deadlines *set)
{
    if (!set)
        return;
    while (!list_is_empty(&set->armed))
        list_remove(set->armed.next);
    timer_free(set->timer);
    free(set);
}

int watch_new(struct loop *loop, int fd, void (*ready)(int events, void *arg), void *arg, struct watch **ret)
{
    struct watch *watch = xcalloc(1, sizeof(*watch));
    int code = uv_poll_init(loop_uv(loop), &watch->uv, fd);

    if (code < 0) {
        free(watch);
        return code;
    }
    watch->uv.data = watch;
    watch->ready = ready;
    watch->arg = arg;
    *ret = watch;
    return 0;
}

static void on_ready(uv_poll_t *handle, int status, int uv_events)
{
    struct watch *watch = handle->data;
    int events = 0;

    /* An error shows in the read or the write that follows. libuv has stopped watching by now, but on a
     * datagram socket an error is news (ICMP), not the end. */
    if (status < 0)
        watch_start(watch, watch->events);
    if (status < 0 || (uv_events & (UV_READABLE | UV_DISCONNECT | UV_PRIORITIZED)))
        events |= WATCH_READ;
    if (status < 0 || (uv_events & UV_WRITABLE))
        events |= WATCH_WRITE;
    watch->ready(events, watch->arg);
}

void watch_start(struct watch *watch, int events)
{
    int uv_events = (events & WATCH_READ ? UV_READABLE : 0) | (events & WATCH_WRITE ? UV_WRITABLE : 0);

    watch->events = events;
    if (uv_events)
        uv_poll_start(&watch->uv, uv_events, on_ready);
    else
        uv_poll_stop(&watch->uv);
}

void watch_in_background(struct watch *watch)
{
    uv_unref((uv_handle_t *)&watch->uv);
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    uv_close((uv_handle_t *)&watch->uv, free_handle);
}
