/* SPDX-License-Identifier: ISC */
#include "show/term.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

struct terminal {
    int master, slave, pipe[2];
};

static int set_up(void **state)
{
    static struct terminal t;

    t.master = posix_openpt(O_RDWR | O_NOCTTY);
    if (t.master < 0 || grantpt(t.master) < 0 || unlockpt(t.master) < 0 || pipe(t.pipe) < 0)
        return -1;
    t.slave = open(ptsname(t.master), O_RDWR | O_NOCTTY);
    *state = &t;
    unsetenv("NO_COLOR");
    unsetenv("COLUMNS");
    setenv("TERM", "xterm", 1);
    return t.slave < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    struct terminal *t = *state;

    close(t->slave);
    close(t->master);
    close(t->pipe[0]);
    close(t->pipe[1]);
    return 0;
}

static void colour_is_for_terminals(void **state)
{
    struct terminal *t = *state;

    assert_true(term_is(t->slave));
    assert_false(term_is(t->pipe[1]));
    assert_false(term_is(-1));
    assert_true(term_wants_color(t->slave, false));
    assert_false(term_wants_color(t->pipe[1], false));
}

static void colour_can_be_refused(void **state)
{
    struct terminal *t = *state;

    assert_false(term_wants_color(t->slave, true));
    setenv("NO_COLOR", "", 1);
    assert_true(term_wants_color(t->slave, false));
    setenv("NO_COLOR", "1", 1);
    assert_false(term_wants_color(t->slave, false));
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    assert_false(term_wants_color(t->slave, false));
    unsetenv("TERM");
    assert_false(term_wants_color(t->slave, false));
}

static void without_colour_all_is_empty(void **state)
{
    const struct term_colors *c = term_colors(false);
    const char *const *texts = (const char *const *)c;

    for (size_t i = 0; i < sizeof(*c) / sizeof(*texts); i++)
        assert_string_equal(texts[i], "");
    texts = (const char *const *)term_colors(true);
    for (size_t i = 0; i < sizeof(*c) / sizeof(*texts); i++)
        assert_string_not_equal(texts[i], "");
}

static void width(void **state)
{
    struct terminal *t = *state;
    struct winsize size = {.ws_col = 43, .ws_row = 9};

    assert_int_equal(term_columns(t->pipe[1]), 80);
    setenv("COLUMNS", "132", 1);
    assert_int_equal(term_columns(t->pipe[1]), 132);
    assert_int_equal(term_columns(t->slave), 132); /* a terminal of 0 columns does not know */
    assert_int_equal(ioctl(t->master, TIOCSWINSZ, &size), 0);
    assert_int_equal(term_columns(t->slave), 43);
    size.ws_col = 2;
    assert_int_equal(ioctl(t->master, TIOCSWINSZ, &size), 0);
    assert_int_equal(term_columns(t->slave), TERM_COLUMNS_MIN);
    setenv("COLUMNS", "wide", 1);
    assert_int_equal(term_columns(t->pipe[1]), 80);
    setenv("COLUMNS", "-3", 1);
    assert_int_equal(term_columns(t->pipe[1]), 80);
    setenv("COLUMNS", "99999999", 1);
    assert_int_equal(term_columns(t->pipe[1]), TERM_COLUMNS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(colour_is_for_terminals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(colour_can_be_refused, set_up, tear_down),
        cmocka_unit_test(without_colour_all_is_empty),
        cmocka_unit_test_setup_teardown(width, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
