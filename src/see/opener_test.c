/* SPDX-License-Identifier: ISC */
#include "see/opener.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/str.h"

static const char *const endings[] = {".pcapng", ".txt", NULL};

struct place {
    char folder[32];
    char capture[64], file[64];
    struct opener *opener;
};

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static int begin(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    struct opener_files files = {.capture = p->capture, .endings = endings, .parts = p->file};
    struct err err;

    strcpy(p->folder, "/tmp/landline-opener-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->capture, sizeof(p->capture), "%s/capture", p->folder);
    snprintf(p->file, sizeof(p->file), "%s/saved.Txt", p->folder);
    write_file(p->capture, "packets");
    assert_int_equal(opener_new(&files, &p->opener, &err), 0);
    *state = p;
    return 0;
}

static int end(void **state)
{
    struct place *p = *state;

    opener_free(p->opener);
    unlink(p->capture);
    unlink(p->file);
    assert_int_equal(rmdir(p->folder), 0);
    free(p);
    return 0;
}

static void assert_reads(int fd, const char *text)
{
    char got[64] = "";

    assert_true(fd >= 0);
    assert_int_equal(read(fd, got, sizeof(got) - 1), strlen(text));
    assert_string_equal(got, text);
}

/* Each time at the beginning, whatever the others have read. */
static void test_reads_the_capture_again(void **state)
{
    const struct place *p = *state;
    int first = opener_read(p->opener), second = opener_read(p->opener);

    assert_reads(first, "packets");
    assert_reads(second, "packets");
    assert_true(fcntl(second, F_GETFD) & FD_CLOEXEC);
    close(first);
    close(second);
}

static void test_writes_a_new_file_and_asks_before_another(void **state)
{
    const struct place *p = *state;
    int fd = opener_write(p->opener, p->file, false), again;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "one", 3), 3);
    close(fd);
    assert_int_equal(opener_write(p->opener, p->file, false), -EEXIST);
    again = opener_write(p->opener, p->file, true);
    assert_true(again >= 0);
    assert_int_equal(lseek(again, 0, SEEK_END), 0);
    close(again);
}

static void test_refuses_other_names(void **state)
{
    const struct place *p = *state;
    char path[96], longest[PATH_MAX + 8];

    assert_int_equal(opener_write(p->opener, p->capture, true), -EPERM);
    assert_int_equal(opener_write(p->opener, ".txt", false), -EPERM);
    assert_int_equal(opener_write(p->opener, "", false), -EPERM);
    snprintf(path, sizeof(path), "%s/.txt/.bashrc", p->folder);
    assert_int_equal(opener_write(p->opener, path, false), -EPERM);
    memset(longest, 'a', sizeof(longest));
    memcpy(longest + sizeof(longest) - 5, ".txt", 5);
    assert_int_equal(opener_write(p->opener, longest, false), -ENAMETOOLONG);
    assert_reads(opener_read(p->opener), "packets");
}

static void test_tells_why_it_cannot(void **state)
{
    const struct place *p = *state;

    assert_int_equal(opener_write(p->opener, "/nowhere/at/all.txt", false), -ENOENT);
    unlink(p->capture);
    assert_int_equal(opener_read(p->opener), -ENOENT);
}

static void assert_part_path(const char *path, uint32_t number, const char *wanted)
{
    struct str got = STR_INIT;

    opener_append_part(&got, path, number);
    assert_string_equal(got.data, wanted);
    str_done(&got);
}

static void test_numbers_stand_before_the_ending(void **state)
{
    assert_part_path("kept.pcapng", 1, "kept_00001.pcapng");
    assert_part_path("a.b/kept", 123456, "a.b/kept_123456");
    assert_part_path("a.b/kept.x.pcapng", 99999, "a.b/kept.x_99999.pcapng");
    assert_part_path("/tmp/.kept", 7, "/tmp/.kept_00007");
}

static void test_makes_and_removes_parts(void **state)
{
    const struct place *p = *state;
    struct str path = STR_INIT;
    int fd = opener_part(p->opener, 12), again;

    opener_append_part(&path, p->file, 12);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "one", 3), 3);
    again = opener_part(p->opener, 12);
    assert_true(again >= 0);
    assert_int_equal(lseek(again, 0, SEEK_END), 0);
    close(fd);
    close(again);
    assert_int_equal(access(path.data, F_OK), 0);
    assert_int_equal(opener_remove_part(p->opener, 12), 0);
    assert_int_equal(access(path.data, F_OK), -1);
    assert_int_equal(opener_remove_part(p->opener, 12), -ENOENT);
    /* It goes on as before. */
    assert_reads(opener_read(p->opener), "packets");
    str_done(&path);
}

static void test_opens_only_what_it_was_told_of(void **state)
{
    static const struct opener_files none = {0};
    const struct place *p = *state;
    struct opener *o;
    struct err err;

    assert_int_equal(opener_new(&none, &o, &err), 0);
    assert_int_equal(opener_read(o), -EPERM);
    assert_int_equal(opener_write(o, p->file, false), -EPERM);
    assert_int_equal(opener_part(o, 1), -EPERM);
    assert_int_equal(opener_remove_part(o, 1), -EPERM);
    opener_free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reads_the_capture_again, begin, end),
        cmocka_unit_test_setup_teardown(test_writes_a_new_file_and_asks_before_another, begin, end),
        cmocka_unit_test_setup_teardown(test_refuses_other_names, begin, end),
        cmocka_unit_test_setup_teardown(test_tells_why_it_cannot, begin, end),
        cmocka_unit_test(test_numbers_stand_before_the_ending),
        cmocka_unit_test_setup_teardown(test_makes_and_removes_parts, begin, end),
        cmocka_unit_test_setup_teardown(test_opens_only_what_it_was_told_of, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
