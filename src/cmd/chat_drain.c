/* SPDX-License-Identifier: ISC */
#include "cmd/chat_drain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/list.h"
#include "base/xmalloc.h"
#include "net/addr.h"

/* A peer to whom something was said in this run. */
struct spoken {
    struct list node;
    struct chat_peer *peer;
    size_t failed;  /* messages that will not be sent any more */
    bool was_tried; /* and it failed: what waits goes on waiting */
    struct err why; /* the last failure; kind 0: none */
};

struct chat_drain {
    struct chat_run *run;
    struct list spoken;
    bool has_begun, is_over;
    struct timer *patience; /* --timeout */
    struct timer *icmp;     /* what a datagram's port says may still be on its way */
    struct turn_end look;
};

static struct spoken *find(struct chat_drain *d, struct chat_peer *p)
{
    list_for_each (node, &d->spoken) {
        struct spoken *s = list_entry(node, struct spoken, node);

        if (s->peer == p)
            return s;
    }
    return NULL;
}

static void look_later(struct chat_drain *d)
{
    if (d->has_begun && !d->is_over)
        loop_at_turn_end(d->run->loop, &d->look);
}

/* One line for all that did not arrive. */
static void end_with(struct chat_drain *d, const struct spoken *s)
{
    size_t waiting = chat_peer_waiting(s->peer), lost = chat_run_lost(d->run, s->peer);
    const char *name = chat_peer_name(s->peer);
    const char *why = s->why.kind ? chat_run_reason(s->peer, s->why.text) : _("the time was up (--timeout)");
    enum err_kind kind = s->why.kind ? s->why.kind : ERR_TIMEOUT;
    struct err err;

    if (waiting == 0)
        err_set(&err, s->why.kind ? s->why.kind : ERR_OTHER, -EIO,
            ngettext("%s: %zu message was not delivered: %s", "%s: %zu messages were not delivered: %s",
                s->failed),
            name, s->failed, why);
    else if (lost == 0)
        err_set(&err, kind, -EIO,
            ngettext("%s: %zu message was not delivered and waits in the outbox: %s",
                "%s: %zu messages were not delivered and wait in the outbox: %s", waiting),
            name, waiting, why);
    else if (lost < waiting)
        err_set(&err, kind, -EIO,
            ngettext("%s: %zu messages were not delivered; %zu of them could not be kept and is lost: %s",
                "%s: %zu messages were not delivered; %zu of them could not be kept and are lost: %s", lost),
            name, waiting, lost, why);
    else
        err_set(&err, kind, -EIO,
            ngettext("%s: %zu message was not delivered and is lost: %s",
                "%s: %zu messages were not delivered and are lost: %s", waiting),
            name, waiting, why);
    chat_run_end(d->run, &err);
}

static void finish(struct chat_drain *d)
{
    d->is_over = true;
    timer_stop(d->patience);
    timer_stop(d->icmp);
    list_for_each (node, &d->spoken) {
        struct spoken *s = list_entry(node, struct spoken, node);

        if (s->failed || chat_peer_waiting(s->peer)) {
            end_with(d, s);
            return;
        }
    }
    chat_run_end(d->run, NULL);
}

/* Is there anything that has not been decided? */
static bool is_under_way(const struct chat_drain *d)
{
    list_for_each (node, &d->spoken) {
        const struct spoken *s = list_entry(node, struct spoken, node);

        if (chat_peer_waiting(s->peer) && !s->was_tried)
            return true;
    }
    return false;
}

static bool has_datagrams(const struct chat_drain *d)
{
    list_for_each (node, &d->spoken) {
        const struct spoken *s = list_entry(node, struct spoken, node);

        if (addr_is_datagram(chat_peer_addr(s->peer)->scheme) && !s->was_tried)
            return true;
    }
    return false;
}

static void look(struct turn_end *t)
{
    struct chat_drain *d = list_entry(t, struct chat_drain, look);

    if (d->is_over)
        return;
    if (is_under_way(d))
        timer_stop(d->icmp);
    else if (!has_datagrams(d))
        finish(d);
    else if (!timer_is_running(d->icmp))
        timer_start(d->icmp, CHAT_PROBE_MS);
}

static void on_time(void *arg)
{
    finish(arg);
}

struct chat_drain *chat_drain_new(struct chat_run *run)
{
    struct chat_drain *d = xcalloc(1, sizeof(*d));

    d->run = run;
    list_init(&d->spoken);
    d->patience = timer_new(run->loop, on_time, d);
    d->icmp = timer_new(run->loop, on_time, d);
    turn_end_init(&d->look, look);
    return d;
}

void chat_drain_gone(struct chat_drain *d, struct chat_peer *p)
{
    struct spoken *s = find(d, p);

    if (!s)
        return;
    list_remove(&s->node);
    free(s);
    look_later(d);
}

void chat_drain_free(struct chat_drain *d)
{
    if (!d)
        return;
    list_for_each_safe (node, after, &d->spoken)
        free(list_entry(node, struct spoken, node));
    turn_end_cancel(&d->look);
    timer_free(d->patience);
    timer_free(d->icmp);
    free(d);
}

void chat_drain_message(struct chat_drain *d, struct chat_peer *p, const struct chat_message *m)
{
    struct spoken *s;

    if (m->direction != STORE_OUT || m->is_old)
        return;
    s = find(d, p);
    if (!s) {
        s = xcalloc(1, sizeof(*s));
        s->peer = p;
        list_append(&d->spoken, &s->node);
    }
    /* While it pauses after a failed try, one more message changes nothing. */
    s->was_tried = chat_peer_line(p) == CHAT_LINE_WAITING;
}

void chat_drain_changed(struct chat_drain *d, struct chat_peer *p, const struct chat_message *m)
{
    struct spoken *s = find(d, p);

    if (!s)
        return;
    if (m->state == STORE_FAILED && !m->is_old) {
        s->failed++;
        if (!s->why.kind)
            err_set(&s->why, ERR_OTHER, -EIO, "%s", *m->note ? m->note : _("it could not be sent"));
    }
    look_later(d);
}

void chat_drain_line(struct chat_drain *d, struct chat_peer *p, enum chat_line line, const struct err *err)
{
    struct spoken *s = find(d, p);

    if (!s)
        return;
    /* Idle is no failure: if something still waits, a call follows. */
    s->was_tried = line == CHAT_LINE_WAITING;
    if (err)
        s->why = *err;
    else if (line == CHAT_LINE_IDLE)
        err_set(&s->why, ERR_HUNG_UP, -EPIPE, _("they hung up"));
    look_later(d);
}

void chat_drain_begin(struct chat_drain *d)
{
    int64_t timeout_ms = d->run->values->timeout_ms;

    if (d->has_begun)
        return;
    d->has_begun = true;
    if (timeout_ms)
        timer_start(d->patience, (uint64_t)timeout_ms);
    look_later(d);
}

bool chat_drain_has_begun(const struct chat_drain *d)
{
    return d->has_begun;
}
