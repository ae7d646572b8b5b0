/* SPDX-License-Identifier: ISC */
/* --filter: one command for all messages, a line to its stdin for each, a line from its stdout as the reply.
 * Many may be on their way at once; the command answers in order, so the oldest message waits at the front.
 *
 * When the command dies, what it had been given and had not answered is lost (given again, a message that
 * kills it would kill it for ever); what comes meanwhile waits for the next one, started after a time that
 * doubles with each death until a command has answered something. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "net/process.h"
#include "talk/answer_inside.h"

/* Whose message: a stream's peer, or a datagram's sender. */
struct asked {
    struct answer_peer *peer; /* NULL: a datagram, or the peer has gone (door is NULL, too) */
    struct answer_door *door;
    enum line_ending ending;
    uint32_t asked_len;
    struct endpoint from;
};

struct answer_filter {
    struct answer *answer;
    struct process *process;       /* NULL: to be started when timer fires */
    struct stream *input, *output; /* NULL: ended */
    bool exited;                   /* but somebody still holds its stdout */
    bool closing;                  /* no other will be started */
    struct timer *timer;           /* to the next start, or to the end of patience with this one */
    uint64_t backoff_ms;
    struct line_reader lines;
    struct asked *asked; /* a ring */
    size_t first, count;
    size_t given;        /* how many of them the command has; the rest is in backlog */
    struct buf backlog;  /* lines for the next command */
    struct list waiting; /* peers, for room */
    bool waking;
};

static struct asked *asked_at(struct answer_filter *f, size_t i)
{
    return &f->asked[(f->first + i) % ANSWER_FILTER_IN_FLIGHT];
}

static size_t bytes_waiting(const struct answer_filter *f)
{
    return f->backlog.len + (f->input ? stream_queued(f->input) : 0);
}

bool answer_filter_has_room(const struct answer_filter *f, size_t len)
{
    /* However long, one message may always wait alone. */
    return f->count < ANSWER_FILTER_IN_FLIGHT &&
           (bytes_waiting(f) == 0 || bytes_waiting(f) + len < ANSWER_WAITING_BYTES);
}

/* There is room: those who wait go on, in turn. */
static void wake(struct answer_filter *f)
{
    struct answer *a = f->answer;
    struct list now;

    if (f->waking)
        return;
    f->waking = true;
    list_init(&now);
    while (!list_is_empty(&f->waiting)) {
        struct list *node = f->waiting.next;

        list_remove(node);
        list_append(&now, node);
    }
    while (!list_is_empty(&now)) {
        struct answer_peer *peer = list_entry(now.next, struct answer_peer, waiting);

        list_remove(&peer->waiting);
        if (answer_filter_has_room(f, a->options->max_message))
            answer_peer_go_on(peer);
        else
            list_append(&f->waiting, &peer->waiting);
    }
    f->waking = false;
}

void answer_filter_wait(struct answer_filter *f, struct answer_peer *peer)
{
    list_remove(&peer->waiting);
    list_append(&f->waiting, &peer->waiting);
}

/* The front message is done with; reply NULL: there is none, because of why. */
static void done(struct answer_filter *f, const struct line *reply, enum answer_refusal why)
{
    struct answer *a = f->answer;
    struct asked front = *asked_at(f, 0);
    struct endpoint endpoint;
    struct answer_who who;

    f->first = (f->first + 1) % ANSWER_FILTER_IN_FLIGHT;
    f->count--;
    if (f->given)
        f->given--;
    if (front.peer) {
        answer_peer_who(front.peer, &who, &endpoint);
        if (reply)
            answer_peer_reply(front.peer, reply->data, reply->len, front.ending);
        else
            answer_refuse(a, why, &who, NULL);
        answer_peer_answered(front.peer);
    } else if (front.door) {
        answer_dgram_who(front.door, &front.from, &who);
        if (reply)
            answer_dgram_reply(
                front.door, &front.from, front.asked_len, reply->data, reply->len, front.ending);
        else
            answer_refuse(a, why, &who, NULL);
    }
    answer_note_done(a);
    answer_check_stopped(a);
}

static void on_output(struct stream *s, const uint8_t *data, size_t len, void *arg)
{
    struct answer_filter *f = arg;
    enum line_result result;
    struct line line;

    while ((result = line_next(&f->lines, &data, &len, &line)) != LINE_MORE) {
        if (f->given == 0)
            continue; /* nobody asked */
        f->backoff_ms = 0;
        done(f, result == LINE_MESSAGE ? &line : NULL, ANSWER_REPLY_TOO_LONG);
    }
    wake(f);
}

static void close_command(struct answer_filter *f)
{
    stream_close(f->input);
    stream_close(f->output);
    process_free(f->process);
    f->input = f->output = NULL;
    f->process = NULL;
    f->exited = false;
    line_reader_done(&f->lines);
}

/* Each time later than the last, until one has answered something. */
static void start_later(struct answer_filter *f)
{
    f->backoff_ms = f->backoff_ms == 0 ? ANSWER_BACKOFF_MIN_MS : f->backoff_ms * 2;
    if (f->backoff_ms > ANSWER_BACKOFF_MAX_MS)
        f->backoff_ms = ANSWER_BACKOFF_MAX_MS;
    timer_start(f->timer, f->backoff_ms);
}

/* It is dead, and all that it said has been read. */
static void died(struct answer_filter *f)
{
    struct answer *a = f->answer;

    timer_stop(f->timer);
    close_command(f);
    while (f->given)
        done(f, NULL, ANSWER_LOST);
    if (!f->closing)
        start_later(f);
    wake(f);
    answer_check_stopped(a);
}

static void on_output_over(struct stream *s, void *arg)
{
    struct answer_filter *f = arg;

    stream_close(f->output);
    f->output = NULL;
    if (f->exited)
        died(f);
    else
        process_stop(f->process, ANSWER_GRACE_MS); /* it may run on, but it can't answer any more */
}

static void on_output_failed(struct stream *s, int code, const struct err *err, void *arg)
{
    on_output_over(s, arg);
}

static const struct stream_events output_events = {
    .data = on_output,
    .ended = on_output_over,
    .failed = on_output_failed,
};

static void on_input_drained(struct stream *s, void *arg)
{
    wake(arg);
}

/* It reads no more; what it has read it may still answer. */
static void on_input_failed(struct stream *s, int code, const struct err *err, void *arg)
{
    struct answer_filter *f = arg;

    stream_close(f->input);
    f->input = NULL;
    process_stop(f->process, ANSWER_GRACE_MS);
}

static const struct stream_events input_events = {
    .drained = on_input_drained,
    .failed = on_input_failed,
};

static void on_exited(struct process *p, int status, void *arg)
{
    struct answer_filter *f = arg;
    struct answer *a = f->answer;

    f->exited = true;
    stream_close(f->input);
    f->input = NULL;
    if (a->events->child_ended)
        a->events->child_ended(NULL, process_pid(p), status, a->arg);
    /* Its last replies may still be in the pipe. */
    if (f->output)
        timer_start(f->timer, ANSWER_GRACE_MS);
    else
        died(f);
}

static void start(struct answer_filter *f)
{
    struct answer *a = f->answer;
    struct process_options options = {.command = a->options->text};
    struct err err;

    if (process_new(a->loop, &options, on_exited, f, &f->process, &f->input, &f->output, &err) < 0) {
        if (a->events->trouble)
            a->events->trouble(&err, a->arg);
        start_later(f);
        return;
    }
    stream_set_limits(f->input, ANSWER_WAITING_BYTES / 4, ANSWER_WAITING_BYTES / 2,
        ANSWER_WAITING_BYTES + 2 * ANSWER_MAX_MESSAGE_LIMIT);
    stream_attach(f->input, &input_events, f);
    stream_attach(f->output, &output_events, f);
    line_reader_init(&f->lines, ANSWER_REPLY_BYTES);
    stream_write(f->input, f->backlog.len ? buf_head(&f->backlog) : NULL, f->backlog.len);
    buf_done(&f->backlog);
    f->given = f->count;
}

static void on_timer(void *arg)
{
    struct answer_filter *f = arg;

    if (!f->process) {
        start(f);
        wake(f);
    } else if (f->exited) {
        died(f); /* whoever holds its stdout had time enough */
    } else {
        process_stop(f->process, ANSWER_GRACE_MS); /* the end of its input did not end it */
    }
}

struct answer_filter *answer_filter_new(struct answer *a)
{
    struct answer_filter *f = xcalloc(1, sizeof(*f));

    f->answer = a;
    f->asked = xreallocarray(NULL, ANSWER_FILTER_IN_FLIGHT, sizeof(*f->asked));
    f->timer = timer_new(a->loop, on_timer, f);
    list_init(&f->waiting);
    start(f);
    return f;
}

void answer_filter_give(struct answer_filter *f, struct answer_peer *peer, struct answer_door *door,
    const struct endpoint *from, const uint8_t *data, size_t len, enum line_ending ending, size_t asked_len)
{
    struct asked *last = asked_at(f, f->count);

    assert(f->count < ANSWER_FILTER_IN_FLIGHT);
    *last = (struct asked){.peer = peer, .door = door, .ending = ending, .asked_len = (uint32_t)asked_len};
    if (from)
        last->from = *from;
    f->count++;
    if (f->input) {
        f->given++;
        stream_write(f->input, data, len);
        stream_write(f->input, "\n", 1);
    } else {
        buf_append(&f->backlog, data, len);
        buf_append(&f->backlog, "\n", 1);
    }
}

void answer_filter_peer_gone(struct answer_filter *f, struct answer_peer *peer)
{
    for (size_t i = 0; peer->in_flight && i < f->count; i++) {
        struct asked *asked = asked_at(f, i);

        if (asked->peer != peer)
            continue;
        asked->peer = NULL;
        peer->in_flight--;
    }
}

void answer_filter_give_up(struct answer_filter *f)
{
    while (f->count)
        done(f, NULL, ANSWER_LOST);
}

bool answer_filter_close(struct answer_filter *f)
{
    if (f->count)
        return false;
    if (!f->process)
        timer_stop(f->timer);
    else if (!f->closing && f->input) {
        stream_finish(f->input, ANSWER_GRACE_MS);
        f->input = NULL;
        timer_start(f->timer, ANSWER_GRACE_MS);
    }
    f->closing = true;
    return !f->process;
}

void answer_filter_free(struct answer_filter *f)
{
    if (!f)
        return;
    close_command(f);
    timer_free(f->timer);
    buf_done(&f->backlog);
    free(f->asked);
    free(f);
}
