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
#include "show/grid.h"

#define NOON INT64_C(1764072000000000000) /* 2025-11-25T12:00:00Z */
#define SECOND INT64_C(1000000000)

static const struct backlog_look look = {.me = "me", .them = "李四"};

static struct backlog_item item(int64_t id, enum backlog_kind kind, const char *text)
{
    return (struct backlog_item){.id = id,
        .number = (uint64_t)id,
        .at_ns = NOON + id * SECOND,
        .kind = kind,
        .text = text,
        .len = strlen(text)};
}

static void add(struct backlog *b, int64_t id, enum backlog_kind kind, const char *text)
{
    struct backlog_item i = item(id, kind, text);

    backlog_add(b, &i);
}

static void draw(struct backlog *b, int rows, int columns, struct str *out)
{
    struct grid *g = grid_new();

    grid_reset(g, rows, columns);
    backlog_draw(b, g, 0, 0, rows, columns, &look);
    str_reset(out);
    grid_print(g, out);
    grid_free(g);
}

static void assert_draws(struct backlog *b, int rows, int columns, const char *want)
{
    struct str text = STR_INIT;

    draw(b, rows, columns, &text);
    assert_string_equal(text.data, want);
    str_done(&text);
}

/* The last word of the last row that is drawn. */
static int last_number(struct backlog *b, int rows)
{
    struct str text = STR_INIT;
    int number;

    draw(b, rows, 60, &text);
    number = (int)strtol(strrchr(text.data, ' ') ? strrchr(text.data, ' ') : "-1", NULL, 10);
    str_done(&text);
    return number;
}

/* Messages first to last, older ones from a journal. */
static void add_page(struct backlog *b, int64_t first, int64_t last, bool older, bool is_all)
{
    size_t count = (size_t)(last - first + 1);
    struct backlog_item *items = calloc(count, sizeof(*items));
    char(*texts)[16] = calloc(count, sizeof(*texts));

    for (size_t i = 0; i < count; i++) {
        snprintf(texts[i], sizeof(texts[i]), "n %d", (int)(first + (int64_t)i));
        items[i] = item(first + (int64_t)i, BACKLOG_IN, texts[i]);
        items[i].number = 0;
    }
    if (older)
        backlog_add_older(b, items, count, is_all);
    else
        backlog_add_newer(b, items, count, is_all);
    free(texts);
    free(items);
}

static void a_conversation(void **state)
{
    struct backlog *b = backlog_new(false);

    add(b, 1, BACKLOG_IN, "你好，吃饭了吗？");
    add(b, 2, BACKLOG_OUT, "yes");
    add(b, 3, BACKLOG_EVENT, "hung up");
    assert_draws(b, 5, 60,
        "\n"
        "── 2025-11-25 Tuesday ──────────────────────────────────────\n"
        "12:00:01 李四    你好，吃饭了吗？\n"
        "12:00:02   me    yes\n"
        "12:00:03      ── hung up\n");
    backlog_change(b, 2, 0, BACKLOG_ANSWERED, NULL);
    assert_draws(b, 2, 60, "12:00:02   me ✓✓ yes\n12:00:03      ── hung up\n");
    backlog_change(b, 2, 0, BACKLOG_FAILED, "the port is closed");
    assert_draws(b, 3, 60,
        "12:00:02   me ✗  yes\n"
        "                 the port is closed\n"
        "12:00:03      ── hung up\n");
    backlog_free(b);
}

static void long_text_hangs_below_itself(void **state)
{
    struct backlog *b = backlog_new(false);

    add(b, 1, BACKLOG_IN, "one two three four five six\nseven");
    assert_draws(b, 4, 36,
        "── 2025-11-25 Tuesday ──────────────\n"
        "12:00 李四    one two three four\n"
        "              five six\n"
        "              seven\n");
    backlog_free(b);
}

static void narrow_windows_lose_names_times_and_marks(void **state)
{
    struct backlog *b = backlog_new(false);
    struct str text = STR_INIT;

    add(b, 1, BACKLOG_IN, "ab cd");
    assert_draws(b, 1, 30, "12:00    ab cd\n");
    assert_draws(b, 1, 20, "   ab cd\n");
    assert_draws(b, 1, 8, "ab cd\n");
    for (int columns = 1; columns < 60; columns++)
        for (int rows = 1; rows < 6; rows++)
            draw(b, rows, columns, &text);
    str_done(&text);
    backlog_free(b);
}

static void hostile_bytes_are_escaped(void **state)
{
    struct backlog *b = backlog_new(false);

    add(b, 1, BACKLOG_IN, "\033]0;x\007\xff\u202eabc\tz\001\002");
    assert_draws(b, 1, 80, "12:00:01 李四    \\x1b]0;x\\x07\\xff\\u{202E}abc    z\\x01\\x02\n");
    backlog_free(b);
}

static void scrolling_stays_where_it_is(void **state)
{
    struct backlog *b = backlog_new(false);

    for (int i = 1; i <= 100; i++) {
        char text[16];

        snprintf(text, sizeof(text), "n %d", i);
        add(b, i, BACKLOG_IN, text);
    }
    assert_int_equal(last_number(b, 10), 100);
    assert_true(backlog_scroll(b, 30));
    assert_int_equal(last_number(b, 10), 70);
    assert_false(backlog_is_at_end(b));
    add(b, 101, BACKLOG_IN, "n 101");
    assert_int_equal(last_number(b, 10), 70);
    assert_int_equal(backlog_below(b), 1);
    /* The top: the rule and nine messages. */
    assert_true(backlog_scroll(b, 1000));
    assert_int_equal(last_number(b, 10), 9);
    assert_false(backlog_scroll(b, 1));
    assert_true(backlog_scroll(b, -1000));
    assert_true(backlog_is_at_end(b));
    assert_int_equal(backlog_below(b), 0);
    assert_int_equal(last_number(b, 10), 101);
    assert_false(backlog_scroll(b, -1));
    backlog_free(b);
}

static void older_ones_come_from_the_journal(void **state)
{
    struct backlog *b = backlog_new(true);

    assert_true(backlog_wants_older(b));
    add(b, 200, BACKLOG_IN, "n 200"); /* live, and in the page too */
    add_page(b, 101, 200, true, false);
    assert_int_equal(backlog_count(b), 100);
    assert_int_equal(last_number(b, 10), 200);
    assert_false(backlog_wants_older(b));
    backlog_scroll(b, 1000);
    assert_int_equal(last_number(b, 10), 109);
    assert_true(backlog_wants_older(b));
    add_page(b, 1, 100, true, true);
    assert_int_equal(last_number(b, 10), 109);
    assert_false(backlog_wants_older(b));
    assert_int_equal(backlog_oldest_id(b), 1);
    backlog_free(b);
}

static void memory_is_bounded_both_ways(void **state)
{
    struct backlog *b = backlog_new(true);
    int64_t oldest = 100000;

    add_page(b, oldest - 99, oldest, true, false);
    for (int i = 0; i < 40; i++) {
        backlog_scroll(b, 10000);
        last_number(b, 10);
        assert_true(backlog_wants_older(b));
        oldest = backlog_oldest_id(b);
        add_page(b, oldest - 100, oldest - 1, true, false);
        assert_true(backlog_count(b) <= BACKLOG_ITEMS);
    }
    /* The newest had to go; on the way down they come again, in order. */
    assert_int_equal(backlog_count(b), BACKLOG_ITEMS);
    assert_int_equal(backlog_oldest_id(b), 100000 - 99 - 4000);
    add(b, 100001, BACKLOG_IN, "n 100001");
    for (int i = 0; i < 1000 && !backlog_is_at_end(b); i++) {
        int64_t newest = backlog_newest_id(b);
        int before = last_number(b, 10);

        backlog_scroll(b, -9);
        assert_in_range(last_number(b, 10), before, before + 9);
        if (backlog_wants_newer(b))
            add_page(
                b, newest + 1, newest + 100 < 100001 ? newest + 100 : 100001, false, newest + 100 >= 100001);
        assert_true(backlog_count(b) <= BACKLOG_ITEMS);
    }
    assert_true(backlog_is_at_end(b));
    assert_int_equal(last_number(b, 10), 100001);
    backlog_free(b);
}

static void bytes_are_bounded_too(void **state)
{
    struct backlog *b = backlog_new(true);
    char *big = malloc(2 * BACKLOG_TEXT_BYTES);
    struct str text = STR_INIT;

    memset(big, 'x', 2 * BACKLOG_TEXT_BYTES);
    for (int i = 1; i <= 100; i++) {
        struct backlog_item item = {.id = i, .at_ns = NOON, .text = big, .len = 2 * BACKLOG_TEXT_BYTES};

        backlog_add(b, &item);
        assert_true(backlog_count(b) <= BACKLOG_BYTES / BACKLOG_TEXT_BYTES);
    }
    draw(b, 3, 100, &text);
    assert_non_null(strstr(text.data, "65536 of its 131072 bytes are shown"));
    str_done(&text);
    free(big);
    backlog_free(b);
}

static void what_is_new_has_a_rule(void **state)
{
    struct backlog *b = backlog_new(false);

    add(b, 1, BACKLOG_IN, "a");
    backlog_leave(b);
    add(b, 2, BACKLOG_IN, "b");
    assert_draws(b, 3, 60,
        "12:00:01 李四    a\n"
        "── new ─────────────────────────────────────────────────────\n"
        "12:00:02 李四    b\n");
    backlog_forget_unread(b);
    assert_draws(b, 2, 60, "12:00:01 李四    a\n12:00:02 李四    b\n");
    add(b, 3, BACKLOG_OUT, "c");
    backlog_set_unread(b, 1);
    assert_draws(b, 3, 60,
        "── new ─────────────────────────────────────────────────────\n"
        "12:00:02 李四    b\n"
        "12:00:03   me    c\n");
    backlog_free(b);
}

static void finding(void **state)
{
    struct backlog *b = backlog_new(true);

    add(b, 1, BACKLOG_IN, "吃饭 One");
    for (int i = 2; i < 100; i++)
        add(b, i, BACKLOG_OUT, "x");
    add(b, 100, BACKLOG_IN, "ONE more");
    add(b, 101, BACKLOG_EVENT, "one");
    last_number(b, 10);
    assert_true(backlog_find(b, "one", true));
    assert_int_equal(backlog_found_id(b), 100);
    assert_true(backlog_find(b, "one", true));
    assert_int_equal(backlog_found_id(b), 1);
    assert_false(backlog_is_at_end(b));
    assert_false(backlog_find(b, "one", true));
    assert_int_equal(backlog_found_id(b), 1);
    assert_true(backlog_find(b, "one", false));
    assert_int_equal(backlog_found_id(b), 100);
    assert_true(backlog_find(b, "饭", true));
    assert_int_equal(backlog_found_id(b), 1);
    assert_false(backlog_find(b, "", true) && backlog_found_id(b) == 0);
    backlog_free(b);
}

static void finding_in_the_journal(void **state)
{
    struct backlog *b = backlog_new(true);
    struct str text = STR_INIT;

    add_page(b, 901, 1000, true, false);
    last_number(b, 10);
    backlog_found_elsewhere(b, "n 500", 500);
    add_page(b, 401, 500, true, false);
    assert_int_equal(backlog_found_id(b), 500);
    add_page(b, 501, 600, false, false);
    draw(b, 11, 60, &text);
    assert_non_null(strstr(text.data, "n 500\n"));
    assert_false(backlog_is_at_end(b));
    /* Back to the end: a conversation as if just opened. */
    backlog_to_end(b);
    assert_int_equal(backlog_count(b), 0);
    assert_true(backlog_wants_older(b));
    str_done(&text);
    backlog_free(b);
}

static int set_up(void **state)
{
    setenv("TZ", "UTC", 1);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_conversation),
        cmocka_unit_test(long_text_hangs_below_itself),
        cmocka_unit_test(narrow_windows_lose_names_times_and_marks),
        cmocka_unit_test(hostile_bytes_are_escaped),
        cmocka_unit_test(scrolling_stays_where_it_is),
        cmocka_unit_test(older_ones_come_from_the_journal),
        cmocka_unit_test(memory_is_bounded_both_ways),
        cmocka_unit_test(bytes_are_bounded_too),
        cmocka_unit_test(what_is_new_has_a_rule),
        cmocka_unit_test(finding),
        cmocka_unit_test(finding_in_the_journal),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
