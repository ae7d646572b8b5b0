/* SPDX-License-Identifier: ISC */
/* How watch's screen begins and ends, when it draws, and when it works. */
#include "cmd/cmd_watch_screen.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/utf8.h"
#include "cmd/cmd.h"
#include "cmd/cmd_watch.h"
#include "cmd/screen_guard.h"
#include "cmd/viewer.h"
#include "cmd/watch_confine.h"
#include "cmd/watch_pass.h"
#include "see/opener.h"
#include "see/roster.h"
#include "show/term.h"

/* ---- drawing ---- */

static void draw(struct turn_end *t)
{
    struct viewer *v = list_entry(t, struct viewer, draw);

    timer_stop(v->frame);
    v->drawn_ms = loop_now_ms(v->loop);
    viewer_draw(v);
}

void viewer_draw_now(struct viewer *v)
{
    loop_at_turn_end(v->loop, &v->draw);
}

static void on_frame(void *arg)
{
    viewer_draw_now(arg);
}

void viewer_draw_soon(struct viewer *v)
{
    uint64_t frame_ms = v->live ? VIEWER_LIVE_FRAME_MS : VIEWER_FRAME_MS;
    uint64_t since_ms = loop_now_ms(v->loop) - v->drawn_ms;

    if (timer_is_running(v->frame))
        return;
    if (since_ms >= frame_ms)
        viewer_draw_now(v);
    else
        timer_start(v->frame, frame_ms - since_ms);
}

void viewer_say(struct viewer *v, enum style style, const char *fmt, ...)
{
    struct str text = STR_INIT;
    va_list args;

    va_start(args, fmt);
    str_vappendf(&text, fmt, args);
    va_end(args);
    str_reset(&v->notice);
    utf8_escape(&v->notice, text.data, text.len, 0);
    v->notice_style = style;
    str_done(&text);
    viewer_draw_now(v);
}

/* ---- working ---- */

void viewer_work_on(struct viewer *v)
{
    if (!timer_is_running(v->work))
        timer_start(v->work, 0);
}

/* What somebody waits for comes before what goes on by itself. */
static void on_work(void *arg)
{
    struct viewer *v = arg;
    bool is_more =
        viewer_find_go(v) || viewer_save_go(v) || viewer_pass_go(v, &v->pass, NULL, NULL) || viewer_read(v);

    viewer_draw_soon(v);
    if (is_more)
        viewer_work_on(v);
}

/* ---- input, signals ---- */

static void on_escape(void *arg)
{
    viewer_escape(arg);
}

static void on_input(struct input *in, const uint8_t *data, size_t len, void *arg)
{
    struct viewer *v = arg;

    timer_stop(v->escape);
    viewer_input(v, data, len);
    if (lineedit_keys_pending(v->keys))
        timer_start(v->escape, VIEWER_ESCAPE_MS);
}

void viewer_quit(struct viewer *v)
{
    loop_stop(v->loop);
}

/* The terminal is gone. */
static void on_input_end(struct input *in, int code, void *arg)
{
    viewer_quit(arg);
}

static void on_signal(int signum, void *arg)
{
    struct viewer *v = arg;

    if (!v->screen)
        return;
    switch (signum) {
    case SIGWINCH:
        screen_resized(v->screen);
        break;
    case SIGTSTP:
        screen_suspend(v->screen);
        break;
    case SIGCONT: /* after SIGSTOP, which nobody can see coming */
        screen_spoiled(v->screen);
        break;
    default: /* SIGINT, SIGTERM, SIGHUP */
        viewer_quit(v);
        break;
    }
    viewer_draw_now(v);
}

/* ---- its life ---- */

/* Keys come from standard input, or where a capture comes from there, from the terminal itself. */
static int open_terminal(struct viewer *v, struct err *err)
{
    static const struct input_events events = {.data = on_input, .ended = on_input_end};
    static const int signals[] = {SIGWINCH, SIGTSTP, SIGCONT, SIGINT, SIGTERM, SIGHUP};
    struct screen_options options = {
        .in_fd = STDIN_FILENO, .out_fd = STDOUT_FILENO, .no_color = v->o->no_color, .mouse = true};
    int code;

    if (!term_is(STDIN_FILENO)) {
        v->terminal_fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
        if (v->terminal_fd < 0)
            return err_set(err, ERR_OTHER, -errno, _("the terminal: %s"), err_word(-errno));
        options.in_fd = v->terminal_fd;
    }
    code = screen_new(&options, &v->screen, err);
    if (code < 0)
        return code;
    screen_guard(v->screen);
    code = input_new(v->loop, options.in_fd, &events, v, &v->input);
    if (code < 0)
        return err_set(err, ERR_OTHER, code, _("the terminal: %s"), err_word(code));
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        loop_on_signal(v->loop, signals[i], on_signal, v);
    return 0;
}

static void begin(struct viewer *v, const struct viewer_options *options)
{
    const char *term = getenv("TERM");

    memset(v, 0, sizeof(*v));
    v->o = options;
    v->terminal_fd = -1;
    v->loop = loop_new();
    v->grid = grid_new();
    v->keys = lineedit_keys_new();
    v->search = lineedit_new();
    v->filter = lineedit_new();
    v->file_name = lineedit_new();
    v->escape = timer_new(v->loop, on_escape, v);
    v->frame = timer_new(v->loop, on_frame, v);
    v->work = timer_new(v->loop, on_work, v);
    turn_end_init(&v->draw, draw);
    str_init(&v->wanted);
    str_init(&v->only_text);
    str_init(&v->notice);
    v->every = options->every;
    v->absolute = options->absolute;
    v->key = options->sort;
    /* The Linux console's fonts have few signs, and other encodings none of ours. */
    v->is_ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0 || (term && strcmp(term, "linux") == 0);
}

static void end(struct viewer *v)
{
    input_free(v->input);
    screen_guard(NULL);
    screen_free(v->screen);
    viewer_close(v);
    turn_end_cancel(&v->draw);
    timer_free(v->escape);
    timer_free(v->frame);
    timer_free(v->work);
    lineedit_keys_free(v->keys);
    lineedit_free(v->search);
    lineedit_free(v->filter);
    lineedit_free(v->file_name);
    grid_free(v->grid);
    str_done(&v->wanted);
    str_done(&v->only_text);
    str_done(&v->notice);
    loop_free(v->loop);
    if (v->terminal_fd >= 0)
        close(v->terminal_fd);
}

static void confine(struct viewer *v)
{
    const struct sandbox_options sandbox = {
        .opener_fd = opener_fd(v->o->opener), .terminal = true, .capturing = v->live};
    struct str said = STR_INIT;

    watch_confine(&sandbox, &said);
    if (v->o->verbose)
        viewer_say(v, STYLE_DIM, "%s", said.data);
    str_done(&said);
}

int viewer_run(const struct viewer_options *options, struct err *err)
{
    struct viewer v;
    int code;

    begin(&v, options);
    code = viewer_open(&v, err);
    if (code < 0)
        goto out;
    code = open_terminal(&v, err);
    if (code < 0)
        goto out;
    confine(&v);
    viewer_work_on(&v);
    viewer_draw_now(&v);
    loop_run(v.loop);
    if (v.trouble.kind != ERR_NONE)
        code = err_set(err, v.trouble.kind, v.trouble.code, "%s", v.trouble.text);
out:
    end(&v);
    return code;
}

static enum roll_key key_of(int order)
{
    static const enum roll_key keys[ROSTER_ORDERS] = {
        [ROSTER_BY_START] = ROLL_BY_START,
        [ROSTER_BY_DURATION] = ROLL_BY_DURATION,
        [ROSTER_BY_BYTES] = ROLL_BY_BYTES,
        [ROSTER_BY_PACKETS] = ROLL_BY_PACKETS,
        [ROSTER_BY_LOSS] = ROLL_BY_LOSS,
        [ROSTER_BY_RTT] = ROLL_BY_RTT,
        [ROSTER_BY_FINDINGS] = ROLL_BY_FINDINGS,
    };

    return keys[order];
}

static struct viewer_options options_of(const struct watch_order *w, const char *name)
{
    return (struct viewer_options){
        .name = name,
        .max_conversations = (uint32_t)w->v.max_conversations,
        .only = w->v.only,
        .sort = key_of(w->v.sort),
        .follow = w->choice.count == 1 ? w->choice.ranges[0].first : 0,
        .every = w->v.every,
        .absolute = w->v.absolute,
        .no_color = w->v.no_color,
        .verbose = w->v.verbose,
    };
}

/* The capture, the file that keeps it and the opener are the caller's. */
int watch_screen_live(
    struct watch_order *w, struct source *source, struct watch_writer *writer, struct opener *opener)
{
    struct viewer_options options = options_of(w, source_name(source));
    struct err err;
    int status = 0;

    options.live = source;
    options.writer = writer;
    options.for_ns = w->v.for_ns;
    options.count = (uint64_t)w->v.count;
    options.opener = opener;
    if (viewer_run(&options, &err) < 0)
        status = cmd_fail(&err);
    return status;
}

int watch_screen(struct watch_order *w, const char *path)
{
    struct viewer_options options = options_of(w, w->title ? w->title : path);
    struct opener_files files = {.endings = viewer_endings};
    char *spooled = NULL;
    struct err err;
    int status = 0;

    if (!term_is(STDOUT_FILENO)) {
        err_set(&err, ERR_MISUSE, -ENOTTY, _("--screen needs a terminal; leave it out for text"));
        return cmd_fail(&err);
    }
    if (watch_spool(path, &spooled, &err) < 0)
        return cmd_fail(&err);
    options.path = spooled;
    files.capture = spooled;
    if (opener_new(&files, &options.opener, &err) < 0 || viewer_run(&options, &err) < 0)
        status = cmd_fail(&err);
    opener_free(options.opener);
    free(spooled);
    return status;
}
