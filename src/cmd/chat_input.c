/* SPDX-License-Identifier: ISC */
#include "cmd/chat_input.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/xmalloc.h"
#include "net/input.h"

struct chat_input {
    struct loop *loop;
    const struct chat_input_events *events;
    void *arg;
    struct input *input; /* NULL: the end has come */
    size_t max_bytes;
    struct buf raw;   /* read, and not taken */
    size_t searched;  /* of it: there is no newline before this */
    bool is_skipping; /* inside a line that is too long */
    bool is_paused, is_stopped, has_ended;
    struct turn_end offer_later;
    struct err err; /* what reading failed with */
};

/* The first of what was read, as a line. False: it is not whole. */
static bool next_line(struct chat_input *in, size_t *ret_len, size_t *ret_with_ending)
{
    const char *data, *newline;
    size_t len;

    if (in->raw.len == 0)
        return false;
    data = (const char *)buf_head(&in->raw);
    newline = memchr(data + in->searched, '\n', in->raw.len - in->searched);
    if (newline) {
        len = (size_t)(newline - data);
        *ret_with_ending = len + 1;
        *ret_len = len && data[len - 1] == '\r' ? len - 1 : len;
        return true;
    }
    in->searched = in->raw.len;
    if (in->input)
        return false;
    *ret_len = *ret_with_ending = in->raw.len;
    return true;
}

static void take(struct chat_input *in, size_t len)
{
    buf_consume(&in->raw, len);
    in->searched = 0;
}

static void offer_lines(struct chat_input *in)
{
    size_t len, with_ending;

    while (!in->is_stopped && next_line(in, &len, &with_ending)) {
        if (!in->is_skipping && len <= in->max_bytes) {
            if (!in->events->line((const char *)buf_head(&in->raw), len, in->arg))
                return;
        } else if (!in->is_skipping) {
            in->events->too_long(in->arg);
        }
        in->is_skipping = false;
        take(in, with_ending);
    }
    if (in->raw.len > in->max_bytes && in->searched == in->raw.len) {
        if (!in->is_skipping)
            in->events->too_long(in->arg);
        in->is_skipping = true;
        take(in, in->raw.len);
    }
    if (in->input || in->raw.len || in->has_ended || in->is_stopped)
        return;
    in->has_ended = true;
    buf_trim(&in->raw);
    in->events->ended(in->err.kind ? &in->err : NULL, in->arg);
}

static void offer(struct turn_end *t)
{
    struct chat_input *in = list_entry(t, struct chat_input, offer_later);

    offer_lines(in);
    if (!in->input || in->is_stopped)
        return;
    /* One line may be longer than the mark: it is read to its end. */
    if (in->raw.len > CHAT_INPUT_HIGH_BYTES && memchr(buf_head(&in->raw), '\n', in->raw.len)) {
        in->is_paused = true;
        input_pause(in->input);
    } else if (in->is_paused) {
        in->is_paused = false;
        input_resume(in->input);
    }
}

static void on_data(struct input *input, const uint8_t *data, size_t len, void *arg)
{
    struct chat_input *in = arg;

    buf_append(&in->raw, data, len);
    loop_at_turn_end(in->loop, &in->offer_later);
}

static void on_ended(struct input *input, int code, void *arg)
{
    struct chat_input *in = arg;

    if (code < 0)
        err_set(&in->err, ERR_INPUT, code, _("standard input: %s"), err_word(code));
    input_free(in->input);
    in->input = NULL;
    loop_at_turn_end(in->loop, &in->offer_later);
}

int chat_input_new(struct loop *loop, size_t max_bytes, const struct chat_input_events *events, void *arg,
    struct chat_input **ret, struct err *err)
{
    static const struct input_events input_events = {.data = on_data, .ended = on_ended};
    struct chat_input *in = xcalloc(1, sizeof(*in));
    int code;

    in->loop = loop;
    in->max_bytes = max_bytes;
    in->events = events;
    in->arg = arg;
    turn_end_init(&in->offer_later, offer);
    code = input_new(loop, STDIN_FILENO, &input_events, in, &in->input);
    if (code < 0) {
        free(in);
        return err_set(err, ERR_INPUT, code, _("standard input: %s"), err_word(code));
    }
    *ret = in;
    return 0;
}

void chat_input_resume(struct chat_input *in)
{
    if (!in->is_stopped)
        loop_at_turn_end(in->loop, &in->offer_later);
}

void chat_input_stop(struct chat_input *in)
{
    if (!in)
        return;
    in->is_stopped = true;
    input_free(in->input);
    in->input = NULL;
    turn_end_cancel(&in->offer_later);
}

void chat_input_free(struct chat_input *in)
{
    if (!in)
        return;
    chat_input_stop(in);
    buf_done(&in->raw);
    free(in);
}
