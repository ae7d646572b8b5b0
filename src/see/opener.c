/* SPDX-License-Identifier: ISC */
/* Requests and answers are packets of a socket pair, one for one: what is wanted, and a path or a number; an
 * int that is 0, with the descriptor beside it if something was opened, or a negative code. */
#include "see/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
#include "base/str.h"
#include "base/xmalloc.h"

enum wanted { WANTED_CAPTURE, WANTED_NEW, WANTED_EMPTIED, WANTED_PART, WANTED_PART_GONE };

#define DONE INT_MAX /* no descriptor has this number */

struct request {
    uint8_t wanted;
    uint32_t number; /* of a part */
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

static int open_file(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0666);

    return fd < 0 ? -errno : fd;
}

static int open_part(const char *path, uint32_t number)
{
    struct str part = STR_INIT;
    int fd;

    opener_append_part(&part, path, number);
    fd = open_file(part.data, O_WRONLY | O_CREAT | O_TRUNC);
    str_done(&part);
    return fd;
}

static int remove_part(const char *path, uint32_t number)
{
    struct str part = STR_INIT;
    int code;

    opener_append_part(&part, path, number);
    code = unlink(part.data) < 0 ? -errno : DONE;
    str_done(&part);
    return code;
}

/* A descriptor, DONE, or a negative code. */
static int do_wanted(const struct request *r, const struct opener_files *files)
{
    switch (r->wanted) {
    case WANTED_CAPTURE:
        return files->capture ? open_file(files->capture, O_RDONLY) : -EPERM;
    case WANTED_NEW:
    case WANTED_EMPTIED:
        if (!files->endings || !ends_well(r->path, files->endings))
            return -EPERM;
        return open_file(r->path, O_WRONLY | O_CREAT | (r->wanted == WANTED_NEW ? O_EXCL : O_TRUNC));
    case WANTED_PART:
        return files->parts ? open_part(files->parts, r->number) : -EPERM;
    case WANTED_PART_GONE:
        return files->parts ? remove_part(files->parts, r->number) : -EPERM;
    default:
        return -EINVAL;
    }
}

/* With what do_wanted returns, which closes the descriptor. */
static int answer(int to, int done)
{
    int code = done < 0 ? done : 0, fd = done < 0 || done == DONE ? -1 : done;
    struct iovec text = {.iov_base = &code, .iov_len = sizeof(code)};
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } beside = {0};
    struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1};
    int result;

    if (fd >= 0) {
        message.msg_control = &beside;
        message.msg_controllen = sizeof(beside);
        beside.head.cmsg_level = SOL_SOCKET;
        beside.head.cmsg_type = SCM_RIGHTS;
        beside.head.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&beside.head), &fd, sizeof(int));
    }
    result = sendmsg(to, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    return result;
}

static _Noreturn void serve(int fd, const struct opener_files *files)
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
        if (answer(fd, do_wanted(&r, files)) < 0)
            _exit(0);
    }
}

/* ---- the one that asks ---- */

/* What an error is about. */
static const char *name_of(const struct opener_files *files)
{
    return files->capture ? files->capture : files->parts ? files->parts : "landline";
}

int opener_new(const struct opener_files *files, struct opener **ret, struct err *err)
{
    struct opener *o;
    pid_t process;
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return err_set(err, ERR_OTHER, -errno, "%s: %s", name_of(files), err_word(-errno));
    process = fork();
    if (process == 0) {
        close(ends[0]);
        serve(ends[1], files);
    }
    close(ends[1]);
    if (process < 0) {
        int code = -errno;

        close(ends[0]);
        return err_set(err, ERR_OTHER, code, "%s: %s", name_of(files), err_word(code));
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

/* has_fd: one comes with a 0. Then it is what is returned. */
static int take_answer(int from, bool has_fd)
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
    if (code < 0 || !has_fd)
        return code;
    if (!head || head->cmsg_type != SCM_RIGHTS)
        return -EPIPE;
    memcpy(&fd, CMSG_DATA(head), sizeof(fd));
    return fd;
}

static int ask(const struct opener *o, enum wanted wanted, uint32_t number, const char *path)
{
    size_t len = strlen(path);
    struct request r = {.wanted = (uint8_t)wanted, .number = number};
    ssize_t sent;

    if (len >= sizeof(r.path))
        return -ENAMETOOLONG;
    memcpy(r.path, path, len);
    do
        sent = send(o->fd, &r, offsetof(struct request, path) + len, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : take_answer(o->fd, wanted != WANTED_PART_GONE);
}

int opener_read(struct opener *o)
{
    return ask(o, WANTED_CAPTURE, 0, "");
}

int opener_write(struct opener *o, const char *path, bool overwrites)
{
    return ask(o, overwrites ? WANTED_EMPTIED : WANTED_NEW, 0, path);
}

int opener_part(struct opener *o, uint32_t number)
{
    return ask(o, WANTED_PART, number, "");
}

int opener_remove_part(struct opener *o, uint32_t number)
{
    return ask(o, WANTED_PART_GONE, number, "");
}

void opener_append_part(struct str *out, const char *path, uint32_t number)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');

    /* ".kept" has no ending. */
    if (!dot || dot == name)
        dot = name + strlen(name);
    str_appendf(out, "%.*s_%05" PRIu32 "%s", (int)(dot - path), path, number, dot);
}
