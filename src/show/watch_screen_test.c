/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "show/lineedit.h"
#include "show/watch_screen.h"

#define ROWS 100

struct scene {
    struct watch_screen_view view;
    struct watch_screen_places places;
    struct grid *grid;
    struct str text;
};

static bool give(void *arg, size_t index, struct conversation *ret)
{
    *ret = (struct conversation){.id = (uint32_t)index + 1,
        .protocol = IP_PROTOCOL_TCP,
        .ip_version = 4,
        .closed = CLOSED_REFUSED,
        .opened = OPENED_REFUSED,
        .label_text = ""};
    ret->side[FLOW_A].port = (uint16_t)(40000 + index);
    ret->side[FLOW_B].port = 80;
    return index != 50; /* one that is gone */
}

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));

    s->grid = grid_new();
    s->view = (struct watch_screen_view){
        .count = ROWS,
        .conversation = give,
        .intro = "nothing yet",
        .who = "some.pcap",
        .state = "100 conversations",
        .hint = "F1 help",
        .keys = "Enter ladder  q quit",
    };
    str_init(&s->text);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    grid_free(s->grid);
    str_done(&s->text);
    free(s);
    return 0;
}

static const char *draw(struct scene *s, int rows, int columns)
{
    grid_reset(s->grid, rows, columns);
    watch_screen_draw(s->grid, &s->view, &s->places);
    str_reset(&s->text);
    grid_print(s->grid, &s->text);
    s->view.first = s->places.first;
    return s->text.data;
}

static void the_list_has_a_head_rows_and_two_lines_below(void **state)
{
    struct scene *s = *state;
    const char *text = draw(s, 12, 80);

    assert_int_equal(s->places.body_row, 1);
    assert_int_equal(s->places.body_rows, 9);
    assert_non_null(strstr(text, "#1 TCP 0.0.0.0:40000"));
    assert_non_null(strstr(text, "#9 TCP "));
    assert_null(strstr(text, "#10 TCP "));
    assert_non_null(strstr(text, "\n some.pcap  100 conversations"));
    assert_non_null(strstr(text, "F1 help\nEnter ladder  q quit\n"));
    assert_int_equal(s->places.cursor_row, 1);
}

/* It scrolls no further than it must, and stands still while the cursor is in sight. */
static void the_cursor_is_always_in_sight(void **state)
{
    struct scene *s = *state;

    for (size_t i = 0; i < ROWS; i++) {
        s->view.chosen = i;
        draw(s, 12, 80);
        assert_in_range(s->places.cursor_row, 1, 9);
        assert_int_equal(s->places.first, i < 9 ? 0 : i - 8);
        assert_int_equal(watch_screen_hit(&s->view, &s->places, 80, s->places.cursor_row), i);
    }
    s->view.chosen = 95;
    draw(s, 12, 80);
    assert_int_equal(s->places.first, ROWS - 9);
    s->view.chosen = 3;
    draw(s, 12, 80);
    assert_int_equal(s->places.first, 3);
    assert_int_equal(watch_screen_hit(&s->view, &s->places, 80, 0), WATCH_SCREEN_NONE);
    assert_int_equal(watch_screen_hit(&s->view, &s->places, 80, 10), WATCH_SCREEN_NONE);
}

static void an_empty_list_says_so(void **state)
{
    struct scene *s = *state;

    s->view.count = 0;
    assert_non_null(strstr(draw(s, 12, 80), "\n nothing yet\n"));
    assert_int_equal(s->places.cursor_row, -1);
}

static void what_is_typed_takes_the_last_line(void **state)
{
    struct scene *s = *state;

    s->view.prompt = "only: ";
    s->view.edit = lineedit_new();
    lineedit_insert(s->view.edit, "port 80", 7);
    assert_non_null(strstr(draw(s, 12, 80), "F1 help\nonly: port 80\n"));
    assert_int_equal(s->places.cursor_row, 11);
    assert_int_equal(s->places.cursor_column, 13);
    lineedit_free(s->view.edit);
    s->view.prompt = NULL;
    s->view.notice = "saved";
    assert_non_null(strstr(draw(s, 12, 80), "F1 help\nsaved\n"));
}

static void no_size_is_too_small(void **state)
{
    static const struct screen_help help[] = {{"Keys", NULL}, {"q", "quits"}};
    struct scene *s = *state;
    struct lineedit *edit = lineedit_new();

    lineedit_insert(edit, "some text that is longer than a row", 35);
    for (int what = 0; what < 8; what++)
        for (int rows = 1; rows < 14; rows++)
            for (int columns = 1; columns < 90; columns += columns < 12 ? 1 : 7) {
                s->view.prompt = what & 1 ? "search: " : NULL;
                s->view.edit = edit;
                s->view.notice = what & 2 ? "something happened" : NULL;
                s->view.help = what & 4 ? help : NULL;
                s->view.n_help = 2;
                s->view.chosen = 55;
                draw(s, rows, columns);
                assert_in_range(s->places.cursor_row + 1, 0, rows);
                assert_in_range(s->places.cursor_column, 0, columns - 1);
            }
    lineedit_free(edit);
}

static void a_row_can_be_had_as_text(void **state)
{
    struct scene *s = *state;

    watch_screen_append_text(&s->text, &s->view, 41);
    assert_non_null(strstr(s->text.data, "#42 TCP 0.0.0.0:40041"));
    /* It takes no harm from one that is gone. */
    str_reset(&s->text);
    watch_screen_append_text(&s->text, &s->view, 50);
    assert_null(strstr(s->text.data, "TCP"));
}

static void ascii_is_ascii(void **state)
{
    struct scene *s = *state;
    const char *text;

    s->view.ascii = true;
    for (text = draw(s, 12, 80); *text; text++)
        assert_in_range((unsigned char)*text, 1, 126);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_list_has_a_head_rows_and_two_lines_below, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_cursor_is_always_in_sight, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_list_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_typed_takes_the_last_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_size_is_too_small, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_can_be_had_as_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ascii_is_ascii, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
