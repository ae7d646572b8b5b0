/* SPDX-License-Identifier: ISC */
#include "base/textfile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/xmalloc.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct str *insert_line(struct textfile *t)
{
    t->lines = xreallocarray(t->lines, t->n_lines + 1, sizeof(*t->lines));
    str_init(&t->lines[t->n_lines]);
    return &t->lines[t->n_lines++];
}

void textfile_init(struct textfile *t, const char *path, const char *text, size_t len)
{
    *t = (struct textfile){.path = xstrdup(path)};
    str_init(&t->read);
    str_append(&t->read, text, len);
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t line_len = end ? (size_t)(end - text) + 1 - at : len - at;

        str_append(insert_line(t), text + at, line_len);
        at += line_len;
    }
}

void textfile_done(struct textfile *t)
{
    for (size_t i = 0; i < t->n_lines; i++)
        str_done(&t->lines[i]);
    free(t->lines);
    str_done(&t->read);
    free(t->path);
    *t = (struct textfile){0};
}

struct textspan textfile_content(const struct textfile *t, size_t i)
{
    const struct str *line = &t->lines[i];
    size_t start = 0, end = line->len;

    if (i == 0 && line->len >= 3 && memcmp(line->data, "\xef\xbb\xbf", 3) == 0)
        start = 3; /* Windows editors put a byte order mark there */
    while (start < end && is_blank(line->data[start]))
        start++;
    while (end > start && is_blank(line->data[end - 1]))
        end--;
    return (struct textspan){start, end - start};
}

struct textspan textfile_word(const struct textfile *t, size_t i, size_t *at)
{
    const struct str *line = &t->lines[i];
    struct textspan word;

    while (*at < line->len && is_blank(line->data[*at]))
        ++*at;
    word.start = *at;
    if (*at < line->len && line->data[*at] == '#')
        return (struct textspan){*at, 0};
    while (*at < line->len && !is_blank(line->data[*at]))
        ++*at;
    word.len = *at - word.start;
    return word;
}

void textfile_append(struct textfile *t, const char *text)
{
    const char *end = "\n";

    if (t->n_lines > 0) {
        struct str *last = &t->lines[t->n_lines - 1];

        if (last->len >= 2 && memcmp(last->data + last->len - 2, "\r\n", 2) == 0)
            end = "\r\n";
        else if (last->data[last->len - 1] != '\n')
            str_append_char(last, '\n');
    }
    str_appendf(insert_line(t), "%s%s", text, end);
}

void textfile_remove(struct textfile *t, size_t i)
{
    str_done(&t->lines[i]);
    memmove(&t->lines[i], &t->lines[i + 1], (t->n_lines - i - 1) * sizeof(*t->lines));
    t->n_lines--;
}

void textfile_splice(struct textfile *t, size_t i, struct textspan where, const char *text)
{
    struct str *line = &t->lines[i], whole = STR_INIT;

    str_append(&whole, line->data, where.start);
    str_append_str(&whole, text);
    str_append(&whole, line->data + where.start + where.len, line->len - where.start - where.len);
    str_done(line);
    *line = whole;
}

void textfile_print(const struct textfile *t, struct str *out)
{
    for (size_t i = 0; i < t->n_lines; i++)
        str_append(out, t->lines[i].data, t->lines[i].len);
}

int textfile_complain(const struct textfile *t, size_t i, int code, struct err *err, const char *fmt, ...)
{
    struct str text = STR_INIT;
    va_list args;

    va_start(args, fmt);
    str_vappendf(&text, fmt, args);
    va_end(args);
    err_set(err, ERR_INPUT, code, "%s:%zu: %s", t->path, i + 1, text.data);
    str_done(&text);
    return code;
}

int textfile_save(struct textfile *t, size_t max, struct err *err)
{
    struct str now = STR_INIT, text = STR_INIT;
    int code = file_read(t->path, max, &now, err);

    if (code < 0 && code != -ENOENT && code != -ENOTDIR)
        goto out;
    if (now.len != t->read.len || memcmp(now.data, t->read.data, now.len) != 0) {
        code = err_set(
            err, ERR_OTHER, -EBUSY, _("%s was changed by someone else meanwhile; try again"), t->path);
        goto out;
    }
    textfile_print(t, &text);
    if (text.len > max) {
        code = err_set(err, ERR_OTHER, -E2BIG, _("%s would be longer than %zu bytes"), t->path, max);
        goto out;
    }
    code = 0;
    if (text.len == t->read.len && memcmp(text.data, t->read.data, text.len) == 0)
        goto out;
    code = file_replace(t->path, text.data, text.len, err);
    if (code == 0) {
        str_reset(&t->read);
        str_append(&t->read, text.data, text.len);
    }
out:
    str_done(&now);
    str_done(&text);
    return code;
}
