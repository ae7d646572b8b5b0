/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "show/painted.h"

static struct painted *two_lines(void)
{
    struct painted *p = painted_new();

    painted_add_text(p, STYLE_NORMAL, "ab");
    painted_addf(p, STYLE_ERROR, "%d 错", 7);
    painted_pad(p, 10);
    painted_end_line(p);
    painted_repeat(p, STYLE_DIM, "─", 3);
    painted_end_line(p);
    return p;
}

static void it_is_printed_without_colours(void **state)
{
    struct painted *p = two_lines();
    struct str out = STR_INIT;

    painted_print(p, false, &out);
    assert_string_equal(out.data, "ab7 错\n───\n");
    assert_int_equal(painted_lines(p), 2);
    assert_int_equal(painted_columns(p, 0), 10);
    assert_int_equal(painted_columns(p, 1), 3);
    str_done(&out);
    painted_free(p);
}

static void it_is_printed_with_colours(void **state)
{
    struct painted *p = two_lines();
    struct str out = STR_INIT;

    painted_print(p, true, &out);
    assert_string_equal(out.data, "ab\033[1m\033[31m7 错\033[m\n\033[2m───\033[m\n");
    str_done(&out);
    painted_free(p);
}

static void a_line_that_is_not_ended_is_not_shown(void **state)
{
    struct painted *p = painted_new();
    struct str out = STR_INIT;

    painted_end_line(p);
    painted_add_text(p, STYLE_NORMAL, "not yet");
    assert_int_equal(painted_column(p), 7);
    painted_print(p, false, &out);
    assert_string_equal(out.data, "\n");
    painted_reset(p);
    assert_int_equal(painted_lines(p), 0);
    assert_int_equal(painted_column(p), 0);
    str_done(&out);
    painted_free(p);
}

static void draws(const struct painted *p, int columns, int skip, const char *want)
{
    struct grid *g = grid_new();
    struct str out = STR_INIT;

    grid_reset(g, 1, 12);
    painted_draw(p, 0, g, 0, 1, columns, skip, false);
    grid_print(g, &out);
    assert_string_equal(out.data, want);
    str_done(&out);
    grid_free(g);
}

static void it_is_drawn_in_a_window(void **state)
{
    struct painted *p = two_lines();

    draws(p, 11, 0, " ab7 错\n");
    draws(p, 3, 0, " ab7\n");
    draws(p, 5, 0, " ab7\n"); /* half of a wide one has no room */
    draws(p, 11, 1, " b7 错\n");
    draws(p, 11, 3, "  错\n");
    draws(p, 11, 5, "\n"); /* nor has its right half a meaning */
    painted_free(p);
}

static void the_selected_line_is_so_to_its_end(void **state)
{
    struct painted *p = two_lines();
    struct grid *g = grid_new();

    grid_reset(g, 1, 12);
    painted_draw(p, 1, g, 0, 0, 12, 0, true);
    for (int i = 0; i < 12; i++)
        assert_int_equal(grid_row(g, 0)[i].style, STYLE_SELECTED);
    painted_draw(p, 0, g, 0, 0, 12, 0, false);
    assert_int_equal(grid_row(g, 0)[0].style, STYLE_NORMAL);
    assert_int_equal(grid_row(g, 0)[2].style, STYLE_ERROR);
    grid_free(g);
    painted_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_printed_without_colours),
        cmocka_unit_test(it_is_printed_with_colours),
        cmocka_unit_test(a_line_that_is_not_ended_is_not_shown),
        cmocka_unit_test(it_is_drawn_in_a_window),
        cmocka_unit_test(the_selected_line_is_so_to_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
