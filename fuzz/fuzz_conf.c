/* SPDX-License-Identifier: ISC */
/* A settings file of any bytes: either it is read, or one line says where it is wrong. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/options.h"
#include "talk/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct values {
    bool quiet;
    int verbose;
    int64_t timeout_ns;
    const char *run;
    struct option_list allow;
};

static const struct option_row rows[] = {
    OPTION_FLAG('q', "quiet", struct values, quiet, ""),
    OPTION_COUNT('v', "verbose", struct values, verbose, ""),
    OPTION_DURATION('t', "timeout", "TIME", struct values, timeout_ns, 0, OPTION_HOUR_NS, ""),
    OPTION_STRING(0, "exec", "COMMAND", struct values, run, OPTION_COMPLETE_NONE, ""),
    OPTION_LIST(0, "allow", "CIDR", struct values, allow, OPTION_COMPLETE_NONE, ""),
    OPTION_END,
};
static const struct option_row hub_rows[] = {OPTION_FLAG(0, "rooms", struct values, quiet, ""), OPTION_END};
static const struct option_verb ask = {.name = "ask", .rows = rows}, hub = {.name = "hub", .rows = hub_rows};
static const struct option_verb *const verbs[] = {&ask, &hub, NULL};

static void check(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct values v = {0};
    struct err err = {0};
    struct options o;

    options_init(&o, &ask, &v);
    if (conf_parse(&o, verbs, (const char *)data, size, "f", &err) < 0)
        check(err.kind == ERR_INPUT && strncmp(err.text, "f:", 2) == 0);
    else
        check(err.kind == ERR_NONE);
    check(v.timeout_ns >= 0 && v.timeout_ns <= OPTION_HOUR_NS);
    if (v.run)
        check(strlen(v.run) <= CONF_LINE_MAX_BYTES);
    for (size_t i = 0; i < v.allow.count; i++)
        check(strlen(v.allow.items[i]) <= CONF_LINE_MAX_BYTES);
    options_done(&o);
    return 0;
}
