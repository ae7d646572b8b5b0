/* SPDX-License-Identifier: ISC */
/* A verb's table as text: --help for people, lines with tabs for shells and checks. */
#include "base/options.h"

#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/wrap.h"

#define WIDTH 80
#define COLUMN_MIN 18 /* where help texts begin, by the widest option that still leaves them room */
#define COLUMN_MAX 32

static const struct option_row help_row = {
    .type = OPTION_TYPE_FLAG,
    .short_name = 'h',
    .long_name = "help",
    .help = N_("show this text"),
};

static void append_spaces(struct str *out, size_t count)
{
    while (count--)
        str_append_char(out, ' ');
}

void options_synopsis(struct str *out, const struct option_verb *verb)
{
    const char *usage = _("usage: ");
    size_t column = wrap_columns(usage);

    for (size_t i = 0; verb->synopsis && verb->synopsis[i]; i++) {
        struct str head = STR_INIT;

        if (i == 0)
            str_append_str(out, usage);
        else
            append_spaces(out, column);
        str_append_str(&head, "landline ");
        if (verb->name)
            str_appendf(&head, "%s ", verb->name);
        str_append(out, head.data, head.len);
        wrap_append(out, _(verb->synopsis[i]), column + head.len, column + 4, WIDTH);
        str_done(&head);
    }
}

static void append_names(struct str *out, const struct option_row *row)
{
    str_append_str(out, "  ");
    if (row->short_name)
        str_appendf(out, "-%c%s", row->short_name, row->long_name ? ", " : "");
    else
        str_append_str(out, "    ");
    if (row->long_name)
        str_appendf(out, "--%s%s", row->type == OPTION_TYPE_SWITCH ? "[no-]" : "", row->long_name);
    if (row->metavar)
        str_appendf(out, " %s", _(row->metavar));
}

static size_t help_column(const struct option_verb *verb)
{
    size_t column = COLUMN_MIN;

    for (const struct option_row *row = verb->rows; row->type != OPTION_TYPE_END; row++) {
        struct str names = STR_INIT;
        size_t wanted;

        if (row->type == OPTION_TYPE_GROUP)
            continue;
        append_names(&names, row);
        wanted = wrap_columns(names.data) + 2;
        if (wanted > column && wanted <= COLUMN_MAX)
            column = wanted;
        str_done(&names);
    }
    return column;
}

static void append_row(struct str *out, const struct option_row *row, size_t column)
{
    struct str names = STR_INIT, help = STR_INIT;
    size_t taken;

    append_names(&names, row);
    taken = wrap_columns(names.data);
    str_append(out, names.data, names.len);
    if (taken + 2 > column) {
        str_append_char(out, '\n');
        taken = 0;
    }
    append_spaces(out, column - taken);
    if (row->help)
        str_append_str(&help, _(row->help));
    if (row->type == OPTION_TYPE_CHOICE) {
        str_append_str(&help, ": ");
        for (size_t i = 0; row->choices[i]; i++)
            str_appendf(&help, "%s%s", i ? ", " : "", row->choices[i]);
    }
    wrap_append(out, help.data, column, column, WIDTH);
    str_done(&names);
    str_done(&help);
}

static void append_heading(struct str *out, const char *heading)
{
    str_append_char(out, '\n');
    str_appendf(out, _("%s:"), heading);
    str_append_char(out, '\n');
}

void options_help(struct str *out, const struct option_verb *verb)
{
    const struct option_row *row = verb->rows;
    size_t column = help_column(verb);

    options_synopsis(out, verb);
    if (verb->summary) {
        str_append_char(out, '\n');
        wrap_append(out, _(verb->summary), 0, 0, WIDTH);
    }
    if (verb->description) {
        str_append_char(out, '\n');
        wrap_append(out, _(verb->description), 0, 0, WIDTH);
    }
    if (row->type != OPTION_TYPE_GROUP)
        append_heading(out, _("Options"));
    for (; row->type != OPTION_TYPE_END; row++) {
        if (row->type == OPTION_TYPE_GROUP)
            append_heading(out, _(row->long_name));
        else
            append_row(out, row, column);
    }
    append_row(out, &help_row, column);
    if (verb->examples && verb->examples->command) {
        append_heading(out, _("Examples"));
        for (const struct option_example *example = verb->examples; example->command; example++) {
            str_appendf(out, "  %s\n", example->command);
            wrap_append(out, _(example->says), 0, 6, WIDTH);
        }
    }
}

static const char *type_name(enum option_type type)
{
    static const char *const names[] = {
        [OPTION_TYPE_END] = "",
        [OPTION_TYPE_GROUP] = "",
        [OPTION_TYPE_FLAG] = "flag",
        [OPTION_TYPE_SWITCH] = "switch",
        [OPTION_TYPE_COUNT] = "count",
        [OPTION_TYPE_STRING] = "string",
        [OPTION_TYPE_NUMBER] = "number",
        [OPTION_TYPE_DURATION] = "duration",
        [OPTION_TYPE_MS] = "duration",
        [OPTION_TYPE_SIZE] = "size",
        [OPTION_TYPE_CHOICE] = "choice",
        [OPTION_TYPE_LIST] = "list",
    };

    return names[type];
}

static const char *complete_name(enum option_complete complete)
{
    static const char *const names[] = {
        [OPTION_COMPLETE_NONE] = "none",
        [OPTION_COMPLETE_FILE] = "file",
        [OPTION_COMPLETE_ADDRESS] = "address",
        [OPTION_COMPLETE_CONTACT] = "contact",
        [OPTION_COMPLETE_INTERFACE] = "interface",
        [OPTION_COMPLETE_CHOICE] = "choice",
        [OPTION_COMPLETE_COMMAND] = "command",
        [OPTION_COMPLETE_ARGUMENT] = "argument",
    };

    return names[complete];
}

/* A field between tabs: no tab or line feed of its own. */
static void append_field(struct str *out, const char *text)
{
    for (; *text; text++)
        str_append_char(out, *text == '\t' || *text == '\n' ? ' ' : *text);
}

static void append_line(struct str *out, const struct option_row *row)
{
    str_append_str(out, row->long_name ? row->long_name : "");
    str_append_char(out, '\t');
    if (row->short_name)
        str_append_char(out, row->short_name);
    str_append_char(out, '\t');
    append_field(out, row->metavar ? _(row->metavar) : "");
    str_appendf(out, "\t%s\t%s\t", type_name(row->type), complete_name(row->complete));
    for (size_t i = 0; row->choices && row->choices[i]; i++)
        str_appendf(out, "%s%s", i ? "," : "", row->choices[i]);
    str_append_char(out, '\t');
    append_field(out, row->help ? _(row->help) : "");
    str_append_char(out, '\n');
}

void options_complete(struct str *out, const struct option_verb *verb)
{
    if (verb->args_complete != OPTION_COMPLETE_NONE)
        str_appendf(out, "\t\t\targument\t%s\t\t\n", complete_name(verb->args_complete));
    for (const struct option_row *row = verb->rows; row->type != OPTION_TYPE_END; row++)
        if (row->type != OPTION_TYPE_GROUP)
            append_line(out, row);
    append_line(out, &help_row);
}
