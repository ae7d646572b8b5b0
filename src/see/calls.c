/* SPDX-License-Identifier: ISC */
/* seccomp's user notification (seccomp_unotify(2)). The kernel is always told to go on with the call itself:
 * nothing is decided here, so it does not matter that arguments in memory could change meanwhile. */
#include "see/calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STATUS_BYTES 4096 /* of /proc/PID/status; Tgid stands near its beginning */

/* What this program is built for. Where none is named nothing is told, and polling has to do. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ARCH AUDIT_ARCH_PPC64LE
#else
#define ARCH 0
#endif

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define ADDRESS                                                                                              \
    offsetof(struct seccomp_data, args[4]) /* sendto's; two halves, as only 32 bits are loaded               \
                                            */
#define IF_EQUAL(value, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (then), (otherwise))

int calls_tell(void)
{
    /* The second and third column count the lines to be passed over. */
    static const struct sock_filter filter[] = {
        LOAD(offsetof(struct seccomp_data, arch)),
        IF_EQUAL(ARCH, 0, 11),
        LOAD(offsetof(struct seccomp_data, nr)),
        IF_EQUAL(SYS_connect, 10, 0),
        IF_EQUAL(SYS_bind, 9, 0),
        IF_EQUAL(SYS_listen, 8, 0),
        IF_EQUAL(SYS_accept, 7, 0),
        IF_EQUAL(SYS_accept4, 6, 0),
        IF_EQUAL(SYS_sendto, 0, 4),
        LOAD(ADDRESS),
        IF_EQUAL(0, 0, 3),
        LOAD(ADDRESS + 4),
        IF_EQUAL(0, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
    };
    const struct sock_fprog program = {
        .len = sizeof(filter) / sizeof(filter[0]), .filter = (struct sock_filter *)filter};
    long fd;

    if (!ARCH)
        return -EOPNOTSUPP;
    /* Not woken by signals while it waits here, if the kernel can: a runtime that sends itself signals all
     * the time, as Go's does, would start the call over each time. */
    fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
        SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
    if (fd < 0 && errno == EINVAL)
        fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    return fd < 0 ? -errno : (int)fd;
}

/* ---- whose socket it is ---- */

/* Of one thread: what pidfd_open takes is the process. */
static pid_t process_of(pid_t thread)
{
    char path[64], text[STATUS_BYTES];
    const char *at;
    FILE *file;
    size_t got;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)thread);
    file = fopen(path, "re");
    if (!file)
        return -1;
    got = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[got] = '\0';
    at = strstr(text, "\nTgid:");
    return at ? (pid_t)strtol(at + strlen("\nTgid:"), NULL, 10) : -1;
}

/* A descriptor of ours for that socket, or a negative errno. */
static int borrow(pid_t thread, int number)
{
    int pidfd = (int)syscall(SYS_pidfd_open, thread, 0), fd, code;

    if (pidfd < 0)
        pidfd = (int)syscall(SYS_pidfd_open, process_of(thread), 0);
    if (pidfd < 0)
        return -errno;
    fd = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
    code = fd < 0 ? -errno : fd;
    close(pidfd);
    return code;
}

static bool read_cookie(int fd, uint64_t *ret)
{
    int domain = 0;
    socklen_t len = sizeof(domain), cookie_len = sizeof(*ret);

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
           (domain == AF_INET || domain == AF_INET6) &&
           getsockopt(fd, SOL_SOCKET, SO_COOKIE, ret, &cookie_len) == 0;
}

/* What a kernel newer than our headers adds to the structs it may; what is behind ours is not wanted. */
struct notice {
    struct seccomp_notif in;
    uint8_t more[256];
};

struct reply {
    struct seccomp_notif_resp out;
    uint8_t more[256];
};

static enum calls_result receive(int fd, struct notice *ret)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    /* The receiving call would wait. */
    if (poll(&ready, 1, 0) <= 0)
        return CALLS_NONE;
    if (!(ready.revents & POLLIN))
        return CALLS_OVER;
    memset(ret, 0, sizeof(*ret));
    return ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &ret->in) == 0 ? CALLS_SEEN : CALLS_NONE;
}

static void go_on(int fd, const struct notice *notice)
{
    struct reply reply = {.out = {.id = notice->in.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE}};

    /* Who was killed meanwhile wants none. */
    (void)!ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &reply.out);
}

enum calls_result calls_next(int fd, uint64_t *ret_cookie, bool *ret_is_hidden)
{
    struct notice notice;
    enum calls_result result = receive(fd, &notice);
    int borrowed;

    if (result != CALLS_SEEN)
        return result;
    *ret_cookie = 0;
    borrowed = borrow((pid_t)notice.in.pid, (int)notice.in.data.args[0]);
    /* EBADF: it has no such descriptor, and its call will fail. */
    *ret_is_hidden = borrowed < 0 && borrowed != -EBADF && borrowed != -ESRCH;
    if (borrowed >= 0) {
        if (!read_cookie(borrowed, ret_cookie))
            *ret_cookie = 0;
        /* Before it goes on: a socket that we held too would not close when it closes it. */
        close(borrowed);
    }
    go_on(fd, &notice);
    return CALLS_SEEN;
}

void calls_pass(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    struct notice notice;
    enum calls_result result;

    while (poll(&ready, 1, -1) >= 0 || errno == EINTR) {
        result = receive(fd, &notice);
        if (result == CALLS_OVER)
            return;
        if (result == CALLS_SEEN)
            go_on(fd, &notice);
    }
}
