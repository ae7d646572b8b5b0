/* SPDX-License-Identifier: ISC */
/* The list of verbs, the word for one that does not exist, and `landline help VERB`, which opens the man
 * page: the one beside the program in a build folder, so that page and program are of the same day, else
 * the installed one. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/similar.h"
#include "base/str.h"
#include "base/wrap.h"
#include "cmd/cmd.h"
#include "config.h"

#define WIDTH 80
#define SUMMARY_COLUMN 14 /* two spaces, the longest verb, two spaces */

static const char *const landline_synopsis[] = {
    N_("VERB [ARGUMENT...]"), N_("VERB --help"), N_("help [VERB]"), N_("--version"), NULL};

static const struct option_verb landline_verb = {
    .synopsis = landline_synopsis,
    .summary = N_("Hold a conversation over UDP or TCP, and see what the wire did."),
};

static void append_overview(struct str *out)
{
    options_synopsis(out, &landline_verb);
    str_append_char(out, '\n');
    wrap_append(out, _(landline_verb.summary), 0, 0, WIDTH);
    str_append_char(out, '\n');
    str_appendf(out, _("%s:"), _("Verbs"));
    str_append_char(out, '\n');
    for (size_t i = 0; commands[i]; i++) {
        const struct option_verb *verb = commands[i]->verb;

        if (!verb->summary)
            continue;
        str_appendf(out, "  %-*s", SUMMARY_COLUMN - 2, verb->name);
        wrap_append(out, _(verb->summary), SUMMARY_COLUMN, SUMMARY_COLUMN, WIDTH);
    }
    str_append_char(out, '\n');
    wrap_append(out,
        _("\"landline VERB --help\" lists what a verb can do, \"landline help VERB\" opens its manual, and "
          "\"landline demo\" is a short tour."),
        0, 0, WIDTH);
}

static const char *nearest_verb(const char *name)
{
    const char *found = NULL;
    size_t best = SIMILAR_NOT;

    for (size_t i = 0; commands[i]; i++) {
        const char *verb = commands[i]->verb->name;
        size_t slips = similar_slips(name, strlen(name), verb, strlen(verb));

        if (commands[i]->verb->summary && slips < best) {
            best = slips;
            found = verb;
        }
    }
    return found;
}

static int no_such_verb(const char *name)
{
    const char *near = nearest_verb(name);
    struct err err;

    if (name[0] == '-')
        err_set(&err, ERR_MISUSE, -EINVAL, _("a verb comes before %s; \"landline --help\" lists the verbs"),
            name);
    else if (near)
        err_set(&err, ERR_MISUSE, -EINVAL, _("there is no verb \"%s\"; did you mean \"%s\"?"), name, near);
    else if (strchr(name, ':'))
        err_set(&err, ERR_MISUSE, -EINVAL, _("\"%s\" is no verb; to call it: landline ask %s"), name, name);
    else
        err_set(
            &err, ERR_MISUSE, -EINVAL, _("there is no verb \"%s\"; \"landline --help\" lists them"), name);
    return cmd_fail(&err);
}

int cmd_overview(int argc, char **argv)
{
    struct str text = STR_INIT;
    bool wanted = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);

    if (argc > 1 && !wanted)
        return no_such_verb(argv[1]);
    append_overview(&text);
    fwrite(text.data, 1, text.len, wanted ? stdout : stderr);
    str_done(&text);
    return wanted ? 0 : ERR_MISUSE;
}

/* The page beside the program, else where this program's pages were installed; false where neither is. */
static bool find_page(struct str *path, const char *page)
{
    char program[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    const char *slash;

    if (len > 0) {
        program[len] = '\0';
        slash = strrchr(program, '/');
        str_append(path, program, slash ? (size_t)(slash - program) + 1 : 0);
        str_appendf(path, "man/%s.1", page);
        if (access(path->data, R_OK) == 0)
            return true;
    }
    str_reset(path);
    str_appendf(path, "%s/man1/%s.1", LANDLINE_MANDIR, page);
    return access(path->data, R_OK) == 0;
}

static int open_page(const char *page, const struct option_verb *verb)
{
    struct str path = STR_INIT, text = STR_INIT;

    if (find_page(&path, page))
        execlp("man", "man", "-l", path.data, (char *)NULL);
    else /* compressed, or elsewhere: man knows */
        execlp("man", "man", page, (char *)NULL);
    /* A container has no man(1): say what there is to say without it. */
    if (verb)
        options_help(&text, verb);
    else
        append_overview(&text);
    fwrite(text.data, 1, text.len, stdout);
    str_done(&text);
    str_done(&path);
    return 0;
}

static int help_run(int argc, char **argv)
{
    const struct command *command;
    struct str page = STR_INIT;
    struct options o;
    bool none = false;
    int status;

    if (!cmd_begin(&o, cmd_help.verb, &none, argc, argv, &status))
        return status;
    if (o.n_args == 0) {
        status = open_page("landline", NULL);
    } else if (!(command = command_find(o.args[0])) || !command->verb->summary) {
        status = no_such_verb(o.args[0]);
    } else {
        str_appendf(&page, "landline-%s", o.args[0]);
        status = open_page(page.data, command->verb);
    }
    str_done(&page);
    options_done(&o);
    return status;
}

static const struct option_row help_rows[] = {OPTION_END};
static const char *const help_synopsis[] = {N_("[VERB]"), NULL};

const struct command cmd_help = {
    .verb =
        &(const struct option_verb){
            .name = "help",
            .synopsis = help_synopsis,
            .summary = N_("open the manual, of landline or of a verb"),
            .rows = help_rows,
            .args_max = 1,
        },
    .run = help_run,
};
