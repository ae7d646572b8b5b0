/* SPDX-License-Identifier: ISC */
/* Requests and answers are packets of a socket pair, one for one: a byte that says what is wanted and a path;
 * an int that is 0, with the descriptor beside it, or a negative code. */
#include "see/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/xmalloc.h"

enum wanted { WANTED_CAPTURE, WANTED_NEW, WANTED_EMPTIED };

struct request {
    uint8_t wanted;
    char path[PATH_MAX];
};

struct opener {
    pid_t process;
    int fd;
};

/* ---- the process that opens ---- */

static bool ends_well(const char *path, const char *const *endings)
{
    size_t len = strlen(path);

    for (; *endings; endings++) {
        size_t ending = strlen(*endings);

        if (len > ending && strcasecmp(path + len - ending, *endings) == 0)
            return true;
    }
    return false;
}

static int open_wanted(const struct request *r, const char *capture, const char *const *endings)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, fd;

    switch (r->wanted) {
    case WANTED_CAPTURE:
        fd = open(capture, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        break;
    case WANTED_NEW:
    case WANTED_EMPTIED:
        if (!ends_well(r->path, endings))
            return -EPERM;
        fd = open(r->path, flags | (r->wanted == WANTED_NEW ? O_EXCL : O_TRUNC), 0666);
        break;
    default:
        return -EINVAL;
    }
    return fd < 0 ? -errno : fd;
}

static int answer(int to, int fd_or_code)
{
    int code = fd_or_code < 0 ? fd_or_code : 0;
    struct iovec text = {.iov_base = &code, .iov_len = sizeof(code)};
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } beside = {0};
    struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1};
    int result;

    if (fd_or_code >= 0) {
        message.msg_control = &beside;
        message.msg_controllen = sizeof(beside);
        beside.head.cmsg_level = SOL_SOCKET;
        beside.head.cmsg_type = SCM_RIGHTS;
        beside.head.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&beside.head), &fd_or_code, sizeof(int));
    }
    result = sendmsg(to, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
    if (fd_or_code >= 0)
        close(fd_or_code);
    return result;
}

static _Noreturn void serve(int fd, const char *capture, const char *const *endings)
{
    static const int terminal[] = {SIGINT, SIGQUIT, SIGHUP, SIGTERM};
    struct request r;
    ssize_t got;

    /* It lives as long as who asks, whatever the terminal says; nothing it opens is run. */
    for (size_t i = 0; i < sizeof(terminal) / sizeof(terminal[0]); i++)
        signal(terminal[i], SIG_IGN);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    for (;;) {
        memset(&r, 0, sizeof(r));
        got = recv(fd, &r, sizeof(r), 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            _exit(0);
        r.path[sizeof(r.path) - 1] = '\0';
        if (answer(fd, open_wanted(&r, capture, endings)) < 0)
            _exit(0);
    }
}

/* ---- the one that asks ---- */

int opener_new(const char *capture, const char *const *endings, struct opener **ret, struct err *err)
{
    struct opener *o;
    pid_t process;
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return err_set(err, ERR_OTHER, -errno, "%s: %s", capture, err_word(-errno));
    process = fork();
    if (process == 0) {
        close(ends[0]);
        serve(ends[1], capture, endings);
    }
    close(ends[1]);
    if (process < 0) {
        int code = -errno;

        close(ends[0]);
        return err_set(err, ERR_OTHER, code, "%s: %s", capture, err_word(code));
    }
    o = xcalloc(1, sizeof(*o));
    o->process = process;
    o->fd = ends[0];
    *ret = o;
    return 0;
}

void opener_free(struct opener *o)
{
    if (!o)
        return;
    close(o->fd);
    while (waitpid(o->process, NULL, 0) < 0 && errno == EINTR)
        ;
    free(o);
}

int opener_fd(const struct opener *o)
{
    return o->fd;
}

static int take_answer(int from)
{
    int code = 0, fd = -1;
    struct iovec text = {.iov_base = &code, .iov_len = sizeof(code)};
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } beside;
    struct msghdr message = {
        .msg_iov = &text, .msg_iovlen = 1, .msg_control = &beside, .msg_controllen = sizeof(beside)};
    const struct cmsghdr *head;
    ssize_t got;

    do
        got = recvmsg(from, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof(code))
        return got < 0 ? -errno : -EPIPE;
    head = CMSG_FIRSTHDR(&message);
    if (code == 0 && (!head || head->cmsg_type != SCM_RIGHTS))
        return -EPIPE;
    if (code == 0)
        memcpy(&fd, CMSG_DATA(head), sizeof(fd));
    return code < 0 ? code : fd;
}

static int ask(const struct opener *o, enum wanted wanted, const char *path)
{
    size_t len = strlen(path);
    struct request r = {.wanted = (uint8_t)wanted};
    ssize_t sent;

    if (len >= sizeof(r.path))
        return -ENAMETOOLONG;
    memcpy(r.path, path, len);
    do
        sent = send(o->fd, &r, offsetof(struct request, path) + len, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : take_answer(o->fd);
}

int opener_read(struct opener *o)
{
    return ask(o, WANTED_CAPTURE, "");
}

int opener_write(struct opener *o, const char *path, bool overwrites)
{
    return ask(o, overwrites ? WANTED_EMPTIED : WANTED_NEW, path);
}
