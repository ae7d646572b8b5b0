/* SPDX-License-Identifier: ISC */
/* Connections are kept by the number of their conversation, so a second one between the same ports begins
 * anew. */
#include "lab/states.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/xmalloc.h"
#include "wire/ip.h"

struct connection {
    uint32_t conversation; /* the key */
    uint8_t ip_version;
    uint8_t address[LAB_SIDES][16];
    uint16_t port[LAB_SIDES];
    bool had_socket[LAB_SIDES];
    uint8_t state[LAB_SIDES]; /* enum flow_state, as told last */
    UT_hash_handle hh;
};

struct states {
    struct diag *diags[LAB_SIDES];
    struct connection *connections; /* in the order in which they came */
};

struct states *states_new(struct diag *client, struct diag *server)
{
    struct states *s = xcalloc(1, sizeof(*s));

    s->diags[LAB_CLIENT] = client;
    s->diags[LAB_SERVER] = server;
    return s;
}

void states_free(struct states *s)
{
    struct connection *c, *next;

    if (!s)
        return;
    HASH_ITER (hh, s->connections, c, next) {
        HASH_DEL(s->connections, c);
        free(c);
    }
    free(s);
}

static bool is_over(uint8_t state)
{
    return state == FLOW_CLOSED || state == FLOW_LISTEN;
}

static bool is_closed(const struct connection *c)
{
    return is_over(c->state[LAB_CLIENT]) && is_over(c->state[LAB_SERVER]);
}

/* True if there is room for one more. */
static bool make_room(struct states *s)
{
    struct connection *c, *next;

    if (HASH_COUNT(s->connections) < STATES_CONNECTIONS_MAX)
        return true;
    HASH_ITER (hh, s->connections, c, next) {
        if (!is_closed(c))
            continue;
        HASH_DEL(s->connections, c);
        free(c);
        return true;
    }
    return false;
}

static struct connection *connection_of(struct states *s, const struct followed *followed)
{
    const struct flow *flow = followed->flow;
    struct connection *c;

    HASH_FIND(hh, s->connections, &followed->conversation, sizeof(c->conversation), c);
    if (c || !make_room(s))
        return c;
    c = xcalloc(1, sizeof(*c));
    c->conversation = followed->conversation;
    c->ip_version = flow->version;
    memcpy(c->address, flow->address, sizeof(c->address));
    memcpy(c->port, flow->port, sizeof(c->port));
    HASH_ADD(hh, s->connections, conversation, sizeof(c->conversation), c);
    return c;
}

static uint8_t ask_side(struct states *s, struct connection *c, enum lab_side side)
{
    const struct diag_key key = {
        .ip_version = c->ip_version,
        .local = c->address[side],
        .remote = c->address[!side],
        .local_port = c->port[side],
        .remote_port = c->port[!side],
    };
    struct diag_socket socket;
    bool is_listener = false;

    if (diag_connection(s->diags[side], &key, &socket, &is_listener) == 0) {
        c->had_socket[side] = true;
        return socket.state;
    }
    return is_listener && !c->had_socket[side] ? FLOW_LISTEN : FLOW_CLOSED;
}

bool states_ask(struct states *s, const struct followed *followed, uint8_t ret[LAB_SIDES])
{
    struct connection *c;

    if (followed->flow->protocol != IP_PROTOCOL_TCP || !(c = connection_of(s, followed)))
        return false;
    for (int side = 0; side < LAB_SIDES; side++)
        ret[side] = c->state[side] = ask_side(s, c, (enum lab_side)side);
    return true;
}

bool states_last(struct states *s, uint32_t conversation, uint8_t ret[LAB_SIDES])
{
    struct connection *c;

    HASH_FIND(hh, s->connections, &conversation, sizeof(c->conversation), c);
    if (c)
        memcpy(ret, c->state, sizeof(c->state));
    return c;
}

static bool waits(uint8_t state)
{
    return state == FLOW_SYN_SENT || state == FLOW_SYN_RECEIVED || state == FLOW_FIN_WAIT_1 ||
           state == FLOW_CLOSING || state == FLOW_LAST_ACK;
}

unsigned states_look(struct states *s,
    void (*changed)(void *arg, uint32_t conversation, const uint8_t state[LAB_SIDES]), void *arg)
{
    struct connection *c, *next;
    unsigned waiting = 0;

    HASH_ITER (hh, s->connections, c, next) {
        uint8_t before[LAB_SIDES];

        if (is_closed(c))
            continue;
        memcpy(before, c->state, sizeof(before));
        for (int side = 0; side < LAB_SIDES; side++)
            c->state[side] = ask_side(s, c, (enum lab_side)side);
        if (memcmp(before, c->state, sizeof(before)) != 0)
            changed(arg, c->conversation, c->state);
        waiting += waits(c->state[LAB_CLIENT]) || waits(c->state[LAB_SERVER]);
    }
    return waiting;
}
