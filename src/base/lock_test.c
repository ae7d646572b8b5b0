/* SPDX-License-Identifier: ISC */
#include "base/lock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/file.h"
#include "base/str.h"

#define PROCESSES 8
#define ROUNDS 25

static char folder[64], path[128];

static int setup(void **state)
{
    snprintf(folder, sizeof(folder), "/tmp/landline-lock-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/deep/er/file", folder);
    return 0;
}

static int teardown(void **state)
{
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    return rmdir(folder); /* no lock file stays */
}

/* Reads a number, and writes it back one larger. */
static void count_up(void)
{
    struct str text = STR_INIT;
    struct err err = {0};
    int lock = lock_take(path, &err);

    if (lock < 0)
        _exit(9);
    file_read(path, 100, &text, NULL);
    text.len = (size_t)snprintf(text.data, text.cap, "%ld", strtol(text.data, NULL, 10) + 1);
    if (file_replace(path, text.data, text.len, &err) < 0)
        _exit(9);
    lock_release(path, lock);
    str_done(&text);
}

static void one_at_a_time(void **state)
{
    struct str text = STR_INIT;
    int lock, status;

    lock = lock_take(path, NULL);
    assert_true(lock >= 0);
    assert_int_equal(file_replace(path, "0", 1, NULL), 0);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
            close(lock);
            for (int j = 0; j < ROUNDS; j++)
                count_up();
            _exit(0);
        }
    }
    lock_release(path, lock);
    for (int i = 0; i < PROCESSES; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(file_read(path, 100, &text, NULL), 0);
    assert_int_equal(strtol(text.data, NULL, 10), PROCESSES * ROUNDS);
    str_done(&text);
}

static void who_died_holds_nothing(void **state)
{
    int lock, status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(lock_take(path, NULL) < 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    lock = lock_take(path, NULL);
    assert_true(lock >= 0);
    lock_release(path, lock);
}

static void a_stuck_one_is_named(void **state)
{
    struct err err = {0};
    int lock = lock_take(path, NULL);

    assert_true(lock >= 0);
    assert_int_equal(lock_take(path, &err), -EBUSY);
    assert_non_null(strstr(err.text, "/deep/er/file was not changed: another program keeps it locked ("));
    lock_release(path, lock);
}

static void where_there_can_be_no_lock(void **state)
{
    struct err err = {0};

    assert_int_equal(lock_take("/dev/null/x", &err), -ENOTDIR);
    assert_non_null(strstr(err.text, "/dev/null/x.lock: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_at_a_time, setup, teardown),
        cmocka_unit_test_setup_teardown(who_died_holds_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stuck_one_is_named, setup, teardown),
        cmocka_unit_test(where_there_can_be_no_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
