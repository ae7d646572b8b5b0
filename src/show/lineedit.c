/* SPDX-License-Identifier: ISC */
/* The text and its changes. Each change is one replacement of a piece, so that undo is the replacement the
 * other way round, and the cursor is put on a cluster's boundary in one place. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/xmalloc.h"
#include "show/lineedit_private.h"
#include "show/text.h"

/* Typing is undone in runs: a run ends where a new word begins, and at this length, as Chinese has no words
 * that could be seen. */
#define RUN_BYTES 60

struct lineedit *lineedit_new(void)
{
    struct lineedit *e = xcalloc(1, sizeof(*e));

    str_init(&e->text);
    for (size_t i = 0; i < LINEEDIT_KILLS; i++)
        str_init(&e->kills[i]);
    return e;
}

void lineedit_free(struct lineedit *e)
{
    if (!e)
        return;
    lineedit_forget_undo(e);
    lineedit_history_done(e);
    for (size_t i = 0; i < LINEEDIT_KILLS; i++)
        str_done(&e->kills[i]);
    str_done(&e->text);
    free(e->rows);
    free(e);
}

const char *lineedit_text(const struct lineedit *e)
{
    return e->text.data;
}

size_t lineedit_len(const struct lineedit *e)
{
    return e->text.len;
}

size_t lineedit_cursor(const struct lineedit *e)
{
    return e->cursor;
}

bool lineedit_is_empty(const struct lineedit *e)
{
    return e->text.len == 0;
}

/* ---- undo ------------------------------------------------------------------------------------------- */

static void forget_oldest_undo(struct lineedit *e)
{
    e->undo_bytes -= e->undos[0].removed_len;
    free(e->undos[0].removed);
    e->undo_count--;
    memmove(e->undos, e->undos + 1, e->undo_count * sizeof(*e->undos));
}

void lineedit_forget_undo(struct lineedit *e)
{
    for (size_t i = 0; i < e->undo_count; i++)
        free(e->undos[i].removed);
    e->undo_count = e->undo_bytes = 0;
}

static void remember_undo(struct lineedit *e, size_t at, size_t removed, size_t added)
{
    struct lineedit_change *c;

    if (e->undo_count == LINEEDIT_UNDOS)
        forget_oldest_undo(e);
    c = &e->undos[e->undo_count++];
    *c = (struct lineedit_change){.at = at,
        .added = added,
        .cursor = e->cursor,
        .removed = removed ? xmemdup0(e->text.data + at, removed) : NULL,
        .removed_len = removed};
    e->undo_bytes += removed;
    while (e->undo_bytes > LINEEDIT_KEPT_BYTES && e->undo_count > 1)
        forget_oldest_undo(e);
}

/* ---- changes ---------------------------------------------------------------------------------------- */

static void splice(struct lineedit *e, size_t at, size_t removed, const char *text, size_t len)
{
    struct str *s = &e->text;

    if (removed == 0 && len == 0)
        return;
    lineedit_layout_forget(e, at);
    str_reserve(s, len);
    memmove(s->data + at + len, s->data + at + removed, s->len - at - removed);
    if (len)
        memcpy(s->data + at, text, len);
    s->len += len - removed;
    s->data[s->len] = '\0';
}

static void put_cursor(struct lineedit *e, size_t cursor)
{
    e->cursor = text_boundary(e->text.data, e->text.len, cursor);
}

bool lineedit_replace(
    struct lineedit *e, size_t at, size_t removed, const char *text, size_t len, size_t cursor, bool joins)
{
    struct lineedit_change *before = e->undo_count ? &e->undos[e->undo_count - 1] : NULL;

    if (e->text.len - removed + len > LINEEDIT_BYTES)
        return false;
    if (joins && before && removed == 0 && before->at + before->added == at)
        before->added += len;
    else if (removed || len)
        remember_undo(e, at, removed, len);
    splice(e, at, removed, text, len);
    put_cursor(e, cursor);
    return true;
}

bool lineedit_undo(struct lineedit *e)
{
    struct lineedit_change *c;

    if (e->undo_count == 0)
        return false;
    c = &e->undos[--e->undo_count];
    splice(e, c->at, c->added, c->removed, c->removed_len);
    e->undo_bytes -= c->removed_len;
    free(c->removed);
    e->cursor = c->cursor;
    return true;
}

void lineedit_load(struct lineedit *e, const char *text, size_t len)
{
    splice(e, 0, e->text.len, text, len);
    e->cursor = len;
    e->last = LAST_OTHER;
    lineedit_forget_undo(e);
}

/* ---- what comes in ---------------------------------------------------------------------------------- */

static void append_if_shown(struct str *out, const char *text, size_t len)
{
    struct str shown = STR_INIT;

    utf8_escape(&shown, text, len, 0);
    if (shown.len == len)
        str_append(out, text, len);
    str_done(&shown);
}

void lineedit_clean(struct str *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        int size = utf8_decode(text + i, len - i, NULL);

        if (text[i] == '\n' || (text[i] >= 0x20 && text[i] < 0x7f)) {
            str_append_char(out, text[i]);
        } else if (text[i] == '\r') {
            if (i + 1 == len || text[i + 1] != '\n')
                str_append_char(out, '\n');
        } else if (text[i] == '\t') {
            str_append_str(out, LINEEDIT_TAB);
        } else if (size > 1) {
            append_if_shown(out, text + i, (size_t)size);
        }
        i += size > 0 ? (size_t)size : 1;
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n';
}

static bool continues_run(const struct lineedit *e, const struct str *added)
{
    return e->last == LAST_TYPED && added->len + e->undos[e->undo_count - 1].added <= RUN_BYTES &&
           !memchr(added->data, '\n', added->len) &&
           !(is_blank(e->text.data[e->cursor - 1]) && !is_blank(added->data[0]));
}

bool lineedit_insert(struct lineedit *e, const char *text, size_t len)
{
    struct str clean = STR_INIT;
    bool fits = len <= LINEEDIT_BYTES;

    if (fits)
        lineedit_clean(&clean, text, len);
    if (fits && clean.len) {
        bool joins = e->undo_count && e->cursor && continues_run(e, &clean);

        fits = lineedit_replace(e, e->cursor, 0, clean.data, clean.len, e->cursor + clean.len, joins);
        if (fits)
            e->last = LAST_TYPED;
    }
    str_done(&clean);
    return fits;
}

void lineedit_set(struct lineedit *e, const char *text, size_t len, size_t cursor)
{
    struct str clean = STR_INIT;

    lineedit_clean(&clean, text, len);
    clean.len = utf8_truncate(clean.data, clean.len, LINEEDIT_BYTES);
    lineedit_replace(
        e, 0, e->text.len, clean.data, clean.len, cursor > clean.len ? clean.len : cursor, false);
    e->last = LAST_OTHER;
    str_done(&clean);
}

char *lineedit_take(struct lineedit *e, size_t *ret_len)
{
    char *text = xmemdup0(e->text.data, e->text.len);

    *ret_len = e->text.len;
    lineedit_remember(e, text, *ret_len);
    lineedit_history_reset(e);
    lineedit_load(e, "", 0);
    return text;
}

void lineedit_clear(struct lineedit *e)
{
    if (e->text.len) {
        e->last = LAST_OTHER;
        lineedit_kill(e, 0, e->text.len, true);
    }
    lineedit_history_reset(e);
    lineedit_load(e, "", 0);
}
