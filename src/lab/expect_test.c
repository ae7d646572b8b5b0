/* SPDX-License-Identifier: ISC */
#include "lab/expect.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "see/conversation.h"
#include "wire/ip.h"

static struct conversation closed_by(uint8_t side)
{
    return (struct conversation){.id = 7,
        .protocol = IP_PROTOCOL_TCP,
        .ip_version = 4,
        .opened = OPENED_THREE_WAY,
        .closed = CLOSED_FOUR_SEGMENT,
        .has_closer = true,
        .closed_by = side,
        .label_text = ""};
}

static struct expect *parse(const char *text)
{
    struct expect *e = NULL;
    struct err err;

    if (expect_parse(text, &e, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    expect_begin(e);
    return e;
}

/* Takes e over; whether it is met, and says why if not. */
static void check(struct expect *e, const char *why)
{
    struct str said = STR_INIT;
    bool is_met = expect_is_met(e, &said);

    assert_true(is_met == (why == NULL));
    if (why)
        assert_string_equal(said.data, why);
    str_done(&said);
    expect_free(e);
}

static struct expect *after_exit(const char *text, enum lab_side side, int status, bool was_stopped)
{
    struct expect *e = parse(text);

    expect_take_exit(e, side, status, was_stopped);
    return e;
}

static struct expect *after(const char *text, const struct conversation *c)
{
    struct expect *e = parse(text);

    expect_take_conversation(e, c);
    return e;
}

static void exit_is_of_the_client_unless_said(void **state)
{
    check(after_exit("exit 0", LAB_CLIENT, 0, false), NULL);
    check(after_exit("exit 0", LAB_CLIENT, 1, false), "client ended with status 1");
    check(after_exit("exit 137", LAB_CLIENT, 137, false), NULL);
    check(after_exit("exit 0 of server", LAB_SERVER, 0, true), "server did not end by itself");
    check(after_exit("EXIT 3 OF Server", LAB_SERVER, 3, false), NULL);
    check(after_exit("exit 0", LAB_SERVER, 0, false), "client never ran");
}

static void closers_are_told_apart(void **state)
{
    const struct conversation a = closed_by(FLOW_A), b = closed_by(FLOW_B);

    check(after("closed by client", &a), NULL);
    check(after("closed by client", &b), "1 of 1 conversations are not so, first number 7");
    check(after("closed by server", &b), NULL);
    check(parse("closed by server"), "there was no conversation");
}

static void no_and_every(void **state)
{
    struct conversation c = closed_by(FLOW_A);
    struct expect *e;

    check(after("no rst", &c), NULL);
    check(after("three-way", &c), NULL);
    check(after("rst", &c), "1 of 1 conversations are not so, first number 7");
    c.rst = 1;
    check(after("no rst", &c), "1 of 1 conversations are so, first number 7");
    check(parse("no rst"), NULL);
    check(parse("three-way"), "there was no conversation");
    e = after("no rst", &c);
    expect_begin(e); /* the next run */
    check(e, NULL);
}

static void what_is_wrong_is_quoted(void **state)
{
    static const struct {
        const char *text, *said;
    } all[] = {
        {"exit", "--expect 'exit': it is exit N, or exit N of server"},
        {"exit 256", "--expect 'exit 256': it is exit N, or exit N of server"},
        {"exit 0 of me", "--expect 'exit 0 of me': it is exit N, or exit N of server"},
        {"exit 0 of server now", "--expect 'exit 0 of server now': it is exit N, or exit N of server"},
        {"closed by", "--expect 'closed by': it is closed by client, or closed by server"},
        {"closed by both", "--expect 'closed by both': it is closed by client, or closed by server"},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct expect *e = NULL;
        struct err err;

        assert_true(expect_parse(all[i].text, &e, &err) < 0);
        assert_int_equal(err.kind, ERR_MISUSE);
        assert_string_equal(err.text, all[i].said);
    }
}

static void a_bad_word_is_told_by_match(void **state)
{
    struct expect *e = NULL;
    struct err err;

    assert_true(expect_parse("no rsst", &e, &err) < 0);
    assert_non_null(strstr(err.text, "--expect 'no rsst': "));
    assert_true(expect_parse("", &e, &err) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_is_of_the_client_unless_said),
        cmocka_unit_test(closers_are_told_apart),
        cmocka_unit_test(no_and_every),
        cmocka_unit_test(what_is_wrong_is_quoted),
        cmocka_unit_test(a_bad_word_is_told_by_match),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
