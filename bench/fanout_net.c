/* SPDX-License-Identifier: ISC */
/* Fan-out through landline's own net layer: what any peer says in whole lines goes to all others. This is
 * what a hub's rooms stand on, with nothing of a hub: it is there to be compared with
 * peers/epoll_fanout.c, which does the same with bare system calls.
 *
 * What a read brings is put into the room's chunk once and queued for every member; the stream joins and
 * sends it at the turn's end.
 *
 * fanout_net PORT */
#include "common.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/xmalloc.h"
#include "net/chunk.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/stream.h"

#define REST_BYTES 65536 /* the longest line */

struct room {
    struct loop *loop;
    struct list members;
    struct chunk *chunk;
};

struct member {
    struct room *room;
    struct list node;
    struct stream *stream;
    char *rest; /* a line whose end has not come */
    size_t rest_bytes;
};

static void member_free(struct member *m)
{
    list_remove(&m->node);
    stream_close(m->stream);
    free(m->rest);
    free(m);
}

static void tell_others(struct member *from, const void *data, size_t len)
{
    struct room *room = from->room;
    size_t offset = chunk_append(&room->chunk, data, len);

    list_for_each_safe (node, after, &room->members) {
        struct member *m = list_entry(node, struct member, node);

        if (m != from && stream_write_chunk(m->stream, room->chunk, offset, len) < 0)
            member_free(m); /* too slow: its queue is at its limit */
    }
}

static void on_data(struct stream *s, const uint8_t *data, size_t len, void *arg)
{
    struct member *m = arg;
    const uint8_t *last = memrchr(data, '\n', len);
    size_t whole = last ? (size_t)(last - data) + 1 : 0;

    if (whole > 0 && m->rest_bytes > 0) {
        const uint8_t *first = memchr(data, '\n', len);
        size_t part = (size_t)(first - data) + 1;

        if (m->rest_bytes + part > REST_BYTES) {
            member_free(m);
            return;
        }
        memcpy(m->rest + m->rest_bytes, data, part);
        tell_others(m, m->rest, m->rest_bytes + part);
        m->rest_bytes = 0;
        data += part;
        len -= part;
        whole -= part;
    }
    if (whole > 0)
        tell_others(m, data, whole);
    if (len == whole)
        return;
    if (m->rest_bytes + len - whole > REST_BYTES) {
        member_free(m);
        return;
    }
    if (!m->rest)
        m->rest = xmalloc(REST_BYTES);
    memcpy(m->rest + m->rest_bytes, data + whole, len - whole);
    m->rest_bytes += len - whole;
}

static void on_ended(struct stream *s, void *arg)
{
    member_free(arg);
}

static void on_failed(struct stream *s, int code, const struct err *err, void *arg)
{
    member_free(arg);
}

static const struct stream_events member_events = {.data = on_data, .ended = on_ended, .failed = on_failed};

static void on_accepted(struct listener *l, struct stream *s, void *arg)
{
    struct room *room = arg;
    struct member *m = xcalloc(1, sizeof(*m));

    m->room = room;
    m->stream = s;
    list_append(&room->members, &m->node);
    stream_attach(s, &member_events, m);
}

static const struct listener_events listener_events = {.accepted = on_accepted};

int main(int argc, char **argv)
{
    struct room room = {0};
    struct listener *listener;
    struct endpoint at;
    struct err err;

    raise_nofile();
    list_init(&room.members);
    room.loop = loop_new();
    if (endpoint_from_numeric(&at, "127.0.0.1", (uint16_t)(argc > 1 ? atoi(argv[1]) : 0)) < 0 ||
        listener_new(room.loop, &at, &listener_events, &room, &listener, &err) < 0)
        die("listen");
    say_ready();
    loop_run(room.loop);
    return 0;
}
