/* SPDX-License-Identifier: ISC */
/* Conversations in trouble: calls back into the chat from its events, peers that come and go, and what is
 * taken back. */
#include "talk/chat.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "talk/chat_for_test.h"

static const char *address(const char *scheme, int port)
{
    static char text[64];

    snprintf(text, sizeof(text), "%s://127.0.0.1:%d", scheme, port);
    return text;
}

static int told_port(const struct chat_fixture *f)
{
    return atoi(strrchr(strstr(f->told.data, "listening"), ':') + 1);
}

static void send_to(int fd, int port, const char *text)
{
    struct sockaddr_in at = loopback(port);

    assert_int_equal(
        sendto(fd, text, strlen(text), 0, (struct sockaddr *)&at, sizeof(at)), (ssize_t)strlen(text));
}

static void stopped(void *arg)
{
    fixture_told(arg, "stopped");
}

static void stop_in_event(struct chat_fixture *f, struct chat_peer *p)
{
    chat_stop(f->chat, stopped, f);
}

static void hang_up_in_event(struct chat_fixture *f, struct chat_peer *p)
{
    chat_hang_up(p);
}

static void a_datagram_may_stop_the_chat_or_be_hung_up_on(void **state)
{
    static void (*const ends[])(struct chat_fixture * f, struct chat_peer * p) = {
        stop_in_event, hang_up_in_event};

    for (size_t i = 0; i < 2; i++) {
        struct chat_fixture f = {.on_peer = ends[i]};
        int fd = bound(SOCK_DGRAM, 0, NULL);
        struct chat_peer *p;

        listen_at(&f, "udp://127.0.0.1:0");
        fixture_begin(&f, NULL);
        send_to(fd, told_port(&f), "knock");
        await(&f, i == 0 ? "stopped" : "peer ");
        p = chat_next(f.chat, NULL);
        assert_non_null(p);
        assert_int_equal(chat_peer_line(p), CHAT_LINE_IDLE);
        assert_null(strstr(f.told.data, " up"));
        fixture_end(&f);
        close(fd);
    }
}

static void count_passing(
    const struct store_message *m, size_t count, int code, const struct err *err, void *arg)
{
    fixture_told(arg, "found %zu", count);
}

static void a_contact_without_history_leaves_none(void **state)
{
    struct chat_fixture f = {0};
    struct store_query all = {.limit = 10};
    int port, fd = bound(SOCK_DGRAM, 0, &port);
    char contacts[96];

    snprintf(contacts, sizeof(contacts), "li = %s +no-history\n", address("udp", port));
    fixture_begin(&f, contacts);
    say(open_peer(&f, "li"), "secret");
    await(&f, "secret is sent");
    store_find(f.store, &all, count_passing, &f);
    await(&f, "found ");
    assert_non_null(strstr(f.told.data, "found 0"));
    fixture_end(&f);
    close(fd);
}

static void who_takes_datagrams_again_is_up(void **state)
{
    struct chat_fixture f = {0};
    int port = closed_port(SOCK_DGRAM), fd;
    struct chat_peer *p;

    fixture_begin(&f, NULL);
    p = open_peer(&f, address("udp", port));
    say(p, "one");
    await(&f, "waiting, not reached");
    fd = bound(SOCK_DGRAM, port, NULL); /* which never says a word */
    say(p, "two");
    await(&f, "two is sent");
    assert_int_equal(chat_peer_line(p), CHAT_LINE_UP);
    fixture_end(&f);
    close(fd);
}

static void what_is_taken_back_is_not_called_for(void **state)
{
    struct chat_fixture f = {0};
    int port = closed_port(SOCK_STREAM);
    struct chat_peer *p;

    fixture_begin(&f, NULL);
    p = open_peer(&f, address("tcp", port));
    say(p, "one");
    await(&f, "waiting, not reached");
    assert_true(chat_peer_redial_ms(p) > 0);
    assert_int_equal(chat_cancel(p, 0), 1);
    await(&f, "one is cancelled");
    assert_int_equal(chat_peer_redial_ms(p), 0);
    assert_int_equal(chat_peer_line(p), CHAT_LINE_IDLE);
    /* Nothing runs any more but the patience of the test. */
    f.awaited = "line";
    f.seen = f.told.len;
    timer_start(f.patience, CHAT_REDIAL_MIN_MS + 200);
    loop_run(f.loop);
    assert_null(strstr(f.told.data + f.seen, "calling"));
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_datagram_may_stop_the_chat_or_be_hung_up_on),
        cmocka_unit_test(a_contact_without_history_leaves_none),
        cmocka_unit_test(who_takes_datagrams_again_is_up),
        cmocka_unit_test(what_is_taken_back_is_not_called_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
