/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "see/roll.h"
#include "wire/ip.h"

static struct conversation made(uint32_t id, uint64_t bytes)
{
    struct conversation c = {.id = id,
        .protocol = IP_PROTOCOL_TCP,
        .ip_version = 4,
        .label_text = "",
        .first_ns = id * INT64_C(1000),
        .last_ns = id * INT64_C(1000) + 500};

    c.side[FLOW_A].address[3] = (uint8_t)(255 - id);
    c.side[FLOW_A].port = (uint16_t)(40000 + id);
    c.side[FLOW_B].port = 80;
    c.side[FLOW_A].payload = bytes;
    return c;
}

static void begin(struct roll *r, uint32_t id, uint64_t bytes)
{
    struct conversation c = made(id, bytes);

    roll_begin(r, &c, id * 10);
}

static void check_order(struct roll *r, const char *wanted)
{
    char text[256] = "", one[16];

    roll_arrange(r);
    assert_false(roll_is_stale(r));
    for (size_t i = 0; i < roll_count(r); i++) {
        snprintf(one, sizeof(one), "%s%u", i ? " " : "", roll_id(r, i));
        strncat(text, one, sizeof(text) - strlen(text) - 1);
    }
    assert_string_equal(text, wanted);
}

static void it_grows_in_the_order_of_the_beginnings(void **state)
{
    struct roll *r = roll_new(0);
    struct conversation c;

    for (uint32_t id = 1; id <= 5; id++)
        begin(r, id, 100);
    assert_false(roll_is_stale(r));
    check_order(r, "1 2 3 4 5");
    assert_true(roll_conversation(r, 3, &c));
    assert_int_equal(c.id, 3);
    assert_int_equal(c.side[FLOW_A].port, 40003);
    assert_int_equal(c.first_ns, 3000);
    assert_string_equal(c.label_text, "");
    assert_int_equal(roll_first_number(r, 3), 30);
    assert_int_equal(roll_index(r, 4), 3);
    assert_int_equal(roll_index(r, 6), ROLL_NONE);
    assert_false(roll_conversation(r, 0, &c));
    assert_false(roll_conversation(r, 6, &c));
    roll_free(r);
}

static void any_key_both_ways(void **state)
{
    struct roll *r = roll_new(0);
    struct conversation c;

    begin(r, 1, 10);
    begin(r, 2, 1000);
    begin(r, 3, 10);
    begin(r, 4, 500);
    roll_sort(r, ROLL_BY_BYTES, false);
    check_order(r, "2 4 1 3");
    roll_sort(r, ROLL_BY_BYTES, true);
    check_order(r, "3 1 4 2");
    roll_sort(r, ROLL_BY_HOST, false);
    check_order(r, "4 3 2 1");
    /* A key that grows makes it stale, and takes effect. */
    roll_sort(r, ROLL_BY_BYTES, false);
    check_order(r, "2 4 1 3");
    c = made(3, 5000);
    roll_update(r, &c);
    assert_true(roll_is_stale(r));
    check_order(r, "3 2 4 1");
    /* In the order of their beginnings nothing moves. */
    roll_sort(r, ROLL_BY_START, false);
    check_order(r, "1 2 3 4");
    roll_update(r, &c);
    assert_false(roll_is_stale(r));
    roll_free(r);
}

static void findings_come_the_gravest_first(void **state)
{
    struct finding findings[] = {{.kind = FINDING_SPURIOUS_RETRANSMISSION}, {.kind = FINDING_SYN_UNANSWERED}};
    struct roll *r = roll_new(0);
    struct conversation c;

    begin(r, 1, 1);
    begin(r, 2, 1);
    begin(r, 3, 1);
    c = made(2, 1);
    c.findings = findings;
    c.finding_count = 1;
    roll_update(r, &c);
    c = made(3, 1);
    c.findings = findings;
    c.finding_count = 2;
    roll_update(r, &c);
    roll_sort(r, ROLL_BY_FINDINGS, false);
    check_order(r, "3 2 1");
    assert_true(roll_conversation(r, 3, &c));
    assert_int_equal(c.finding_count, 2);
    assert_int_equal(c.findings[0].kind, FINDING_SYN_UNANSWERED);
    assert_int_equal(c.findings[0].severity, finding_severity(FINDING_SYN_UNANSWERED));
    assert_int_equal(c.findings[1].kind, FINDING_SPURIOUS_RETRANSMISSION);
    roll_free(r);
}

static bool has_much(void *arg, const struct conversation *c)
{
    return c->side[FLOW_A].payload >= *(uint64_t *)arg;
}

static void a_filter_follows_what_changes(void **state)
{
    struct roll *r = roll_new(0);
    uint64_t least = 100;
    struct conversation c;

    begin(r, 1, 100);
    begin(r, 2, 1);
    roll_filter(r, has_much, &least);
    check_order(r, "1");
    begin(r, 3, 200);
    begin(r, 4, 2);
    assert_false(roll_is_stale(r));
    check_order(r, "1 3");
    c = made(2, 300);
    roll_update(r, &c);
    check_order(r, "1 2 3");
    c = made(1, 3);
    roll_update(r, &c);
    check_order(r, "2 3");
    assert_int_equal(roll_total(r), 4);
    roll_filter(r, NULL, NULL);
    check_order(r, "1 2 3 4");
    roll_free(r);
}

static void the_first_go_when_there_are_too_many(void **state)
{
    struct roll *r = roll_new(100);
    struct conversation c;

    for (uint32_t id = 1; id <= 10000; id++) {
        c = made(id, id);
        c.label_text = id % 3 ? "" : "example.org";
        c.label = id % 3 ? LABEL_NONE : LABEL_TLS;
        roll_begin(r, &c, id);
        assert_in_range(roll_total(r), 1, 100);
        assert_int_equal(roll_total(r) + roll_gone(r), id);
    }
    roll_arrange(r);
    assert_int_equal(roll_count(r), roll_total(r));
    assert_int_equal(roll_id(r, roll_count(r) - 1), 10000);
    assert_int_equal(roll_id(r, 0), roll_gone(r) + 1);
    assert_false(roll_conversation(r, (uint32_t)roll_gone(r), &c));
    assert_int_equal(roll_first_number(r, (uint32_t)roll_gone(r)), 0);
    assert_true(roll_conversation(r, 9999, &c));
    assert_string_equal(c.label_text, "example.org");
    /* What comes late for one that is gone does no harm. */
    c = made(5, 5);
    roll_update(r, &c);
    roll_free(r);
}

/* Labels are bytes from outside, of any length. */
static void a_long_label_is_cut_at_a_character(void **state)
{
    struct roll *r = roll_new(0);
    struct conversation c = made(1, 1), kept;
    char label[301] = "";

    for (int i = 0; i < 100; i++)
        strncat(label, "好", sizeof(label) - strlen(label) - 1);
    c.label = LABEL_DNS;
    c.label_side = FLOW_B;
    c.label_text = label;
    roll_begin(r, &c, 1);
    assert_true(roll_conversation(r, 1, &kept));
    assert_int_equal(kept.label_side, FLOW_B);
    assert_int_equal(strlen(kept.label_text), ROLL_LABEL_BYTES / 3 * 3);
    assert_memory_equal(kept.label_text, label, strlen(kept.label_text));
    roll_free(r);
}

static void each_key_has_its_words(void **state)
{
    for (int i = 0; i < ROLL_KEYS; i++) {
        assert_true(strlen(roll_key_name((enum roll_key)i)) > 0);
        assert_true(strlen(roll_key_text((enum roll_key)i)) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_grows_in_the_order_of_the_beginnings),
        cmocka_unit_test(any_key_both_ways),
        cmocka_unit_test(findings_come_the_gravest_first),
        cmocka_unit_test(a_filter_follows_what_changes),
        cmocka_unit_test(the_first_go_when_there_are_too_many),
        cmocka_unit_test(a_long_label_is_cut_at_a_character),
        cmocka_unit_test(each_key_has_its_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
