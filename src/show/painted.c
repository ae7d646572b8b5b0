/* SPDX-License-Identifier: ISC */
#include "show/painted.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "show/term.h"
#include "show/text.h"

struct span {
    size_t at, len;
    enum style style;
};

struct line {
    size_t first_span;
    int columns;
};

/* The last line is the one that is being made. */
struct painted {
    struct str text, scratch;
    struct span *spans;
    size_t n_spans, max_spans;
    struct line *lines;
    size_t n_lines, max_lines;
};

static void begin_line(struct painted *p)
{
    if (p->n_lines == p->max_lines) {
        p->max_lines = p->max_lines ? p->max_lines * 2 : 16;
        p->lines = xreallocarray(p->lines, p->max_lines, sizeof(*p->lines));
    }
    p->lines[p->n_lines++] = (struct line){.first_span = p->n_spans};
}

struct painted *painted_new(void)
{
    struct painted *p = xcalloc(1, sizeof(*p));

    str_init(&p->text);
    str_init(&p->scratch);
    begin_line(p);
    return p;
}

void painted_free(struct painted *p)
{
    if (!p)
        return;
    str_done(&p->text);
    str_done(&p->scratch);
    free(p->spans);
    free(p->lines);
    free(p);
}

void painted_reset(struct painted *p)
{
    str_reset(&p->text);
    p->n_spans = p->n_lines = 0;
    begin_line(p);
}

/* ---- making ---- */

static struct line *current(const struct painted *p)
{
    return &p->lines[p->n_lines - 1];
}

static struct span *span_of(struct painted *p, enum style style)
{
    struct span *last = p->n_spans > current(p)->first_span ? &p->spans[p->n_spans - 1] : NULL;

    if (last && last->style == style)
        return last;
    if (p->n_spans == p->max_spans) {
        p->max_spans = p->max_spans ? p->max_spans * 2 : 64;
        p->spans = xreallocarray(p->spans, p->max_spans, sizeof(*p->spans));
    }
    assert(p->spans);
    p->spans[p->n_spans] = (struct span){.at = p->text.len, .style = style};
    return &p->spans[p->n_spans++];
}

void painted_add(struct painted *p, enum style style, const char *text, size_t len)
{
    if (!len)
        return;
    span_of(p, style)->len += len;
    str_append(&p->text, text, len);
    current(p)->columns += text_columns(text, len);
}

void painted_add_text(struct painted *p, enum style style, const char *text)
{
    painted_add(p, style, text, strlen(text));
}

void painted_addf(struct painted *p, enum style style, const char *fmt, ...)
{
    va_list args;

    str_reset(&p->scratch);
    va_start(args, fmt);
    str_vappendf(&p->scratch, fmt, args);
    va_end(args);
    painted_add(p, style, p->scratch.data, p->scratch.len);
}

void painted_repeat(struct painted *p, enum style style, const char *text, int times)
{
    while (times-- > 0)
        painted_add_text(p, style, text);
}

void painted_pad(struct painted *p, int column)
{
    painted_repeat(p, STYLE_NORMAL, " ", column - current(p)->columns);
}

int painted_column(const struct painted *p)
{
    return current(p)->columns;
}

void painted_end_line(struct painted *p)
{
    begin_line(p);
}

size_t painted_lines(const struct painted *p)
{
    return p->n_lines - 1;
}

int painted_columns(const struct painted *p, size_t line)
{
    return p->lines[line].columns;
}

/* ---- showing ---- */

static size_t line_end(const struct painted *p, size_t line)
{
    return line + 1 < p->n_lines ? p->lines[line + 1].first_span : p->n_spans;
}

static void append_style(struct str *out, enum style style, const struct term_colors *c)
{
    switch (style) {
    case STYLE_DIM:
        str_append_str(out, c->dim);
        break;
    case STYLE_ME:
        str_append_str(out, c->cyan);
        break;
    case STYLE_THEM:
    case STYLE_GOOD:
    case STYLE_STATUS_GOOD:
        str_append_str(out, c->green);
        break;
    case STYLE_WARNING:
    case STYLE_STATUS_WARNING:
        str_append_str(out, c->yellow);
        break;
    case STYLE_ERROR:
    case STYLE_STATUS_ERROR:
        str_append_str(out, c->bold);
        str_append_str(out, c->red);
        break;
    case STYLE_BOLD:
    case STYLE_UNREAD:
    case STYLE_FOUND:
        str_append_str(out, c->bold);
        break;
    case STYLE_ESCAPED:
    case STYLE_SELECTED:
        str_append_str(out, c->escape_on);
        break;
    default:
        break;
    }
}

static void print_line(const struct painted *p, size_t line, const struct term_colors *c, struct str *out)
{
    size_t start = out->len, end = line_end(p, line);

    for (size_t i = p->lines[line].first_span; i < end; i++) {
        const struct span *s = &p->spans[i];

        if (s->style != STYLE_NORMAL)
            append_style(out, s->style, c);
        str_append(out, p->text.data + s->at, s->len);
        if (s->style != STYLE_NORMAL)
            str_append_str(out, c->off);
    }
    while (out->len > start && out->data[out->len - 1] == ' ')
        out->data[--out->len] = '\0';
    str_append_char(out, '\n');
}

void painted_print(const struct painted *p, bool color, struct str *out)
{
    for (size_t i = 0; i < painted_lines(p); i++)
        print_line(p, i, term_colors(color), out);
}

void painted_draw(const struct painted *p, size_t line, struct grid *g, int row, int column, int columns,
    int skip, bool is_selected)
{
    int at = 0, end = column + columns; /* at: in the line */

    if (is_selected)
        grid_fill(g, row, column, columns, STYLE_SELECTED);
    for (size_t i = p->lines[line].first_span; i < line_end(p, line) && column < end; i++) {
        const struct span *s = &p->spans[i];
        const char *text = p->text.data + s->at;
        size_t len = s->len;
        int wide;

        for (; len && at < skip; at += wide) {
            size_t cluster = text_grapheme(text, len, &wide);

            text += cluster;
            len -= cluster;
        }
        /* Of a wide one only the left half was to be skipped: its right half is a blank. */
        for (; at > skip; skip++)
            column++;
        if (!len)
            continue;
        wide = grid_put(g, row, column, end - column, text, len, is_selected ? STYLE_SELECTED : s->style);
        column += wide;
        at += wide;
        skip = at;
    }
}
