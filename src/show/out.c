/* SPDX-License-Identifier: ISC */
#include "show/out.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xmalloc.h"

struct out {
    int fd;
    int error; /* the first, negative; nothing is written after it */
    bool told;
    struct str text;
};

struct out *out_new(int fd)
{
    struct out *o = xcalloc(1, sizeof(*o));

    o->fd = fd;
    str_init(&o->text);
    return o;
}

void out_free(struct out *o)
{
    if (!o)
        return;
    str_done(&o->text);
    free(o);
}

static int wait_for_room(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};

    return poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

static void write_all(struct out *o)
{
    size_t at = 0;

    while (at < o->text.len && o->error == 0) {
        ssize_t put = write(o->fd, o->text.data + at, o->text.len - at);

        if (put >= 0)
            at += (size_t)put;
        else if (errno == EAGAIN)
            o->error = wait_for_room(o->fd);
        else if (errno != EINTR)
            o->error = -errno;
    }
    str_reset(&o->text);
    if (o->text.cap > 2 * OUT_HIGH_WATER_BYTES)
        str_done(&o->text);
}

struct str *out_text(struct out *o)
{
    if (o->text.len >= OUT_HIGH_WATER_BYTES || o->error)
        write_all(o);
    return &o->text;
}

void out_write(struct out *o, const void *data, size_t len)
{
    str_append(out_text(o), data, len);
}

int out_flush(struct out *o)
{
    write_all(o);
    if (o->error == 0 || o->told)
        return 0;
    o->told = true;
    return o->error;
}

int out_error(const struct out *o)
{
    return o->error;
}
