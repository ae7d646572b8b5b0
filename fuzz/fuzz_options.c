/* SPDX-License-Identifier: ISC */
/* Zero bytes part the words of a command line; the first byte says how many of the first words are names and
 * values of settings. Misuse must be said in a line, and what was accepted must be within its limits. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/options.h"
#include "base/str.h"
#include "base/utf8.h"

#define MAX_WORDS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct values {
    bool quiet, trace;
    int verbose, until;
    const char *name;
    int64_t retries, timeout_ns, quiet_ms;
    size_t bytes;
    struct option_list allow;
};

static const char *const untils[] = {"newline", "close", NULL};
static const char *const synopsis[] = {"ADDRESS [MESSAGE]", NULL};
static const struct option_row rows[] = {
    OPTION_GROUP("Waiting"),
    OPTION_DURATION('t', "timeout", "TIME", struct values, timeout_ns, 1000000, OPTION_HOUR_NS, ""),
    OPTION_MS(0, "quiet-time", "TIME", struct values, quiet_ms, 0, 60000, ""),
    OPTION_NUMBER('r', "retries", "N", struct values, retries, 0, 10, ""),
    OPTION_CHOICE('u', "until", "WHAT", struct values, until, untils, ""),
    OPTION_FLAG('q', "quiet", struct values, quiet, ""),
    OPTION_SWITCH('T', "trace", struct values, trace, ""),
    OPTION_COUNT('v', "verbose", struct values, verbose, ""),
    OPTION_STRING('n', "name", "NAME", struct values, name, OPTION_COMPLETE_CONTACT, ""),
    OPTION_SIZE(0, "max-message", "BYTES", struct values, bytes, 1, 1 << 20, ""),
    OPTION_LIST('a', "allow", "CIDR", struct values, allow, OPTION_COMPLETE_NONE, ""),
    OPTION_END,
};
static const struct option_verb verb = {
    .name = "ask",
    .synopsis = synopsis,
    .summary = "Say one thing.",
    .rows = rows,
    .args_max = 8,
};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_error(const struct err *err, enum err_kind kind)
{
    check(err->kind == kind && err->text[0] && memchr(err->text, '\0', sizeof(err->text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct values v = {.retries = 3, .timeout_ns = OPTION_SECOND_NS, .bytes = 1};
    struct err err = {0};
    struct options o;
    char *text, *words[MAX_WORDS + 1] = {0};
    int n = 0, settings, code;

    if (size < 1)
        return 0;
    settings = data[0] % 8;
    text = malloc(size);
    if (!text)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    for (size_t at = 0; at < size && n < MAX_WORDS; at += strlen(text + at) + 1)
        words[n++] = text + at;

    options_init(&o, &verb, &v);
    while (settings-- > 0 && n >= 2) {
        enum option_source source = settings % 2 ? OPTION_FILE_GENERAL : OPTION_FILE_VERB;

        if (options_set_by_name(&o, words[0], words[1], source, "f", 1, &err) < 0)
            check_error(&err, ERR_INPUT);
        memmove(words, words + 2, (MAX_WORDS - 1) * sizeof(*words));
        n -= 2;
    }
    code = options_parse(&o, n, words, &err);
    if (code < 0)
        check_error(&err, ERR_MISUSE);
    else if (!o.help)
        check(o.n_args <= verb.args_max && o.n_before <= o.n_args && !o.args[o.n_args]);
    check(v.retries >= 0 && v.retries <= 10);
    check(v.timeout_ns >= 1000000 && v.timeout_ns <= OPTION_HOUR_NS);
    check(v.quiet_ms >= 0 && v.quiet_ms <= 60000);
    check(v.until == 0 || v.until == 1);
    check(v.bytes >= 1 && v.bytes <= 1 << 20);
    for (size_t i = 0; i < v.allow.count; i++)
        check(strlen(v.allow.items[i]) < size);
    options_done(&o);
    free(text);
    return 0;
}
