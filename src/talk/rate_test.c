/* SPDX-License-Identifier: ISC */
/* So many a second from each source and no more, whatever others do. */
#include "talk/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct endpoint source(const char *host, uint16_t port)
{
    struct endpoint e;

    assert_int_equal(endpoint_from_numeric(&e, host, port), 0);
    return e;
}

static int take_all(struct rate *r, const char *host, uint64_t now_ms)
{
    struct endpoint e = source(host, 9000);
    int count = 0;

    while (rate_take(r, &e, now_ms))
        assert_true(++count < 100000);
    return count;
}

static void so_many_a_second(void **state)
{
    struct rate *r = rate_new(10);

    assert_int_equal(take_all(r, "192.0.2.1", 5000), 10);
    assert_int_equal(take_all(r, "192.0.2.1", 5099), 0);
    assert_int_equal(take_all(r, "192.0.2.1", 5100), 1);
    assert_int_equal(take_all(r, "192.0.2.1", 5350), 2);
    assert_int_equal(take_all(r, "192.0.2.1", 5400), 1);
    assert_int_equal(take_all(r, "192.0.2.1", 100000), 10);
    rate_free(r);
}

static void in_the_long_run(void **state)
{
    struct rate *r = rate_new(1000);
    struct endpoint e = source("2001:db8::1", 1);
    int count = 0;

    for (uint64_t ms = 0; ms < 10000; ms++)
        for (int i = 0; i < 5; i++)
            count += rate_take(r, &e, ms);
    assert_in_range(count, 10990, 11010); /* and the first burst */
    rate_free(r);
}

static void the_port_does_not_count(void **state)
{
    struct rate *r = rate_new(3);
    struct endpoint one = source("192.0.2.1", 1), two = source("192.0.2.1", 2);

    assert_true(rate_take(r, &one, 0));
    assert_true(rate_take(r, &two, 0));
    assert_true(rate_take(r, &one, 0));
    assert_false(rate_take(r, &two, 0));
    rate_free(r);
}

static void an_ipv6_network_is_one_source(void **state)
{
    struct rate *r = rate_new(3);

    assert_int_equal(take_all(r, "2001:db8::1", 0), 3);
    assert_int_equal(take_all(r, "2001:db8::ffff:1", 0), 0);
    assert_int_equal(take_all(r, "2001:db8:0:0:8000::", 0), 0);
    assert_int_equal(take_all(r, "2001:db8:0:1::1", 0), 3);
    /* These would be one network; they are IPv4 hosts, mapped. */
    assert_int_equal(take_all(r, "::ffff:192.0.2.1", 0), 3);
    assert_int_equal(take_all(r, "::ffff:192.0.2.2", 0), 3);
    assert_int_equal(take_all(r, "192.0.2.2", 0), 0);
    rate_free(r);
}

static void others_do_not_matter(void **state)
{
    struct rate *r = rate_new(5);

    assert_int_equal(take_all(r, "192.0.2.1", 0), 5);
    assert_int_equal(take_all(r, "192.0.2.2", 0), 5);
    assert_int_equal(take_all(r, "2001:db8::1", 0), 5);
    assert_int_equal(take_all(r, "192.0.2.1", 0), 0);
    rate_free(r);
}

/* A flood from false addresses takes no more memory, and who is limited stays so while new ones come. */
static void more_sources_than_places(void **state)
{
    struct rate *r = rate_new(1);
    char host[32];
    int again = 0;

    assert_int_equal(take_all(r, "192.0.2.1", 1000), 1);
    for (unsigned i = 0; i < 4 * RATE_SOURCES; i++) {
        struct endpoint e;

        snprintf(host, sizeof(host), "10.%u.%u.%u", i >> 16, (i >> 8) & 255, i & 255);
        e = source(host, 1);
        assert_true(rate_take(r, &e, 3000 + i));
        if (i % 100 == 0) {
            struct endpoint busy = source("192.0.2.1", 1);

            again += rate_take(r, &busy, 3000 + i);
        }
    }
    /* 65 s at 1 a second, and perhaps a few more where it lost its place. */
    assert_in_range(again, 60, 70);
    rate_free(r);
}

static void very_fast(void **state)
{
    struct rate *r = rate_new(4000000000U);
    struct endpoint e = source("192.0.2.1", 1);

    for (int i = 0; i < 1000000; i++)
        assert_true(rate_take(r, &e, 0));
    rate_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_a_second),
        cmocka_unit_test(in_the_long_run),
        cmocka_unit_test(the_port_does_not_count),
        cmocka_unit_test(an_ipv6_network_is_one_source),
        cmocka_unit_test(others_do_not_matter),
        cmocka_unit_test(more_sources_than_places),
        cmocka_unit_test(very_fast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
