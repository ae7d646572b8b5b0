/* SPDX-License-Identifier: ISC */
#include "base/similar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static size_t slips(const char *typed, const char *name)
{
    return similar_slips(typed, strlen(typed), name, strlen(name));
}

static void test_slips_are_counted(void **state)
{
    assert_int_equal(slips("answer", "answer"), 0);
    assert_int_equal(slips("aswer", "answer"), 1);
    assert_int_equal(slips("annswer", "answer"), 1);
    assert_int_equal(slips("answar", "answer"), 1);
    assert_int_equal(slips("anwser", "answer"), 1);
    assert_int_equal(slips("anwsre", "answer"), 2);
    assert_int_equal(slips("aks", "ask"), 1);
}

static void test_a_beginning_is_one_slip(void **state)
{
    assert_int_equal(slips("an", "answer"), 1);
    assert_int_equal(slips("conta", "contacts"), 1);
    assert_int_equal(slips("contactsx", "contacts"), 1);
}

static void test_other_words_are_not_near(void **state)
{
    assert_true(slips("hub", "ask") == SIMILAR_NOT);
    assert_true(slips("a", "ask") == SIMILAR_NOT);
    assert_true(slips("", "ask") == SIMILAR_NOT);
    assert_true(slips("frobnicate", "answer") == SIMILAR_NOT);
}

static void test_any_length_is_borne(void **state)
{
    char longest[10000];

    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_true(slips(longest, "ask") == SIMILAR_NOT);
    assert_true(slips("ask", longest) == SIMILAR_NOT);
    longest[64] = '\0';
    assert_int_equal(slips(longest, longest), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slips_are_counted),
        cmocka_unit_test(test_a_beginning_is_one_slip),
        cmocka_unit_test(test_other_words_are_not_near),
        cmocka_unit_test(test_any_length_is_borne),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
