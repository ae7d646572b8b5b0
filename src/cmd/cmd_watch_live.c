/* SPDX-License-Identifier: ISC */
/* watch INTERFACE: the capture, and where no screen shows it, line by line: a row, or a JSON object, as each
 * conversation ends, and what is left at the end. The right to capture is given up before the first packet is
 * looked at. Interrupted, it takes no more in, shows all that had been taken, and says what was lost. */
#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/cmd_watch.h"
#include "cmd/cmd_watch_screen.h"
#include "cmd/watch_confine.h"
#include "cmd/watch_writer.h"
#include "net/loop.h"
#include "see/flow_table.h"
#include "see/follow.h"
#include "see/opener.h"
#include "see/privileges.h"
#include "see/source.h"
#include "see/told.h"
#include "show/out.h"
#include "show/overview_text.h"
#include "show/painted.h"
#include "show/term.h"
#include "show/watch_json.h"

#define BATCH FLOW_TABLE_EXPECT_MAX
/* Between two looks at signals and timers, however busy the wire is. */
#define BATCHES_A_TURN 64
#define NS_PER_MS 1000000
/* So many conversations at a time are asked whether they have fallen silent: it is over before the ring can
 * fill, and a million has its turn in half a minute. */
#define SWEEP_MS 250
#define SWEEP_PLACES 8192

struct live {
    const struct watch_order *w;
    struct source *source;
    struct follow *follow;
    struct watch_writer *writer; /* NULL: nothing is kept */
    struct opener *opener;       /* of what is opened later; NULL: nothing */
    struct loop *loop;
    struct watch *readable;
    struct out *out;
    struct painted *painted;
    struct overview_text_options text;
    bool color;
    bool is_over;      /* nothing more is taken */
    uint64_t number;   /* of the packet at hand */
    int64_t start_ns;  /* when the first packet was */
    struct told *told; /* whose row is printed, of those that live */
    struct timer *sweep;
    uint32_t sweep_cursor;
    int status;
};

/* ---- what is shown ---- */

static void flush_painted(struct live *l)
{
    painted_print(l->painted, l->color, out_text(l->out));
    painted_reset(l->painted);
}

/* Each conversation has one row: when it is over, though it may be heard again, or when it is forgotten. Of
 * UDP, which is never over, when it has been silent for long; and once more with all of it where it then goes
 * on. */
static void print_row(void *arg, const struct conversation *c)
{
    struct live *l = arg;

    if (told_already(l->told, c->id, c->protocol == IP_PROTOCOL_UDP ? c->last_ns : 0) ||
        !watch_wants(l->w, c))
        return;
    if (l->w->v.json) {
        watch_json_conversation(out_text(l->out), c);
        return;
    }
    overview_text_row(l->painted, c, &l->text);
    flush_painted(l);
}

static void print_ended(void *arg, const struct conversation *c)
{
    struct live *l = arg;

    print_row(l, c);
    told_forget(l->told, c->id);
}

static void print_end(struct live *l)
{
    struct watch_json_capture capture = {0};
    struct follow_totals totals;
    struct source_counts counts;

    follow_totals(l->follow, &totals);
    source_counts(l->source, &counts);
    capture.totals = &totals;
    capture.findings = follow_findings(l->follow, &capture.finding_count);
    capture.dropped = (int64_t)counts.dropped;
    if (l->w->v.json) {
        watch_json_capture(out_text(l->out), &capture);
        return;
    }
    overview_text_totals(l->painted, &totals, capture.findings, capture.finding_count, &l->text);
    if (counts.dropped)
        painted_addf(l->painted, STYLE_DIM,
            _("%" PRIu64
              " packets were lost: they came faster than they could be taken; a larger --buffer or "
              "a --filter helps"),
            counts.dropped);
    else
        painted_addf(l->painted, STYLE_DIM, "%s", _("no packet was lost by the capture"));
    painted_end_line(l->painted);
    flush_painted(l);
}

/* ---- packets ---- */

/* A full disk ends the file, not the capture. */
static void keep(struct live *l, const struct pcapfile_packet *frame)
{
    struct err err;

    if (watch_writer_add(l->writer, frame->linktype, source_name(l->source), frame->time_ns, frame->data,
            frame->captured_bytes, frame->wire_bytes, NULL, &err) < 0)
        l->status = cmd_fail(&err);
}

static void take_carrier(void *arg, const struct followed *followed)
{
    struct live *l = arg;

    if (l->w->v.json && l->w->v.every && watch_chose(l->w, followed->conversation))
        watch_json_packet(out_text(l->out), followed, l->start_ns, NULL);
}

static void take_batch(struct live *l, const struct pcapfile_packet *frames, unsigned count)
{
    struct packet packets[BATCH];
    struct followed followed;
    struct conversation c;

    for (unsigned i = 0; i < count; i++)
        packet_parse(
            frames[i].linktype, frames[i].data, frames[i].captured_bytes, frames[i].wire_bytes, &packets[i]);
    follow_expect(l->follow, packets, count);
    for (unsigned i = 0; i < count && !(l->w->v.count && l->number >= (uint64_t)l->w->v.count); i++) {
        if (++l->number == 1)
            l->start_ns = frames[i].time_ns;
        if (l->writer)
            keep(l, &frames[i]);
        if (!follow_packet(l->follow, &packets[i], l->number, frames[i].time_ns, &followed))
            continue;
        if (l->w->v.json && l->w->v.every && watch_chose(l->w, followed.conversation))
            watch_json_packet(out_text(l->out), &followed, l->start_ns, NULL);
        if (followed.is_over && !told_has(l->told, followed.conversation)) {
            follow_conclude(l->follow, &followed, &c);
            print_row(l, &c);
        }
    }
}

/* Takes what is at hand, at most so many batches. False: there is no more, now or ever. */
static bool take(struct live *l, unsigned batches)
{
    struct pcapfile_packet frames[BATCH];
    unsigned count = 0;
    struct err err;

    while (batches-- > 0) {
        switch (source_batch(l->source, frames, BATCH, &count, &err)) {
        case SOURCE_PACKET:
            take_batch(l, frames, count);
            break;
        case SOURCE_BAD:
            l->is_over = true;
            l->status = cmd_fail(&err);
            return false;
        case SOURCE_END:
            l->is_over = true;
            return false;
        case SOURCE_AGAIN:
            return false;
        }
        if (l->w->v.count && l->number >= (uint64_t)l->w->v.count)
            l->is_over = true;
        if (l->is_over)
            return false;
    }
    return true;
}

static void flush(struct live *l)
{
    struct err err;

    /* A reader that has gone wants no more of it. */
    if (out_flush(l->out) < 0)
        l->is_over = true;
    if (l->writer && watch_writer_flush(l->writer, &err) < 0)
        l->status = cmd_fail(&err);
}

/* By the clock, since it is the silence that counts: there may be no packet any more. */
static void on_sweep(void *arg)
{
    struct live *l = arg;

    follow_quiet(l->follow, &l->sweep_cursor, SWEEP_PLACES, clock_wall_ns() - l->w->v.idle_ns, print_row, l);
    flush(l);
    if (l->is_over)
        loop_stop(l->loop);
    else
        timer_start(l->sweep, SWEEP_MS);
}

static void on_readable(int events, void *arg)
{
    struct live *l = arg;

    take(l, BATCHES_A_TURN);
    flush(l);
    if (l->is_over)
        loop_stop(l->loop);
}

static void on_stop(void *arg)
{
    struct live *l = arg;

    source_stop(l->source);
    while (take(l, BATCHES_A_TURN))
        flush(l);
    l->is_over = true;
    loop_stop(l->loop);
}

static void on_signal(int signum, void *arg)
{
    on_stop(arg);
}

/* ---- the capture ---- */

/* Where somebody sits at a terminal that can show it. */
static bool wants_screen(const struct watch_values *v)
{
    const char *term = getenv("TERM");

    if (v->screen || v->json || v->lines)
        return v->screen;
    return term_is(STDIN_FILENO) && term_is(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

static int open_all(struct live *l, const char *interface, struct err *err)
{
    const struct watch_values *v = &l->w->v;
    const struct source_live_options options = {
        .filter = v->filter,
        .snaplen = (uint32_t)v->snaplen,
        .buffer_bytes = v->buffer_bytes,
        .is_promiscuous = v->promiscuous,
    };
    const struct opener_files files = {
        .endings = wants_screen(v) ? viewer_endings : NULL, .parts = v->write_bytes ? v->write : NULL};
    int code = source_open_live(interface, &options, &l->source, err);

    if (code == 0)
        code = privileges_become_user(err);
    /* Here, so that the file is the user's, and root may write where only root may. */
    if (code == 0 && v->write && !v->write_bytes)
        code = watch_writer_open(v->write, &l->writer, err);
    if (code == 0)
        code = privileges_drop(err);
    /* These are opened while packets are looked at, so by somebody who has no more rights than who looks. */
    if (code == 0 && (v->write_bytes || wants_screen(v)))
        code = opener_new(&files, &l->opener, err);
    if (code == 0 && v->write_bytes)
        code = watch_writer_open_parts(&(struct watch_writer_parts){.path = v->write,
                                           .opener = l->opener,
                                           .part_bytes = v->write_bytes,
                                           .keep = (uint32_t)v->write_files},
            &l->writer, err);
    return code;
}

static int run(struct live *l, struct err *err)
{
    const struct sandbox_options sandbox = {
        .opener_fd = l->opener ? opener_fd(l->opener) : -1, .capturing = true};
    struct timer *timer = NULL;
    int code = watch_new(l->loop, source_fd(l->source), on_readable, l, &l->readable);

    if (code == 0)
        code = loop_on_signal(l->loop, SIGINT, on_signal, l);
    if (code == 0)
        code = loop_on_signal(l->loop, SIGTERM, on_signal, l);
    if (code < 0)
        return err_set(err, ERR_OTHER, code, "%s: %s", source_name(l->source), err_word(code));
    if (l->w->v.for_ns) {
        timer = timer_new(l->loop, on_stop, l);
        timer_start(timer, (uint64_t)l->w->v.for_ns / NS_PER_MS);
    }
    watch_confine_and_tell(&sandbox, l->w);
    watch_start(l->readable, WATCH_READ);
    fprintf(stderr, _("capturing on %s; Ctrl-C ends it\n"), source_name(l->source));
    l->sweep = timer_new(l->loop, on_sweep, l);
    timer_start(l->sweep, SWEEP_MS);
    loop_run(l->loop);
    timer_free(l->sweep);
    timer_free(timer);
    watch_free(l->readable);
    return 0;
}

int watch_live(struct watch_order *w, const char *interface)
{
    struct live l = {.w = w};
    const struct follow_options options = {
        .max_conversations = (uint32_t)w->v.max_conversations,
        .close = true,
        .labels = true,
        .findings = true,
        .ended = print_ended,
        .arg = &l,
        .carrier = take_carrier,
        .carrier_arg = &l,
    };
    struct err err;

    if (w->v.screen && !term_is(STDOUT_FILENO)) {
        err_set(&err, ERR_MISUSE, -ENOTTY, _("--screen needs a terminal; leave it out for text"));
        return cmd_fail(&err);
    }
    l.loop = loop_new();
    l.told = told_new();
    l.follow = follow_new(&options);
    l.out = out_new(STDOUT_FILENO);
    l.painted = painted_new();
    l.color = term_wants_color(STDOUT_FILENO, w->v.no_color);
    l.text = (struct overview_text_options){.columns = term_columns(STDOUT_FILENO),
        .ascii = w->v.ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0};
    if (open_all(&l, interface, &err) < 0)
        l.status = cmd_fail(&err);
    else if (wants_screen(&w->v))
        l.status = watch_screen_live(w, l.source, l.writer, l.opener);
    else {
        if (!w->v.json)
            overview_text_head(l.painted, &l.text);
        flush_painted(&l);
        flush(&l);
        if (run(&l, &err) < 0)
            l.status = cmd_fail(&err);
        follow_finish(l.follow);
        print_end(&l);
        out_flush(l.out);
    }
    if (watch_writer_close(l.writer, &err) < 0)
        l.status = cmd_fail(&err);
    opener_free(l.opener);
    painted_free(l.painted);
    out_free(l.out);
    follow_free(l.follow);
    told_free(l.told);
    source_free(l.source);
    loop_free(l.loop);
    return l.status;
}
