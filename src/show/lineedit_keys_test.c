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

static void tell(struct str *out, const struct lineedit_key *key)
{
    static const char *const kinds[] = {
        [LINEEDIT_KEY_ENTER] = "enter",
        [LINEEDIT_KEY_TAB] = "tab",
        [LINEEDIT_KEY_BACK_TAB] = "back-tab",
        [LINEEDIT_KEY_ESCAPE] = "escape",
        [LINEEDIT_KEY_INTERRUPT] = "interrupt",
        [LINEEDIT_KEY_END] = "end",
        [LINEEDIT_KEY_SUSPEND] = "suspend",
        [LINEEDIT_KEY_REDRAW] = "redraw",
        [LINEEDIT_KEY_SEARCH] = "search",
        [LINEEDIT_KEY_PAGE_UP] = "page-up",
        [LINEEDIT_KEY_PAGE_DOWN] = "page-down",
        [LINEEDIT_KEY_NEXT] = "next",
        [LINEEDIT_KEY_PREVIOUS] = "previous",
        [LINEEDIT_KEY_NEXT_UNREAD] = "next-unread",
        [LINEEDIT_KEY_UNKNOWN] = "?",
    };
    static const char *const actions[] = {
        [LINEEDIT_FORWARD_CHAR] = "right",
        [LINEEDIT_BACKWARD_CHAR] = "left",
        [LINEEDIT_FORWARD_WORD] = "word-right",
        [LINEEDIT_BACKWARD_WORD] = "word-left",
        [LINEEDIT_BEGINNING_OF_LINE] = "home",
        [LINEEDIT_END_OF_LINE] = "end-of-line",
        [LINEEDIT_BEGINNING_OF_TEXT] = "top",
        [LINEEDIT_END_OF_TEXT] = "bottom",
        [LINEEDIT_PREVIOUS_LINE] = "up",
        [LINEEDIT_NEXT_LINE] = "down",
        [LINEEDIT_PREVIOUS_HISTORY] = "older",
        [LINEEDIT_NEXT_HISTORY] = "newer",
        [LINEEDIT_DELETE_CHAR] = "delete",
        [LINEEDIT_BACKWARD_DELETE_CHAR] = "backspace",
        [LINEEDIT_KILL_WORD] = "kill-word",
        [LINEEDIT_BACKWARD_KILL_WORD] = "kill-word-back",
        [LINEEDIT_UNIX_WORD_RUBOUT] = "rubout",
        [LINEEDIT_KILL_LINE] = "kill-line",
        [LINEEDIT_UNIX_LINE_DISCARD] = "discard",
        [LINEEDIT_YANK] = "yank",
        [LINEEDIT_YANK_POP] = "yank-pop",
        [LINEEDIT_TRANSPOSE_CHARS] = "transpose",
        [LINEEDIT_UPCASE_WORD] = "upcase",
        [LINEEDIT_DOWNCASE_WORD] = "downcase",
        [LINEEDIT_CAPITALIZE_WORD] = "capitalize",
        [LINEEDIT_UNDO] = "undo",
        [LINEEDIT_NEWLINE] = "newline",
    };

    if (key->kind == LINEEDIT_KEY_ACTION)
        str_appendf(out, "%s ", actions[key->action]);
    else if (key->kind == LINEEDIT_KEY_TEXT)
        str_appendf(out, "'%.*s' ", (int)key->len, key->text);
    else if (key->kind == LINEEDIT_KEY_PASTE)
        str_appendf(out, "paste%s<%.*s> ", key->number ? "-cut" : "", (int)key->len, key->text);
    else if (key->kind == LINEEDIT_KEY_FUNCTION)
        str_appendf(out, "F%d ", key->number);
    else if (key->kind == LINEEDIT_KEY_NUMBER)
        str_appendf(out, "alt-%d ", key->number);
    else if (key->kind == LINEEDIT_KEY_FOCUS)
        str_appendf(out, "focus%d ", key->number);
    else if (key->kind == LINEEDIT_KEY_MOUSE)
        str_appendf(out, "mouse%d@%d,%d%s ", key->button, key->column, key->row, key->pressed ? "" : "-up");
    else
        str_appendf(out, "%s ", kinds[key->kind]);
}

static void feed(struct lineedit_keys *k, const void *bytes, size_t len, struct str *out)
{
    const uint8_t *data = bytes;
    struct lineedit_key key;

    for (;;) {
        lineedit_keys_next(k, &data, &len, &key);
        if (key.kind == LINEEDIT_KEY_MORE)
            break;
        tell(out, &key);
    }
    assert_int_equal(len, 0);
}

/* All at once and byte by byte, with a moment's pause behind it; runs of text count as one either way. */
static void expect_bytes(const void *bytes, size_t len, const char *want)
{
    for (int by_bytes = 0; by_bytes < 2; by_bytes++) {
        struct lineedit_keys *k = lineedit_keys_new();
        struct str got = STR_INIT;
        struct lineedit_key key;

        if (by_bytes)
            for (size_t i = 0; i < len; i++)
                feed(k, (const uint8_t *)bytes + i, 1, &got);
        else
            feed(k, bytes, len, &got);
        lineedit_keys_flush(k, &key);
        if (key.kind != LINEEDIT_KEY_MORE)
            tell(&got, &key);
        assert_false(lineedit_keys_pending(k));
        if (got.len)
            got.data[--got.len] = '\0';
        for (char *seam; (seam = strstr(got.data, "' '")) != NULL;) {
            memmove(seam, seam + 3, strlen(seam + 3) + 1);
        }
        if (strcmp(got.data, want) != 0)
            fail_msg("%s, not %s", got.data, want);
        str_done(&got);
        lineedit_keys_free(k);
    }
}

#define EXPECT(bytes, want) expect_bytes(bytes, sizeof(bytes) - 1, want)

static void text_and_controls(void **state)
{
    EXPECT("abc", "'abc'");
    EXPECT("你好\r", "'你好' enter");
    EXPECT("\x01\x02\x05\x06\x08\x7f\x0b\x0e\x10\x14\x15\x17\x19\x1f",
        "home left end-of-line right backspace backspace kill-line newer older transpose discard rubout yank "
        "undo");
    EXPECT("\n\r\t", "newline enter tab");
    EXPECT("\x03\x04\x07\x0c\x12\x1a", "interrupt end escape redraw search suspend");
    EXPECT("\0\x11\x1c", "? ? ?");
}

static void bad_bytes_are_left_out(void **state)
{
    EXPECT("a\xff\xe4\xbd"
           "b\x80\xe4你\xed\xa0\x80!",
        "'ab你!'");
    EXPECT("\xe4\r", "enter");
    EXPECT("\xf0\x9f\x98\033[A", "up");
}

static void arrows_of_all_terminals(void **state)
{
    EXPECT("\033[A\033[B\033[C\033[D\033[H\033[F", "up down right left home end-of-line");
    EXPECT("\033OA\033OB\033OC\033OD\033OH\033OF", "up down right left home end-of-line");
    EXPECT("\033[1~\033[4~\033[7~\033[8~", "home end-of-line home end-of-line");
    EXPECT("\033[3~\033[5~\033[6~\033[2~", "delete page-up page-down ?");
    EXPECT(
        "\033[1;5C\033[1;5D\033[1;3C\033[1;3D\033[1;2C", "word-right word-left word-right word-left right");
    EXPECT("\033[1;5A\033[1;5B\033[1;3A\033[1;3B", "older newer previous next");
    EXPECT("\033[1;5H\033[1;5F\033[3;5~", "top bottom kill-word");
    EXPECT(
        "\033\033[A\033\033[B\033\033[C\033\033OD", "previous next word-right word-left"); /* rxvt, PuTTY */
    EXPECT("\033Oa\033Oc\033Od\033[c\033[3^\033[3$\033[7^",
        "older word-right word-left right kill-word delete top");
    EXPECT("\033[Z", "back-tab");
    EXPECT("\033OM\033Oq\033Ok", "enter '1+'");
}

static void function_keys(void **state)
{
    EXPECT("\033OP\033OQ\033OR\033OS", "F1 F2 F3 F4");
    EXPECT("\033[[A\033[[E", "F1 F5");
    EXPECT("\033[11~\033[15~\033[17~\033[21~\033[23~\033[24~", "F1 F5 F6 F10 F11 F12");
    EXPECT("\033[16~\033[22~\033[99999999999~", "? ? ?");
    EXPECT("\033[1;2P\033[15;5~", "F1 F5");
}

static void alt_and_a_key(void **state)
{
    EXPECT("\033b\033f\033d\033y\033u\033l\033c\033<\033>\033\x7f\033\b",
        "word-left word-right kill-word yank-pop upcase downcase capitalize top bottom kill-word-back "
        "kill-word-back");
    EXPECT("\033\r\033\n\033n\033p\033a\0331\0339\0330\033q",
        "newline newline next previous next-unread alt-1 alt-9 ? ?");
}

static void keys_that_have_no_sequence(void **state)
{
    EXPECT("\033[13;2u\033[13;5u\033[27;2;13~", "newline newline newline");
    EXPECT("\033[98;3u\033[27;3;98~\033[97;5u\033[27;5;119~", "word-left word-left home rubout");
    EXPECT("\033[9;2u\033[127;5u\033[27u\033[120;7u", "back-tab kill-word-back escape ?");
}

static void escape_alone(void **state)
{
    struct lineedit_keys *k = lineedit_keys_new();
    struct str got = STR_INIT;
    struct lineedit_key key;

    EXPECT("\033", "escape");
    EXPECT("\033\033", "escape");
    EXPECT("\033\033b", "escape word-left");
    EXPECT("\033\033\033[A", "escape previous");
    EXPECT("\033你", "escape '你'");
    EXPECT("\033[", "?");
    EXPECT("\033O", "?");
    EXPECT("\033]", "?");
    assert_false(lineedit_keys_pending(k));
    lineedit_keys_flush(k, &key);
    assert_int_equal(key.kind, LINEEDIT_KEY_MORE);
    feed(k, "\033[1", 3, &got);
    assert_false(lineedit_keys_pending(k)); /* a sequence, however slow it comes */
    lineedit_keys_flush(k, &key);
    assert_int_equal(key.kind, LINEEDIT_KEY_MORE);
    feed(k, ";5C", 3, &got);
    assert_string_equal(got.data, "word-right ");
    str_done(&got);
    lineedit_keys_free(k);
}

static void pastes_come_whole(void **state)
{
    EXPECT("a\033[200~one\rtwo\033[A\x03\033[201~b", "'a' paste<one\rtwo\033[A\x03> 'b'");
    EXPECT("\033[200~\033[201~", "paste<>");
    EXPECT("\033[200~\033[20\033[201~", "paste<\033[20>");
    EXPECT("\033[200~\033[201\033\033[201~\r", "paste<\033[201\033> enter");
    EXPECT("\033[201~", "?");
}

static void a_paste_has_its_limit(void **state)
{
    struct lineedit_keys *k = lineedit_keys_new();
    struct str text = STR_INIT;
    struct lineedit_key key;
    const uint8_t *data;
    size_t len;

    str_append_str(&text, "\033[200~xx");
    while (text.len < LINEEDIT_PASTE_BYTES + 100000)
        str_append_str(&text, "你");
    str_append_str(&text, "\033[201~");
    data = (const uint8_t *)text.data;
    len = text.len;
    lineedit_keys_next(k, &data, &len, &key);
    assert_int_equal(key.kind, LINEEDIT_KEY_PASTE);
    assert_int_equal(key.number, 1);
    assert_int_equal(key.len, LINEEDIT_PASTE_BYTES - (LINEEDIT_PASTE_BYTES - 2) % 3);
    assert_int_equal(len, 0);
    str_reset(&text);
    feed(k, "\033[200~ok\033[201~", 14, &text);
    assert_string_equal(text.data, "paste<ok> ");
    str_done(&text);
    lineedit_keys_free(k);
}

static void mouse_and_focus(void **state)
{
    EXPECT("\033[<0;1;1M\033[<0;80;24m\033[<64;10;5M\033[<65;300;200M",
        "mouse0@0,0 mouse0@79,23-up mouse64@9,4 mouse65@299,199");
    EXPECT("\033[M !!\033[M#\xff!x", "mouse0@0,0 mouse3@222,0-up 'x'");
    EXPECT("\033[<1;2M\033[<1;2;3;4M", "? ?");
    EXPECT("\033[I\033[O", "focus1 focus0");
}

static void what_nobody_knows_is_never_text(void **state)
{
    struct str text = STR_INIT;

    EXPECT("\033[?62;4c\033[>0;95;0c\033[?1;2$yx", "? ? ? 'x'");
    EXPECT("\033]0;title\ax\033]11;rgb:0/0/0\033\\y", "? 'x' ? 'y'");
    EXPECT("\033P1$r0m\033\\\033_x\033\\\033^y\033\\\033Xz\033\\!", "? ? ? ? '!'");
    EXPECT("\033[12\033[A", "? up");
    EXPECT("\033[1\x03x", "? interrupt 'x'");
    EXPECT("\033]52;c;\rx", "? enter 'x'");
    EXPECT("\033]52;c\033[A", "? up");
    EXPECT("\033[1你", "? '你'");
    str_append_str(&text, "\033[");
    for (int i = 0; i < 1000; i++)
        str_append_str(&text, "1;");
    str_append_str(&text, "Ax");
    expect_bytes(text.data, text.len, "? 'x'");
    str_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_controls),
        cmocka_unit_test(bad_bytes_are_left_out),
        cmocka_unit_test(arrows_of_all_terminals),
        cmocka_unit_test(function_keys),
        cmocka_unit_test(alt_and_a_key),
        cmocka_unit_test(keys_that_have_no_sequence),
        cmocka_unit_test(escape_alone),
        cmocka_unit_test(pastes_come_whole),
        cmocka_unit_test(a_paste_has_its_limit),
        cmocka_unit_test(mouse_and_focus),
        cmocka_unit_test(what_nobody_knows_is_never_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
