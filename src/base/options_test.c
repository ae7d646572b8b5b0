/* SPDX-License-Identifier: ISC */
#include "base/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/str.h"
#include "base/wrap.h"

enum until { UNTIL_NEWLINE, UNTIL_CLOSE };

struct values {
    bool quiet, crlf, trace;
    int verbose;
    const char *name;
    int64_t retries, timeout_ns, quiet_ms;
    size_t bytes;
    enum until until;
    struct option_list allow;
};

static const char *const untils[] = {"newline", "close", NULL};
static const char *const synopsis[] = {N_("ADDRESS [MESSAGE]"),
    N_("--lines ADDRESS [a very long line to see that it is folded under itself]"), NULL};
static const struct option_row rows[] = {
    OPTION_GROUP(N_("Waiting")),
    OPTION_DURATION('t', "timeout", N_("TIME"), struct values, timeout_ns, 1000000, OPTION_HOUR_NS,
        N_("give up after TIME, whatever it is that takes so long: the name, the connection or the answer")),
    OPTION_MS(
        0, "quiet-time", N_("TIME"), struct values, quiet_ms, 0, 60000, N_("silence that ends a reply")),
    OPTION_NUMBER('r', "retries", N_("N"), struct values, retries, 0, 10, N_("send again up to N times")),
    OPTION_CHOICE('u', "until", N_("WHAT"), struct values, until, untils, N_("what ends a reply")),
    OPTION_GROUP(N_("Other")),
    OPTION_FLAG('q', "quiet", struct values, quiet, N_("print the reply only")),
    OPTION_FLAG(0, "crlf", struct values, crlf, N_("end with CRLF")),
    OPTION_SWITCH('T', "trace", struct values, trace, N_("say what\tcan be known")),
    OPTION_COUNT('v', "verbose", struct values, verbose, N_("say more")),
    OPTION_STRING(
        'n', "name", N_("NAME"), struct values, name, OPTION_COMPLETE_CONTACT, N_("call oneself NAME")),
    OPTION_SIZE(0, "max-message", N_("BYTES"), struct values, bytes, 1, 1 << 20, N_("refuse what is longer")),
    OPTION_LIST('a', "allow", N_("CIDR"), struct values, allow, OPTION_COMPLETE_NONE, N_("let these in")),
    OPTION_END,
};
static const struct option_example examples[] = {
    {"landline ask :9000 hello", N_("says hello to what listens on this machine")}, {0}};
static const struct option_verb verb = {
    .name = "ask",
    .synopsis = synopsis,
    .summary = N_("Say one thing, print what comes back."),
    .description = N_("One.\n\nTwo."),
    .rows = rows,
    .examples = examples,
    .args_max = 3,
    .args_complete = OPTION_COMPLETE_ADDRESS,
};

/* Splits at spaces; an underscore stands for an empty word. */
static int parse(struct options *o, struct values *values, const char *line, struct err *err)
{
    static char copy[512], *argv[64];
    int argc = 0;

    *values = (struct values){.name = "default", .timeout_ns = 5};
    *err = (struct err){0};
    strncpy(copy, line, sizeof(copy) - 1);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = strcmp(word, "_") == 0 ? word + 1 : word;
    argv[argc] = NULL;
    options_init(o, &verb, values);
    return options_parse(o, argc, argv, err);
}

static void values_in_every_form(void **state)
{
    static const char *const lines[] = {"--timeout=2s --retries=3 --name=x --until=close --max-message=1k",
        "--timeout 2s --retries 3 --name x --until close --max-message 1KiB",
        "-t2s -r3 -nx -uclose --max-message=1024", "-t 2s -r 3 -n x -u close --max-message 1024B",
        "-r9 -r3 -nz -nx -t1 -t2 -u newline -u close --max-message=1024"};

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct options o;
        struct values v;
        struct err err;

        assert_int_equal(parse(&o, &v, lines[i], &err), 0);
        assert_int_equal(v.timeout_ns, 2000000000);
        assert_int_equal(v.retries, 3);
        assert_string_equal(v.name, "x");
        assert_int_equal(v.until, UNTIL_CLOSE);
        assert_int_equal(v.bytes, 1024);
        assert_int_equal(options_source(&o, "name"), OPTION_COMMAND_LINE);
        assert_int_equal(options_source(&o, "allow"), OPTION_DEFAULT);
        options_done(&o);
    }
}

static void flags_and_bundles(void **state)
{
    struct options o;
    struct values v;
    struct err err;

    assert_int_equal(parse(&o, &v, "-qvvTnme --crlf --quiet-time 1.0001ms", &err), 0);
    assert_true(v.quiet && v.crlf && v.trace);
    assert_int_equal(v.verbose, 2);
    assert_string_equal(v.name, "me");
    assert_int_equal(v.quiet_ms, 2);
    options_done(&o);
    assert_int_equal(parse(&o, &v, "--trace --no-trace", &err), 0);
    assert_false(v.trace);
    options_done(&o);
    assert_int_equal(parse(&o, &v, "-qvv --no-quiet --no-verbose -v", &err), 0);
    assert_false(v.quiet);
    assert_int_equal(v.verbose, 1);
    options_done(&o);
    /* What follows the value's option is the value, whatever it looks like. */
    assert_int_equal(parse(&o, &v, "-n --quiet", &err), 0);
    assert_string_equal(v.name, "--quiet");
    assert_false(v.quiet);
    options_done(&o);
    assert_int_equal(parse(&o, &v, "--name= --name", &err), -EINVAL);
    options_done(&o);
    assert_int_equal(parse(&o, &v, "--name _", &err), 0);
    assert_string_equal(v.name, "");
    options_done(&o);
}

static void arguments_and_options_mix(void **state)
{
    struct options o;
    struct values v;
    struct err err;

    assert_int_equal(parse(&o, &v, "one -q two -", &err), 0);
    assert_true(v.quiet);
    assert_int_equal(o.n_args, 3);
    assert_int_equal(o.n_before, 3);
    assert_string_equal(o.args[0], "one");
    assert_string_equal(o.args[1], "two");
    assert_string_equal(o.args[2], "-");
    assert_null(o.args[3]);
    options_done(&o);
    assert_int_equal(parse(&o, &v, "one -- -q --", &err), 0);
    assert_false(v.quiet);
    assert_int_equal(o.n_args, 3);
    assert_int_equal(o.n_before, 1);
    assert_string_equal(o.args[1], "-q");
    assert_string_equal(o.args[2], "--");
    options_done(&o);
}

static void lists_grow(void **state)
{
    struct options o;
    struct values v;
    struct err err;

    assert_int_equal(parse(&o, &v, "--allow=a -ab --allow c", &err), 0);
    assert_int_equal(v.allow.count, 3);
    assert_string_equal(v.allow.items[0], "a");
    assert_string_equal(v.allow.items[1], "b");
    assert_string_equal(v.allow.items[2], "c");
    options_done(&o);
    assert_int_equal(v.allow.count, 0);
}

static void help_ends_parsing(void **state)
{
    static const char *const lines[] = {"--help", "-h", "-qh", "-q --help --nonsense", "a b c d e --help"};

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct options o;
        struct values v;
        struct err err;

        assert_int_equal(parse(&o, &v, lines[i], &err), 0);
        assert_true(o.help);
        options_done(&o);
    }
}

static void each_misuse_has_its_line(void **state)
{
    static const struct {
        const char *line, *text;
    } cases[] = {
        {"--timout=3", "unknown option --timout; did you mean --timeout?"},
        {"--tiemout=3", "unknown option --tiemout; did you mean --timeout?"},
        {"--time 3", "unknown option --time; did you mean --timeout?"},
        {"--no-trase", "unknown option --no-trase; did you mean --no-trace?"},
        {"--hlep", "unknown option --hlep; did you mean --help?"},
        {"--no-retries", "unknown option --no-retries; did you mean --retries?"},
        {"--no-quite", "unknown option --no-quite; did you mean --no-quiet?"},
        {"--frobnicate", "unknown option --frobnicate; see landline ask --help"},
        {"--=5", "unknown option --; see landline ask --help"},
        {"-x", "unknown option -x; see landline ask --help"},
        {"-q你", "unknown option -你; see landline ask --help"},
        {"-timeout", "-timeout: did you mean --timeout, with two dashes?"},
        {"-help", "-help: did you mean --help, with two dashes?"},
        {"--timeout", "--timeout needs a value: --timeout TIME"},
        {"-qt", "-t needs a value: -t TIME"},
        {"--quiet=yes", "--quiet takes no value, but was given \"yes\""},
        {"--no-trace=1", "--no-trace takes no value, but was given \"1\""},
        {"--retries=11", "--retries: 11 is out of range; it goes from 0 to 10"},
        {"-r -1", "-r: -1 is out of range; it goes from 0 to 10"},
        {"-r99999999999999999999", "-r: 99999999999999999999 is out of range; it goes from 0 to 10"},
        {"-rx", "-r: \"x\" is not a number"},
        {"-r _", "-r: \"\" is not a number"},
        {"-t 2h", "-t: 2h is out of range; it goes from 1ms to 1h"},
        {"-t soon", "-t: \"soon\" is not a duration; write it as 500ms, 5s or 2m"},
        {"--quiet-time 61s", "--quiet-time: 61s is out of range; it goes from 0s to 1m"},
        {"--max-message=x", "--max-message: \"x\" is not a size; write it as 1500, 64k or 1M"},
        {"--max-message=1G", "--max-message: 1G is out of range; it goes from 1 to 1048576"},
        {"--until=later", "--until: \"later\" is none of: newline, close"},
        {"a b c d", "\"d\" is one argument too many; write landline ask ADDRESS [MESSAGE]"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct options o;
        struct values v;
        struct err err;

        assert_int_equal(parse(&o, &v, cases[i].line, &err), -EINVAL);
        assert_int_equal(err.kind, ERR_MISUSE);
        assert_string_equal(err.text, cases[i].text);
        options_done(&o);
    }
}

static void a_missing_argument_is_said(void **state)
{
    struct option_verb needs = verb;
    struct options o;
    struct values v = {0};
    struct err err;

    needs.args_min = 1;
    needs.args_max = OPTION_ANY_ARGS;
    options_init(&o, &needs, &v);
    assert_int_equal(options_parse(&o, 0, NULL, &err), -EINVAL);
    assert_int_equal(err.kind, ERR_MISUSE);
    assert_string_equal(err.text, "an argument is missing; write landline ask ADDRESS [MESSAGE]");
    options_done(&o);
}

static int set(
    struct options *o, const char *name, const char *value, enum option_source source, struct err *err)
{
    *err = (struct err){0};
    return options_set_by_name(o, name, value, source, "f.conf", 7, err);
}

static void a_file_gives_defaults(void **state)
{
    struct options o;
    struct values v;
    struct err err;

    assert_int_equal(parse(&o, &v, "--retries=2 -v -a line", &err), 0);
    assert_int_equal(set(&o, "retries", "9", OPTION_FILE_VERB, &err), 0);
    assert_int_equal(v.retries, 2);
    assert_int_equal(set(&o, "verbose", "2", OPTION_FILE_VERB, &err), 0);
    assert_int_equal(v.verbose, 1);
    assert_int_equal(set(&o, "allow", "file", OPTION_FILE_VERB, &err), 0);
    assert_int_equal(v.allow.count, 1);
    assert_int_equal(set(&o, "name", "verb", OPTION_FILE_VERB, &err), 0);
    assert_int_equal(set(&o, "name", "general", OPTION_FILE_GENERAL, &err), 0);
    assert_string_equal(v.name, "verb");
    assert_int_equal(options_source(&o, "name"), OPTION_FILE_VERB);
    assert_int_equal(set(&o, "quiet", "yes", OPTION_FILE_GENERAL, &err), 0);
    assert_true(v.quiet);
    assert_int_equal(set(&o, "trace", "off", OPTION_FILE_GENERAL, &err), 0);
    assert_false(v.trace);
    options_done(&o);
}

static void the_command_line_replaces_a_files_list(void **state)
{
    static char word[] = "--allow=line", count[] = "-v", *argv[] = {word, count, NULL};
    struct options o;
    struct values v = {0};
    struct err err;

    options_init(&o, &verb, &v);
    assert_int_equal(set(&o, "allow", "a", OPTION_FILE_GENERAL, &err), 0);
    assert_int_equal(set(&o, "allow", "b", OPTION_FILE_VERB, &err), 0);
    assert_int_equal(set(&o, "allow", "c", OPTION_FILE_VERB, &err), 0);
    assert_int_equal(v.allow.count, 2);
    assert_string_equal(v.allow.items[0], "b");
    assert_int_equal(set(&o, "verbose", "2", OPTION_FILE_VERB, &err), 0);
    assert_int_equal(v.verbose, 2);
    assert_int_equal(options_parse(&o, 2, argv, &err), 0);
    assert_int_equal(v.allow.count, 1);
    assert_string_equal(v.allow.items[0], "line");
    assert_int_equal(v.verbose, 1);
    options_done(&o);
}

static void a_files_errors_name_the_line(void **state)
{
    struct options o;
    struct values v;
    struct err err;

    assert_int_equal(parse(&o, &v, "", &err), 0);
    assert_int_equal(set(&o, "retries", "11", OPTION_FILE_VERB, &err), -EINVAL);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_string_equal(err.text, "f.conf:7: retries: 11 is out of range; it goes from 0 to 10");
    assert_int_equal(set(&o, "quiet", "maybe", OPTION_FILE_VERB, &err), -EINVAL);
    assert_string_equal(err.text, "f.conf:7: quiet: \"maybe\" is neither yes nor no");
    assert_int_equal(set(&o, "timout", "1", OPTION_FILE_VERB, &err), -ENOENT);
    assert_string_equal(err.text, "f.conf:7: unknown setting \"timout\"; did you mean \"timeout\"?");
    assert_int_equal(set(&o, "no-trace", "yes", OPTION_FILE_VERB, &err), -ENOENT);
    assert_int_equal(err.kind, ERR_INPUT);
    options_done(&o);
}

static void help_text(void **state)
{
    struct str out = STR_INIT;

    options_help(&out, &verb);
    assert_string_equal(out.data,
        "usage: landline ask ADDRESS [MESSAGE]\n"
        "       landline ask --lines ADDRESS [a very long line to see that it is folded\n"
        "           under itself]\n"
        "\n"
        "Say one thing, print what comes back.\n"
        "\n"
        "One.\n"
        "\n"
        "Two.\n"
        "\n"
        "Waiting:\n"
        "  -t, --timeout TIME       give up after TIME, whatever it is that takes so\n"
        "                           long: the name, the connection or the answer\n"
        "      --quiet-time TIME    silence that ends a reply\n"
        "  -r, --retries N          send again up to N times\n"
        "  -u, --until WHAT         what ends a reply: newline, close\n"
        "\n"
        "Other:\n"
        "  -q, --quiet              print the reply only\n"
        "      --crlf               end with CRLF\n"
        "  -T, --[no-]trace         say what\tcan be known\n"
        "  -v, --verbose            say more\n"
        "  -n, --name NAME          call oneself NAME\n"
        "      --max-message BYTES  refuse what is longer\n"
        "  -a, --allow CIDR         let these in\n"
        "  -h, --help               show this text\n"
        "\n"
        "Examples:\n"
        "  landline ask :9000 hello\n"
        "      says hello to what listens on this machine\n");
    str_done(&out);
}

static void lines_for_shells(void **state)
{
    struct str out = STR_INIT;

    options_complete(&out, &verb);
    assert_non_null(
        strstr(out.data, "\t\t\targument\taddress\t\t\ntimeout\tt\tTIME\tduration\tnone\t\tgive up"));
    assert_non_null(strstr(out.data, "\nuntil\tu\tWHAT\tchoice\tchoice\tnewline,close\twhat ends a reply\n"));
    assert_non_null(strstr(out.data, "\ntrace\tT\t\tswitch\tnone\t\tsay what can be known\n"));
    assert_non_null(strstr(out.data, "\nname\tn\tNAME\tstring\tcontact\t\tcall oneself NAME\n"));
    assert_non_null(strstr(out.data, "\nhelp\th\t\tflag\tnone\t\tshow this text\n"));
    str_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_in_every_form),
        cmocka_unit_test(flags_and_bundles),
        cmocka_unit_test(arguments_and_options_mix),
        cmocka_unit_test(lists_grow),
        cmocka_unit_test(help_ends_parsing),
        cmocka_unit_test(each_misuse_has_its_line),
        cmocka_unit_test(a_missing_argument_is_said),
        cmocka_unit_test(a_file_gives_defaults),
        cmocka_unit_test(the_command_line_replaces_a_files_list),
        cmocka_unit_test(a_files_errors_name_the_line),
        cmocka_unit_test(help_text),
        cmocka_unit_test(lines_for_shells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
