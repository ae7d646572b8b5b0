/* SPDX-License-Identifier: ISC */
#ifndef CMD_LAUNCH_H
#define CMD_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* A command that is started to be watched: it has our terminal, standard streams, user and process group, and
 * not the capabilities that we still hold. */

struct launched {
    pid_t pid;
    int calls; /* for calls_next; -1: its calls are not told */
};

/* The statuses that a shell, env(1) and others have for what could not be run. */
#define LAUNCH_NOT_EXECUTABLE 126
#define LAUNCH_NOT_FOUND 127

/* Starts argv (NULL ends it). is_told: calls.h, where this process may; its descriptor is closed by the
 * caller. Behind privileges_become_user and before privileges_drop. From now on this process is the
 * parent of what the command leaves behind. 0, or a negative code with err: -ENOENT and so on. */
int launch_command(char **argv, bool is_told, struct launched *ret, struct err *err);
/* The status for a command that could not be started, by that code. */
int launch_status_of_failure(int code);

/* A child that lets the command's calls go on (calls_pass) when this one has come to its end, however that
 * was. It does not hold a terminal's or pipe's end open, and ends with the last process that could call. To
 * be called behind launch_command, before privileges_drop. */
int launch_caretaker(int calls, struct err *err);

#endif
