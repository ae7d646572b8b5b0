/* SPDX-License-Identifier: ISC */
/* What all backends share: a call with all it was given, and its answer. */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "store/store_ops.h"

const char *store_state_name(enum store_state state)
{
    static const char *const names[STORE_STATES] = {
        [STORE_RECEIVED] = "received",
        [STORE_WAITING] = "waiting",
        [STORE_SENT] = "sent",
        [STORE_ACKED] = "acked",
        [STORE_ANSWERED] = "answered",
        [STORE_FAILED] = "failed",
        [STORE_CANCELLED] = "cancelled",
    };

    return names[state];
}

const char *store_ending_name(enum store_ending ending)
{
    static const char *const names[] = {[STORE_BARE] = "none", [STORE_LF] = "lf", [STORE_CRLF] = "crlf"};

    return names[ending];
}

static char *copy(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

static struct store_call *call_new(struct store *s, enum store_verb verb, void *arg)
{
    struct store_call *call = xcalloc(1, sizeof(*call));

    list_init(&call->job.node);
    call->store = s;
    call->verb = verb;
    call->arg = arg;
    call->err = (struct err){.kind = ERR_NONE};
    return call;
}

/* A text of a message that is in no answer is owned by itself. */
static void message_done(struct store_message *m)
{
    free((char *)m->who);
    free((char *)m->address);
    free((char *)m->text);
    free((char *)m->note);
}

static void call_free(struct store_call *call)
{
    message_done(&call->message);
    free(call->to);
    free((char *)call->query.who);
    free((char *)call->query.search);
    for (size_t i = 0; i < call->n_messages; i++)
        free((char *)call->messages[i].who);
    free(call->messages);
    for (size_t i = 0; i < call->n_conversations; i++)
        free((char *)call->conversations[i].who);
    free(call->conversations);
    free(call);
}

static void limit_who(struct store_call *call, const char *who)
{
    if (call->code == 0 && who && strlen(who) > STORE_WHO_BYTES)
        call->code = err_set(&call->err, ERR_OTHER, -EMSGSIZE,
            _("the name of a conversation has at most %d bytes"), STORE_WHO_BYTES);
}

static void submit(struct store_call *call)
{
    call->store->ops->submit(call->store, call);
}

void store_append(struct store *s, const struct store_message *m, store_done *done, void *arg)
{
    struct store_call *call = call_new(s, STORE_APPEND, arg);

    assert(m->direction == STORE_OUT || m->state == STORE_RECEIVED);
    call->done = done;
    limit_who(call, m->who);
    if (call->code == 0 && m->len > STORE_TEXT_BYTES)
        call->code = err_set(&call->err, ERR_OTHER, -EMSGSIZE,
            _("a message of %zu bytes; the journal takes at most %zu"), m->len, STORE_TEXT_BYTES);
    call->message = *m;
    call->message.id = 0;
    call->message.who = xstrdup(m->who);
    call->message.address = xstrdup(m->address ? m->address : "");
    call->message.note = xstrdup(m->note ? m->note : "");
    call->message.text = call->code == 0 ? xmemdup0(m->text, m->len) : NULL;
    submit(call);
}

void store_set_state(struct store *s, int64_t id, enum store_state state, bool in_outbox, const char *address,
    const char *note, store_done *done, void *arg)
{
    struct store_call *call = call_new(s, STORE_SET_STATE, arg);

    call->done = done;
    call->message = (struct store_message){
        .id = id, .state = state, .in_outbox = in_outbox, .address = copy(address), .note = copy(note)};
    submit(call);
}

void store_mark_read(struct store *s, const char *who, int64_t id, store_done *done, void *arg)
{
    struct store_call *call = call_new(s, STORE_MARK_READ, arg);

    call->done = done;
    limit_who(call, who);
    call->message = (struct store_message){.id = id, .who = xstrdup(who)};
    submit(call);
}

void store_rename(struct store *s, const char *from, const char *to, store_done *done, void *arg)
{
    struct store_call *call = call_new(s, STORE_RENAME, arg);

    call->done = done;
    limit_who(call, from);
    limit_who(call, to);
    call->message.who = xstrdup(from);
    call->to = xstrdup(to);
    submit(call);
}

static void set_query(struct store_call *call, const struct store_query *query)
{
    limit_who(call, query->who);
    if (call->code == 0 && query->search && strlen(query->search) > STORE_SEARCH_BYTES)
        call->code = err_set(&call->err, ERR_MISUSE, -EMSGSIZE,
            _("what is searched for has at most %d bytes"), STORE_SEARCH_BYTES);
    call->query = *query;
    call->query.who = copy(query->who);
    call->query.search = copy(query->search);
}

void store_delete(struct store *s, const struct store_query *query, store_done *done, void *arg)
{
    struct store_call *call = call_new(s, STORE_DELETE, arg);

    assert(!query->search);
    call->done = done;
    set_query(call, query);
    submit(call);
}

void store_find(struct store *s, const struct store_query *query, store_found *found, void *arg)
{
    struct store_call *call = call_new(s, STORE_FIND, arg);

    assert(query->limit >= 1 && query->limit <= STORE_FOUND_MAX);
    call->found = found;
    set_query(call, query);
    submit(call);
}

void store_list(struct store *s, store_listed *listed, void *arg)
{
    struct store_call *call = call_new(s, STORE_LIST, arg);

    call->listed = listed;
    submit(call);
}

void store_adopt(struct store *s, store_found *found, void *arg)
{
    struct store_call *call = call_new(s, STORE_ADOPT, arg);

    call->found = found;
    call->query.limit = STORE_FOUND_MAX;
    submit(call);
}

void store_free(struct store *s)
{
    if (s)
        s->ops->close(s);
}

/* Appends a text with its NUL, and moves on. */
static const char *put(char **at, const void *text, size_t len)
{
    char *start = *at;

    if (len > 0)
        memcpy(start, text, len);
    start[len] = '\0';
    *at += len + 1;
    return start;
}

bool store_call_add(struct store_call *call, const struct store_message *m)
{
    size_t who = strlen(m->who), address = strlen(m->address), note = strlen(m->note);
    /* One piece of memory for all texts; who is in front. */
    char *at = xmalloc(who + address + note + m->len + 4);
    struct store_message *copied;

    if ((call->n_messages & (call->n_messages - 1)) == 0) /* 0 and the powers of 2 */
        call->messages = xreallocarray(
            call->messages, call->n_messages ? call->n_messages * 2 : 1, sizeof(*call->messages));
    copied = &call->messages[call->n_messages++];
    *copied = *m;
    copied->who = put(&at, m->who, who);
    copied->address = put(&at, m->address, address);
    copied->note = put(&at, m->note, note);
    copied->text = put(&at, m->text, m->len);
    call->messages_bytes += m->len;
    return call->n_messages < call->query.limit && call->messages_bytes < STORE_FOUND_BYTES;
}

void store_call_reverse(struct store_call *call)
{
    for (size_t i = 0, j = call->n_messages; i + 1 < j; i++) {
        struct store_message m = call->messages[i];

        call->messages[i] = call->messages[--j];
        call->messages[j] = m;
    }
}

void store_call_add_conversation(struct store_call *call, const struct store_conversation *c)
{
    if ((call->n_conversations & (call->n_conversations - 1)) == 0)
        call->conversations = xreallocarray(call->conversations,
            call->n_conversations ? call->n_conversations * 2 : 1, sizeof(*call->conversations));
    call->conversations[call->n_conversations] = *c;
    call->conversations[call->n_conversations++].who = xstrdup(c->who);
}

void store_call_tell(struct store_call *call)
{
    const struct err *err = call->code < 0 ? &call->err : NULL;
    bool ok = call->code == 0;

    switch (call->verb) {
    case STORE_FIND:
    case STORE_ADOPT:
        if (call->found)
            call->found(call->messages, ok ? call->n_messages : 0, call->code, err, call->arg);
        break;
    case STORE_LIST:
        if (call->listed)
            call->listed(call->conversations, ok ? call->n_conversations : 0, call->code, err, call->arg);
        break;
    default:
        if (call->done)
            call->done(call->id, call->code, err, call->arg);
    }
    call_free(call);
}
