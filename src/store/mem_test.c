/* SPDX-License-Identifier: ISC */
/* The journal in memory: what every store does, what it keeps, and its failing on demand. */
#include "store/mem.h"
#include "store/store_for_test.h"

struct store *test_open(struct loop *loop)
{
    return store_mem_new(loop);
}

static void the_oldest_go_but_not_the_outbox(void **state)
{
    struct store_message m = test_message("a", "t");
    struct fixture f;
    int64_t first, second;

    fixture_begin(&f);
    first = say(&f, "a", "first", false);
    second = hear(&f, "a", "second");
    for (int i = 0; i < STORE_MEM_MESSAGES_MAX; i++)
        store_append(f.store, &m, NULL, NULL);
    FOUND(&f, .limit = 2, .oldest = true);
    assert_int_equal(f.ids[0], first);
    assert_true(f.ids[1] > second);
    fixture_end(&f);
}

static void bytes_are_bounded_too(void **state)
{
    struct store_message m = test_message("a", "t");
    struct fixture f;

    fixture_begin(&f);
    m.len = STORE_TEXT_BYTES;
    m.text = xcalloc(1, m.len + 1);
    for (int i = 0; i < 6; i++)
        append(&f, &m);
    assert_string_equal(listed(&f), "a:4/4 ");
    free((char *)m.text);
    fixture_end(&f);
}

static void it_fails_on_demand(void **state)
{
    struct store_message m = test_message("a", "t");
    struct fixture f;

    fixture_begin(&f);
    hear(&f, "a", "kept");
    store_mem_fail(f.store, -ENOSPC);
    store_append(f.store, &m, on_done, &f);
    loop_run(f.loop);
    assert_int_equal(f.code, -ENOSPC);
    FOUND(&f, 0);
    assert_int_equal(f.code, -ENOSPC);
    store_mem_fail(f.store, 0);
    assert_string_equal(FOUND(&f, 0), "kept ");
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_CASES,
        cmocka_unit_test(the_oldest_go_but_not_the_outbox),
        cmocka_unit_test(bytes_are_bounded_too),
        cmocka_unit_test(it_fails_on_demand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
