/* SPDX-License-Identifier: ISC */
#include "show/lineedit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

#define FAMILY "\U0001F469\u200D\U0001F469\u200D\U0001F467"

/* The text, with | where the cursor is. */
static void expect(struct lineedit *e, const char *want)
{
    struct str got = STR_INIT;

    assert_int_equal(strlen(lineedit_text(e)), lineedit_len(e));
    str_append(&got, lineedit_text(e), lineedit_cursor(e));
    str_append_char(&got, '|');
    str_append_str(&got, lineedit_text(e) + lineedit_cursor(e));
    assert_string_equal(got.data, want);
    str_done(&got);
}

static void put(struct lineedit *e, const char *text)
{
    assert_true(lineedit_insert(e, text, strlen(text)));
}

/* As if typed letter by letter. */
static void type(struct lineedit *e, const char *text)
{
    for (; *text; text++)
        assert_true(lineedit_insert(e, text, 1));
}

/* The text with | in it, and the cursor there. */
static struct lineedit *with(const char *text)
{
    struct lineedit *e = lineedit_new();
    size_t cursor = strcspn(text, "|");
    struct str whole = STR_INIT;

    str_append(&whole, text, cursor);
    str_append_str(&whole, text + cursor + 1);
    lineedit_set(e, whole.data, whole.len, cursor);
    str_done(&whole);
    return e;
}

static void after(const char *before, enum lineedit_action action, const char *want)
{
    struct lineedit *e = with(before);
    bool changed = strcmp(before, want) != 0;

    assert_int_equal(lineedit_do(e, action), changed);
    expect(e, want);
    if (changed && lineedit_do(e, LINEEDIT_UNDO)) /* a move can't be undone, and its with() can */
        assert_true(lineedit_is_empty(e) || strlen(before) - 1 == lineedit_len(e));
    lineedit_free(e);
}

static void moves_go_by_clusters(void **state)
{
    after("a" FAMILY "|b", LINEEDIT_BACKWARD_CHAR, "a|" FAMILY "b");
    after("a|" FAMILY "b", LINEEDIT_FORWARD_CHAR, "a" FAMILY "|b");
    after("|e\u0301", LINEEDIT_FORWARD_CHAR, "e\u0301|");
    after("|a", LINEEDIT_BACKWARD_CHAR, "|a");
    after("a|", LINEEDIT_FORWARD_CHAR, "a|");
    after("ab\nc|d\nef", LINEEDIT_BEGINNING_OF_LINE, "ab\n|cd\nef");
    after("ab\nc|d\nef", LINEEDIT_END_OF_LINE, "ab\ncd|\nef");
    after("ab\nc|d\nef", LINEEDIT_BEGINNING_OF_TEXT, "|ab\ncd\nef");
    after("ab\nc|d\nef", LINEEDIT_END_OF_TEXT, "ab\ncd\nef|");
}

static void words(void **state)
{
    after("|one, two", LINEEDIT_FORWARD_WORD, "one|, two");
    after("one|, two", LINEEDIT_FORWARD_WORD, "one, two|");
    after("one, two|", LINEEDIT_BACKWARD_WORD, "one, |two");
    after("one, |two", LINEEDIT_BACKWARD_WORD, "|one, two");
    after("one, |", LINEEDIT_BACKWARD_WORD, "|one, ");
    after("|你好，世界", LINEEDIT_FORWARD_WORD, "你好|，世界");
    after("x e\u0301a|", LINEEDIT_BACKWARD_WORD, "x |e\u0301a");
    after("x-\u0301a|", LINEEDIT_BACKWARD_WORD, "x-\u0301|a");
    after("x - |", LINEEDIT_BACKWARD_WORD, "|x - ");
    after("x \u0301y|", LINEEDIT_UNIX_WORD_RUBOUT, "x|");
}

static void deleting(void **state)
{
    after("a" FAMILY "|b", LINEEDIT_BACKWARD_DELETE_CHAR, "a|b");
    after("a|" FAMILY "b", LINEEDIT_DELETE_CHAR, "a|b");
    after("|a", LINEEDIT_BACKWARD_DELETE_CHAR, "|a");
    after("a|", LINEEDIT_DELETE_CHAR, "a|");
    after("one |two three", LINEEDIT_KILL_WORD, "one | three");
    after("a/one-two|", LINEEDIT_BACKWARD_KILL_WORD, "a/one-|");
    after("say a/one-two  |", LINEEDIT_UNIX_WORD_RUBOUT, "say |");
    after("a|b\nc", LINEEDIT_KILL_LINE, "a|\nc");
    after("a|\nc", LINEEDIT_KILL_LINE, "a|c");
    after("a\nbc|d", LINEEDIT_UNIX_LINE_DISCARD, "a\n|d");
    after("a\n|d", LINEEDIT_UNIX_LINE_DISCARD, "a\n|d");
}

static void changing_letters(void **state)
{
    after("a|b", LINEEDIT_TRANSPOSE_CHARS, "ba|");
    after("ab|", LINEEDIT_TRANSPOSE_CHARS, "ba|");
    after("你|好吗", LINEEDIT_TRANSPOSE_CHARS, "好你|吗");
    after("x\nab|\nc", LINEEDIT_TRANSPOSE_CHARS, "x\nba|\nc");
    after("x\n|ab", LINEEDIT_TRANSPOSE_CHARS, "x\n|ab");
    after("a|", LINEEDIT_TRANSPOSE_CHARS, "a|");
    after("|", LINEEDIT_TRANSPOSE_CHARS, "|");
    after("a| öl b", LINEEDIT_UPCASE_WORD, "a ÖL| b");
    after("o|NE TWO", LINEEDIT_DOWNCASE_WORD, "one| TWO");
    after("|élan VITAL", LINEEDIT_CAPITALIZE_WORD, "Élan| VITAL");
    after("one |  ", LINEEDIT_UPCASE_WORD, "one |  ");
}

static void what_is_cut_is_put_in_again(void **state)
{
    struct lineedit *e = with("one two three|");

    assert_false(lineedit_do(e, LINEEDIT_YANK));
    assert_true(lineedit_do(e, LINEEDIT_BACKWARD_KILL_WORD));
    assert_true(lineedit_do(e, LINEEDIT_BACKWARD_KILL_WORD));
    expect(e, "one |");
    assert_true(lineedit_do(e, LINEEDIT_BEGINNING_OF_LINE));
    assert_true(lineedit_do(e, LINEEDIT_KILL_LINE));
    assert_true(lineedit_do(e, LINEEDIT_YANK));
    expect(e, "one |");
    assert_true(lineedit_do(e, LINEEDIT_YANK_POP));
    expect(e, "two three|"); /* two kills, one piece, in order */
    assert_true(lineedit_do(e, LINEEDIT_YANK_POP));
    expect(e, "one |");
    assert_true(lineedit_do(e, LINEEDIT_END_OF_LINE) == false);
    assert_false(lineedit_do(e, LINEEDIT_YANK_POP)); /* only right after a yank */
    expect(e, "one |");
    lineedit_free(e);

    e = with("|abc def");
    assert_true(lineedit_do(e, LINEEDIT_KILL_WORD));
    assert_true(lineedit_do(e, LINEEDIT_KILL_LINE));
    assert_false(lineedit_do(e, LINEEDIT_KILL_LINE));
    assert_true(lineedit_do(e, LINEEDIT_YANK));
    expect(e, "abc def|");
    lineedit_free(e);
}

static void the_ring_forgets_the_oldest(void **state)
{
    struct lineedit *e = lineedit_new();
    char text[8];

    for (int i = 0; i < LINEEDIT_KILLS + 4; i++) {
        snprintf(text, sizeof(text), "%d", i);
        put(e, text);
        assert_true(lineedit_do(e, LINEEDIT_UNIX_LINE_DISCARD));
    }
    assert_true(lineedit_do(e, LINEEDIT_YANK));
    expect(e, "19|");
    for (int i = 0; i < LINEEDIT_KILLS - 1; i++)
        assert_true(lineedit_do(e, LINEEDIT_YANK_POP));
    expect(e, "4|");
    assert_true(lineedit_do(e, LINEEDIT_YANK_POP));
    expect(e, "19|");
    lineedit_free(e);
}

static void typing_is_undone_by_words(void **state)
{
    struct lineedit *e = lineedit_new();

    type(e, "one two  three");
    assert_true(lineedit_do(e, LINEEDIT_BACKWARD_DELETE_CHAR));
    assert_true(lineedit_do(e, LINEEDIT_UNDO));
    expect(e, "one two  three|");
    assert_true(lineedit_do(e, LINEEDIT_UNDO));
    expect(e, "one two  |");
    assert_true(lineedit_do(e, LINEEDIT_UNDO));
    expect(e, "one |");
    type(e, "2");
    assert_true(lineedit_do(e, LINEEDIT_UNDO));
    expect(e, "one |");
    assert_true(lineedit_do(e, LINEEDIT_UNDO));
    expect(e, "|");
    assert_false(lineedit_do(e, LINEEDIT_UNDO));
    lineedit_free(e);
}

static void undo_puts_the_cursor_back(void **state)
{
    struct lineedit *e = with("ab|cd");

    put(e, "x");
    lineedit_do(e, LINEEDIT_END_OF_TEXT);
    put(e, "y");
    lineedit_do(e, LINEEDIT_BEGINNING_OF_TEXT);
    lineedit_do(e, LINEEDIT_KILL_LINE);
    expect(e, "|");
    lineedit_do(e, LINEEDIT_UNDO);
    expect(e, "|abxcdy");
    lineedit_do(e, LINEEDIT_UNDO);
    expect(e, "abxcd|");
    lineedit_do(e, LINEEDIT_UNDO);
    expect(e, "ab|cd");
    lineedit_do(e, LINEEDIT_UNDO); /* lineedit_set */
    expect(e, "|");
    lineedit_free(e);
}

static void undo_has_its_limits(void **state)
{
    struct lineedit *e = lineedit_new();
    char *big = malloc(LINEEDIT_BYTES);
    int undone = 0;

    for (int i = 0; i < LINEEDIT_UNDOS + 10; i++) {
        put(e, "a");
        lineedit_do(e, LINEEDIT_BEGINNING_OF_TEXT);
    }
    while (lineedit_do(e, LINEEDIT_UNDO))
        undone++;
    assert_int_equal(undone, LINEEDIT_UNDOS);
    assert_int_equal(lineedit_len(e), 10);

    memset(big, 'b', LINEEDIT_BYTES);
    for (int i = 0; i < 10; i++)
        lineedit_set(e, big, LINEEDIT_BYTES - (size_t)i, 0);
    undone = 0;
    while (lineedit_do(e, LINEEDIT_UNDO))
        undone++;
    assert_int_equal(undone, LINEEDIT_KEPT_BYTES / LINEEDIT_BYTES);
    free(big);
    lineedit_free(e);
}

static void say(struct lineedit *e, const char *text)
{
    size_t len;
    char *said;

    put(e, text);
    said = lineedit_take(e, &len);
    assert_int_equal(len, strlen(text));
    assert_string_equal(said, text);
    assert_true(lineedit_is_empty(e));
    assert_false(lineedit_do(e, LINEEDIT_UNDO)); /* what is sent is gone */
    free(said);
}

static void history_keeps_what_was_begun(void **state)
{
    struct lineedit *e = lineedit_new();

    assert_false(lineedit_do(e, LINEEDIT_PREVIOUS_HISTORY));
    lineedit_remember(e, "zero", 4);
    say(e, "one");
    say(e, "two");
    say(e, "two");
    put(e, "begun");
    assert_false(lineedit_do(e, LINEEDIT_NEXT_HISTORY));
    assert_true(lineedit_do(e, LINEEDIT_PREVIOUS_HISTORY));
    expect(e, "two|");
    put(e, "!");
    assert_true(lineedit_do(e, LINEEDIT_PREVIOUS_LINE));
    expect(e, "one|");
    assert_true(lineedit_do(e, LINEEDIT_PREVIOUS_HISTORY));
    expect(e, "zero|");
    assert_false(lineedit_do(e, LINEEDIT_PREVIOUS_HISTORY));
    lineedit_do(e, LINEEDIT_NEXT_HISTORY);
    lineedit_do(e, LINEEDIT_NEXT_HISTORY);
    expect(e, "two!|"); /* as it was left */
    assert_true(lineedit_do(e, LINEEDIT_NEXT_LINE));
    expect(e, "begun|");
    lineedit_do(e, LINEEDIT_PREVIOUS_HISTORY);
    free(lineedit_take(e, &(size_t){0}));
    lineedit_do(e, LINEEDIT_PREVIOUS_HISTORY);
    expect(e, "two!|");
    lineedit_do(e, LINEEDIT_PREVIOUS_HISTORY);
    expect(e, "two|"); /* as it was said */
    lineedit_free(e);
}

static void history_has_its_limits(void **state)
{
    struct lineedit *e = lineedit_new();
    char text[16], *big = malloc(LINEEDIT_BYTES);
    int found = 0;

    for (int i = 0; i < LINEEDIT_HISTORY + 5; i++) {
        snprintf(text, sizeof(text), "%d", i);
        lineedit_remember(e, text, strlen(text));
    }
    while (lineedit_do(e, LINEEDIT_PREVIOUS_HISTORY))
        found++;
    assert_int_equal(found, LINEEDIT_HISTORY);
    expect(e, "5|");
    lineedit_clear(e);
    memset(big, 'b', LINEEDIT_BYTES);
    for (size_t i = 0; i < 10; i++)
        lineedit_remember(e, big, LINEEDIT_BYTES - i);
    found = 0;
    while (lineedit_do(e, LINEEDIT_PREVIOUS_HISTORY))
        found++;
    assert_int_equal(found, LINEEDIT_KEPT_BYTES / LINEEDIT_BYTES);
    free(big);
    lineedit_free(e);
}

static void lines_keep_the_column(void **state)
{
    struct lineedit *e = with("abcd\n你\n\nxy你好|");

    lineedit_do(e, LINEEDIT_PREVIOUS_LINE);
    expect(e, "abcd\n你\n|\nxy你好");
    lineedit_do(e, LINEEDIT_PREVIOUS_LINE);
    expect(e, "abcd\n你|\n\nxy你好");
    lineedit_do(e, LINEEDIT_PREVIOUS_LINE);
    expect(e, "abcd|\n你\n\nxy你好");
    assert_false(lineedit_do(e, LINEEDIT_PREVIOUS_LINE)); /* no history */
    lineedit_free(e);

    e = with("abcd\n你\nwxyz|");
    lineedit_do(e, LINEEDIT_BACKWARD_CHAR);
    lineedit_do(e, LINEEDIT_PREVIOUS_LINE);
    expect(e, "abcd\n你|\nwxyz");
    lineedit_do(e, LINEEDIT_PREVIOUS_LINE);
    expect(e, "abc|d\n你\nwxyz");
    lineedit_do(e, LINEEDIT_NEXT_LINE);
    lineedit_do(e, LINEEDIT_NEXT_LINE);
    expect(e, "abcd\n你\nwxy|z");
    lineedit_free(e);
}

static void only_what_can_be_shown_comes_in(void **state)
{
    struct lineedit *e = lineedit_new();

    put(e, "a\r\nb\rc\nd\te\033[31m\x7f\x01");
    expect(e, "a\nb\nc\nd    e[31m|");
    lineedit_clear(e);
    put(e, "\xff你\xe4\xbd\xc2\x9b\u202e\u2028\ufeff好");
    expect(e, "你好|");
    lineedit_set(e, "x\033y\n", 4, 99);
    expect(e, "xy\n|");
    lineedit_free(e);
}

static void cleared_is_not_lost(void **state)
{
    struct lineedit *e = with("abc|");

    lineedit_clear(e);
    expect(e, "|");
    lineedit_do(e, LINEEDIT_YANK);
    expect(e, "abc|");
    lineedit_free(e);
}

/* A base letter typed before a mark, or half a flag before another half: the cursor is never inside. */
static void the_cursor_stands_between_clusters(void **state)
{
    struct lineedit *e = with("|\u0301x");

    put(e, "e");
    expect(e, "e\u0301|x");
    lineedit_do(e, LINEEDIT_BACKWARD_CHAR);
    expect(e, "|e\u0301x");
    lineedit_free(e);
    e = with("ab|\u0301c"); /* lineedit_set is told a place inside */
    expect(e, "ab\u0301|c");
    lineedit_free(e);
}

static void too_much_is_refused_whole(void **state)
{
    struct lineedit *e = lineedit_new();
    char *big = malloc(LINEEDIT_BYTES + 1);

    memset(big, 'x', LINEEDIT_BYTES + 1);
    assert_false(lineedit_insert(e, big, LINEEDIT_BYTES + 1));
    expect(e, "|");
    put(e, "y");
    assert_false(lineedit_insert(e, big, LINEEDIT_BYTES));
    expect(e, "y|");
    assert_true(lineedit_insert(e, big, LINEEDIT_BYTES - 1));
    assert_false(lineedit_insert(e, "z", 1));
    lineedit_do(e, LINEEDIT_UNIX_LINE_DISCARD);
    lineedit_do(e, LINEEDIT_YANK);
    assert_false(lineedit_do(e, LINEEDIT_YANK));
    assert_int_equal(lineedit_len(e), LINEEDIT_BYTES);
    free(big);
    lineedit_free(e);
}

static void expect_layout(const char *text, int columns, size_t rows, size_t row, int column)
{
    struct lineedit *e = with(text);
    size_t got_row;
    int got_column;
    size_t got = lineedit_layout(e, columns, &got_row, &got_column);

    if (got != rows || got_row != row || got_column != column)
        fail_msg("%s: %zu rows, cursor %zu %d", text, got, got_row, got_column);
    lineedit_free(e);
}

static void rows_and_where_the_cursor_is(void **state)
{
    expect_layout("|", 10, 1, 0, 0);
    expect_layout("ab|c", 10, 1, 0, 2);
    expect_layout("你好|", 10, 1, 0, 4);
    expect_layout("a\n|", 10, 2, 1, 0);
    expect_layout("a|\n", 10, 2, 0, 1);
    expect_layout("\n\n|", 10, 3, 2, 0);
    expect_layout("abcd|", 4, 2, 1, 0);
    expect_layout("abcd|\nx", 4, 2, 0, 3); /* the place behind the last column is none */
    expect_layout("abcd |", 4, 2, 1, 0);
    expect_layout("abcd ef|", 4, 2, 1, 2);
    expect_layout("abcd| ef", 4, 2, 0, 3);
    expect_layout("你好世|界", 4, 3, 1, 2);
    expect_layout("x|", 0, 1, 0, 1);
}

static void a_row_by_its_number(void **state)
{
    struct lineedit *e = with("one two\n三|");
    size_t row, len;
    int column;

    assert_int_equal(lineedit_layout(e, 5, &row, &column), 3);
    assert_int_equal(lineedit_row(e, 0, &len), 0);
    assert_int_equal(len, 3);
    assert_int_equal(lineedit_row(e, 1, &len), 4);
    assert_int_equal(len, 3);
    assert_int_equal(lineedit_row(e, 2, &len), 8);
    assert_int_equal(len, 3);
    lineedit_free(e);
}

/* A mebibyte, and then ten thousand keys at its end with a layout each. Were any of them to go through the
 * whole text, this would take minutes. */
static void a_long_text_stays_quick(void **state)
{
    struct lineedit *e = lineedit_new();
    struct str text = STR_INIT;
    size_t row, rows;
    int column;

    while (text.len < LINEEDIT_BYTES - 20000)
        str_append_str(&text, "你好 the quick fox ");
    put(e, text.data);
    rows = lineedit_layout(e, 80, &row, &column);
    assert_int_equal(row, rows - 1);
    for (int i = 0; i < 10000; i++) {
        type(e, "x");
        lineedit_layout(e, 80, &row, &column);
        if (i % 4 == 0)
            assert_true(lineedit_do(e, LINEEDIT_BACKWARD_DELETE_CHAR));
        lineedit_layout(e, 80, &row, &column);
    }
    assert_true(row > rows);
    str_done(&text);
    lineedit_free(e);
}

/* A mebibyte of marks on one letter: each key may take a walk through them, and none a walk for each. */
static void a_million_marks_stay_quick(void **state)
{
    struct lineedit *e = lineedit_new();
    struct str text = STR_INIT;

    str_append_str(&text, "one two e");
    while (text.len < LINEEDIT_BYTES - 2)
        str_append_str(&text, "\u0301");
    put(e, text.data);
    assert_true(lineedit_do(e, LINEEDIT_BACKWARD_WORD));
    assert_int_equal(lineedit_cursor(e), 8);
    assert_true(lineedit_do(e, LINEEDIT_FORWARD_WORD));
    assert_true(lineedit_do(e, LINEEDIT_END_OF_TEXT));
    assert_true(lineedit_do(e, LINEEDIT_BACKWARD_CHAR));
    assert_true(lineedit_do(e, LINEEDIT_UNIX_WORD_RUBOUT));
    assert_true(lineedit_do(e, LINEEDIT_UNDO));
    assert_true(lineedit_do(e, LINEEDIT_BACKWARD_DELETE_CHAR));
    str_done(&text);
    lineedit_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_go_by_clusters),
        cmocka_unit_test(words),
        cmocka_unit_test(deleting),
        cmocka_unit_test(changing_letters),
        cmocka_unit_test(what_is_cut_is_put_in_again),
        cmocka_unit_test(the_ring_forgets_the_oldest),
        cmocka_unit_test(typing_is_undone_by_words),
        cmocka_unit_test(undo_puts_the_cursor_back),
        cmocka_unit_test(undo_has_its_limits),
        cmocka_unit_test(history_keeps_what_was_begun),
        cmocka_unit_test(history_has_its_limits),
        cmocka_unit_test(lines_keep_the_column),
        cmocka_unit_test(only_what_can_be_shown_comes_in),
        cmocka_unit_test(cleared_is_not_lost),
        cmocka_unit_test(the_cursor_stands_between_clusters),
        cmocka_unit_test(too_much_is_refused_whole),
        cmocka_unit_test(rows_and_where_the_cursor_is),
        cmocka_unit_test(a_row_by_its_number),
        cmocka_unit_test(a_long_text_stays_quick),
        cmocka_unit_test(a_million_marks_stay_quick),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
