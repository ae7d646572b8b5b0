/* SPDX-License-Identifier: ISC */
/* The chat engine over plain sockets: what is told of each message, in which order things are sent, what
 * waits and when it goes, who is who. The outbox over a restart is in chat_restart_test.c, TLS in tests/. */
#include "talk/chat_for_test.h"

#include <arpa/inet.h>
#include <errno.h>

static char *address(const char *scheme, int port)
{
    static char text[4][64];
    static int turn;
    char *at = text[turn++ % 4];

    snprintf(at, sizeof(text[0]), "%s://127.0.0.1:%d", scheme, port);
    return at;
}

static void a_datagram_is_sent_then_answered(void **state)
{
    struct chat_fixture f = {0};
    struct sockaddr_in from;
    socklen_t len = sizeof(from);
    char text[64] = "";
    int port, fd = bound(SOCK_DGRAM, 0, &port);
    struct chat_peer *p;

    fixture_begin(&f, NULL);
    p = open_peer(&f, address("udp", port));
    assert_int_equal(chat_peer_line(p), CHAT_LINE_IDLE);
    say(p, "你好");
    await(&f, "你好 is sent");
    assert_int_equal(recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&from, &len), 6);
    assert_string_equal(text, "你好");
    assert_int_equal(chat_peer_waiting(p), 0);
    sendto(fd, "再见", 6, 0, (struct sockaddr *)&from, len);
    await(&f, "\"再见\"");
    await(&f, "你好 is answered");
    fixture_end(&f);
    close(fd);
}

static void a_closed_port_makes_datagrams_wait(void **state)
{
    struct chat_fixture f = {0};
    int port = closed_port(SOCK_DGRAM), fd;
    struct chat_peer *p;

    fixture_begin(&f, NULL);
    p = open_peer(&f, address("udp", port));
    say(p, "one");
    await(&f, "one is waiting: 127.0.0.1 says that the port is closed (ICMP)");
    assert_int_equal(chat_peer_line(p), CHAT_LINE_WAITING);
    assert_int_equal(chat_peer_waiting(p), 1);
    /* Something new is said: the oldest goes ahead alone, and comes back. */
    fd = bound(SOCK_DGRAM, port, NULL);
    say(p, "two");
    await(&f, "two is sent");
    expect_bytes(fd, "one");
    expect_bytes(fd, "two");
    assert_int_equal(recv(fd, (char[1]){0}, 1, MSG_DONTWAIT), -1);
    assert_int_equal(chat_peer_waiting(p), 0);
    fixture_end(&f);
    close(fd);
}

static void say_many(struct chat_peer *p, int n)
{
    char text[32];

    for (int i = 0; i < n; i++) {
        snprintf(text, sizeof(text), "m%d", i);
        say(p, text);
    }
}

static void a_burst_at_a_closed_port_comes_back_whole(void **state)
{
    /* It was more than are followed for an answer, and those before the last hundred were said to be sent. */
    struct chat_fixture f = {0};
    int port = closed_port(SOCK_DGRAM), n = 3 * CHAT_ANSWERED_MAX;
    struct chat_peer *p;

    fixture_begin(&f, NULL);
    p = open_peer(&f, address("udp", port));
    say_many(p, n);
    await(&f, "waiting, not reached");
    await(&f, "m0 is waiting: ");
    assert_int_equal(chat_peer_waiting(p), n);
    fixture_end(&f);
}

static void who_dies_in_a_burst_gets_all_of_it_again(void **state)
{
    struct chat_fixture f = {0};
    struct sockaddr_in from;
    socklen_t len = sizeof(from);
    int port, fd = bound(SOCK_DGRAM, 0, &port), n = 3 * CHAT_ANSWERED_MAX;
    struct chat_peer *p;
    char text[32];

    fixture_begin(&f, NULL);
    p = open_peer(&f, address("udp", port));
    say(p, "hello");
    await(&f, "hello is sent");
    recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&from, &len);
    sendto(fd, "yes", 3, 0, (struct sockaddr *)&from, len);
    await(&f, "hello is answered");
    close(fd);
    say_many(p, n);
    await(&f, "waiting, not reached");
    await(&f, "m0 is waiting: ");
    assert_int_equal(chat_peer_waiting(p), n);
    fixture_end(&f);
}

static void waiting_datagrams_go_when_the_peer_is_heard(void **state)
{
    struct chat_fixture f = {0};
    int port, us = closed_port(SOCK_DGRAM), fd;
    struct sockaddr_in at = loopback(us);
    struct chat_peer *p;

    listen_at(&f, address("udp", us));
    port = closed_port(SOCK_DGRAM);
    fixture_begin(&f, NULL);
    p = open_peer(&f, address("udp", port));
    say(p, "one");
    await(&f, "one is waiting");
    fd = bound(SOCK_DGRAM, port, NULL);
    /* Our datagrams came from where we listen, so that is where they write to. */
    sendto(fd, "hello", 5, 0, (struct sockaddr *)&at, sizeof(at));
    await(&f, "\"hello\"");
    await(&f, "one is sent");
    expect_bytes(fd, "one");
    fixture_end(&f);
    close(fd);
}

static void a_line_on_a_stream_is_acknowledged(void **state)
{
    struct chat_fixture f = {0};
    int port, fd = bound(SOCK_STREAM, 0, &port), peer;
    struct chat_peer *p;

    fixture_begin(&f, NULL);
    p = open_peer(&f, address("tcp", port));
    say(p, "你好");
    say(p, "在吗");
    await(&f, "up, answered");
    await(&f, "在吗 is acked");
    peer = accept(fd, NULL, NULL);
    expect_bytes(peer, "你好\n在吗\n");
    /* They speak bare: so do we, from now on. */
    send_text(peer, "在");
    await(&f, "from tcp://");
    await(&f, "你好 is answered");
    await(&f, "在吗 is answered");
    say(p, "好");
    await(&f, "好 is acked");
    say(p, "的");
    expect_bytes(peer, "好");
    send_text(peer, "crlf\r\n");
    await(&f, "\"crlf\"");
    say(p, "ok");
    await(&f, "ok is acked");
    expect_bytes(peer, "的ok\r\n");
    close(peer);
    await(&f, "idle, hung up");
    fixture_end(&f);
    close(fd);
}

static void who_is_not_there_is_called_again(void **state)
{
    struct chat_fixture f = {0};
    int port = closed_port(SOCK_STREAM), fd, peer;
    struct chat_peer *p;

    fixture_begin(&f, NULL);
    p = open_peer(&f, address("tcp", port));
    say(p, "one");
    await(&f, "waiting, not reached");
    await(&f, "one is waiting: ");
    assert_true(chat_peer_redial_ms(p) > 0);
    assert_true(chat_peer_redial_ms(p) <= CHAT_REDIAL_MIN_MS);
    say(p, "two"); /* within the pause: it does not dial */
    fd = bound(SOCK_STREAM, port, NULL);
    await(&f, "two is acked");
    peer = accept(fd, NULL, NULL);
    expect_bytes(peer, "one\ntwo\n");
    fixture_end(&f);
    close(peer);
    close(fd);
}

static void what_was_not_acknowledged_is_sent_again(void **state)
{
    struct chat_fixture f = {0};
    struct linger reset = {.l_onoff = 1};
    int port, fd = bound(SOCK_STREAM, 0, &port), peer, small = 4096;
    struct chat_peer *p;
    char *large = malloc(CHAT_SAY_BYTES);

    /* More than the peer's kernel takes unread. */
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    memset(large, 'x', CHAT_SAY_BYTES);
    fixture_begin(&f, NULL);
    p = open_peer(&f, address("tcp", port));
    for (int i = 0; i < 16; i++)
        assert_int_equal(chat_say(p, large, CHAT_SAY_BYTES, NULL), 0);
    say(p, "the last");
    await(&f, "up, answered");
    peer = accept(fd, NULL, NULL);
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    assert_true(recv(peer, large, 100, 0) > 0);
    close(peer);
    await(&f, "idle, broken: ");
    await(&f, "up, answered");
    peer = accept(fd, NULL, NULL);
    assert_true(peer >= 0);
    assert_true(chat_peer_waiting(p) > 0);
    /* Taken back is only what was not written yet. */
    assert_true(chat_cancel(p, 0) > 0);
    await(&f, "the last is cancelled");
    fixture_end(&f);
    free(large);
    close(peer);
    close(fd);
}

static void a_caller_has_a_conversation_and_takes_it_along(void **state)
{
    struct chat_fixture f = {0};
    int port = closed_port(SOCK_STREAM), fd;
    struct sockaddr_in at = loopback(port);
    struct chat_peer *p;
    struct err err;

    listen_at(&f, address("tcp", port));
    fixture_begin(&f, NULL);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    await(&f, "(caller)");
    await(&f, "up, called");
    send_text(fd, "喂");
    await(&f, "\"喂\"");
    p = chat_next(f.chat, NULL);
    assert_true(chat_peer_is_caller(p));
    assert_null(chat_next(f.chat, p));
    say(p, "谁呀");
    await(&f, "谁呀 is acked");
    expect_bytes(fd, "谁呀");
    close(fd);
    await(&f, "idle, hung up");
    assert_int_equal(chat_say(p, "x", 1, &err), -ENOTCONN);
    chat_close(p);
    await(&f, "gone ");
    assert_null(chat_next(f.chat, NULL));
    fixture_end(&f);
}

static void the_next_address_is_tried(void **state)
{
    struct chat_fixture f = {0};
    int port, fd = bound(SOCK_STREAM, 0, &port), peer;
    char contacts[256];

    snprintf(contacts, sizeof(contacts), "王五 = %s %s %s\n", address("tcp", closed_port(SOCK_STREAM)),
        address("udp", closed_port(SOCK_DGRAM)), address("tcp", port));
    fixture_begin(&f, contacts);
    say(open_peer(&f, "王五"), "在吗");
    await(&f, "在吗 is acked");
    peer = accept(fd, NULL, NULL);
    expect_bytes(peer, "在吗\n");
    fixture_end(&f);
    close(peer);
    close(fd);
}

static void contacts_are_known_by_their_datagrams(void **state)
{
    struct chat_fixture f = {0};
    int us = closed_port(SOCK_DGRAM), port, fd = bound(SOCK_DGRAM, 0, &port), stranger;
    struct sockaddr_in at = loopback(us);
    char contacts[64];

    snprintf(contacts, sizeof(contacts), "张三 = udp://localhost:%d\n", port);
    listen_at(&f, address("udp", us));
    fixture_begin(&f, contacts);
    sendto(fd, "我是张三\r\n", 14, 0, (struct sockaddr *)&at, sizeof(at));
    await(&f, "peer 张三");
    await(&f, "from 张三 \"我是张三\"");
    stranger = bound(SOCK_DGRAM, 0, NULL);
    sendto(stranger, "x", 1, 0, (struct sockaddr *)&at, sizeof(at));
    await(&f, "peer udp://127.0.0.1:");
    say(open_peer(&f, "张三"), "好");
    await(&f, "好 is sent");
    expect_bytes(fd, "好");
    fixture_end(&f);
    close(fd);
    close(stranger);
}

static void what_waits_can_be_taken_back(void **state)
{
    struct chat_fixture f = {0};
    struct chat_peer *p;

    fixture_begin(&f, NULL);
    p = open_peer(&f, address("tcp", closed_port(SOCK_STREAM)));
    say(p, "one");
    say(p, "two");
    await(&f, "waiting, not reached");
    assert_int_equal(chat_cancel(p, 0), 2);
    await(&f, "two is cancelled");
    assert_int_equal(chat_peer_waiting(p), 0);
    fixture_end(&f);
}

static void a_journal_that_fails_is_said_once(void **state)
{
    struct chat_fixture f = {0};
    int port, fd = bound(SOCK_DGRAM, 0, &port);
    struct chat_peer *p;

    fixture_begin(&f, NULL);
    store_mem_fail(f.store, -ENOSPC);
    p = open_peer(&f, address("udp", port));
    say(p, "one");
    await(&f, "trouble -: ");
    await(&f, "one is sent");
    say(p, "two");
    await(&f, "two is sent");
    expect_bytes(fd, "one");
    expect_bytes(fd, "two");
    assert_null(strstr(strstr(f.told.data, "trouble") + 1, "trouble"));
    fixture_end(&f);
    close(fd);
}

static void a_long_message_comes_in_parts(void **state)
{
    struct chat_fixture f = {.options.max_message = 8};
    int port, fd = bound(SOCK_STREAM, 0, &port), peer;
    struct chat_peer *p;

    fixture_begin(&f, NULL);
    p = open_peer(&f, address("tcp", port));
    chat_call(p);
    await(&f, "up, answered");
    peer = accept(fd, NULL, NULL);
    send_text(peer, "你好你好\nend\n");
    await(&f, "\"你好\" (part)");
    await(&f, "\"你好\"\n");
    await(&f, "\"end\"");
    fixture_end(&f);
    close(peer);
    close(fd);
}

static void names_are_told_from_addresses(void **state)
{
    struct chat_fixture f = {0};
    struct chat_peer *p = NULL, *same = NULL;
    struct err err;

    fixture_begin(&f, "李四 = tcp://127.0.0.1:9\n");
    assert_int_equal(chat_open(f.chat, "李", &p, &err), -ENOENT);
    assert_non_null(strstr(err.text, "李四"));
    assert_int_equal(err.kind, ERR_NAME);
    assert_int_equal(chat_open(f.chat, "irc://127.0.0.1:9", &p, &err), -EINVAL);
    assert_null(p);
    p = open_peer(&f, "tcp://127.0.0.1:9");
    assert_string_equal(chat_peer_name(p), "李四");
    same = open_peer(&f, "李四");
    assert_ptr_equal(p, same);
    fixture_end(&f);
}

static void hang_up_and_say(struct chat_fixture *f, struct chat_peer *p)
{
    f->on_message = NULL;
    chat_hang_up(p);
    say(p, "again");
}

static void close_in_event(struct chat_fixture *f, struct chat_peer *p)
{
    f->on_message = NULL;
    chat_close(p);
}

static void a_conversation_may_be_ended_in_its_events(void **state)
{
    /* Of three lines that came in one piece the first one ends it: the others are not told. */
    static void (*const ends[])(struct chat_fixture * f, struct chat_peer * p) = {
        hang_up_and_say, close_in_event};

    for (size_t i = 0; i < 2; i++) {
        struct chat_fixture f = {0};
        int port, fd = bound(SOCK_STREAM, 0, &port), peer;
        struct chat_peer *p;

        fixture_begin(&f, NULL);
        p = open_peer(&f, address("tcp", port));
        chat_call(p);
        await(&f, "up, answered");
        peer = accept(fd, NULL, NULL);
        f.on_message = ends[i];
        send_text(peer, "one\ntwo\nthree\n");
        await(&f, "\"one\"");
        await(&f, i == 0 ? "again is acked" : "gone ");
        assert_null(strstr(f.told.data, "\"two\""));
        fixture_end(&f);
        close(peer);
        close(fd);
    }
}

static void stopped(void *arg)
{
    struct chat_fixture *f = arg;

    fixture_told(f, "stopped");
}

static void stopping_waits_for_what_is_on_its_way(void **state)
{
    struct chat_fixture f = {0};
    int port, fd = bound(SOCK_STREAM, 0, &port), peer;
    struct chat_peer *p;
    char rest[8];

    fixture_begin(&f, NULL);
    p = open_peer(&f, address("tcp", port));
    say(p, "bye");
    await(&f, "bye is acked");
    chat_stop(f.chat, stopped, &f);
    await(&f, "stopped");
    peer = accept(fd, NULL, NULL);
    expect_bytes(peer, "bye\n");
    fixture_end(&f);
    assert_int_equal(recv(peer, rest, sizeof(rest), 0), 0);
    close(peer);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_datagram_is_sent_then_answered),
        cmocka_unit_test(a_closed_port_makes_datagrams_wait),
        cmocka_unit_test(a_burst_at_a_closed_port_comes_back_whole),
        cmocka_unit_test(who_dies_in_a_burst_gets_all_of_it_again),
        cmocka_unit_test(waiting_datagrams_go_when_the_peer_is_heard),
        cmocka_unit_test(a_line_on_a_stream_is_acknowledged),
        cmocka_unit_test(who_is_not_there_is_called_again),
        cmocka_unit_test(what_was_not_acknowledged_is_sent_again),
        cmocka_unit_test(a_caller_has_a_conversation_and_takes_it_along),
        cmocka_unit_test(the_next_address_is_tried),
        cmocka_unit_test(contacts_are_known_by_their_datagrams),
        cmocka_unit_test(what_waits_can_be_taken_back),
        cmocka_unit_test(a_journal_that_fails_is_said_once),
        cmocka_unit_test(a_long_message_comes_in_parts),
        cmocka_unit_test(names_are_told_from_addresses),
        cmocka_unit_test(a_conversation_may_be_ended_in_its_events),
        cmocka_unit_test(stopping_waits_for_what_is_on_its_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
