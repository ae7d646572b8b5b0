/* SPDX-License-Identifier: ISC */
/* The part of a stream that is the same whatever carries it: the queue of what is to be sent, its water
 * marks, the owner's events, and the ways to end.
 *
 * The queue is a ring of slices, each a piece of a chunk. Copies of small writes go to one chunk that all
 * streams of a loop share, so writing allocates nothing; neighbouring pieces join, so what a peer is sent
 * in one turn is usually one slice and one write(2). A peer that does not read would keep such chunks
 * alive for a few bytes each: once blocked, its rest moves into memory of its own. */
#include "net/stream.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "net/loop_uv.h"
#include "net/stream_ops.h"

#define STREAM_SLICES_MAX 32768
#define STREAM_SLICES_KEEP 64       /* a larger ring is given back when the queue is empty */
#define STREAM_OWN_BYTES (4 * 1024) /* the least that a blocked stream takes for itself */

struct stream_linger {
    struct list node;
    struct stream *stream;
    struct timer *timer;
};

static void at_turn_end(struct turn_end *t)
{
    stream_flush(list_entry(t, struct stream, turn_end));
}

void stream_init(struct stream *s, struct loop *loop, const struct stream_ops *ops)
{
    memset(s, 0, sizeof(*s));
    s->ops = ops;
    s->loop = loop;
    turn_end_init(&s->turn_end, at_turn_end);
    s->slices = s->inline_slices;
    s->slice_cap = STREAM_INLINE_SLICES;
    s->low = STREAM_LOW_BYTES;
    s->high = STREAM_HIGH_BYTES;
    s->limit = STREAM_LIMIT_BYTES;
}

static struct slice *slice_at(const struct stream *s, size_t i)
{
    return &s->slices[(s->slice_head + i) & (size_t)(s->slice_cap - 1)];
}

static void free_ring(struct stream *s)
{
    if (s->slices != s->inline_slices)
        free(s->slices);
    s->slices = s->inline_slices;
    s->slice_cap = STREAM_INLINE_SLICES;
    s->slice_head = 0;
}

void stream_done(struct stream *s)
{
    for (size_t i = 0; i < s->slice_count; i++)
        chunk_unref(slice_at(s, i)->chunk);
    s->slice_count = 0;
    s->queued = 0;
    free_ring(s);
}

void stream_attach(struct stream *s, const struct stream_events *events, void *arg)
{
    assert(events->failed);
    s->events = events;
    s->arg = arg;
    s->ops->set_reading(s);
}

void *stream_arg(const struct stream *s)
{
    return s->arg;
}

struct loop *stream_loop(const struct stream *s)
{
    return s->loop;
}

void stream_set_limits(struct stream *s, size_t low, size_t high, size_t limit)
{
    assert(low < high && high <= limit && limit <= UINT32_MAX);
    s->low = (uint32_t)low;
    s->high = (uint32_t)high;
    s->limit = (uint32_t)limit;
}

size_t stream_queued(const struct stream *s)
{
    return s->queued;
}

size_t stream_unacked(const struct stream *s)
{
    int fd = stream_fd(s), unacked = 0;
    size_t sum = 0;

    for (; s; s = s->ops->lower ? s->ops->lower(s) : NULL)
        sum += s->queued;
    if (fd >= 0 && ioctl(fd, SIOCOUTQ, &unacked) == 0 && unacked > 0)
        sum += (size_t)unacked;
    return sum;
}

bool stream_is_full(const struct stream *s)
{
    return s->full;
}

bool stream_is_open(const struct stream *s)
{
    return !s->opening;
}

static void grow_ring(struct stream *s)
{
    uint16_t cap = (uint16_t)(s->slice_cap * 2);
    struct slice *ring = xreallocarray(NULL, cap, sizeof(*ring));

    for (size_t i = 0; i < s->slice_count; i++)
        ring[i] = *slice_at(s, i);
    free_ring(s);
    s->slices = ring;
    s->slice_cap = cap;
}

/* Can len more bytes be queued? */
static int check_room(const struct stream *s, size_t len)
{
    if (s->failed || s->fin_wanted || s->closing)
        return -EPIPE;
    if (len > s->limit - (s->queued < s->limit ? s->queued : s->limit) || s->slice_count == STREAM_SLICES_MAX)
        return -ENOBUFS;
    return 0;
}

static void note_queued(struct stream *s, size_t len)
{
    s->queued += len;
    if (s->queued >= s->high)
        s->full = true;
    if (!s->blocked)
        loop_at_turn_end(s->loop, &s->turn_end);
}

/* Takes over the caller's reference. */
static void push_slice(struct stream *s, struct chunk *chunk, size_t offset, size_t len)
{
    if (s->slice_count == s->slice_cap)
        grow_ring(s);
    *slice_at(s, s->slice_count++) =
        (struct slice){.chunk = chunk, .offset = (uint32_t)offset, .len = (uint32_t)len};
}

static struct slice *last_slice(const struct stream *s)
{
    return s->slice_count ? slice_at(s, s->slice_count - 1u) : NULL;
}

int stream_write_chunk(struct stream *s, struct chunk *chunk, size_t offset, size_t len)
{
    struct slice *last = last_slice(s);
    int code = check_room(s, len);

    assert(offset + len <= chunk->len);
    if (code < 0 || len == 0)
        return code;
    if (last && last->chunk == chunk && last->offset + last->len == offset)
        last->len += (uint32_t)len;
    else
        push_slice(s, chunk_ref(chunk), offset, len);
    note_queued(s, len);
    return 0;
}

/* A blocked stream keeps what it is given in a chunk that nobody shares. */
static void write_own(struct stream *s, const uint8_t *data, size_t len)
{
    struct slice *last = last_slice(s);
    struct chunk *own = last ? last->chunk : NULL;

    if (own && own->refs == 1 && last->offset + last->len == own->len && own->cap - own->len >= len) {
        memcpy(own->data + own->len, data, len);
        own->len += (uint32_t)len;
        last->len += (uint32_t)len;
        return;
    }
    size_t cap = s->queued < STREAM_OWN_BYTES ? STREAM_OWN_BYTES
                 : s->queued < CHUNK_BYTES    ? s->queued
                                              : CHUNK_BYTES;
    own = chunk_new(len > cap ? len : cap);
    memcpy(own->data, data, len);
    own->len = (uint32_t)len;
    push_slice(s, own, 0, len);
}

int stream_write(struct stream *s, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    int code = check_room(s, len);

    if (code < 0 || len == 0)
        return code;
    while (len) {
        size_t part = len < CHUNK_LIMIT_BYTES ? len : CHUNK_LIMIT_BYTES;

        if (s->blocked) {
            write_own(s, bytes, part);
        } else {
            struct chunk **shared = loop_chunk(s->loop);
            size_t offset = chunk_append(shared, bytes, part);
            struct slice *last = last_slice(s);

            if (last && last->chunk == *shared && last->offset + last->len == offset)
                last->len += (uint32_t)part;
            else
                push_slice(s, chunk_ref(*shared), offset, part);
        }
        note_queued(s, part);
        bytes += part;
        len -= part;
    }
    return 0;
}

int stream_queue_iov(const struct stream *s, struct iovec *iov, int max)
{
    int count = s->slice_count < max ? s->slice_count : max;

    for (int i = 0; i < count; i++) {
        const struct slice *slice = slice_at(s, (size_t)i);

        iov[i].iov_base = slice->chunk->data + slice->offset;
        iov[i].iov_len = slice->len;
    }
    return count;
}

void stream_queue_consume(struct stream *s, size_t len)
{
    assert(len <= s->queued);
    s->queued -= len;
    while (len) {
        struct slice *first = slice_at(s, 0);

        if (len < first->len) {
            first->offset += (uint32_t)len;
            first->len -= (uint32_t)len;
            break;
        }
        len -= first->len;
        chunk_unref(first->chunk);
        s->slice_head = (uint16_t)((s->slice_head + 1) & (s->slice_cap - 1));
        s->slice_count--;
    }
    if (s->slice_count == 0 && s->slice_cap > STREAM_SLICES_KEEP)
        free_ring(s);
    if (s->full && s->queued <= s->low) {
        s->full = false;
        s->drained = true;
    }
}

void stream_queue_compact(struct stream *s)
{
    struct chunk *own;
    size_t kept = 0;

    assert(!s->blocked);
    for (size_t i = 0; i < s->slice_count; i++)
        kept += slice_at(s, i)->chunk->cap;
    if (s->queued == 0 || kept / 4 < s->queued)
        return;
    own = chunk_new(s->queued > STREAM_OWN_BYTES ? s->queued : STREAM_OWN_BYTES);
    for (size_t i = 0; i < s->slice_count; i++) {
        struct slice *slice = slice_at(s, i);

        memcpy(own->data + own->len, slice->chunk->data + slice->offset, slice->len);
        own->len += slice->len;
        chunk_unref(slice->chunk);
    }
    s->slice_head = 0;
    s->slice_count = 0;
    push_slice(s, own, 0, own->len);
}

void stream_flush(struct stream *s)
{
    int code = 0;

    if (s->failed || s->closing || s->blocked || s->opening)
        return;
    if (s->queued)
        code = s->ops->flush(s);
    if (code == 0 && s->queued == 0 && !s->blocked && s->fin_wanted && !s->fin_sent) {
        s->fin_sent = true;
        code = s->ops->shutdown(s);
    }
    if (code < 0) {
        stream_fail(s, code, NULL);
        return;
    }
    if (s->drained) {
        s->drained = false;
        if (s->events && s->events->drained)
            s->events->drained(s, s->arg);
    }
    if (!s->closing && s->linger && s->fin_sent && s->ended)
        stream_close(s);
}

void stream_deliver(struct stream *s, const uint8_t *data, size_t len)
{
    if (!s->closing && !s->failed && s->events && s->events->data)
        s->events->data(s, data, len, s->arg);
}

void stream_deliver_end(struct stream *s)
{
    if (s->closing || s->failed || s->ended)
        return;
    s->ended = true;
    if (s->events && s->events->ended)
        s->events->ended(s, s->arg);
}

void stream_deliver_open(struct stream *s)
{
    if (s->closing || s->failed)
        return;
    s->opening = false;
    if (s->queued || s->fin_wanted)
        loop_at_turn_end(s->loop, &s->turn_end);
    if (s->events && s->events->opened)
        s->events->opened(s, s->arg);
}

void stream_fail(struct stream *s, int code, const struct err *err)
{
    struct err words;

    assert(code < 0);
    if (s->closing || s->failed)
        return;
    s->failed = true;
    turn_end_cancel(&s->turn_end);
    if (!err) {
        err_set(&words, err_kind_of(code), code, "%s", err_word(code));
        err = &words;
    }
    if (s->events)
        s->events->failed(s, code, err, s->arg);
}

void stream_pause(struct stream *s)
{
    s->paused = true;
    if (!s->closing && !s->failed)
        s->ops->set_reading(s);
}

void stream_resume(struct stream *s)
{
    s->paused = false;
    if (!s->closing && !s->failed)
        s->ops->set_reading(s);
}

void stream_shutdown(struct stream *s)
{
    if (s->failed || s->closing)
        return;
    s->fin_wanted = true;
    if (!s->blocked)
        loop_at_turn_end(s->loop, &s->turn_end);
}

static void end(struct stream *s, bool with_reset)
{
    assert(!s->closing);
    s->closing = true;
    turn_end_cancel(&s->turn_end);
    if (s->linger) {
        list_remove(&s->linger->node);
        timer_free(s->linger->timer);
        free(s->linger);
        s->linger = NULL;
    }
    s->ops->close(s, with_reset);
}

void stream_close(struct stream *s)
{
    if (s)
        end(s, false);
}

void stream_abort(struct stream *s)
{
    end(s, true);
}

/* What a stream does when its owner has let go with stream_finish. */
static void linger_ended(struct stream *s, void *arg)
{
    if (s->fin_sent)
        stream_close(s);
}

static void linger_failed(struct stream *s, int code, const struct err *err, void *arg)
{
    stream_close(s);
}

static void linger_expired(void *arg)
{
    stream_close(arg);
}

/* What still comes is read and thrown away, so that closing does not answer it with RST. */
static const struct stream_events linger_events = {
    .ended = linger_ended,
    .failed = linger_failed,
};

void stream_finish(struct stream *s, uint64_t linger_ms)
{
    if (s->failed) {
        stream_close(s);
        return;
    }
    s->linger = xcalloc(1, sizeof(*s->linger));
    s->linger->stream = s;
    s->linger->timer = timer_new(s->loop, linger_expired, s);
    list_init(&s->linger->node);
    list_append(loop_lingering(s->loop), &s->linger->node);
    timer_start(s->linger->timer, linger_ms);
    s->paused = false;
    stream_attach(s, &linger_events, NULL);
    stream_shutdown(s);
}

void stream_close_lingering(struct list *node)
{
    stream_close(list_entry(node, struct stream_linger, node)->stream);
}

int stream_fd(const struct stream *s)
{
    return s->ops->fd(s);
}

void stream_peer(const struct stream *s, struct endpoint *ret)
{
    s->ops->peer(s, ret);
}

void stream_local(const struct stream *s, struct endpoint *ret)
{
    s->ops->local(s, ret);
}
