/* SPDX-License-Identifier: ISC */
#include "cmd/lab_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"

#define READ_BYTES 4096
#define READS_MAX 64 /* in one go, so that a program that never stops cannot hold up the wire */

struct lab_output {
    int ours, theirs; /* the two ends of a pseudo-terminal */
    struct str line;
};

/* Nothing is made of the bytes: no line feed becomes two bytes, nothing is echoed. */
static int make_raw(int fd)
{
    struct termios t;

    if (tcgetattr(fd, &t) < 0)
        return -errno;
    cfmakeraw(&t);
    return tcsetattr(fd, TCSANOW, &t) < 0 ? -errno : 0;
}

static int open_pair(struct lab_output *o)
{
    char name[64];
    int code;

    o->ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (o->ours < 0 || grantpt(o->ours) < 0 || unlockpt(o->ours) < 0)
        return -errno;
    code = ptsname_r(o->ours, name, sizeof(name));
    if (code != 0)
        return -code;
    o->theirs = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return o->theirs < 0 ? -errno : make_raw(o->theirs);
}

int lab_output_new(struct lab_output **ret, struct err *err)
{
    struct lab_output *o = xcalloc(1, sizeof(*o));
    int code;

    o->ours = o->theirs = -1;
    code = open_pair(o);
    if (code < 0) {
        lab_output_free(o);
        return err_set(err, ERR_OTHER, code, _("no terminal for a program's output: %s"), err_word(code));
    }
    *ret = o;
    return 0;
}

void lab_output_free(struct lab_output *o)
{
    if (!o)
        return;
    lab_output_started(o);
    if (o->ours >= 0)
        close(o->ours);
    str_done(&o->line);
    free(o);
}

int lab_output_program_fd(const struct lab_output *o)
{
    return o->theirs;
}

void lab_output_started(struct lab_output *o)
{
    if (o->theirs >= 0)
        close(o->theirs);
    o->theirs = -1;
}

int lab_output_fd(const struct lab_output *o)
{
    return o->ours;
}

static void split(struct lab_output *o, void (*line)(void *arg, const char *text, size_t len), void *arg)
{
    const char *at = o->line.data, *end = at + o->line.len, *feed;

    while ((feed = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        size_t len = (size_t)(feed - at);

        line(arg, at, len && at[len - 1] == '\r' ? len - 1 : len);
        at = feed + 1;
    }
    if ((size_t)(end - at) >= LAB_OUTPUT_LINE_MAX) {
        line(arg, at, (size_t)(end - at));
        at = end;
    }
    str_consume(&o->line, (size_t)(at - o->line.data));
}

void lab_output_read(struct lab_output *o, void (*line)(void *arg, const char *text, size_t len), void *arg)
{
    char room[READ_BYTES];

    for (int i = 0; i < READS_MAX; i++) {
        ssize_t got = read(o->ours, room, sizeof(room));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) { /* EIO: nobody has the other end any more */
            close(o->ours);
            o->ours = -1;
            return;
        }
        str_append(&o->line, room, (size_t)got);
        split(o, line, arg);
    }
}

void lab_output_rest(struct lab_output *o, void (*line)(void *arg, const char *text, size_t len), void *arg)
{
    if (!o->line.len)
        return;
    line(arg, o->line.data, o->line.len);
    str_reset(&o->line);
}
