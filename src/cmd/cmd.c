/* SPDX-License-Identifier: ISC */
/* What every verb does in the same way: begin with its options, end with one line when it failed. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "talk/conf.h"

/* Verbs that are for people and have options may be given settings. */
static bool takes_settings(const struct option_verb *verb)
{
    return verb->summary && verb->rows && verb->rows->type != OPTION_TYPE_END;
}

static int load_settings(struct options *o, struct err *err)
{
    const struct option_verb **verbs;
    size_t n = 0;
    int code;

    if (!takes_settings(o->verb))
        return 0;
    while (commands[n])
        n++;
    verbs = xcalloc(n + 1, sizeof(*verbs));
    n = 0;
    for (size_t i = 0; commands[i]; i++)
        if (takes_settings(commands[i]->verb))
            verbs[n++] = commands[i]->verb;
    code = conf_load(o, verbs, err);
    free(verbs);
    return code;
}

bool cmd_begin(
    struct options *o, const struct option_verb *verb, void *values, int argc, char **argv, int *ret_status)
{
    struct str text = STR_INIT;
    struct err err;

    options_init(o, verb, values);
    if (options_parse(o, argc - 1, argv + 1, &err) < 0 || (!o->help && load_settings(o, &err) < 0)) {
        options_done(o);
        *ret_status = cmd_fail(&err);
        return false;
    }
    if (!o->help)
        return true;
    options_done(o);
    options_help(&text, verb);
    fwrite(text.data, 1, text.len, stdout);
    str_done(&text);
    *ret_status = 0;
    return false;
}

int cmd_fail(const struct err *err)
{
    struct str text = STR_INIT;

    /* What a verb has printed so far belongs above the line that says why it stopped. */
    fflush(stdout);
    /* It may repeat what was typed, or what a peer said: nothing that a terminal would obey. */
    utf8_escape(&text, err->text, strlen(err->text), 0);
    fprintf(stderr, "landline: %s\n", text.data);
    str_done(&text);
    return (int)err->kind;
}
