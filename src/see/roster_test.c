/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "see/conversation.h"
#include "see/roster.h"

static const struct finding reset = {.kind = FINDING_RESET, .severity = SEVERITY_WARNING};
static const struct finding refused = {.kind = FINDING_REFUSED, .severity = SEVERITY_ERROR};

static void take(struct roster *r, uint32_t id, uint64_t payload, const struct finding *finding)
{
    const struct conversation c = {
        .id = id,
        .label_text = "label",
        .side[FLOW_A] = {.payload = payload},
        .findings = finding,
        .finding_count = finding != NULL,
    };

    roster_take(r, &c);
}

static void assert_ids(struct roster *r, const char *want)
{
    char ids[64] = "";

    roster_sort(r);
    for (size_t i = 0; i < roster_count(r); i++) {
        const char digit[] = {(char)('0' + roster_get(r, i)->id), '\0'};

        strcat(ids, digit); /* NOLINT: ids of one digit, few of them */
    }
    assert_string_equal(ids, want);
}

static void all_are_kept_where_there_is_no_limit(void **state)
{
    struct roster *r = roster_new(ROSTER_BY_START, 0);

    take(r, 3, 1, NULL);
    take(r, 1, 1, &reset);
    take(r, 2, 1, NULL);
    assert_ids(r, "123");
    assert_string_equal(roster_get(r, 0)->label_text, "label");
    assert_int_equal(roster_get(r, 0)->findings[0].kind, FINDING_RESET);
    roster_clear(r);
    assert_int_equal(roster_count(r), 0);
    assert_int_equal(roster_taken(r), 0);
    roster_free(r);
}

static void of_too_many_the_gravest_stay_in_their_order(void **state)
{
    struct roster *r = roster_new(ROSTER_BY_START, 3);

    for (uint32_t id = 9; id >= 1; id--)
        take(r, id, 1, id == 8 ? &refused : id == 7 ? &reset : NULL);
    assert_ids(r, "178");
    assert_int_equal(roster_taken(r), 9);
    roster_free(r);
}

static void the_largest_come_first(void **state)
{
    static const uint64_t bytes[] = {5, 7, 1, 9, 7, 3};
    struct roster *r = roster_new(ROSTER_BY_BYTES, 4);

    for (uint32_t i = 0; i < 6; i++)
        take(r, i + 1, bytes[i], NULL);
    assert_ids(r, "4251");
    /* After the order was asked for, more may come. */
    take(r, 7, 8, NULL);
    take(r, 8, 4, NULL);
    assert_ids(r, "4725");
    roster_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_kept_where_there_is_no_limit),
        cmocka_unit_test(of_too_many_the_gravest_stay_in_their_order),
        cmocka_unit_test(the_largest_come_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
