/* SPDX-License-Identifier: ISC */
#include "base/parse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define S INT64_C(1000000000)

static void numbers(void **state)
{
    int64_t n = 7;

    assert_int_equal(parse_number("0", 0, 9, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(parse_number("-9223372036854775808", INT64_MIN, INT64_MAX, &n), 0);
    assert_true(n == INT64_MIN);
    assert_int_equal(parse_number("+12", 0, 99, &n), 0);
    assert_int_equal(n, 12);
    assert_int_equal(parse_number("010", 0, 99, &n), 0); /* decimal, not octal */
    assert_int_equal(n, 10);
}

static void no_numbers(void **state)
{
    static const char *const texts[] = {
        "", " 1", "1 ", "x", "1x", "-", "+", "--1", "0x10", "1e3", "1.0", "１", "\t1"};
    int64_t n = 7;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(parse_number(texts[i], INT64_MIN, INT64_MAX, &n), -EINVAL);
    assert_int_equal(n, 7);
}

static void numbers_out_of_range(void **state)
{
    int64_t n = 7;

    assert_int_equal(parse_number("10", 0, 9, &n), -ERANGE);
    assert_int_equal(parse_number("-1", 0, 9, &n), -ERANGE);
    assert_int_equal(parse_number("9223372036854775808", INT64_MIN, INT64_MAX, &n), -ERANGE);
    assert_int_equal(parse_number("-99999999999999999999999", INT64_MIN, INT64_MAX, &n), -ERANGE);
    assert_int_equal(n, 7);
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
    } rows[] = {
        {"5", 5 * S},
        {"500ms", S / 2},
        {"5s", 5 * S},
        {"1.5s", 3 * S / 2},
        {".5", S / 2},
        {"2m", 120 * S},
        {"1.5h", 5400 * S},
        {"1d", 86400 * S},
        {"10us", 10000},
        {"10µs", 10000},
        {"3ns", 3},
        {"0", 0},
        {"0.1", S / 10}, /* a double would be a little off */
        {"0.3s", 3 * S / 10},
        {"0.000000001s", 1},
        {"0.0000000019s", 1},
        {"1.00000000000000000000000000000s", S},
        {"9223372036.854775807", INT64_MAX},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t ns = -1;

        assert_int_equal(parse_duration(rows[i].text, &ns), 0);
        assert_int_equal(ns, rows[i].ns);
    }
}

static void no_durations(void **state)
{
    static const char *const texts[] = {"", "s", "ms", ".", "5.", "5.s", "-5s", "5 s", "5S", "5sec", "1m30s",
        "1e3", "5ms ", "inf", "nan", "1,5s"};
    int64_t ns = 7;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(parse_duration(texts[i], &ns), -EINVAL);
    assert_int_equal(parse_duration("9223372036.854775808", &ns), -ERANGE);
    assert_int_equal(parse_duration("99999999999999999999ns", &ns), -ERANGE);
    assert_int_equal(parse_duration("999999999999999999999999999999", &ns), -ERANGE);
    assert_int_equal(parse_duration("106752d", &ns), -ERANGE);
    assert_int_equal(ns, 7);
    assert_int_equal(parse_duration("106751d", &ns), 0);
}

static void sizes(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } rows[] = {
        {"0", 0},
        {"1500", 1500},
        {"1500B", 1500},
        {"64k", 65536},
        {"64K", 65536},
        {"64KiB", 65536},
        {"64kB", 64000},
        {"1.5M", 1572864},
        {"1MB", 1000000},
        {"2G", 2147483648},
        {"1GiB", 1073741824},
        {"1T", 1099511627776},
        {"0.5k", 512},
        {"18446744073709551615", UINT64_MAX},
    };
    uint64_t bytes = 7;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(parse_size(rows[i].text, &bytes), 0);
        assert_true(bytes == rows[i].bytes);
    }
    bytes = 7;
    assert_int_equal(parse_size("-1", &bytes), -EINVAL);
    assert_int_equal(parse_size("1 k", &bytes), -EINVAL);
    assert_int_equal(parse_size("k", &bytes), -EINVAL);
    assert_int_equal(parse_size("1kb", &bytes), -EINVAL);
    assert_int_equal(parse_size("1m", &bytes), -EINVAL);
    assert_int_equal(parse_size("18446744073709551616", &bytes), -ERANGE);
    assert_int_equal(parse_size("16777216T", &bytes), -ERANGE);
    assert_true(bytes == 7);
}

static void percents(void **state)
{
    uint32_t ppb = 7;

    assert_int_equal(parse_percent("5", &ppb), -EINVAL);
    assert_int_equal(parse_percent("%", &ppb), -EINVAL);
    assert_int_equal(parse_percent("", &ppb), -EINVAL);
    assert_int_equal(parse_percent("-1%", &ppb), -EINVAL);
    assert_int_equal(parse_percent("5%%", &ppb), -EINVAL);
    assert_int_equal(parse_percent("100.1%", &ppb), -ERANGE);
    assert_int_equal(ppb, 7);
    assert_int_equal(parse_percent("5%", &ppb), 0);
    assert_int_equal(ppb, 50000000);
    assert_int_equal(parse_percent("0.0000001%", &ppb), 0);
    assert_int_equal(ppb, 1);
    assert_int_equal(parse_percent("0%", &ppb), 0);
    assert_int_equal(ppb, 0);
    assert_int_equal(parse_percent("100%", &ppb), 0);
    assert_int_equal(ppb, PARSE_BILLION);
}

static void rates(void **state)
{
    uint64_t rate = 7;

    assert_int_equal(parse_rate("1mb", &rate), -EINVAL);
    assert_int_equal(parse_rate("1kbps", &rate), -EINVAL); /* bytes to tc, bits to others */
    assert_int_equal(parse_rate("", &rate), -EINVAL);
    assert_int_equal(parse_rate("99999999999gbit", &rate), -ERANGE);
    assert_true(rate == 7);
    assert_int_equal(parse_rate("64kbit", &rate), 0);
    assert_true(rate == 64000);
    assert_int_equal(parse_rate("1.5Mbit/s", &rate), 0);
    assert_true(rate == 1500000);
    assert_int_equal(parse_rate("8000", &rate), 0);
    assert_true(rate == 8000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(no_numbers),
        cmocka_unit_test(numbers_out_of_range),
        cmocka_unit_test(durations),
        cmocka_unit_test(no_durations),
        cmocka_unit_test(sizes),
        cmocka_unit_test(percents),
        cmocka_unit_test(rates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
