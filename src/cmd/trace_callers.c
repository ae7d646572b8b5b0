/* SPDX-License-Identifier: ISC */
#include "cmd/trace_callers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "cmd/cmd.h"
#include "cmd/trace_wire.h"
#include "net/endpoint.h"
#include "net/stream.h"
#include "net/tcp_facts.h"

#define CLOSING_MS 500 /* in which both sides' FINs come, and what answers them */

struct caller {
    struct endpoint local, peer;
    struct deadline closed;
};

struct trace_callers {
    struct loop *loop;
    struct trace_wire *wire; /* NULL: what is said is not captured */
    struct deadlines *closing;
    struct caller callers[TRACE_CALLERS_MAX];
    /* drawn <= closed <= count */
    size_t count, closed, drawn;
    bool is_limit_told;
    struct caller heard[TRACE_CALLERS_MAX]; /* by datagrams, not yet among the callers */
    size_t heard_count;
    pid_t child; /* that draws; 0: none */
    int child_ended;
    struct watch *waiting;
};

static void draw_next(struct trace_callers *t);

static void wait_for_child(struct trace_callers *t)
{
    if (!t->child)
        return;
    watch_free(t->waiting);
    t->waiting = NULL;
    close(t->child_ended);
    while (waitpid(t->child, NULL, 0) < 0 && errno == EINTR)
        ;
    t->child = 0;
}

static void on_child_ended(int events, void *arg)
{
    struct trace_callers *t = arg;

    wait_for_child(t);
    draw_next(t);
}

static void begin(struct trace_callers *t)
{
    const struct caller *c = &t->callers[t->drawn++];
    struct err err;
    int code;

    fputc('\n', stderr);
    trace_wire_set_ends(t->wire, &c->local, &c->peer);
    code = trace_wire_draw_in_child(t->wire, &t->child, &t->child_ended);
    if (code == 0)
        return;
    t->child = 0;
    err_set(&err, ERR_OTHER, code, _("a conversation could not be drawn: %s"), err_word(code));
    cmd_fail(&err);
}

static void draw_next(struct trace_callers *t)
{
    while (!t->child && t->drawn < t->closed) {
        trace_wire_catch_up(t->wire);
        begin(t);
        if (t->child && watch_new(t->loop, t->child_ended, on_child_ended, t, &t->waiting) < 0)
            wait_for_child(t);
        else if (t->child)
            watch_start(t->waiting, WATCH_READ);
    }
    if (t->drawn == TRACE_CALLERS_MAX)
        trace_wire_stop(t->wire);
}

static void on_closed(struct deadline *d, void *arg)
{
    struct trace_callers *t = arg;

    t->closed++;
    draw_next(t);
}

int trace_callers_new(struct loop *loop, const struct addr *addresses, size_t count,
    struct trace_callers **ret, struct err *err)
{
    struct trace_callers *t = xcalloc(1, sizeof(*t));
    int code = trace_wire_new(loop, addresses, count, &t->wire, err);

    if (code < 0 && err->kind == ERR_PERMISSION) {
        fprintf(stderr, _("no packets are shown: %s\n"), err->text);
        code = 0;
    }
    if (code < 0) {
        free(t);
        return code;
    }
    t->loop = loop;
    t->closing = deadlines_new(loop, CLOSING_MS, on_closed, t);
    *ret = t;
    return 0;
}

/* Whether one more is to be shown. */
static bool has_room(struct trace_callers *t)
{
    if (t->count + t->heard_count < TRACE_CALLERS_MAX)
        return true;
    if (!t->is_limit_told)
        fprintf(
            stderr, _("landline: --trace shows %d conversations, and there are more\n"), TRACE_CALLERS_MAX);
    t->is_limit_told = true;
    return false;
}

static void tell_facts(const struct stream *stream, const struct endpoint *local, const struct endpoint *peer)
{
    char name[ENDPOINT_TEXT_BYTES];
    struct str round_trip = STR_INIT;
    struct tcp_facts facts;

    if (!stream || tcp_facts_read(stream_fd(stream), local, peer, &facts) < 0)
        return;
    clock_append_duration(&round_trip, (int64_t)facts.rtt_us * 1000);
    fprintf(stderr,
        _("%s: %s, round trip %s; bytes sent: %" PRIu64 ", received: %" PRIu64
          "; segments sent again: %" PRIu32 "\n"),
        endpoint_format(peer, name), tcp_state_name(facts.state), round_trip.data,
        facts.bytes_sent - facts.bytes_retransmitted, tcp_facts_received(&facts), facts.retransmits);
    str_done(&round_trip);
}

void trace_callers_ended(struct trace_callers *t, const struct stream *stream, const struct endpoint *local,
    const struct endpoint *peer)
{
    struct caller *c = &t->callers[t->count];
    struct endpoint own = {0};

    if ((peer->sa.sa_family != AF_INET && peer->sa.sa_family != AF_INET6) || !has_room(t))
        return;
    t->count++;
    if (stream)
        stream_local(stream, &own);
    c->local = own.sa.sa_family == AF_UNSPEC ? *local : own;
    c->peer = *peer;
    if (t->wire) {
        deadline_init(&c->closed);
        deadlines_arm(t->closing, &c->closed);
    } else
        tell_facts(stream, &c->local, peer);
}

void trace_callers_heard(struct trace_callers *t, const struct endpoint *local, const struct endpoint *peer)
{
    if (!t->wire || (peer->sa.sa_family != AF_INET && peer->sa.sa_family != AF_INET6))
        return;
    for (size_t i = 0; i < t->heard_count; i++)
        if (endpoint_is_equal(&t->heard[i].peer, peer) && endpoint_is_equal(&t->heard[i].local, local))
            return;
    if (has_room(t))
        t->heard[t->heard_count++] = (struct caller){.local = *local, .peer = *peer};
}

void trace_callers_finish(struct trace_callers *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->heard_count; i++)
        t->callers[t->count++] = t->heard[i];
    wait_for_child(t);
    trace_wire_stop(t->wire);
    if (t->wire && t->drawn < t->count)
        trace_wire_settle(t->wire);
    while (t->wire && t->drawn < t->count) {
        begin(t);
        wait_for_child(t);
    }
    deadlines_free(t->closing);
    t->closing = NULL;
}

void trace_callers_free(struct trace_callers *t)
{
    if (!t)
        return;
    trace_wire_free(t->wire);
    free(t);
}
