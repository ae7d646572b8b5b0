/* SPDX-License-Identifier: ISC */
/* What an address looks like, which two are the same peer, and which block holds it. */
#include "net/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct endpoint numeric(const char *host, uint16_t port)
{
    struct endpoint e;

    assert_int_equal(endpoint_from_numeric(&e, host, port), 0);
    return e;
}

static struct endpoint path(const char *name)
{
    struct endpoint e;

    assert_int_equal(endpoint_from_path(&e, name), 0);
    return e;
}

static void expect_text(struct endpoint e, const char *text, const char *host, uint16_t port)
{
    char buf[ENDPOINT_TEXT_BYTES];

    assert_string_equal(endpoint_format(&e, buf), text);
    assert_string_equal(endpoint_format_host(&e, buf), host);
    assert_int_equal(endpoint_port(&e), port);
}

static void numeric_addresses_are_read_and_shown(void **state)
{
    struct endpoint link = numeric("fe80::1%lo", 1);

    expect_text(numeric("127.0.0.1", 9000), "127.0.0.1:9000", "127.0.0.1", 9000);
    expect_text(numeric("::1", 65535), "[::1]:65535", "::1", 65535);
    expect_text(numeric("2001:DB8:0:0:0:0:0:1", 0), "[2001:db8::1]:0", "2001:db8::1", 0);
    expect_text(numeric("::ffff:10.1.2.3", 53), "10.1.2.3:53", "10.1.2.3", 53);
    expect_text(link, "[fe80::1%lo]:1", "fe80::1%lo", 1);
    assert_int_equal(link.in6.sin6_scope_id, 1);
    expect_text(numeric("fe80::1%1", 1), "[fe80::1%lo]:1", "fe80::1%lo", 1);
    expect_text(numeric("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%2147483647", 65535),
        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%2147483647]:65535",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%2147483647", 65535);
}

static void names_and_half_addresses_are_not_numeric(void **state)
{
    static const char *const bad[] = {"", "localhost", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "127.1",
        "[::1]", "::1::", "1.2.3.4%lo", " 1.2.3.4", "1.2.3.4 ", "%lo",
        "fffff::", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc"};
    struct endpoint e;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (endpoint_from_numeric(&e, bad[i], 1) != -EINVAL)
            fail_msg("\"%s\" was taken for an address", bad[i]);
    assert_int_equal(endpoint_from_numeric(&e, "fe80::1%nosuchthing", 1), -ENODEV);
    assert_int_equal(endpoint_from_numeric(&e, "fe80::1%", 1), -ENODEV);
    assert_int_equal(endpoint_from_numeric(&e, "fe80::1%1x", 1), -ENODEV);
    assert_int_equal(endpoint_from_numeric(&e, "fe80::1%99999999999999999999", 1), -ENODEV);
}

static void unix_names(void **state)
{
    char longest[128], text[ENDPOINT_TEXT_BYTES];
    struct endpoint e;

    expect_text(path("/run/x.sock"), "/run/x.sock", "/run/x.sock", 0);
    expect_text(path("@landline"), "@landline", "@landline", 0);
    assert_int_equal(path("@ab").len, offsetof(struct sockaddr_un, sun_path) + 3);
    assert_int_equal(path("@ab").un.sun_path[0], '\0');
    assert_int_equal(endpoint_from_path(&e, ""), -EINVAL);
    assert_int_equal(endpoint_from_path(&e, "@"), -EINVAL);

    memset(longest, 'p', sizeof(longest));
    longest[107] = '\0';
    expect_text(path(longest), longest, longest, 0);
    longest[107] = 'p';
    longest[108] = '\0';
    assert_int_equal(endpoint_from_path(&e, longest), -ENAMETOOLONG);

    /* 108 bytes and no NUL: a name that a peer may have all the same. */
    e = (struct endpoint){.un.sun_family = AF_UNIX, .len = sizeof(e.un)};
    memset(e.un.sun_path, 'q', sizeof(e.un.sun_path));
    assert_int_equal(strlen(endpoint_format(&e, text)), 108);
    e.un.sun_path[0] = '\0';
    e.un.sun_path[1] = '\033';
    e.un.sun_path[2] = '\0';
    assert_memory_equal(endpoint_format(&e, text), "@??q", 4);
}

static void from_the_kernel(void **state)
{
    struct endpoint e, v4 = numeric("127.0.0.1", 9000), v6 = numeric("::1", 9000), un = path("/run/x");
    struct sockaddr_storage large = {.ss_family = AF_UNIX};
    struct sockaddr_un bare = {.sun_family = AF_UNIX};

    assert_true(endpoint_from_sockaddr(&e, &v4.sa, v4.len));
    assert_true(endpoint_is_equal(&e, &v4));
    assert_true(endpoint_from_sockaddr(&e, &un.sa, un.len));
    assert_true(endpoint_is_equal(&e, &un));
    assert_false(endpoint_from_sockaddr(&e, &v4.sa, v4.len - 1));
    assert_false(endpoint_from_sockaddr(&e, &v6.sa, sizeof(v6.in4)));
    assert_false(endpoint_from_sockaddr(&e, (struct sockaddr *)&large, sizeof(large)));
    assert_true(endpoint_is_equal(&e, &un));

    assert_true(endpoint_from_sockaddr(&e, (struct sockaddr *)&bare, sizeof(bare.sun_family)));
    assert_int_equal(e.sa.sa_family, AF_UNSPEC);
    expect_text(e, "-", "-", 0);
    assert_true(endpoint_from_sockaddr(&e, &v4.sa, 0));
    assert_int_equal(e.sa.sa_family, AF_UNSPEC);
}

static void expect_same(struct endpoint a, struct endpoint b, bool host, bool all)
{
    assert_int_equal(endpoint_is_same_host(&a, &b), host);
    assert_int_equal(endpoint_is_same_host(&b, &a), host);
    assert_int_equal(endpoint_is_equal(&a, &b), all);
    assert_int_equal(endpoint_is_equal(&b, &a), all);
    assert_int_equal(endpoint_hash_host(&a, 7) == endpoint_hash_host(&b, 7), host);
    assert_int_equal(endpoint_hash(&a, 7) == endpoint_hash(&b, 7), all);
}

static void which_are_the_same_peer(void **state)
{
    struct endpoint padded = path("/run/x"), nothing = {.len = 0};

    expect_same(numeric("10.0.0.1", 1), numeric("10.0.0.1", 1), true, true);
    expect_same(numeric("10.0.0.1", 1), numeric("10.0.0.1", 2), true, false);
    expect_same(numeric("10.0.0.1", 1), numeric("10.0.0.2", 1), false, false);
    expect_same(numeric("::ffff:10.0.0.1", 1), numeric("10.0.0.1", 1), true, true);
    expect_same(numeric("::10.0.0.1", 1), numeric("10.0.0.1", 1), false, false);
    expect_same(numeric("::1", 1), numeric("::1", 1), true, true);
    expect_same(numeric("fe80::1%1", 1), numeric("fe80::1%2", 1), false, false);
    padded.len = sizeof(padded.un);
    expect_same(padded, path("/run/x"), true, true);
    expect_same(path("@x"), path("@y"), false, false);
    expect_same(path("/x"), path("/x2"), false, false);
    expect_same(nothing, nothing, true, true);
    expect_same(nothing, numeric("0.0.0.0", 0), false, false);
}

static void hashes_depend_on_the_key_and_spread(void **state)
{
    struct endpoint e = numeric("10.0.0.1", 5463);
    unsigned buckets[256] = {0};

    assert_int_not_equal(endpoint_hash(&e, 1), endpoint_hash(&e, 2));
    assert_int_not_equal(endpoint_hash(&e, 1), endpoint_hash_host(&e, 1));
    for (uint32_t i = 0; i < 256 * 64; i++) {
        e.in4.sin_addr.s_addr = htonl(0x0a000000 + i);
        buckets[endpoint_hash_host(&e, 42) & 255]++;
    }
    /* 64 each on average, with a standard deviation of 8. */
    for (int i = 0; i < 256; i++)
        assert_in_range(buckets[i], 20, 120);
}

static bool holds(const char *block, const char *host)
{
    struct endpoint e = numeric(host, 1);
    struct cidr c;
    struct err err;

    if (cidr_parse(&c, block, &err) < 0)
        fail_msg("%s", err.text);
    return cidr_contains(&c, &e);
}

static void blocks_hold_addresses(void **state)
{
    struct endpoint local = path("/run/x"), nothing = {.len = 0};
    struct cidr all;

    assert_true(holds("10.0.0.0/8", "10.255.255.255"));
    assert_false(holds("10.0.0.0/8", "11.0.0.0"));
    assert_true(holds("10.0.0.0/9", "10.127.255.255"));
    assert_false(holds("10.0.0.0/9", "10.128.0.0"));
    assert_true(holds("192.0.2.7", "192.0.2.7"));
    assert_false(holds("192.0.2.7", "192.0.2.6"));
    assert_true(holds("192.0.2.6/31", "192.0.2.7"));
    assert_true(holds("0.0.0.0/0", "255.255.255.255"));
    assert_true(holds("10.0.0.0/8", "::ffff:10.1.1.1"));
    assert_true(holds("::ffff:10.0.0.0/104", "10.1.1.1"));
    assert_true(holds("2001:db8::/32", "2001:db8:ffff::1"));
    assert_false(holds("2001:db8::/32", "2001:db9::1"));
    assert_true(holds("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(holds("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(holds("::1", "::1"));
    assert_false(holds("::1", "::2"));
    assert_true(holds("::/0", "::1"));
    assert_false(holds("::/0", "10.0.0.1"));
    assert_false(holds("0.0.0.0/0", "::1"));

    assert_int_equal(cidr_parse(&all, "0.0.0.0/0", NULL), 0);
    assert_false(cidr_contains(&all, &local));
    assert_false(cidr_contains(&all, &nothing));
}

static void expect_refused(const char *text, const char *why)
{
    struct cidr c = {.family = -1};
    struct err err = {.kind = ERR_NONE};

    assert_int_equal(cidr_parse(&c, text, &err), -EINVAL);
    assert_int_equal(err.kind, ERR_MISUSE);
    assert_int_equal(c.family, -1);
    if (!strstr(err.text, why))
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static void wrong_blocks_are_explained(void **state)
{
    expect_refused("10.0.0.1/8", "10.0.0.1/8: bits set behind the prefix; 10.0.0.0/8?");
    expect_refused("2001:db8::1/32", "2001:db8::/32?");
    expect_refused("10.0.0.0/33", "from 0 to 32");
    expect_refused("10.0.0.0/", "from 0 to 32");
    expect_refused("10.0.0.0/+8", "from 0 to 32");
    expect_refused("10.0.0.0/8x", "from 0 to 32");
    expect_refused("10.0.0.0/4294967304", "from 0 to 32");
    expect_refused("::/129", "from 0 to 128");
    expect_refused("", "not a block");
    expect_refused("/8", "not a block");
    expect_refused("10.0.0/8", "not a block");
    expect_refused("example.org", "not a block");
    expect_refused("fe80::1%lo", "not a block");
    expect_refused("1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc/1", "not a block");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numeric_addresses_are_read_and_shown),
        cmocka_unit_test(names_and_half_addresses_are_not_numeric),
        cmocka_unit_test(unix_names),
        cmocka_unit_test(from_the_kernel),
        cmocka_unit_test(which_are_the_same_peer),
        cmocka_unit_test(hashes_depend_on_the_key_and_spread),
        cmocka_unit_test(blocks_hold_addresses),
        cmocka_unit_test(wrong_blocks_are_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
