/* SPDX-License-Identifier: ISC */
/* Conversations: how they come to be, what they are called, how they end. */
#include "talk/chat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "net/tls.h"
#include "talk/chat_inside.h"

static void on_end(struct turn_end *t);
static void on_linger_over(void *arg);

/* ---- events ---- */

void chat_set_line(struct chat_peer *p, enum chat_line line, enum chat_why why, const struct err *err)
{
    p->line = line;
    p->why = why;
    if (p->chat->events->line && p->is_announced && !p->is_closing)
        p->chat->events->line(p, line, why, err, p->chat->arg);
}

void chat_trouble(struct chat *c, struct chat_peer *p, const struct err *err)
{
    if (c->events->trouble && !(p && p->is_closing))
        c->events->trouble(p, err, c->arg);
}

bool chat_may_tell(struct chat *c, uint64_t *told_ms, uint64_t pause_ms)
{
    uint64_t now_ms = loop_now_ms(c->loop);

    if (*told_ms && now_ms - *told_ms < pause_ms)
        return false;
    *told_ms = now_ms;
    return true;
}

void chat_tell_crowd(struct chat *c)
{
    struct err err;

    if (!chat_may_tell(c, &c->crowd_told_ms, CHAT_TOLD_MS))
        return;
    err_set(
        &err, ERR_OTHER, -ENOBUFS, _("there are too many conversations for one more; a caller was refused"));
    chat_trouble(c, NULL, &err);
}

/* ---- making and finding ---- */

static void set_texts(struct chat_peer *p, const char *name)
{
    char text[ADDR_TEXT_BYTES];

    str_reset(&p->name);
    str_append_str(&p->name, name ? name : addr_format(&p->addrs[0], text));
    str_reset(&p->who);
    str_append(&p->who, p->name.data, p->name.len);
}

static void set_flags(struct chat_peer *p)
{
    const struct book_entry *entry = p->is_contact ? book_find(p->chat->book, p->name.data) : NULL;

    p->is_quiet = p->chat->options->no_history || (entry && entry->no_history);
}

struct chat_peer *chat_peer_new(
    struct chat *c, const char *name, const struct addr *addrs, size_t n_addrs, bool is_contact)
{
    struct chat_peer *p = xcalloc(1, sizeof(*p));

    p->chat = c;
    p->addrs = xreallocarray(NULL, n_addrs, sizeof(*addrs));
    memcpy(p->addrs, addrs, n_addrs * sizeof(*addrs));
    p->n_addrs = n_addrs;
    p->is_contact = is_contact;
    str_init(&p->name);
    str_init(&p->who);
    set_texts(p, name);
    set_flags(p);
    p->ending = c->options->ending;
    p->patience = timer_new(c->loop, chat_call_on_patience, p);
    p->ack = timer_new(c->loop, chat_stream_on_ack, p);
    line_reader_init(&p->lines, c->options->max_message);
    p->lines.split = true;
    deadline_init(&p->quiet);
    turn_end_init(&p->look, chat_stream_on_look);
    turn_end_init(&p->send, chat_outbox_on_send);
    turn_end_init(&p->read, chat_journal_on_read);
    turn_end_init(&p->end, on_end);
    list_init(&p->outbox);
    list_init(&p->delivered);
    if (c->options->encoding)
        encoding_new(c->options->encoding, &p->encoding, NULL); /* chat_new has tried the name */
    list_append(&c->peers, &p->node);
    c->n_peers++;
    return p;
}

void chat_peer_announce(struct chat_peer *p)
{
    p->is_announced = true;
    if (p->chat->events->peer)
        p->chat->events->peer(p, p->chat->arg);
}

static void peer_free(struct chat_peer *p)
{
    struct chat *c = p->chat;

    chat_call_stop(p);
    chat_outbox_free(p);
    turn_end_cancel(&p->look);
    turn_end_cancel(&p->send);
    turn_end_cancel(&p->read);
    turn_end_cancel(&p->end);
    timer_free(p->patience);
    timer_free(p->ack);
    line_reader_done(&p->lines);
    encoding_free(p->encoding);
    str_done(&p->name);
    str_done(&p->who);
    free(p->endpoints);
    free(p->addrs);
    if (c->last_heard == p)
        c->last_heard = NULL;
    list_remove(&p->node);
    c->n_peers--;
    free(p);
}

static void on_end(struct turn_end *t)
{
    struct chat_peer *p = list_entry(t, struct chat_peer, end);
    struct chat *c = p->chat;

    if (c->events->gone && p->is_announced)
        c->events->gone(p, c->arg);
    peer_free(p);
}

void chat_close(struct chat_peer *p)
{
    if (p->is_closing)
        return;
    if (p->stream)
        chat_stream_finish(p);
    chat_call_stop(p);
    p->is_closing = true;
    loop_at_turn_end(p->chat->loop, &p->end);
}

/* Who has hung up, or has not written for longest, and nothing waits for: a caller from the outside. */
bool chat_has_room(struct chat *c)
{
    struct chat_peer *idle = NULL;

    if (c->n_peers < CHAT_PEERS_MAX)
        return true;
    list_for_each (node, &c->peers) {
        struct chat_peer *p = list_entry(node, struct chat_peer, node);

        if (p->is_contact || p->is_closing || p->stream || p->waiting || !(p->is_caller || p->door))
            continue;
        if (!idle || p->heard_ms < idle->heard_ms)
            idle = p;
    }
    if (!idle)
        return false;
    chat_close(idle);
    return true;
}

static int open_contact(
    struct chat *c, const struct book_entry *entry, struct chat_peer **ret, struct err *err)
{
    struct addr addrs[BOOK_ADDRESSES_MAX];

    for (size_t i = 0; i < entry->n_addresses; i++) {
        struct err why;

        if (addr_parse(&addrs[i], entry->addresses[i], ADDR_CALL, &why) < 0)
            return err_set(err, ERR_MISUSE, -EINVAL, "%s: %s", entry->name, why.text);
        if (addrs[i].scheme > ADDR_UNIXGRAM)
            return err_set(err, ERR_MISUSE, -EINVAL,
                _("%s: %s: chat speaks tcp, udp, tls, dtls, unix and unixgram"), entry->name,
                entry->addresses[i]);
    }
    *ret = chat_peer_new(c, entry->name, addrs, entry->n_addresses, true);
    chat_peer_announce(*ret);
    return 0;
}

struct chat_peer *chat_find_name(struct chat *c, const char *name)
{
    list_for_each (node, &c->peers) {
        struct chat_peer *p = list_entry(node, struct chat_peer, node);

        if (!p->is_closing && strcmp(p->name.data, name) == 0)
            return p;
    }
    return NULL;
}

int chat_open(struct chat *c, const char *who, struct chat_peer **ret, struct err *err)
{
    const struct book_entry *entry = NULL;
    const char *nearest;
    char text[ADDR_TEXT_BYTES];
    struct addr addr;
    struct err why;

    if (c->book && book_may_be_name(who))
        entry = book_find(c->book, who);
    if (!entry) {
        /* "li" could be a host, too; but who says a word means a contact. */
        if (c->book && book_may_be_name(who) && !strchr(who, '.') && strcmp(who, "localhost") != 0) {
            nearest = book_nearest(c->book, who);
            if (nearest)
                return err_set(err, ERR_NAME, -ENOENT,
                    _("there is no contact \"%s\"; did you mean \"%s\"? landline contacts add %s ADDRESS "
                      "makes "
                      "one"),
                    who, nearest, who);
            return err_set(err, ERR_NAME, -ENOENT,
                _("there is no contact \"%s\", and an address is written [SCHEME://]HOST:PORT; landline "
                  "contacts add %s ADDRESS makes one"),
                who, who);
        }
        if (addr_parse(&addr, who, ADDR_CALL, &why) < 0)
            return err_set(err, why.kind, why.code, "%s", why.text);
        if (addr.scheme > ADDR_UNIXGRAM)
            return err_set(err, ERR_MISUSE, -EINVAL,
                _("%s: chat speaks tcp, udp, tls, dtls, unix and unixgram, not %s"), who,
                addr_scheme_name(addr.scheme));
        entry = c->book ? chat_names_of_addr(c->names, c->book, &addr) : NULL;
        addr_format(&addr, text);
        *ret = chat_find_name(c, entry ? entry->name : text);
        if (*ret)
            return 0;
        if (!entry) {
            *ret = chat_peer_new(c, NULL, &addr, 1, false);
            chat_peer_announce(*ret);
            return 0;
        }
    }
    *ret = chat_find_name(c, entry->name);
    return *ret ? 0 : open_contact(c, entry, ret, err);
}

void chat_mark_read(struct chat_peer *p)
{
    if (!p->is_quiet)
        loop_at_turn_end(p->chat->loop, &p->read);
}

/* ---- names ---- */

static void rename_peer(struct chat_peer *p, const struct book_entry *entry)
{
    struct chat *c = p->chat;
    struct str before = p->who;

    str_init(&p->who);
    p->is_contact = entry != NULL;
    set_texts(p, entry ? entry->name : NULL);
    set_flags(p);
    if (strcmp(before.data, p->who.data) != 0 && p->is_contact)
        store_rename(c->options->store, before.data, p->who.data, NULL, NULL);
    str_done(&before);
}

void chat_set_book(struct chat *c, struct book *book)
{
    c->book = book;
    chat_names_free(c->names);
    c->names = chat_names_new(book);
    list_for_each (node, &c->peers) {
        struct chat_peer *p = list_entry(node, struct chat_peer, node);
        const struct book_entry *entry = NULL;

        if (book && p->is_contact)
            entry = book_find(book, p->name.data);
        if (book && !entry)
            entry = chat_names_of_addr(c->names, book, &p->addrs[p->addr_at]);
        if (entry || p->is_contact)
            rename_peer(p, entry);
    }
}

/* ---- life ---- */

int chat_new(struct loop *loop, const struct chat_options *options, const struct chat_events *events,
    void *arg, struct chat **ret, struct err *err)
{
    struct chat *c = xcalloc(1, sizeof(*c));
    struct encoding *encoding = NULL;
    int code = 0;

    c->loop = loop;
    c->options = options;
    c->events = events;
    c->arg = arg;
    c->book = options->book;
    c->names = chat_names_new(c->book);
    list_init(&c->peers);
    list_init(&c->doors);
    list_init(&c->changed);
    list_init(&c->tickets);
    turn_end_init(&c->tell, chat_outbox_on_tell);
    c->quiet = deadlines_new(loop, options->quiet_ms, chat_stream_on_quiet, c);
    c->linger = timer_new(loop, on_linger_over, c);
    if (options->encoding)
        code = encoding_new(options->encoding, &encoding, err);
    encoding_free(encoding);
    if (code == 0)
        code = chat_doors_open(c, err);
    if (code < 0) {
        chat_free(c);
        return code;
    }
    *ret = c;
    chat_journal_adopt(c);
    return 0;
}

static void tell_stopped(struct chat *c)
{
    c->has_stopped = true;
    timer_stop(c->linger);
    list_for_each (node, &c->peers)
        chat_call_stop(list_entry(node, struct chat_peer, node));
    chat_doors_close(c);
    if (c->stopped)
        c->stopped(c->stopped_arg);
}

void chat_check_stopped(struct chat *c)
{
    if (!c->is_stopping || c->has_stopped)
        return;
    list_for_each (node, &c->peers)
        if (list_entry(node, struct chat_peer, node)->stream)
            return;
    if (c->n_tickets == 0 && list_is_empty(&c->changed))
        tell_stopped(c);
}

static void on_linger_over(void *arg)
{
    struct chat *c = arg;

    if (!c->has_stopped)
        tell_stopped(c);
}

void chat_stop(struct chat *c, void (*stopped)(void *arg), void *arg)
{
    if (c->is_stopping)
        return;
    c->is_stopping = true;
    c->stopped = stopped;
    c->stopped_arg = arg;
    timer_start(c->linger, CHAT_LINGER_MS);
    list_for_each (node, &c->peers) {
        struct chat_peer *p = list_entry(node, struct chat_peer, node);

        if (p->stream)
            chat_stream_goodbye(p);
        else
            chat_call_stop(p);
    }
    chat_check_stopped(c);
}

void chat_free(struct chat *c)
{
    if (!c)
        return;
    list_for_each_safe (node, after, &c->peers)
        peer_free(list_entry(node, struct chat_peer, node));
    chat_doors_close(c);
    chat_journal_free(c);
    turn_end_cancel(&c->tell);
    deadlines_free(c->quiet);
    timer_free(c->linger);
    for (size_t i = 0; i < 2; i++) {
        tls_context_free(c->listen_tls[i]);
        tls_context_free(c->call_tls[i]);
    }
    chat_names_free(c->names);
    free(c);
}

/* ---- what is known of one ---- */

struct chat_peer *chat_next(const struct chat *c, const struct chat_peer *after)
{
    struct list *node = after ? after->node.next : c->peers.next;

    for (; node != &c->peers; node = node->next) {
        struct chat_peer *p = list_entry(node, struct chat_peer, node);

        if (p->is_announced && !p->is_closing)
            return p;
    }
    return NULL;
}

const char *chat_peer_name(const struct chat_peer *p)
{
    return p->name.data;
}

bool chat_peer_is_contact(const struct chat_peer *p)
{
    return p->is_contact;
}

const char *chat_peer_who(const struct chat_peer *p)
{
    return p->who.data;
}

const struct addr *chat_peer_addr(const struct chat_peer *p)
{
    return &p->addrs[p->addr_at];
}

const struct endpoint *chat_peer_endpoint(const struct chat_peer *p)
{
    return &p->endpoint;
}

enum chat_line chat_peer_line(const struct chat_peer *p)
{
    return p->line;
}

uint64_t chat_peer_redial_ms(const struct chat_peer *p)
{
    uint64_t now_ms = loop_now_ms(p->chat->loop);

    return p->redial_at_ms > now_ms ? p->redial_at_ms - now_ms : 0;
}

bool chat_peer_is_caller(const struct chat_peer *p)
{
    return p->is_caller;
}

size_t chat_peer_waiting(const struct chat_peer *p)
{
    return p->waiting;
}

void chat_peer_set_data(struct chat_peer *p, void *data)
{
    p->data = data;
}

void *chat_peer_data(const struct chat_peer *p)
{
    return p->data;
}
