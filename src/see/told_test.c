/* SPDX-License-Identifier: ISC */
#include "see/told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define IDS 4096U

static void test_once_and_again_when_something_came(void **state)
{
    struct told *t = told_new();

    assert_false(told_has(t, 7));
    assert_false(told_already(t, 7, 100));
    assert_true(told_already(t, 7, 100));
    assert_false(told_already(t, 7, 200));
    assert_true(told_already(t, 7, 200));
    assert_true(told_has(t, 7));
    assert_int_equal(told_count(t), 1);
    told_forget(t, 7);
    told_forget(t, 7);
    assert_false(told_has(t, 7));
    assert_int_equal(told_count(t), 0);
    assert_false(told_already(t, 7, 200));
    told_free(t);
}

/* Beside a plain table, through all sizes up and down, in an order that a fixed sequence mixes. */
static void test_as_a_plain_table(void **state)
{
    static int64_t as_of[IDS + 1];
    struct told *t = told_new();
    uint32_t random = 1;
    size_t count = 0;

    memset(as_of, 0, sizeof(as_of));
    for (unsigned step = 0; step < 40 * IDS; step++) {
        /* Mostly added in the first half, mostly forgotten in the second. */
        bool adds;
        uint32_t id;

        random = random * 1664525U + 1013904223U;
        id = (random >> 8) % IDS + 1;
        adds = (random >> 28) < (step < 20 * IDS ? 12U : 3U);
        if (adds) {
            int64_t now = (random >> 26) % 3 + 1;

            assert_int_equal(told_already(t, id, now), as_of[id] == now);
            count += !as_of[id];
            as_of[id] = now;
        } else {
            told_forget(t, id);
            count -= as_of[id] != 0;
            as_of[id] = 0;
        }
        assert_int_equal(told_count(t), count);
    }
    for (uint32_t id = 1; id <= IDS; id++)
        assert_int_equal(told_has(t, id), as_of[id] != 0);
    told_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_and_again_when_something_came),
        cmocka_unit_test(test_as_a_plain_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
