/* SPDX-License-Identifier: ISC */
#include "show/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

static int open_terminal(int *ret_master)
{
    char name[64];
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;

    assert_true(master >= 0);
    assert_int_equal(grantpt(master) | unlockpt(master), 0);
    assert_int_equal(ptsname_r(master, name, sizeof(name)), 0);
    slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(slave >= 0);
    *ret_master = master;
    return slave;
}

static void raw_and_back(void **state)
{
    int master, slave = open_terminal(&master);
    struct termios before, after;
    char got[8];
    struct tty t;

    tcgetattr(slave, &before);
    tty_init(&t, slave);
    tty_restore(&t); /* nothing was changed */
    assert_int_equal(tty_raw(&t), 0);
    assert_int_equal(tty_raw(&t), 0);
    assert_int_equal(write(master, "\r\003\004\021", 4), 4);
    assert_int_equal(read(slave, got, sizeof(got)), 4); /* no line to wait for, no signal, nothing turned */
    assert_memory_equal(got, "\r\003\004\021", 4);
    assert_int_equal(write(slave, "a\n", 2), 2);
    assert_int_equal(read(master, got, sizeof(got)), 3); /* no echo before it; output as ever */
    assert_memory_equal(got, "a\r\n", 3);
    errno = EXDEV;
    tty_restore(&t);
    tty_restore(&t);
    assert_int_equal(errno, EXDEV);
    tcgetattr(slave, &after);
    assert_int_equal(before.c_iflag, after.c_iflag);
    assert_int_equal(before.c_lflag, after.c_lflag);
    assert_int_equal(before.c_oflag, after.c_oflag);
    assert_memory_equal(before.c_cc, after.c_cc, sizeof(before.c_cc));
    assert_int_equal(tty_raw(&t), 0); /* and again, as after being suspended */
    tty_restore(&t);
    close(slave);
    close(master);
}

static void no_terminal(void **state)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC), columns = 7, rows = 7;
    struct tty t;

    tty_init(&t, fd);
    assert_int_equal(tty_raw(&t), -ENOTTY);
    tty_restore(&t);
    assert_false(tty_size(fd, &columns, &rows));
    assert_int_equal(columns, 7);
    close(fd);
}

static void its_size(void **state)
{
    struct winsize size = {.ws_row = 24, .ws_col = 81};
    int master, slave = open_terminal(&master), columns = 7, rows = 7;

    assert_false(tty_size(slave, &columns, &rows)); /* 0 by 0: it can't say */
    assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
    assert_true(tty_size(slave, &columns, &rows));
    assert_int_equal(columns, 81);
    assert_int_equal(rows, 24);
    close(slave);
    close(master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_and_back),
        cmocka_unit_test(no_terminal),
        cmocka_unit_test(its_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
