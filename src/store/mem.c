/* SPDX-License-Identifier: ISC */
/* The journal in memory. Calls are carried out and told at the end of the loop's turn. */
#include "store/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "store/grams.h"
#include "store/store_ops.h"

/* uthash keeps the order of insertion, which is that of the ids. */
struct entry {
    struct store_message m;
    UT_hash_handle hh;
};

struct mark {
    char *who;
    int64_t read_id;
    UT_hash_handle hh;
};

struct mem {
    struct store base;
    struct loop *loop;
    struct turn_end turn;
    struct list calls;
    struct entry *entries;
    struct mark *marks;
    int64_t last_id;
    size_t kept, kept_bytes; /* not in the outbox */
    int fails;
};

static struct entry *last(const struct mem *mem)
{
    return mem->entries ? ELMT_FROM_HH(mem->entries->hh.tbl, mem->entries->hh.tbl->tail) : NULL;
}

static struct entry *by_id(const struct mem *mem, int64_t id)
{
    struct entry *e = NULL;

    HASH_FIND(hh, mem->entries, &id, sizeof(id), e);
    return e;
}

static void count(struct mem *mem, const struct entry *e, int by)
{
    if (e->m.in_outbox)
        return;
    mem->kept += (size_t)by;
    mem->kept_bytes += (size_t)by * e->m.len;
}

static void drop(struct mem *mem, struct entry *e)
{
    count(mem, e, -1);
    HASH_DEL(mem->entries, e);
    free((char *)e->m.who);
    free((char *)e->m.address);
    free((char *)e->m.note);
    free((char *)e->m.text);
    free(e);
}

static void trim(struct mem *mem)
{
    struct entry *e = mem->entries, *next;

    while (mem->kept > STORE_MEM_MESSAGES_MAX || mem->kept_bytes > STORE_MEM_BYTES_MAX) {
        next = e->hh.next;
        if (!e->m.in_outbox)
            drop(mem, e);
        e = next;
    }
}

static void replace(const char **text, const char *with)
{
    free((char *)*text);
    *text = xstrdup(with);
}

static void append(struct mem *mem, struct store_call *call)
{
    struct entry *e = xcalloc(1, sizeof(*e));

    /* The call has copied it already: what it owns changes hands. */
    e->m = call->message;
    call->message = (struct store_message){0};
    call->id = e->m.id = ++mem->last_id;
    HASH_ADD(hh, mem->entries, m.id, sizeof(e->m.id), e);
    count(mem, e, 1);
    if (e->m.is_passing && !e->m.in_outbox)
        drop(mem, e);
    trim(mem);
}

static void set_state(struct mem *mem, struct store_call *call)
{
    struct entry *e = by_id(mem, call->message.id);

    call->id = call->message.id;
    if (!e) {
        call->code = err_set(&call->err, ERR_OTHER, -ENOENT, _("the message is not in the journal"));
        return;
    }
    count(mem, e, -1);
    e->m.state = call->message.state;
    e->m.in_outbox = call->message.in_outbox;
    if (call->message.address)
        replace(&e->m.address, call->message.address);
    if (call->message.note)
        replace(&e->m.note, call->message.note);
    count(mem, e, 1);
    if (e->m.is_passing && !e->m.in_outbox)
        drop(mem, e);
    trim(mem);
}

static struct mark *mark_of(struct mem *mem, const char *who)
{
    struct mark *mark = NULL;

    HASH_FIND_STR(mem->marks, who, mark);
    if (!mark) {
        mark = xcalloc(1, sizeof(*mark));
        mark->who = xstrdup(who);
        HASH_ADD_KEYPTR(hh, mem->marks, mark->who, strlen(mark->who), mark);
    }
    return mark;
}

static void drop_mark(struct mem *mem, struct mark *mark)
{
    HASH_DEL(mem->marks, mark);
    free(mark->who);
    free(mark);
}

static bool is_unread(const struct entry *e, const struct mark *mark)
{
    return e->m.direction == STORE_IN && e->m.id > mark->read_id;
}

static void mark_read(struct mem *mem, struct store_call *call)
{
    struct mark *mark = mark_of(mem, call->message.who);

    call->id = call->message.id ? call->message.id : mem->last_id;
    if (mark->read_id < call->id)
        mark->read_id = call->id;
}

/* What is unread in either stays so; that something read is then unread again can't be helped. */
static void rename_all(struct mem *mem, struct store_call *call)
{
    const char *from = call->message.who;
    struct mark *mark = mark_of(mem, from), *other = mark_of(mem, call->to);
    int64_t read_id = mem->last_id;

    if (mark == other)
        return;
    for (struct entry *e = mem->entries; e; e = e->hh.next) {
        bool moves = strcmp(e->m.who, from) == 0;

        if ((moves && is_unread(e, mark)) || (strcmp(e->m.who, call->to) == 0 && is_unread(e, other)))
            read_id = e->m.id <= read_id ? e->m.id - 1 : read_id;
        if (moves)
            replace(&e->m.who, call->to);
    }
    other->read_id = read_id;
    drop_mark(mem, mark);
}

static bool is_found(const struct entry *e, const struct store_query *q)
{
    return !e->m.is_passing && (!q->who || strcmp(q->who, e->m.who) == 0) &&
           (!q->since_ns || e->m.at_ns >= q->since_ns) && (!q->until_ns || e->m.at_ns < q->until_ns) &&
           (!q->after_id || e->m.id > q->after_id) && (!q->before_id || e->m.id < q->before_id);
}

static void delete_all(struct mem *mem, struct store_call *call)
{
    struct entry *e, *next;

    for (e = mem->entries; e; e = next) {
        next = e->hh.next;
        if (!e->m.in_outbox && is_found(e, &call->query)) {
            drop(mem, e);
            call->id++;
        }
    }
}

static void find(struct mem *mem, struct store_call *call)
{
    const struct store_query *q = &call->query;
    struct grams_query *search = q->search ? grams_query_new(q->search) : NULL;
    struct entry *e = q->oldest ? mem->entries : last(mem);

    for (; e && (!q->search || search); e = q->oldest ? e->hh.next : e->hh.prev)
        if (is_found(e, q) && (!search || grams_query_holds(search, e->m.text, e->m.len)) &&
            !store_call_add(call, &e->m))
            break;
    if (!q->oldest)
        store_call_reverse(call);
    grams_query_free(search);
}

/* uthash's entry of a list that is being made. */
struct listed {
    struct store_conversation c;
    UT_hash_handle hh;
};

static int later_first(const struct listed *a, const struct listed *b)
{
    return (a->c.last_id < b->c.last_id) - (a->c.last_id > b->c.last_id);
}

static void list(struct mem *mem, struct store_call *call)
{
    struct listed *all = NULL, *l, *next;

    for (struct entry *e = mem->entries; e; e = e->hh.next) {
        if (e->m.is_passing)
            continue;
        HASH_FIND_STR(all, e->m.who, l);
        if (!l) {
            l = xcalloc(1, sizeof(*l));
            l->c.who = e->m.who;
            HASH_ADD_KEYPTR(hh, all, l->c.who, strlen(l->c.who), l);
        }
        l->c.last_id = e->m.id;
        l->c.last_at_ns = e->m.at_ns;
        l->c.messages++;
        l->c.unread += is_unread(e, mark_of(mem, e->m.who));
    }
    HASH_SORT(all, later_first);
    HASH_ITER (hh, all, l, next) {
        store_call_add_conversation(call, &l->c);
        HASH_DEL(all, l);
        free(l);
    }
}

static void carry_out(struct mem *mem, struct store_call *call)
{
    if (call->code == 0 && mem->fails)
        call->code = err_set(
            &call->err, ERR_OTHER, mem->fails, _("the journal in memory fails: %s"), err_word(mem->fails));
    if (call->code < 0)
        return;
    switch (call->verb) {
    case STORE_APPEND:
        append(mem, call);
        break;
    case STORE_SET_STATE:
        set_state(mem, call);
        break;
    case STORE_MARK_READ:
        mark_read(mem, call);
        break;
    case STORE_RENAME:
        rename_all(mem, call);
        break;
    case STORE_DELETE:
        delete_all(mem, call);
        break;
    case STORE_FIND:
        find(mem, call);
        break;
    case STORE_LIST:
        list(mem, call);
        break;
    case STORE_ADOPT: /* memory outlives nobody: all in the outbox is our own */
        break;
    }
}

/* What is asked in a callback waits for the next round, so that a chain of calls does not hold up the loop.
 */
static void tell_round(struct turn_end *t)
{
    struct mem *mem = list_entry(t, struct mem, turn);
    struct list *last_of_round = mem->calls.prev;
    struct list *node = NULL;

    while (node != last_of_round) {
        struct store_call *call = list_entry(mem->calls.next, struct store_call, job.node);

        node = &call->job.node;
        list_remove(node);
        carry_out(mem, call);
        store_call_tell(call);
    }
}

static void submit(struct store *s, struct store_call *call)
{
    struct mem *mem = (struct mem *)s;

    list_append(&mem->calls, &call->job.node);
    loop_at_turn_end(mem->loop, &mem->turn);
}

static void close_mem(struct store *s)
{
    struct mem *mem = (struct mem *)s;

    while (!list_is_empty(&mem->calls))
        tell_round(&mem->turn);
    turn_end_cancel(&mem->turn);
    while (mem->entries)
        drop(mem, mem->entries);
    while (mem->marks)
        drop_mark(mem, mem->marks);
    free(mem);
}

struct store *store_mem_new(struct loop *loop)
{
    static const struct store_ops ops = {submit, close_mem};
    struct mem *mem = xcalloc(1, sizeof(*mem));

    mem->base.ops = &ops;
    mem->loop = loop;
    turn_end_init(&mem->turn, tell_round);
    list_init(&mem->calls);
    return &mem->base;
}

void store_mem_fail(struct store *s, int code)
{
    ((struct mem *)s)->fails = code;
}
