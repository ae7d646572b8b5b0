/* SPDX-License-Identifier: ISC */
#include "base/file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"

static char folder[] = "/tmp/landline-file-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void paths_follow_xdg(void **state)
{
    struct str path = STR_INIT;

    setenv("HOME", "/home/me", 1);
    setenv("XDG_CONFIG_HOME", "/elsewhere", 1);
    assert_int_equal(file_config_path(&path, "x"), 0);
    assert_string_equal(path.data, "/elsewhere/landline/x");
    str_reset(&path);
    setenv("XDG_CONFIG_HOME", "relative", 1);
    assert_int_equal(file_config_path(&path, "x"), 0);
    assert_string_equal(path.data, "/home/me/.config/landline/x");
    str_reset(&path);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_DATA_HOME");
    str_reset(&path);
    assert_int_equal(file_data_path(&path, "x"), 0);
    assert_string_equal(path.data, "/home/me/.local/share/landline/x");
    setenv("XDG_DATA_HOME", "/data", 1);
    str_reset(&path);
    assert_int_equal(file_data_path(&path, "x"), 0);
    assert_string_equal(path.data, "/data/landline/x");
    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    assert_int_equal(file_config_path(&path, "x"), -ENOENT);
    assert_int_equal(file_data_path(&path, "x"), -ENOENT);
    str_done(&path);
}

static void what_is_written_is_read(void **state)
{
    const char *path = in_folder("a/b/file");
    struct str text = STR_INIT, large = STR_INIT;
    struct err err = {0};
    struct stat st;

    assert_int_equal(file_replace(path, "one", 3, &err), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    str_append_str(&text, "before ");
    assert_int_equal(file_read(path, 3, &text, &err), 0);
    assert_string_equal(text.data, "before one");

    for (int i = 0; i < 10000; i++)
        str_append(&large, "line\0\n", 6);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(file_replace(path, large.data, large.len, &err), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    str_reset(&text);
    assert_int_equal(file_read(path, large.len, &text, &err), 0);
    assert_int_equal(text.len, large.len);
    assert_memory_equal(text.data, large.data, large.len);
    str_done(&text);
    str_done(&large);
    assert_int_equal(unlink(path), 0);
    /* Nothing is left beside it, or this would fail. */
    assert_int_equal(rmdir(in_folder("a/b")), 0);
    assert_int_equal(rmdir(in_folder("a")), 0);
}

static void a_link_stays_a_link(void **state)
{
    char target[128];
    struct str text = STR_INIT;
    struct stat st;

    strcpy(target, in_folder("target"));
    assert_int_equal(file_replace(target, "old", 3, NULL), 0);
    assert_int_equal(symlink(target, in_folder("link")), 0);
    assert_int_equal(file_replace(in_folder("link"), "new", 3, NULL), 0);
    assert_int_equal(lstat(in_folder("link"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(file_read(target, 3, &text, NULL), 0);
    assert_string_equal(text.data, "new");
    str_done(&text);
    unlink(in_folder("link"));
    unlink(target);
}

static void failures_name_the_path(void **state)
{
    struct str text = STR_INIT;
    struct err err = {0};

    str_append_str(&text, "kept");
    assert_int_equal(file_read(in_folder("nosuch"), 10, &text, &err), -ENOENT);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "nosuch: no such file"));
    assert_int_equal(file_read(folder, 10, &text, &err), -EISDIR);
    assert_int_equal(file_read("/dev/zero", 10000, &text, &err), -EFBIG);
    assert_non_null(strstr(err.text, "10000"));
    assert_string_equal(text.data, "kept");
    assert_int_equal(file_read("/dev/null", 0, &text, &err), 0);
    assert_int_equal(file_replace("/dev/null/x", "", 0, &err), -ENOTDIR);
    assert_non_null(strstr(err.text, "/dev/null/x was not saved: "));
    str_done(&text);
}

static void a_pipe_does_not_hold_us_up(void **state)
{
    struct str text = STR_INIT;

    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    assert_int_equal(file_read(in_folder("pipe"), 10, &text, NULL), 0);
    assert_int_equal(text.len, 0);
    unlink(in_folder("pipe"));
    str_done(&text);
}

static int set_up(void **state)
{
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_follow_xdg),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_link_stays_a_link),
        cmocka_unit_test(failures_name_the_path),
        cmocka_unit_test(a_pipe_does_not_hold_us_up),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
