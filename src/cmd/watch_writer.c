/* SPDX-License-Identifier: ISC */
#include "cmd/watch_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "see/opener.h"
#include "wire/pcapfile.h"
#include "wire/pcapng_writer.h"

#define BLOCK_BYTES (64U << 10)
/* What stands around a packet in its block, and an interface that it may be the first of. */
#define BLOCK_OF_PACKET_MAX_BYTES 128
#define INTERFACES_MAX 256 /* more link types and names than any machine has */

struct interface {
    uint16_t linktype;
    char name[PCAPFILE_NAME_BYTES];
};

struct watch_writer {
    int fd;
    char *path;
    bool has_failed;
    struct watch_writer_parts parts; /* without an opener: it is one file */
    uint32_t part;                   /* the number of the one at hand */
    size_t written_bytes;            /* of it */
    bool has_packets;                /* it has */
    struct buf buf;
    struct interface interfaces[INTERFACES_MAX];
    uint32_t interface_count;
};

int watch_writer_open(const char *path, struct watch_writer **ret, struct err *err)
{
    bool is_stdout = strcmp(path, "-") == 0;
    struct watch_writer *w;
    int fd;

    if (is_stdout && isatty(STDOUT_FILENO))
        return err_set(err, ERR_MISUSE, -EINVAL,
            _("standard output is a terminal, which packets are not for; give a file with --write FILE"));
    fd = is_stdout ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                   : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0)
        return err_set(err, ERR_OTHER, -errno, "%s: %s", path, err_word(-errno));
    w = xcalloc(1, sizeof(*w));
    w->fd = fd;
    w->path = xstrdup(is_stdout ? _("standard output") : path);
    pcapng_begin(&w->buf, "landline");
    *ret = w;
    return 0;
}

static int begin_part(struct watch_writer *w, struct err *err)
{
    struct str path = STR_INIT;
    int fd = opener_part(w->parts.opener, ++w->part);

    opener_append_part(&path, w->parts.path, w->part);
    free(w->path);
    w->path = str_steal(&path);
    if (fd < 0)
        return err_set(err, ERR_OTHER, fd, "%s: %s", w->path, err_word(fd));
    w->fd = fd;
    w->written_bytes = 0;
    w->has_packets = false;
    w->interface_count = 0;
    pcapng_begin(&w->buf, "landline");
    return 0;
}

int watch_writer_open_parts(
    const struct watch_writer_parts *parts, struct watch_writer **ret, struct err *err)
{
    struct watch_writer *w = xcalloc(1, sizeof(*w));
    int code;

    w->fd = -1;
    w->parts = *parts;
    code = begin_part(w, err);
    if (code < 0) {
        watch_writer_close(w, err);
        return code;
    }
    *ret = w;
    return 0;
}

/* The oldest goes when the next one has begun, so that there is never less than is to be kept; that somebody
 * else has taken it away is no failure. */
static int next_part(struct watch_writer *w, struct err *err)
{
    int code = watch_writer_flush(w, err);

    close(w->fd);
    w->fd = -1;
    if (code == 0)
        code = begin_part(w, err);
    if (code < 0) {
        w->has_failed = true;
        return code;
    }
    if (w->parts.keep && w->part > w->parts.keep)
        opener_remove_part(w->parts.opener, w->part - w->parts.keep);
    return 0;
}

static bool is_part_full(const struct watch_writer *w, uint32_t captured_bytes)
{
    return w->parts.part_bytes && w->has_packets &&
           w->written_bytes + w->buf.len + captured_bytes + BLOCK_OF_PACKET_MAX_BYTES > w->parts.part_bytes;
}

static uint32_t interface_of(struct watch_writer *w, uint16_t linktype, const char *name)
{
    struct interface *in;

    for (uint32_t i = 0; i < w->interface_count; i++)
        if (w->interfaces[i].linktype == linktype &&
            strncmp(w->interfaces[i].name, name, PCAPFILE_NAME_BYTES - 1) == 0)
            return i;
    if (w->interface_count == INTERFACES_MAX)
        return INTERFACES_MAX;
    in = &w->interfaces[w->interface_count];
    in->linktype = linktype;
    snprintf(in->name, sizeof(in->name), "%s", name);
    pcapng_add_interface(&w->buf, linktype, PCAPFILE_PACKET_MAX_BYTES, *name ? name : NULL);
    return w->interface_count++;
}

int watch_writer_flush(struct watch_writer *w, struct err *err)
{
    const uint8_t *data = buf_head(&w->buf);
    size_t left = w->buf.len;
    int code = 0;

    while (left && !w->has_failed) {
        ssize_t put = write(w->fd, data, left);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0) {
            code = err_set(err, ERR_OTHER, -errno, _("%s: %s; what was written to it is not complete"),
                w->path, err_word(-errno));
            w->has_failed = true;
            break;
        }
        data += put;
        left -= (size_t)put;
    }
    w->written_bytes += w->buf.len;
    buf_consume(&w->buf, w->buf.len);
    return code;
}

int watch_writer_add(struct watch_writer *w, uint16_t linktype, const char *interface, int64_t time_ns,
    const void *data, uint32_t captured_bytes, uint32_t wire_bytes, const char *comment, struct err *err)
{
    uint32_t number;
    int code;

    if (w->has_failed)
        return 0;
    if (is_part_full(w, captured_bytes) && (code = next_part(w, err)) < 0)
        return code;
    number = interface_of(w, linktype, interface ? interface : "");
    if (number == INTERFACES_MAX)
        return 0;
    w->has_packets = true;
    pcapng_add_packet(&w->buf, number, time_ns, data, captured_bytes, wire_bytes, comment);
    return w->buf.len >= BLOCK_BYTES ? watch_writer_flush(w, err) : 0;
}

int watch_writer_close(struct watch_writer *w, struct err *err)
{
    int code;

    if (!w)
        return 0;
    code = watch_writer_flush(w, err);
    if (w->fd >= 0)
        close(w->fd);
    buf_done(&w->buf);
    free(w->path);
    free(w);
    return code;
}
