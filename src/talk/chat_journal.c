/* SPDX-License-Identifier: ISC */
/* Between a chat and its journal. Everything said goes through here, and comes back later, when the message,
 * the peer or the whole chat may be gone: a ticket stands between them.
 *
 * A journal that falls behind holds up the streams (nothing is read from them), and costs datagrams. One that
 * fails is said once, and the chat goes on without it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "talk/chat_inside.h"

struct chat_ticket {
    struct list node;  /* in the chat's; on its own when the chat is gone */
    struct chat *chat; /* NULL: gone */
    struct store *store;
    struct chat_entry *entry; /* what is appended; NULL: one of theirs, or gone: final is what became of it */
    enum store_state final;
};

static struct chat_ticket *ticket_new(struct chat *c, struct chat_entry *e)
{
    struct chat_ticket *t = xcalloc(1, sizeof(*t));

    t->chat = c;
    t->store = c->options->store;
    t->entry = e;
    if (e)
        e->ticket = t;
    list_append(&c->tickets, &t->node);
    c->n_tickets++;
    return t;
}

void chat_ticket_drop_entry(struct chat_ticket *t)
{
    t->final = t->entry->m.state;
    t->entry = NULL;
}

void chat_journal_free(struct chat *c)
{
    list_for_each_safe (node, after, &c->tickets) {
        list_entry(node, struct chat_ticket, node)->chat = NULL;
        list_remove(node);
    }
}

static void note_result(struct chat *c, int code, const struct err *why)
{
    struct err err;

    if (code == 0 || !chat_may_tell(c, &c->journal_told_ms, CHAT_JOURNAL_TOLD_MS))
        return;
    err_set(&err, ERR_OTHER, code, _("%s; the chat goes on, but what is said is not kept"),
        why ? why->text : err_word(code));
    chat_trouble(c, NULL, &err);
}

static void set_late(struct chat *c, bool late)
{
    c->journal_is_late = late;
    list_for_each (node, &c->peers)
        chat_stream_set_reading(list_entry(node, struct chat_peer, node), !late);
}

/* The chat, if there still is one, after a call has come back. */
static struct chat *ticket_done(struct chat_ticket *t, int code, const struct err *err)
{
    struct chat *c = t->chat;

    list_remove(&t->node);
    if (!c)
        return NULL;
    c->n_tickets--;
    if (c->journal_is_late && c->n_tickets < CHAT_JOURNAL_MAX / 2)
        set_late(c, false);
    note_result(c, code, err);
    return c;
}

bool chat_journal_has_room(struct chat *c)
{
    struct err err;

    if (c->n_tickets < CHAT_JOURNAL_MAX)
        return true;
    c->n_dropped++;
    if (chat_may_tell(c, &c->dropped_told_ms, CHAT_TOLD_MS)) {
        err_set(&err, ERR_OTHER, -ENOBUFS,
            ngettext("datagrams come faster than they can be written down; %" PRIu64 " was dropped",
                "datagrams come faster than they can be written down; %" PRIu64 " were dropped",
                c->n_dropped),
            c->n_dropped);
        c->n_dropped = 0;
        chat_trouble(c, NULL, &err);
    }
    return false;
}

static void append(const struct chat_peer *p, const struct chat_message *m, bool in_outbox, bool is_kept,
    store_done *done, struct chat_ticket *t)
{
    char address[ADDR_TEXT_BYTES];
    struct store_message s = {
        .at_ns = m->at_ns,
        .who = p->who.data,
        .address = m->direction == STORE_IN ? addr_format(&p->addrs[p->addr_at], address) : "",
        .direction = m->direction,
        .ending = (enum store_ending)m->ending,
        .state = m->state,
        .in_outbox = in_outbox,
        .is_passing = !is_kept,
        .text = m->text,
        .len = m->len,
        .note = m->note,
    };

    store_append(p->chat->options->store, &s, done, t);
}

/* ---- what they say ---- */

static void on_heard(int64_t id, int code, const struct err *err, void *arg)
{
    struct chat_ticket *t = arg;
    struct chat *c = ticket_done(t, code, err);

    free(t);
    if (c)
        chat_check_stopped(c);
}

void chat_journal_in(struct chat_peer *p, const struct chat_message *m)
{
    struct chat *c = p->chat;

    append(p, m, false, true, on_heard, ticket_new(c, NULL));
    if (!c->journal_is_late && c->n_tickets >= CHAT_JOURNAL_MAX)
        set_late(c, true);
}

/* Once a turn, behind all that has come in it. */
void chat_journal_on_read(struct turn_end *t)
{
    const struct chat_peer *p = list_entry(t, struct chat_peer, read);

    store_mark_read(p->chat->options->store, p->who.data, 0, NULL, NULL);
}

/* ---- what we say ---- */

static void on_said(int64_t id, int code, const struct err *err, void *arg)
{
    struct chat_ticket *t = arg;
    struct chat *c = ticket_done(t, code, err);
    struct chat_entry *e = t->entry;

    if (e) {
        e->ticket = NULL;
        e->is_journaled = true; /* or it can't be: it is sent all the same */
        e->m.id = code == 0 ? id : 0;
        chat_entry_changed(e);
        chat_send_later(e->peer);
    } else if (code == 0 && t->final != STORE_WAITING) {
        /* Taken back before the journal had it. */
        store_set_state(t->store, id, t->final, false, NULL, NULL, NULL, NULL);
    }
    free(t);
    if (c)
        chat_check_stopped(c);
}

void chat_journal_out(struct chat_entry *e)
{
    struct chat_peer *p = e->peer;

    append(p, &e->m, e->in_outbox && !p->is_caller, e->is_kept, on_said, ticket_new(p->chat, e));
}

static void on_state(int64_t id, int code, const struct err *err, void *arg)
{
    struct chat_ticket *t = arg;
    struct chat *c = ticket_done(t, code == -ENOENT ? 0 : code, err); /* deleted by somebody meanwhile */

    free(t);
    if (c)
        chat_check_stopped(c);
}

void chat_journal_state(struct chat_entry *e)
{
    struct chat_peer *p = e->peer;
    char address[ADDR_TEXT_BYTES];

    if (e->m.id == 0)
        return;
    addr_format(&p->addrs[p->addr_at], address);
    store_set_state(p->chat->options->store, e->m.id, e->m.state, e->in_outbox && !p->is_caller,
        e->m.state == STORE_WAITING ? NULL : address, e->m.note, on_state, ticket_new(p->chat, NULL));
    if (!e->in_outbox && !e->is_kept)
        e->m.id = 0; /* it was only passing */
}

/* ---- what an earlier run has left ---- */

static void on_adopted(
    const struct store_message *messages, size_t count, int code, const struct err *err, void *arg)
{
    struct chat_ticket *t = arg;
    struct chat *c = ticket_done(t, code, err);

    free(t);
    if (!c)
        return;
    for (size_t i = 0; i < count; i++)
        chat_outbox_adopt(c, &messages[i]);
    if (count > 0) {
        chat_journal_adopt(c); /* there may be more */
        return;
    }
    c->is_adopting = false;
    list_for_each (node, &c->peers)
        chat_send_later(list_entry(node, struct chat_peer, node));
    chat_check_stopped(c);
}

void chat_journal_adopt(struct chat *c)
{
    c->is_adopting = true;
    store_adopt(c->options->store, on_adopted, ticket_new(c, NULL));
}
