/* SPDX-License-Identifier: ISC */
/* Standard input of every kind, and that its mode is left alone. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "net/input.h"

struct reader {
    struct input *in;
    struct str got;
    int ended, code, pauses;
    bool free_on_data;
};

static void on_data(struct input *in, const uint8_t *data, size_t len, void *arg)
{
    struct reader *r = arg;

    str_append(&r->got, data, len);
    if (r->pauses-- > 0) {
        input_pause(in);
        input_resume(in);
    }
    if (r->free_on_data) {
        r->in = NULL;
        input_free(in);
    }
}

static void on_ended(struct input *in, int code, void *arg)
{
    struct reader *r = arg;

    r->ended++;
    r->code = code;
    r->in = NULL;
    input_free(in);
}

static const struct input_events events = {.data = on_data, .ended = on_ended};

/* Reads fd to its end (or the first data) and returns what came; its mode must be as before. */
static void read_all(int fd, struct reader *r)
{
    struct loop *loop = loop_new();
    int flags = fcntl(fd, F_GETFL);

    str_init(&r->got);
    r->ended = 0;
    assert_int_equal(input_new(loop, fd, &events, r, &r->in), 0);
    loop_run(loop);
    assert_int_equal(fcntl(fd, F_GETFL), flags);
    close(fd);
    loop_free(loop);
}

static void a_pipe(void **state)
{
    struct reader r = {.pauses = 1};
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "through a pipe", 14), 14);
    close(fds[1]);
    read_all(fds[0], &r);
    assert_string_equal(r.got.data, "through a pipe");
    assert_int_equal(r.ended, 1);
    str_done(&r.got);
}

static void a_socket(void **state)
{
    struct reader r = {0};
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_equal(write(fds[1], "through a socket", 16), 16);
    close(fds[1]);
    read_all(fds[0], &r);
    assert_string_equal(r.got.data, "through a socket");
    assert_int_equal(r.ended, 1);
    str_done(&r.got);
}

static void a_file_in_blocks(void **state)
{
    struct reader r = {.pauses = 2};
    char path[] = "/tmp/landline-input-XXXXXX", block[1000];
    int fd = mkstemp(path);

    memset(block, 'f', sizeof(block));
    for (int i = 0; i < 300; i++)
        assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
    unlink(path);
    /* Not from its beginning: whoever had the descriptor before has read some of it. */
    lseek(fd, 1000, SEEK_SET);
    read_all(fd, &r);
    assert_int_equal(r.got.len, 299000);
    assert_int_equal(r.ended, 1);
    str_done(&r.got);
}

static void freed_in_its_event(void **state)
{
    struct reader r = {.free_on_data = true};

    read_all(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), &r);
    assert_true(r.got.len > 0);
    assert_int_equal(r.ended, 0);
    str_done(&r.got);
}

static void a_folder_cannot_be_read(void **state)
{
    struct reader r = {0};

    read_all(open("/", O_RDONLY | O_CLOEXEC), &r);
    assert_int_equal(r.ended, 1);
    assert_int_equal(r.code, -EISDIR);
    str_done(&r.got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe),
        cmocka_unit_test(a_socket),
        cmocka_unit_test(a_file_in_blocks),
        cmocka_unit_test(freed_in_its_event),
        cmocka_unit_test(a_folder_cannot_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
