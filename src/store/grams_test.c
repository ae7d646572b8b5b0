/* SPDX-License-Identifier: ISC */
/* Pieces, folding, tokens, queries and the check of what an index gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "store/grams.h"

static void assert_tokens(const char *text, const char *expected)
{
    struct str out = STR_INIT;

    grams_append(&out, text, strlen(text));
    assert_string_equal(out.data, expected);
    str_done(&out);
}

static void assert_match(const char *text, const char *expected, bool loose)
{
    struct grams_query *q = grams_query_new(text);
    struct str out = STR_INIT;

    assert_non_null(q);
    grams_query_append_match(q, &out);
    assert_string_equal(out.data, expected);
    assert_int_equal(grams_query_is_loose(q), loose);
    str_done(&out);
    grams_query_free(q);
}

static bool holds(const char *query, const char *text)
{
    struct grams_query *q = grams_query_new(query);
    bool holds = grams_query_holds(q, text, strlen(text));

    grams_query_free(q);
    return holds;
}

static void a_run_gives_pairs_and_its_last_character(void **state)
{
    assert_tokens("我们去吃饭", "我们 们去 去吃 吃饭 饭 ");
    assert_tokens("好", "好 ");
    assert_tokens("我们。去", "我们 们 去 ");
    assert_tokens("カタカナ한국", "カタ タカ カナ ナ한 한국 국 ");
}

static void a_word_gives_its_beginning(void **state)
{
    assert_tokens("Hello, World-wide!", "hello world wide ");
    assert_tokens("Internationalisation 1234567890123456", "internationalisa 1234567890123456 ");
    assert_tokens("chat_open(x)", "chat open x ");
    assert_tokens("", "");
    assert_tokens(" ... \n", "");
}

static void scripts_part_pieces(void **state)
{
    assert_tokens("用TCP连接", "用 tcp 连接 接 ");
    assert_tokens("👍好", "👍好 好 ");
    assert_tokens("สวัสดี", "สว วั ัส สด ดี ี ");
}

static void folding_makes_alike_what_looks_alike(void **state)
{
    assert_tokens("ＴＣＰ", "tcp ");
    assert_tokens("Straße ΣΊΣΥΦΟΣ", "strasse σίσυφοσ ");
    assert_tokens("Caf\xc3\xa9 Cafe\xcc\x81", "caf\xc3\xa9 caf\xc3\xa9 ");
    assert_tokens("ｶﾞ", "ガ ");
    assert_tokens("a\xc2\xad"
                  "b",
        "ab "); /* a soft hyphen */
}

static void what_is_not_utf8_parts_pieces(void **state)
{
    struct str out = STR_INIT;

    assert_tokens("ab\xff"
                  "cd\xe4\xbd",
        "ab cd ");
    assert_tokens("你\xff"
                  "好",
        "你 好 ");
    grams_append(&out, "a\0b", 3);
    assert_string_equal(out.data, "a b ");
    str_done(&out);
}

static void no_token_has_what_is_used_for_other_things(void **state)
{
    assert_tokens("a\xf3\xb0\x80\x80"
                  "b \xee\x80\x80 \"c\" d*",
        "a b c d ");
}

static void a_long_text_is_cut(void **state)
{
    size_t len = GRAMS_TEXT_BYTES + 8;
    char *text = xmalloc(len + 1);
    struct str out = STR_INIT;

    memset(text, ' ', len);
    memcpy(text + GRAMS_TEXT_BYTES - 3, "ab cd", 5);
    grams_append(&out, text, len);
    assert_string_equal(out.data, "ab ");
    str_done(&out);
    free(text);
}

static void a_query_asks_for_tokens(void **state)
{
    assert_match("Hel", "\"hel\" *", false);
    assert_match("hello w", "\"hello\" * AND \"w\" *", false);
    assert_match("1234567890123456", "\"1234567890123456\"", false);
    assert_match("吃", "\"吃\" *", false);
    assert_match("吃饭", "\"吃饭\"", false);
    assert_match("去吃饭 tcp", "\"去吃\" AND \"吃饭\" AND \"tcp\" *", true);
    assert_match("temperature", "\"temperature\" *", false);
    assert_match("internationalisation", "\"internationalisa\"", true);
}

static void a_query_of_nothing_is_none(void **state)
{
    assert_null(grams_query_new(""));
    assert_null(grams_query_new(" \"*\" -- !"));
    grams_query_free(NULL);
}

static void a_long_query_asks_for_a_part(void **state)
{
    struct str text = STR_INIT, out = STR_INIT;
    struct grams_query *q;
    size_t quotes = 0;

    for (int i = 0; i < GRAMS_QUERY_TOKENS + 5; i++)
        str_append_str(&text, "a ");
    q = grams_query_new(text.data);
    grams_query_append_match(q, &out);
    for (size_t i = 0; i < out.len; i++)
        quotes += out.data[i] == '"';
    assert_int_equal(quotes, 2 * GRAMS_QUERY_TOKENS);
    assert_true(grams_query_is_loose(q));
    grams_query_free(q);
    str_done(&text);
    str_done(&out);
}

static void a_text_is_checked(void **state)
{
    assert_true(holds("吃饭", "我们去吃饭吧"));
    assert_true(holds("吃", "吃"));
    assert_true(holds("饭", "去吃饭"));
    assert_false(holds("去饭", "去吃饭"));
    assert_false(holds("我们去", "我们和他们去"));
    assert_true(holds("我们去", "和我们去"));
    assert_true(holds("TEMP", "a temperature"));
    assert_true(holds("temperature", "Temperatures"));
    assert_false(holds("temperature", "temperate"));
    assert_false(holds("emp", "temp"));
    assert_true(holds("b a", "A, B"));
    assert_false(holds("a c", "A, B"));
    assert_false(holds("a", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_gives_pairs_and_its_last_character),
        cmocka_unit_test(a_word_gives_its_beginning),
        cmocka_unit_test(scripts_part_pieces),
        cmocka_unit_test(folding_makes_alike_what_looks_alike),
        cmocka_unit_test(what_is_not_utf8_parts_pieces),
        cmocka_unit_test(no_token_has_what_is_used_for_other_things),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(a_query_asks_for_tokens),
        cmocka_unit_test(a_query_of_nothing_is_none),
        cmocka_unit_test(a_long_query_asks_for_a_part),
        cmocka_unit_test(a_text_is_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
