/* SPDX-License-Identifier: ISC */
#ifndef STORE_STORE_FOR_TEST_H
#define STORE_STORE_FOR_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "net/loop.h"
#include "store/store.h"

/* What every backend must do, for the test of each to include. It defines test_open, which makes an empty
 * store, and puts STORE_CASES among its tests. */

struct fixture {
    struct loop *loop;
    struct store *store;
    /* The last answer. */
    int64_t id;
    int code;
    struct err err;
    size_t calls, count, unread, messages;
    struct str texts; /* of what was found, a space behind each; of what was listed: "WHO:MESSAGES/UNREAD " */
    int64_t ids[64];
    struct store_message last; /* its texts are not valid */
    char address[64], note[64];
};

/* Of the including test: makes the backend under test, empty. */
struct store *test_open(struct loop *loop);

static inline void fixture_begin(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    str_init(&f->texts);
    f->loop = loop_new();
    f->store = test_open(f->loop);
    assert_non_null(f->store);
}

static inline void fixture_end(struct fixture *f)
{
    store_free(f->store);
    loop_free(f->loop);
    str_done(&f->texts);
}

static inline void on_done(int64_t id, int code, const struct err *err, void *arg)
{
    struct fixture *f = arg;

    f->calls++;
    f->id = id;
    f->code = code;
    assert_int_equal(code < 0, err != NULL);
    if (err)
        f->err = *err;
}

static inline void on_found(
    const struct store_message *messages, size_t count, int code, const struct err *err, void *arg)
{
    struct fixture *f = arg;

    on_done(0, code, err, f);
    f->count = count;
    str_reset(&f->texts);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(messages[i].text[messages[i].len], '\0');
        if (i > 0)
            assert_true(messages[i].id > messages[i - 1].id);
        if (i < sizeof(f->ids) / sizeof(*f->ids))
            f->ids[i] = messages[i].id;
        if (f->texts.len < 4096)
            str_appendf(&f->texts, "%s ", messages[i].text);
        f->last = messages[i];
        snprintf(f->address, sizeof(f->address), "%s", messages[i].address);
        snprintf(f->note, sizeof(f->note), "%s", messages[i].note);
    }
}

static inline void on_listed(
    const struct store_conversation *conversations, size_t count, int code, const struct err *err, void *arg)
{
    struct fixture *f = arg;

    on_done(0, code, err, f);
    f->count = count;
    str_reset(&f->texts);
    for (size_t i = 0; i < count; i++)
        str_appendf(&f->texts, "%s:%d/%d ", conversations[i].who, (int)conversations[i].messages,
            (int)conversations[i].unread);
}

#define FIRST_AT_NS INT64_C(1000000000)

/* A message that came; each one a second later than the one before. */
static inline struct store_message test_message(const char *who, const char *text)
{
    static int64_t at_ns = FIRST_AT_NS;

    return (struct store_message){.who = who,
        .at_ns = at_ns += FIRST_AT_NS,
        .address = "udp://127.0.0.1:9",
        .text = text,
        .len = strlen(text),
        .note = ""};
}

static inline int64_t append(struct fixture *f, const struct store_message *m)
{
    size_t calls = f->calls;

    store_append(f->store, m, on_done, f);
    assert_int_equal(f->calls, calls);
    loop_run(f->loop);
    assert_int_equal(f->calls, calls + 1);
    assert_int_equal(f->code, 0);
    assert_true(f->id > 0);
    return f->id;
}

static inline int64_t hear(struct fixture *f, const char *who, const char *text)
{
    struct store_message m = test_message(who, text);

    return append(f, &m);
}

static inline int64_t hear_at(struct fixture *f, const char *who, const char *text, int64_t at_ns)
{
    struct store_message m = test_message(who, text);

    m.at_ns = at_ns;
    return append(f, &m);
}

static inline int64_t say(struct fixture *f, const char *who, const char *text, bool passing)
{
    struct store_message m = test_message(who, text);

    m.direction = STORE_OUT;
    m.state = STORE_WAITING;
    m.in_outbox = true;
    m.is_passing = passing;
    return append(f, &m);
}

static inline int set_state(struct fixture *f, int64_t id, enum store_state state, bool in_outbox,
    const char *address, const char *note)
{
    store_set_state(f->store, id, state, in_outbox, address, note, on_done, f);
    loop_run(f->loop);
    return f->code;
}

static inline const char *found(struct fixture *f, struct store_query q)
{
    size_t calls = f->calls;

    if (q.limit == 0)
        q.limit = STORE_FOUND_MAX;
    store_find(f->store, &q, on_found, f);
    assert_int_equal(f->calls, calls);
    loop_run(f->loop);
    assert_int_equal(f->calls, calls + 1);
    return f->texts.data;
}

#define FOUND(f, ...) found((f), (struct store_query){__VA_ARGS__})

static inline const char *listed(struct fixture *f)
{
    store_list(f->store, on_listed, f);
    loop_run(f->loop);
    return f->texts.data;
}

static inline int64_t forget(struct fixture *f, struct store_query q)
{
    store_delete(f->store, &q, on_done, f);
    loop_run(f->loop);
    assert_int_equal(f->code, 0);
    return f->id;
}

static inline void everything_of_a_message_is_kept(void **state)
{
    struct store_message m = test_message("张三", "a\0b");
    struct fixture f;
    int64_t id;

    fixture_begin(&f);
    m.len = 3;
    m.direction = STORE_OUT;
    m.ending = STORE_CRLF;
    m.state = STORE_FAILED;
    m.note = "连接被拒绝";
    id = append(&f, &m);
    FOUND(&f, .who = "张三");
    assert_int_equal(f.count, 1);
    assert_int_equal(f.ids[0], id);
    assert_int_equal(f.last.at_ns, m.at_ns);
    assert_int_equal(f.last.direction, STORE_OUT);
    assert_int_equal(f.last.ending, STORE_CRLF);
    assert_int_equal(f.last.state, STORE_FAILED);
    assert_int_equal(f.last.len, 3);
    assert_false(f.last.in_outbox);
    assert_false(f.last.is_passing);
    assert_string_equal(f.address, m.address);
    assert_string_equal(f.note, m.note);
    fixture_end(&f);
}

static inline void conversations_are_apart(void **state)
{
    struct fixture f;

    fixture_begin(&f);
    hear(&f, "a", "1");
    hear(&f, "b", "2");
    hear(&f, "a", "3");
    assert_string_equal(FOUND(&f, .who = "a"), "1 3 ");
    assert_string_equal(FOUND(&f, .who = "b"), "2 ");
    assert_string_equal(FOUND(&f, .who = "c"), "");
    assert_string_equal(FOUND(&f, 0), "1 2 3 ");
    fixture_end(&f);
}

static inline void pages_go_both_ways(void **state)
{
    struct fixture f;
    int64_t ids[5];

    fixture_begin(&f);
    for (int i = 0; i < 5; i++)
        ids[i] = hear(&f, i == 2 ? "b" : "a", (const char *[]){"1", "2", "3", "4", "5"}[i]);
    assert_string_equal(FOUND(&f, .limit = 2), "4 5 ");
    assert_string_equal(FOUND(&f, .limit = 2, .before_id = ids[3]), "2 3 ");
    assert_string_equal(FOUND(&f, .limit = 2, .before_id = ids[1]), "1 ");
    assert_string_equal(FOUND(&f, .limit = 2, .before_id = ids[0]), "");
    assert_string_equal(FOUND(&f, .limit = 2, .oldest = true), "1 2 ");
    assert_string_equal(FOUND(&f, .limit = 2, .oldest = true, .after_id = ids[1]), "3 4 ");
    assert_string_equal(FOUND(&f, .limit = 2, .oldest = true, .after_id = ids[1], .who = "a"), "4 5 ");
    assert_string_equal(FOUND(&f, .limit = 9, .after_id = ids[1], .before_id = ids[4]), "3 4 ");
    assert_string_equal(FOUND(&f, .limit = 2, .after_id = ids[4]), "");
    fixture_end(&f);
}

/* The clock is set back in between: what is found is what the times say. */
static inline void times_bound_also_when_the_clock_jumps(void **state)
{
    struct fixture f;

    fixture_begin(&f);
    hear_at(&f, "a", "x10", 10);
    hear_at(&f, "b", "x30", 30);
    hear_at(&f, "a", "x20", 20);
    hear_at(&f, "a", "x15", 15);
    hear_at(&f, "b", "x40", 40);
    assert_string_equal(FOUND(&f, .since_ns = 20), "x30 x20 x40 ");
    assert_string_equal(FOUND(&f, .until_ns = 20), "x10 x15 ");
    assert_string_equal(FOUND(&f, .since_ns = 15, .until_ns = 30), "x20 x15 ");
    assert_string_equal(FOUND(&f, .since_ns = 15, .until_ns = 31, .who = "a"), "x20 x15 ");
    assert_string_equal(FOUND(&f, .until_ns = 30, .limit = 2), "x20 x15 ");
    assert_string_equal(FOUND(&f, .since_ns = 11, .limit = 2, .oldest = true), "x30 x20 ");
    assert_string_equal(FOUND(&f, .since_ns = 15, .until_ns = 30, .search = "x"), "x20 x15 ");
    assert_string_equal(FOUND(&f, .until_ns = 20, .search = "x1"), "x10 x15 ");
    assert_string_equal(FOUND(&f, .since_ns = 41), "");
    assert_string_equal(FOUND(&f, .until_ns = 10), "");
    fixture_end(&f);
}

static inline void a_search_finds_words_and_pieces_of_chinese(void **state)
{
    struct fixture f;
    int64_t first;

    fixture_begin(&f);
    first = hear(&f, "a", "我们去吃饭");
    hear(&f, "b", "Hello,世界");
    hear(&f, "a", "hell");
    hear(&f, "a", "吃了饭");
    hear(&f, "b", "我们和他们去internationalisation");
    assert_string_equal(FOUND(&f, .search = "吃饭"), "我们去吃饭 ");
    assert_string_equal(FOUND(&f, .search = "饭"), "我们去吃饭 吃了饭 ");
    assert_string_equal(FOUND(&f, .search = "吃 饭"), "我们去吃饭 吃了饭 ");
    assert_string_equal(FOUND(&f, .search = "我们去"), "我们去吃饭 ");
    assert_string_equal(FOUND(&f, .search = "HELL"), "Hello,世界 hell ");
    assert_string_equal(FOUND(&f, .search = "hello 世"), "Hello,世界 ");
    assert_string_equal(FOUND(&f, .search = "internationalisatio"), "我们和他们去internationalisation ");
    assert_string_equal(FOUND(&f, .search = "internationalisato"), "");
    assert_string_equal(FOUND(&f, .search = "饭", .who = "a"), "我们去吃饭 吃了饭 ");
    assert_string_equal(FOUND(&f, .search = "饭", .who = "b"), "");
    assert_string_equal(FOUND(&f, .search = "饭", .who = "nobody"), "");
    assert_string_equal(FOUND(&f, .search = "饭", .limit = 1), "吃了饭 ");
    assert_string_equal(FOUND(&f, .search = "饭", .limit = 1, .oldest = true), "我们去吃饭 ");
    assert_string_equal(FOUND(&f, .search = "饭", .after_id = first), "吃了饭 ");
    assert_string_equal(FOUND(&f, .search = "nothing"), "");
    assert_string_equal(FOUND(&f, .search = "\" OR *"), "");
    assert_string_equal(FOUND(&f, .search = "--"), "");
    assert_int_equal(f.code, 0);
    fixture_end(&f);
}

static inline void a_state_changes(void **state)
{
    struct fixture f;
    int64_t id;

    fixture_begin(&f);
    id = say(&f, "a", "1", false);
    FOUND(&f, .who = "a");
    assert_true(f.last.in_outbox);
    assert_int_equal(f.last.state, STORE_WAITING);
    assert_int_equal(set_state(&f, id, STORE_SENT, true, "tcp://[::1]:5", NULL), 0);
    assert_int_equal(f.id, id);
    FOUND(&f, .who = "a");
    assert_true(f.last.in_outbox);
    assert_int_equal(f.last.state, STORE_SENT);
    assert_string_equal(f.address, "tcp://[::1]:5");
    assert_int_equal(set_state(&f, id, STORE_FAILED, false, NULL, "refused"), 0);
    FOUND(&f, .who = "a");
    assert_false(f.last.in_outbox);
    assert_string_equal(f.address, "tcp://[::1]:5");
    assert_string_equal(f.note, "refused");
    assert_int_equal(set_state(&f, id + 1, STORE_SENT, false, NULL, NULL), -ENOENT);
    assert_true(f.err.text[0] != '\0');
    fixture_end(&f);
}

static inline void a_passing_message_is_only_in_the_outbox(void **state)
{
    struct fixture f;
    int64_t id;

    fixture_begin(&f);
    id = say(&f, "a", "secret", true);
    assert_string_equal(FOUND(&f, 0), "");
    assert_string_equal(FOUND(&f, .search = "secret"), "");
    assert_string_equal(listed(&f), "");
    assert_int_equal(set_state(&f, id, STORE_SENT, true, NULL, NULL), 0);
    assert_int_equal(set_state(&f, id, STORE_ACKED, false, NULL, NULL), 0);
    assert_int_equal(set_state(&f, id, STORE_ANSWERED, false, NULL, NULL), -ENOENT);
    fixture_end(&f);
}

static inline void conversations_are_listed_with_what_is_unread(void **state)
{
    struct fixture f;
    int64_t id;

    fixture_begin(&f);
    assert_string_equal(listed(&f), "");
    hear(&f, "a", "1");
    id = hear(&f, "a", "2");
    hear(&f, "b", "3");
    say(&f, "b", "4", false);
    hear(&f, "a", "5");
    assert_string_equal(listed(&f), "a:3/3 b:2/1 ");
    store_mark_read(f.store, "a", id, on_done, &f);
    assert_string_equal(listed(&f), "a:3/1 b:2/1 ");
    store_mark_read(f.store, "a", id - 1, on_done, &f); /* what was read stays read */
    assert_string_equal(listed(&f), "a:3/1 b:2/1 ");
    store_mark_read(f.store, "b", id + 9, NULL, NULL);
    store_mark_read(f.store, "nobody", id, NULL, NULL);
    store_mark_read(f.store, "nobody", 0, NULL, NULL);
    hear(&f, "b", "6");
    assert_string_equal(listed(&f), "b:3/0 a:3/1 ");
    /* All that was there before the call, and not what came after it. */
    store_mark_read(f.store, "a", 0, NULL, NULL);
    assert_string_equal(listed(&f), "b:3/0 a:3/0 ");
    hear(&f, "a", "7");
    assert_string_equal(listed(&f), "a:4/1 b:3/0 ");
    fixture_end(&f);
}

static inline void a_conversation_gets_another_name(void **state)
{
    struct fixture f;

    fixture_begin(&f);
    hear(&f, "a", "one");
    hear(&f, "a", "two");
    store_mark_read(f.store, "a", f.id, NULL, NULL);
    hear(&f, "a", "three");
    store_rename(f.store, "a", "b", NULL, NULL);
    assert_string_equal(FOUND(&f, .who = "a"), "");
    assert_string_equal(FOUND(&f, .who = "b"), "one two three ");
    assert_string_equal(FOUND(&f, .who = "b", .search = "t"), "two three ");
    assert_string_equal(listed(&f), "b:3/1 ");
    hear(&f, "a", "new");
    assert_string_equal(FOUND(&f, .who = "a"), "new ");
    store_rename(f.store, "nobody", "c", on_done, &f);
    loop_run(f.loop);
    assert_int_equal(f.code, 0);
    store_rename(f.store, "b", "b", on_done, &f);
    assert_string_equal(listed(&f), "a:1/1 b:3/1 ");
    fixture_end(&f);
}

static inline void two_conversations_become_one(void **state)
{
    struct fixture f;

    fixture_begin(&f);
    hear(&f, "a", "t1");
    hear(&f, "b", "t2");
    store_mark_read(f.store, "b", f.id, NULL, NULL);
    hear(&f, "c", "t3");
    hear(&f, "b", "t4");
    store_mark_read(f.store, "a", f.id, NULL, NULL);
    store_rename(f.store, "a", "b", NULL, NULL);
    assert_string_equal(FOUND(&f, .who = "b"), "t1 t2 t4 ");
    assert_string_equal(FOUND(&f, .who = "b", .search = "t"), "t1 t2 t4 ");
    assert_string_equal(listed(&f), "b:3/1 c:1/1 ");
    store_rename(f.store, "b", "c", NULL, NULL);
    hear(&f, "b", "t5");
    hear(&f, "c", "t6");
    assert_string_equal(FOUND(&f, .who = "c", .search = "t"), "t1 t2 t3 t4 t6 ");
    assert_string_equal(FOUND(&f, .who = "b", .search = "t"), "t5 ");
    /* c's first unread one is t3; what came after it can't be told apart any more. */
    assert_string_equal(listed(&f), "c:5/3 b:1/1 ");
    fixture_end(&f);
}

static inline void what_is_deleted_is_gone_but_not_the_outbox(void **state)
{
    struct fixture f;
    int64_t id;

    fixture_begin(&f);
    hear_at(&f, "a", "t1", 10);
    hear_at(&f, "b", "t2", 20);
    hear_at(&f, "a", "t3", 30);
    id = say(&f, "a", "t4", false);
    say(&f, "a", "t5", true);
    assert_int_equal(forget(&f, (struct store_query){.who = "a", .until_ns = 30}), 1);
    assert_string_equal(FOUND(&f, .search = "t"), "t2 t3 t4 ");
    assert_string_equal(listed(&f), "a:2/1 b:1/1 ");
    assert_int_equal(forget(&f, (struct store_query){.who = "a"}), 1);
    assert_string_equal(FOUND(&f, 0), "t2 t4 ");
    assert_string_equal(FOUND(&f, .who = "a", .search = "t"), "t4 ");
    assert_int_equal(set_state(&f, id, STORE_ACKED, false, NULL, NULL), 0);
    assert_int_equal(forget(&f, (struct store_query){.limit = 0}), 2);
    assert_string_equal(FOUND(&f, 0), "");
    assert_string_equal(listed(&f), "");
    assert_int_equal(forget(&f, (struct store_query){.limit = 0}), 0);
    fixture_end(&f);
}

/* Each call sees what those before it did, and ends come in the order of the calls. */
static inline void calls_that_come_together_keep_their_order(void **state)
{
    struct store_message m = test_message("a", "t");
    struct fixture f;

    fixture_begin(&f);
    m.direction = STORE_OUT;
    m.state = STORE_WAITING;
    for (int i = 0; i < 100; i++)
        store_append(f.store, &m, on_done, &f);
    store_find(f.store, &(struct store_query){.limit = 1000}, on_found, &f);
    loop_run(f.loop);
    assert_int_equal(f.calls, 101);
    assert_int_equal(f.count, 100);
    fixture_end(&f);
}

static inline void on_done_more(int64_t id, int code, const struct err *err, void *arg)
{
    struct fixture *f = arg;
    struct store_message m = test_message("a", "again");

    on_done(id, code, err, arg);
    if (f->calls < 3)
        store_append(f->store, &m, on_done_more, f);
}

static inline void free_ends_what_is_under_way(void **state)
{
    struct store_message m = test_message("a", "t");
    struct fixture f;

    fixture_begin(&f);
    store_append(f.store, &m, on_done_more, &f);
    fixture_end(&f);
    assert_int_equal(f.calls, 3);
    store_free(NULL);
}

static inline void what_is_too_long_is_refused_and_the_rest_goes_on(void **state)
{
    char *long_who = xcalloc(1, STORE_WHO_BYTES + 2);
    struct store_message m = test_message("a", "t");
    struct fixture f;

    fixture_begin(&f);
    m.len = STORE_TEXT_BYTES + 1; /* not looked at */
    store_append(f.store, &m, on_done, &f);
    loop_run(f.loop);
    assert_int_equal(f.code, -EMSGSIZE);
    memset(long_who, 'x', STORE_WHO_BYTES + 1);
    m = test_message(long_who, "t");
    store_append(f.store, &m, on_done, &f);
    loop_run(f.loop);
    assert_int_equal(f.code, -EMSGSIZE);
    FOUND(&f, .search = long_who);
    assert_int_equal(f.code, -EMSGSIZE);
    assert_int_equal(f.count, 0);
    hear(&f, long_who + 1, "good");
    assert_string_equal(FOUND(&f, 0), "good ");
    free(long_who);
    fixture_end(&f);
}

static inline void our_own_outbox_is_not_adopted(void **state)
{
    struct fixture f;

    fixture_begin(&f);
    say(&f, "a", "1", false);
    store_adopt(f.store, on_found, &f);
    loop_run(f.loop);
    assert_int_equal(f.code, 0);
    assert_int_equal(f.count, 0);
    fixture_end(&f);
}

/* An answer ends when its texts are many bytes; asking on gives the rest. */
static inline void an_answer_is_bounded_in_bytes(void **state)
{
    struct store_message m = test_message("a", "t");
    struct fixture f;

    fixture_begin(&f);
    m.len = STORE_FOUND_BYTES / 3 + 1;
    m.text = xcalloc(1, m.len + 1);
    for (int i = 0; i < 4; i++)
        append(&f, &m);
    FOUND(&f, .limit = 100);
    assert_int_equal(f.count, 3);
    FOUND(&f, .limit = 100, .before_id = f.ids[0]);
    assert_int_equal(f.count, 1);
    free((char *)m.text);
    fixture_end(&f);
}

#define STORE_CASES                                                                                          \
    cmocka_unit_test(everything_of_a_message_is_kept), cmocka_unit_test(conversations_are_apart),            \
        cmocka_unit_test(pages_go_both_ways), cmocka_unit_test(times_bound_also_when_the_clock_jumps),       \
        cmocka_unit_test(a_search_finds_words_and_pieces_of_chinese), cmocka_unit_test(a_state_changes),     \
        cmocka_unit_test(a_passing_message_is_only_in_the_outbox),                                           \
        cmocka_unit_test(conversations_are_listed_with_what_is_unread),                                      \
        cmocka_unit_test(a_conversation_gets_another_name), cmocka_unit_test(two_conversations_become_one),  \
        cmocka_unit_test(what_is_deleted_is_gone_but_not_the_outbox),                                        \
        cmocka_unit_test(calls_that_come_together_keep_their_order),                                         \
        cmocka_unit_test(free_ends_what_is_under_way),                                                       \
        cmocka_unit_test(what_is_too_long_is_refused_and_the_rest_goes_on),                                  \
        cmocka_unit_test(our_own_outbox_is_not_adopted), cmocka_unit_test(an_answer_is_bounded_in_bytes)

#endif
