/* SPDX-License-Identifier: ISC */
#include "talk/conf.h"

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
#include "base/file.h"
#include "base/options.h"
#include "base/str.h"

struct ask {
    bool quiet;
    int64_t timeout_ns;
    const char *run;
    struct option_list allow;
};

static const struct option_row ask_rows[] = {
    OPTION_FLAG('q', "quiet", struct ask, quiet, ""),
    OPTION_DURATION('t', "timeout", "TIME", struct ask, timeout_ns, 0, OPTION_HOUR_NS, ""),
    OPTION_STRING(0, "exec", "COMMAND", struct ask, run, OPTION_COMPLETE_NONE, ""),
    OPTION_LIST(0, "allow", "CIDR", struct ask, allow, OPTION_COMPLETE_NONE, ""),
    OPTION_END,
};
static const struct option_row hub_rows[] = {OPTION_FLAG(0, "rooms", struct ask, quiet, ""), OPTION_END};
static const struct option_verb ask_verb = {.name = "ask", .rows = ask_rows};
static const struct option_verb hub_verb = {.name = "hub", .rows = hub_rows};
static const struct option_verb *const verbs[] = {&ask_verb, &hub_verb, NULL};

static int parse_bytes(struct options *o, struct ask *ask, const char *text, size_t len, struct err *err)
{
    *ask = (struct ask){0};
    *err = (struct err){0};
    options_init(o, &ask_verb, ask);
    return conf_parse(o, verbs, text, len, "f", err);
}

static int parse(struct options *o, struct ask *ask, const char *text, struct err *err)
{
    return parse_bytes(o, ask, text, strlen(text), err);
}

static void settings_become_defaults(void **state)
{
    struct options o;
    struct ask ask;
    struct err err;

    assert_int_equal(parse(&o, &ask,
                         "\xef\xbb\xbf# comment\r\n; another\r\n\r\n[landline]\r\nquiet = yes\r\n"
                         "timeout: 9s\n[hub]\nrooms = nonsense is the hub's to find\n[ask] # ours\n"
                         "  timeout=2s\n\texec = sh -c 'a ; b' # c = d\n  allow = 10.0.0.0/8\nallow = ::1",
                         &err),
        0);
    assert_true(ask.quiet);
    assert_int_equal(ask.timeout_ns, 2000000000);
    assert_string_equal(ask.run, "sh -c 'a ; b' # c = d");
    assert_int_equal(ask.allow.count, 2);
    assert_string_equal(ask.allow.items[1], "::1");
    options_done(&o);
}

static void the_verbs_section_wins_in_any_order(void **state)
{
    struct options o;
    struct ask ask;
    struct err err;

    assert_int_equal(
        parse(&o, &ask, "[ask]\ntimeout = 2s\n[landline]\ntimeout = 9s\nrooms = yes\n", &err), 0);
    assert_int_equal(ask.timeout_ns, 2000000000);
    options_done(&o);
}

static void a_value_may_be_long_or_empty(void **state)
{
    struct str text = STR_INIT;
    struct options o;
    struct ask ask;
    struct err err;

    str_append_str(&text, "[ask]\nexec =");
    for (int i = 0; i < 4000; i++)
        str_append_char(&text, 'x');
    assert_int_equal(parse(&o, &ask, text.data, &err), 0);
    assert_int_equal(strlen(ask.run), 4000);
    options_done(&o);
    assert_int_equal(parse(&o, &ask, "[ask]\nexec =\n", &err), 0);
    assert_string_equal(ask.run, "");
    options_done(&o);
    for (int i = 0; i < 100; i++)
        str_append_char(&text, 'x');
    assert_int_equal(parse(&o, &ask, text.data, &err), -EINVAL);
    assert_string_equal(err.text, "f:2: a line of 4106 bytes; at most 4096 are allowed");
    options_done(&o);
    str_done(&text);
}

static void each_wrong_line_is_named(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"\n\nquiet = yes", "f:3: a setting before the first section; put [landline] above it"},
        {"[aks]", "f:1: there is no verb \"aks\"; did you mean [ask]?"},
        {"[frobnicate]\n", "f:1: there is no verb \"frobnicate\"; \"landline --help\" lists them"},
        {"[]\n", "f:1: there is no verb \"\"; \"landline --help\" lists them"},
        {"[ask\n", "f:1: a section is written as [landline]"},
        {"[ask]quiet = yes\n", "f:1: there is something behind the section"},
        {"[ask]\nquiet\n", "f:2: this is neither [SECTION] nor NAME = VALUE"},
        {"[ask]\n= yes\n", "f:2: this is neither [SECTION] nor NAME = VALUE"},
        {"[ask]\na ;b = yes\n", "f:2: this is neither [SECTION] nor NAME = VALUE"},
        {"[ask]\n\nqiuet = yes\n", "f:3: unknown setting \"qiuet\"; did you mean \"quiet\"?"},
        {"[landline]\nnosuch = yes\n", "f:2: unknown setting \"nosuch\"; see landline ask --help"},
        {"[ask]\nquiet = maybe\n", "f:2: quiet: \"maybe\" is neither yes nor no"},
        {"[ask]\ntimeout = 5s ; long\n",
            "f:2: timeout: \"5s ; long\" is not a duration; write it as 500ms, 5s or 2m"},
        {"[ask]\ntimeout = 2h\nqiuet = no\n", "f:2: timeout: 2h is out of range; it goes from 0s to 1h"},
        {"[ask]\nexec = \xff\n", "f:2: not UTF-8; save the file in that encoding"},
        {"[ask]"
         "\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
         "xxxxx"
         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
         "xxx = 1",
            "f:2: no option has so long a name"},
    };
    struct options o;
    struct ask ask;
    struct err err;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(parse(&o, &ask, cases[i].text, &err) < 0);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_string_equal(err.text, cases[i].says);
        options_done(&o);
    }
    assert_true(parse_bytes(&o, &ask, "[ask]\nexec = a\0b\n", 17, &err) < 0);
    assert_string_equal(err.text, "f:2: a zero byte; this is no text file");
    options_done(&o);
}

static void the_users_file_is_found(void **state)
{
    char folder[] = "/tmp/landline-conf-XXXXXX";
    struct str path = STR_INIT;
    struct options o;
    struct ask ask = {0};
    struct err err = {0};

    assert_non_null(mkdtemp(folder));
    setenv("XDG_CONFIG_HOME", folder, 1);
    options_init(&o, &ask_verb, &ask);
    assert_int_equal(conf_load(&o, verbs, &err), 0);
    assert_int_equal(file_config_path(&path, "landline.conf"), 0);
    assert_int_equal(file_replace(path.data, "[ask]\nquiet=on\n", 15, &err), 0);
    assert_int_equal(conf_load(&o, verbs, &err), 0);
    assert_true(ask.quiet);
    assert_int_equal(file_replace(path.data, "[ask]\nquiet=1\n", 14, &err), 0);
    assert_true(conf_load(&o, verbs, &err) < 0);
    assert_non_null(strstr(err.text, "/landline/landline.conf:2: quiet: "));
    options_done(&o);
    /* Not to be readable is an error; not to be there is none. */
    assert_int_equal(unlink(path.data), 0);
    assert_int_equal(mkdir(path.data, 0700), 0);
    options_init(&o, &ask_verb, &ask);
    assert_int_equal(conf_load(&o, verbs, &err), -EISDIR);
    assert_int_equal(err.kind, ERR_INPUT);
    options_done(&o);
    rmdir(path.data);
    strrchr(path.data, '/')[0] = '\0';
    rmdir(path.data);
    assert_int_equal(rmdir(folder), 0);
    str_done(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_become_defaults),
        cmocka_unit_test(the_verbs_section_wins_in_any_order),
        cmocka_unit_test(a_value_may_be_long_or_empty),
        cmocka_unit_test(each_wrong_line_is_named),
        cmocka_unit_test(the_users_file_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
