/* SPDX-License-Identifier: ISC */
/* The queue of a stream, its water marks and its ways to end, over memory pairs and real sockets. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/mem.h"
#include "net/stream.h"
#include "net/tcp.h"

struct end {
    struct stream *s;
    struct str got;
    int datas, endeds, draineds, faileds, code;
    bool close_on_data, close_on_end, pause_on_data;
};

static void on_data(struct stream *s, const uint8_t *data, size_t len, void *arg)
{
    struct end *e = arg;

    str_append(&e->got, data, len);
    e->datas++;
    if (e->pause_on_data)
        stream_pause(s);
    if (e->close_on_data) {
        e->s = NULL;
        stream_close(s);
    }
}

static void on_ended(struct stream *s, void *arg)
{
    struct end *e = arg;

    e->endeds++;
    if (e->close_on_end) {
        e->s = NULL;
        stream_close(s);
    }
}

static void on_drained(struct stream *s, void *arg)
{
    ((struct end *)arg)->draineds++;
}

static void on_failed(struct stream *s, int code, const struct err *err, void *arg)
{
    struct end *e = arg;

    e->faileds++;
    e->code = code;
    assert_true(err->text[0] != '\0');
    e->s = NULL;
    stream_close(s);
}

static const struct stream_events events = {
    .data = on_data, .ended = on_ended, .drained = on_drained, .failed = on_failed};

static void end_init(struct end *e, struct stream *s)
{
    memset(e, 0, sizeof(*e));
    str_init(&e->got);
    e->s = s;
    stream_attach(s, &events, e);
}

static void end_done(struct end *e)
{
    stream_close(e->s);
    str_done(&e->got);
}

static void pair(struct loop *loop, size_t window, size_t max_read, struct end ends[2])
{
    struct stream *s[2];

    mem_pair(loop, window, max_read, s);
    end_init(&ends[0], s[0]);
    end_init(&ends[1], s[1]);
}

static void what_is_written_in_a_turn_arrives_as_one(void **state)
{
    struct loop *loop = loop_new();
    struct end ends[2];

    pair(loop, 0, 0, ends);
    for (int i = 0; i < 100; i++)
        assert_int_equal(stream_write(ends[0].s, "hello\n", 6), 0);
    assert_int_equal(stream_queued(ends[0].s), 600);
    loop_run(loop);
    assert_int_equal(ends[1].got.len, 600);
    assert_int_equal(ends[1].datas, 1);
    assert_int_equal(stream_queued(ends[0].s), 0);
    end_done(&ends[0]);
    end_done(&ends[1]);
    loop_free(loop);
}

static void a_byte_at_a_time_is_still_all_of_it(void **state)
{
    struct loop *loop = loop_new();
    struct end ends[2];
    char text[5000];

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)(i * 7);
    pair(loop, 3, 1, ends);
    assert_int_equal(stream_write(ends[0].s, text, sizeof(text)), 0);
    stream_shutdown(ends[0].s);
    assert_int_equal(stream_write(ends[0].s, "late", 4), -EPIPE);
    loop_run(loop);
    assert_int_equal(ends[1].got.len, sizeof(text));
    assert_memory_equal(ends[1].got.data, text, sizeof(text));
    assert_int_equal(ends[1].endeds, 1);
    end_done(&ends[0]);
    end_done(&ends[1]);
    loop_free(loop);
}

static void a_chunk_goes_to_many_without_copies(void **state)
{
    struct loop *loop = loop_new();
    struct chunk *chunk = NULL;
    struct end ends[8][2];
    size_t offset;

    for (int i = 0; i < 8; i++)
        pair(loop, 0, 0, ends[i]);
    for (int m = 0; m < 3; m++) {
        offset = chunk_append(&chunk, "message\n", 8);
        for (int i = 0; i < 8; i++)
            assert_int_equal(stream_write_chunk(ends[i][0].s, chunk, offset, 8), 0);
    }
    assert_int_equal(chunk->refs, 9); /* three pieces joined into one for each */
    loop_run(loop);
    assert_int_equal(chunk->refs, 1);
    chunk_unref(chunk);
    for (int i = 0; i < 8; i++) {
        assert_string_equal(ends[i][1].got.data, "message\nmessage\nmessage\n");
        end_done(&ends[i][0]);
        end_done(&ends[i][1]);
    }
    loop_free(loop);
}

static void water_marks_and_the_limit_hold(void **state)
{
    struct loop *loop = loop_new();
    struct end ends[2];
    char block[1000] = {0};
    int written = 0;

    pair(loop, 100, 0, ends);
    stream_set_limits(ends[0].s, 2000, 5000, 10000);
    stream_pause(ends[1].s);
    while (stream_write(ends[0].s, block, sizeof(block)) == 0)
        written++;
    assert_int_equal(written, 10);
    assert_true(stream_is_full(ends[0].s));
    loop_run(loop); /* nothing can move: the reader pauses and the window is 100 */
    assert_int_equal(stream_queued(ends[0].s), 9900);
    assert_int_equal(ends[0].draineds, 0);
    stream_resume(ends[1].s);
    loop_run(loop);
    assert_int_equal(ends[0].draineds, 1);
    assert_false(stream_is_full(ends[0].s));
    assert_int_equal(ends[1].got.len, 10000);
    end_done(&ends[0]);
    end_done(&ends[1]);
    loop_free(loop);
}

/* A slow reader must not keep 64 KiB alive for every few bytes it is owed. */
static void a_blocked_stream_lets_go_of_shared_chunks(void **state)
{
    struct loop *loop = loop_new();
    struct end ends[2];
    struct chunk *chunk = NULL;
    char block[20000];

    memset(block, 'x', sizeof(block));
    pair(loop, 10, 0, ends);
    stream_pause(ends[1].s);
    stream_write(ends[0].s, "0123456789", 10);
    loop_run(loop);
    stream_write(ends[0].s, "a", 1);
    loop_run(loop); /* blocked now */
    for (int i = 0; i < 50; i++) {
        assert_int_equal(stream_write(ends[0].s, "b", 1), 0);
        chunk_append(&chunk, block, sizeof(block));
    }
    stream_resume(ends[1].s);
    loop_run(loop);
    assert_int_equal(ends[1].got.len, 61);
    assert_int_equal(strspn(ends[1].got.data + 11, "b"), 50);
    chunk_unref(chunk);
    end_done(&ends[0]);
    end_done(&ends[1]);
    loop_free(loop);
}

static void stop_soon(void *arg)
{
    loop_stop(arg);
}

static void unacknowledged_is_what_the_peer_has_not_taken(void **state)
{
    struct loop *loop = loop_new();
    struct timer *soon = timer_new(loop, stop_soon, loop);
    struct end end;
    struct stream *s;
    char text[8];
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(stream_from_fd(loop, fds[0], &s), 0);
    end_init(&end, s);
    assert_int_equal(stream_unacked(s), 0);
    stream_write(s, "hello", 5);
    assert_int_equal(stream_unacked(s), 5); /* in our own queue */
    timer_start(soon, 1);
    loop_run(loop);
    assert_int_equal(stream_queued(s), 0);
    assert_true(stream_unacked(s) >= 5); /* in the kernel, unread */
    assert_int_equal(read(fds[1], text, sizeof(text)), 5);
    assert_int_equal(stream_unacked(s), 0);
    stream_close(s);
    timer_free(soon);
    str_done(&end.got);
    close(fds[1]);
    loop_free(loop);
}

static void an_owner_may_close_in_any_event(void **state)
{
    struct loop *loop = loop_new();
    struct end ends[2];

    pair(loop, 0, 2, ends);
    ends[1].close_on_data = true;
    stream_write(ends[0].s, "abcdef", 6);
    loop_run(loop);
    assert_string_equal(ends[1].got.data, "ab");
    assert_int_equal(ends[0].endeds, 1);
    end_done(&ends[0]);
    end_done(&ends[1]);
    loop_free(loop);
}

static void a_cut_line_fails_at_both_ends_once(void **state)
{
    struct loop *loop = loop_new();
    struct end ends[2];

    pair(loop, 0, 0, ends);
    stream_write(ends[0].s, "lost", 4);
    mem_cut(ends[0].s, -ETIMEDOUT);
    loop_run(loop);
    assert_int_equal(ends[0].faileds, 1);
    assert_int_equal(ends[1].faileds, 1);
    assert_int_equal(ends[1].code, -ETIMEDOUT);
    assert_int_equal(ends[1].got.len, 0);
    end_done(&ends[0]);
    end_done(&ends[1]);
    loop_free(loop);
}

/* The rest over real sockets. */
struct server {
    struct listener *l;
    struct end peer;
    int accepted;
};

static void on_accepted(struct listener *l, struct stream *s, void *arg)
{
    struct server *server = arg;

    server->accepted++;
    end_init(&server->peer, s);
    listener_free(server->l); /* one is enough; and freeing it here must be safe */
    server->l = NULL;
}

static const struct listener_events listener_events = {.accepted = on_accepted};

struct client {
    struct end end;
    int code;
};

static void on_connected(struct stream *s, int code, void *arg)
{
    struct client *client = arg;

    client->code = code;
    if (s)
        end_init(&client->end, s);
}

static void connect_pair(struct loop *loop, const char *path, struct server *server, struct client *client)
{
    struct endpoint at;
    struct err err;

    memset(server, 0, sizeof(*server));
    memset(client, 0, sizeof(*client));
    str_init(&client->end.got);
    if (path)
        assert_int_equal(endpoint_from_path(&at, path), 0);
    else
        assert_int_equal(endpoint_from_numeric(&at, "127.0.0.1", 0), 0);
    assert_int_equal(listener_new(loop, &at, &listener_events, server, &server->l, &err), 0);
    at = *listener_local(server->l);
    client->code = 1;
    tcp_connect(loop, &at, on_connected, client);
}

static void check_big_transfer(const char *path)
{
    struct loop *loop = loop_new();
    struct server server;
    struct client client;
    size_t len = 3 * 1024 * 1024;
    char *big = malloc(len);

    for (size_t i = 0; i < len; i++)
        big[i] = (char)(i * 31 + i / 251);
    connect_pair(loop, path, &server, &client);
    client.end.close_on_end = true;
    struct timer *guard = timer_new(loop, (void (*)(void *))loop_stop, loop);
    timer_start(guard, 20);
    loop_run(loop);
    timer_free(guard);
    assert_int_equal(client.code, 0);
    assert_int_equal(server.accepted, 1);
    server.peer.close_on_end = true;
    /* In blocks of odd sizes, so that the kernel fills up in the middle of them. */
    for (size_t at = 0; at < len;) {
        size_t part = len - at < 70001 ? len - at : 70001;

        assert_int_equal(stream_write(client.end.s, big + at, part), 0);
        at += part;
    }
    stream_shutdown(client.end.s);
    loop_run(loop);
    assert_int_equal(server.peer.got.len, len);
    assert_memory_equal(server.peer.got.data, big, len);
    assert_int_equal(server.peer.endeds, 1);
    free(big);
    end_done(&client.end);
    end_done(&server.peer);
    loop_free(loop);
}

static void three_megabytes_over_tcp(void **state)
{
    check_big_transfer(NULL);
}

static void three_megabytes_over_a_unix_socket(void **state)
{
    check_big_transfer("@landline-stream-test");
}

static void a_closed_port_is_refused(void **state)
{
    struct loop *loop = loop_new();
    struct client client = {.code = 1};
    struct endpoint at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    /* Bound but not listening: nobody else can take the port meanwhile. */
    endpoint_from_numeric(&at, "127.0.0.1", 0);
    assert_int_equal(bind(fd, &at.sa, at.len), 0);
    assert_int_equal(getsockname(fd, &at.sa, &at.len), 0);
    tcp_connect(loop, &at, on_connected, &client);
    loop_run(loop);
    assert_int_equal(client.code, -ECONNREFUSED);
    endpoint_from_path(&at, "/nonexistent/socket");
    client.code = 1;
    tcp_connect(loop, &at, on_connected, &client);
    assert_int_equal(client.code, 1); /* never inside the call */
    loop_run(loop);
    assert_int_equal(client.code, -ENOENT);
    tcp_connect_cancel(tcp_connect(loop, &at, on_connected, NULL));
    endpoint_from_numeric(&at, "127.0.0.1", 1);
    tcp_connect_cancel(tcp_connect(loop, &at, on_connected, NULL));
    loop_run(loop);
    close(fd);
    loop_free(loop);
}

static void reset_is_told_as_such(void **state)
{
    struct loop *loop = loop_new();
    struct server server;
    struct client client;
    struct timer *guard = timer_new(loop, (void (*)(void *))loop_stop, loop);

    connect_pair(loop, NULL, &server, &client);
    timer_start(guard, 20);
    loop_run(loop);
    stream_abort(server.peer.s);
    server.peer.s = NULL;
    loop_run(loop);
    assert_int_equal(client.end.faileds, 1);
    assert_int_equal(client.end.code, -ECONNRESET);
    timer_free(guard);
    end_done(&client.end);
    end_done(&server.peer);
    loop_free(loop);
}

/* Closing a socket with unread bytes sends RST, which can overtake our last words: stream_finish must not. */
static void last_words_arrive_although_the_peer_still_talks(void **state)
{
    struct loop *loop = loop_new();
    struct server server;
    struct client client;
    struct timer *guard = timer_new(loop, (void (*)(void *))loop_stop, loop);
    char noise[100000] = {0};

    connect_pair(loop, NULL, &server, &client);
    timer_start(guard, 20);
    loop_run(loop);
    client.end.close_on_end = true;
    stream_write(client.end.s, noise, sizeof(noise));
    stream_write(server.peer.s, "goodbye", 7);
    stream_finish(server.peer.s, 5000);
    server.peer.s = NULL;
    loop_run(loop);
    assert_string_equal(client.end.got.data, "goodbye");
    assert_int_equal(client.end.faileds, 0);
    timer_free(guard);
    end_done(&client.end);
    end_done(&server.peer);
    loop_free(loop);
}

static void freeing_the_loop_ends_what_lingers(void **state)
{
    struct loop *loop = loop_new();
    struct end ends[2];

    pair(loop, 1, 0, ends);
    stream_pause(ends[1].s);
    stream_write(ends[0].s, "abc", 3);
    stream_finish(ends[0].s, 60000);
    end_done(&ends[1]);
    str_done(&ends[0].got);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_in_a_turn_arrives_as_one),
        cmocka_unit_test(a_byte_at_a_time_is_still_all_of_it),
        cmocka_unit_test(a_chunk_goes_to_many_without_copies),
        cmocka_unit_test(water_marks_and_the_limit_hold),
        cmocka_unit_test(a_blocked_stream_lets_go_of_shared_chunks),
        cmocka_unit_test(unacknowledged_is_what_the_peer_has_not_taken),
        cmocka_unit_test(an_owner_may_close_in_any_event),
        cmocka_unit_test(a_cut_line_fails_at_both_ends_once),
        cmocka_unit_test(three_megabytes_over_tcp),
        cmocka_unit_test(three_megabytes_over_a_unix_socket),
        cmocka_unit_test(a_closed_port_is_refused),
        cmocka_unit_test(reset_is_told_as_such),
        cmocka_unit_test(last_words_arrive_although_the_peer_still_talks),
        cmocka_unit_test(freeing_the_loop_ends_what_lingers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
