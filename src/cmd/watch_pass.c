/* SPDX-License-Identifier: ISC */
#include "cmd/watch_pass.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "cmd/cmd_watch.h"
#include "see/flow_table.h"

#define BATCH FLOW_TABLE_EXPECT_MAX
#define COPY_BYTES (64U << 10)

static void take_carrier(void *arg, const struct followed *followed)
{
    struct watch_pass *p = arg;

    if (p->take)
        p->take(p, followed, p->frame);
}

void watch_pass_begin(struct watch_pass *ret, const struct watch_order *w, struct source *source,
    const struct follow_options *options)
{
    struct follow_options own = *options;

    own.max_conversations = (uint32_t)w->v.max_conversations;
    own.labels = true;
    own.findings = true;
    own.carrier = take_carrier;
    own.carrier_arg = ret;
    *ret = (struct watch_pass){.source = source, .follow = follow_new(&own)};
}

int watch_pass_open(struct watch_pass *ret, const struct watch_order *w, const char *path,
    const struct follow_options *options, struct err *err)
{
    struct source *source;
    int code = source_open_file(path, w->v.filter, &source, err);

    if (code == 0)
        watch_pass_begin(ret, w, source, options);
    return code;
}

static void take_batch(struct watch_pass *p, const struct pcapfile_packet *frames, unsigned count)
{
    struct packet packets[BATCH];
    struct followed followed;

    for (unsigned i = 0; i < count; i++)
        packet_parse(
            frames[i].linktype, frames[i].data, frames[i].captured_bytes, frames[i].wire_bytes, &packets[i]);
    follow_expect(p->follow, packets, count);
    for (unsigned i = 0; i < count; i++) {
        p->number = frames[i].number;
        p->frame = &frames[i];
        if (!follow_packet(p->follow, &packets[i], p->number, frames[i].time_ns, &followed)) {
            if (p->pass_over)
                p->pass_over(p, &packets[i], &frames[i]);
        } else if (p->take)
            p->take(p, &followed, &frames[i]);
    }
}

void watch_pass_run(struct watch_pass *p)
{
    struct pcapfile_packet frames[BATCH];
    enum source_result result;
    unsigned count = 0;

    while ((result = source_batch(p->source, frames, BATCH, &count, &p->err)) == SOURCE_PACKET) {
        if (!p->number)
            p->start_ns = frames[0].time_ns;
        take_batch(p, frames, count);
    }
    p->has_failed = result == SOURCE_BAD;
    follow_finish(p->follow);
}

void watch_pass_close(struct watch_pass *p)
{
    follow_free(p->follow);
    source_free(p->source);
    p->follow = NULL;
    p->source = NULL;
}

/* ---- what can be read only once ---- */

static int copy(int from, int to)
{
    static char buffer[COPY_BYTES];
    ssize_t got;

    while ((got = read(from, buffer, sizeof(buffer))) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        for (ssize_t at = 0, put; at < got; at += put) {
            put = write(to, buffer + at, (size_t)(got - at));
            if (put < 0 && errno == EINTR)
                put = 0;
            else if (put < 0)
                return -errno;
        }
    }
    return 0;
}

static int open_temporary(const char **ret_folder)
{
    const char *folder = getenv("TMPDIR");
    int fd;

    if (!folder || !*folder)
        folder = "/tmp";
    *ret_folder = folder;
    fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : fd;
}

static int fail_in(const char *folder, int code, const char *for_what, struct err *err)
{
    return err_set(err, ERR_OTHER, code, _("%s: %s; %s (TMPDIR names another folder)"), folder,
        err_word(code), for_what);
}

static char *path_of(int fd)
{
    struct str text = STR_INIT;

    str_appendf(&text, "/proc/self/fd/%d", fd);
    return str_steal(&text);
}

int watch_temporary(const char *for_what, char **ret_path, struct err *err)
{
    const char *folder;
    int fd = open_temporary(&folder);

    if (fd < 0)
        return fail_in(folder, fd, for_what, err);
    *ret_path = path_of(fd);
    return 0;
}

int watch_spool(const char *path, char **ret_path, struct err *err)
{
    const char *folder;
    struct stat st;
    int from, to, code;

    from = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                  : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (from < 0)
        return err_set(err, ERR_INPUT, -errno, "%s: %s", path, err_word(-errno));
    if (fstat(from, &st) == 0 && S_ISREG(st.st_mode) && strcmp(path, "-") != 0) {
        close(from);
        *ret_path = xstrdup(path);
        return 0;
    }
    to = open_temporary(&folder);
    code = to < 0 ? to : copy(from, to);
    close(from);
    if (code < 0) {
        if (to >= 0)
            close(to);
        return fail_in(folder, code, _("a pipe is kept there to be read twice"), err);
    }
    *ret_path = path_of(to);
    return 0;
}
