/* SPDX-License-Identifier: ISC */
#include "cmd/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* F: leave if it fits; R: colours; X: what was shown stays on the screen. */
#define LESS_OPTIONS "FRX"

static pid_t pager;
static int null =
    -1; /* where standard output goes afterwards: opened before, since a sandbox opens nothing */

static bool start(const char *command, int ends[2])
{
    char shell[] = "/bin/sh", flag[] = "-c", *copy = strdup(command);
    char *argv[] = {shell, flag, copy, NULL};
    posix_spawn_file_actions_t actions;
    int code;

    if (!copy)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    code = posix_spawn(&pager, shell, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    free(copy);
    return code == 0;
}

bool pager_begin(void)
{
    const char *command = getenv("PAGER");
    int ends[2];

    if (!isatty(STDOUT_FILENO) || (command && (!*command || strcmp(command, "cat") == 0)))
        return false;
    if (!command) {
        command = "less";
        /* A shell would only say that there is none. */
        if (access("/usr/bin/less", X_OK) < 0 && access("/bin/less", X_OK) < 0)
            return false;
    }
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    setenv("LESS", LESS_OPTIONS, false);
    setenv("LESSCHARSET", "utf-8", false);
    if (start(command, ends)) {
        null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        fflush(stdout);
        dup2(ends[1], STDOUT_FILENO);
        /* Ctrl-C is the pager's: we end when it has gone. */
        signal(SIGINT, SIG_IGN);
    } else
        pager = 0;
    close(ends[0]);
    close(ends[1]);
    return pager != 0;
}

void pager_end(void)
{
    fflush(stdout);
    if (null >= 0) {
        dup2(null, STDOUT_FILENO);
        close(null);
        null = -1;
    } else
        close(STDOUT_FILENO);
    while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
        ;
    pager = 0;
}
