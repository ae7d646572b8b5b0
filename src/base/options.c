/* SPDX-License-Identifier: ISC */
/* Reading a command line, and the configuration file's defaults, by a verb's table. What is wrong is said in
 * one line that names the word as it was typed and what would have been right. */
#include "base/options.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/parse.h"
#include "base/similar.h"
#include "base/str.h"
#include "base/xmalloc.h"

/* How an option is called in an error: as the person wrote it, and where. */
struct call {
    const char *name; /* "--timeout", "-t", or "timeout" in a file */
    const char *file; /* NULL: the command line */
    unsigned line;
    enum option_source source;
};

static int complain(const struct call *call, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int complain(const struct call *call, struct err *err, const char *fmt, ...)
{
    struct str text = STR_INIT;
    va_list args;

    if (call->file)
        str_appendf(&text, "%s:%u: ", call->file, call->line);
    va_start(args, fmt);
    str_vappendf(&text, fmt, args);
    va_end(args);
    err_set(err, call->file ? ERR_INPUT : ERR_MISUSE, -EINVAL, "%s", text.data);
    str_done(&text);
    return -EINVAL;
}

static size_t count_rows(const struct option_verb *verb)
{
    size_t n = 0;

    while (verb->rows[n].type != OPTION_TYPE_END)
        n++;
    return n;
}

void options_init(struct options *o, const struct option_verb *verb, void *values)
{
    *o = (struct options){.verb = verb, .values = values};
    o->sources = xcalloc(count_rows(verb) + 1, 1);
}

static struct option_list *list_of(const struct options *o, const struct option_row *row)
{
    return (struct option_list *)((char *)o->values + row->offset);
}

void options_done(struct options *o)
{
    if (!o->verb)
        return;
    for (const struct option_row *row = o->verb->rows; row->type != OPTION_TYPE_END; row++) {
        /* A list that holds only defaults is the verb's own. */
        if (row->type == OPTION_TYPE_LIST && o->sources[row - o->verb->rows] != OPTION_DEFAULT) {
            free(list_of(o, row)->items);
            *list_of(o, row) = (struct option_list){0};
        }
    }
    for (size_t i = 0; i < o->n_owned; i++)
        free(o->owned[i]);
    free(o->owned);
    free(o->args);
    free(o->sources);
    *o = (struct options){0};
}

static bool has_value(const struct option_row *row)
{
    return row->type >= OPTION_TYPE_STRING;
}

/* Every flag can be taken back, since a configuration file may have set it. */
static bool can_be_off(const struct option_row *row)
{
    return row->type == OPTION_TYPE_FLAG || row->type == OPTION_TYPE_SWITCH || row->type == OPTION_TYPE_COUNT;
}

/* The row with this long name; "no-" before a flag's name finds it with *ret_on false. */
static const struct option_row *find_long(
    const struct option_verb *verb, const char *name, size_t len, bool *ret_on)
{
    for (const struct option_row *row = verb->rows; row->type != OPTION_TYPE_END; row++) {
        size_t own;

        if (row->type == OPTION_TYPE_GROUP || !row->long_name)
            continue;
        own = strlen(row->long_name);
        if (own == len && memcmp(row->long_name, name, len) == 0) {
            *ret_on = true;
            return row;
        }
        if (can_be_off(row) && own + 3 == len && memcmp(name, "no-", 3) == 0 &&
            memcmp(row->long_name, name + 3, own) == 0) {
            *ret_on = false;
            return row;
        }
    }
    return NULL;
}

static const struct option_row *find_short(const struct option_verb *verb, char name)
{
    for (const struct option_row *row = verb->rows; row->type != OPTION_TYPE_END; row++)
        if (row->type != OPTION_TYPE_GROUP && row->short_name && row->short_name == name)
            return row;
    return NULL;
}

bool options_has(const struct option_verb *verb, const char *long_name)
{
    bool on;
    const struct option_row *row = find_long(verb, long_name, strlen(long_name), &on);

    return row && on;
}

enum option_source options_source(const struct options *o, const char *long_name)
{
    bool on;
    const struct option_row *row = find_long(o->verb, long_name, strlen(long_name), &on);

    assert(row);
    return o->sources[row - o->verb->rows];
}

void options_prefer_typed(struct options *o, const char *const *names)
{
    bool typed = false, on;

    for (size_t i = 0; names[i]; i++)
        typed |= options_source(o, names[i]) == OPTION_COMMAND_LINE;
    for (size_t i = 0; typed && names[i]; i++) {
        const struct option_row *row = find_long(o->verb, names[i], strlen(names[i]), &on);
        char *member = (char *)o->values + row->offset;

        if (o->sources[row - o->verb->rows] == OPTION_COMMAND_LINE)
            continue;
        assert(row->type == OPTION_TYPE_FLAG || row->type == OPTION_TYPE_STRING);
        if (row->type == OPTION_TYPE_FLAG)
            *(bool *)member = false;
        else
            *(const char **)member = NULL;
    }
}

#define NAME_MAX_BYTES 64 /* no option is longer; keeps the table below small whatever was typed */

/* The name that was most likely meant, in ret_name; false when none is near. A beginning of a name is near,
 * but never accepted for it: the next option added could make it mean something else. */
static bool nearest(const struct option_verb *verb, const char *name, size_t len, bool with_no,
    char ret_name[NAME_MAX_BYTES + 8])
{
    size_t best = SIMILAR_NOT;
    bool found = false;

    if (len == 0 || len > NAME_MAX_BYTES)
        return false;
    for (const struct option_row *row = verb->rows;; row++) {
        bool end = row->type == OPTION_TYPE_END;
        const char *own = end ? "help" : row->long_name;

        if (row->type == OPTION_TYPE_GROUP || !own || strlen(own) > NAME_MAX_BYTES)
            continue;
        for (int no = 0; no <= (!end && with_no && can_be_off(row)); no++) {
            char full[NAME_MAX_BYTES + 8];
            size_t slips;

            snprintf(full, sizeof(full), "%s%s", no ? "no-" : "", own);
            if (strlen(full) > NAME_MAX_BYTES)
                continue;
            slips = similar_slips(name, len, full, strlen(full));
            if (slips < best) {
                best = slips;
                found = true;
                memcpy(ret_name, full, sizeof(full));
            }
        }
        if (end)
            return found;
    }
}

static const char *verb_space(const struct option_verb *verb)
{
    return verb->name ? " " : "";
}

static const char *verb_name(const struct option_verb *verb)
{
    return verb->name ? verb->name : "";
}

static void *own(struct options *o, char *text)
{
    o->owned = xreallocarray(o->owned, o->n_owned + 1, sizeof(*o->owned));
    o->owned[o->n_owned++] = text;
    return text;
}

static void append_limit(struct str *out, const struct option_row *row, int64_t limit)
{
    switch (row->type) {
    case OPTION_TYPE_DURATION:
        clock_append_span(out, limit);
        break;
    case OPTION_TYPE_MS:
        clock_append_span(out, limit > INT64_MAX / 1000000 ? INT64_MAX : limit * 1000000);
        break;
    default:
        str_appendf(out, "%lld", (long long)limit);
    }
}

static int out_of_range(
    const struct option_row *row, const struct call *call, const char *value, struct err *err)
{
    struct str low = STR_INIT, high = STR_INIT;
    int code;

    if (row->min == 0 && row->max == 0) {
        code = complain(call, err, _("%s: %s is too large"), call->name, value);
    } else {
        append_limit(&low, row, row->min);
        append_limit(&high, row, row->max);
        code = complain(call, err, _("%s: %s is out of range; it goes from %s to %s"), call->name, value,
            low.data, high.data);
    }
    str_done(&low);
    str_done(&high);
    return code;
}

static int set_number(
    const struct option_row *row, void *member, const struct call *call, const char *value, struct err *err)
{
    int64_t number = 0;
    uint64_t bytes = 0;
    bool limited = row->min != 0 || row->max != 0;
    int code;

    switch (row->type) {
    case OPTION_TYPE_NUMBER:
        code = parse_number(value, INT64_MIN, INT64_MAX, &number);
        break;
    case OPTION_TYPE_SIZE:
        code = parse_size(value, &bytes);
        if (code == 0 && (bytes > INT64_MAX || bytes > SIZE_MAX))
            code = -ERANGE;
        number = (int64_t)bytes;
        break;
    default:
        code = parse_duration(value, &number);
        if (row->type == OPTION_TYPE_MS)
            number = number / 1000000 + (number % 1000000 != 0);
    }
    if (code == 0 && limited && (number < row->min || number > row->max))
        code = -ERANGE;
    if (code == -ERANGE)
        return out_of_range(row, call, value, err);
    if (code < 0) {
        if (row->type == OPTION_TYPE_NUMBER)
            return complain(call, err, _("%s: \"%s\" is not a number"), call->name, value);
        if (row->type == OPTION_TYPE_SIZE)
            return complain(
                call, err, _("%s: \"%s\" is not a size; write it as 1500, 64k or 1M"), call->name, value);
        return complain(
            call, err, _("%s: \"%s\" is not a duration; write it as 500ms, 5s or 2m"), call->name, value);
    }
    if (row->type == OPTION_TYPE_SIZE)
        *(size_t *)member = (size_t)number;
    else
        *(int64_t *)member = number;
    return 0;
}

static int set_choice(
    const struct option_row *row, int *member, const struct call *call, const char *value, struct err *err)
{
    struct str all = STR_INIT;
    int code;

    for (int i = 0; row->choices[i]; i++) {
        if (strcmp(row->choices[i], value) == 0) {
            *member = i;
            str_done(&all);
            return 0;
        }
        str_appendf(&all, "%s%s", i ? ", " : "", row->choices[i]);
    }
    code = complain(call, err, _("%s: \"%s\" is none of: %s"), call->name, value, all.data);
    str_done(&all);
    return code;
}

static void add_to_list(struct option_list *list, const char *value, bool first)
{
    if (first)
        *list = (struct option_list){0};
    list->items = xreallocarray(list->items, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = value;
}

/* value is NULL for the types without one; `on` is what a flag becomes. */
static int set_row(struct options *o, const struct option_row *row, const struct call *call,
    const char *value, bool on, struct err *err)
{
    void *member = (char *)o->values + row->offset;
    uint8_t *source = &o->sources[row - o->verb->rows];
    int code = 0;

    if (call->source < *source)
        return 0;
    switch (row->type) {
    case OPTION_TYPE_FLAG:
    case OPTION_TYPE_SWITCH:
        *(bool *)member = on;
        break;
    case OPTION_TYPE_COUNT:
        if (*source < call->source || !on)
            *(int *)member = 0;
        *(int *)member += on;
        break;
    case OPTION_TYPE_STRING:
        *(const char **)member = call->file ? own(o, xstrdup(value)) : value;
        break;
    case OPTION_TYPE_CHOICE:
        code = set_choice(row, member, call, value, err);
        break;
    case OPTION_TYPE_LIST:
        if (*source != OPTION_DEFAULT && *source < call->source)
            free(list_of(o, row)->items);
        add_to_list(member, call->file ? own(o, xstrdup(value)) : value, *source < call->source);
        break;
    default:
        code = set_number(row, member, call, value, err);
    }
    if (code == 0)
        *source = (uint8_t)call->source;
    return code;
}

static int parse_long(struct options *o, char *word, char *next, bool *ret_took_next, struct err *err)
{
    char *name = word + 2, *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    char near[NAME_MAX_BYTES + 8], shown[NAME_MAX_BYTES + 8];
    struct call call = {.source = OPTION_COMMAND_LINE, .name = shown};
    const struct option_row *row;
    const char *value = equals ? equals + 1 : NULL;
    bool on = true;

    row = find_long(o->verb, name, len, &on);
    if (!row) {
        const char *verb = verb_name(o->verb), *space = verb_space(o->verb);

        call.name = NULL;
        if (nearest(o->verb, name, len, true, near))
            return complain(&call, err, _("unknown option --%.*s; did you mean --%s?"), (int)len, name, near);
        return complain(
            &call, err, _("unknown option --%.*s; see landline%s%s --help"), (int)len, name, space, verb);
    }
    snprintf(shown, sizeof(shown), "--%.*s", (int)len, name);
    if (!has_value(row)) {
        if (value)
            return complain(&call, err, _("%s takes no value, but was given \"%s\""), shown, value);
    } else if (!value) {
        if (!next)
            return complain(&call, err, _("%s needs a value: %s %s"), shown, shown, _(row->metavar));
        value = next;
        *ret_took_next = true;
    }
    return set_row(o, row, &call, value, on, err);
}

/* One or more short options behind one dash. */
static int parse_short(struct options *o, char *word, char *next, bool *ret_took_next, struct err *err)
{
    size_t len = strcspn(word + 1, "=");
    char shown[3] = "-";
    struct call call = {.source = OPTION_COMMAND_LINE, .name = shown};
    bool on = true;

    /* -timeout would be read as -t imeout, and the error about "imeout" would be a riddle. */
    if (len >= 3 && (find_long(o->verb, word + 1, len, &on) || strcmp(word, "-help") == 0))
        return complain(&call, err, _("%.*s: did you mean -%.*s, with two dashes?"), (int)len + 1, word,
            (int)len + 1, word);
    for (char *p = word + 1; *p; p++) {
        const struct option_row *row = find_short(o->verb, *p);
        const char *value = NULL;
        int code;

        shown[1] = *p;
        if (!row && *p == 'h') {
            o->help = true;
            return 0;
        }
        if (!row) {
            /* The rest of a character that is not ASCII belongs to it. */
            size_t more = 1;
            while (((unsigned char)p[more] & 0xc0) == 0x80)
                more++;
            return complain(&call, err, _("unknown option -%.*s; see landline%s%s --help"), (int)more, p,
                verb_space(o->verb), verb_name(o->verb));
        }
        if (has_value(row)) {
            value = p[1] ? p + 1 : next;
            if (!value)
                return complain(&call, err, _("%s needs a value: %s %s"), shown, shown, _(row->metavar));
            *ret_took_next = !p[1];
        }
        code = set_row(o, row, &call, value, true, err);
        if (code < 0 || value)
            return code;
    }
    return 0;
}

static int check_args(const struct options *o, struct err *err)
{
    const struct option_verb *verb = o->verb;
    const char *usage = verb->synopsis && verb->synopsis[0] ? _(verb->synopsis[0]) : "";

    if (o->n_args < verb->args_min)
        return err_set(err, ERR_MISUSE, -EINVAL, _("an argument is missing; write landline%s%s %s"),
            verb_space(verb), verb_name(verb), usage);
    if (o->n_args > verb->args_max)
        return err_set(err, ERR_MISUSE, -EINVAL, _("\"%s\" is one argument too many; write landline%s%s %s"),
            o->args[verb->args_max], verb_space(verb), verb_name(verb), usage);
    return 0;
}

int options_parse(struct options *o, int argc, char **argv, struct err *err)
{
    bool dashes = false;

    assert(!o->args);
    o->args = xcalloc((size_t)argc + 1, sizeof(*o->args));
    for (int i = 0; i < argc; i++) {
        char *word = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
        bool took_next = false;
        int code;

        if (dashes || word[0] != '-' || !word[1]) {
            o->args[o->n_args++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            dashes = true;
            o->n_before = o->n_args;
            continue;
        }
        if (strcmp(word, "--help") == 0) {
            o->help = true;
            return 0;
        }
        code = (word[1] == '-' ? parse_long : parse_short)(o, word, next, &took_next, err);
        if (code < 0 || o->help)
            return code;
        i += took_next;
    }
    if (!dashes)
        o->n_before = o->n_args;
    return check_args(o, err);
}

int options_set_by_name(struct options *o, const char *name, const char *value, enum option_source source,
    const char *file, unsigned line, struct err *err)
{
    struct call call = {.name = name, .file = file, .line = line, .source = source};
    char near[NAME_MAX_BYTES + 8];
    const struct option_row *row;
    bool on = true;

    assert(source == OPTION_FILE_GENERAL || source == OPTION_FILE_VERB);
    row = find_long(o->verb, name, strlen(name), &on);
    if (!row || !on) {
        if (nearest(o->verb, name, strlen(name), false, near))
            complain(&call, err, _("unknown setting \"%s\"; did you mean \"%s\"?"), name, near);
        else
            complain(&call, err, _("unknown setting \"%s\"; see landline%s%s --help"), name,
                verb_space(o->verb), verb_name(o->verb));
        return -ENOENT;
    }
    if (row->type == OPTION_TYPE_COUNT) {
        int64_t times;

        if (parse_number(value, 0, 9, &times) == 0) {
            if (o->sources[row - o->verb->rows] <= source) {
                *(int *)((char *)o->values + row->offset) = (int)times;
                o->sources[row - o->verb->rows] = (uint8_t)source;
            }
            return 0;
        }
    }
    if (!has_value(row)) {
        if (strcmp(value, "yes") == 0 || strcmp(value, "true") == 0 || strcmp(value, "on") == 0)
            on = true;
        else if (strcmp(value, "no") == 0 || strcmp(value, "false") == 0 || strcmp(value, "off") == 0)
            on = false;
        else
            return complain(&call, err, _("%s: \"%s\" is neither yes nor no"), name, value);
    }
    return set_row(o, row, &call, value, on, err);
}
