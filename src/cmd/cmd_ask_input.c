/* SPDX-License-Identifier: ISC */
/* Where the message comes from when it is not on the command line: all of standard input, one line typed at
 * the prompt, or line after line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/xmalloc.h"
#include "cmd/cmd_ask.h"
#include "net/input.h"

#define READ_BYTES ((size_t)64 * 1024)
/* Lines waiting for the window; past this standard input is not read on. */
#define FEED_HIGH_BYTES ((size_t)256 * 1024)

int ask_read_all(int fd, struct str *ret, struct err *err)
{
    ssize_t got;

    for (;;) {
        str_reserve(ret, READ_BYTES);
        got = read(fd, ret->data + ret->len, READ_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(err, ERR_INPUT, -errno, _("standard input: %s"), err_word(-errno));
        ret->len += (size_t)got;
        ret->data[ret->len] = '\0';
        if (got == 0)
            return 0;
        if (ret->len > ASK_MESSAGE_BYTES)
            return err_set(err, ERR_INPUT, -EMSGSIZE,
                _("standard input: the message is longer than %zu MiB, which is the most; for lines with a "
                  "reply each say --lines"),
                ASK_MESSAGE_BYTES >> 20);
    }
}

void ask_prompt(void)
{
    fputs(">>: ", stderr);
    fflush(stderr);
}

int ask_read_typed(struct str *ret, struct err *err)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    ask_prompt();
    len = getline(&line, &cap, stdin);
    if (len > 0)
        str_append(ret, line, (size_t)len - (line[len - 1] == '\n'));
    free(line);
    if (len >= 0)
        return 0;
    fputc('\n', stderr);
    return err_set(err, ERR_OTHER, -ENODATA, _("nothing was typed, so nothing was asked"));
}

struct ask_feeder {
    struct loop *loop;
    struct input *input;
    struct ask *ask;
    struct encoding *encoding;
    struct buf raw;   /* encoding: a line that is not whole yet */
    struct buf lines; /* not taken yet */
    bool ended, over, paused;
    bool terminal, prompted;
    void (*broken)(const struct err *err, void *arg);
    void *arg;
};

static void hand_over(struct ask_feeder *f)
{
    size_t taken;

    if (f->over)
        return;
    if (f->lines.len) {
        taken = ask_feed(f->ask, buf_head(&f->lines), f->lines.len, f->ended);
        buf_consume(&f->lines, taken);
        if (taken)
            f->prompted = false;
    }
    if (f->ended && f->lines.len == 0) {
        f->over = true;
        ask_feed_end(f->ask);
    }
    if (f->paused && f->lines.len < FEED_HIGH_BYTES / 2) {
        f->paused = false;
        input_resume(f->input);
    }
}

static void stop_reading(struct ask_feeder *f)
{
    input_free(f->input);
    f->input = NULL;
    f->ended = true;
}

/* Whole lines only: a character may lie across two reads. */
static void encode_lines(struct ask_feeder *f)
{
    const uint8_t *newline = f->raw.len ? memrchr(buf_head(&f->raw), '\n', f->raw.len) : NULL;
    size_t len = f->ended ? f->raw.len : newline ? (size_t)(newline - buf_head(&f->raw)) + 1 : 0;
    struct str encoded = STR_INIT;

    if (len == 0)
        return;
    encoding_encode(f->encoding, &encoded, buf_head(&f->raw), len);
    buf_append(&f->lines, encoded.data, encoded.len);
    buf_consume(&f->raw, len);
    str_done(&encoded);
}

static void on_input(struct input *in, const uint8_t *data, size_t len, void *arg)
{
    struct ask_feeder *f = arg;
    struct err err;

    buf_append(f->encoding ? &f->raw : &f->lines, data, len);
    if (f->encoding)
        encode_lines(f);
    hand_over(f);
    if (f->raw.len > ASK_LINE_BYTES ||
        (f->lines.len > ASK_LINE_BYTES && !memchr(buf_head(&f->lines), '\n', ASK_LINE_BYTES))) {
        f->over = true;
        stop_reading(f);
        err_set(&err, ERR_INPUT, -EMSGSIZE,
            _("standard input: a line is longer than %zu KiB, which is the most"), ASK_LINE_BYTES >> 10);
        f->broken(&err, f->arg);
    } else if (f->lines.len >= FEED_HIGH_BYTES && memchr(buf_head(&f->lines), '\n', f->lines.len)) {
        f->paused = true;
        input_pause(in);
    }
}

static void on_input_end(struct input *in, int code, void *arg)
{
    struct ask_feeder *f = arg;
    struct err err;

    stop_reading(f);
    if (code < 0) {
        f->over = true;
        err_set(&err, ERR_INPUT, code, _("standard input: %s"), err_word(code));
        f->broken(&err, f->arg);
        return;
    }
    if (f->prompted)
        fputc('\n', stderr);
    if (f->encoding)
        encode_lines(f);
    hand_over(f);
}

struct ask_feeder *ask_feeder_new(struct loop *loop, struct encoding *encoding)
{
    struct ask_feeder *f = xcalloc(1, sizeof(*f));

    f->loop = loop;
    f->encoding = encoding;
    f->terminal = isatty(STDIN_FILENO);
    return f;
}

int ask_feeder_start(
    struct ask_feeder *f, struct ask *ask, void (*broken)(const struct err *err, void *arg), void *arg)
{
    static const struct input_events events = {.data = on_input, .ended = on_input_end};

    f->ask = ask;
    f->broken = broken;
    f->arg = arg;
    return input_new(f->loop, STDIN_FILENO, &events, f, &f->input);
}

void ask_feeder_room(struct ask_feeder *f)
{
    hand_over(f);
    if (f->terminal && !f->prompted && !f->ended && f->lines.len == 0) {
        f->prompted = true;
        ask_prompt();
    }
}

void ask_feeder_free(struct ask_feeder *f)
{
    if (!f)
        return;
    input_free(f->input);
    buf_done(&f->raw);
    buf_done(&f->lines);
    free(f);
}
