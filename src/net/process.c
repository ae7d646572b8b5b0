/* SPDX-License-Identifier: ISC */
/* Children. The end of one is noticed by a pidfd, so no SIGCHLD handler has to share the process with
 * others'.
 *
 * A command that has ended stays a zombie until process_free: the zombie keeps its number, and with it the
 * number of its process group, from being given to somebody else, so the last SIGKILL to the group
 * can't hit a stranger. */
#include "net/process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "net/tcp.h"

/* Without pidfd (Linux before 5.3, some sandboxes, or no descriptor left) we look every so often. */
#define PROCESS_LOOK_MS 20

struct process {
    struct loop *loop;
    process_exited *exited;
    void *arg;
    pid_t pid;
    int pidfd;
    struct watch *watch; /* NULL: timer look does it */
    struct timer *look, *kill;
    uint64_t kill_at_ms; /* 0: not stopping */
    bool ended;
};

static bool is_replaced(const char *old, const char *const *variables)
{
    const char *end = strchr(old, '=');

    if (!end)
        return false;
    for (; *variables; variables++) {
        size_t len = (size_t)(end - old) + 1;

        if (strncmp(*variables, old, len) == 0)
            return true;
    }
    return false;
}

/* Ours with variables before it; the texts stay where they are. */
static char **make_environment(const char *const *variables)
{
    size_t count = 1, n = 0;
    char **all;

    for (char **old = environ; old && *old; old++)
        count++;
    for (size_t i = 0; variables && variables[i]; i++)
        count++;
    all = xreallocarray(NULL, count, sizeof(*all));
    for (size_t i = 0; variables && variables[i]; i++)
        all[n++] = (char *)variables[i];
    for (char **old = environ; old && *old; old++)
        if (!variables || !is_replaced(*old, variables))
            all[n++] = *old;
    all[n] = NULL;
    return all;
}

static int spawn(const struct process_options *options, int input, int output, pid_t *ret)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)options->command, NULL};
    char **environment = make_environment(options->variables);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, all;
    int code;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    sigemptyset(&none);
    sigfillset(&all);
    /* dup2 onto itself keeps a descriptor and takes its CLOEXEC away (glibc 2.29). If input is 1, the
     * second would close it: main holds 0 to 2 open, so both are above. */
    assert(input > STDERR_FILENO && output > STDERR_FILENO);
    code = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (code == 0)
        code = posix_spawn(ret, "/bin/sh", &actions, &attr, argv, environment);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    free(environment);
    return -code;
}

/* Has the command ended? Leaves the zombie. */
static bool peek(const struct process *p, int *ret_status)
{
    siginfo_t info = {0};

    if (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
        return false;
    /* As waitpid writes it, so that WIFEXITED and its friends understand. */
    *ret_status = info.si_code == CLD_EXITED ? (info.si_status & 0xff) << 8
                                             : info.si_status | (info.si_code == CLD_DUMPED ? 0x80 : 0);
    return true;
}

static void check(struct process *p)
{
    int status;

    if (p->ended || !peek(p, &status))
        return;
    p->ended = true;
    if (p->watch)
        watch_start(p->watch, 0);
    if (p->look)
        timer_stop(p->look);
    timer_stop(p->kill);
    p->exited(p, status, p->arg);
}

static void on_pidfd(int events, void *arg)
{
    check(arg);
}

static void on_look(void *arg)
{
    struct process *p = arg;

    timer_start(p->look, PROCESS_LOOK_MS);
    check(p);
}

static void on_kill(void *arg)
{
    struct process *p = arg;

    kill(-p->pid, SIGKILL);
}

static void notice_end(struct process *p)
{
#ifdef SYS_pidfd_open
    p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
#endif
    if (p->pidfd >= 0 && watch_new(p->loop, p->pidfd, on_pidfd, p, &p->watch) == 0) {
        watch_start(p->watch, WATCH_READ);
        return;
    }
    p->look = timer_new(p->loop, on_look, p);
    timer_start(p->look, PROCESS_LOOK_MS);
}

static void close_both(int fds[2])
{
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        fds[i] = -1;
    }
}

int process_new(struct loop *loop, const struct process_options *options, process_exited *exited, void *arg,
    struct process **ret, struct stream **ret_input, struct stream **ret_output, struct err *err)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, code;
    struct stream *input = NULL, *output = NULL;
    struct sigaction old;
    struct process *p;
    pid_t pid = -1;

    /* With SIGCHLD ignored, as some parents leave it, the kernel would reap children behind our back. */
    if (sigaction(SIGCHLD, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
        signal(SIGCHLD, SIG_DFL);
    /* Pipes and not a socket: then /dev/stdin and /dev/stdout can be opened in the child, and each
     * direction ends by itself. */
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) {
        code = -errno;
        goto out;
    }
    code = stream_from_fd(loop, in[1], &input);
    in[1] = -1;
    if (code < 0)
        goto out;
    code = stream_from_fd(loop, out[0], &output);
    out[0] = -1;
    if (code < 0)
        goto out;
    code = spawn(options, in[0], out[1], &pid);
    if (code < 0)
        goto out;

    p = xcalloc(1, sizeof(*p));
    p->loop = loop;
    p->exited = exited;
    p->arg = arg;
    p->pid = pid;
    p->pidfd = -1;
    p->kill = timer_new(loop, on_kill, p);
    notice_end(p);
    *ret = p;
    *ret_input = input;
    *ret_output = output;
    input = output = NULL;
out:
    stream_close(input);
    stream_close(output);
    close_both(in);
    close_both(out);
    if (code < 0)
        err_set(err, ERR_OTHER, code, _("can't start '%s': %s"), options->command, err_word(code));
    return code;
}

pid_t process_pid(const struct process *p)
{
    return p->pid;
}

void process_stop(struct process *p, uint64_t grace_ms)
{
    uint64_t at = loop_now_ms(p->loop) + grace_ms;

    if (p->ended)
        return;
    if (p->kill_at_ms == 0)
        kill(-p->pid, SIGTERM);
    if (p->kill_at_ms == 0 || at < p->kill_at_ms) {
        p->kill_at_ms = at;
        timer_start(p->kill, grace_ms);
    }
}

void process_free(struct process *p)
{
    if (!p)
        return;
    watch_free(p->watch);
    timer_free(p->look);
    timer_free(p->kill);
    if (p->pidfd >= 0)
        close(p->pidfd);
    kill(-p->pid, SIGKILL);
    while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    free(p);
}

const char *process_status_text(int status, char *text, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(text, size, _("ended by signal %d (%s)"), WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(text, size, _("exit status %d"), WEXITSTATUS(status));
    return text;
}
