/* SPDX-License-Identifier: ISC */
/* The command's process makes the filter of its calls itself, and the descriptor that tells of them has to
 * get to us: by a table of descriptors that both share until then. To send it over a socket would be such a
 * call, and to fetch it needs a right that a debugger needs. */
#include "cmd/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "see/calls.h"
#include "see/privileges.h"

#define STACK_BYTES (256U << 10)

struct child {
    char **argv;
    bool is_told;
    int report; /* of a pipe */
};

/* Two of them at most: before execvp, and if that has failed. */
struct report {
    int calls, code;
};

static void send_report(const struct child *c, int calls, int code)
{
    const struct report report = {.calls = calls, .code = code};

    (void)!write(c->report, &report, sizeof(report));
}

/* In the child. */
static int run(void *arg)
{
    const struct child *c = arg;
    sigset_t none;
    int calls = -1;

    /* What this program has changed for itself. */
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (c->is_told && privileges_raise() == 0)
        calls = calls_tell();
    /* Then what the parent closes is not closed here. */
    if (unshare(CLONE_FILES) < 0) {
        send_report(c, calls, -errno);
        _exit(LAUNCH_NOT_EXECUTABLE);
    }
    send_report(c, calls, 0);
    execvp(c->argv[0], c->argv);
    send_report(c, calls, -errno);
    _exit(LAUNCH_NOT_EXECUTABLE);
}

static bool read_report(int fd, struct report *ret)
{
    ssize_t got;

    do
        got = read(fd, ret, sizeof(*ret));
    while (got < 0 && errno == EINTR);
    return got == sizeof(*ret);
}

static void reap(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

int launch_status_of_failure(int code)
{
    return code == -ENOENT ? LAUNCH_NOT_FOUND : LAUNCH_NOT_EXECUTABLE;
}

static int fail(const char *name, int code, struct err *err)
{
    struct str shown = STR_INIT;

    utf8_escape(&shown, name, strlen(name), 0);
    err_set(err, ERR_OTHER, code, _("%s cannot be started: %s"), shown.data, err_word(code));
    str_done(&shown);
    return code;
}

int launch_command(char **argv, bool is_told, struct launched *ret, struct err *err)
{
    struct child child = {.argv = argv, .is_told = is_told};
    struct report first = {.calls = -1}, last = {0};
    uint8_t *stack;
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(argv[0], -errno, err);
    child.report = ends[1];
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    /* Memory is copied, as fork does, and the stack with it; it grows downwards wherever Linux runs today. */
    stack = xmalloc(STACK_BYTES);
    pid = clone(run, stack + STACK_BYTES, CLONE_FILES | SIGCHLD, &child);
    if (pid < 0)
        first.code = -errno;
    else
        read_report(ends[0], &first);
    free(stack);
    close(ends[1]);
    if (pid >= 0 && (first.code < 0 || read_report(ends[0], &last)))
        reap(pid);
    close(ends[0]);
    if (first.code < 0 || last.code < 0) {
        if (first.calls >= 0)
            close(first.calls);
        return fail(argv[0], first.code < 0 ? first.code : last.code, err);
    }
    *ret = (struct launched){.pid = pid, .calls = first.calls >= 0 ? first.calls : -1};
    return 0;
}

/* ---- the caretaker ---- */

static void take_care(int us, int calls)
{
    struct pollfd fds[] = {{.fd = us}, {.fd = calls}}; /* hang-ups are told unasked */

    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return;
        if (fds[1].revents)
            return; /* nobody is left that could call */
        if (fds[0].revents)
            break;
    }
    calls_pass(calls);
}

/* Keeps its standard streams, on /dev/null, and these two descriptors, as 3 and 4. */
static void keep_only(int us, int calls)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    /* Out of the way first. */
    int first = fcntl(us, F_DUPFD_CLOEXEC, 8), second = fcntl(calls, F_DUPFD_CLOEXEC, 8);

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    dup2(first, 3);
    dup2(second, 4);
    close_range(5, ~0U, 0);
}

int launch_caretaker(int calls, struct err *err)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_set(err, ERR_OTHER, -errno, "pipe: %s", err_word(-errno));
    pid = fork();
    if (pid == 0) {
        /* Out of reach of the terminal's signals. */
        setsid();
        keep_only(ends[0], calls);
        if (privileges_drop(NULL) == 0)
            take_care(3, 4);
        _exit(0);
    }
    close(ends[0]);
    if (pid < 0) {
        close(ends[1]);
        return err_set(err, ERR_OTHER, -errno, "fork: %s", err_word(-errno));
    }
    return ends[1];
}
