/* SPDX-License-Identifier: ISC */
#include "base/textfile.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/file.h"

static void expect(const struct textfile *t, const char *text)
{
    struct str out = STR_INIT;

    textfile_print(t, &out);
    assert_string_equal(out.data, text);
    str_done(&out);
}

static void expect_span(const struct textfile *t, size_t i, struct textspan span, const char *text)
{
    assert_int_equal(span.len, strlen(text));
    assert_memory_equal(t->lines[i].data + span.start, text, span.len);
}

static void lines_and_words(void **state)
{
    const char text[] = "\xef\xbb\xbf one  two#x #three\r\n\n\t\xef\xbb\xbf\nlast";
    struct textfile t;
    size_t at;

    textfile_init(&t, "f", text, sizeof(text) - 1);
    assert_int_equal(t.n_lines, 4);
    expect(&t, text);
    expect_span(&t, 0, textfile_content(&t, 0), "one  two#x #three");
    expect_span(&t, 1, textfile_content(&t, 1), "");
    expect_span(&t, 2, textfile_content(&t, 2), "\xef\xbb\xbf"); /* a mark of the file, of no other line */
    expect_span(&t, 3, textfile_content(&t, 3), "last");
    at = textfile_content(&t, 0).start;
    expect_span(&t, 0, textfile_word(&t, 0, &at), "one");
    expect_span(&t, 0, textfile_word(&t, 0, &at), "two#x");
    expect_span(&t, 0, textfile_word(&t, 0, &at), "");
    expect_span(&t, 0, textfile_word(&t, 0, &at), "");
    textfile_done(&t);
}

static void changes(void **state)
{
    struct textfile t;
    size_t at = 0;
    struct err err;

    textfile_init(&t, "f", "a b\r\nc\n", 7);
    textfile_word(&t, 0, &at);
    textfile_splice(&t, 0, textfile_word(&t, 0, &at), "other");
    textfile_append(&t, "d");
    expect(&t, "a other\r\nc\nd\n");
    textfile_remove(&t, 1);
    expect(&t, "a other\r\nd\n");
    textfile_remove(&t, 1);
    textfile_append(&t, "e"); /* with the line end of its neighbour */
    expect(&t, "a other\r\ne\r\n");
    assert_int_equal(textfile_complain(&t, 1, -EINVAL, &err, "no %s", "good"), -EINVAL);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_string_equal(err.text, "f:2: no good");
    textfile_done(&t);
    textfile_init(&t, "f", "a", 1);
    textfile_append(&t, "b");
    expect(&t, "a\nb\n");
    textfile_done(&t);
    textfile_init(&t, "f", "", 0);
    textfile_append(&t, "b");
    expect(&t, "b\n");
    textfile_done(&t);
}

static void saving(void **state)
{
    char folder[] = "/tmp/landline-textfile-XXXXXX", path[64];
    struct textfile t;
    struct err err = {0};
    struct str text = STR_INIT;

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/f", folder);
    textfile_init(&t, path, "", 0);
    textfile_append(&t, "one");
    assert_int_equal(textfile_save(&t, 100, &err), 0);
    textfile_append(&t, "two");
    assert_int_equal(textfile_save(&t, 7, &err), -E2BIG);
    assert_int_equal(textfile_save(&t, 8, &err), 0);
    assert_int_equal(file_replace(path, "else", 4, &err), 0);
    textfile_append(&t, "three");
    assert_int_equal(textfile_save(&t, 100, &err), -EBUSY);
    assert_non_null(strstr(err.text, "was changed by someone else meanwhile"));
    assert_int_equal(file_read(path, 100, &text, &err), 0);
    assert_string_equal(text.data, "else");
    textfile_done(&t);
    str_done(&text);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_words),
        cmocka_unit_test(changes),
        cmocka_unit_test(saving),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
