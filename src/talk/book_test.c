/* SPDX-License-Identifier: ISC */
#include "talk/book.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/file.h"
#include "base/str.h"

#define E_ONE "\xc3\xa9"  /* é as one character */
#define E_TWO "e\xcc\x81" /* and as two */
#define PROCESSES 20

static struct book *parse(const char *text)
{
    struct book *b = NULL;
    struct err err = {0};

    if (book_parse(text, strlen(text), "f", &b, &err) < 0)
        fail_msg("%s", err.text);
    return b;
}

static void expect(const struct book *b, const char *text)
{
    struct str out = STR_INIT;

    book_print(b, &out);
    assert_string_equal(out.data, text);
    str_done(&out);
}

static void names_have_addresses(void **state)
{
    struct book *b = parse("\xef\xbb\xbf# colleagues\n\nAnn = tls://ann:1 udp://[::1]:9 # at night\r\n"
                           "\t王 小明=unix:///tmp/a#b\nAnn = tcp://late:2");
    const struct book_entry *e = book_find(b, "Ann");

    assert_int_equal(book_count(b), 2);
    assert_ptr_equal(book_at(b, 0), e);
    assert_string_equal(e->name, "Ann");
    assert_int_equal(e->n_addresses, 3);
    assert_string_equal(e->addresses[0], "tls://ann:1");
    assert_string_equal(e->addresses[1], "udp://[::1]:9");
    assert_string_equal(e->addresses[2], "tcp://late:2");
    e = book_find(b, "王 小明");
    assert_int_equal(e->n_addresses, 1);
    assert_string_equal(e->addresses[0], "unix:///tmp/a#b");
    assert_null(book_find(b, "ann"));
    assert_null(book_find(b, "Bob"));
    assert_null(book_find(b, ""));
    assert_null(book_find(b, "\xff"));
    assert_string_equal(book_nearest(b, "Anm"), "Ann");
    assert_null(book_nearest(b, "Zacharias"));
    book_free(b);
    b = parse("");
    assert_int_equal(book_count(b), 0);
    book_free(b);
}

static void accents_are_one_name(void **state)
{
    struct book *b = parse("Ren" E_TWO " = tcp://a:1\nRen" E_ONE " = tcp://b:1\n");

    assert_int_equal(book_count(b), 1);
    assert_int_equal(book_find(b, "Ren" E_ONE)->n_addresses, 2);
    assert_string_equal(book_find(b, "Ren" E_ONE)->name, "Ren" E_TWO);
    assert_int_equal(book_add(b, "Ren" E_ONE, "tcp://c:1", NULL), 0);
    assert_int_equal(book_find(b, "Ren" E_TWO)->n_addresses, 3);
    assert_int_equal(book_remove(b, "Ren" E_ONE, NULL), 0);
    expect(b, "");
    book_free(b);
}

static void wrong_lines_are_named(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"\n# x\nAnn tcp://a:1\n", "f:3: a contact is written as NAME = ADDRESS"},
        {"Ann =\n", "f:1: no address behind the \"=\""},
        {"Ann = # none\n", "f:1: no address behind the \"=\""},
        {"= tcp://a:1\n", "f:1: no name can be like this; it has no \":\" and at most 256 bytes of UTF-8"},
        {"tcp://a:1 = b\n", "f:1: no name can be like this; it has no \":\" and at most 256 bytes of UTF-8"},
        {"A\033[m = b\n", "f:1: no name can be like this; it has no \":\" and at most 256 bytes of UTF-8"},
        {"A\xff = b\n", "f:1: no name can be like this; it has no \":\" and at most 256 bytes of UTF-8"},
        {"A = b\033\n", "f:1: an address with characters that can't be shown"},
        {"A = b +mute +muted\n", "f:1: \"+muted\" is no flag of a contact; there are +mute, +no-history"},
        {"A = +mute\n", "f:1: no address behind the \"=\""},
        {"A = 1 2 3 4 5 6 7 8\nA = 9 10 11 12 13 14 15 16 17\n", "f:2: more than 16 addresses for one name"},
        {"A = 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n", "f:1: more than 16 addresses for one name"},
    };
    struct str longest = STR_INIT;
    struct book *b = NULL;
    struct err err;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        err = (struct err){0};
        assert_true(book_parse(cases[i].text, strlen(cases[i].text), "f", &b, &err) < 0);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_string_equal(err.text, cases[i].says);
        assert_null(b);
    }
    for (int i = 0; i < 4096; i++)
        str_append_char(&longest, '#');
    b = parse(longest.data);
    assert_int_equal(book_add(b, "Ann", "tcp://a:1", &err), 0);
    book_free(b);
    str_append_char(&longest, '#');
    assert_int_equal(book_parse(longest.data, longest.len, "f", &b, &err), -E2BIG);
    assert_string_equal(err.text, "f:1: a line of 4097 bytes; at most 4096 are allowed");
    str_done(&longest);
}

static void addresses_are_checked_when_asked(void **state)
{
    struct book *b = parse("A = tcp://a:1 b\n# c\nB = udp://b:0\n");
    struct err err = {0};

    assert_int_equal(book_check(b, &err), -EINVAL);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_string_equal(
        err.text, "f:3: udp://b:0: nobody can be called at port 0; a port is a number from 1 to 65535");
    assert_int_equal(book_remove(b, "B", NULL), 0);
    assert_int_equal(book_check(b, &err), 0);
    book_free(b);
}

static void what_can_be_a_name(void **state)
{
    static const char *const good[] = {"a", "Ann Lee", "王小明", "a@b", "a/b", "10.0.0.1", "x#y", "😀"};
    static const char *const bad[] = {
        "", " a", "a ", "a:1", "udp://x", "a=b", "-a", "#a", "a\nb", "\033", "\xff", "\u202e"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(book_may_be_name(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(book_may_be_name(bad[i]));
}

static void changes_leave_the_rest_alone(void **state)
{
    struct book *b = parse("# top\r\n  Ann\t=  tcp://a:1   # first\r\n\r\nBob = tcp://b:1\r\n# end");

    assert_int_equal(book_add(b, "Ann", "udp://a:2", NULL), 0);
    expect(b, "# top\r\n  Ann\t=  tcp://a:1 udp://a:2   # first\r\n\r\nBob = tcp://b:1\r\n# end");
    assert_int_equal(book_rename(b, "Ann", "安妮", NULL), 0);
    expect(b, "# top\r\n  安妮\t=  tcp://a:1 udp://a:2   # first\r\n\r\nBob = tcp://b:1\r\n# end");
    assert_int_equal(book_add(b, "Cid", "tcp://c:1", NULL), 0);
    expect(b, "# top\r\n  安妮\t=  tcp://a:1 udp://a:2   # first\r\n\r\nBob = tcp://b:1\r\n# end\nCid = "
              "tcp://c:1\n");
    assert_int_equal(book_remove(b, "Bob", NULL), 0);
    expect(b, "# top\r\n  安妮\t=  tcp://a:1 udp://a:2   # first\r\n\r\n# end\nCid = tcp://c:1\n");
    assert_int_equal(book_count(b), 2);
    assert_null(book_find(b, "Ann"));
    assert_int_equal(book_find(b, "安妮")->n_addresses, 2);
    book_free(b);
    b = parse("A = x\r\n");
    assert_int_equal(book_add(b, "B", "y", NULL), 0);
    expect(b, "A = x\r\nB = y\r\n");
    /* Only the way the accent is written: still the same contact. */
    assert_int_equal(book_add(b, E_ONE, "z", NULL), 0);
    assert_int_equal(book_rename(b, E_ONE, E_TWO, NULL), 0);
    expect(b, "A = x\r\nB = y\r\n" E_TWO " = z\r\n");
    book_free(b);
}

static void expect_flags(const struct book *b, const char *name, bool mute, bool no_history)
{
    assert_int_equal(book_find(b, name)->mute, mute);
    assert_int_equal(book_find(b, name)->no_history, no_history);
}

static void flags(void **state)
{
    struct book *b = parse("Ann = tcp://a:1 +mute udp://a:2 # +no-history\r\nBob = tcp://b:1\n"
                           "Ann = tcp://late:3\t+no-history +mute\n");

    expect_flags(b, "Ann", true, true);
    expect_flags(b, "Bob", false, false);
    assert_int_equal(book_find(b, "Ann")->n_addresses, 3);
    /* What is so already changes nothing. */
    assert_int_equal(book_set_flag(b, "Ann", BOOK_MUTE, true, NULL), 0);
    expect(b, "Ann = tcp://a:1 +mute udp://a:2 # +no-history\r\nBob = tcp://b:1\n"
              "Ann = tcp://late:3\t+no-history +mute\n");
    assert_int_equal(book_set_flag(b, "Ann", BOOK_MUTE, false, NULL), 0);
    expect_flags(b, "Ann", false, true);
    assert_int_equal(book_set_flag(b, "Bob", BOOK_NO_HISTORY, true, NULL), 0);
    assert_int_equal(book_add(b, "Bob", "udp://b:2", NULL), 0);
    assert_int_equal(book_set_flag(b, "Bob", BOOK_MUTE, true, NULL), 0);
    expect(b, "Ann = tcp://a:1 udp://a:2 # +no-history\r\n"
              "Bob = tcp://b:1 udp://b:2 +no-history +mute\nAnn = tcp://late:3\t+no-history\n");
    assert_int_equal(book_set_flag(b, "Cid", BOOK_MUTE, true, NULL), -ENOENT);
    book_free(b);
}

static void addresses_are_removed_one_by_one(void **state)
{
    struct book *b = parse("Ann=a.example udp://a:2 # both\nAnn = tcp://late:3 +mute\nBob = x\n");
    struct err err = {0};

    assert_int_equal(book_remove_address(b, "Ann", "tcp://nobody:1", &err), -ENOENT);
    assert_string_equal(err.text, "Ann has no address tcp://nobody:1");
    assert_int_equal(book_remove_address(b, "Ane", "x", &err), -ENOENT);
    /* However it is written. */
    assert_int_equal(book_remove_address(b, "Ann", "tcp://a.example:5463", &err), 0);
    expect(b, "Ann= udp://a:2 # both\nAnn = tcp://late:3 +mute\nBob = x\n");
    assert_int_equal(book_remove_address(b, "Ann", "late:3", &err), 0);
    expect(b, "Ann= udp://a:2 +mute # both\nBob = x\n");
    assert_int_equal(book_remove_address(b, "Ann", "udp://a:2", &err), -EPERM);
    assert_string_equal(err.text,
        "udp://a:2 is the only address of Ann; remove the contact as a whole, or add another one first");
    assert_int_equal(book_add(b, "Bob", "tcp://x:5463", &err), -EEXIST);
    expect(b, "Ann= udp://a:2 +mute # both\nBob = x\n");
    book_free(b);
}

static void refusals(void **state)
{
    struct book *b = parse("Ann = tcp://a:1\nBob = tcp://b:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
    struct str name = STR_INIT, address = STR_INIT;
    struct err err = {0};

    assert_int_equal(book_add(b, "Ann", "tcp://a:1", &err), -EEXIST);
    assert_string_equal(err.text, "Ann has the address tcp://a:1 already");
    assert_int_equal(book_add(b, "a:b", "tcp://a:1", &err), -EINVAL);
    assert_int_equal(err.kind, ERR_MISUSE);
    assert_int_equal(book_add(b, "Ann", "a b", &err), -EINVAL);
    assert_int_equal(book_add(b, "Ann", "#b", &err), -EINVAL);
    assert_int_equal(book_add(b, "Ann", "+mute", &err), -EINVAL);
    assert_int_equal(book_add(b, "Ann", "a\nb", &err), -EINVAL);
    assert_int_equal(book_add(b, "Ann", "", &err), -EINVAL);
    assert_int_equal(book_add(b, "Bob", "17", &err), -E2BIG);
    assert_int_equal(book_remove(b, "Ane", &err), -ENOENT);
    assert_int_equal(err.kind, ERR_NAME);
    assert_string_equal(err.text, "there is no contact \"Ane\"; did you mean \"Ann\"?");
    assert_int_equal(book_rename(b, "Zacharias", "Z", &err), -ENOENT);
    assert_string_equal(err.text, "there is no contact \"Zacharias\"");
    assert_int_equal(book_rename(b, "Ann", "Bob", &err), -EEXIST);
    assert_int_equal(book_rename(b, "Ann", "=", &err), -EINVAL);
    for (int i = 0; i < BOOK_LINE_MAX_BYTES - 5; i++)
        str_append_char(&address, 'x');
    assert_int_equal(book_add(b, "Ann", address.data, &err), -E2BIG);
    assert_int_equal(book_add(b, "Cid", address.data, &err), -E2BIG);
    address.data[address.len - 1] = '\0'; /* just fits */
    assert_int_equal(book_add(b, "Cid", address.data, &err), 0);
    assert_int_equal(book_set_flag(b, "Cid", BOOK_MUTE, true, &err), -E2BIG);
    assert_int_equal(book_remove(b, "Cid", &err), 0);
    str_append(&name, address.data, BOOK_NAME_MAX_BYTES + 1);
    assert_int_equal(book_add(b, name.data, "x", &err), -EINVAL);
    expect(b, "Ann = tcp://a:1\nBob = tcp://b:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
    str_done(&name);
    str_done(&address);
    book_free(b);
}

static void a_book_is_saved_whole(void **state)
{
    char folder[] = "/tmp/landline-book-XXXXXX";
    struct str path = STR_INIT, text = STR_INIT;
    struct book *mine, *theirs;
    struct err err = {0};

    assert_non_null(mkdtemp(folder));
    setenv("XDG_CONFIG_HOME", folder, 1);
    assert_int_equal(file_config_path(&path, "contacts"), 0);
    assert_int_equal(book_load(&mine, &err), 0);
    assert_int_equal(book_load(&theirs, &err), 0);
    assert_int_equal(book_add(mine, "Ann", "tcp://a:1", &err), 0);
    assert_int_equal(book_save(mine, &err), 0);
    assert_int_equal(book_add(mine, "Bob", "tcp://b:1", &err), 0);
    assert_int_equal(book_save(mine, &err), 0);
    /* What the other one wrote is not lost. */
    assert_int_equal(book_add(theirs, "Cid", "tcp://c:1", &err), 0);
    assert_int_equal(book_save(theirs, &err), -EBUSY);
    assert_int_equal(file_read(path.data, 1000, &text, &err), 0);
    assert_string_equal(text.data, "Ann = tcp://a:1\nBob = tcp://b:1\n");
    book_free(mine);
    book_free(theirs);
    assert_int_equal(book_load(&mine, &err), 0);
    assert_int_equal(book_count(mine), 2);
    book_free(mine);

    assert_int_equal(file_replace(path.data, "Ann\n", 4, &err), 0);
    assert_true(book_load(&mine, &err) < 0);
    assert_non_null(strstr(err.text, "/landline/contacts:1: "));
    unlink(path.data);
    strrchr(path.data, '/')[0] = '\0';
    rmdir(path.data);
    assert_int_equal(rmdir(folder), 0);
    str_done(&path);
    str_done(&text);
}

static int add_one(struct book *b, void *arg, struct err *err)
{
    char name[32];

    snprintf(name, sizeof(name), "n%d", *(int *)arg);
    return book_add(b, name, "tcp://a:1", err);
}

/* An editor that saves while the first try is under way. */
static int add_disturbed(struct book *b, void *arg, struct err *err)
{
    struct str path = STR_INIT;
    int *tries = arg;

    file_config_path(&path, "contacts");
    if (++*tries == 1)
        assert_int_equal(file_replace(path.data, "Ed = tcp://e:1\n", 15, NULL), 0);
    str_done(&path);
    return book_add(b, "Me", "tcp://m:1", err);
}

static int give_up(struct book *b, void *arg, struct err *err)
{
    assert_int_equal(book_add(b, "No", "tcp://n:1", NULL), 0);
    return err_set(err, ERR_OTHER, -EIO, "no");
}

static void changes_at_once_lose_nothing(void **state)
{
    char folder[] = "/tmp/landline-book-XXXXXX";
    struct str path = STR_INIT, text = STR_INIT;
    int go[2], tries = 0, status;
    struct err err = {0};
    struct book *b;
    char byte;

    assert_non_null(mkdtemp(folder));
    setenv("XDG_CONFIG_HOME", folder, 1);
    assert_int_equal(pipe(go), 0);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
            close(go[1]);
            _exit(read(go[0], &byte, 1) != 0 || book_change(add_one, &i, &err) < 0);
        }
    }
    close(go[0]);
    close(go[1]);
    for (int i = 0; i < PROCESSES; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(book_load(&b, &err), 0);
    assert_int_equal(book_count(b), PROCESSES);
    book_free(b);

    assert_int_equal(book_change(add_disturbed, &tries, &err), 0);
    assert_int_equal(tries, 2);
    assert_int_equal(book_change(give_up, NULL, &err), -EIO);
    assert_int_equal(file_config_path(&path, "contacts"), 0);
    assert_int_equal(file_read(path.data, 1000, &text, &err), 0);
    assert_string_equal(text.data, "Ed = tcp://e:1\nMe = tcp://m:1\n");
    unlink(path.data);
    *strrchr(path.data, '/') = '\0';
    rmdir(path.data);
    assert_int_equal(rmdir(folder), 0);
    str_done(&path);
    str_done(&text);
}

static void without_a_home_there_is_an_empty_book(void **state)
{
    struct book *b;
    struct err err = {0};

    unsetenv("XDG_CONFIG_HOME");
    unsetenv("HOME");
    assert_int_equal(book_load(&b, &err), 0);
    assert_int_equal(book_count(b), 0);
    assert_int_equal(book_save(b, &err), -ENOENT);
    assert_non_null(strstr(err.text, "XDG_CONFIG_HOME"));
    book_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_have_addresses),
        cmocka_unit_test(accents_are_one_name),
        cmocka_unit_test(wrong_lines_are_named),
        cmocka_unit_test(addresses_are_checked_when_asked),
        cmocka_unit_test(what_can_be_a_name),
        cmocka_unit_test(changes_leave_the_rest_alone),
        cmocka_unit_test(flags),
        cmocka_unit_test(addresses_are_removed_one_by_one),
        cmocka_unit_test(refusals),
        cmocka_unit_test(a_book_is_saved_whole),
        cmocka_unit_test(changes_at_once_lose_nothing),
        cmocka_unit_test(without_a_home_there_is_an_empty_book),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
