/* SPDX-License-Identifier: ISC */
/* A tour that runs by itself: each step starts this very program as answerer and asker, prints the commands
 * as one would type them, and what they print. Nothing is acted: if a step does not end as it should, the
 * tour says so and fails. Everything stays on loopback and ends within DEMO_LIMIT_MS. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/wrap.h"
#include "cmd/cmd.h"
#include "cmd/demo_wire.h"
#include "net/addr.h"
#include "net/bind.h"
#include "net/process.h"
#include "show/term.h"
#include "wire/line.h"

#define DEMO_LIMIT_MS 18000
#define DEMO_GRACE_MS 2000
#define DEMO_LINE_BYTES 4096
#define DEMO_WORDS_MAX 8
#define LABEL_COLUMNS 8

struct step {
    const char *title;
    const char *note;                   /* printed under the commands, or NULL */
    const char *answer[DEMO_WORDS_MAX]; /* the answerer's words; none: nobody is there */
    const char *ask[DEMO_WORDS_MAX];    /* the asker's; "%s" alone is where the answerer listens */
    int lose;                           /* datagrams that the wire in between loses */
    int expect;                         /* the asker's exit status */
};

/* Texts that are sent, "Hello", are translated too: the tour in Chinese speaks Chinese. */
static const struct step steps[] = {
    {
        .title = N_("UDP: one question, one answer"),
        .answer = {"udp://127.0.0.1:0", "--reply", N_("You said: %m"), "--once"},
        .ask = {"%s", N_("Hello, is anybody there?")},
    },
    {
        .title = N_("TCP: the same over a connection, and how long each part took"),
        .answer = {"tcp://127.0.0.1:0", "--reply", N_("Message %n from %a: %m"), "--once"},
        .ask = {"-v", "%s", N_("Hello again")},
    },
    {
        .title = N_("A call that is refused is said at once, with an exit status for scripts"),
        .ask = {"%s", N_("Hello?")},
        .expect = ERR_CONNECT,
    },
    {
        .title = N_("A datagram is lost, and sent again"),
        .note = N_("(the wire between the two loses the first datagram on purpose)"),
        .answer = {"udp://127.0.0.1:0", "--reply", N_("You said: %m"), "--once"},
        .ask = {"-v", "--retries", "3", "%s", N_("Can you hear me?")},
        .lose = 1,
    },
};

struct player {
    struct demo *demo;
    const char *label;
    const char *colour;
    struct process *process;
    struct stream *input, *output;
    struct line_reader lines;
    int status;
    bool exited;
};

struct demo {
    struct loop *loop;
    const struct term_colors *colors;
    struct timer *limit;
    struct player answerer, asker;
    struct demo_wire *wire;
    size_t step;
    int silent_fd; /* a port that is ours but where nobody listens, or -1 */
    bool asking;
    bool failed;
    struct err err;
};

static void next_step(struct demo *d);

static void say(struct demo *d, const char *label, const char *colour, const void *text, size_t len)
{
    struct str line = STR_INIT;
    int columns = (int)wrap_columns(label);
    int pad = columns < LABEL_COLUMNS ? LABEL_COLUMNS - columns : 0;

    utf8_escape(&line, text, len, 0);
    printf("  %s%s%s%*s %s\n", colour, label, d->colors->off, pad, "", line.data);
    str_done(&line);
}

static void fail(struct demo *d, const char *why)
{
    if (!d->failed)
        err_set(&d->err, ERR_OTHER, 0, _("demo: step %zu: %s"), d->step + 1, why);
    d->failed = true;
    loop_stop(d->loop);
}

/* As a shell reads it back: 'it'\''s'. Plain words stay plain, for people's eyes. */
static void append_quoted(struct str *out, const char *word)
{
    if (*word && !strpbrk(word, " \t\n'\"\\$`*?[]#~=%!&;()<>|{}")) {
        str_append_str(out, word);
        return;
    }
    str_append_char(out, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            str_append_str(out, "'\\''");
        else
            str_append_char(out, *word);
    }
    str_append_char(out, '\'');
}

/* Appends " VERB WORD..."; the word "%s" becomes address. */
static void append_words(struct str *out, const char *verb, const char *const *words, const char *address)
{
    str_appendf(out, " %s", verb);
    for (int i = 0; i < DEMO_WORDS_MAX && words[i]; i++) {
        str_append_char(out, ' ');
        append_quoted(out, strcmp(words[i], "%s") == 0 ? address : _(words[i]));
    }
}

static void check_over(struct demo *d)
{
    const struct step *step = &steps[d->step];
    int status = d->asker.status;

    if (d->failed || !d->asking || !d->asker.exited || d->asker.output)
        return;
    if (d->answerer.process && (!d->answerer.exited || d->answerer.output))
        return;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != step->expect) {
        fail(d, _("it did not end as it should"));
        return;
    }
    if (step->expect) {
        struct str line = STR_INIT;

        str_appendf(&line, _("(exit status %d)"), step->expect);
        say(d, "", "", line.data, line.len);
        str_done(&line);
    }
    printf("\n");
    fflush(stdout);
    d->step++;
    next_step(d);
}

static void player_done(struct player *p)
{
    stream_close(p->input);
    stream_close(p->output);
    process_free(p->process);
    line_reader_done(&p->lines);
    p->input = p->output = NULL;
    p->process = NULL;
    p->exited = false;
}

static void start_asker(struct demo *d, const char *address);

/* "listening on udp://127.0.0.1:40001": the address is the last word, whatever the language. */
static void heard_from_answerer(struct demo *d, const struct line *line)
{
    char text[ADDR_TEXT_BYTES];
    const uint8_t *start = line->data + line->len;
    const struct step *step = &steps[d->step];
    struct addr addr;

    if (d->asking || !memmem(line->data, line->len, "://", 3))
        return;
    while (start > line->data && start[-1] > ' ' && start[-1] < 0x7f)
        start--;
    snprintf(text, sizeof(text), "%.*s", (int)(line->data + line->len - start), (const char *)start);
    if (addr_parse(&addr, text, ADDR_CALL, NULL) < 0)
        return;
    if (step->lose) {
        struct endpoint far, near;
        char host[ENDPOINT_TEXT_BYTES];

        endpoint_from_numeric(&far, addr.host, addr.port);
        demo_wire_near_end(d->wire, &near);
        if (demo_wire_plug(d->wire, &far, &d->err) < 0) {
            d->failed = true;
            loop_stop(d->loop);
            return;
        }
        snprintf(text, sizeof(text), "udp://%s", endpoint_format(&near, host));
    }
    start_asker(d, text);
}

static void heard(struct player *p, const struct line *line)
{
    say(p->demo, p->label, p->colour, line->data, line->len);
    if (p == &p->demo->answerer)
        heard_from_answerer(p->demo, line);
}

static void on_output(struct stream *s, const uint8_t *data, size_t len, void *arg)
{
    struct player *p = arg;
    struct line line;
    enum line_result result;

    while ((result = line_next(&p->lines, &data, &len, &line)) != LINE_MORE)
        if (result == LINE_MESSAGE)
            heard(p, &line);
}

static void output_over(struct player *p)
{
    struct line line;

    if (line_flush(&p->lines, &line) == LINE_MESSAGE)
        heard(p, &line);
    stream_close(p->output);
    p->output = NULL;
    check_over(p->demo);
}

static void on_output_ended(struct stream *s, void *arg)
{
    output_over(arg);
}

static void on_output_failed(struct stream *s, int code, const struct err *err, void *arg)
{
    output_over(arg);
}

static void on_input_failed(struct stream *s, int code, const struct err *err, void *arg)
{
    ((struct player *)arg)->input = NULL;
    stream_close(s);
}

static const struct stream_events output_events = {
    .data = on_output, .ended = on_output_ended, .failed = on_output_failed};
static const struct stream_events input_events = {.failed = on_input_failed};

static void on_exited(struct process *process, int status, void *arg)
{
    struct player *p = arg;

    p->status = status;
    p->exited = true;
    if (p == &p->demo->answerer && !p->demo->asking)
        fail(p->demo, _("the answerer ended too early"));
    check_over(p->demo);
}

static void start(
    struct demo *d, struct player *p, const char *verb, const char *const *words, const char *address)
{
    struct str command = STR_INIT;
    struct process_options options = {0};
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

    printf("  $ landline");
    append_words(&command, verb, words, address);
    printf("%s\n", command.data);
    fflush(stdout);
    str_reset(&command);
    self[len > 0 ? len : 0] = '\0';
    str_append_str(&command, "exec ");
    append_quoted(&command, self);
    append_words(&command, verb, words, address);
    str_append_str(&command, " </dev/null 2>&1");
    options.command = command.data;
    line_reader_init(&p->lines, DEMO_LINE_BYTES);
    if (process_new(d->loop, &options, on_exited, p, &p->process, &p->input, &p->output, &d->err) < 0) {
        d->failed = true;
        loop_stop(d->loop);
    } else {
        stream_attach(p->input, &input_events, p);
        stream_attach(p->output, &output_events, p);
    }
    str_done(&command);
}

static void start_asker(struct demo *d, const char *address)
{
    d->asking = true;
    start(d, &d->asker, "ask", steps[d->step].ask, address);
}

static void on_wire(enum demo_wire_fate fate, const void *data, size_t len, void *arg)
{
    struct demo *d = arg;
    struct str line = STR_INIT;

    utf8_escape(&line, data, len, 0);
    struct str told = STR_INIT;
    switch (fate) {
    case DEMO_WIRE_LOST:
        str_appendf(&told, _("lost: %s"), line.data);
        break;
    case DEMO_WIRE_THERE:
        str_appendf(&told, _("carried there: %s"), line.data);
        break;
    case DEMO_WIRE_BACK:
        str_appendf(&told, _("carried back: %s"), line.data);
        break;
    }
    say(d, _("wire"), d->colors->yellow, told.data, told.len);
    str_done(&told);
    str_done(&line);
}

/* An address where nobody listens, and where nobody can begin to while we look. */
static void start_asker_alone(struct demo *d)
{
    struct endpoint at, local;
    char text[ADDR_TEXT_BYTES], host[ENDPOINT_TEXT_BYTES];

    endpoint_from_numeric(&at, "127.0.0.1", 0);
    d->silent_fd = bind_socket(&at, SOCK_STREAM, &local, &d->err);
    if (d->silent_fd < 0) {
        d->failed = true;
        loop_stop(d->loop);
        return;
    }
    snprintf(text, sizeof(text), "tcp://%s", endpoint_format(&local, host));
    start_asker(d, text);
}

static void clear_step(struct demo *d)
{
    player_done(&d->answerer);
    player_done(&d->asker);
    demo_wire_free(d->wire);
    d->wire = NULL;
    if (d->silent_fd >= 0)
        close(d->silent_fd);
    d->silent_fd = -1;
    d->asking = false;
}

static void next_step(struct demo *d)
{
    const struct step *step = &steps[d->step];

    clear_step(d);
    if (d->step == sizeof(steps) / sizeof(steps[0])) {
        loop_stop(d->loop);
        return;
    }
    printf("%s%zu. %s%s\n", d->colors->bold, d->step + 1, _(step->title), d->colors->off);
    if (step->note)
        printf("  %s\n", _(step->note));
    if (step->lose && demo_wire_new(d->loop, step->lose, on_wire, d, &d->wire, &d->err) < 0) {
        d->failed = true;
        loop_stop(d->loop);
    } else if (step->answer[0]) {
        start(d, &d->answerer, "answer", step->answer, "");
    } else {
        start_asker_alone(d);
    }
}

static void on_limit(void *arg)
{
    fail(arg, _("it took too long"));
}

static void on_signal(int signum, void *arg)
{
    fail(arg, _("interrupted"));
}

struct demo_options {
    bool no_color;
};

static const struct option_row rows[] = {
    OPTION_FLAG(0, "no-color", struct demo_options, no_color, N_("no colours, also on a terminal")),
    OPTION_END,
};

static const char *const synopsis[] = {N_("[OPTION...]"), NULL};

static const struct option_verb verb = {
    .name = "demo",
    .synopsis = synopsis,
    .summary = N_("a short tour that runs by itself"),
    .description =
        N_("Shows ask and answer over UDP and TCP, a refused call, and a lost datagram that is sent "
           "again. It needs no network and no terminal, stays on this machine, and ends within 20 "
           "seconds."),
    .rows = rows,
};

static int run(int argc, char **argv)
{
    struct demo_options values = {0};
    struct options options;
    struct demo d = {.silent_fd = -1};
    int status;

    if (!cmd_begin(&options, &verb, &values, argc, argv, &status))
        return status;
    d.loop = loop_new();
    d.colors = term_colors(term_wants_color(STDOUT_FILENO, values.no_color));
    d.answerer = (struct player){.demo = &d, .label = "answer", .colour = d.colors->green};
    d.asker = (struct player){.demo = &d, .label = "ask", .colour = d.colors->cyan};
    d.limit = timer_new(d.loop, on_limit, &d);
    timer_start(d.limit, DEMO_LIMIT_MS);
    loop_on_signal(d.loop, SIGINT, on_signal, &d);
    loop_on_signal(d.loop, SIGTERM, on_signal, &d);

    printf(_("A short tour of landline. Everything stays on this machine.\n\n"));
    next_step(&d);
    loop_run(d.loop);
    clear_step(&d);
    timer_free(d.limit);
    loop_free(d.loop);
    options_done(&options);
    if (d.failed)
        return cmd_fail(&d.err);
    printf(
        "%s\n", _("That was the tour. Next: landline ask --help, landline answer --help, and the tutorial."));
    return 0;
}

const struct command cmd_demo = {.verb = &verb, .run = run};
