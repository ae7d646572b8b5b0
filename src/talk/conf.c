/* SPDX-License-Identifier: ISC */
/* inih reads sections and names. Its habits with values are fixed when the library is built, and not ours:
 * what is behind " ;" vanishes, lines are cut at 200 bytes, an indented line continues the one before. So it
 * is handed each line without the indentation and with a mark for the value, and the value is taken from the
 * line itself, whole. */
#include "talk/conf.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/options.h"
#include "base/similar.h"
#include "base/str.h"
#include "base/utf8.h"

#define GENERAL "landline"
#define MARK "*"

struct reader {
    struct options *options;
    const struct option_verb *const *verbs;
    const char *file;
    const char *next, *end; /* what was not read yet */
    struct str section, line, value;
    unsigned number; /* of the line, from 1 */
    int code;
    struct err *err;
};

static int complain(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int complain(struct reader *r, const char *fmt, ...)
{
    struct str text = STR_INIT;
    va_list args;

    va_start(args, fmt);
    str_vappendf(&text, fmt, args);
    va_end(args);
    r->code = err_set(r->err, ERR_INPUT, -EINVAL, "%s:%u: %s", r->file, r->number, text.data);
    str_done(&text);
    return r->code;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* The next line into r->line, without the blanks at its ends. False at the end of the file. */
static bool take_line(struct reader *r)
{
    const char *from = r->next, *to;

    if (from == r->end)
        return false;
    to = memchr(from, '\n', (size_t)(r->end - from));
    if (!to)
        to = r->end;
    r->next = to == r->end ? to : to + 1;
    r->number++;
    if (r->number == 1 && to - from >= 3 && memcmp(from, "\xef\xbb\xbf", 3) == 0)
        from += 3; /* Windows editors put a byte order mark there */
    while (from < to && is_blank(*from))
        from++;
    while (from < to && is_blank(to[-1]))
        to--;
    str_reset(&r->line);
    str_append(&r->line, from, (size_t)(to - from));
    return true;
}

static int check_line(struct reader *r)
{
    if (r->line.len > CONF_LINE_MAX_BYTES)
        return complain(
            r, _("a line of %zu bytes; at most %d are allowed"), r->line.len, CONF_LINE_MAX_BYTES);
    if (memchr(r->line.data, '\0', r->line.len))
        return complain(r, _("a zero byte; this is no text file"));
    if (!utf8_is_valid(r->line.data, r->line.len))
        return complain(r, _("not UTF-8; save the file in that encoding"));
    return 0;
}

static bool is_verb(const struct reader *r, const char *name)
{
    for (size_t i = 0; r->verbs[i]; i++)
        if (strcmp(r->verbs[i]->name, name) == 0)
            return true;
    return false;
}

/* The line between "[" and "]" is looked at here: inih keeps 49 bytes of it, and says nothing. */
static int check_section(struct reader *r)
{
    const char *end = strchr(r->line.data, ']'), *near = NULL;
    size_t best = SIMILAR_NOT;

    if (!end)
        return complain(r, _("a section is written as [%s]"), GENERAL);
    if (end[1] && end[1] != '#' && end[1] != ';' && !is_blank(end[1]))
        return complain(r, _("there is something behind the section"));
    str_reset(&r->section);
    str_append(&r->section, r->line.data + 1, (size_t)(end - r->line.data - 1));
    if (strcmp(r->section.data, GENERAL) == 0 || is_verb(r, r->section.data))
        return 0;
    for (size_t i = 0; r->verbs[i]; i++) {
        const char *name = r->verbs[i]->name;
        size_t slips = similar_slips(r->section.data, r->section.len, name, strlen(name));

        if (slips < best) {
            best = slips;
            near = name;
        }
    }
    if (near)
        return complain(r, _("there is no verb \"%s\"; did you mean [%s]?"), r->section.data, near);
    return complain(r, _("there is no verb \"%s\"; \"landline --help\" lists them"), r->section.data);
}

/* ini_reader: hands out one line, ended with a line feed, in at most room - 1 bytes. */
static char *give_line(char *to, int room, void *user)
{
    struct reader *r = user;
    struct str given = STR_INIT;

    if (r->code < 0 || !take_line(r) || check_line(r) < 0)
        return NULL;
    if (r->line.data[0] == '[') {
        if (check_section(r) == 0)
            str_appendf(&given, "[%s]", r->section.data);
    } else if (r->line.len > 0 && r->line.data[0] != '#' && r->line.data[0] != ';') {
        size_t name_len = strcspn(r->line.data, "=:"), from = name_len + 1;

        if (name_len == 0 || name_len == r->line.len) {
            complain(r, _("this is neither [SECTION] nor NAME = VALUE"));
        } else if (!r->section.len) {
            complain(r, _("a setting before the first section; put [%s] above it"), GENERAL);
        } else {
            while (is_blank(r->line.data[from]))
                from++;
            str_reset(&r->value);
            str_append_str(&r->value, r->line.data + from);
            str_append(&given, r->line.data, name_len);
            str_append_str(&given, "=" MARK);
        }
    }
    str_append_char(&given, '\n');
    if (r->code == 0 && given.len >= (size_t)room)
        complain(r, _("no option has so long a name"));
    if (r->code == 0)
        memcpy(to, given.data, given.len + 1);
    str_done(&given);
    return r->code < 0 ? NULL : to;
}

static bool any_has(const struct reader *r, const char *name)
{
    for (size_t i = 0; r->verbs[i]; i++)
        if (options_has(r->verbs[i], name))
            return true;
    return false;
}

/* ini_handler: not 0 to go on. */
static int set(void *user, const char *section, const char *name, const char *value)
{
    struct reader *r = user;
    const struct option_verb *verb = r->options->verb;

    assert(strcmp(value, MARK) == 0);
    if (strcmp(section, GENERAL) == 0) {
        if (options_has(verb, name) || !any_has(r, name))
            r->code = options_set_by_name(
                r->options, name, r->value.data, OPTION_FILE_GENERAL, r->file, r->number, r->err);
    } else if (strcmp(section, verb->name) == 0) {
        r->code = options_set_by_name(
            r->options, name, r->value.data, OPTION_FILE_VERB, r->file, r->number, r->err);
    }
    return r->code == 0;
}

int conf_parse(struct options *o, const struct option_verb *const *verbs, const char *text, size_t len,
    const char *file, struct err *err)
{
    struct reader r = {.options = o,
        .verbs = verbs,
        .file = file,
        .next = text,
        .end = text + len,
        .section = STR_INIT,
        .line = STR_INIT,
        .value = STR_INIT,
        .err = err};
    int line = ini_parse_stream(give_line, &r, set, &r);

    if (r.code == 0 && line != 0) {
        /* A name that inih reads differently from give_line, such as one with " ;" in it. */
        r.number = line > 0 ? (unsigned)line : 1;
        complain(&r, _("this is neither [SECTION] nor NAME = VALUE"));
    }
    str_done(&r.section);
    str_done(&r.line);
    str_done(&r.value);
    return r.code;
}

int conf_load(struct options *o, const struct option_verb *const *verbs, struct err *err)
{
    struct str path = STR_INIT, text = STR_INIT;
    int code = file_config_path(&path, "landline.conf");

    if (code == 0) {
        code = file_read(path.data, CONF_FILE_MAX_BYTES, &text, err);
        if (code == 0)
            code = conf_parse(o, verbs, text.data, text.len, path.data, err);
        else if (code == -ENOENT || code == -ENOTDIR)
            code = 0;
    } else {
        code = 0; /* no home, no settings */
    }
    str_done(&path);
    str_done(&text);
    return code;
}
