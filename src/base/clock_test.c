/* SPDX-License-Identifier: ISC */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/parse.h"
#include "base/str.h"

#define S INT64_C(1000000000)

static void expect(void (*append)(struct str *, int64_t), int64_t value, const char *text)
{
    struct str out = STR_INIT;

    append(&out, value);
    assert_string_equal(out.data, text);
    str_done(&out);
}

static void durations_keep_three_digits(void **state)
{
    expect(clock_append_duration, 0, "0 ns");
    expect(clock_append_duration, 999, "999 ns");
    expect(clock_append_duration, 1000, "1.00 us");
    expect(clock_append_duration, 12345, "12.3 us");
    expect(clock_append_duration, 999499, "999 us");
    expect(clock_append_duration, 999500, "1.00 ms");
    expect(clock_append_duration, 1234567, "1.23 ms");
    expect(clock_append_duration, 9996000, "10.0 ms");
    expect(clock_append_duration, 123456789, "123 ms");
    expect(clock_append_duration, 1230000000, "1.23 s");
    expect(clock_append_duration, 59940000000, "59.9 s");
    expect(clock_append_duration, -1500000, "-1.50 ms");
}

static void long_durations_change_units(void **state)
{
    expect(clock_append_duration, 59950000000, "1 min 0 s");
    expect(clock_append_duration, 125 * S, "2 min 5 s");
    expect(clock_append_duration, 3599 * S + S / 2, "1 h 0 min");
    expect(clock_append_duration, 12000 * S, "3 h 20 min");
    expect(clock_append_duration, INT64_MIN, "-2562047 h 47 min");
}

static void spans_are_read_back(void **state)
{
    static const int64_t spans[] = {
        0, 1, 1500, 500000000, S, 90 * S, 120 * S, 3600 * S, 86400 * S, INT64_MAX};

    expect(clock_append_span, 500000000, "500ms");
    expect(clock_append_span, 5 * S, "5s");
    expect(clock_append_span, 90 * S, "90s");
    expect(clock_append_span, 120 * S, "2m");
    expect(clock_append_span, 86400 * S, "24h");
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        struct str text = STR_INIT;
        int64_t back = -1;

        clock_append_span(&text, spans[i]);
        assert_int_equal(parse_duration(text.data, &back), 0);
        assert_int_equal(back, spans[i]);
        str_done(&text);
    }
}

static void moments_are_local(void **state)
{
    setenv("TZ", "UTC-5:30", 1);
    tzset();
    expect(clock_append_iso, 1234567890 * S + 87654321, "2009-02-14T05:01:30.087+05:30");
    expect(clock_append_time, 1234567890 * S, "05:01:30");
    setenv("TZ", "UTC+3:30", 1);
    tzset();
    expect(clock_append_iso, 0, "1969-12-31T20:30:00.000-03:30");
    expect(clock_append_iso, -1, "1969-12-31T20:29:59.999-03:30");
}

static void clocks_run(void **state)
{
    int64_t first = clock_now_ns();

    assert_true(clock_now_ns() >= first);
    assert_true(clock_wall_ns() > 1700000000 * S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_keep_three_digits),
        cmocka_unit_test(long_durations_change_units),
        cmocka_unit_test(spans_are_read_back),
        cmocka_unit_test(moments_are_local),
        cmocka_unit_test(clocks_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
