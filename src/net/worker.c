/* SPDX-License-Identifier: ISC */
/* A thread beside the loop.
 *
 * What is given in one turn of the loop is handed over at the turn's end, under one lock and with one signal:
 * ten thousand messages that arrive together are a few batches, not ten thousand. What has been run comes
 * back with one uv_async_send a batch. The async handle is referenced only while jobs are under way, so an
 * idle worker neither keeps loop_run from ending nor wakes up: it sleeps on a condition. */
#include "net/worker.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "net/loop_uv.h"

struct worker {
    /* The loop's side. */
    struct loop *loop;
    uv_async_t async;
    struct turn_end handover;
    struct list fresh; /* given in this turn */
    size_t under_way;  /* given, and not told yet */
    pthread_t thread;

    /* Set before the thread is started, read by it. */
    struct worker_hooks hooks;
    void *arg;

    /* Guarded by lock. */
    pthread_mutex_t lock;
    pthread_cond_t is_given, is_ended;
    struct list given, ended;
    bool quits;
};

/* Moves all of from behind what is in to. */
static void list_move(struct list *to, struct list *from)
{
    if (list_is_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

static void run_batch(struct worker *w, struct list *batch)
{
    if (w->hooks.begin)
        w->hooks.begin(w->arg);
    list_for_each (node, batch) {
        struct worker_job *job = list_entry(node, struct worker_job, node);

        job->run(job);
    }
    if (w->hooks.end)
        w->hooks.end(w->arg);
}

static void *thread_main(void *arg)
{
    struct worker *w = arg;
    struct list batch;

    list_init(&batch);
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (list_is_empty(&w->given) && !w->quits)
            pthread_cond_wait(&w->is_given, &w->lock);
        if (list_is_empty(&w->given))
            break;
        list_move(&batch, &w->given);
        pthread_mutex_unlock(&w->lock);
        run_batch(w, &batch);
        pthread_mutex_lock(&w->lock);
        list_move(&w->ended, &batch);
        pthread_cond_signal(&w->is_ended);
        /* Under the lock: worker_free closes the handle only when it has seen the last batch end. */
        uv_async_send(&w->async);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static void hand_over(struct turn_end *t)
{
    struct worker *w = list_entry(t, struct worker, handover);

    pthread_mutex_lock(&w->lock);
    list_move(&w->given, &w->fresh);
    pthread_cond_signal(&w->is_given);
    pthread_mutex_unlock(&w->lock);
}

/* Takes what has been run; where wait is set, sleeps until there is something. */
static void take_ended(struct worker *w, bool wait, struct list *ret)
{
    pthread_mutex_lock(&w->lock);
    while (wait && list_is_empty(&w->ended))
        pthread_cond_wait(&w->is_ended, &w->lock);
    list_move(ret, &w->ended);
    pthread_mutex_unlock(&w->lock);
}

static void tell(struct worker *w, bool wait)
{
    struct list ended;

    list_init(&ended);
    take_ended(w, wait, &ended);
    while (!list_is_empty(&ended)) {
        struct worker_job *job = list_entry(ended.next, struct worker_job, node);

        list_remove(&job->node);
        w->under_way--;
        job->done(job);
    }
    if (w->under_way == 0)
        uv_unref((uv_handle_t *)&w->async);
}

static void on_async(uv_async_t *handle)
{
    tell(handle->data, false);
}

static void free_worker(uv_handle_t *handle)
{
    struct worker *w = handle->data;

    pthread_cond_destroy(&w->is_ended);
    pthread_cond_destroy(&w->is_given);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

int worker_new(struct loop *loop, const struct worker_hooks *hooks, void *arg, struct worker **ret)
{
    struct worker *w = xcalloc(1, sizeof(*w));
    sigset_t all, before;
    int code = uv_async_init(loop_uv(loop), &w->async, on_async);

    if (code < 0) {
        free(w);
        return code;
    }
    uv_unref((uv_handle_t *)&w->async);
    w->async.data = w;
    w->loop = loop;
    w->arg = arg;
    if (hooks)
        w->hooks = *hooks;
    turn_end_init(&w->handover, hand_over);
    list_init(&w->fresh);
    list_init(&w->given);
    list_init(&w->ended);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->is_given, NULL);
    pthread_cond_init(&w->is_ended, NULL);

    /* A thread begins with its maker's mask. The loop's thread is the one that signals are for. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    code = -pthread_create(&w->thread, NULL, thread_main, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code < 0) {
        uv_close((uv_handle_t *)&w->async, free_worker);
        return code;
    }
    *ret = w;
    return 0;
}

void worker_give(struct worker *w, struct worker_job *job)
{
    list_append(&w->fresh, &job->node);
    if (w->under_way++ == 0)
        uv_ref((uv_handle_t *)&w->async);
    loop_at_turn_end(w->loop, &w->handover);
}

void worker_free(struct worker *w)
{
    if (!w)
        return;
    /* What is told may give more. */
    while (w->under_way > 0) {
        turn_end_cancel(&w->handover);
        hand_over(&w->handover);
        tell(w, true);
    }
    turn_end_cancel(&w->handover);
    pthread_mutex_lock(&w->lock);
    w->quits = true;
    pthread_cond_signal(&w->is_given);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    assert(list_is_empty(&w->given) && list_is_empty(&w->ended));
    uv_close((uv_handle_t *)&w->async, free_worker);
}
