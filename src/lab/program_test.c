/* SPDX-License-Identifier: ISC */
/* Programs on a host: how they end, and that nothing is left of them. Whoever is alive holds the writing end
 * of a pipe: its end of file is the proof. */
#include "lab/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 20000

static struct hosts *hosts;
static int alive[2];

static int setup(void **state)
{
    return pipe2(alive, O_CLOEXEC);
}

static int teardown(void **state)
{
    close(alive[0]);
    return 0;
}

static void make_hosts(void)
{
    const struct hosts_options options = {.backend = HOSTS_VETH};
    struct err err = {0};

    if (hosts || hosts_new(&options, &hosts, &err) == 0)
        return;
    print_message("%s\n", err.text);
    assert_int_equal(err.kind, ERR_PERMISSION);
    skip();
}

static int start(int (*function)(void *), char **argv, struct program **ret, struct err *err)
{
    const struct program_options options = {
        .side = LAB_SERVER, .function = function, .argv = argv, .fds = {-1, -1, -1}, .is_group = true};

    return program_start(hosts, &options, ret, err);
}

static int wait_for(struct program *p)
{
    struct pollfd fd = {.fd = program_fd(p), .events = POLLIN};
    int status = 0;

    assert_int_equal(poll(&fd, 1, WAIT_MS), 1);
    assert_true(program_has_ended(p, &status));
    return status;
}

/* One byte that says that the program runs, or 0 for the end of all who could say so. */
static size_t hear(void)
{
    struct pollfd fd = {.fd = alive[0], .events = POLLIN};
    char byte;

    assert_int_equal(poll(&fd, 1, WAIT_MS), 1);
    return (size_t)read(alive[0], &byte, 1);
}

static int stay(void *arg)
{
    if (write(alive[1], "", 1) != 1)
        return 1;
    for (;;)
        pause();
}

/* Leaves one behind that is in a session of its own. */
static int leave_one(void *arg)
{
    if (fork() == 0) {
        setsid();
        return stay(NULL);
    }
    return 7;
}

static void exit_status_and_name(void **state)
{
    char *argv[] = {
        "sh", "-c", "test \"$(uname -n)\" = server && grep -q 10.9.0.1 /etc/hosts && exit 3", NULL};
    /* By its path: with a folder in PATH that is closed to us it would be EACCES. */
    char *missing[] = {"/there-is-no-such-program", NULL};
    struct program *p = NULL;
    struct err err = {0};
    int status;

    close(alive[1]);
    make_hosts();
    assert_int_equal(start(NULL, argv, &p, &err), 0);
    status = wait_for(p);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    program_free(p);
    assert_int_equal(start(NULL, missing, &p, &err), -ENOENT);
    assert_int_equal(err.kind, ERR_OTHER);
    assert_non_null(strstr(err.text, missing[0]));
}

static void signals_reach_it(void **state)
{
    struct program *p = NULL;
    struct err err = {0};
    int status;

    make_hosts();
    assert_int_equal(start(stay, NULL, &p, &err), 0);
    close(alive[1]);
    assert_int_equal(hear(), 1);
    assert_false(program_has_ended(p, &status));
    program_signal(p, SIGTERM);
    status = wait_for(p);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    program_free(p);
}

static void orphans_end_with_it(void **state)
{
    struct program *p = NULL;
    struct err err = {0};

    make_hosts();
    assert_int_equal(start(leave_one, NULL, &p, &err), 0);
    close(alive[1]);
    assert_int_equal(WEXITSTATUS(wait_for(p)), 7);
    assert_int_equal(hear(), 1);
    program_free(p);
    assert_int_equal(hear(), 0);
}

static void all_end_with_a_killed_owner(void **state)
{
    pid_t owner;

    make_hosts();
    owner = fork();
    if (owner == 0) {
        struct program *p;

        _exit(start(stay, NULL, &p, NULL) < 0 ? 1 : stay(NULL));
    }
    assert_true(owner > 0);
    close(alive[1]);
    assert_int_equal(hear(), 1);
    assert_int_equal(hear(), 1);
    kill(owner, SIGKILL);
    assert_int_equal(waitpid(owner, NULL, 0), owner);
    assert_int_equal(hear(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(exit_status_and_name, setup, teardown),
        cmocka_unit_test_setup_teardown(signals_reach_it, setup, teardown),
        cmocka_unit_test_setup_teardown(orphans_end_with_it, setup, teardown),
        cmocka_unit_test_setup_teardown(all_end_with_a_killed_owner, setup, teardown),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    hosts_free(hosts);
    return failed;
}
