/* SPDX-License-Identifier: ISC */
/* The thread beside the loop: order, batches, what keeps the loop running, signals, the end. Also run under
 * ThreadSanitizer (-Db_sanitize=thread): nothing here is guarded but by what worker.h promises. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/xmalloc.h"
#include "net/worker.h"

#define JOBS 1000

struct seen {
    struct loop *loop;
    struct worker *worker;
    struct watch *watch;
    pthread_t loop_thread;
    /* Written on the worker's thread. */
    char order[64];
    size_t n_order;
    size_t run, batches, ends;
    sigset_t mask;
    bool is_wrong;  /* cmocka's own checks jump away, which no other thread may */
    int gate[2];    /* a job that waits reads from it */
    int started[2]; /* and has written to this before */
    /* On the loop's. */
    size_t told;
    size_t more; /* how many done still gives */
};

struct job {
    struct worker_job base;
    struct seen *seen;
    size_t number;
    char letter;
};

static void note(struct seen *seen, char c)
{
    if (seen->n_order < sizeof(seen->order) - 1)
        seen->order[seen->n_order++] = c;
}

static void on_begin(void *arg)
{
    ((struct seen *)arg)->batches++;
}

static void on_end(void *arg)
{
    ((struct seen *)arg)->ends++;
}

static void note_begin(void *arg)
{
    note(arg, '(');
}

static void note_end(void *arg)
{
    note(arg, ')');
}

static void run_count(struct worker_job *base)
{
    struct job *job = (struct job *)base;

    if (pthread_equal(pthread_self(), job->seen->loop_thread) || job->number != job->seen->run++)
        job->seen->is_wrong = true;
}

static void done_count(struct worker_job *base)
{
    struct job *job = (struct job *)base;

    assert_true(pthread_equal(pthread_self(), job->seen->loop_thread));
    assert_int_equal(job->number, job->seen->told++);
    free(job);
}

static void run_letter(struct worker_job *base)
{
    struct job *job = (struct job *)base;

    note(job->seen, job->letter);
}

static void run_wait(struct worker_job *base)
{
    struct job *job = (struct job *)base;
    char byte;

    note(job->seen, job->letter);
    if (write(job->seen->started[1], "", 1) != 1 || read(job->seen->gate[0], &byte, 1) != 1)
        job->seen->is_wrong = true;
}

static void done_letter(struct worker_job *base)
{
    struct job *job = (struct job *)base;

    job->seen->told++;
    free(job);
}

static void done_open(struct worker_job *base)
{
    struct job *job = (struct job *)base;

    assert_int_equal(write(job->seen->gate[1], "", 1), 1);
    done_letter(base);
}

static void give(
    struct seen *seen, char letter, void (*run)(struct worker_job *), void (*done)(struct worker_job *))
{
    struct job *job = xcalloc(1, sizeof(*job));

    job->base.run = run;
    job->base.done = done;
    job->seen = seen;
    job->letter = letter;
    worker_give(seen->worker, &job->base);
}

static void give_count(struct seen *seen, size_t number)
{
    struct job *job = xcalloc(1, sizeof(*job));

    job->base.run = run_count;
    job->base.done = done_count;
    job->seen = seen;
    job->number = number;
    worker_give(seen->worker, &job->base);
}

static void begin(struct seen *seen, const struct worker_hooks *hooks)
{
    *seen = (struct seen){.loop = loop_new(), .loop_thread = pthread_self()};
    assert_int_equal(pipe(seen->gate), 0);
    assert_int_equal(pipe(seen->started), 0);
    assert_int_equal(worker_new(seen->loop, hooks, seen, &seen->worker), 0);
}

static void end(struct seen *seen)
{
    worker_free(seen->worker);
    assert_false(seen->is_wrong);
    close(seen->gate[0]);
    close(seen->gate[1]);
    close(seen->started[0]);
    close(seen->started[1]);
    loop_free(seen->loop);
}

static void ends_come_in_order_on_the_loops_thread(void **state)
{
    struct seen seen;

    begin(&seen, &(struct worker_hooks){on_begin, on_end});
    for (size_t i = 0; i < JOBS; i++)
        give_count(&seen, i);
    assert_int_equal(seen.told, 0);
    loop_run(seen.loop); /* kept by the jobs, ends when they have */
    assert_int_equal(seen.told, JOBS);
    assert_int_equal(seen.run, JOBS);
    assert_int_equal(seen.batches, 1); /* a turn's jobs go over together */
    assert_int_equal(seen.ends, 1);
    end(&seen);
}

/* While a waits for its gate, b and c are given: they are one batch. */
static void give_b_c_and_open(int events, void *arg)
{
    struct seen *seen = arg;

    watch_free(seen->watch);
    give(seen, 'b', run_letter, done_letter);
    give(seen, 'c', run_letter, done_letter);
    assert_int_equal(write(seen->gate[1], "", 1), 1);
}

static void what_is_given_during_a_batch_is_the_next(void **state)
{
    struct seen seen;

    begin(&seen, &(struct worker_hooks){note_begin, note_end});
    assert_int_equal(watch_new(seen.loop, seen.started[0], give_b_c_and_open, &seen, &seen.watch), 0);
    watch_start(seen.watch, WATCH_READ);
    give(&seen, 'a', run_wait, done_letter);
    loop_run(seen.loop);
    assert_string_equal(seen.order, "(a)(bc)");
    assert_int_equal(seen.told, 3);
    end(&seen);
}

static void an_idle_worker_does_not_keep_the_loop(void **state)
{
    struct seen seen;

    begin(&seen, NULL);
    loop_run(seen.loop);
    give(&seen, 'a', run_letter, done_letter);
    loop_run(seen.loop);
    assert_int_equal(seen.told, 1);
    loop_run(seen.loop);
    end(&seen);
}

static void stop(void *loop)
{
    loop_stop(loop);
}

static void an_idle_worker_does_not_wake(void **state)
{
    struct rusage before, after;
    struct seen seen;
    struct timer *timer;

    begin(&seen, NULL);
    give(&seen, 'a', run_letter, done_letter);
    loop_run(seen.loop);
    timer = timer_new(seen.loop, stop, seen.loop);
    timer_start(timer, 100);
    getrusage(RUSAGE_SELF, &before);
    loop_run(seen.loop);
    getrusage(RUSAGE_SELF, &after);
    /* Giving up the CPU of one's own accord is what a wake-up ends with; the timer is one. */
    assert_in_range(after.ru_nvcsw - before.ru_nvcsw, 0, 3);
    timer_free(timer);
    end(&seen);
}

static void done_again(struct worker_job *base)
{
    struct job *job = (struct job *)base;
    struct seen *seen = job->seen;

    seen->told++;
    free(job);
    if (seen->more > 0) {
        seen->more--;
        give(seen, 'x', run_letter, done_again);
    }
}

static void done_may_give_more(void **state)
{
    struct seen seen;

    begin(&seen, NULL);
    seen.more = 5;
    give(&seen, 'x', run_letter, done_again);
    loop_run(seen.loop);
    assert_int_equal(seen.told, 6);
    end(&seen);
}

static void free_runs_and_tells_everything(void **state)
{
    struct seen seen;

    begin(&seen, NULL);
    seen.more = 3;
    give(&seen, 'x', run_letter, done_again);
    give(&seen, 'y', run_letter, done_open);
    end(&seen);
    assert_int_equal(seen.told, 5);
    assert_int_equal(seen.n_order, 5);
}

static void free_waits_for_a_batch_that_runs(void **state)
{
    struct seen seen;

    begin(&seen, NULL);
    give(&seen, 'a', run_letter, done_open);
    loop_run(seen.loop);
    give(&seen, 'b', run_wait, done_letter);
    end(&seen);
    assert_string_equal(seen.order, "ab");
    assert_int_equal(seen.told, 2);
}

static void run_mask(struct worker_job *base)
{
    pthread_sigmask(SIG_SETMASK, NULL, &((struct job *)base)->seen->mask);
}

static void no_signal_is_delivered_to_the_thread(void **state)
{
    sigset_t mine;
    struct seen seen;

    begin(&seen, NULL);
    give(&seen, 'a', run_mask, done_letter);
    loop_run(seen.loop);
    assert_true(sigismember(&seen.mask, SIGTERM) && sigismember(&seen.mask, SIGINT));
    assert_true(sigismember(&seen.mask, SIGCHLD) && sigismember(&seen.mask, SIGXFSZ));
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    assert_false(sigismember(&mine, SIGTERM));
    end(&seen);
}

static void nothing_is_freed_in_vain(void **state)
{
    worker_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_come_in_order_on_the_loops_thread),
        cmocka_unit_test(what_is_given_during_a_batch_is_the_next),
        cmocka_unit_test(an_idle_worker_does_not_keep_the_loop),
        cmocka_unit_test(an_idle_worker_does_not_wake),
        cmocka_unit_test(done_may_give_more),
        cmocka_unit_test(free_runs_and_tells_everything),
        cmocka_unit_test(free_waits_for_a_batch_that_runs),
        cmocka_unit_test(no_signal_is_delivered_to_the_thread),
        cmocka_unit_test(nothing_is_freed_in_vain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
