/* SPDX-License-Identifier: ISC */
/* The filter is a list of what is allowed, each call with a reason; what nobody thought of is refused. Where
 * a number in a call decides what it does (an ioctl, a socket option, a signal), that is looked at too:
 * TIOCSTI would type commands into the terminal, F_SETOWN would send signals. */
#include "see/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "see/landlock.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- seccomp ---- */

/* Whatever their arguments are. */
static const int allowed[] = {
    /* what is open */
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(pwrite64),
    SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(fstat64), SCMP_SYS(dup2),
    SCMP_SYS(dup3), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(fadvise64), SCMP_SYS(fadvise64_64),
    /* memory */
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
    /* waiting, and the loop */
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(_newselect), SCMP_SYS(pselect6),
    SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2),
    SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep), SCMP_SYS(futex), SCMP_SYS(sched_yield),
    SCMP_SYS(restart_syscall),
    /* the pager's end */
    SCMP_SYS(wait4), SCMP_SYS(waitid),
    /* signals of its own */
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigreturn),
    SCMP_SYS(sigaltstack),
    /* who, when, how much */
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid),
    SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64),
    SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom), SCMP_SYS(sysinfo),
    SCMP_SYS(uname), SCMP_SYS(getrusage),
    /* the end */
    SCMP_SYS(exit), SCMP_SYS(exit_group)};

/* Nothing of ours does these, whatever goes wrong: who does is an intruder. */
static const int deadly[] = {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(socket), SCMP_SYS(socketpair),
    SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4),
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_getfd),
    SCMP_SYS(open_by_handle_at), SCMP_SYS(io_uring_setup), SCMP_SYS(bpf), SCMP_SYS(userfaultfd)};

/* What a call's second argument may be. */
static const unsigned descriptor_flags[] = {F_GETFD, F_SETFD, F_GETFL, F_SETFL};
static const unsigned terminal_sizes[] = {TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO};
static const unsigned terminal_settings[] = {TCSETS, TCSETSW, TCSETSF, TCFLSH, TCXONC};

/* A call that this machine, or this libseccomp, does not have needs no rule. */
static int add(
    scmp_filter_ctx filter, uint32_t action, int call, unsigned count, const struct scmp_arg_cmp *args)
{
    int code = seccomp_rule_add_array(filter, action, call, count, args);

    return code == -EDOM || code == -EEXIST ? 0 : code;
}

static int add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
    int code = 0;

    for (size_t i = 0; i < count && code == 0; i++)
        code = add(filter, action, calls[i], 0, NULL);
    return code;
}

static int add_seconds(scmp_filter_ctx filter, int call, const unsigned *values, size_t count)
{
    int code = 0;

    for (size_t i = 0; i < count && code == 0; i++) {
        const struct scmp_arg_cmp is = SCMP_A1_32(SCMP_CMP_EQ, values[i]);

        code = add(filter, SCMP_ACT_ALLOW, call, 1, &is);
    }
    return code;
}

/* Memory that could be run as a program is not to be had. */
static int add_memory(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp is_data = SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    static const int calls[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect)};
    int code = 0;

    for (size_t i = 0; i < COUNT(calls) && code == 0; i++)
        code = add(filter, SCMP_ACT_ALLOW, calls[i], 1, &is_data);
    return code;
}

/* abort and raise; and what a screen does at Ctrl-Z: everybody of its job stops, as the terminal would have
 * it. */
static int add_signals(scmp_filter_ctx filter, const struct sandbox_options *o)
{
    const struct scmp_arg_cmp self = SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid());
    const struct scmp_arg_cmp job[] = {SCMP_A0_32(SCMP_CMP_EQ, 0), SCMP_A1_32(SCMP_CMP_EQ, SIGTSTP)};
    int code = add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &self);

    if (code == 0)
        code = add(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1, &self);
    if (code == 0 && o->terminal)
        code = add(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), COUNT(job), job);
    return code;
}

/* glibc asks for fstat in this way: a descriptor and no path. */
static int add_stat(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp is_open = SCMP_A3_32(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH);
    const struct scmp_arg_cmp is_open_too = SCMP_A2_32(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH);
    int code = add(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1, &is_open);

    if (code == 0)
        code = add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fstatat64), 1, &is_open);
    if (code == 0)
        code = add(filter, SCMP_ACT_ALLOW, SCMP_SYS(statx), 1, &is_open_too);
    return code;
}

static int add_opener(scmp_filter_ctx filter, int fd)
{
    const struct scmp_arg_cmp is = SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)fd);
    int code = add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendmsg), 1, &is);

    if (code == 0)
        code = add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 1, &is);
    return code == 0 ? add(filter, SCMP_ACT_ALLOW, SCMP_SYS(recvmsg), 1, &is) : code;
}

/* libpcap reads the ring in memory, and asks for the counters; source_live_stop attaches a filter that lets
 * nothing through. */
static int add_capture(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp is_filter[] = {
        SCMP_A1_32(SCMP_CMP_EQ, SOL_SOCKET), SCMP_A2_32(SCMP_CMP_EQ, SO_ATTACH_FILTER)};
    static const int calls[] = {SCMP_SYS(getsockopt), SCMP_SYS(recvfrom)};
    int code = add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), COUNT(is_filter), is_filter);

    return code == 0 ? add_all(filter, SCMP_ACT_ALLOW, calls, COUNT(calls)) : code;
}

static int add_rules(scmp_filter_ctx filter, const struct sandbox_options *o)
{
    int code = add_all(filter, SCMP_ACT_ALLOW, allowed, COUNT(allowed));

    if (code == 0)
        code = add_all(filter, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly));
    if (code == 0)
        code = add_memory(filter);
    if (code == 0)
        code = add_stat(filter);
    if (code == 0)
        code = add_signals(filter, o);
    if (code == 0)
        code = add_seconds(filter, SCMP_SYS(fcntl), descriptor_flags, COUNT(descriptor_flags));
    if (code == 0)
        code = add_seconds(filter, SCMP_SYS(fcntl64), descriptor_flags, COUNT(descriptor_flags));
    if (code == 0)
        code = add_seconds(filter, SCMP_SYS(ioctl), terminal_sizes, COUNT(terminal_sizes));
    if (code == 0 && o->terminal)
        code = add_seconds(filter, SCMP_SYS(ioctl), terminal_settings, COUNT(terminal_settings));
    if (code == 0 && o->opener_fd >= 0)
        code = add_opener(filter, o->opener_fd);
    return code == 0 && o->capturing ? add_capture(filter) : code;
}

static bool enter_seccomp(const struct sandbox_options *o)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int code;

    if (!filter)
        return false;
    /* A tree: some ten comparisons for each call in place of a hundred. */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    /* Old kernels would slow us down, against code that spies on us from within: there is none. */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    code = add_rules(filter, o);
    if (code == 0)
        code = seccomp_load(filter);
    seccomp_release(filter);
    return code == 0;
}

/* ---- both ---- */

void sandbox_enter(const struct sandbox_options *options, struct sandbox *ret)
{
    *ret = (struct sandbox){.is_built = SANDBOX_IS_BUILT};
    if (!ret->is_built || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return;
    /* In this order: the filter has no place for Landlock's calls. */
    ret->landlock_abi = landlock_enter();
    ret->has_seccomp = enter_seccomp(options);
}
