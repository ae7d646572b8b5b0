/* SPDX-License-Identifier: ISC */
/* lab run FILE: a scenario of one's own. Each line is the name of an option without its dashes, "=", and its
 * value; `server' and `client' are commands for the shell; `scenario' is one of the course. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/str.h"
#include "base/textfile.h"
#include "base/xmalloc.h"
#include "cmd/cmd_lab.h"
#include "lab/lesson.h"

#define FILE_MAX_BYTES ((size_t)256 << 10)

struct reader {
    struct lab_order *l;
    struct options *options;
    const char *path;
    const struct textfile *file;
};

static char *trimmed(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    return xmemdup0(from, (size_t)(to - from));
}

static int take_program(
    struct reader *r, size_t line, enum lab_side side, const char *command, struct err *err)
{
    struct lab_order *l = r->l;

    if (l->commands[side])
        return textfile_complain(
            r->file, line, -EEXIST, err, _("there is a %s already"), lab_side_name(side));
    if (!*command)
        return textfile_complain(r->file, line, -EINVAL, err, _("%s has no command"), lab_side_name(side));
    l->commands[side] = xstrdup(command);
    l->shell[side][0] = (char *)"sh";
    l->shell[side][1] = (char *)"-c";
    l->shell[side][2] = l->commands[side];
    l->argv[side] = l->shell[side];
    return 0;
}

static int take(struct reader *r, size_t line, const char *name, const char *value, struct err *err)
{
    for (int side = 0; side < LAB_SIDES; side++)
        if (strcmp(name, lab_side_name((enum lab_side)side)) == 0)
            return take_program(r, line, (enum lab_side)side, value, err);
    if (strcmp(name, "scenario") == 0) {
        r->l->lesson = lesson_find(value);
        return r->l->lesson ? 0
                            : textfile_complain(r->file, line, -ENOENT, err, _("no scenario of this name"));
    }
    return options_set_by_name(r->options, name, value, OPTION_FILE_VERB, r->path, (unsigned)line + 1, err);
}

static int take_line(struct reader *r, size_t line, struct err *err)
{
    const struct textspan span = textfile_content(r->file, line);
    const char *text = r->file->lines[line].data + span.start, *end = text + span.len, *equals;
    char *name, *value;
    int code;

    if (!span.len || *text == '#')
        return 0;
    equals = memchr(text, '=', span.len);
    if (!equals)
        return textfile_complain(
            r->file, line, -EINVAL, err, _("it is NAME = VALUE: drop = syn#1, server = ./server 8080"));
    name = trimmed(text, equals);
    value = trimmed(equals + 1, end);
    code = take(r, line, name, value, err);
    free(name);
    free(value);
    return code;
}

int lab_read_file(struct lab_order *l, struct options *o, const char *path, struct err *err)
{
    struct textfile file;
    struct reader r = {.l = l, .options = o, .path = path, .file = &file};
    struct str text = STR_INIT;
    int code = file_read(path, FILE_MAX_BYTES, &text, err);

    textfile_init(&file, path, text.data ? text.data : "", text.len);
    for (size_t i = 0; code == 0 && i < file.n_lines; i++)
        code = take_line(&r, i, err);
    if (code == 0 && !l->lesson && (!l->argv[LAB_SERVER] || !l->argv[LAB_CLIENT]))
        code = err_set(
            err, ERR_INPUT, -EINVAL, _("%s: there must be a server and a client, or a scenario"), path);
    if (code == 0 && l->lesson && (l->argv[LAB_SERVER] || l->argv[LAB_CLIENT]))
        code = err_set(err, ERR_INPUT, -EINVAL, _("%s: a scenario has programs of its own"), path);
    textfile_done(&file);
    str_done(&text);
    return code;
}
