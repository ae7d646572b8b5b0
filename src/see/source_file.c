/* SPDX-License-Identifier: ISC */
/* A file through a window of 256 KiB: read(2) into memory that stays in the cache, over and over. A memory
 * map saves that copy and was tried first; faulting in the pages of a file costs five times what copying them
 * does (docs/decisions/0004-captures-are-read-through-a-window.md). A pipe needs the window anyhow, and so
 * does gzip. */
#include "see/source_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "see/inflate.h"

#define WINDOW_BYTES (256U << 10)

struct source_file {
    int fd;
    char *name; /* for people */
    struct pcapfile format;
    struct inflate *inflate; /* NULL if it is not compressed */
    bool has_started;        /* what it is has been looked at */
    bool at_end;             /* of what there is to read */
    int code;                /* of a read that failed: told when all packets before it have been given */
    struct cursor in;        /* in window: what has been read and not used */
    uint8_t *window;
    size_t window_bytes;
};

struct source_file *source_file_of(int fd, const char *name)
{
    struct source_file *s = xcalloc(1, sizeof(*s));

    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    s->fd = fd;
    s->name = xstrdup(name);
    s->window_bytes = WINDOW_BYTES;
    s->window = xmalloc(s->window_bytes);
    s->in = cursor_of(s->window, 0);
    pcapfile_init(&s->format);
    return s;
}

int source_file_open(const char *path, struct source_file **ret, struct err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd;

    fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_set(
            err, ERR_INPUT, -errno, "%s: %s", is_stdin ? _("standard input") : path, err_word(-errno));
    *ret = source_file_of(fd, is_stdin ? _("standard input") : path);
    return 0;
}

void source_file_close(struct source_file *s)
{
    if (!s)
        return;
    inflate_free(s->inflate);
    pcapfile_done(&s->format);
    close(s->fd);
    free(s->window);
    free(s->name);
    free(s);
}

const struct pcapfile *source_file_format(const struct source_file *s)
{
    return &s->format;
}

static ssize_t read_fd(int fd, uint8_t *data, size_t size)
{
    ssize_t got;

    do
        got = read(fd, data, size);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

/* The first two bytes tell whether it is compressed. */
static int start(struct source_file *s)
{
    size_t have = 0;
    ssize_t got = 1;

    while (have < 2 && got > 0) {
        got = read_fd(s->fd, s->window + have, INFLATE_FIRST_MAX_BYTES - have);
        if (got < 0)
            return (int)got;
        have += (size_t)got;
    }
    s->has_started = true;
    s->at_end = got == 0;
    if (have >= 2 && s->window[0] == 0x1f && s->window[1] == 0x8b) {
        s->inflate = inflate_new(s->fd, s->window, have);
        return s->inflate ? 0 : -ENOMEM;
    }
    s->in = cursor_of(s->window, have);
    return 0;
}

/* What is left moves to the front of the window, which grows for a block that is larger, and more is read
 * behind it. */
static int fill(struct source_file *s)
{
    size_t left = cursor_left(&s->in);
    ssize_t got;

    if (!s->has_started)
        return start(s);
    memmove(s->window, s->in.at, left);
    /* pcapfile.h limits what it may want. */
    if (s->format.wanted_bytes > s->window_bytes) {
        s->window_bytes = s->format.wanted_bytes;
        s->window = xrealloc(s->window, s->window_bytes);
    }
    s->in = cursor_of(s->window, left);
    if (s->inflate)
        got = inflate_read(s->inflate, s->window + left, s->window_bytes - left);
    else
        got = read_fd(s->fd, s->window + left, s->window_bytes - left);
    if (got < 0)
        return (int)got;
    s->at_end = got == 0;
    s->in.end += got;
    return 0;
}

static enum source_result fail(struct source_file *s, struct err *err)
{
    unsigned long long offset = s->inflate ? inflate_offset(s->inflate) : 0;
    struct str text = STR_INIT;

    if (s->code == -EBADMSG && s->inflate) {
        err_set(err, ERR_INPUT, s->code, _("%s: what gzip has packed is damaged after byte %llu"), s->name,
            offset);
    } else if (s->code == -ENODATA && s->inflate) {
        err_set(err, ERR_INPUT, s->code,
            _("%s: cut short: what gzip has packed ends too early, after byte %llu"), s->name, offset);
    } else if (s->code) {
        err_set(err, ERR_INPUT, s->code, "%s: %s", s->name, err_word(s->code));
    } else {
        pcapfile_describe(&s->format, &text);
        err_set(err, ERR_INPUT, -EBADMSG, "%s: %s", s->name, text.data);
    }
    str_done(&text);
    return SOURCE_BAD;
}

enum source_result source_file_batch(
    struct source_file *s, struct pcapfile_packet *ret, unsigned max, unsigned *ret_count, struct err *err)
{
    for (;;) {
        enum pcapfile_result result = PCAPFILE_PACKET;
        unsigned count = 0;

        while (count < max && (result = pcapfile_next(&s->format, &s->in, &ret[count])) == PCAPFILE_PACKET)
            count++;
        if (count > 0) {
            *ret_count = count;
            return SOURCE_PACKET;
        }
        if (result == PCAPFILE_BAD)
            return fail(s, err);
        if (s->at_end) {
            pcapfile_finish(&s->format, &s->in);
            return s->format.fault ? fail(s, err) : SOURCE_END;
        }
        if (s->code == 0)
            s->code = fill(s);
        if (s->code)
            return fail(s, err);
    }
}

enum source_result source_file_next(struct source_file *s, struct pcapfile_packet *ret, struct err *err)
{
    unsigned count;

    return source_file_batch(s, ret, 1, &count, err);
}
