/* SPDX-License-Identifier: ISC */
/* Quantiles of round trips: exact at the ends, within 0.4 % between. */
#include "talk/ask_stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct ask_stats stats;

static int set_up(void **state)
{
    memset(&stats, 0, sizeof(stats));
    return 0;
}

static void near(int64_t got, int64_t wanted)
{
    int64_t off = got > wanted ? got - wanted : wanted - got;

    if (off * 250 > wanted)
        fail_msg("%lld, not %lld", (long long)got, (long long)wanted);
}

static void none(void **state)
{
    assert_int_equal(ask_stats_quantile(&stats, 500), 0);
}

static void one(void **state)
{
    ask_stats_add(&stats, 123456789);
    assert_int_equal(stats.min_ns, 123456789);
    assert_int_equal(stats.max_ns, 123456789);
    assert_int_equal(ask_stats_quantile(&stats, 500), 123456789);
    assert_int_equal(ask_stats_quantile(&stats, 990), 123456789);
}

static void nearest_ranks(void **state)
{
    static const int64_t trips[] = {30, 10, 20, 50, 40}; /* below 128 each ns has a class of its own */

    for (size_t i = 0; i < 5; i++)
        ask_stats_add(&stats, trips[i]);
    assert_int_equal(ask_stats_quantile(&stats, 0), 10);
    assert_int_equal(ask_stats_quantile(&stats, 200), 10);
    assert_int_equal(ask_stats_quantile(&stats, 201), 20);
    assert_int_equal(ask_stats_quantile(&stats, 500), 30);
    assert_int_equal(ask_stats_quantile(&stats, 990), 50);
    assert_int_equal(ask_stats_quantile(&stats, 1000), 50);
    assert_int_equal(stats.total_ns, 150);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static void as_sorting_says(void **state)
{
    enum { N = 10000 };
    static int64_t trips[N];

    srandom(1);
    for (int i = 0; i < N; i++) {
        trips[i] = (int64_t)1 << (random() % 40);
        trips[i] += random() % trips[i];
        ask_stats_add(&stats, trips[i]);
    }
    qsort(trips, N, sizeof(trips[0]), compare);
    assert_int_equal(stats.min_ns, trips[0]);
    assert_int_equal(stats.max_ns, trips[N - 1]);
    for (int percent = 1; percent < 100; percent++)
        near(ask_stats_quantile(&stats, (unsigned)percent * 10), trips[N / 100 * percent - 1]);
}

static void past_the_scale(void **state)
{
    ask_stats_add(&stats, INT64_MAX);
    ask_stats_add(&stats, -1); /* a clock that went back */
    assert_int_equal(stats.answered, 2);
    assert_int_equal(stats.min_ns, 0);
    assert_int_equal(stats.max_ns, INT64_MAX);
    assert_true(ask_stats_quantile(&stats, 990) > ((int64_t)1 << 46));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(none, set_up),
        cmocka_unit_test_setup(one, set_up),
        cmocka_unit_test_setup(nearest_ranks, set_up),
        cmocka_unit_test_setup(as_sorting_says, set_up),
        cmocka_unit_test_setup(past_the_scale, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
