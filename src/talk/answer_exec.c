/* SPDX-License-Identifier: ISC */
/* --exec: a child for each call, which has the conversation on its stdin and stdout, or for each datagram,
 * which is its stdin, and whose stdout is the reply.
 *
 * A child is over when the command has ended and nobody holds its stdout any more; who holds it longer than
 * the grace time without a word is killed with the rest of the process group. At most max_children run at
 * once: callers wait with nothing read from them, datagrams wait in a bounded queue. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "net/process.h"
#include "talk/answer_inside.h"

/* A command that will not read keeps its pipe's last bytes as long as it lives: then writing fails. */
#define EXEC_INPUT_LINGER_MS (24 * 3600 * 1000)

struct answer_child {
    struct list node; /* in children */
    struct answer *answer;
    struct answer_door *door;
    struct process *process;
    struct stream *input, *output; /* NULL: ended */
    struct answer_peer *peer;      /* the call; NULL: a datagram, or the peer has gone */
    struct deadline ends;          /* in child_ends, then in outputs */
    int status;
    bool exited;
    bool said_something; /* since the deadline was last armed */
    bool output_paused;
    bool is_datagram, reply_too_long;
    struct endpoint from; /* of the datagram */
    size_t asked_len;
    struct buf reply;
};

/* A datagram that waits for a child. */
struct waiting_datagram {
    struct list node;
    struct answer_door *door;
    struct endpoint from;
    uint64_t number;
    size_t len;
    uint8_t data[];
};

static void start_waiting(struct answer *a);

static void child_who(const struct answer_child *child, struct answer_who *ret, struct endpoint *ret_endpoint)
{
    if (child->peer) {
        answer_peer_who(child->peer, ret, ret_endpoint);
    } else {
        *ret_endpoint = child->from;
        answer_dgram_who(child->door, ret_endpoint, ret);
    }
}

/* At most every so often: where one command cannot be started, the next thousand cannot, either. */
static void tell_trouble(struct answer *a, const struct err *err)
{
    uint64_t now = loop_now_ms(a->loop) + 1;

    if (!a->events->trouble || (a->trouble_told_ms && now - a->trouble_told_ms < ANSWER_TOLD_MS))
        return;
    a->trouble_told_ms = now;
    a->events->trouble(err, a->arg);
}

/* The child is over, or has to be. */
static void child_free(struct answer_child *child)
{
    struct answer *a = child->answer;

    if (child->peer)
        child->peer->child = NULL;
    stream_close(child->input);
    stream_close(child->output);
    process_free(child->process);
    deadline_disarm(&child->ends);
    list_remove(&child->node);
    buf_done(&child->reply);
    free(child);
    a->child_count--;
    answer_check_stopped(a);
}

/* Its conversation is over: goodbye to the peer, and the place is another's. */
static void child_over(struct answer_child *child)
{
    struct answer *a = child->answer;
    struct answer_peer *peer = child->peer;

    child_free(child);
    if (peer)
        answer_peer_finish(peer, peer->ended ? ANSWER_THEY_HUNG_UP : ANSWER_COMMAND_DONE);
    answer_note_done(a);
    start_waiting(a);
}

static void send_reply(struct answer_child *child)
{
    struct answer *a = child->answer;
    struct answer_who who;

    if (child->reply_too_long) {
        answer_dgram_who(child->door, &child->from, &who);
        answer_refuse(a, ANSWER_REPLY_TOO_LONG, &who, NULL);
    } else if (child->reply.len) {
        answer_dgram_reply(child->door, &child->from, child->asked_len, buf_head(&child->reply),
            child->reply.len, LINE_BARE);
    }
    buf_done(&child->reply);
}

static void output_over(struct answer_child *child)
{
    stream_close(child->output);
    child->output = NULL;
    if (child->is_datagram)
        send_reply(child);
    else if (child->peer)
        stream_shutdown(child->peer->stream);
    if (child->exited)
        child_over(child);
}

static void on_output(struct stream *s, const uint8_t *data, size_t len, void *arg)
{
    struct answer_child *child = arg;

    child->said_something = true;
    if (child->is_datagram) {
        if (child->reply.len + len <= DGRAM_MAX_BYTES)
            buf_append(&child->reply, data, len);
        else
            child->reply_too_long = true;
        return;
    }
    if (!child->peer)
        return;
    stream_write(child->peer->stream, data, len);
    if (stream_is_full(child->peer->stream)) {
        child->output_paused = true;
        stream_pause(s);
    }
}

static void on_output_ended(struct stream *s, void *arg)
{
    output_over(arg);
}

static void on_output_failed(struct stream *s, int code, const struct err *err, void *arg)
{
    output_over(arg);
}

static const struct stream_events output_events = {
    .data = on_output,
    .ended = on_output_ended,
    .failed = on_output_failed,
};

static void on_input_drained(struct stream *s, void *arg)
{
    struct answer_child *child = arg;

    if (child->peer)
        answer_peer_set_reading(child->peer, true);
}

/* It reads no more. What the peer still says is thrown away, so that the peer's end is noticed. */
static void on_input_failed(struct stream *s, int code, const struct err *err, void *arg)
{
    struct answer_child *child = arg;

    stream_close(child->input);
    child->input = NULL;
    if (child->peer)
        answer_peer_set_reading(child->peer, true);
}

static const struct stream_events input_events = {
    .drained = on_input_drained,
    .failed = on_input_failed,
};

static void on_exited(struct process *p, int status, void *arg)
{
    struct answer_child *child = arg;
    struct answer *a = child->answer;
    struct endpoint endpoint;
    struct answer_who who;

    child->exited = true;
    child->status = status;
    if (a->events->child_ended) {
        child_who(child, &who, &endpoint);
        a->events->child_ended(&who, process_pid(p), status, a->arg);
    }
    if (child->output) {
        child->said_something = false;
        deadlines_arm(a->outputs, &child->ends);
    } else {
        child_over(child);
    }
}

/* The command has ended, its stdout has not. */
static void on_output_held(struct deadline *d, void *arg)
{
    struct answer_child *child = list_entry(d, struct answer_child, ends);

    if (child->said_something || child->output_paused) {
        child->said_something = false;
        deadlines_arm(child->answer->outputs, d);
    } else if (child->process) {
        process_free(child->process);
        child->process = NULL;
        deadlines_arm(child->answer->outputs, d);
    } else {
        output_over(child);
    }
}

static void on_child_too_long(struct deadline *d, void *arg)
{
    struct answer_child *child = list_entry(d, struct answer_child, ends);
    struct err err;

    process_stop(child->process, ANSWER_GRACE_MS);
    err_set(&err, ERR_TIMEOUT, -ETIMEDOUT, _("'%s' still runs after %d s for one datagram: it is stopped"),
        child->answer->options->text, ANSWER_CHILD_MS / 1000);
    tell_trouble(child->answer, &err);
}

static void add_variable(struct str *out, size_t *starts, size_t *count, const char *name, const char *value)
{
    starts[(*count)++] = out->len;
    str_appendf(out, "%s=%s", name, value);
    str_append(out, "", 1);
}

#define EXEC_VARIABLES 6

static int spawn(struct answer_child *child, const struct answer_who *who, uint64_t number, struct err *err)
{
    struct answer *a = child->answer;
    const char *variables[EXEC_VARIABLES + 1] = {0};
    struct process_options options = {.command = a->options->text, .variables = variables};
    char text[ENDPOINT_TEXT_BYTES], small[24];
    size_t starts[EXEC_VARIABLES], count = 0;
    struct str out = STR_INIT;
    int code;

    add_variable(&out, starts, &count, "LANDLINE_PEER", answer_who_text(who, text));
    add_variable(&out, starts, &count, "LANDLINE_PEER_HOST", answer_who_host(who, text));
    snprintf(small, sizeof(small), "%u", endpoint_port(who->peer));
    add_variable(&out, starts, &count, "LANDLINE_PEER_PORT", small);
    add_variable(&out, starts, &count, "LANDLINE_LOCAL", endpoint_format(who->local, text));
    add_variable(&out, starts, &count, "LANDLINE_SCHEME", addr_scheme_name(who->scheme));
    snprintf(small, sizeof(small), "%" PRIu64, number);
    add_variable(&out, starts, &count, "LANDLINE_NUMBER", small);
    for (size_t i = 0; i < count; i++)
        variables[i] = out.data + starts[i];
    code =
        process_new(a->loop, &options, on_exited, child, &child->process, &child->input, &child->output, err);
    str_done(&out);
    if (code < 0)
        return code;
    stream_attach(child->input, &input_events, child);
    stream_attach(child->output, &output_events, child);
    return 0;
}

static struct answer_child *child_new(struct answer_door *door)
{
    struct answer_child *child = xcalloc(1, sizeof(*child));

    child->answer = door->answer;
    child->door = door;
    deadline_init(&child->ends);
    list_append(&door->answer->children, &child->node);
    door->answer->child_count++;
    return child;
}

static void start_call(struct answer_peer *peer)
{
    struct answer_child *child = child_new(peer->door);
    struct answer *a = child->answer;
    struct endpoint endpoint;
    struct answer_who who;
    struct err err;

    child->peer = peer;
    peer->child = child;
    answer_peer_who(peer, &who, &endpoint);
    if (spawn(child, &who, peer->call, &err) < 0) {
        tell_trouble(a, &err);
        child_free(child);
        answer_peer_break(peer, ANSWER_COMMAND_DONE, &err);
        answer_note_done(a);
        return;
    }
    if (peer->ended)
        answer_exec_peer_ended(peer);
    else
        answer_peer_set_reading(peer, true);
}

static void start_datagram(
    struct answer_door *door, const struct endpoint *from, const uint8_t *data, size_t len, uint64_t number)
{
    struct answer_child *child = child_new(door);
    struct answer *a = child->answer;
    struct answer_who who;
    struct err err;

    child->is_datagram = true;
    child->from = *from;
    child->asked_len = len;
    answer_dgram_who(door, from, &who);
    if (spawn(child, &who, number, &err) < 0) {
        tell_trouble(a, &err);
        child_free(child);
        answer_note_done(a);
        return;
    }
    stream_write(child->input, data, len);
    stream_finish(child->input, EXEC_INPUT_LINGER_MS);
    child->input = NULL;
    deadlines_arm(a->child_ends, &child->ends);
}

/* There is a place again. */
static void start_waiting(struct answer *a)
{
    while (a->child_count < a->options->max_children && !list_is_empty(&a->waiting_peers)) {
        struct answer_peer *peer = list_entry(a->waiting_peers.next, struct answer_peer, waiting);

        list_remove(&peer->waiting);
        start_call(peer);
    }
    list_for_each_safe (node, after, &a->waiting_datagrams) {
        struct waiting_datagram *w = list_entry(node, struct waiting_datagram, node);

        if (a->child_count >= a->options->max_children)
            return;
        list_remove(&w->node);
        a->waiting_count--;
        a->waiting_bytes -= w->len;
        start_datagram(w->door, &w->from, w->data, w->len, w->number);
        free(w);
    }
}

void answer_exec_call(struct answer_peer *peer)
{
    struct answer *a = peer->door->answer;

    if (a->child_count < a->options->max_children) {
        start_call(peer);
        return;
    }
    answer_peer_set_reading(peer, false);
    list_append(&a->waiting_peers, &peer->waiting);
}

void answer_exec_data(struct answer_peer *peer, const uint8_t *data, size_t len)
{
    struct answer_child *child = peer->child;

    if (!child || !child->input)
        return;
    stream_write(child->input, data, len);
    if (stream_is_full(child->input))
        answer_peer_set_reading(peer, false);
}

void answer_exec_peer_ended(struct answer_peer *peer)
{
    struct answer_child *child = peer->child;

    if (!child || !child->input)
        return;
    stream_finish(child->input, EXEC_INPUT_LINGER_MS);
    child->input = NULL;
}

void answer_exec_peer_drained(struct answer_peer *peer)
{
    struct answer_child *child = peer->child;

    if (!child || !child->output_paused || stream_is_full(peer->stream))
        return;
    child->output_paused = false;
    if (child->output)
        stream_resume(child->output);
}

void answer_exec_peer_gone(struct answer_peer *peer)
{
    struct answer_child *child = peer->child;

    if (!child)
        return;
    answer_peer_who(peer, &(struct answer_who){0}, &child->from);
    child->peer = NULL;
    peer->child = NULL;
    stream_close(child->input);
    child->input = NULL;
    if (child->output_paused && child->output)
        stream_resume(child->output); /* what it still says is thrown away */
    child->output_paused = false;
    if (!child->exited)
        process_stop(child->process, ANSWER_GRACE_MS);
}

void answer_exec_datagram(
    struct answer_door *door, const struct endpoint *from, const uint8_t *data, size_t len, uint64_t number)
{
    struct answer *a = door->answer;
    struct waiting_datagram *w;
    struct answer_who who;

    if (a->child_count < a->options->max_children) {
        start_datagram(door, from, data, len, number);
        return;
    }
    if (a->waiting_count >= ANSWER_WAITING_DATAGRAMS || a->waiting_bytes + len > ANSWER_WAITING_BYTES) {
        answer_dgram_who(door, from, &who);
        answer_refuse(a, ANSWER_BUSY, &who, NULL);
        return;
    }
    w = xmalloc(sizeof(*w) + len);
    w->door = door;
    w->from = *from;
    w->number = number;
    w->len = len;
    memcpy(w->data, data, len);
    list_append(&a->waiting_datagrams, &w->node);
    a->waiting_count++;
    a->waiting_bytes += len;
}

static void forget_waiting(struct answer *a)
{
    list_for_each_safe (node, after, &a->waiting_datagrams)
        free(list_entry(node, struct waiting_datagram, node));
    list_init(&a->waiting_datagrams);
    a->waiting_count = a->waiting_bytes = 0;
}

/* Their input ends, which is all that most commands wait for. */
void answer_exec_stop(struct answer *a)
{
    if (a->options->once)
        forget_waiting(a);
    list_for_each (node, &a->children) {
        struct answer_child *child = list_entry(node, struct answer_child, node);

        if (child->input)
            stream_finish(child->input, EXEC_INPUT_LINGER_MS);
        child->input = NULL;
    }
    answer_check_stopped(a);
}

void answer_exec_give_up(struct answer *a)
{
    forget_waiting(a);
    list_for_each (node, &a->children) {
        struct answer_child *child = list_entry(node, struct answer_child, node);

        if (child->process && !child->exited)
            process_stop(child->process, ANSWER_GRACE_MS);
    }
    answer_check_stopped(a);
}

void answer_exec_init(struct answer *a)
{
    a->child_ends = deadlines_new(a->loop, ANSWER_CHILD_MS, on_child_too_long, a);
    a->outputs = deadlines_new(a->loop, ANSWER_GRACE_MS, on_output_held, a);
}

void answer_exec_free(struct answer *a)
{
    forget_waiting(a);
    list_for_each_safe (node, after, &a->children)
        child_free(list_entry(node, struct answer_child, node));
    deadlines_free(a->child_ends);
    deadlines_free(a->outputs);
    a->child_ends = a->outputs = NULL;
}
