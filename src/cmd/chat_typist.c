/* SPDX-License-Identifier: ISC */
#include "cmd/chat_typist.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "net/input.h"
#include "show/prompt.h"
#include "show/tty.h"

#define ESCAPE_MS 50 /* an Escape with nothing behind it for so long is the key */

struct chat_typist {
    struct loop *loop;
    struct out *out;
    const struct chat_typist_events *events;
    void *arg;
    struct prompt *prompt;
    struct tty tty;
    struct input *input;
    struct timer *escape;
    struct str paste; /* of several lines; it is asked whether they are to be sent */
    bool is_dumb, is_on;
};

static void measure(struct prompt_options *o)
{
    if (!tty_size(STDOUT_FILENO, &o->columns, &o->rows)) {
        o->columns = 80;
        o->rows = 24;
    }
}

static void enter(struct chat_typist *t)
{
    if (!t->is_dumb)
        tty_raw(&t->tty);
    prompt_begin(t->prompt);
    t->is_on = true;
}

static void leave(struct chat_typist *t)
{
    if (!t->is_on)
        return;
    prompt_end(t->prompt);
    out_flush(t->out);
    tty_restore(&t->tty);
    t->is_on = false;
}

/* Each line of a paste as if it had been typed. */
static void send_paste(struct chat_typist *t)
{
    char *text = str_steal(&t->paste);

    for (char *line = text; *line && t->is_on;) {
        size_t len = strcspn(line, "\n");
        char *next = line + len + (line[len] == '\n');

        line[len] = '\0';
        t->events->line(line, len, t->arg);
        line = next;
    }
    free(text);
}

static void ask_about_paste(struct chat_typist *t, const struct prompt_event *e)
{
    struct str question = STR_INIT;

    str_reset(&t->paste);
    str_append(&t->paste, e->text, e->len);
    str_appendf(&question, ngettext("send %zu line? (y/n) ", "send %zu lines? (y/n) ", e->lines), e->lines);
    prompt_ask(t->prompt, question.data);
    str_done(&question);
}

static void on_answer(struct chat_typist *t, const char *key)
{
    prompt_ask(t->prompt, NULL);
    if (strcmp(key, "y") == 0 || strcmp(key, "Y") == 0)
        send_paste(t);
    else
        str_reset(&t->paste);
}

static void on_interrupt(struct chat_typist *t)
{
    struct lineedit *edit = prompt_edit(t->prompt);

    if (lineedit_is_empty(edit))
        t->events->interrupt(t->arg);
    else
        lineedit_clear(edit);
}

static void suspend(struct chat_typist *t)
{
    leave(t);
    raise(SIGTSTP);
    enter(t); /* somebody said fg */
}

static void on_event(struct chat_typist *t, const struct prompt_event *e)
{
    switch (e->kind) {
    case PROMPT_LINE:
        t->events->line(e->text, e->len, t->arg);
        break;
    case PROMPT_PASTE:
        ask_about_paste(t, e);
        break;
    case PROMPT_COMPLETE:
        t->events->complete(e->text, e->begin, t->arg);
        break;
    case PROMPT_INTERRUPT:
        on_interrupt(t);
        break;
    case PROMPT_END:
        t->events->ended(NULL, t->arg);
        break;
    case PROMPT_SUSPEND:
        suspend(t);
        break;
    case PROMPT_ANSWER:
        on_answer(t, e->text);
        break;
    case PROMPT_MORE:
    case PROMPT_KEY:
    default:
        break;
    }
}

static void on_data(struct input *in, const uint8_t *data, size_t len, void *arg)
{
    struct chat_typist *t = arg;
    struct prompt_event e;

    timer_stop(t->escape);
    while (t->is_on && (prompt_next(t->prompt, &data, &len, &e), e.kind != PROMPT_MORE))
        on_event(t, &e);
    if (t->is_on && prompt_pending(t->prompt))
        timer_start(t->escape, ESCAPE_MS);
    t->events->changed(t->arg);
}

static void on_escape(void *arg)
{
    struct chat_typist *t = arg;
    struct prompt_event e;

    prompt_timeout(t->prompt, &e);
    on_event(t, &e);
    t->events->changed(t->arg);
}

static void on_ended(struct input *in, int code, void *arg)
{
    struct chat_typist *t = arg;
    struct err err;

    input_free(t->input);
    t->input = NULL;
    if (code < 0)
        err_set(&err, ERR_INPUT, code, _("standard input: %s"), err_word(code));
    t->events->ended(code < 0 ? &err : NULL, t->arg);
}

static void on_resize(int signum, void *arg)
{
    struct chat_typist *t = arg;
    struct prompt_options o = {0};

    measure(&o);
    prompt_resize(t->prompt, o.columns, o.rows);
    t->events->changed(t->arg);
}

/* Stopped by another's hand (kill -STOP), the terminal may be in any mode now. */
static void on_continued(int signum, void *arg)
{
    struct chat_typist *t = arg;

    if (!t->is_on)
        return;
    leave(t);
    enter(t);
    t->events->changed(t->arg);
}

struct chat_typist *chat_typist_new(
    struct loop *loop, struct out *out, const struct chat_typist_events *events, void *arg)
{
    const char *term = getenv("TERM");
    struct chat_typist *t = xcalloc(1, sizeof(*t));
    struct prompt_options o = {.is_dumb = !term || !*term || strcmp(term, "dumb") == 0};

    measure(&o);
    t->loop = loop;
    t->out = out;
    t->events = events;
    t->arg = arg;
    t->is_dumb = o.is_dumb;
    t->prompt = prompt_new(out, &o);
    t->escape = timer_new(loop, on_escape, t);
    tty_init(&t->tty, STDIN_FILENO);
    str_init(&t->paste);
    return t;
}

int chat_typist_start(struct chat_typist *t, struct err *err)
{
    static const struct input_events events = {.data = on_data, .ended = on_ended};
    int code = input_new(t->loop, STDIN_FILENO, &events, t, &t->input);

    if (code < 0)
        return err_set(err, ERR_INPUT, code, _("standard input: %s"), err_word(code));
    loop_on_signal(t->loop, SIGWINCH, on_resize, t);
    loop_on_signal(t->loop, SIGCONT, on_continued, t);
    enter(t);
    t->events->changed(t->arg);
    return 0;
}

void chat_typist_stop(struct chat_typist *t)
{
    input_free(t->input);
    t->input = NULL;
    timer_stop(t->escape);
    leave(t);
}

void chat_typist_free(struct chat_typist *t)
{
    if (!t)
        return;
    chat_typist_stop(t);
    prompt_free(t->prompt);
    timer_free(t->escape);
    str_done(&t->paste);
    free(t);
}

void chat_typist_prompt(struct chat_typist *t, const char *prompt)
{
    prompt_set(t->prompt, prompt);
}

void chat_typist_print(struct chat_typist *t, const char *lines, size_t len)
{
    if (t->is_on)
        prompt_print(t->prompt, lines, len);
    else
        out_write(t->out, lines, len);
}

void chat_typist_draw(struct chat_typist *t)
{
    if (t->is_on)
        prompt_draw(t->prompt);
}

bool chat_typist_is_typing(const struct chat_typist *t)
{
    return !lineedit_is_empty(prompt_edit(t->prompt));
}

void chat_typist_complete(
    struct chat_typist *t, size_t begin, const char *const *candidates, size_t count, const char *suffix)
{
    prompt_complete(t->prompt, begin, candidates, count, suffix);
}
