/* SPDX-License-Identifier: ISC */
/* Standard input through the loop.
 *
 * O_NONBLOCK belongs to the open file, which a terminal or a pipe shares with other programs. Opened anew
 * through /proc/self/fd it is an open file of our own. A socket cannot be opened so:
 * its mode is changed and put back at the end. A regular file
 * cannot be watched, and need not be: it is read a block a turn, from where the descriptor stands. */
#include "net/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "net/loop_uv.h"

struct input {
    struct loop *loop;
    int fd;          /* ours, to be closed */
    int restored_fd; /* a descriptor whose flags must be put back, or -1 */
    int restored_flags;
    struct watch *watch; /* NULL for a regular file */
    struct turn_end next_block;
    const struct input_events *events;
    void *arg;
    bool paused, over;
};

static void stop(struct input *in)
{
    if (in->watch)
        watch_start(in->watch, 0);
    turn_end_cancel(&in->next_block);
}

static void go_on(struct input *in)
{
    if (in->paused || in->over)
        stop(in);
    else if (in->watch)
        watch_start(in->watch, WATCH_READ);
    else
        loop_at_turn_end(in->loop, &in->next_block);
}

static void read_some(struct input *in)
{
    uv_buf_t buf = loop_read_buffer(in->loop);
    ssize_t len = read(in->fd, buf.base, buf.len);

    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len > 0) {
        in->events->data(in, (const uint8_t *)buf.base, (size_t)len, in->arg);
        return;
    }
    in->over = true;
    stop(in);
    /* EIO: the terminal is gone, or another job has it. */
    in->events->ended(in, len < 0 ? -errno : 0, in->arg);
}

static void on_ready(int events, void *arg)
{
    read_some(arg);
}

static void on_next_block(struct turn_end *t)
{
    struct input *in = list_entry(t, struct input, next_block);

    /* Queued before the event, which may pause or free. */
    go_on(in);
    read_some(in);
}

int input_new(struct loop *loop, int fd, const struct input_events *events, void *arg, struct input **ret)
{
    struct input *in = xcalloc(1, sizeof(*in));
    struct stat st;
    char path[32];
    bool is_file;
    int code;

    in->loop = loop;
    in->events = events;
    in->arg = arg;
    in->restored_fd = -1;
    turn_end_init(&in->next_block, on_next_block);
    in->fd = -1;
    is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (!is_file) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        in->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    }
    if (in->fd < 0) {
        in->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (in->fd < 0) {
            code = -errno;
            free(in);
            return code;
        }
        if (!is_file) {
            in->restored_flags = fcntl(fd, F_GETFL);
            in->restored_fd = fd;
        }
    }
    code = watch_new(loop, in->fd, on_ready, in, &in->watch);
    if (code == -EPERM)
        code = 0; /* a regular file */
    if (code < 0) {
        close(in->fd);
        free(in);
        return code;
    }
    go_on(in);
    *ret = in;
    return 0;
}

void input_pause(struct input *in)
{
    in->paused = true;
    go_on(in);
}

void input_resume(struct input *in)
{
    in->paused = false;
    go_on(in);
}

void input_free(struct input *in)
{
    if (!in)
        return;
    stop(in);
    watch_free(in->watch);
    if (in->restored_fd >= 0)
        fcntl(in->restored_fd, F_SETFL, in->restored_flags);
    close(in->fd);
    in->over = true;
    loop_free_later(in->loop, in);
}
