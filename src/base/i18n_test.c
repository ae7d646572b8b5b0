/* SPDX-License-Identifier: ISC */
/* Runs itself, as a copy that has the build's catalogues in a folder po beside it, under each environment,
 * and reads one word back. This machine need not have any locale but C.UTF-8. */
#include "base/i18n.h"

#include <errno.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
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

static char self[PATH_MAX], folder[] = "/tmp/landline-i18n-XXXXXX", copy[64], catalogues[64];

/* The child: what the program says, its codeset and its decimal point. */
static int say(void)
{
    i18n_init();
    printf("%s %s %.1f\n", err_word(-ECONNREFUSED), nl_langinfo(CODESET), 1.5);
    return 0;
}

static void expect(const char *environment, const char *words)
{
    char command[256], line[256] = "";

    snprintf(command, sizeof(command),
        "env -u LC_ALL -u LC_MESSAGES -u LC_NUMERIC -u LC_CTYPE -u LANG -u LANGUAGE %s %s say", environment,
        copy);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    assert_non_null(fgets(line, sizeof(line), out));
    assert_int_equal(pclose(out), 0);
    line[strcspn(line, "\n")] = '\0';
    if (strcmp(line, words) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", environment, line, words);
}

#define CHINESE "连接被拒绝 UTF-8 1.5"
#define ENGLISH "connection refused UTF-8 1.5"

static void chinese_needs_no_generated_locale(void **state)
{
    expect("LANG=zh_CN.UTF-8", CHINESE);
    expect("LANG=zh_CN", CHINESE);
    expect("LANG=zh_CN.GB18030", CHINESE);
    expect("LANG=zh_SG", CHINESE);
    expect("LANG=zh_SG.UTF-8", CHINESE);
    expect("LANG=zh_TW.UTF-8", CHINESE);
    expect("LC_ALL=zh_CN.UTF-8 LANG=C", CHINESE);
    expect("LC_MESSAGES=zh_CN.UTF-8 LANG=en_US.UTF-8", CHINESE);
}

static void language_is_obeyed(void **state)
{
    expect("LANG=C.UTF-8 LANGUAGE=zh_CN", CHINESE);
    expect("LANG=C.UTF-8 LANGUAGE=zh", CHINESE);
    expect("LANG=C.UTF-8 LANGUAGE=fr:zh_HK", CHINESE);
    expect("LANG=en_US.UTF-8 LANGUAGE=zh_CN", CHINESE);
    expect("LANG=zh_CN.UTF-8 LANGUAGE=", CHINESE);
    expect("LANG=zh_CN.UTF-8 LANGUAGE=en", ENGLISH);
}

static void english_otherwise(void **state)
{
    expect("", ENGLISH);
    expect("LANG=C", ENGLISH);
    expect("LANG=POSIX", ENGLISH);
    expect("LANG=C LANGUAGE=zh_CN", ENGLISH);
    expect("LC_ALL=C LANG=zh_CN.UTF-8", ENGLISH);
    expect("LC_MESSAGES=C LANG=zh_CN.UTF-8", ENGLISH);
    expect("LANG=C.UTF-8", ENGLISH);
    expect("LANG=en_US.UTF-8", ENGLISH);
    expect("LANG=zhx_CN.UTF-8", ENGLISH);
}

static void numbers_keep_their_point(void **state)
{
    expect("LANG=de_DE.UTF-8", ENGLISH);
    expect("LANG=C.UTF-8 LC_NUMERIC=de_DE.UTF-8", ENGLISH);
}

static int set_up(void **state)
{
    char command[PATH_MAX + 256];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (len < 0 || !mkdtemp(folder))
        return -1;
    self[len] = '\0';
    snprintf(copy, sizeof(copy), "%s/program", folder);
    snprintf(catalogues, sizeof(catalogues), "%s/po", folder);
    snprintf(command, sizeof(command), "cp '%s' %s", self, copy);
    if (system(command) != 0)
        return -1;
    /* The test is in the build folder's src, the catalogues in its po. */
    *strrchr(self, '/') = '\0';
    strcpy(strrchr(self, '/'), "/po");
    return symlink(self, catalogues);
}

static int tear_down(void **state)
{
    return unlink(copy) | unlink(catalogues) | rmdir(folder);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chinese_needs_no_generated_locale),
        cmocka_unit_test(language_is_obeyed),
        cmocka_unit_test(english_otherwise),
        cmocka_unit_test(numbers_keep_their_point),
    };

    if (argc > 1)
        return say();
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
