/* SPDX-License-Identifier: ISC */
#include "show/out.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"

static void a_turn_is_one_write(void **state)
{
    char data[64];
    struct out *o;
    int fds[2];

    /* Packets keep writes apart. */
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
    o = out_new(fds[1]);
    assert_int_equal(out_flush(o), 0);
    out_write(o, "one ", 4);
    str_appendf(out_text(o), "%d", 2);
    assert_int_equal(recv(fds[0], data, sizeof(data), MSG_DONTWAIT), -1);
    assert_int_equal(out_flush(o), 0);
    assert_int_equal(recv(fds[0], data, sizeof(data), MSG_DONTWAIT), 5);
    assert_memory_equal(data, "one 2", 5);
    assert_int_equal(recv(fds[0], data, sizeof(data), MSG_DONTWAIT), -1);
    out_free(o);
    close(fds[0]);
    close(fds[1]);
}

static void no_more_is_kept_than_said(void **state)
{
    static char line[1000];
    struct out *o;
    int fds[2];
    char data[4096];
    size_t total = 0;
    ssize_t got;

    assert_int_equal(pipe(fds), 0);
    assert_true(fcntl(fds[1], F_SETPIPE_SZ, 1 << 20) >= 1 << 20);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    o = out_new(fds[1]);
    for (int i = 0; i < 300; i++) {
        out_write(o, line, sizeof(line));
        assert_true(out_text(o)->len < OUT_HIGH_WATER_BYTES + sizeof(line));
    }
    assert_int_equal(out_flush(o), 0);
    while ((got = read(fds[0], data, sizeof(data))) > 0)
        total += (size_t)got;
    assert_int_equal(total, 300 * sizeof(line));
    out_free(o);
    close(fds[0]);
    close(fds[1]);
}

static void a_gone_reader_is_told_once(void **state)
{
    struct out *o;
    int fds[2];

    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(fds), 0);
    close(fds[0]);
    o = out_new(fds[1]);
    out_write(o, "x", 1);
    assert_int_equal(out_error(o), 0);
    assert_int_equal(out_flush(o), -EPIPE);
    for (int i = 0; i < 3; i++) {
        out_write(o, "x", 1);
        assert_int_equal(out_flush(o), 0);
        assert_int_equal(out_error(o), -EPIPE);
    }
    out_free(o);
    close(fds[1]);
}

static void an_error_between_flushes_is_not_lost(void **state)
{
    static char much[OUT_HIGH_WATER_BYTES];
    int fd = open("/dev/full", O_WRONLY);
    struct out *o = out_new(fd);

    assert_true(fd >= 0);
    out_write(o, much, sizeof(much));
    out_write(o, "x", 1);
    assert_int_equal(out_error(o), -ENOSPC);
    assert_int_equal(out_flush(o), -ENOSPC);
    assert_int_equal(out_flush(o), 0);
    out_free(o);
    close(fd);
}

#define MUCH_BYTES (4 << 20)

static void *read_all(void *arg)
{
    static char data[10000];
    int fd = *(int *)arg;
    size_t total = 0;
    ssize_t got;

    while ((got = read(fd, data, sizeof(data))) > 0)
        total += (size_t)got;
    return (void *)total;
}

static void a_full_pipe_that_does_not_block_is_waited_for(void **state)
{
    static char line[1000];
    struct out *o;
    pthread_t reader;
    void *total;
    size_t written = 0;
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(pthread_create(&reader, NULL, read_all, &fds[0]), 0);
    o = out_new(fds[1]);
    for (; written < MUCH_BYTES; written += sizeof(line))
        out_write(o, line, sizeof(line));
    assert_int_equal(out_flush(o), 0);
    close(fds[1]);
    assert_int_equal(pthread_join(reader, &total), 0);
    assert_int_equal((size_t)total, written);
    out_free(o);
    close(fds[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turn_is_one_write),
        cmocka_unit_test(no_more_is_kept_than_said),
        cmocka_unit_test(a_gone_reader_is_told_once),
        cmocka_unit_test(an_error_between_flushes_is_not_lost),
        cmocka_unit_test(a_full_pipe_that_does_not_block_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
