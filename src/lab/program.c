/* SPDX-License-Identifier: ISC */
/* Three processes: ours; `first', the first one of a PID namespace, which is what ends everything in there
 * when it ends itself; and the program, its child. What goes wrong before the program runs is told through a
 * pipe that its exec closes, how it ended through another one. */
#include "lab/program.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/utf8.h"
#include "base/str.h"
#include "base/xmalloc.h"

#define SIGNAL_BE_LAST SIGRTMIN /* to `first': the program is to run when nobody else wants to */
#define IS_LAST INT32_MIN       /* its answer; no status is such */

enum step { STEP_NETWORK, STEP_NAME, STEP_FILES, STEP_FORK, STEP_EXEC };

/* What is written to the pipe of failures. */
struct failure {
    int32_t step, code;
};

struct program {
    pid_t pid;     /* of `first'; 0: it has been waited for */
    int status_fd; /* -1: none */
    bool has_ended;
    int status;
};

/* ---- the program's process ---- */

static void fail(int fd, enum step step)
{
    const struct failure failure = {step, -errno};

    /* Nobody is left to hear that this failed. */
    if (write(fd, &failure, sizeof(failure)) < 0)
        return;
}

static void set_last(pid_t thread)
{
    const struct sched_param none = {0};

    sched_setscheduler(thread, SCHED_IDLE, &none);
}

/* Out of the way first, lest one takes the place of another that is still to be copied. */
static void take_descriptors(const int fds[3])
{
    int away[3];

    for (int i = 0; i < 3; i++)
        away[i] = fds[i] >= 0 ? fcntl(fds[i], F_DUPFD_CLOEXEC, 3) : -1;
    for (int i = 0; i < 3; i++)
        if (away[i] >= 0)
            dup2(away[i], i);
}

/* Does not return but with the status to end with. */
static int be_program(const struct program_options *o, int failure_fd, const sigset_t *mask)
{
    take_descriptors(o->fds);
    if (o->is_group)
        setpgid(0, 0);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    if (o->is_idle)
        set_last(0);
    if (o->function) {
        close(failure_fd);
        return o->function(o->arg);
    }
    execvp(o->argv[0], o->argv);
    fail(failure_fd, STEP_EXEC);
    return 127;
}

/* ---- the first process ---- */

static bool write_hosts(const char *path)
{
    static const char text[] = "127.0.0.1 localhost\n::1 localhost ip6-localhost\n"
                               "10.9.0.1 client\n10.9.0.2 server\n"
                               "fd09::1 client6\nfd09::2 server6\n";
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    bool is_written = fd >= 0 && write(fd, text, sizeof(text) - 1) == (ssize_t)(sizeof(text) - 1);

    if (fd >= 0)
        close(fd);
    return is_written;
}

/* Over /etc/hosts and resolv.conf come files of the host's own, which need a place to be: a file system in
 * memory, on /sys, which is about to be another one anyhow: that of the host's network. */
static int mount_files(void)
{
    int fd;

    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("lab", "/sys", "tmpfs", 0, "size=64k") < 0 || !write_hosts("/sys/hosts") ||
        mount("/sys/hosts", "/etc/hosts", NULL, MS_BIND, NULL) < 0)
        return -1;
    fd = open("/sys/resolv.conf", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd >= 0)
        close(fd);
    /* Where there is none, nobody can be asked either. */
    if (mount("/sys/resolv.conf", "/etc/resolv.conf", NULL, MS_BIND, NULL) < 0 && errno != ENOENT)
        return -1;
    if (umount2("/sys", MNT_DETACH) < 0)
        return -1;
    /* In a container these may be out of reach: then the program sees the system's. */
    if (mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0)
        errno = 0;
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0)
        errno = 0;
    return 0;
}

/* Collects whoever has ended; true if the program was among them. */
static bool reap(pid_t program, int *ret_status)
{
    bool any = false;
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != program)
            continue;
        *ret_status = status;
        any = true;
    }
    return any;
}

static void set_threads_last(const char *process)
{
    char path[64];
    const struct dirent *entry;
    DIR *threads;

    snprintf(path, sizeof(path), "/proc/%.10s/task", process);
    threads = opendir(path);
    while (threads && (entry = readdir(threads)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]))
            set_last((pid_t)strtol(entry->d_name, NULL, 10));
    if (threads)
        closedir(threads);
}

/* All that has been started in here, but for ourselves. Where /proc is not ours, the program at least. */
static void set_all_last(pid_t program)
{
    DIR *processes = opendir("/proc");
    const struct dirent *entry;

    set_last(program);
    while (processes && (entry = readdir(processes)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]) && strcmp(entry->d_name, "1") != 0)
            set_threads_last(entry->d_name);
    if (processes)
        closedir(processes);
}

/* Hands signals on until the program has ended, tells how, and waits for the end: what it has left behind
 * goes on running. The terminal's signals have reached the program already. */
static void watch_over(pid_t program, int status_fd, const sigset_t *all)
{
    const int32_t done = IS_LAST;
    siginfo_t info;
    int32_t status;

    for (;;) {
        int number = sigwaitinfo(all, &info);

        if (number == SIGCHLD) {
            if (reap(program, &status) && write(status_fd, &status, sizeof(status)) < 0)
                return;
        } else if (number == SIGNAL_BE_LAST) {
            set_all_last(program);
            if (write(status_fd, &done, sizeof(done)) < 0)
                return;
        } else if (number > 0 && info.si_code <= 0) {
            kill(-1, number); /* all that runs in here: it is to them as Ctrl-C in a terminal */
        }
    }
}

/* We have ended already, before PR_SET_PDEATHSIG was there to tell: nobody reads the pipe. */
static bool is_orphan(int status_fd)
{
    struct pollfd fd = {.fd = status_fd};

    return poll(&fd, 1, 0) > 0 && fd.revents & POLLERR;
}

static int be_first(
    const struct program_options *o, int netns, int failure_fd, int status_fd, const sigset_t *mask)
{
    sigset_t all;
    pid_t pid;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (is_orphan(status_fd))
        return 1;
    if (setns(netns, CLONE_NEWNET) < 0) {
        fail(failure_fd, STEP_NETWORK);
        return 1;
    }
    if (sethostname(lab_side_name(o->side), strlen(lab_side_name(o->side))) < 0) {
        fail(failure_fd, STEP_NAME);
        return 1;
    }
    if (mount_files() < 0) {
        fail(failure_fd, STEP_FILES);
        return 1;
    }
    pid = fork();
    if (pid == 0) {
        close(status_fd);
        return be_program(o, failure_fd, mask);
    }
    if (pid < 0)
        fail(failure_fd, STEP_FORK);
    close(failure_fd);
    for (int i = 0; i < 3; i++) /* the same may be there twice */
        if (o->fds[i] > STDERR_FILENO)
            close(o->fds[i]);
    if (pid > 0)
        watch_over(pid, status_fd, &all);
    return 1;
}

/* ---- our side ---- */

static int told_of(const struct program_options *o, const struct failure *failure, struct err *err)
{
    static const char *const parts[] = {
        [STEP_NETWORK] = N_("its network"),
        [STEP_NAME] = N_("its host name"),
        [STEP_FILES] = N_("its /etc/hosts"),
        [STEP_FORK] = N_("its processes"),
    };
    struct str name = STR_INIT;
    int code = failure->code;

    if (failure->step != STEP_EXEC)
        return err_set(err, err_kind_of(code), code, _("the host %s could not be set up: %s: %s"),
            lab_side_name(o->side), _(parts[failure->step]), err_word(code));
    utf8_escape(&name, o->argv[0], strlen(o->argv[0]), 0);
    if (code == -ENOENT)
        err_set(err, ERR_OTHER, code, _("%s: there is no such program"), name.data);
    else
        err_set(err, ERR_OTHER, code, _("%s cannot be run: %s"), name.data, err_word(code));
    str_done(&name);
    return code;
}

/* As fork, into namespaces of its own. glibc has no function for that; there is one thread, so nothing is
 * locked. */
static pid_t fork_into_namespaces(void)
{
    return (pid_t)syscall(
        SYS_clone, CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | SIGCHLD, NULL, NULL, NULL, NULL);
}

int program_start(struct hosts *h, const struct program_options *o, struct program **ret, struct err *err)
{
    struct program *p = xcalloc(1, sizeof(*p));
    int failures[2] = {-1, -1}, statuses[2] = {-1, -1}, code = 0;
    struct failure failure;
    sigset_t mask;
    ssize_t got;

    p->status_fd = -1;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    if (pipe2(failures, O_CLOEXEC) < 0 || pipe2(statuses, O_CLOEXEC) < 0) {
        code = err_set(err, ERR_OTHER, -errno, _("a program could not be started: %s"), err_word(-errno));
        goto out;
    }
    p->pid = fork_into_namespaces();
    if (p->pid == 0) {
        close(failures[0]);
        close(statuses[0]);
        _exit(be_first(o, hosts_netns(h, o->side), failures[1], statuses[1], &mask));
    }
    if (p->pid < 0) {
        p->pid = 0;
        code = err_set(
            err, err_kind_of(-errno), -errno, _("a program could not be started: %s"), err_word(-errno));
        goto out;
    }
    close(failures[1]);
    failures[1] = -1;
    do
        got = read(failures[0], &failure, sizeof(failure));
    while (got < 0 && errno == EINTR);
    if (got == sizeof(failure)) {
        code = told_of(o, &failure, err);
        goto out;
    }
    p->status_fd = statuses[0];
    statuses[0] = -1;
out:
    for (int i = 0; i < 2; i++) {
        if (failures[i] >= 0)
            close(failures[i]);
        if (statuses[i] >= 0)
            close(statuses[i]);
    }
    if (code < 0)
        program_free(p);
    else
        *ret = p;
    return code;
}

void program_free(struct program *p)
{
    if (!p)
        return;
    if (p->pid > 0) {
        kill(p->pid, SIGKILL);
        while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    if (p->status_fd >= 0)
        close(p->status_fd);
    free(p);
}

void program_signal(struct program *p, int number)
{
    if (p->pid > 0)
        kill(p->pid, number);
}

/* What `first' has to say next, if need be after a wait: IS_LAST, or how the program ended. If it was killed
 * the pipe has nothing but its end. */
static int32_t hear(struct program *p)
{
    int32_t said;
    ssize_t got;

    do
        got = read(p->status_fd, &said, sizeof(said));
    while (got < 0 && errno == EINTR);
    if (got != sizeof(said))
        said = SIGKILL;
    if (said != IS_LAST) {
        p->has_ended = true;
        p->status = said;
    }
    return said;
}

void program_be_last(struct program *p)
{
    program_signal(p, SIGNAL_BE_LAST);
    while (!p->has_ended && hear(p) != IS_LAST)
        continue;
}

bool program_has_ended(struct program *p, int *ret_status)
{
    struct pollfd fd = {.fd = p->status_fd, .events = POLLIN};

    while (!p->has_ended && poll(&fd, 1, 0) > 0)
        hear(p);
    if (p->has_ended)
        *ret_status = p->status;
    return p->has_ended;
}

int program_fd(const struct program *p)
{
    return p->status_fd;
}

pid_t program_pid(const struct program *p)
{
    return p->pid;
}
