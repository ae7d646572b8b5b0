/* SPDX-License-Identifier: ISC */
/* With a terminal small enough to stand here: what the prompt writes is drawn, and the screen is compared. */
#include "show/prompt.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/utf8.h"
#include "show/out.h"
#include "show/text.h"

#define ROWS 8
#define COLUMNS_MAX 40
#define THUMB "\U0001F44D\U0001F3FD"

struct screen {
    int columns, row, column;
    bool is_naive; /* knows no clusters: a thumb with its skin colour takes four columns */
    bool pastes;
    int bells;
    char cells[ROWS][COLUMNS_MAX + 1][4 * TEXT_GRAPHEME_CODES + 1]; /* a cluster each */
};

struct fixture {
    struct screen screen;
    struct out *out;
    struct prompt *prompt;
    int pipe[2];
};

static void clear_cells(struct screen *s, int row, int from)
{
    for (int i = from; i <= COLUMNS_MAX; i++)
        s->cells[row][i][0] = '\0';
}

static void line_feed(struct screen *s)
{
    if (++s->row < ROWS)
        return;
    s->row = ROWS - 1;
    memmove(s->cells[0], s->cells[1], (ROWS - 1) * sizeof(s->cells[0]));
    clear_cells(s, ROWS - 1, 0);
}

static size_t sequence(struct screen *s, const char *text)
{
    char *end;
    long number;

    assert_int_equal(text[1], '[');
    if (strncmp(text, "\033[?2004", 7) == 0) {
        s->pastes = text[7] == 'h';
        return 8;
    }
    number = strtol(text + 2, &end, 10);
    if (end == text + 2 && *end >= 'A' && *end <= 'D')
        number = 1;
    switch (*end) {
    case 'A':
        s->row -= (int)number;
        assert_true(s->row >= 0);
        break;
    case 'B':
        s->row += (int)number;
        assert_true(s->row < ROWS);
        break;
    case 'C':
        s->column += (int)number;
        assert_true(s->column < s->columns);
        break;
    case 'G':
        s->column = (int)number - 1;
        assert_true(s->column < s->columns);
        break;
    case 'H':
        s->row = s->column = 0;
        break;
    case 'J':
        for (int row = number == 2 ? 0 : s->row + 1; row < ROWS; row++)
            clear_cells(s, row, 0);
        clear_cells(s, s->row, number == 2 ? 0 : s->column);
        break;
    case 'K':
        clear_cells(s, s->row, s->column);
        break;
    default:
        fail_msg("ESC [ ... %c", *end);
    }
    return (size_t)(end + 1 - text);
}

static size_t character(struct screen *s, const char *text, size_t len)
{
    int columns;
    size_t size = text_grapheme(text, len, &columns);

    if (s->is_naive) {
        size = (size_t)utf8_decode(text, len, NULL);
        text_grapheme(text, size, &columns);
    }
    assert_true(s->column + columns < s->columns); /* never in the last column: no terminal wraps by itself */
    clear_cells(s, s->row, s->column);
    memcpy(s->cells[s->row][s->column], text, size);
    s->cells[s->row][s->column][size] = '\0';
    s->column += columns;
    return size;
}

/* Draws, as at the end of a loop turn, and feeds the terminal. */
static void turn(struct fixture *f)
{
    static char text[65536];
    ssize_t len;

    prompt_draw(f->prompt);
    out_flush(f->out);
    len = read(f->pipe[0], text, sizeof(text) - 1);
    if (len < 0)
        return;
    text[len] = '\0';
    for (size_t at = 0; at < (size_t)len;) {
        if (text[at] == '\033') {
            at += sequence(&f->screen, text + at);
        } else if (text[at] == '\n') {
            line_feed(&f->screen);
            f->screen.column = 0; /* ONLCR */
            at++;
        } else if (text[at] == '\r') {
            f->screen.column = 0;
            at++;
        } else if (text[at] == '\a') {
            f->screen.bells++;
            at++;
        } else {
            at += character(&f->screen, text + at, (size_t)len - at);
        }
    }
}

/* Rows joined by /, empty ones at the end left out; | where the cursor is. */
static void expect_screen(struct fixture *f, const char *want)
{
    struct str got = STR_INIT;
    int row, last = 0;

    turn(f);
    for (row = 0; row < ROWS; row++)
        for (int i = 0; i <= COLUMNS_MAX; i++)
            if (f->screen.cells[row][i][0] && row > last)
                last = row;
    if (f->screen.row > last)
        last = f->screen.row;
    for (row = 0; row <= last; row++) {
        if (row)
            str_append_char(&got, '/');
        for (int i = 0; i <= COLUMNS_MAX; i++) {
            if (row == f->screen.row && i == f->screen.column)
                str_append_char(&got, '|');
            str_append_str(&got, f->screen.cells[row][i]);
        }
    }
    if (strcmp(got.data, want) != 0)
        fail_msg("%s, not %s", got.data, want);
    str_done(&got);
}

static void open_prompt(struct fixture *f, int columns, bool is_dumb, bool erases)
{
    struct prompt_options options = {
        .columns = columns, .rows = ROWS, .is_dumb = is_dumb, .erases_lines = erases};

    memset(f, 0, sizeof(*f));
    assert_int_equal(pipe2(f->pipe, O_NONBLOCK), 0);
    f->screen.columns = columns;
    f->out = out_new(f->pipe[1]);
    f->prompt = prompt_new(f->out, &options);
    prompt_set(f->prompt, "> ");
    prompt_begin(f->prompt);
}

static void close_prompt(struct fixture *f)
{
    prompt_free(f->prompt);
    out_free(f->out);
    close(f->pipe[0]);
    close(f->pipe[1]);
}

/* From this row on there is what another prompt draws for the same text. Not for a text that has scrolled:
 * how far depends on the way it took. */
static void expect_as_if_fresh(struct fixture *f, int row)
{
    struct lineedit *edit = prompt_edit(f->prompt);
    struct fixture fresh;
    size_t cursor_row;
    int column;

    if (lineedit_layout(edit, f->screen.columns - 3, &cursor_row, &column) > ROWS / 2)
        return;
    open_prompt(&fresh, f->screen.columns, false, false);
    lineedit_set(prompt_edit(fresh.prompt), lineedit_text(edit), lineedit_len(edit), lineedit_cursor(edit));
    turn(&fresh);
    assert_int_equal(fresh.screen.row, f->screen.row - row);
    assert_int_equal(fresh.screen.column, f->screen.column);
    for (int i = row; i < ROWS; i++)
        for (int k = 0; k <= COLUMNS_MAX; k++)
            assert_string_equal(f->screen.cells[i][k], fresh.screen.cells[i - row][k]);
    close_prompt(&fresh);
}

/* The first thing that happens, and all bytes are taken by then. */
static struct prompt_event keys(struct fixture *f, const char *bytes)
{
    const uint8_t *data = (const uint8_t *)bytes;
    size_t len = strlen(bytes);
    struct prompt_event event;

    prompt_next(f->prompt, &data, &len, &event);
    assert_int_equal(len, 0);
    return event;
}

static void print(struct fixture *f, const char *text)
{
    prompt_print(f->prompt, text, strlen(text));
}

static void typing_and_entering(void **state)
{
    struct prompt_event event;
    struct fixture f;

    open_prompt(&f, 20, false, false);
    expect_screen(&f, "> |");
    assert_true(f.screen.pastes);
    assert_int_equal(keys(&f, "你好").kind, PROMPT_MORE);
    expect_screen(&f, "> 你好|");
    keys(&f, "\033[D!");
    expect_screen(&f, "> 你!|好");
    keys(&f, "\x7f");
    expect_screen(&f, "> 你|好");
    event = keys(&f, "\r");
    assert_int_equal(event.kind, PROMPT_LINE);
    assert_string_equal(event.text, "你好");
    assert_int_equal(event.len, 6);
    expect_screen(&f, "> 你好/> |");
    event = keys(&f, "quick\r"); /* never drawn before it is entered */
    assert_string_equal(event.text, "quick");
    expect_screen(&f, "> 你好/> quick/> |");
    assert_int_equal(keys(&f, "\r").len, 0);
    prompt_end(f.prompt);
    expect_screen(&f, "> 你好/> quick/> /|");
    assert_false(f.screen.pastes);
    close_prompt(&f);
}

static void output_goes_above(void **state)
{
    struct fixture f;

    open_prompt(&f, 20, false, false);
    keys(&f, "typ\033[D");
    expect_screen(&f, "> ty|p");
    print(&f, "message one\n");
    print(&f, "message two");
    expect_screen(&f, "message one/message two/> ty|p");
    for (int i = 0; i < 20; i++) {
        print(&f, "more\nlines\n");
        turn(&f);
    }
    expect_screen(&f, "lines/more/lines/more/lines/more/lines/> ty|p");
    keys(&f, "e");
    expect_screen(&f, "lines/more/lines/more/lines/more/lines/> tye|p");
    prompt_end(f.prompt);
    print(&f, "bye\n");
    expect_screen(&f, "lines/more/lines/more/lines/> tyep/bye/|");
    close_prompt(&f);
}

static void long_texts_take_rows(void **state)
{
    struct fixture f;

    open_prompt(&f, 11, false, false);
    keys(&f, "one two three");
    expect_screen(&f, "> one two/  three|");
    print(&f, "hi\n");
    expect_screen(&f, "hi/> one two/  three|");
    keys(&f, "\001");
    expect_screen(&f, "hi/> |one two/  three");
    print(&f, "ho\n");
    expect_screen(&f, "hi/ho/> |one two/  three");
    keys(&f, "\013");
    expect_screen(&f, "hi/ho/> |");
    keys(&f, "a\nb");
    expect_screen(&f, "hi/ho/> a/  b|");
    keys(&f, "\033[A\r");
    expect_screen(&f, "hi/ho/> a/  b/> |");
    close_prompt(&f);
}

static void a_very_long_text_scrolls_in_half_the_screen(void **state)
{
    struct fixture f;

    open_prompt(&f, 20, false, false);
    keys(&f, "1\n2\n3\n4\n5\n6\n7\n8\n9");
    expect_screen(&f, "> 6/  7/  8/  9|");
    keys(&f, "\033[A\033[A\033[A\033[A");
    expect_screen(&f, "> 5|/  6/  7/  8");
    keys(&f, "\033<");
    expect_screen(&f, "> |1/  2/  3/  4");
    print(&f, "hi\n");
    expect_screen(&f, "hi/> |1/  2/  3/  4");
    close_prompt(&f);
}

static void a_long_prompt_stands_above(void **state)
{
    struct fixture f;

    open_prompt(&f, 20, false, false);
    prompt_set(f.prompt, "请输入消息,回车发送: ");
    keys(&f, "abc");
    expect_screen(&f, "请输入消息,回车发/送: /abc|");
    prompt_set(f.prompt, "张三: ");
    expect_screen(&f, "张三: abc|");
    close_prompt(&f);
}

static void lines_may_be_erased(void **state)
{
    struct fixture f;

    open_prompt(&f, 20, false, true);
    keys(&f, "abc");
    turn(&f);
    assert_int_equal(keys(&f, "d\r").kind, PROMPT_LINE);
    print(&f, "me: abcd");
    expect_screen(&f, "me: abcd/> |");
    close_prompt(&f);
}

static void a_terminal_that_knows_no_clusters(void **state)
{
    struct fixture f;

    open_prompt(&f, 20, false, false);
    f.screen.is_naive = true;
    keys(&f, THUMB "b");
    turn(&f);
    assert_int_equal(f.screen.column, 5);
    assert_string_equal(f.screen.cells[0][4], "b");
    close_prompt(&f);
}

static void another_size(void **state)
{
    struct fixture f;

    open_prompt(&f, 20, false, false);
    keys(&f, "one two three");
    print(&f, "hi\n");
    expect_screen(&f, "hi/> one two three|");
    /* What a terminal does that breaks the row anew: 15 columns in 11. */
    f.screen.columns = 11;
    clear_cells(&f.screen, 1, 11);
    f.screen.row = 2;
    f.screen.column = 4;
    prompt_resize(f.prompt, 11, ROWS);
    expect_screen(&f, "hi/> one two/  three|");
    f.screen.columns = 30;
    prompt_resize(f.prompt, 30, ROWS);
    expect_screen(&f, "hi/> one two three|");
    close_prompt(&f);
}

/* A row whose end is folded, though the cursor is before it. */
static void folded_behind_the_cursor(void **state)
{
    struct fixture f;

    open_prompt(&f, 20, false, false);
    keys(&f, "one two three\001");
    print(&f, "hi\n");
    expect_screen(&f, "hi/> |one two three");
    f.screen.columns = 11;
    clear_cells(&f.screen, 1, 11);
    memcpy(f.screen.cells[2][0], "hree", 5);
    prompt_resize(f.prompt, 11, ROWS);
    expect_screen(&f, "hi/> |one two/  three");
    print(&f, "ho\n");
    expect_screen(&f, "hi/ho/> |one two/  three");
    close_prompt(&f);
}

/* Any keys and any output: what was printed stands above, whole and in order, and what is drawn at the bottom
 * is what a prompt draws that has the same text and was never disturbed. */
static void nothing_tears_the_line(void **state)
{
    static const char *const bytes[] = {"a", "word ", "你", "好。", "\177", "\033[D", "\033[C", "\001",
        "\005", "\027", "\033\r", "\033[A", "\033[B", "\025", "\031", THUMB, "\u0301", "a long text of rows ",
        "\013"};
    uint32_t dice = 12345;
    struct fixture f;
    int printed = 0;

    open_prompt(&f, 24, false, false);
    for (int step = 0; step < 5000; step++) {
        char text[32];
        int row, first = 0;

        dice = dice * 1664525 + 1013904223;
        if ((dice >> 28) < 5) {
            snprintf(text, sizeof(text), "line %d\n", printed++);
            print(&f, text);
        } else {
            keys(&f, bytes[(dice >> 16) % (sizeof(bytes) / sizeof(*bytes))]);
        }
        if (dice & 0x8000)
            continue; /* more in the same turn */
        turn(&f);
        for (row = 0; row < ROWS && strcmp(f.screen.cells[row][0], "l") == 0; row++) {
            struct str line = STR_INIT;

            for (int i = 0; i <= COLUMNS_MAX; i++)
                str_append_str(&line, f.screen.cells[row][i]);
            if (row == 0)
                first = atoi(line.data + 5);
            snprintf(text, sizeof(text), "line %d", first + row);
            assert_string_equal(line.data, text);
            str_done(&line);
        }
        assert_int_equal(first + row, printed); /* none is missing before the prompt */
        assert_string_equal(f.screen.cells[row][0], ">");
        expect_as_if_fresh(&f, row);
    }
    close_prompt(&f);
}

static void pastes(void **state)
{
    struct prompt_event event;
    struct fixture f;

    open_prompt(&f, 20, false, false);
    assert_int_equal(keys(&f, "\033[200~one\r\033[201~").kind, PROMPT_MORE);
    expect_screen(&f, "> one|");
    event = keys(&f, "\033[200~two\rth\033ree\r\n\r\033[201~");
    assert_int_equal(event.kind, PROMPT_PASTE);
    assert_string_equal(event.text, "two\nthree");
    assert_int_equal(event.len, 9);
    assert_int_equal(event.lines, 2);
    prompt_ask(f.prompt, "send 2 messages? ");
    expect_screen(&f, "send 2 messages? |");
    print(&f, "hi\n");
    expect_screen(&f, "hi/send 2 messages? |");
    event = keys(&f, "y");
    assert_int_equal(event.kind, PROMPT_ANSWER);
    assert_string_equal(event.text, "y");
    assert_string_equal(keys(&f, "\r").text, "\r");
    event = keys(&f, "\003");
    assert_int_equal(event.kind, PROMPT_ANSWER);
    assert_int_equal(event.len, 0);
    assert_int_equal(keys(&f, "\033[A").kind, PROMPT_MORE);
    prompt_ask(f.prompt, NULL);
    expect_screen(&f, "hi/> one|");
    close_prompt(&f);
}

static void too_much_rings(void **state)
{
    struct str text = STR_INIT;
    struct fixture f;

    open_prompt(&f, 20, false, false);
    str_append_str(&text, "\033[200~");
    while (text.len < LINEEDIT_PASTE_BYTES + 100)
        str_append_str(&text, "xxxxxxxx");
    str_append_str(&text, "\033[201~");
    keys(&f, text.data);
    turn(&f);
    assert_int_equal(f.screen.bells, 1); /* cut */
    keys(&f, "y");
    turn(&f);
    assert_int_equal(f.screen.bells, 2); /* full */
    assert_int_equal(lineedit_len(prompt_edit(f.prompt)), LINEEDIT_BYTES);
    str_done(&text);
    close_prompt(&f);
}

static void what_else_happens(void **state)
{
    struct prompt_event event;
    struct fixture f;

    open_prompt(&f, 20, false, false);
    assert_int_equal(keys(&f, "\004").kind, PROMPT_END);
    keys(&f, "ab\001");
    assert_int_equal(keys(&f, "\004").kind, PROMPT_MORE);
    expect_screen(&f, "> |b");
    assert_int_equal(keys(&f, "\003").kind, PROMPT_INTERRUPT);
    assert_int_equal(keys(&f, "\032").kind, PROMPT_SUSPEND);
    event = keys(&f, "\0333");
    assert_int_equal(event.kind, PROMPT_KEY);
    assert_int_equal(event.key.kind, LINEEDIT_KEY_NUMBER);
    assert_int_equal(event.key.number, 3);
    assert_int_equal(keys(&f, "\033").kind, PROMPT_MORE);
    assert_true(prompt_pending(f.prompt));
    prompt_timeout(f.prompt, &event);
    assert_int_equal(event.kind, PROMPT_KEY);
    assert_int_equal(event.key.kind, LINEEDIT_KEY_ESCAPE);
    print(&f, "old\n");
    turn(&f);
    keys(&f, "\014");
    expect_screen(&f, "> |b");
    close_prompt(&f);
}

static void completing(void **state)
{
    static const char *const two[] = {"张三", "张三丰"}, *const one[] = {"/quit"};
    static const char *const many[] = {"aa", "ab", "ac", "ad", "ae", "af"};
    static const char *const marks[] = {"e\u0301", "e\u0300"};
    struct prompt_event event;
    struct fixture f;

    open_prompt(&f, 20, false, false);
    event = keys(&f, "/q\t");
    assert_int_equal(event.kind, PROMPT_COMPLETE);
    assert_string_equal(event.text, "/q");
    assert_int_equal(event.begin, 0);
    prompt_complete(f.prompt, event.begin, one, 1, " ");
    expect_screen(&f, "> /quit |");
    event = keys(&f, "张\t");
    assert_string_equal(event.text, "张");
    assert_int_equal(event.begin, 6);
    prompt_complete(f.prompt, event.begin, two, 2, " ");
    expect_screen(&f, "> /quit 张三|");
    keys(&f, "\t");
    prompt_complete(f.prompt, 6, two, 2, " ");
    expect_screen(&f, "张三    张三丰/> /quit 张三|");
    prompt_complete(f.prompt, 6, NULL, 0, " ");
    turn(&f);
    assert_int_equal(f.screen.bells, 1);
    keys(&f, "\025");
    prompt_complete(f.prompt, 0, marks, 2, " "); /* nothing whole is common */
    keys(&f, "a");
    prompt_complete(f.prompt, 0, many, 6, " ");
    expect_screen(&f, "张三    张三丰/e\u0301  e\u0300/aa  ab  ac  ad  ae/af/> a|");
    close_prompt(&f);
}

static void a_dumb_terminal(void **state)
{
    struct prompt_event event;
    struct fixture f;

    open_prompt(&f, 20, true, false);
    expect_screen(&f, "> |");
    print(&f, "hi\n");
    expect_screen(&f, "> /hi/> |");
    event = keys(&f, "你好\n");
    assert_int_equal(event.kind, PROMPT_LINE);
    assert_string_equal(event.text, "你好");
    f.screen.row++; /* its echo */
    f.screen.column = 0;
    expect_screen(&f, "> /hi/> /> |");
    prompt_ask(f.prompt, "sure? ");
    event = keys(&f, "yes\n");
    assert_int_equal(event.kind, PROMPT_ANSWER);
    assert_string_equal(event.text, "yes");
    prompt_end(f.prompt);
    turn(&f);
    assert_false(f.screen.pastes);
    close_prompt(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(typing_and_entering),
        cmocka_unit_test(output_goes_above),
        cmocka_unit_test(long_texts_take_rows),
        cmocka_unit_test(a_very_long_text_scrolls_in_half_the_screen),
        cmocka_unit_test(a_long_prompt_stands_above),
        cmocka_unit_test(lines_may_be_erased),
        cmocka_unit_test(a_terminal_that_knows_no_clusters),
        cmocka_unit_test(another_size),
        cmocka_unit_test(folded_behind_the_cursor),
        cmocka_unit_test(nothing_tears_the_line),
        cmocka_unit_test(pastes),
        cmocka_unit_test(too_much_rings),
        cmocka_unit_test(what_else_happens),
        cmocka_unit_test(completing),
        cmocka_unit_test(a_dumb_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
