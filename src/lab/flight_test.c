/* SPDX-License-Identifier: ISC */
#include "lab/flight.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

static void add(struct flight *f, int64_t due_ns, uint64_t number)
{
    struct airborne *p = flight_reserve(f, 4);

    assert_non_null(p);
    p->due_ns = due_ns;
    p->number = number;
    flight_add(f, p);
}

static uint64_t take(struct flight *f, int64_t now_ns)
{
    struct airborne *p = flight_take(f, now_ns);
    uint64_t number = p ? p->number : 0;

    if (p)
        flight_drop(f, p);
    return number;
}

static void arrives_in_order_and_not_before_time(void **state)
{
    struct flight *f = flight_new();

    assert_int_equal(flight_next_ns(f), INT64_MAX);
    add(f, 30, 1);
    add(f, 10, 2);
    add(f, 20, 3);
    assert_int_equal(flight_next_ns(f), 10);
    assert_int_equal(take(f, 9), 0);
    assert_int_equal(take(f, 10), 2);
    assert_int_equal(take(f, 10), 0);
    assert_int_equal(take(f, 100), 3);
    assert_int_equal(take(f, 100), 1);
    assert_int_equal(take(f, 100), 0);
    flight_free(f);
}

static void equals_leave_as_they_came(void **state)
{
    struct flight *f = flight_new();

    for (uint64_t i = 1; i <= 1000; i++)
        add(f, (int64_t)(i % 3), i);
    for (int64_t due = 0; due < 3; due++)
        for (uint64_t i = 1; i <= 1000; i++)
            if ((int64_t)(i % 3) == due)
                assert_int_equal(take(f, 3), i);
    assert_int_equal(flight_count(f), 0);
    flight_free(f);
}

static void random_moments_come_sorted(void **state)
{
    struct flight *f = flight_new();
    uint32_t x = 1;
    int64_t before = -1;

    for (uint64_t i = 1; i <= 5000; i++) {
        x = x * 1664525 + 1013904223;
        add(f, x >> 8, i);
    }
    for (int i = 0; i < 5000; i++) {
        int64_t next = flight_next_ns(f);

        assert_true(next >= before);
        before = next;
        assert_int_not_equal(take(f, next), 0);
    }
    flight_free(f);
}

static void a_full_one_takes_no_more(void **state)
{
    struct flight *f = flight_new();
    struct airborne *held;

    for (size_t i = 0; i < FLIGHT_PACKETS_MAX; i++)
        add(f, 1, i + 1);
    assert_null(flight_reserve(f, 1));
    assert_int_equal(take(f, 1), 1);
    held = flight_reserve(f, 1);
    assert_non_null(held);
    assert_null(flight_reserve(f, 1));
    flight_drop(f, held);
    flight_free(f);

    f = flight_new();
    held = flight_reserve(f, FLIGHT_BYTES_MAX);
    assert_non_null(held);
    assert_null(flight_reserve(f, 1));
    flight_drop(f, held);
    flight_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrives_in_order_and_not_before_time),
        cmocka_unit_test(equals_leave_as_they_came),
        cmocka_unit_test(random_moments_come_sorted),
        cmocka_unit_test(a_full_one_takes_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
