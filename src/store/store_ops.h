/* SPDX-License-Identifier: ISC */
#ifndef STORE_STORE_OPS_H
#define STORE_STORE_OPS_H

#include "net/worker.h"
#include "store/store.h"

/* The inside of a store, for its backends alone. A call of store.h is a struct store_call there: what was
 * asked is copied into it, the backend takes it (submit), carries it out where and when it likes, but in the
 * order they came, and has it told. */

enum store_verb {
    STORE_APPEND,
    STORE_SET_STATE,
    STORE_MARK_READ,
    STORE_RENAME,
    STORE_DELETE,
    STORE_FIND,
    STORE_LIST,
    STORE_ADOPT,
};

struct store_call {
    struct worker_job job; /* the backend's, to use or not; its node keeps the call in one list */
    struct store *store;
    enum store_verb verb;

    /* What was asked; owned. */
    struct store_message message; /* append; set_state: id, state, in_outbox, address and note or NULL;
                                   * mark_read: id, who; rename: who */
    char *to;                     /* rename */
    struct store_query query;     /* delete, find; adopt: its limit */

    /* The answer; code 0 before. */
    int code;
    struct err err;
    int64_t id;
    struct store_message *messages; /* find, adopt: store_call_add */
    size_t n_messages, messages_bytes;
    struct store_conversation *conversations; /* list: store_call_add_conversation */
    size_t n_conversations;

    union {
        store_done *done;
        store_found *found;
        store_listed *listed;
    };
    void *arg;
};

struct store_ops {
    /* Takes the call, and has store_call_tell called for it on the loop's thread, after this has returned. A
     * call that comes with a code is not carried out, only told in its turn. */
    void (*submit)(struct store *s, struct store_call *call);
    /* Has all calls told, those too that are made meanwhile, and frees the store. */
    void (*close)(struct store *s);
};

/* Backends embed it as their first member. */
struct store {
    const struct store_ops *ops;
};

/* Copies a message into the answer. False: no more will be taken, the answer is full with this one. */
bool store_call_add(struct store_call *call, const struct store_message *m);
/* Turns an answer that was gathered from the newest on. */
void store_call_reverse(struct store_call *call);
void store_call_add_conversation(struct store_call *call, const struct store_conversation *c);
/* Calls back, and frees the call. */
void store_call_tell(struct store_call *call);

#endif
