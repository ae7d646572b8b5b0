/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "show/grid.h"

static void assert_shows(const struct grid *g, const char *want)
{
    struct str text = STR_INIT;

    grid_print(g, &text);
    assert_string_equal(text.data, want);
    str_done(&text);
}

static int put(struct grid *g, int row, int column, int columns, const char *text)
{
    return grid_put(g, row, column, columns, text, strlen(text), STYLE_NORMAL);
}

static void text_is_clipped_by_columns(void **state)
{
    struct grid *g = grid_new();

    grid_reset(g, 3, 8);
    assert_int_equal(put(g, 0, 6, 8, "abcdef"), 2);
    assert_int_equal(put(g, 1, 5, 8, "你好"), 2); /* the second one would be half outside */
    assert_int_equal(put(g, 2, 0, 3, "你好"), 2);
    assert_int_equal(put(g, 3, 0, 3, "x"), 0);
    assert_int_equal(put(g, -1, 0, 3, "x"), 0);
    assert_int_equal(put(g, 0, 8, 3, "x"), 0);
    assert_shows(g, "      ab\n     你\n你\n");
    grid_free(g);
}

static void clusters_are_cells(void **state)
{
    struct grid *g = grid_new();

    grid_reset(g, 1, 8);
    assert_int_equal(put(g, 0, 0, 8, "e\u0301👍🏽x"), 4);
    assert_int_equal(grid_row(g, 0)[0].len, 3);
    assert_int_equal(grid_row(g, 0)[1].columns, 2);
    assert_int_equal(grid_row(g, 0)[2].columns, 0);
    assert_int_equal(grid_row(g, 0)[3].len, 1);
    /* Longer than a cell: cut at a character, still one cell. */
    assert_int_equal(
        put(g, 0, 0, 8,
            "a\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030a\u030b\u030c\u030d\u030e\u030f"
            "\u0310\u0311\u0312"),
        1);
    assert_true(grid_row(g, 0)[0].len <= GRID_CELL_BYTES);
    assert_int_equal(grid_row(g, 0)[0].len % 2, 1);
    grid_free(g);
}

static void half_of_a_wide_cell_is_never_left(void **state)
{
    struct grid *g = grid_new();

    grid_reset(g, 1, 6);
    put(g, 0, 0, 6, "你好吗");
    put(g, 0, 1, 1, "x");
    assert_shows(g, " x好吗\n");
    put(g, 0, 3, 2, "们");
    assert_shows(g, " x 们\n");
    put(g, 0, 0, 6, "你好吗");
    put(g, 0, 2, 1, "y");
    assert_shows(g, "你y 吗\n");
    grid_free(g);
}

static void controls_are_left_out(void **state)
{
    struct grid *g = grid_new();

    grid_reset(g, 1, 6);
    put(g, 0, 0, 6, "a\033b\nc\x7f");
    assert_shows(g, "abc\n");
    grid_free(g);
}

static void what_does_not_fit_ends_in_an_ellipsis(void **state)
{
    struct grid *g = grid_new();

    grid_reset(g, 4, 6);
    assert_int_equal(grid_put_text(g, 0, 0, 5, "abcde", STYLE_NORMAL), 5);
    assert_int_equal(grid_put_text(g, 1, 0, 4, "abcde", STYLE_NORMAL), 4);
    assert_int_equal(grid_put_text(g, 2, 0, 4, "你好吗", STYLE_NORMAL), 3);
    assert_int_equal(grid_put_text(g, 3, 0, 0, "a", STYLE_NORMAL), 0);
    assert_shows(g, "abcde\nabc…\n你…\n\n");
    grid_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_clipped_by_columns),
        cmocka_unit_test(clusters_are_cells),
        cmocka_unit_test(half_of_a_wide_cell_is_never_left),
        cmocka_unit_test(controls_are_left_out),
        cmocka_unit_test(what_does_not_fit_ends_in_an_ellipsis),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
