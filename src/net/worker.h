/* SPDX-License-Identifier: ISC */
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include "base/list.h"
#include "net/loop.h"

/* A thread beside the loop, for what may block: a database, a slow disk. Jobs run there one after another, in
 * the order they were given; their ends come back on the loop's thread in the same order. What is given in
 * one turn of the loop goes over together at its end, and whatever has come over while a batch ran is the
 * next batch, so a database can make one transaction of many jobs. */
struct worker;

/* Lives inside what the job is about; not touched by its giver between worker_give and done. */
struct worker_job {
    struct list node;
    void (*run)(struct worker_job *job);  /* on the worker's thread */
    void (*done)(struct worker_job *job); /* on the loop's; may free the job, and give others */
};

/* Around each batch, on the worker's thread; the ends of a batch's jobs are told after end. Both may be NULL.
 */
struct worker_hooks {
    void (*begin)(void *arg);
    void (*end)(void *arg);
};

/* Starts the thread, with every signal blocked in it. While jobs are under way the loop keeps running for
 * them; an idle worker neither wakes nor keeps it. 0 or a negative errno. */
int worker_new(struct loop *loop, const struct worker_hooks *hooks, void *arg, struct worker **ret);
void worker_give(struct worker *w, struct worker_job *job);
/* Runs what was given to its end, tells all of it (done) before it returns, and ends the thread. Not to be
 * called in done. Accepts NULL. */
void worker_free(struct worker *w);

#endif
