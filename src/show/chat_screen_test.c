/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "show/backlog.h"
#include "show/chat_screen.h"
#include "show/lineedit.h"

#define NOON INT64_C(1764072000000000000) /* 2025-11-25T12:00:00Z */

static const struct chat_screen_talk talks[] = {
    {.name = "Ann", .line = CHAT_SCREEN_UP},
    {.name = "王五", .unread = 3},
    {.name = "李四", .line = CHAT_SCREEN_CALLING, .waiting = 2, .unread = 12},
};

struct scene {
    struct chat_screen_view view;
    struct chat_screen_places places;
    struct grid *grid;
    struct str text;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct backlog_item item = {.at_ns = NOON, .kind = BACKLOG_IN, .text = "shall we eat?", .len = 13};

    setenv("TZ", "UTC", 1);
    s->grid = grid_new();
    s->view = (struct chat_screen_view){
        .talks = talks,
        .n_talks = sizeof(talks) / sizeof(talks[0]),
        .backlog = backlog_new(false),
        .me = "me",
        .them = "Ann",
        .who = "Ann  udp://127.0.0.1:8081",
        .state = "connected",
        .hint = "F1 help",
        .prompt = "> ",
        .edit = lineedit_new(),
        .placeholder = "type a message",
    };
    str_init(&s->text);
    backlog_add(s->view.backlog, &item);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    backlog_free(s->view.backlog);
    lineedit_free(s->view.edit);
    grid_free(s->grid);
    str_done(&s->text);
    free(s);
    return 0;
}

static const char *draw(struct scene *s, int rows, int columns)
{
    grid_reset(s->grid, rows, columns);
    chat_screen_draw(s->grid, &s->view, &s->places);
    str_reset(&s->text);
    grid_print(s->grid, &s->text);
    return s->text.data;
}

static void type(struct scene *s, const char *text)
{
    lineedit_set(s->view.edit, text, strlen(text), strlen(text));
}

static void all_of_it(void **state)
{
    assert_string_equal(draw(*state, 6, 70),
        "1 ● Ann           │\n"
        "2 ○ 王五        3 │\n"
        "3 ◌ 李四    …2 12 │ ── 2025-11-25 Tuesday ────────────────────────────\n"
        "                  │ 12:00:00 Ann    shall we eat?\n"
        " Ann  udp://127.0.0.1:8081  connected                         F1 help\n"
        "> type a message\n");
}

static void narrow_screens_show_one_of_the_two(void **state)
{
    struct scene *s = *state;

    assert_string_equal(draw(s, 4, 40), "── 2025-11-25 Tuesday ──────────────────\n"
                                        "12:00 Ann    shall we eat?\n"
                                        " Ann  udp://127.0.0.1:8081  connected\n"
                                        "> type a message\n");
    s->view.is_choosing = true;
    assert_string_equal(draw(s, 5, 40), "1 ● Ann\n"
                                        "2 ○ 王五                              3\n"
                                        "3 ◌ 李四                          …2 12\n"
                                        " Ann  udp://127.0.0.1:8081  connected\n"
                                        "> type a message\n");
}

static void no_size_is_too_small(void **state)
{
    struct scene *s = *state;

    s->view.notice = "something happened that takes more than one row to be told";
    type(s, "你好 a longer text that wraps\nand has lines\n\n\n\n\n\n\nx");
    for (int choosing = 0; choosing < 2; choosing++)
        for (int rows = 1; rows < 12; rows++)
            for (int columns = 1; columns < 70; columns++) {
                s->view.is_choosing = choosing;
                draw(s, rows, columns);
                assert_in_range(s->places.cursor_row, 0, rows - 1);
                assert_in_range(s->places.cursor_column, 0, columns - 1);
            }
}

static void the_cursor_stands_where_the_next_character_goes(void **state)
{
    struct scene *s = *state;

    draw(s, 10, 70);
    assert_int_equal(s->places.cursor_row, 9);
    assert_int_equal(s->places.cursor_column, 2);
    type(s, "你好e\u0301👍");
    draw(s, 10, 70);
    assert_int_equal(s->places.cursor_column, 2 + 4 + 1 + 2);
    type(s, "a\nbc");
    draw(s, 10, 70);
    assert_int_equal(s->places.cursor_row, 9);
    assert_int_equal(s->places.cursor_column, 4);
    assert_int_equal(s->places.input_rows, 2);
}

static void the_input_grows_and_then_scrolls(void **state)
{
    struct scene *s = *state;

    type(s, "1\n2\n3\n4\n5\n6\n7\n8\n9");
    draw(s, 24, 70);
    assert_int_equal(s->places.input_rows, CHAT_SCREEN_INPUT_ROWS);
    assert_non_null(strstr(s->text.data, "\n> 4\n  5\n  6\n  7\n  8\n  9\n"));
    assert_null(strstr(s->text.data, "  3\n"));
    assert_int_equal(s->places.cursor_row, 23);
}

static void a_notice_stands_above_the_status_line(void **state)
{
    struct scene *s = *state;

    s->view.notice = "there is no /halp; did you mean /help?";
    assert_non_null(strstr(draw(s, 6, 70), "\nthere is no /halp; did you mean /help?\n Ann  udp"));
}

static void a_long_list_scrolls_with_the_bar(void **state)
{
    struct scene *s = *state;
    struct chat_screen_talk many[50];
    char names[50][8];

    for (int i = 0; i < 50; i++) {
        snprintf(names[i], sizeof(names[i]), "n%d", i);
        many[i] = (struct chat_screen_talk){.name = names[i]};
    }
    s->view.talks = many;
    s->view.n_talks = 50;
    for (size_t i = 0; i < 50; i++) {
        char wanted[16];

        s->view.chosen = i;
        snprintf(wanted, sizeof(wanted), "○ n%d ", (int)i);
        assert_non_null(strstr(draw(s, 12, 70), wanted));
        assert_int_equal(chat_screen_hit(&s->places, 50, (int)(i - s->places.list_first), 3), i);
    }
    assert_int_equal(chat_screen_hit(&s->places, 50, 0, 60), CHAT_SCREEN_NOBODY);
    assert_int_equal(chat_screen_hit(&s->places, 50, 11, 0), CHAT_SCREEN_NOBODY);
}

static void scrolled_up_it_says_what_is_below(void **state)
{
    struct scene *s = *state;
    struct backlog_item item = {.at_ns = NOON, .kind = BACKLOG_IN, .text = "x", .len = 1};

    for (int i = 0; i < 100; i++)
        backlog_add(s->view.backlog, &item);
    draw(s, 10, 70);
    backlog_scroll(s->view.backlog, 20);
    assert_non_null(strstr(draw(s, 10, 70), " more below\n"));
    backlog_add(s->view.backlog, &item);
    assert_non_null(strstr(draw(s, 10, 70), " 1 new below\n"));
    backlog_to_end(s->view.backlog);
    assert_null(strstr(draw(s, 10, 70), " below\n"));
}

static void help_and_intro_take_the_place_of_the_conversation(void **state)
{
    static const struct screen_help help[] = {{"Keys", NULL}, {"Enter", "says it"}};
    struct scene *s = *state;

    s->view.help = help;
    s->view.n_help = 2;
    assert_non_null(strstr(draw(s, 6, 100), "│ Keys\n"));
    assert_non_null(strstr(s->text.data, "│  Enter  says it\n"));
    /* In a narrower window the list gives way. */
    assert_non_null(strstr(draw(s, 6, 99), "Keys\n Enter  says it\n"));
    assert_null(strstr(s->text.data, "shall we eat?"));
    s->view.help = NULL;
    backlog_free(s->view.backlog);
    s->view.backlog = NULL;
    s->view.intro = "nobody yet";
    assert_non_null(strstr(draw(s, 6, 70), "nobody yet"));
}

static void ascii_is_ascii(void **state)
{
    struct scene *s = *state;
    struct backlog_item item = {
        .at_ns = NOON, .kind = BACKLOG_OUT, .mark = BACKLOG_ANSWERED, .text = "x", .len = 1};
    const char *text;

    s->view.ascii = true;
    s->view.n_talks = 1;
    backlog_add(s->view.backlog, &item);
    text = draw(s, 6, 70);
    for (; *text; text++)
        assert_in_range((unsigned char)*text, 1, 126);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_of_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(narrow_screens_show_one_of_the_two, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_size_is_too_small, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_cursor_stands_where_the_next_character_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_input_grows_and_then_scrolls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_notice_stands_above_the_status_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_list_scrolls_with_the_bar, set_up, tear_down),
        cmocka_unit_test_setup_teardown(scrolled_up_it_says_what_is_below, set_up, tear_down),
        cmocka_unit_test_setup_teardown(help_and_intro_take_the_place_of_the_conversation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ascii_is_ascii, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
