/* SPDX-License-Identifier: ISC */
/* Where replies end, whatever pieces they come in. */
#include "talk/reply.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct reply_rule rule_of(const char *text)
{
    struct reply_rule rule = {.quiet_ms = 100};
    struct err err;

    if (text && reply_rule_parse(&rule, text, &err) < 0)
        fail_msg("%s", err.text);
    return rule;
}

/* Feeds the pieces (up to an empty one) to one reply; the last of them must be the first to make it whole, if
 * whole is wanted. Returns how many bytes of the last one were taken. */
static size_t feed(struct reply *r, const char *const *pieces, bool whole)
{
    size_t taken = 0;
    bool done = false;

    for (; **pieces; pieces++) {
        assert_false(done);
        taken = reply_take(r, (const uint8_t *)*pieces, strlen(*pieces), &done);
    }
    assert_int_equal(done, whole);
    return taken;
}

#define FEED(r, whole, ...) feed(r, (const char *const[]){__VA_ARGS__, ""}, whole)

static void one_line_to_one_line(void **state)
{
    struct reply_rule rule = rule_of(NULL);
    struct reply r;

    reply_begin(&r, &rule, true, false);
    assert_int_equal(FEED(&r, true, "yes\n"), 4);
    reply_begin(&r, &rule, true, false);
    assert_int_equal(FEED(&r, true, "y", "es\r", "\n"), 1);
    assert_int_equal(r.bytes, 5);
    reply_begin(&r, &rule, true, false);
    FEED(&r, false, "bare");
    assert_true(reply_waits_for_quiet(&r));
    assert_true(reply_ends_at_close(&r));
}

static void more_behind_a_newline_waits(void **state)
{
    struct reply_rule rule = rule_of(NULL);
    struct reply r;

    reply_begin(&r, &rule, true, false);
    assert_int_equal(FEED(&r, false, "one\ntwo\n", "three\n"), 6);
    assert_true(reply_waits_for_quiet(&r));
    reply_begin(&r, &rule, true, false);
    FEED(&r, false, "one\ntw", "o\n");
}

static void several_lines_asked(void **state)
{
    struct reply_rule rule = rule_of(NULL);
    struct reply r;

    reply_begin(&r, &rule, false, false);
    FEED(&r, false, "HTTP/1.0 200 OK\r\n", "\r\n", "x\n");
    assert_true(reply_waits_for_quiet(&r));
}

static void several_messages_under_way(void **state)
{
    struct reply_rule rule = rule_of(NULL);
    struct reply r;

    reply_begin(&r, &rule, true, true);
    assert_int_equal(FEED(&r, true, "on", "e\ntwo\n"), 2);
}

static void rules(void **state)
{
    struct reply_rule newline = rule_of("newline"), bytes = rule_of("bytes:5"), quiet = rule_of("quiet:7"),
                      closing = rule_of("close");
    struct reply r;

    reply_begin(&r, &newline, false, false);
    assert_int_equal(FEED(&r, true, "one\ntwo"), 4);
    reply_begin(&r, &newline, true, false);
    FEED(&r, false, "one");
    assert_false(reply_waits_for_quiet(&r));
    assert_false(reply_ends_at_close(&r));

    reply_begin(&r, &bytes, true, false);
    assert_int_equal(FEED(&r, true, "on", "e\n", "two"), 1);
    assert_int_equal(r.bytes, 5);
    reply_begin(&r, &bytes, true, false);
    assert_int_equal(FEED(&r, true, "one\nt"), 5);

    assert_int_equal(quiet.quiet_ms, 7);
    reply_begin(&r, &quiet, true, false);
    assert_false(reply_waits_for_quiet(&r));
    FEED(&r, false, "one\n");
    assert_true(reply_waits_for_quiet(&r));
    assert_true(reply_ends_at_close(&r));

    reply_begin(&r, &closing, true, false);
    FEED(&r, false, "one\n");
    assert_false(reply_waits_for_quiet(&r));
    assert_true(reply_ends_at_close(&r));
}

static void nothing_is_no_reply(void **state)
{
    static const char *const texts[] = {NULL, "newline", "close", "quiet:7", "bytes:5"};
    struct reply r;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct reply_rule rule = rule_of(texts[i]);

        reply_begin(&r, &rule, true, false);
        assert_false(reply_waits_for_quiet(&r));
        assert_false(reply_ends_at_close(&r));
    }
}

static void bad_rules(void **state)
{
    static const char *const texts[] = {"", "new", "newlines", "quiet:", "quiet:0", "quiet:x", "quiet:1s",
        "bytes", "bytes:", "bytes:0", "bytes:-1", "bytes:99999999999999999999", "close:1"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct reply_rule rule = {.end = REPLY_AUTO, .quiet_ms = 100};
        struct err err = {0};

        if (reply_rule_parse(&rule, texts[i], &err) != -EINVAL)
            fail_msg("%s: taken", texts[i]);
        assert_int_equal(err.kind, ERR_MISUSE);
        assert_memory_equal(err.text, "--until ", 8);
        assert_int_equal(rule.end, REPLY_AUTO);
        assert_int_equal(rule.quiet_ms, 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_to_one_line),
        cmocka_unit_test(more_behind_a_newline_waits),
        cmocka_unit_test(several_lines_asked),
        cmocka_unit_test(several_messages_under_way),
        cmocka_unit_test(rules),
        cmocka_unit_test(nothing_is_no_reply),
        cmocka_unit_test(bad_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
