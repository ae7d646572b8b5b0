/* SPDX-License-Identifier: ISC */
/* The outbox over kill -9: a child talks and kills itself at a chosen step, this process takes over what it
 * left. Nothing is lost; over a stream a message may come twice if it was on its way, in order all the same.
 */
#include "talk/chat_for_test.h"

#include <signal.h>
#include <sys/wait.h>

#include "store/sqlite.h"

#define MESSAGES 20
#define CHILD_S 20

static char path[] = "/tmp/landline-restart-XXXXXX/history.db";

static void begin_on_disk(struct chat_fixture *f)
{
    struct err err;

    f->loop = loop_new();
    if (store_sqlite_open(f->loop, path, &f->store, &err) < 0)
        fail_msg("%s", err.text);
    fixture_begin(f, "# nobody\n");
}

static void on_settled(int64_t id, int code, const struct err *err, void *arg)
{
    fixture_told(arg, "settled");
}

/* When all that was told is on disk: calls to the journal come back in their order. */
static void die_settled(struct chat_fixture *f)
{
    store_mark_read(f->store, "nobody", 0, on_settled, f);
    await(f, "settled");
    raise(SIGKILL);
}

/* In a child: says MESSAGES to who, and dies when `step` has been told so many times. */
static void talk_and_die(const char *who, const char *step, int times, bool settled)
{
    struct chat_fixture f = {0};
    pid_t pid = fork();
    char text[32];
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        struct chat_peer *p;

        alarm(CHILD_S); /* a check that fails here must not go on with the other tests */

        begin_on_disk(&f);
        p = open_peer(&f, who);
        for (int i = 1; i <= MESSAGES; i++) {
            snprintf(text, sizeof(text), "m%d.", i);
            say(p, text);
        }
        for (int i = 0; i < times; i++)
            await(&f, step);
        if (settled)
            die_settled(&f);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* m1. to m20., each at least once and at most `most` times, never one before its predecessor has come. */
static void check_order(const char *text, int most)
{
    int times[MESSAGES + 1] = {0}, next = 1;

    for (const char *at = text; *at;) {
        char *end;
        long i = strtol(at + 1, &end, 10);

        assert_int_equal(*at, 'm');
        assert_true(i >= 1 && i <= next);
        times[i]++;
        assert_true(times[i] <= most);
        next = i == next ? next + 1 : next;
        at = end + 1; /* the full stop */
        if (*at == '\n')
            at++;
    }
    assert_int_equal(next, MESSAGES + 1);
}

static void drain(int fd, struct str *out)
{
    char piece[4096];
    ssize_t n;

    while ((n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT)) > 0)
        str_append(out, piece, (size_t)n);
}

static void nothing_is_lost_when_nobody_was_there(void **state)
{
    struct chat_fixture f = {0};
    int port = closed_port(SOCK_STREAM), fd, peer;
    struct str got = STR_INIT;
    char who[64];

    snprintf(who, sizeof(who), "tcp://127.0.0.1:%d", port);
    talk_and_die(who, "m20. is waiting", 1, false); /* told when it is in the journal */
    fd = bound(SOCK_STREAM, port, NULL);
    begin_on_disk(&f);
    await(&f, "m20. is acked");
    peer = accept(fd, NULL, NULL);
    drain(peer, &got);
    check_order(got.data, 1);
    fixture_end(&f);
    str_done(&got);
    close(peer);
    close(fd);
}

static void nothing_is_lost_in_the_middle_of_a_call(void **state)
{
    /* Dead at different depths: what was acknowledged may not be written down yet, and comes again. */
    for (int times = 1; times <= MESSAGES; times += 6) {
        struct chat_fixture f = {0};
        int port, fd = bound(SOCK_STREAM, 0, &port), first, second = -1;
        struct str got = STR_INIT;
        char who[64];

        snprintf(who, sizeof(who), "tcp://127.0.0.1:%d", port);
        talk_and_die(who, " is acked", times, false);
        first = accept(fd, NULL, NULL);
        drain(first, &got);
        begin_on_disk(&f);
        /* All that is left is sent, which may be nothing. */
        say(open_peer(&f, who), "end");
        await(&f, "end is acked");
        second = accept(fd, NULL, NULL);
        drain(second, &got);
        assert_string_equal(got.data + got.len - 4, "end\n");
        got.data[got.len - 4] = '\0';
        check_order(got.data, 2);
        fixture_end(&f);
        str_done(&got);
        close(first);
        close(second);
        close(fd);
    }
}

static void datagrams_of_an_earlier_run_wait_until_they_are_wanted(void **state)
{
    struct chat_fixture f = {0};
    int port = closed_port(SOCK_DGRAM), fd;
    struct str got = STR_INIT;
    struct chat_peer *p;
    char who[64];

    snprintf(who, sizeof(who), "udp://127.0.0.1:%d", port);
    talk_and_die(who, "m1. is waiting: 127", 1, true);
    fd = bound(SOCK_DGRAM, port, NULL);
    begin_on_disk(&f);
    await(&f, "m20.");
    p = chat_next(f.chat, NULL);
    assert_int_equal(chat_peer_waiting(p), MESSAGES);
    assert_int_equal(chat_peer_line(p), CHAT_LINE_IDLE);
    drain(fd, &got);
    assert_int_equal(got.len, 0);
    chat_call(p);
    await(&f, "m20. is sent");
    drain(fd, &got);
    check_order(got.data, 1);
    fixture_end(&f);
    str_done(&got);
    close(fd);
}

static void who_says_more_at_once_wants_the_old_ones_too(void **state)
{
    /* The journal tells of them a moment later; what is new then must not wait for a demand that was made. */
    struct chat_fixture f = {0};
    int port = closed_port(SOCK_DGRAM), fd;
    struct str got = STR_INIT;
    char who[64];

    snprintf(who, sizeof(who), "udp://127.0.0.1:%d", port);
    talk_and_die(who, "m1. is waiting: 127", 1, true);
    fd = bound(SOCK_DGRAM, port, NULL);
    begin_on_disk(&f);
    say(open_peer(&f, who), "new");
    await(&f, "new is sent");
    drain(fd, &got);
    assert_string_equal(got.data + got.len - 3, "new");
    got.data[got.len - 3] = '\0';
    check_order(got.data, 1);
    fixture_end(&f);
    str_done(&got);
    close(fd);
}

static void a_message_for_nobody_is_told(void **state)
{
    struct chat_fixture f = {.options.book = NULL};
    struct err err;
    pid_t pid = fork();

    if (pid == 0) {
        const char *contacts = "赵六 = tcp://127.0.0.1:1\n";

        alarm(CHILD_S);
        f.loop = loop_new();
        store_sqlite_open(f.loop, path, &f.store, &err);
        fixture_begin(&f, contacts);
        say(open_peer(&f, "赵六"), "在吗");
        await(&f, "在吗 is waiting: ");
        raise(SIGKILL);
    }
    waitpid(pid, NULL, 0);
    begin_on_disk(&f);
    await(&f, "trouble -: a message for 赵六 waits, but can't be sent: ");
    fixture_end(&f);
}

static int set_up(void **state)
{
    char *slash = strrchr(path, '/');

    *slash = '\0';
    if (!mkdtemp(path))
        return -1;
    *slash = '/';
    return 0;
}

static int tear_down(void **state)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-owners"};
    char name[128];

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        unlink(name);
    }
    *strrchr(path, '/') = '\0';
    return rmdir(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_when_nobody_was_there),
        cmocka_unit_test(nothing_is_lost_in_the_middle_of_a_call),
        cmocka_unit_test(datagrams_of_an_earlier_run_wait_until_they_are_wanted),
        cmocka_unit_test(who_says_more_at_once_wants_the_old_ones_too),
        cmocka_unit_test(a_message_for_nobody_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
