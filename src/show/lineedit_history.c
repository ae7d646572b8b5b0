/* SPDX-License-Identifier: ISC */
/* What was said before. As with readline, each line stays as it was left while one walks through them, until
 * something is sent; the text that was begun waits at the end. */
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "show/lineedit_private.h"

static void said_done(struct lineedit_said *s)
{
    free(s->text);
    free(s->edited);
    *s = (struct lineedit_said){0};
}

static void forget_oldest(struct lineedit *e)
{
    e->said_bytes -= e->said[0].len;
    said_done(&e->said[0]);
    e->said_count--;
    memmove(e->said, e->said + 1, e->said_count * sizeof(*e->said));
}

void lineedit_remember(struct lineedit *e, const char *text, size_t len)
{
    const struct lineedit_said *newest = e->said_count ? &e->said[e->said_count - 1] : NULL;
    bool is_at_end = e->said_at == e->said_count;

    if (len == 0 || len > LINEEDIT_BYTES ||
        (newest && newest->len == len && !memcmp(newest->text, text, len)))
        return;
    if (!e->said)
        e->said = xcalloc(LINEEDIT_HISTORY, sizeof(*e->said));
    while (
        e->said_count == LINEEDIT_HISTORY || (e->said_count && e->said_bytes + len > LINEEDIT_KEPT_BYTES)) {
        forget_oldest(e);
        if (e->said_at)
            e->said_at--;
    }
    e->said[e->said_count++] = (struct lineedit_said){.text = xmemdup0(text, len), .len = len};
    e->said_bytes += len;
    if (is_at_end)
        e->said_at = e->said_count;
}

static struct lineedit_said *current(struct lineedit *e)
{
    return e->said_at < e->said_count ? &e->said[e->said_at] : &e->unsent;
}

bool lineedit_history_move(struct lineedit *e, bool back)
{
    struct lineedit_said *s = current(e);

    if (back ? e->said_at == 0 : e->said_at == e->said_count)
        return false;
    free(s->edited);
    s->edited = NULL;
    if (!s->text || s->len != e->text.len || memcmp(s->text, e->text.data, s->len) != 0) {
        s->edited = xmemdup0(e->text.data, e->text.len);
        s->edited_len = e->text.len;
    }
    e->said_at += back ? -(size_t)1 : 1;
    s = current(e);
    if (s->edited)
        lineedit_load(e, s->edited, s->edited_len);
    else
        lineedit_load(e, s->text, s->len);
    return true;
}

void lineedit_history_reset(struct lineedit *e)
{
    for (size_t i = 0; i < e->said_count; i++) {
        free(e->said[i].edited);
        e->said[i].edited = NULL;
    }
    said_done(&e->unsent);
    e->said_at = e->said_count;
}

void lineedit_history_done(struct lineedit *e)
{
    for (size_t i = 0; i < e->said_count; i++)
        said_done(&e->said[i]);
    said_done(&e->unsent);
    free(e->said);
}
