/* SPDX-License-Identifier: ISC */
/* Peers of streams. What one read brought is cut into messages, each answered as it is found; the replies
 * leave together at the turn's end. While a peer's queue is full, or what answers has no room, the rest of
 * what came waits in the peer and nothing more is read from it: it feels that, and nobody else does. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "net/tls.h"
#include "talk/answer_inside.h"

/* What may wait for a peer that does not read: it is paused at the high mark. Nothing passes the limit, which
 * leaves room for one longest reply. */
#define PEER_LITTLE_BYTES (16 * 1024) /* what the kernel takes at once */
#define PEER_LOW_BYTES (32 * 1024)
#define PEER_HIGH_BYTES (128 * 1024)
#define PEER_LIMIT_BYTES (PEER_HIGH_BYTES + ANSWER_MAX_MESSAGE_LIMIT + ANSWER_REPLY_BYTES)

static struct answer *answer_of(const struct answer_peer *peer)
{
    return peer->door->answer;
}

void answer_peer_who(const struct answer_peer *peer, struct answer_who *ret, struct endpoint *ret_endpoint)
{
    memset(ret_endpoint, 0, sizeof(*ret_endpoint));
    memcpy(&ret_endpoint->un, peer->address, peer->address_len);
    ret_endpoint->len = peer->address_len;
    *ret = (struct answer_who){
        .scheme = peer->door->addr.scheme,
        .peer = ret_endpoint,
        .local = &peer->door->local,
        .pid = peer->pid,
        .call = peer->call,
        .stream = peer->stream,
    };
}

void answer_peer_set_reading(struct answer_peer *peer, bool reading)
{
    if (peer->paused != reading)
        return;
    peer->paused = !reading;
    if (reading)
        stream_resume(peer->stream);
    else
        stream_pause(peer->stream);
}

/* The stream is somebody else's by now, or closed. */
void answer_peer_free(struct answer_peer *peer)
{
    struct answer *a = answer_of(peer);

    if (peer->stream)
        stream_close(peer->stream);
    if (a->options->how == ANSWER_EXEC)
        answer_exec_peer_gone(peer);
    if (a->filter)
        answer_filter_peer_gone(a->filter, peer);
    deadline_disarm(&peer->quiet);
    deadline_disarm(&peer->idle);
    list_remove(&peer->waiting);
    list_remove(&peer->node);
    line_reader_done(&peer->lines);
    buf_done(&peer->rest);
    free(peer);
    a->counts.peers--;
    answer_check_stopped(a);
}

static void tell_hung_up(const struct answer_peer *peer, enum answer_end why, const struct err *err)
{
    struct answer *a = answer_of(peer);
    struct endpoint endpoint;
    struct answer_who who;

    if (!peer->opened || !a->events->hung_up)
        return;
    answer_peer_who(peer, &who, &endpoint);
    a->events->hung_up(&who, why, err, a->arg);
}

void answer_peer_finish(struct answer_peer *peer, enum answer_end why)
{
    bool is_little = stream_queued(peer->stream) <= PEER_LITTLE_BYTES;

    tell_hung_up(peer, why, NULL);
    stream_finish(peer->stream, is_little ? ANSWER_LINGER_MS : ANSWER_LONG_LINGER_MS);
    peer->stream = NULL;
    answer_peer_free(peer);
}

void answer_peer_break(struct answer_peer *peer, enum answer_end why, const struct err *err)
{
    tell_hung_up(peer, why, err);
    answer_peer_free(peer);
}

/* Done with a peer who has ended, or with any when we are stopping? */
static bool finish_if_done(struct answer_peer *peer)
{
    struct answer *a = answer_of(peer);

    if (peer->in_flight || peer->rest.len || line_is_pending(&peer->lines))
        return false;
    if (peer->ended)
        answer_peer_finish(peer, ANSWER_THEY_HUNG_UP);
    else if (a->stopping)
        answer_peer_finish(peer, ANSWER_STOPPED);
    else
        return false;
    return true;
}

static bool must_wait(const struct answer_peer *peer)
{
    const struct answer *a = answer_of(peer);

    return stream_is_full(peer->stream) ||
           (a->filter && !answer_filter_has_room(a->filter, a->options->max_message));
}

/* Reading goes on when there is room again: see answer_peer_go_on. */
static void wait_for_room(struct answer_peer *peer)
{
    struct answer *a = answer_of(peer);

    answer_peer_set_reading(peer, false);
    if (!stream_is_full(peer->stream) && a->filter)
        answer_filter_wait(a->filter, peer);
}

static void refuse(const struct answer_peer *peer, enum answer_refusal why, const struct err *err)
{
    struct endpoint endpoint;
    struct answer_who who;

    answer_peer_who(peer, &who, &endpoint);
    answer_refuse(answer_of(peer), why, &who, err);
}

void answer_peer_reply(struct answer_peer *peer, const void *data, size_t len, enum line_ending ending)
{
    static const uint8_t lengths[] = {[LINE_BARE] = 0, [LINE_LF] = 1, [LINE_CRLF] = 2};
    int code = stream_write(peer->stream, data, len);

    if (code == 0)
        code = stream_write(peer->stream, line_ending_text(ending), lengths[ending]);
    if (code == 0)
        answer_note_reply(answer_of(peer));
    else if (code == -ENOBUFS) /* long replies of the filter to one that does not read; else it is broken */
        refuse(peer, ANSWER_UNSENT, NULL);
}

static uint64_t note_message(const struct answer_peer *peer, const struct line *line)
{
    struct answer *a = answer_of(peer);
    struct endpoint endpoint;
    struct answer_who who;

    if (!a->events->message)
        return ++a->counts.messages;
    answer_peer_who(peer, &who, &endpoint);
    return answer_note_message(a, &who, line->data, line->len, line->ending);
}

static void answer_line(struct answer_peer *peer, const struct line *line)
{
    struct answer *a = answer_of(peer);
    uint64_t number = note_message(peer, line);
    struct endpoint endpoint;
    struct answer_who who;

    switch (a->options->how) {
    case ANSWER_ECHO:
        answer_peer_reply(peer, line->data, line->len, line->ending);
        break;
    case ANSWER_REPLY:
        answer_peer_who(peer, &who, &endpoint);
        if (answer_fill_reply(a, &who, line->data, line->len, number) < 0)
            refuse(peer, ANSWER_REPLY_TOO_LONG, NULL);
        else
            answer_peer_reply(peer, a->text.data, a->text.len, line->ending);
        break;
    case ANSWER_FILTER:
        peer->in_flight++;
        answer_filter_give(a->filter, peer, NULL, NULL, line->data, line->len, line->ending, 0);
        return; /* done when it has answered */
    case ANSWER_DISCARD:
    case ANSWER_EXEC:
    default:
        break;
    }
    answer_note_done(a);
}

/* An echo needs no cutting up and putting together again: whole lines that follow each other go back as one
 * piece. */
static void echo(struct answer_peer *peer, const uint8_t *data, size_t len)
{
    struct answer *a = answer_of(peer);
    const uint8_t *run = data, *before = data;
    enum line_result result;
    struct line line;

    while ((result = line_next(&peer->lines, &data, &len, &line)) != LINE_MORE) {
        bool in_place = result == LINE_MESSAGE && line.data == before;

        if (!in_place) {
            stream_write(peer->stream, run, (size_t)(before - run));
            run = data;
        }
        before = data;
        if (result == LINE_TOO_LONG) {
            refuse(peer, ANSWER_TOO_LONG, NULL);
            continue;
        }
        note_message(peer, &line);
        if (in_place)
            answer_note_reply(a);
        else
            answer_peer_reply(peer, line.data, line.len, line.ending);
        if (a->options->once) {
            answer_stop(a);
            break;
        }
    }
    stream_write(peer->stream, run, (size_t)(before - run));
}

/* Answers what is whole in data; returns false if it had to keep some of it. */
static bool answer_whole(struct answer_peer *peer, const uint8_t *data, size_t len)
{
    struct answer *a = answer_of(peer);
    enum line_result result;
    struct line line;

    if (a->options->once && a->counts.messages)
        return true; /* that was the one */
    if (a->options->how == ANSWER_ECHO) {
        echo(peer, data, len);
        return true;
    }
    while (!must_wait(peer)) {
        result = line_next(&peer->lines, &data, &len, &line);
        if (result == LINE_MORE)
            return true;
        if (result == LINE_TOO_LONG) {
            refuse(peer, ANSWER_TOO_LONG, NULL);
            continue;
        }
        answer_line(peer, &line);
        if (a->options->once)
            return true;
    }
    buf_append(&peer->rest, data, len);
    return false;
}

static void take(struct answer_peer *peer, const uint8_t *data, size_t len)
{
    struct answer *a = answer_of(peer);
    bool all = answer_whole(peer, data, len);

    if (!all || stream_is_full(peer->stream))
        wait_for_room(peer);
    if (all && line_is_pending(&peer->lines))
        deadlines_arm(a->quiet, &peer->quiet);
    else
        deadline_disarm(&peer->quiet);
}

/* It has been quiet, or was the end: what is pending is a message. */
static void take_bare(struct answer_peer *peer)
{
    struct answer *a = answer_of(peer);
    enum line_result result;
    struct line line;

    deadline_disarm(&peer->quiet);
    if (a->options->once && a->counts.messages) {
        line_reader_done(&peer->lines);
        return;
    }
    if (line_is_pending(&peer->lines) && must_wait(peer)) {
        wait_for_room(peer);
        deadlines_arm(a->quiet, &peer->quiet);
        return;
    }
    while ((result = line_flush(&peer->lines, &line)) != LINE_MORE) {
        if (result == LINE_TOO_LONG)
            refuse(peer, ANSWER_TOO_LONG, NULL);
        else
            answer_line(peer, &line);
    }
    if (stream_is_full(peer->stream))
        wait_for_room(peer);
}

void answer_peer_go_on(struct answer_peer *peer)
{
    struct answer *a = answer_of(peer);
    struct buf rest = peer->rest;

    if (a->options->how == ANSWER_EXEC) {
        answer_exec_peer_drained(peer);
        return;
    }
    if (must_wait(peer)) {
        wait_for_room(peer);
        return;
    }
    peer->rest = (struct buf){0};
    if (rest.len)
        take(peer, buf_head(&rest), rest.len);
    buf_done(&rest);
    if (peer->rest.len || must_wait(peer))
        return;
    if (peer->ended || a->stopping)
        take_bare(peer);
    if (finish_if_done(peer))
        return;
    answer_peer_set_reading(peer, true);
}

void answer_peer_answered(struct answer_peer *peer)
{
    assert(peer->in_flight > 0);
    peer->in_flight--;
    if (stream_is_full(peer->stream))
        wait_for_room(peer);
    finish_if_done(peer);
}

void answer_peer_stop(struct answer_peer *peer)
{
    struct answer *a = answer_of(peer);

    if (!peer->opened) {
        answer_peer_free(peer);
        return;
    }
    if (a->options->how == ANSWER_EXEC) {
        if (!peer->child)
            answer_peer_finish(peer, ANSWER_STOPPED);
        return; /* else it is finished with its child */
    }
    if (a->options->once) {
        buf_done(&peer->rest);
        line_reader_done(&peer->lines);
    } else if (peer->rest.len == 0) {
        take_bare(peer);
    }
    finish_if_done(peer);
}

static void on_data(struct stream *s, const uint8_t *data, size_t len, void *arg)
{
    struct answer_peer *peer = arg;
    struct answer *a = answer_of(peer);

    if (a->idle)
        deadlines_arm(a->idle, &peer->idle);
    if (a->options->how == ANSWER_EXEC)
        answer_exec_data(peer, data, len);
    else if (!a->stopping)
        take(peer, data, len);
}

static void on_ended(struct stream *s, void *arg)
{
    struct answer_peer *peer = arg;
    struct answer *a = answer_of(peer);

    peer->ended = true;
    if (!peer->opened) {
        struct err err;

        err_set(&err, ERR_HUNG_UP, -ECONNRESET, "%s", _("they hung up before the handshake was done"));
        refuse(peer, ANSWER_HANDSHAKE, &err);
        answer_peer_free(peer);
    } else if (a->options->how == ANSWER_EXEC) {
        answer_exec_peer_ended(peer);
    } else {
        if (peer->rest.len == 0)
            take_bare(peer);
        finish_if_done(peer);
    }
}

static void on_drained(struct stream *s, void *arg)
{
    answer_peer_go_on(arg);
}

static void on_failed(struct stream *s, int code, const struct err *err, void *arg)
{
    struct answer_peer *peer = arg;

    if (!peer->opened)
        refuse(peer, ANSWER_HANDSHAKE, err);
    answer_peer_break(peer, ANSWER_BROKEN, err);
}

static void begin(struct answer_peer *peer)
{
    struct answer *a = answer_of(peer);
    struct endpoint endpoint;
    struct answer_who who;

    peer->opened = true;
    peer->call = ++a->counts.calls;
    if (a->events->called) {
        answer_peer_who(peer, &who, &endpoint);
        a->events->called(&who, a->arg);
    }
    if (a->idle)
        deadlines_arm(a->idle, &peer->idle);
    if (a->options->how == ANSWER_EXEC)
        answer_exec_call(peer);
}

static void on_opened(struct stream *s, void *arg)
{
    struct answer_peer *peer = arg;

    if (!answer_of(peer)->stopping)
        begin(peer);
}

static const struct stream_events peer_events = {
    .data = on_data,
    .ended = on_ended,
    .drained = on_drained,
    .failed = on_failed,
    .opened = on_opened,
};

/* Who may not call is hung up on before anything is kept for them. */
static bool is_welcome(struct answer_door *door, const struct endpoint *at, const struct stream *s)
{
    struct answer *a = door->answer;
    struct answer_who who = {.scheme = door->addr.scheme, .peer = at, .local = &door->local, .stream = s};

    if (a->stopping)
        return false;
    if (!answer_is_allowed(a, at)) {
        answer_refuse(a, ANSWER_DENIED, &who, NULL);
        return false;
    }
    if (a->options->max_peers && a->counts.peers >= a->options->max_peers) {
        answer_refuse(a, ANSWER_TOO_MANY_PEERS, &who, NULL);
        return false;
    }
    return !(a->options->once && a->options->how == ANSWER_EXEC && a->counts.calls);
}

static pid_t unix_peer_pid(const struct stream *s)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);

    return getsockopt(stream_fd(s), SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 ? cred.pid : 0;
}

static void on_accepted(struct listener *l, struct stream *s, void *arg)
{
    struct answer_door *door = arg;
    struct answer *a = door->answer;
    struct answer_peer *peer;
    struct endpoint at;

    stream_peer(s, &at);
    if (at.sa.sa_family == AF_UNIX && at.len <= offsetof(struct sockaddr_un, sun_path))
        at = (struct endpoint){0};
    /* Who has hung up already (RST) has no address any more, and can't be asked for by --allow. */
    if ((at.sa.sa_family == AF_UNSPEC && door->addr.scheme != ADDR_UNIX) || !is_welcome(door, &at, s)) {
        stream_close(s);
        return;
    }
    peer = xcalloc(1, sizeof(*peer) + at.len);
    peer->door = door;
    peer->address_len = (uint8_t)at.len;
    memcpy(peer->address, &at.un, at.len);
    if (door->addr.scheme == ADDR_UNIX)
        peer->pid = unix_peer_pid(s);
    line_reader_init(&peer->lines, a->options->max_message);
    deadline_init(&peer->quiet);
    deadline_init(&peer->idle);
    list_init(&peer->waiting);
    list_append(&a->peers, &peer->node);
    a->counts.peers++;
    peer->stream = door->tls ? tls_wrap(s, door->tls, NULL) : s;
    stream_set_limits(peer->stream, PEER_LOW_BYTES, PEER_HIGH_BYTES, PEER_LIMIT_BYTES);
    stream_attach(peer->stream, &peer_events, peer);
    if (stream_is_open(peer->stream))
        begin(peer);
}

static void on_refused(struct listener *l, int code, void *arg)
{
    struct answer_door *door = arg;
    struct err err;

    err_set(&err, ERR_OTHER, code, "%s", err_word(code));
    answer_refuse(door->answer, ANSWER_NO_DESCRIPTORS, NULL, &err);
}

static const struct listener_events door_events = {.accepted = on_accepted, .refused = on_refused};

int answer_stream_open(struct answer_door *door, const struct endpoint *at, struct err *err)
{
    int code = listener_new(door->answer->loop, at, &door_events, door, &door->listener, err);

    if (code == 0)
        door->local = *listener_local(door->listener);
    return code;
}

static void on_quiet(struct deadline *d, void *arg)
{
    struct answer_peer *peer = list_entry(d, struct answer_peer, quiet);

    take_bare(peer);
}

static void on_idle(struct deadline *d, void *arg)
{
    answer_peer_finish(list_entry(d, struct answer_peer, idle), ANSWER_IDLE);
}

void answer_stream_init(struct answer *a)
{
    a->quiet = deadlines_new(a->loop, a->options->quiet_ms, on_quiet, a);
    if (a->options->idle_ms)
        a->idle = deadlines_new(a->loop, a->options->idle_ms, on_idle, a);
}

void answer_stream_done(struct answer *a)
{
    deadlines_free(a->quiet);
    deadlines_free(a->idle);
    a->quiet = a->idle = NULL;
}
