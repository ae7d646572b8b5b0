/* SPDX-License-Identifier: ISC */
/* watch -- COMMAND. Everything is captured into a temporary file while the command runs; what belongs to it
 * is sifted out when it has ended, and shown as a file is. In a network of its own all there is belongs to
 * it.
 *
 * The command has the terminal, and stays in our process group: what is typed to interrupt it reaches both,
 * and only the command obeys. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "cmd/cmd.h"
#include "cmd/cmd_watch.h"
#include "cmd/launch.h"
#include "cmd/watch_pass.h"
#include "cmd/watch_sift.h"
#include "cmd/watch_sockets.h"
#include "cmd/watch_writer.h"
#include "net/loop.h"
#include "see/claims.h"
#include "see/isolate.h"
#include "see/privileges.h"
#include "see/source.h"

/* Of the temporary file: behind that the command goes on, and the capture does not. */
#define FILE_MAX_BYTES (UINT64_C(4) << 30)
#define BATCHES_A_TURN 64
#define NS_PER_MS 1000000
/* Connections that the command had are still closed when it has ended: how long they are waited for, and how
 * often they are looked at. */
#define CLOSING_MAX_MS 1000
#define CLOSING_LOOK_MS 20
#define SIGNALS_A_TURN 16

struct run {
    struct watch_order *w;
    struct loop *loop;
    struct source *source;
    struct watch_writer *writer;   /* of everything */
    struct watch_writer *sifted;   /* of what is the command's; NULL: isolated */
    struct watch_sockets *sockets; /* NULL: isolated */
    struct watch *readable, *signals;
    struct timer *closing, *limit;
    struct launched command;
    int signal_fd;
    bool is_isolated, has_ended, is_full, has_failed;
    int wait_status; /* as waitpid's, when it has ended */
    uint64_t closing_since_ms;
    uint64_t bytes;   /* in the file */
    char *raw, *path; /* where everything is, and what is to be shown */
};

/* ---- packets ---- */

static void stop_capture(struct run *r)
{
    watch_start(r->readable, 0);
}

static void fail(struct run *r, const struct err *err)
{
    cmd_fail(err);
    r->has_failed = true;
    stop_capture(r);
}

static void keep(struct run *r, const struct pcapfile_packet *frames, unsigned count)
{
    struct err err;

    for (unsigned i = 0; i < count && !r->has_failed; i++) {
        if (watch_writer_add(r->writer, frames[i].linktype, source_name(r->source), frames[i].time_ns,
                frames[i].data, frames[i].captured_bytes, frames[i].wire_bytes, NULL, &err) < 0)
            fail(r, &err);
        r->bytes += frames[i].captured_bytes;
    }
    if (r->bytes < FILE_MAX_BYTES || r->is_full)
        return;
    r->is_full = true;
    stop_capture(r);
}

/* Whether there may be more at once. */
static bool take(struct run *r)
{
    struct pcapfile_packet frames[SOURCE_BATCH];
    unsigned count = 0;
    struct err err;

    for (unsigned i = 0; i < BATCHES_A_TURN && !r->is_full && !r->has_failed; i++)
        switch (source_batch(r->source, frames, SOURCE_BATCH, &count, &err)) {
        case SOURCE_PACKET:
            keep(r, frames, count);
            break;
        case SOURCE_BAD:
            fail(r, &err);
            return false;
        case SOURCE_END:
        case SOURCE_AGAIN:
            return false;
        }
    return !r->is_full && !r->has_failed;
}

static void on_readable(int events, void *arg)
{
    take(arg);
}

/* ---- the command ---- */

/* Who closes, closes in order, and the kernel does it for who is gone; it tells of the end of a socket a
 * moment later. */
static void on_closing(void *arg)
{
    struct run *r = arg;

    watch_sockets_look(r->sockets);
    if (claims_awaited(watch_sockets_claims(r->sockets)) == 0 ||
        loop_now_ms(r->loop) - r->closing_since_ms >= CLOSING_MAX_MS)
        loop_stop(r->loop);
    else
        timer_start(r->closing, CLOSING_LOOK_MS);
}

static void end_command(struct run *r, int status)
{
    r->has_ended = true;
    r->wait_status = status;
    r->closing_since_ms = loop_now_ms(r->loop);
    if (r->sockets)
        timer_start(r->closing, 0);
    else
        loop_stop(r->loop);
}

/* What the command has left behind is collected too. */
static void reap(struct run *r)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == r->command.pid)
            end_command(r, status);
}

/* From the terminal the command has it as well; one that somebody has sent to us alone is handed on. */
static void take_signal(struct run *r, const struct signalfd_siginfo *info)
{
    if (info->ssi_signo == SIGCHLD)
        reap(r);
    else if (r->has_ended)
        loop_stop(r->loop);
    else if (info->ssi_code <= 0)
        kill(r->command.pid, (int)info->ssi_signo);
}

static void on_signal(int events, void *arg)
{
    struct run *r = arg;
    struct signalfd_siginfo all[SIGNALS_A_TURN];
    ssize_t got = read(r->signal_fd, all, sizeof(all));

    for (size_t i = 0; got > 0 && i < (size_t)got / sizeof(all[0]); i++)
        take_signal(r, &all[i]);
}

static void on_limit(void *arg)
{
    struct run *r = arg;

    kill(r->command.pid, SIGTERM);
}

static void fill_signals(sigset_t *ret)
{
    static const int numbers[] = {SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP};

    sigemptyset(ret);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaddset(ret, numbers[i]);
}

static void uncatch_signals(struct run *r)
{
    sigset_t set;

    fill_signals(&set);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static int catch_signals(struct run *r, struct err *err)
{
    sigset_t set;

    fill_signals(&set);
    /* An ignored one is not told of; SIGCHLD may be so from whoever started us. */
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_BLOCK, &set, NULL);
    r->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return r->signal_fd < 0 ? err_set(err, ERR_OTHER, -errno, "signalfd: %s", err_word(-errno)) : 0;
}

/* As the shell says it of a command. */
static int exit_status(const struct run *r)
{
    return WIFSIGNALED(r->wait_status) ? 128 + WTERMSIG(r->wait_status) : WEXITSTATUS(r->wait_status);
}

/* ---- the capture ---- */

static int open_source(struct run *r, const char *interface, struct err *err)
{
    const struct watch_values *v = &r->w->v;
    const struct source_live_options options = {
        .filter = v->filter,
        .snaplen = (uint32_t)v->snaplen,
        .buffer_bytes = v->buffer_bytes,
        .is_promiscuous = v->promiscuous,
    };
    int code;

    if (!v->isolated) {
        code = source_open_live(interface ? interface : SOURCE_ANY, &options, &r->source, err);
        if (code == 0 || err->kind != ERR_PERMISSION || interface)
            return code;
        fprintf(stderr,
            _("landline: %s\nlandline: so the command runs in a network of its own, where it "
              "reaches nothing but itself\n"),
            err->text);
    }
    r->is_isolated = true;
    code = isolate_enter(err);
    return code < 0 ? code : source_open_live("lo", &options, &r->source, err);
}

static int open_files(struct run *r, struct err *err)
{
    const char *for_what = _("what is captured is kept there while the command runs");
    const char *kept = r->w->v.write;
    int code = 0;

    if (kept)
        r->path = xstrdup(kept);
    else
        code = watch_temporary(for_what, &r->path, err);
    if (code == 0 && !r->is_isolated)
        code = watch_writer_open(r->path, &r->sifted, err);
    if (code == 0 && !r->is_isolated)
        code = watch_temporary(for_what, &r->raw, err);
    if (code == 0)
        code = watch_writer_open(r->is_isolated ? r->path : r->raw, &r->writer, err);
    return code;
}

static int watch_fd(
    struct run *r, int fd, void (*ready)(int events, void *arg), struct watch **ret, struct err *err)
{
    int code = watch_new(r->loop, fd, ready, r, ret);

    if (code < 0)
        return err_set(err, ERR_OTHER, code, "%s: %s", source_name(r->source), err_word(code));
    watch_start(*ret, WATCH_READ);
    return 0;
}

/* All that can fail comes before the command. Files are the user's. */
static int open_all(struct run *r, const char *interface, struct err *err)
{
    int code = open_source(r, interface, err);

    if (code == 0 && privileges_keep() < 0)
        code = err_set(err, ERR_OTHER, -errno, "keepcaps: %s", err_word(-errno));
    if (code == 0)
        code = privileges_become_user(err);
    if (code == 0)
        code = open_files(r, err);
    if (code == 0)
        code = watch_fd(r, source_fd(r->source), on_readable, &r->readable, err);
    if (code == 0)
        code = catch_signals(r, err);
    if (code == 0)
        code = watch_fd(r, r->signal_fd, on_signal, &r->signals, err);
    if (code == 0 && !r->is_isolated)
        code = watch_sockets_new(r->loop, &r->sockets, err);
    return code;
}

static int start(struct run *r, char **argv, struct err *err)
{
    const int64_t since_ns = clock_wall_ns();
    int code = launch_command(argv, !r->is_isolated, &r->command, err);

    if (code < 0)
        return code;
    if (r->command.calls >= 0 && launch_caretaker(r->command.calls, err) < 0)
        cmd_fail(err); /* it goes on all the same */
    if (r->sockets)
        watch_sockets_begin(r->sockets, r->command.calls, since_ns);
    if (r->w->v.for_ns) {
        r->limit = timer_new(r->loop, on_limit, r);
        timer_start(r->limit, (uint64_t)r->w->v.for_ns / NS_PER_MS);
    }
    return 0;
}

/* ---- afterwards ---- */

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fputs("landline: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
}

static void finish_capture(struct run *r)
{
    struct source_counts counts;

    source_stop(r->source);
    while (take(r))
        ;
    source_counts(r->source, &counts);
    r->w->dropped = (int64_t)counts.dropped;
    if (counts.dropped)
        say(ngettext("%" PRIu64 " packet was lost by the capture; a larger --buffer or a --filter helps",
                "%" PRIu64 " packets were lost by the capture; a larger --buffer or a --filter helps",
                counts.dropped),
            counts.dropped);
    if (r->is_full) {
        r->has_failed = true;
        say(_("the capture ended at %" PRIu64
              " GiB, the most that is kept while a command runs; a --filter or "
              "--snaplen makes it less"),
            FILE_MAX_BYTES >> 30);
    }
}

static int sift(struct run *r, struct err *err)
{
    uint64_t unknown = 0;
    int code = watch_sift(r->w, watch_sockets_claims(r->sockets), r->raw, r->sifted, &unknown, err);

    if (code == 0 && unknown)
        say(ngettext("%" PRIu64
                     " conversation was over before it could be told whose it was, and is not shown",
                "%" PRIu64
                " conversations were over before it could be told whose they were, and are not shown",
                unknown),
            unknown);
    if (code == 0 && unknown && r->command.calls < 0)
        say(_("with sudo none is too short to be told"));
    return code;
}

static void append_command(struct str *out, char **argv)
{
    for (; *argv; argv++) {
        utf8_escape(out, *argv, strlen(*argv), 0);
        if (argv[1])
            str_append_char(out, ' ');
    }
}

static int show(struct run *r, char **argv)
{
    struct str title = STR_INIT;
    int status;

    append_command(&title, argv);
    r->w->title = title.data;
    status = watch_show(r->w, r->path);
    r->w->title = NULL;
    str_done(&title);
    return status;
}

/* The command's status, if there is nothing of ours to tell. */
static int conclude(struct run *r, char **argv)
{
    struct err err;
    int status;

    /* From here on a signal ends us. */
    watch_free(r->signals);
    r->signals = NULL;
    uncatch_signals(r);
    if (watch_writer_close(r->writer, &err) < 0)
        fail(r, &err);
    r->writer = NULL;
    if (r->sockets && sift(r, &err) < 0)
        fail(r, &err);
    if (watch_writer_close(r->sifted, &err) < 0)
        fail(r, &err);
    r->sifted = NULL;
    status = show(r, argv);
    if (status == 0 && r->has_failed)
        status = ERR_OTHER;
    return status ? status : exit_status(r);
}

static void end(struct run *r)
{
    watch_sockets_free(r->sockets);
    watch_writer_close(r->writer, NULL);
    watch_writer_close(r->sifted, NULL);
    watch_free(r->readable);
    watch_free(r->signals);
    timer_free(r->closing);
    timer_free(r->limit);
    source_free(r->source);
    loop_free(r->loop);
    if (r->signal_fd >= 0)
        close(r->signal_fd);
    free(r->raw);
    free(r->path);
}

int watch_command(struct watch_order *w, const char *interface, char **argv)
{
    struct run r = {.w = w, .signal_fd = -1, .command = {.calls = -1}};
    struct err err;
    int code, status;

    r.loop = loop_new();
    r.closing = timer_new(r.loop, on_closing, &r);
    code = open_all(&r, interface, &err);
    if (code < 0)
        status = cmd_fail(&err); /* NOLINT(bugprone-branch-clone): one step after the other */
    else if ((code = start(&r, argv, &err)) < 0) {
        cmd_fail(&err);
        status = launch_status_of_failure(code);
    } else if (privileges_drop_to_looking(&err) < 0)
        status = cmd_fail(&err);
    else {
        loop_run(r.loop);
        finish_capture(&r);
        /* Before the first packet is looked at. */
        status = privileges_drop(&err) < 0 ? cmd_fail(&err) : conclude(&r, argv);
    }
    end(&r);
    return status;
}
