/* SPDX-License-Identifier: ISC */
/* The loop on libuv: timers, deadlines, signals, watches, and the end of a turn.
 *
 * A turn of libuv's loop runs timers, then prepare handles, then waits and reads, then check handles, then
 * close callbacks. Work queued for the turn's end runs in the check handle (after the reads) and in the
 * prepare handle (after timers and closings), so nothing waits through a poll. */
#include "net/loop.h"

#include <assert.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "net/loop_uv.h"
#include "net/stream.h"
#include "net/stream_ops.h"

/* Work at the turn's end may queue more of it (a TLS record for the stream below). More rounds than this
 * are left to the next turn, so that nobody is starved. */
#define LOOP_TURN_ROUNDS 8
/* Close callbacks may close more; this is more than any chain of them needs. */
#define LOOP_CLOSE_ROUNDS 8

struct loop {
    uv_loop_t uv;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t pending; /* active while turn_ends is not empty: the loop then neither sleeps nor ends */
    struct list turn_ends;
    struct list signals;
    struct list lingering;
    void **garbage;
    size_t garbage_count, garbage_cap;
    int stuck_lookups;
    struct chunk *chunk;
    char *read_buffer;
};

struct signal_watch {
    uv_signal_t uv;
    struct list node;
    void (*fire)(int signum, void *arg);
    void *arg;
};

static void run_turn_ends(struct loop *loop)
{
    for (int round = 0; round < LOOP_TURN_ROUNDS && !list_is_empty(&loop->turn_ends); round++) {
        struct list now;

        list_init(&now);
        while (!list_is_empty(&loop->turn_ends)) {
            struct list *node = loop->turn_ends.next;

            list_remove(node);
            list_append(&now, node);
        }
        while (!list_is_empty(&now)) {
            struct turn_end *t = list_entry(now.next, struct turn_end, node);

            list_remove(&t->node);
            t->run(t);
        }
    }
    if (list_is_empty(&loop->turn_ends))
        uv_idle_stop(&loop->pending);
    while (loop->garbage_count)
        free(loop->garbage[--loop->garbage_count]);
}

static void on_prepare(uv_prepare_t *handle)
{
    run_turn_ends(handle->data);
}

static void on_check(uv_check_t *handle)
{
    run_turn_ends(handle->data);
}

static void on_pending(uv_idle_t *handle)
{
    /* Its being active is all that is wanted. */
}

struct loop *loop_new(void)
{
    struct loop *loop = xcalloc(1, sizeof(*loop));
    int code = uv_loop_init(&loop->uv);

    assert(code == 0); /* fails only without descriptors or memory at start-up */
    (void)code;
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_check_init(&loop->uv, &loop->check);
    uv_idle_init(&loop->uv, &loop->pending);
    loop->prepare.data = loop->check.data = loop->pending.data = loop;
    uv_prepare_start(&loop->prepare, on_prepare);
    uv_check_start(&loop->check, on_check);
    uv_unref((uv_handle_t *)&loop->prepare);
    uv_unref((uv_handle_t *)&loop->check);
    list_init(&loop->turn_ends);
    list_init(&loop->signals);
    list_init(&loop->lingering);
    loop->read_buffer = xmalloc(LOOP_READ_BYTES);
    return loop;
}

static void free_signal(uv_handle_t *handle)
{
    free(handle->data);
}

void loop_free(struct loop *loop)
{
    int busy = 0;

    if (!loop)
        return;
    list_for_each_safe (node, after, &loop->lingering)
        stream_close_lingering(node);
    list_for_each_safe (node, after, &loop->signals) {
        struct signal_watch *w = list_entry(node, struct signal_watch, node);

        list_remove(node);
        uv_close((uv_handle_t *)&w->uv, free_signal);
    }
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    run_turn_ends(loop);
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->check, NULL);
    uv_close((uv_handle_t *)&loop->pending, NULL);
    for (int i = 0; i < LOOP_CLOSE_ROUNDS && (busy = uv_loop_close(&loop->uv)) != 0; i++)
        uv_run(&loop->uv, UV_RUN_NOWAIT);
    /* A name lookup that hangs still refers to the loop from its thread: let it have the memory. */
    if (busy)
        return;
    chunk_unref(loop->chunk);
    free(loop->garbage);
    free(loop->read_buffer);
    free(loop);
}

void loop_run(struct loop *loop)
{
    uv_update_time(&loop->uv);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

uint64_t loop_now_ms(const struct loop *loop)
{
    return uv_now(&loop->uv);
}

uv_loop_t *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

uv_buf_t loop_read_buffer(struct loop *loop)
{
    return uv_buf_init(loop->read_buffer, LOOP_READ_BYTES);
}

struct chunk **loop_chunk(struct loop *loop)
{
    return &loop->chunk;
}

int *loop_stuck_lookups(struct loop *loop)
{
    return &loop->stuck_lookups;
}

struct list *loop_lingering(struct loop *loop)
{
    return &loop->lingering;
}

void loop_free_later(struct loop *loop, void *ptr)
{
    if (loop->garbage_count == loop->garbage_cap) {
        loop->garbage_cap = loop->garbage_cap ? loop->garbage_cap * 2 : 16;
        loop->garbage = xreallocarray(loop->garbage, loop->garbage_cap, sizeof(*loop->garbage));
    }
    loop->garbage[loop->garbage_count++] = ptr;
    /* Wakes the loop's end of turn even if nothing else does. */
    uv_idle_start(&loop->pending, on_pending);
}

void turn_end_init(struct turn_end *t, void (*run)(struct turn_end *t))
{
    list_init(&t->node);
    t->run = run;
}

void loop_at_turn_end(struct loop *loop, struct turn_end *t)
{
    if (!list_is_empty(&t->node))
        return;
    if (list_is_empty(&loop->turn_ends))
        uv_idle_start(&loop->pending, on_pending);
    list_append(&loop->turn_ends, &t->node);
}

void turn_end_cancel(struct turn_end *t)
{
    list_remove(&t->node);
}

static void on_signal(uv_signal_t *handle, int signum)
{
    struct signal_watch *w = handle->data;

    w->fire(signum, w->arg);
}

int loop_on_signal(struct loop *loop, int signum, void (*fire)(int signum, void *arg), void *arg)
{
    struct signal_watch *w = xcalloc(1, sizeof(*w));
    int code;

    w->fire = fire;
    w->arg = arg;
    uv_signal_init(&loop->uv, &w->uv);
    w->uv.data = w;
    list_append(&loop->signals, &w->node);
    code = uv_signal_start(&w->uv, on_signal, signum);
    uv_unref((uv_handle_t *)&w->uv);
    return code;
}
