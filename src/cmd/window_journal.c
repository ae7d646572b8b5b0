/* SPDX-License-Identifier: ISC */
/* What the journal tells the screen. Each question is a struct load; its end finds the conversation by its
 * serial number, or nobody if that has gone in the meantime. (The window goes after the journal.) */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "cmd/window.h"

#define FIRST_PAGE_MAX 1000 /* of a conversation with much that is unread */

struct load {
    struct window *w;
    uint64_t serial;
    size_t limit;
    bool older;
};

static struct load *new_load(struct window *w, const struct talk *t, size_t limit)
{
    struct load *load = xcalloc(1, sizeof(*load));

    load->w = w;
    load->serial = t->serial;
    load->limit = limit;
    return load;
}

/* ---- who has said something ---- */

static void on_list(
    const struct store_conversation *conversations, size_t count, int code, const struct err *err, void *arg)
{
    struct window *w = arg;
    size_t added = 0;

    if (code < 0)
        window_say(w, STYLE_ERROR, "%s", err->text);
    for (size_t i = 0; code == 0 && i < count; i++) {
        const struct store_conversation *c = &conversations[i];
        struct talk *t = window_find(w, c->who);

        if (c->unread == 0)
            continue;
        if (!t && added++ < WINDOW_OLD_TALKS)
            t = window_add(w, c->who, false);
        if (t)
            t->unread += (size_t)c->unread;
        if (t && t == w->shown) {
            backlog_set_unread(t->backlog, t->unread);
            window_look(w);
        }
    }
    window_draw_soon(w);
}

void window_load_list(struct window *w)
{
    store_list(w->run->store, on_list, w);
}

/* ---- pages ---- */

static struct backlog_item *items_of(const struct store_message *messages, size_t count)
{
    struct backlog_item *items = xcalloc(count + 1, sizeof(*items));

    for (size_t i = 0; i < count; i++) {
        const struct store_message *m = &messages[i];

        items[i] = (struct backlog_item){
            .id = m->id,
            .at_ns = m->at_ns,
            .kind = m->direction == STORE_IN ? BACKLOG_IN : BACKLOG_OUT,
            .mark = window_mark(m->state),
            .text = m->text,
            .len = m->len,
            .note = m->note,
        };
    }
    return items;
}

static void on_page(
    const struct store_message *messages, size_t count, int code, const struct err *err, void *arg)
{
    struct load *load = arg;
    struct window *w = load->w;
    struct talk *t = window_find_serial(w, load->serial);
    struct backlog_item *items = NULL;

    if (!t)
        goto out;
    t->is_loading = false;
    if (code < 0) {
        window_say(w, STYLE_ERROR, "%s", err->text);
        count = 0;
    }
    items = items_of(messages, count);
    if (load->older)
        backlog_add_older(t->backlog, items, count, count == 0);
    else
        backlog_add_newer(t->backlog, items, count, count == 0);
    if (t->n_rule)
        backlog_set_unread(t->backlog, t->n_rule);
    t->n_rule = 0;
    window_draw_now(w);
out:
    free(items);
    free(load);
}

static void load_page(struct window *w, struct talk *t, bool older, int64_t from_id, size_t limit)
{
    struct store_query query = {.who = t->who, .limit = limit, .oldest = !older};
    struct load *load = new_load(w, t, limit);

    load->older = older;
    query.before_id = older ? from_id : 0;
    query.after_id = older ? 0 : from_id;
    t->is_loading = true;
    store_find(w->run->store, &query, on_page, load);
}

void window_load(struct window *w, struct talk *t)
{
    size_t limit = t->n_rule + WINDOW_PAGE < FIRST_PAGE_MAX ? t->n_rule + WINDOW_PAGE : FIRST_PAGE_MAX;

    if (t->is_loading)
        return;
    if (backlog_wants_older(t->backlog))
        load_page(w, t, true, backlog_oldest_id(t->backlog), limit);
    else if (backlog_wants_newer(t->backlog))
        load_page(w, t, false, backlog_newest_id(t->backlog), WINDOW_PAGE);
}

/* ---- searching ---- */

static void say_found(struct window *w)
{
    window_say(w, STYLE_DIM, _("“%s”: n: older, N: newer, Esc: back to the end"), w->wanted.data);
    window_draw_now(w);
}

static void say_not_found(struct window *w, bool older)
{
    window_say(w, STYLE_WARNING,
        older ? _("“%s” is not found further up; N: newer, Esc: back to the end")
              : _("“%s” is not found further down; n: older, Esc: back to the end"),
        w->wanted.data);
    if (w->screen)
        screen_bell(w->screen);
}

static void on_sought(
    const struct store_message *messages, size_t count, int code, const struct err *err, void *arg)
{
    struct load *load = arg;
    struct window *w = load->w;
    struct talk *t = window_find_serial(w, load->serial);

    w->is_seeking = false;
    if (!t || t != w->shown)
        ;
    else if (code < 0)
        window_say(w, STYLE_ERROR, "%s", err->text);
    else if (count == 0)
        say_not_found(w, load->older);
    else {
        int64_t id = messages[0].id;

        backlog_found_elsewhere(t->backlog, w->wanted.data, id);
        t->is_loading = true;
        load_page(w, t, true, id + 1, WINDOW_PAGE);
        load_page(w, t, false, id, WINDOW_PAGE);
        say_found(w);
    }
    free(load);
}

/* In memory first, then in the journal, beyond what is in memory. */
void window_search(struct window *w, const char *text, bool older)
{
    struct talk *t = w->shown;
    struct store_query query = {.search = text, .limit = 1};
    struct load *load;

    if (!t || w->is_seeking)
        return;
    if (text != w->wanted.data) {
        str_reset(&w->wanted);
        str_append_str(&w->wanted, text);
        query.search = w->wanted.data;
    }
    w->mode = WINDOW_FINDING;
    if (backlog_find(t->backlog, w->wanted.data, older)) {
        say_found(w);
        return;
    }
    if (!t->is_kept || (older ? backlog_oldest_id(t->backlog) : backlog_newest_id(t->backlog)) == 0) {
        say_not_found(w, older);
        return;
    }
    query.who = t->who;
    query.oldest = !older;
    query.before_id = older ? backlog_oldest_id(t->backlog) : 0;
    query.after_id = older ? 0 : backlog_newest_id(t->backlog);
    load = new_load(w, t, 1);
    load->older = older;
    w->is_seeking = true;
    store_find(w->run->store, &query, on_sought, load);
}

/* ---- what has been read ---- */

void window_mark_read(struct window *w, struct talk *t)
{
    t->is_read_late = false;
    store_mark_read(w->run->store, t->who, 0, NULL, NULL);
}
