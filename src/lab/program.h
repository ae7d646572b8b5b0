/* SPDX-License-Identifier: ISC */
#ifndef LAB_PROGRAM_H
#define LAB_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "lab/hosts.h"

/* A program on one of the hosts, with everything that it starts: it sees its host's name, /etc/hosts with
 * both names, no resolver, its own processes alone, and of the network its end of the cable.
 *
 * Between us and it is a process of ours, the first of a PID namespace, which starts it, hands our signals on
 * and collects orphans; when it ends, the kernel kills all that is left in there. It ends with us, even if
 * that is by kill -9. */
struct program;

struct program_options {
    enum lab_side side;
    char **argv;                /* NULL at its end; or: */
    int (*function)(void *arg); /* is run in place of argv, in a process of its own; what it returns is the
                                   exit status */
    void *arg;
    int fds[3];    /* that become its standard input, output, error; -1: ours. They stay the caller's */
    bool is_idle;  /* program_be_last from the beginning */
    bool is_group; /* in a process group of its own, so that the terminal's signals do not reach it */
};

/* 0, or a negative code with err: ERR_OTHER for a program that cannot be found or run, named as the shell
 * would. */
int program_start(
    struct hosts *h, const struct program_options *options, struct program **ret, struct err *err);
/* Kills what is left of it; accepts NULL. */
void program_free(struct program *p);

/* To the program, and all that it has started. */
void program_signal(struct program *p, int number);
/* From now on it, and whatever it has started and will start, runs only when nobody else wants the CPU
 * (SCHED_IDLE). Waits until that is so. */
void program_be_last(struct program *p);
/* Whether it has ended: looks, and does not wait. What it has left behind may still run, up to program_free.
 * *ret_status: as waitpid's; untouched if it has not. */
bool program_has_ended(struct program *p, int *ret_status);
/* A descriptor that can be read once it has ended. */
int program_fd(const struct program *p);
pid_t program_pid(const struct program *p); /* of the process between, in our PID namespace */

#endif
