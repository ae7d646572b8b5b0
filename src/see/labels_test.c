/* SPDX-License-Identifier: ISC */
#include "see/labels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/label.h"

static void keeps_what_was_said_and_by_whom(void **state)
{
    struct labels *l = labels_new();
    struct found_label found;

    assert_false(labels_find(l, 7, &found));
    labels_remove(l, 7);
    assert_true(labels_add(l, 7, LABEL_HTTP, 1, "GET /index.html HTTP/1.1", 15));
    assert_true(labels_find(l, 7, &found));
    assert_int_equal(found.label, LABEL_HTTP);
    assert_int_equal(found.side, 1);
    assert_string_equal(found.text, "GET /index.html");
    labels_remove(l, 7);
    assert_false(labels_find(l, 7, &found));
    assert_int_equal(labels_count(l), 0);
    labels_free(l);
}

static void has_its_limit(void **state)
{
    struct labels *l = labels_new();
    struct found_label found;

    for (uint32_t number = 1; number <= LABELS_MAX; number++)
        assert_true(labels_add(l, number, LABEL_SSH, 0, "", 0));
    assert_false(labels_add(l, LABELS_MAX + 1, LABEL_SSH, 0, "", 0));
    assert_false(labels_find(l, LABELS_MAX + 1, &found));
    labels_remove(l, 1);
    assert_true(labels_add(l, LABELS_MAX + 1, LABEL_SSH, 0, "", 0));
    assert_int_equal(labels_count(l), LABELS_MAX);
    labels_free(l);
}

/* Beside a plain array: numbers from a small range that all want few places, so that they lie behind each
 * other, at the end of the slots too. */
static void agrees_with_an_array(void **state)
{
    enum { NUMBERS = 64 };
    struct labels *l = labels_new();
    uint32_t chance = 1, number[NUMBERS];
    bool is_there[NUMBERS] = {false};
    struct found_label found;
    unsigned n = 0;

    /* Of all numbers, those whose place is among the first two or the last two of 2^17. */
    for (uint32_t i = 1; n < NUMBERS; i++)
        if (((i * UINT32_C(0x9e3779b9) >> 15) + 2) % (1U << 17) < 4)
            number[n++] = i;
    for (int step = 0; step < 20000; step++) {
        unsigned at = (chance = chance * 1664525 + 1013904223) >> 26;
        char text[16];

        snprintf(text, sizeof(text), "%u", number[at]);
        if (is_there[at])
            labels_remove(l, number[at]);
        else
            assert_true(labels_add(l, number[at], LABEL_DNS, 0, text, strlen(text)));
        is_there[at] = !is_there[at];
        for (unsigned i = 0; i < NUMBERS; i++) {
            assert_int_equal(labels_find(l, number[i], &found), is_there[i]);
            if (is_there[i])
                assert_int_equal(strtoul(found.text, NULL, 10), number[i]);
        }
    }
    labels_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_was_said_and_by_whom),
        cmocka_unit_test(has_its_limit),
        cmocka_unit_test(agrees_with_an_array),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
