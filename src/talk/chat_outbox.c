/* SPDX-License-Identifier: ISC */
/* What we say. A message is in the journal before it is on the wire, and in the outbox until it is known to
 * have arrived (a stream) or has left (a datagram); so a program that is killed at any moment finds it again.
 *
 *     said -> journal -> sent -> acknowledged -> answered
 *                  ^        |
 *                  +--------+  the call broke, the port was closed
 *
 * A state is set in silence, and written down and told when the turn ends: so what passes several states in
 * one turn is told the last one, and no event comes while a list is walked. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/xmalloc.h"
#include "talk/chat_inside.h"

/* ---- an entry ---- */

static struct chat_entry *entry_new(struct chat_peer *p, const char *text, size_t len)
{
    struct chat_entry *e = xcalloc(1, sizeof(*e));

    e->peer = p;
    list_init(&e->node);
    list_init(&e->changed);
    e->m.number = ++p->chat->numbers;
    e->m.at_ns = clock_wall_ns();
    e->m.direction = STORE_OUT;
    e->m.state = STORE_WAITING;
    e->m.text = xmemdup0(text, len);
    e->m.len = len;
    e->m.note = xstrdup("");
    e->in_outbox = true;
    e->is_kept = !p->is_quiet;
    return e;
}

static void entry_free(struct chat_entry *e)
{
    if (e->ticket)
        chat_ticket_drop_entry(e->ticket);
    list_remove(&e->node);
    list_remove(&e->changed);
    free((char *)e->m.text);
    free((char *)e->m.note);
    free(e);
}

/* Nobody follows it any more, and all has been told. */
static void release(struct chat_entry *e)
{
    if (e->is_done && !e->is_telling && list_is_empty(&e->changed))
        entry_free(e);
}

void chat_entry_changed(struct chat_entry *e)
{
    struct chat *c = e->peer->chat;

    if (list_is_empty(&e->changed))
        list_append(&c->changed, &e->changed);
    loop_at_turn_end(c->loop, &c->tell);
}

static void write_down(struct chat_entry *e)
{
    if (e->is_rewritten)
        chat_journal_state(e);
    e->is_rewritten = false;
}

void chat_outbox_on_tell(struct turn_end *t)
{
    struct chat *c = list_entry(t, struct chat, tell);

    while (!list_is_empty(&c->changed)) {
        struct chat_entry *e = list_entry(c->changed.next, struct chat_entry, changed);

        list_remove(&e->changed);
        write_down(e);
        e->is_telling = true;
        if (c->events->changed && !e->peer->is_closing)
            c->events->changed(e->peer, &e->m, c->arg);
        e->is_telling = false;
        release(e);
    }
    chat_check_stopped(c);
}

/* ---- states ---- */

static bool stays_in_outbox(const struct chat_entry *e, enum store_state state)
{
    return state == STORE_WAITING || (state == STORE_SENT && chat_transport(e->peer) == CHAT_STREAM);
}

/* May "port closed" still come back about it? */
static bool is_fresh(const struct chat_entry *e)
{
    return e->m.state == STORE_SENT && loop_now_ms(e->peer->chat->loop) - e->sent_ms <= CHAT_ICMP_MS;
}

/* An answer is waited for, of the last CHAT_ANSWERED_MAX, and of all that are fresh. */
static void keep_delivered(struct chat_entry *e)
{
    struct chat_peer *p = e->peer;

    while (p->n_delivered >= CHAT_ANSWERED_MAX) {
        struct chat_entry *oldest = list_entry(p->delivered.next, struct chat_entry, node);

        if (is_fresh(oldest) && p->n_delivered < CHAT_OUTBOX_MAX)
            break;
        list_remove(&oldest->node);
        oldest->is_done = true;
        release(oldest);
        p->n_delivered--;
    }
    list_append(&p->delivered, &e->node);
    p->n_delivered++;
}

void chat_entry_set(struct chat_entry *e, enum store_state state, const char *note)
{
    struct chat_peer *p = e->peer;
    bool was_in_outbox = e->in_outbox;

    if (e->m.state == state && strcmp(e->m.note, note) == 0)
        return;
    e->m.state = state;
    free((char *)e->m.note);
    e->m.note = xstrdup(note);
    e->in_outbox = stays_in_outbox(e, state);
    e->is_rewritten = true;
    if (was_in_outbox && !e->in_outbox) {
        list_remove(&e->node);
        p->waiting--;
        if (state == STORE_SENT || state == STORE_ACKED)
            keep_delivered(e);
        else
            e->is_done = true;
    }
    chat_entry_changed(e);
}

void chat_outbox_answered(struct chat_peer *p)
{
    while (!list_is_empty(&p->delivered)) {
        struct chat_entry *e = list_entry(p->delivered.next, struct chat_entry, node);

        list_remove(&e->node);
        p->n_delivered--;
        e->is_done = true;
        chat_entry_set(e, STORE_ANSWERED, "");
    }
}

void chat_outbox_unsend(struct chat_peer *p, const char *note)
{
    list_for_each (node, &p->outbox) {
        struct chat_entry *e = list_entry(node, struct chat_entry, node);

        if (e->end_at && e->m.state == STORE_SENT)
            chat_entry_set(e, STORE_WAITING, note);
        e->end_at = 0;
    }
}

void chat_outbox_unsend_dgrams(struct chat_peer *p, const char *note)
{
    /* The latest first, each in front of what waits. */
    while (!list_is_empty(&p->delivered)) {
        struct chat_entry *e = list_entry(p->delivered.prev, struct chat_entry, node);

        if (!is_fresh(e))
            break;
        list_remove(&e->node);
        p->n_delivered--;
        list_append(p->outbox.next, &e->node); /* in front of the first */
        p->waiting++;
        e->in_outbox = true;
        chat_entry_set(e, STORE_WAITING, note);
    }
}

void chat_outbox_fail(struct chat_peer *p, const char *note)
{
    while (!list_is_empty(&p->outbox))
        chat_entry_set(list_entry(p->outbox.next, struct chat_entry, node), STORE_FAILED, note);
}

size_t chat_cancel(struct chat_peer *p, uint64_t number)
{
    size_t count = 0;

    list_for_each_safe (node, after, &p->outbox) {
        struct chat_entry *e = list_entry(node, struct chat_entry, node);

        /* What was written to a stream can't be taken back. */
        if (e->m.state != STORE_WAITING || e->end_at || (number && e->m.number != number))
            continue;
        count++;
        chat_entry_set(e, STORE_CANCELLED, "");
    }
    chat_call_unwanted(p);
    return count;
}

void chat_outbox_note(struct chat_peer *p, const char *note)
{
    list_for_each (node, &p->outbox) {
        struct chat_entry *e = list_entry(node, struct chat_entry, node);

        if (e->m.state == STORE_WAITING) {
            chat_entry_set(e, STORE_WAITING, note); /* the others wait behind it: one is enough */
            return;
        }
    }
}

static void free_all(struct list *entries)
{
    while (!list_is_empty(entries)) {
        struct chat_entry *e = list_entry(entries->next, struct chat_entry, node);

        write_down(e);
        entry_free(e);
    }
}

void chat_outbox_free(struct chat_peer *p)
{
    free_all(&p->outbox);
    free_all(&p->delivered);
    list_for_each_safe (node, after, &p->chat->changed) {
        struct chat_entry *e = list_entry(node, struct chat_entry, changed);

        if (e->peer != p)
            continue;
        write_down(e);
        entry_free(e);
    }
}

size_t chat_peer_unkept(const struct chat_peer *p)
{
    size_t count = 0;

    list_for_each (node, &p->outbox) {
        const struct chat_entry *e = list_entry(node, struct chat_entry, node);

        count += e->is_journaled && e->m.id == 0;
    }
    return count;
}

/* ---- sending ---- */

struct chat_entry *chat_outbox_next(const struct chat_peer *p)
{
    list_for_each (node, &p->outbox) {
        struct chat_entry *e = list_entry(node, struct chat_entry, node);

        if (e->m.state != STORE_WAITING || e->end_at)
            continue;
        return e->is_journaled ? e : NULL; /* in order: nothing overtakes what is being written down */
    }
    return NULL;
}

void chat_entry_bytes(const struct chat_entry *e, struct str *out)
{
    const struct chat_peer *p = e->peer;
    const char *ending = chat_transport(p) == CHAT_STREAM ? line_ending_text(p->ending) : "";

    if (p->encoding) {
        encoding_encode(p->encoding, out, e->m.text, e->m.len);
        encoding_encode(p->encoding, out, ending, strlen(ending));
    } else {
        str_append(out, e->m.text, e->m.len);
        str_append_str(out, ending);
    }
}

void chat_outbox_on_send(struct turn_end *t)
{
    struct chat_peer *p = list_entry(t, struct chat_peer, send);

    if (p->is_closing || p->chat->is_stopping || p->chat->is_adopting || !chat_outbox_next(p))
        return;
    if (!p->stream && !(p->dgram && p->is_ready))
        chat_call_if_wanted(p);
    else if (chat_transport(p) == CHAT_STREAM)
        chat_stream_send(p);
    else
        chat_dgram_send(p);
}

void chat_send_later(struct chat_peer *p)
{
    if (!p->is_closing)
        loop_at_turn_end(p->chat->loop, &p->send);
}

/* ---- saying ---- */

int chat_say(struct chat_peer *p, const char *text, size_t len, struct err *err)
{
    struct chat *c = p->chat;
    struct chat_entry *e;

    if (len > CHAT_SAY_BYTES)
        return err_set(err, ERR_OTHER, -EMSGSIZE,
            _("%s: %zu bytes are too long for one message; at most %zu"), p->name.data, len, CHAT_SAY_BYTES);
    if (p->waiting >= CHAT_OUTBOX_MAX)
        return err_set(err, ERR_OTHER, -ENOBUFS,
            _("%s: %d messages wait already; say no more, or take them back"), p->name.data, CHAT_OUTBOX_MAX);
    if (p->is_closing || c->is_stopping || (p->is_caller && !p->stream && !p->dgram))
        return err_set(err, ERR_HUNG_UP, -ENOTCONN,
            _("%s: they have hung up, and called us: they can't be called back"), p->name.data);
    e = entry_new(p, text, len);
    list_append(&p->outbox, &e->node);
    p->waiting++;
    chat_journal_out(e);
    if (c->events->message) {
        e->is_telling = true;
        c->events->message(p, &e->m, c->arg);
        e->is_telling = false;
        release(e);
    }
    chat_call_wish(p);
    return 0;
}

/* What is older goes first. */
static void insert_old(struct chat_peer *p, struct chat_entry *e)
{
    struct list *before = p->outbox.next;

    while (before != &p->outbox && list_entry(before, struct chat_entry, node)->m.is_old)
        before = before->next;
    list_append(before, &e->node);
    p->waiting++;
}

void chat_outbox_adopt(struct chat *c, const struct store_message *m)
{
    struct chat_peer *p;
    struct chat_entry *e;
    struct err why, err;

    if (chat_open(c, m->who, &p, &why) < 0) {
        err_set(
            &err, ERR_NAME, -ENOENT, _("a message for %s waits, but can't be sent: %s"), m->who, why.text);
        chat_trouble(c, NULL, &err);
        return;
    }
    e = entry_new(p, m->text, m->len);
    e->m.id = m->id;
    e->m.at_ns = m->at_ns;
    e->m.is_old = true;
    e->is_journaled = true;
    e->is_kept = !m->is_passing;
    free((char *)e->m.note);
    e->m.note = xstrdup(m->note);
    insert_old(p, e);
    if (m->state != STORE_WAITING) {
        e->m.state = STORE_SENT; /* not known to have arrived */
        chat_entry_set(e, STORE_WAITING, _("landline ended before it was acknowledged"));
    }
    if (c->events->message)
        c->events->message(p, &e->m, c->arg);
    /* A datagram is not sent into the blue, unless something new was said already: see chat.h. */
    if (chat_transport(p) == CHAT_DGRAM && list_entry(p->outbox.prev, struct chat_entry, node)->m.is_old)
        p->is_shy = true;
    chat_send_later(p);
}
