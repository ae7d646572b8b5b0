/* SPDX-License-Identifier: ISC */
/* The list of conversations: contacts in the order of the book, then everybody else in the order they came.
 */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "cmd/window.h"

struct talk *window_find(const struct window *w, const char *who)
{
    for (size_t i = 0; i < w->n_talks; i++)
        if (strcmp(w->talks[i]->who, who) == 0)
            return w->talks[i];
    return NULL;
}

struct talk *window_find_serial(const struct window *w, uint64_t serial)
{
    for (size_t i = 0; i < w->n_talks; i++)
        if (w->talks[i]->serial == serial)
            return w->talks[i];
    return NULL;
}

size_t window_index(const struct window *w, const struct talk *t)
{
    for (size_t i = 0; i < w->n_talks; i++)
        if (w->talks[i] == t)
            return i;
    return CHAT_SCREEN_NOBODY;
}

/* Of an address what is behind its scheme: the status line has all of it. */
static void set_name(struct talk *t, const char *name)
{
    const char *scheme_end = t->is_contact ? NULL : strstr(name, "://");
    struct str escaped = STR_INIT;

    name = scheme_end ? scheme_end + strlen("://") : name;
    utf8_escape(&escaped, name, strlen(name), 0);
    free(t->name);
    t->name = str_steal(&escaped);
}

struct talk *window_add(struct window *w, const char *who, bool is_contact)
{
    const struct book_entry *e = is_contact ? book_find(w->run->book, who) : NULL;
    struct talk *t = xcalloc(1, sizeof(*t));

    t->serial = ++w->serial;
    t->who = xstrdup(who);
    t->is_contact = is_contact;
    set_name(t, who);
    t->is_kept = !w->run->values->no_history && !(e && e->no_history);
    t->backlog = backlog_new(t->is_kept);
    t->edit = lineedit_new();
    if (w->n_talks == w->talks_capacity) {
        w->talks_capacity = w->talks_capacity ? w->talks_capacity * 2 : 16;
        w->talks = xreallocarray(w->talks, w->talks_capacity, sizeof(struct talk *));
    }
    w->talks[w->n_talks++] = t;
    return t;
}

void window_leave_peers(struct window *w)
{
    for (size_t i = 0; i < w->n_talks; i++) {
        if (w->talks[i]->peer)
            chat_peer_set_data(w->talks[i]->peer, NULL);
        w->talks[i]->peer = NULL;
    }
}

static void free_talk(struct talk *t)
{
    backlog_free(t->backlog);
    lineedit_free(t->edit);
    free(t->trouble);
    free(t->name);
    free(t->who);
    free(t);
}

void window_free_talks(struct window *w)
{
    for (size_t i = 0; i < w->n_talks; i++)
        free_talk(w->talks[i]);
    free(w->talks);
}

void window_remove(struct window *w, struct talk *t)
{
    size_t i = window_index(w, t);

    if (w->shown == t) {
        w->shown = NULL;
        window_choose(w);
    }
    memmove(&w->talks[i], &w->talks[i + 1], (w->n_talks - i - 1) * sizeof(struct talk *));
    w->n_talks--;
    if (w->bar > i || w->bar >= w->n_talks)
        w->bar -= w->bar > 0;
    free_talk(t);
    window_draw_soon(w);
}

void window_add_contacts(struct window *w)
{
    for (size_t i = 0; i < book_count(w->run->book); i++) {
        const struct book_entry *e = book_at(w->run->book, i);
        struct talk *t = window_find(w, e->name);

        if (!t)
            t = window_add(w, e->name, true);
        t->is_contact = true;
        t->is_muted = e->mute;
    }
}

struct talk *window_of(struct window *w, struct chat_peer *p)
{
    struct talk *t = chat_peer_data(p);

    if (t)
        return t;
    t = window_find(w, chat_peer_who(p));
    if (!t || t->peer)
        t = window_add(w, chat_peer_who(p), chat_peer_is_contact(p));
    t->peer = p;
    set_name(t, chat_peer_name(p));
    chat_peer_set_data(p, t);
    return t;
}

/* Where a contact stands in the book; those who are not in it stand behind, as they are. */
static size_t rank(const struct window *w, const struct talk *t)
{
    for (size_t i = 0; t->is_contact && i < book_count(w->run->book); i++)
        if (strcmp(book_at(w->run->book, i)->name, t->who) == 0)
            return i;
    return book_count(w->run->book);
}

static void sort_by_rank(struct window *w)
{
    for (size_t i = 1; i < w->n_talks; i++) {
        struct talk *t = w->talks[i];
        size_t own = rank(w, t), j = i;

        for (; j > 0 && rank(w, w->talks[j - 1]) > own; j--)
            w->talks[j] = w->talks[j - 1];
        w->talks[j] = t;
    }
}

void window_rename_all(struct window *w)
{
    for (size_t i = 0; i < w->n_talks; i++) {
        struct talk *t = w->talks[i];

        if (t->peer && strcmp(t->who, chat_peer_who(t->peer)) != 0) {
            free(t->who);
            t->who = xstrdup(chat_peer_who(t->peer));
        }
        t->is_contact = book_find(w->run->book, t->who) != NULL;
        set_name(t, t->peer ? chat_peer_name(t->peer) : t->who);
        t->is_muted = false;
    }
    /* A contact of which nothing was said, and who is none any more. */
    for (size_t i = w->n_talks; i-- > 0;)
        if (!w->talks[i]->peer && !w->talks[i]->is_contact && w->talks[i]->unread == 0)
            window_remove(w, w->talks[i]);
    window_add_contacts(w);
    sort_by_rank(w);
    window_draw_now(w);
}

bool window_is_looked_at(const struct window *w, const struct talk *t)
{
    return w->shown == t && w->has_focus && w->mode != WINDOW_CHOOSING && w->mode != WINDOW_HELPING &&
           backlog_is_at_end(t->backlog);
}

void window_look(struct window *w)
{
    struct talk *t = w->shown;

    if (!t || !window_is_looked_at(w, t) || t->unread == 0)
        return;
    t->unread = 0;
    t->is_read_late = true;
    if (!timer_is_running(w->read_mark))
        timer_start(w->read_mark, WINDOW_READ_MARK_MS);
}

size_t window_unread(const struct window *w)
{
    size_t count = 0;

    for (size_t i = 0; i < w->n_talks; i++)
        count += w->talks[i]->unread && !w->talks[i]->is_muted ? w->talks[i]->unread : 0;
    return count;
}

bool window_show(struct window *w, struct talk *t)
{
    struct chat_peer *peer;
    struct err err;

    if (!t->peer && chat_run_open(w->run, t->who, &peer, &err) < 0) {
        window_say(w, STYLE_ERROR, "%s", err.text);
        return false;
    }
    /* Its peer event has given it to t. */
    if (w->shown && w->shown != t)
        backlog_leave(w->shown->backlog);
    w->shown = t;
    w->mode = WINDOW_TALKING;
    lineedit_clear(w->choose);
    if (backlog_count(t->backlog) == 0)
        t->n_rule = t->unread;
    window_draw_now(w);
    return true;
}

bool window_open(struct window *w, const char *who)
{
    struct talk *t = window_find(w, who);
    struct chat_peer *peer;
    struct err err;

    if (t)
        return window_show(w, t);
    if (chat_run_open(w->run, who, &peer, &err) < 0) {
        window_say(w, STYLE_ERROR, "%s", err.text);
        return false;
    }
    return window_show(w, window_of(w, peer));
}

void window_choose(struct window *w)
{
    size_t at = window_index(w, w->shown);

    w->bar = at == CHAT_SCREEN_NOBODY ? 0 : at;
    if (w->shown)
        backlog_leave(w->shown->backlog);
    w->mode = WINDOW_CHOOSING;
    lineedit_clear(w->choose);
    window_draw_now(w);
}

void window_step(struct window *w, bool forward)
{
    size_t at = w->mode == WINDOW_CHOOSING ? w->bar : window_index(w, w->shown);

    if (w->n_talks == 0)
        return;
    if (at == CHAT_SCREEN_NOBODY)
        at = 0;
    else
        at = (at + (forward ? 1 : w->n_talks - 1)) % w->n_talks;
    if (w->mode == WINDOW_CHOOSING) {
        w->bar = at;
        window_draw_now(w);
    } else
        window_show(w, w->talks[at]);
}

void window_next_unread(struct window *w)
{
    size_t at = window_index(w, w->shown);

    for (size_t i = 1; i <= w->n_talks; i++) {
        struct talk *t = w->talks[((at == CHAT_SCREEN_NOBODY ? 0 : at) + i) % w->n_talks];

        if (t->unread) {
            window_show(w, t);
            return;
        }
    }
    window_say(w, STYLE_DIM, "%s", _("nothing is unread"));
}
