/* SPDX-License-Identifier: ISC */
/* The table of verbs. Everything else about a verb is in its own file, cmd_VERB.c. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "config.h"

const struct command *const commands[] = {
    &cmd_ask,
    &cmd_answer,
    &cmd_chat,
    &cmd_contacts,
    &cmd_history,
    &cmd_watch,
    &cmd_lab,
    &cmd_demo,
    &cmd_help,
    &cmd_list_verbs,
    &cmd_list_options,
    &cmd_list_argument,
    &cmd_list_addresses,
    &cmd_list_contacts,
    NULL,
};

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->verb->name, name) == 0)
            return commands[i];
    return NULL;
}

/* Who was started with a standard stream closed must not get a socket as number 0, 1 or 2. */
static void fill_standard_streams(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* Of a write that failed before, errno is long another one. */
static bool reader_has_gone(void)
{
    struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};

    return poll(&fd, 1, 0) > 0 && fd.revents & POLLERR;
}

/* A full disk shows as late as here. A reader that has gone (| head) wants no message. */
static int finish(int status)
{
    struct err err;

    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (errno != EPIPE && !reader_has_gone()) {
        err_set(&err, ERR_OTHER, -errno, _("standard output: %s; what was printed is not complete"),
            err_word(-errno));
        cmd_fail(&err);
    }
    return status ? status : ERR_OTHER;
}

int main(int argc, char **argv)
{
    const struct command *command;

    fill_standard_streams();
    /* A peer or a reader that hangs up is an error code here, not the end. */
    signal(SIGPIPE, SIG_IGN);
    i18n_init();

    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        printf("landline %s\n", LANDLINE_VERSION);
        return finish(0);
    }
    command = argc > 1 ? command_find(argv[1]) : NULL;
    if (command)
        return finish(command->run(argc - 1, argv + 1));
    return finish(cmd_overview(argc, argv));
}
