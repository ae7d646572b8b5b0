/* SPDX-License-Identifier: ISC */
/* Two streams joined in memory. What one end flushes goes into the other's inbox and is handed over at the
 * end of the next turn, never inside the writer's call, just as a kernel would do it. */
#include "net/mem.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/xmalloc.h"
#include "net/loop_uv.h"
#include "net/stream_ops.h"

struct mem {
    struct stream base;
    struct mem *other; /* NULL once the other end is closed */
    struct turn_end delivery;
    struct buf inbox;
    bool fin_received;
    size_t window, max_read;
};

static struct mem *mem_of(const struct stream *s)
{
    return (struct mem *)s;
}

static void unblock(struct mem *writer)
{
    if (writer && writer->base.blocked && !writer->base.closing) {
        writer->base.blocked = false;
        loop_at_turn_end(writer->base.loop, &writer->base.turn_end);
    }
}

static void deliver(struct turn_end *t)
{
    struct mem *m = list_entry(t, struct mem, delivery);

    if (m->base.closing || m->base.failed || m->base.paused || !m->base.events)
        return;
    if (m->inbox.len) {
        size_t len = m->max_read && m->inbox.len > m->max_read ? m->max_read : m->inbox.len;
        uint8_t *data = buf_head(&m->inbox);
        struct buf taken = m->inbox;

        /* The owner may close the stream while it reads: the bytes are taken out first. */
        if (len == m->inbox.len) {
            m->inbox = (struct buf){0};
        } else {
            taken = (struct buf){0};
            buf_append(&taken, data, len);
            data = taken.data;
            buf_consume(&m->inbox, len);
        }
        stream_deliver(&m->base, data, len);
        buf_done(&taken);
        if (m->base.closing)
            return;
        unblock(m->other);
        if (m->inbox.len || m->fin_received)
            loop_at_turn_end(m->base.loop, &m->delivery);
        return;
    }
    if (m->fin_received)
        stream_deliver_end(&m->base);
    else if (!m->other)
        stream_fail(&m->base, -ECONNRESET, NULL);
}

static int flush(struct stream *s)
{
    struct mem *m = mem_of(s);
    struct iovec iov;

    while (s->queued) {
        if (!m->other)
            return -EPIPE;
        stream_queue_iov(s, &iov, 1);
        if (m->window) {
            size_t room = m->window > m->other->inbox.len ? m->window - m->other->inbox.len : 0;

            if (room == 0) {
                s->blocked = true;
                return 0;
            }
            if (iov.iov_len > room)
                iov.iov_len = room;
        }
        buf_append(&m->other->inbox, iov.iov_base, iov.iov_len);
        stream_queue_consume(s, iov.iov_len);
        loop_at_turn_end(s->loop, &m->other->delivery);
    }
    return 0;
}

static void set_reading(struct stream *s)
{
    struct mem *m = mem_of(s);

    if (!s->paused && (m->inbox.len || m->fin_received || !m->other))
        loop_at_turn_end(s->loop, &m->delivery);
}

static int half_close(struct stream *s)
{
    struct mem *m = mem_of(s);

    if (m->other) {
        m->other->fin_received = true;
        loop_at_turn_end(s->loop, &m->other->delivery);
    }
    return 0;
}

static void close_mem(struct stream *s, bool with_reset)
{
    struct mem *m = mem_of(s);

    turn_end_cancel(&m->delivery);
    if (m->other) {
        struct mem *other = m->other;

        other->other = NULL;
        if (with_reset)
            buf_done(&other->inbox);
        else
            other->fin_received = true;
        loop_at_turn_end(s->loop, &other->delivery);
        if (other->base.blocked) {
            other->base.blocked = false;
            loop_at_turn_end(s->loop, &other->base.turn_end);
        }
    }
    buf_done(&m->inbox);
    stream_done(s);
    loop_free_later(s->loop, m);
}

static int no_fd(const struct stream *s)
{
    return -1;
}

static void no_endpoint(const struct stream *s, struct endpoint *ret)
{
    *ret = (struct endpoint){0};
}

static const struct stream_ops mem_ops = {
    .flush = flush,
    .set_reading = set_reading,
    .shutdown = half_close,
    .close = close_mem,
    .fd = no_fd,
    .peer = no_endpoint,
    .local = no_endpoint,
};

void mem_pair(struct loop *loop, size_t window, size_t max_read, struct stream *ret[2])
{
    struct mem *ends[2];

    for (int i = 0; i < 2; i++) {
        ends[i] = xcalloc(1, sizeof(*ends[i]));
        stream_init(&ends[i]->base, loop, &mem_ops);
        turn_end_init(&ends[i]->delivery, deliver);
        ends[i]->window = window;
        ends[i]->max_read = max_read;
        ret[i] = &ends[i]->base;
    }
    ends[0]->other = ends[1];
    ends[1]->other = ends[0];
}

void mem_cut(struct stream *s, int code)
{
    struct mem *m = mem_of(s);
    struct mem *other = m->other;

    assert(s->ops == &mem_ops && code < 0);
    if (other) {
        other->other = NULL;
        m->other = NULL;
        buf_done(&other->inbox);
    }
    buf_done(&m->inbox);
    stream_fail(s, code, NULL);
    if (other)
        stream_fail(&other->base, code, NULL);
}
