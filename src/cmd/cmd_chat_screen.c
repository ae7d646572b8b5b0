/* SPDX-License-Identifier: ISC */
/* The face that has the whole terminal: how it begins and ends, and when it draws. The rest is in window_*.c.
 *
 * What is typed is drawn at the end of the loop's turn, so an echo waits for nothing. What comes is drawn
 * with it, or else after WINDOW_FRAME_MS: however many messages come in a second, the terminal gets some
 * thirty pictures of them, and none where nothing comes. */
#include <errno.h>
#include <langinfo.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "cmd/screen_guard.h"
#include "cmd/window.h"

/* ---- drawing ---- */

static void draw(struct turn_end *t)
{
    struct window *w = list_entry(t, struct window, draw);

    if (!w->screen)
        return;
    timer_stop(w->frame);
    w->drawn_ms = loop_now_ms(w->run->loop);
    window_look(w);
    window_draw(w);
    if (w->shown)
        window_load(w, w->shown);
}

void window_draw_now(struct window *w)
{
    loop_at_turn_end(w->run->loop, &w->draw);
}

static void on_frame(void *arg)
{
    window_draw_now(arg);
}

void window_draw_soon(struct window *w)
{
    uint64_t since_ms = loop_now_ms(w->run->loop) - w->drawn_ms;

    if (!w->screen || timer_is_running(w->frame))
        return;
    if (since_ms >= WINDOW_FRAME_MS)
        window_draw_now(w);
    else
        timer_start(w->frame, WINDOW_FRAME_MS - since_ms);
}

void window_say(struct window *w, enum style style, const char *fmt, ...)
{
    struct str text = STR_INIT;
    va_list args;

    va_start(args, fmt);
    str_vappendf(&text, fmt, args);
    va_end(args);
    if (w->screen)
        str_reset(&w->notice);
    else if (w->notice.len) /* what was said before there was a screen is not lost for what came next */
        str_append_char(&w->notice, '\n');
    utf8_escape(&w->notice, text.data, text.len, UTF8_KEEP_LINES);
    w->notice_style = style;
    str_done(&text);
    window_draw_now(w);
}

static void on_read_mark(void *arg)
{
    struct window *w = arg;

    for (size_t i = 0; i < w->n_talks; i++)
        if (w->talks[i]->is_read_late)
            window_mark_read(w, w->talks[i]);
}

/* ---- input, signals ---- */

static void on_escape(void *arg)
{
    window_escape(arg);
}

static void on_input(struct input *in, const uint8_t *data, size_t len, void *arg)
{
    struct window *w = arg;

    timer_stop(w->escape);
    window_input(w, data, len);
    if (lineedit_keys_pending(w->keys))
        timer_start(w->escape, WINDOW_ESCAPE_MS);
}

/* The terminal is gone: so is the chat, with all that waits in the journal. */
static void on_input_end(struct input *in, int code, void *arg)
{
    struct window *w = arg;

    chat_run_end(w->run, NULL);
}

static void on_signal(int signum, void *arg)
{
    struct window *w = arg;

    if (!w->screen)
        return;
    switch (signum) {
    case SIGWINCH:
        screen_resized(w->screen);
        break;
    case SIGTSTP:
        screen_suspend(w->screen);
        break;
    case SIGCONT: /* after SIGSTOP, which nobody can see coming */
        screen_spoiled(w->screen);
        break;
    default:
        break;
    }
    window_draw_now(w);
}

/* ---- its life ---- */

static void *new_window(struct chat_run *run)
{
    struct window *w = xcalloc(1, sizeof(*w));
    const char *term = getenv("TERM");

    w->run = run;
    w->grid = grid_new();
    w->keys = lineedit_keys_new();
    w->choose = lineedit_new();
    w->search = lineedit_new();
    w->escape = timer_new(run->loop, on_escape, w);
    w->frame = timer_new(run->loop, on_frame, w);
    w->read_mark = timer_new(run->loop, on_read_mark, w);
    turn_end_init(&w->draw, draw);
    str_init(&w->pasted);
    str_init(&w->wanted);
    str_init(&w->notice);
    str_init(&w->listening);
    str_init(&w->pin);
    w->mouse = run->values->mouse;
    w->has_focus = true;
    /* The Linux console's fonts have few signs, and other encodings none of ours. */
    w->is_ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0 || (term && strcmp(term, "linux") == 0);
    return w;
}

static int start(void *face, struct err *err)
{
    static const struct input_events events = {.data = on_input, .ended = on_input_end};
    static const int signals[] = {SIGWINCH, SIGTSTP, SIGCONT};
    struct window *w = face;
    struct screen_options options = {.in_fd = STDIN_FILENO,
        .out_fd = STDOUT_FILENO,
        .no_color = w->run->values->no_color,
        .mouse = w->mouse};
    int code;

    window_add_contacts(w);
    window_load_list(w);
    code = screen_new(&options, &w->screen, err);
    if (code < 0)
        return code;
    screen_guard(w->screen);
    code = input_new(w->run->loop, STDIN_FILENO, &events, w, &w->input);
    if (code < 0)
        return err_set(err, ERR_OTHER, code, _("the terminal: %s"), err_word(code));
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        loop_on_signal(w->run->loop, signals[i], on_signal, w);
    w->mode = WINDOW_CHOOSING;
    if (w->run->who) {
        struct chat_peer *p;

        code = chat_run_open(w->run, w->run->who, &p, err);
        if (code < 0)
            return code;
        window_show(w, window_of(w, p));
    }
    window_draw_now(w);
    return 0;
}

void window_quit(struct window *w)
{
    size_t waiting = 0;

    for (size_t i = 0; i < w->n_talks; i++)
        waiting += w->talks[i]->peer ? chat_run_lost(w->run, w->talks[i]->peer) : 0;
    if (waiting == 0 || w->quit_again) {
        chat_run_end(w->run, NULL);
        return;
    }
    w->quit_again = true;
    window_say(w, STYLE_WARNING,
        ngettext("%zu message waits and is not kept on disk; to give it up, end landline again",
            "%zu messages wait and are not kept on disk; to give them up, end landline again", waiting),
        waiting);
}

static void stopping(void *face)
{
    struct window *w = face;

    w->is_stopping = true;
    input_free(w->input);
    w->input = NULL;
    window_say(w, STYLE_DIM, "%s", _("hanging up ..."));
}

static void leave(void *face)
{
    struct window *w = face;

    turn_end_cancel(&w->draw);
    input_free(w->input);
    w->input = NULL;
    screen_guard(NULL);
    screen_free(w->screen);
    w->screen = NULL;
    on_read_mark(w);
    window_leave_peers(w);
}

static void free_window(void *face)
{
    struct window *w = face;

    turn_end_cancel(&w->draw);
    window_free_talks(w);
    timer_free(w->escape);
    timer_free(w->frame);
    timer_free(w->read_mark);
    lineedit_keys_free(w->keys);
    lineedit_free(w->choose);
    lineedit_free(w->search);
    grid_free(w->grid);
    str_done(&w->pasted);
    str_done(&w->wanted);
    str_done(&w->notice);
    str_done(&w->listening);
    str_done(&w->pin);
    free(w);
}

const struct chat_face chat_face_screen = {
    .new = new_window,
    .events = &window_events,
    .start = start,
    .stopping = stopping,
    .leave = leave,
    .free = free_window,
};
