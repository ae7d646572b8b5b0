/* SPDX-License-Identifier: ISC */
/* Moments as people write them, in a time zone with summer time. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/moment.h"

#define S INT64_C(1000000000)
#define NOW_NS (INT64_C(1800000000) * S)

static int64_t parsed(const char *text, bool is_end)
{
    int64_t ns = -1;

    assert_int_equal(moment_parse(text, is_end, NOW_NS, &ns), 0);
    return ns;
}

static void refused(const char *text, int code)
{
    int64_t ns = -1;

    assert_int_equal(moment_parse(text, false, NOW_NS, &ns), code);
    assert_int_equal(ns, -1);
}

static void a_day_has_a_beginning_and_an_end(void **state)
{
    /* date -d 'TZ="Europe/Berlin" 2026-11-24' +%s */
    assert_int_equal(parsed("2026-11-24", false), 1795474800 * S);
    assert_int_equal(parsed("2026-11-24", true), (1795474800 + 86400) * S);
    /* The clock goes back on this one, and forward on that. */
    assert_int_equal(parsed("2026-10-25", true) - parsed("2026-10-25", false), 25 * 3600 * S);
    assert_int_equal(parsed("2026-03-29", true) - parsed("2026-03-29", false), 23 * 3600 * S);
    assert_int_equal(parsed("2026-12-31", true), parsed("2027-01-01", false));
}

static void a_time_is_local_unless_it_says_otherwise(void **state)
{
    int64_t day_ns = parsed("2026-11-24", false);

    assert_int_equal(parsed("2026-11-24 18:30", false), day_ns + (18 * 3600 + 30 * 60) * S);
    assert_int_equal(parsed("2026-11-24T18:30:05", true), day_ns + (18 * 3600 + 30 * 60 + 5) * S);
    assert_int_equal(parsed("2026-11-24 18:30:05.25", false), parsed("2026-11-24 18:30:05", false) + S / 4);
    assert_int_equal(parsed("2026-11-24T00:00:00Z", false), day_ns + 3600 * S);
    assert_int_equal(parsed("2026-11-24T00:00:00+08:00", false), day_ns - 7 * 3600 * S);
    assert_int_equal(parsed("2026-11-23T20:30:00-02:30", false), day_ns);
    assert_int_equal(parsed("2026-03-29 02:30", false), parsed("2026-03-29 03:30", false)); /* left out */
}

static void a_span_is_so_long_ago(void **state)
{
    assert_int_equal(parsed("2h", false), NOW_NS - 7200 * S);
    assert_int_equal(parsed("3d", true), NOW_NS - 3 * 86400 * S);
    assert_int_equal(parsed("1.5m", false), NOW_NS - 90 * S);
}

static void nonsense_is_refused(void **state)
{
    static const char *const texts[] = {"", "2026", "2026-11", "2026-13-01", "2026-02-30", "2026-11-24 25:00",
        "2026-11-24 18", "2026-11-24 18:60", "2026-11-24 18:30:", "2026-11-24 18:30:05.", "2026-11-24Z",
        "2026-11-24T18:30+8", "2026-11-24T18:30Zx", "yesterday", "2h ago", "5", "26-11-24", "2026-1-1", "h"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        refused(texts[i], -EINVAL);
    refused("1969-12-30", -ERANGE);
    refused("2400-01-01", -ERANGE);
    refused("40000d", -ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_has_a_beginning_and_an_end),
        cmocka_unit_test(a_time_is_local_unless_it_says_otherwise),
        cmocka_unit_test(a_span_is_so_long_ago),
        cmocka_unit_test(nonsense_is_refused),
    };

    /* Berlin's rule, spelled out: no zone files are needed. */
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
