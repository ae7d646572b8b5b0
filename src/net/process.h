/* SPDX-License-Identifier: ISC */
#ifndef NET_PROCESS_H
#define NET_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "net/loop.h"
#include "net/stream.h"

/* A child that runs a shell command, its stdin and stdout joined to the loop as streams; stderr is ours.
 * Started by posix_spawn (never fork: what that costs grows with the parent), in a process group of its own,
 * with no signal blocked or ignored and no other descriptor of ours. */
struct process;

struct process_options {
    const char *command;          /* for sh -c */
    const char *const *variables; /* "NAME=value", beside our environment and before it; NULL ends; or NULL */
};

/* Exactly once, unless freed before: the command itself has ended, with a status as waitpid gives it. What it
 * started may still run and hold its stdout. p is still to be freed, and may be here. */
typedef void process_exited(struct process *p, int status, void *arg);

/* *ret_input is the child's stdin (writing only: nothing is ever read from it, but it fails with -EPIPE when
 * nobody reads it any more), *ret_output its stdout (reading only); the caller owns both, and
 * attaches to them now. 0, or a negative errno with err. Never calls back before it has returned. */
int process_new(struct loop *loop, const struct process_options *options, process_exited *exited, void *arg,
    struct process **ret, struct stream **ret_input, struct stream **ret_output, struct err *err);
pid_t process_pid(const struct process *p);
/* SIGTERM to the process group, and SIGKILL if the command still runs after grace_ms. exited follows. A
 * second call may only make it sooner. */
void process_stop(struct process *p, uint64_t grace_ms);
/* SIGKILL to all that is left of the process group, and reaps the command. Accepts NULL. */
void process_free(struct process *p);
/* "exit status 3", "ended by signal 9 (Killed)": what a wait status says, translated. Returns text. */
const char *process_status_text(int status, char *text, size_t size);

#endif
