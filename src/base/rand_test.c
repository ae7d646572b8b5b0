/* SPDX-License-Identifier: ISC */
#include "base/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The first numbers of the reference implementation for this state. */
static void the_generator_is_xoshiro(void **state)
{
    static const uint64_t first[] = {11520, 0, 1509978240, 1215971899390074240};
    struct rand r = {{1, 2, 3, 4}};

    for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
        assert_true(rand_next(&r) == first[i]);
}

static void seeds_are_spread_by_splitmix(void **state)
{
    struct rand r;

    rand_seed(&r, 0);
    assert_true(r.state[0] == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(r.state[1] == UINT64_C(0x6e789e6aa1b965f4));
}

static void same_seed_same_numbers(void **state)
{
    struct rand a, b, c;

    rand_seed(&a, 42);
    rand_seed(&b, 42);
    rand_seed(&c, 43);
    for (int i = 0; i < 100; i++) {
        uint64_t n = rand_next(&a);

        assert_true(n == rand_next(&b));
        assert_true(n != rand_next(&c));
    }
    rand_seed_any(&a);
    rand_seed_any(&b);
    assert_true(rand_next(&a) != rand_next(&b));
}

static void choices_are_even(void **state)
{
    struct rand r;
    int counts[7] = {0};
    double sum = 0;

    rand_seed(&r, 1);
    for (int i = 0; i < 70000; i++) {
        double unit = rand_unit(&r);

        counts[rand_below(&r, 7)]++;
        assert_true(unit >= 0 && unit < 1);
        sum += unit;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(counts[i], 9600, 10400);
    assert_true(sum > 34500 && sum < 35500);
    assert_int_equal(rand_below(&r, 1), 0);
    /* Half of all numbers are thrown away here; the rest must lie under the limit. */
    for (int i = 0; i < 100; i++)
        assert_true(rand_below(&r, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
}

static void bytes_fill_all(void **state)
{
    uint8_t a[1000] = {0}, b[1000] = {0};
    int zeros = 0;

    rand_bytes(a, sizeof(a));
    rand_bytes(b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
    for (size_t i = 0; i < sizeof(a); i++)
        zeros += a[i] == 0;
    assert_in_range(zeros, 0, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_generator_is_xoshiro),
        cmocka_unit_test(seeds_are_spread_by_splitmix),
        cmocka_unit_test(same_seed_same_numbers),
        cmocka_unit_test(choices_are_even),
        cmocka_unit_test(bytes_fill_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
