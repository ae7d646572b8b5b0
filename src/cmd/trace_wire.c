/* SPDX-License-Identifier: ISC */
/* Which port is ours is known when there is a connection, and then it is too late to begin. So all that is
 * said with the peer's port is kept in a temporary file, and the one conversation is drawn from there. */
#include "cmd/trace_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "cmd/cmd.h"
#include "cmd/cmd_watch.h"
#include "cmd/watch_pass.h"
#include "cmd/watch_writer.h"
#include "net/addr.h"
#include "net/endpoint.h"
#include "see/follow.h"
#include "see/privileges.h"
#include "see/source.h"

#define FILE_MAX_BYTES (UINT64_C(1) << 30)
#define BATCHES_A_TURN 64
/* How long a closing connection may be silent before it counts as closed. */
#define CLOSING_QUIET_MS 200
#define CLOSING_MAX_NS INT64_C(1000000000)

struct trace_wire {
    struct source *source;
    struct watch *readable;
    struct watch_writer *writer;
    char *path;
    uint64_t bytes;
    bool has_failed, is_full_told;
    struct str filter; /* of the connection; empty: not known */
};

static void fail(struct trace_wire *t, const struct err *err)
{
    cmd_fail(err);
    t->has_failed = true;
}

static bool is_full(struct trace_wire *t)
{
    if (t->bytes < FILE_MAX_BYTES)
        return false;
    if (!t->is_full_told)
        fputs(_("landline: the trace holds 1 GiB, which is all that it takes; what comes now is not in it\n"),
            stderr);
    t->is_full_told = true;
    return true;
}

/* Whether there may be more at once. */
static bool take(struct trace_wire *t)
{
    struct pcapfile_packet frames[SOURCE_BATCH];
    unsigned count = 0;
    struct err err;

    for (unsigned i = 0; i < BATCHES_A_TURN; i++) {
        enum source_result result;

        if (t->has_failed || is_full(t))
            return false;
        result = source_batch(t->source, frames, SOURCE_BATCH, &count, &err);
        if (result == SOURCE_BAD)
            fail(t, &err);
        if (result != SOURCE_PACKET)
            return false;
        for (unsigned j = 0; j < count && !t->has_failed; j++) {
            t->bytes += frames[j].captured_bytes;
            if (watch_writer_add(t->writer, frames[j].linktype, source_name(t->source), frames[j].time_ns,
                    frames[j].data, frames[j].captured_bytes, frames[j].wire_bytes, NULL, &err) < 0)
                fail(t, &err);
        }
    }
    return true;
}

static void on_readable(int events, void *arg)
{
    struct trace_wire *t = arg;

    take(t);
    if (t->has_failed || is_full(t))
        watch_start(t->readable, 0);
}

static int open_all(struct trace_wire *t, struct loop *loop, const char *filter, struct err *err)
{
    const struct source_live_options options = {.filter = filter};
    int code = source_open_live(SOURCE_ANY, &options, &t->source, err);

    if (code == 0)
        code = privileges_become_user(err);
    if (code == 0)
        code = watch_temporary(_("what is captured is kept there"), &t->path, err);
    if (code == 0)
        code = watch_writer_open(t->path, &t->writer, err);
    if (code == 0)
        code = privileges_drop(err);
    if (code == 0 && (code = watch_new(loop, source_fd(t->source), on_readable, t, &t->readable)) < 0)
        err_set(err, ERR_OTHER, code, "%s: %s", source_name(t->source), err_word(code));
    return code;
}

int trace_wire_new(
    struct loop *loop, const struct addr *addresses, size_t count, struct trace_wire **ret, struct err *err)
{
    struct trace_wire *t = xcalloc(1, sizeof(*t));
    struct str filter = STR_INIT;
    int code;

    str_init(&t->filter);
    for (size_t i = 0; i < count; i++)
        if (addresses[i].port)
            str_appendf(&filter, "%sport %u", filter.len ? " or " : "", (unsigned)addresses[i].port);
    code = filter.len ? open_all(t, loop, filter.data, err) : 0;
    if (code < 0 || !filter.len) {
        trace_wire_stop(t);
        trace_wire_free(t);
        t = NULL;
    } else {
        watch_in_background(t->readable);
        watch_start(t->readable, WATCH_READ);
    }
    str_done(&filter);
    *ret = t;
    return code;
}

static void append_end(struct str *out, const struct endpoint *e)
{
    char text[ENDPOINT_TEXT_BYTES];
    bool is_any = e->sa.sa_family == AF_INET ? e->in4.sin_addr.s_addr == htonl(INADDR_ANY)
                                             : IN6_IS_ADDR_UNSPECIFIED(&e->in6.sin6_addr);

    if (!is_any) {
        endpoint_format_host(e, text);
        text[strcspn(text, "%")] = '\0'; /* the interface of a link-local address is no part of a packet */
        str_appendf(out, "%shost %s", out->len ? " and " : "", text);
    }
    str_appendf(out, "%sport %u", out->len ? " and " : "", (unsigned)endpoint_port(e));
}

static bool is_internet(const struct endpoint *e)
{
    return e->sa.sa_family == AF_INET || e->sa.sa_family == AF_INET6;
}

void trace_wire_set_ends(struct trace_wire *t, const struct endpoint *local, const struct endpoint *peer)
{
    str_reset(&t->filter);
    if (!is_internet(peer))
        return;
    if (is_internet(local))
        append_end(&t->filter, local);
    append_end(&t->filter, peer);
}

void trace_wire_stop(struct trace_wire *t)
{
    if (!t)
        return;
    watch_free(t->readable);
    t->readable = NULL;
}

static void flush(struct trace_wire *t)
{
    struct err err;

    if (watch_writer_flush(t->writer, &err) < 0)
        fail(t, &err);
}

void trace_wire_catch_up(struct trace_wire *t)
{
    take(t);
    flush(t);
}

void trace_wire_settle(struct trace_wire *t)
{
    struct pollfd ready = {.fd = source_fd(t->source), .events = POLLIN};
    const int64_t until_ns = clock_now_ns() + CLOSING_MAX_NS;

    while (!t->has_failed && t->bytes < FILE_MAX_BYTES && clock_now_ns() < until_ns &&
           poll(&ready, 1, CLOSING_QUIET_MS) > 0)
        take(t);
    source_stop(t->source);
    while (take(t))
        ;
    flush(t);
}

void trace_wire_draw(struct trace_wire *t)
{
    struct watch_order w = {.v = {.max_conversations = FOLLOW_CONVERSATIONS_DEFAULT},
        .dropped = -1,
        .title = _("the connection"),
        .is_for_stderr = true};

    if (!t->filter.len || t->has_failed)
        return;
    w.v.filter = t->filter.data;
    watch_file(&w, t->path);
}

/* libuv's handlers write into a pipe that the child shares with us: a signal that both get must not come
 * twice.
 */
static void leave_signals(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, end = {.sa_handler = SIG_DFL};

    sigaction(SIGINT, &ignore, NULL);
    sigaction(SIGHUP, &ignore, NULL);
    sigaction(SIGTERM, &end, NULL);
}

int trace_wire_draw_in_child(struct trace_wire *t, pid_t *ret_child, int *ret_ended)
{
    sigset_t all, before;
    int ends[2], code = 0;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    child = fork();
    if (child < 0)
        code = -errno;
    if (child == 0)
        leave_signals();
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (child == 0) {
        trace_wire_draw(t);
        _exit(0);
    }
    close(ends[1]);
    if (code < 0) {
        close(ends[0]);
        return code;
    }
    *ret_child = child;
    *ret_ended = ends[0];
    return 0;
}

void trace_wire_free(struct trace_wire *t)
{
    if (!t)
        return;
    watch_writer_close(t->writer, NULL);
    source_free(t->source);
    str_done(&t->filter);
    free(t->path);
    free(t);
}
