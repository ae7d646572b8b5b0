/* SPDX-License-Identifier: ISC */
#include "cmd/chat_desk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "cmd/chat_input.h"
#include "cmd/chat_typist.h"
#include "show/out.h"

struct chat_desk {
    const struct chat_run *run;
    const struct chat_desk_events *events;
    void *arg;
    void (*broken)(int code, void *arg);
    const struct term_colors *colors;
    struct out *out;
    struct str text; /* lines to be printed */
    struct turn_end flush;
    bool is_joined; /* standard error is the same file as standard output */

    struct chat_typist *typist; /* somebody sits at a terminal; NULL: the rest is of use */
    struct chat_input *input;
    struct str prompt;   /* what is asked for */
    bool is_asking;      /* there is such a thing */
    bool is_shown;       /* it stands at the end of what was printed, and no line was read for it */
    bool is_mid_line;    /* what was printed last has no newline */
    bool reads_terminal; /* who types there ends a line on the screen, too */
};

/* Do both end in one file, as after 2>&1 and on a terminal? What is told must not continue a prompt there. */
static bool is_joined(void)
{
    struct stat out, err;

    return fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 && out.st_dev == err.st_dev &&
           out.st_ino == err.st_ino;
}

void chat_desk_flush(struct chat_desk *d)
{
    int code;

    if (d->typist)
        chat_typist_draw(d->typist);
    code = out_flush(d->out);
    if (code < 0)
        d->broken(code, d->arg);
}

static void show_prompt(struct chat_desk *d)
{
    if (!d->is_asking || d->is_shown)
        return;
    out_write(d->out, d->prompt.data, d->prompt.len);
    d->is_shown = d->is_mid_line = true;
}

static void on_flush(struct turn_end *t)
{
    struct chat_desk *d = list_entry(t, struct chat_desk, flush);

    if (!d->typist)
        show_prompt(d);
    chat_desk_flush(d);
}

static void flush_later(struct chat_desk *d)
{
    loop_at_turn_end(d->run->loop, &d->flush);
}

/* What comes next begins a line. */
static void begin_line(struct chat_desk *d)
{
    if (d->is_mid_line)
        out_write(d->out, "\n", 1);
    d->is_mid_line = d->is_shown = false;
}

static void print(struct chat_desk *d, const char *lines, size_t len)
{
    if (d->typist) {
        chat_typist_print(d->typist, lines, len);
    } else {
        begin_line(d);
        out_write(d->out, lines, len);
    }
    flush_later(d);
}

struct str *chat_desk_text(struct chat_desk *d)
{
    return &d->text;
}

void chat_desk_printed(struct chat_desk *d)
{
    print(d, d->text.data, d->text.len);
    str_reset(&d->text);
}

void chat_desk_note(struct chat_desk *d, const char *fmt, ...)
{
    struct str raw = STR_INIT, text = STR_INIT;
    va_list args;

    va_start(args, fmt);
    str_vappendf(&raw, fmt, args);
    va_end(args);
    utf8_escape(&text, raw.data, raw.len, 0);
    str_append_char(&text, '\n');
    if (d->is_joined)
        print(d, text.data, text.len);
    else
        fputs(text.data, stderr);
    str_done(&raw);
    str_done(&text);
}

void chat_desk_prompt(struct chat_desk *d, const char *prompt)
{
    bool is_same = d->is_asking && prompt && strcmp(prompt, d->prompt.data) == 0;

    if (is_same || (!d->is_asking && !prompt))
        return;
    if (d->is_shown)
        begin_line(d);
    str_reset(&d->prompt);
    d->is_asking = prompt != NULL;
    if (prompt)
        str_append_str(&d->prompt, prompt);
    if (d->typist)
        chat_typist_prompt(d->typist, d->prompt.data);
    flush_later(d);
}

void chat_desk_ask_again(struct chat_desk *d)
{
    flush_later(d);
}

/* ---- from a pipe or a file ---- */

static bool on_line(const char *text, size_t len, void *arg)
{
    struct chat_desk *d = arg;
    bool was_shown, was_mid_line;

    /* Each line that is read has had its prompt, also when several come at once. */
    show_prompt(d);
    was_shown = d->is_shown;
    was_mid_line = d->is_mid_line;
    d->is_shown = false;
    if (d->reads_terminal)
        d->is_mid_line = false;
    flush_later(d);
    if (d->events->line(text, len, d->arg))
        return true;
    d->is_shown = was_shown;
    d->is_mid_line = was_mid_line;
    return false;
}

static void on_too_long(void *arg)
{
    chat_desk_note(arg, _("a line longer than %zu KiB was left out; that is the most"), CHAT_SAY_BYTES >> 10);
}

static void on_ended(const struct err *err, void *arg)
{
    struct chat_desk *d = arg;

    d->is_asking = false;
    begin_line(d);
    flush_later(d);
    d->events->ended(err, d->arg);
}

static const struct chat_input_events input_events = {
    .line = on_line, .too_long = on_too_long, .ended = on_ended};

/* ---- from a terminal ---- */

static void on_typed(const char *text, size_t len, void *arg)
{
    struct chat_desk *d = arg;

    d->events->line(text, len, d->arg);
}

static void on_complete(const char *word, size_t begin, void *arg)
{
    struct chat_desk *d = arg;

    d->events->complete(word, begin, d->arg);
}

static void on_changed(void *arg)
{
    flush_later(arg);
}

static void on_interrupt(void *arg)
{
    struct chat_desk *d = arg;

    d->events->interrupt(d->arg);
}

static void on_typist_ended(const struct err *err, void *arg)
{
    struct chat_desk *d = arg;

    d->events->ended(err, d->arg);
}

static const struct chat_typist_events typist_events = {
    .line = on_typed,
    .complete = on_complete,
    .changed = on_changed,
    .interrupt = on_interrupt,
    .ended = on_typist_ended,
};

/* ---- beginning and end ---- */

struct chat_desk *chat_desk_new(const struct chat_run *run, const struct chat_desk_events *events, void *arg,
    void (*broken)(int code, void *arg))
{
    struct chat_desk *d = xcalloc(1, sizeof(*d));

    d->run = run;
    d->events = events;
    d->arg = arg;
    d->broken = broken;
    d->colors = term_colors(term_wants_color(STDOUT_FILENO, run->values->no_color));
    d->out = out_new(STDOUT_FILENO);
    d->reads_terminal = isatty(STDIN_FILENO);
    d->is_joined = is_joined();
    str_init(&d->text);
    str_init(&d->prompt);
    turn_end_init(&d->flush, on_flush);
    if (d->reads_terminal && isatty(STDOUT_FILENO))
        d->typist = chat_typist_new(run->loop, d->out, &typist_events, d);
    return d;
}

int chat_desk_start(struct chat_desk *d, struct err *err)
{
    if (d->typist)
        return chat_typist_start(d->typist, err);
    return chat_input_new(d->run->loop, CHAT_SAY_BYTES, &input_events, d, &d->input, err);
}

void chat_desk_stop(struct chat_desk *d)
{
    d->is_asking = false;
    if (d->typist) {
        chat_typist_stop(d->typist);
    } else {
        chat_input_stop(d->input);
        begin_line(d);
    }
    flush_later(d);
}

void chat_desk_free(struct chat_desk *d)
{
    if (!d)
        return;
    turn_end_cancel(&d->flush);
    chat_typist_free(d->typist);
    chat_input_free(d->input);
    out_flush(d->out);
    out_free(d->out);
    str_done(&d->text);
    str_done(&d->prompt);
    free(d);
}

bool chat_desk_is_typing(const struct chat_desk *d)
{
    return d->typist && chat_typist_is_typing(d->typist);
}

bool chat_desk_holds(const struct chat_desk *d)
{
    return !d->reads_terminal;
}

void chat_desk_resume(struct chat_desk *d)
{
    if (d->input)
        chat_input_resume(d->input);
}

void chat_desk_complete(
    struct chat_desk *d, size_t begin, const char *const *candidates, size_t count, const char *suffix)
{
    if (d->typist)
        chat_typist_complete(d->typist, begin, candidates, count, suffix);
}

int chat_desk_columns(const struct chat_desk *d)
{
    return term_columns(STDOUT_FILENO);
}

const struct term_colors *chat_desk_colors(const struct chat_desk *d)
{
    return d->colors;
}
