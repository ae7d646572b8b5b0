/* SPDX-License-Identifier: ISC */
/* A table of sockets by their cookies, which lasts, and a list of claims: a socket with the addresses that it
 * had, from when to when. One socket may make several, as one that is bound and then connected. A claim is
 * found by its ports; whether the addresses are the same is then looked at. */
#include "see/claims.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "see/conversation.h"
#include "wire/ip.h"

#include <uthash.h>
#undef uthash_malloc
#define uthash_malloc(size) xmalloc(size)

/* The clock of packets and ours are read at different places; and a socket that is destroyed is told of a
 * moment later. Too short for a port to be given to somebody else: the kernel picks them at random. */
#define SLACK_NS INT64_C(50000000)

struct claim {
    struct claim *next; /* of the same ports */
    const struct known *socket;
    int64_t from_ns;
    uint8_t ip_version; /* 0: either */
    uint8_t local[16], remote[16];
};

/* What claims are found by. No padding: it is hashed as bytes. */
struct ports {
    uint32_t protocol;
    uint16_t local, remote;
};

struct slot {
    struct ports key;
    struct claim *first;
    UT_hash_handle hh;
};

struct known {
    uint64_t cookie;
    bool is_ours, is_foreign;
    uint64_t unheld_turn; /* the last one in which some process had it, and none of the command's; 0: none */
    uint64_t seen_turn;   /* the last one in which it was there */
    bool is_closing;      /* then no process had it */
    int64_t since_ns, until_ns;
    UT_hash_handle hh;
};

struct address {
    uint8_t ip_version, bytes[16];
};

struct claims {
    bool all_are_told, has_missed;
    int64_t since_ns;
    uint64_t turn;
    size_t closing;        /* in this turn */
    struct known *sockets; /* uthash */
    struct slot *slots;    /* uthash */
    size_t socket_count;
    struct address *addresses;
    size_t address_count;
};

/* ---- its life ---- */

struct claims *claims_new(bool all_are_told, int64_t since_ns)
{
    struct claims *c = xcalloc(1, sizeof(*c));

    c->all_are_told = all_are_told;
    c->since_ns = since_ns;
    c->turn = 1; /* a socket that was never seen has 0 */
    return c;
}

void claims_free(struct claims *c)
{
    struct known *socket, *next_socket;
    struct slot *slot, *next_slot;

    if (!c)
        return;
    HASH_ITER (hh, c->sockets, socket, next_socket) {
        HASH_DEL(c->sockets, socket);
        free(socket);
    }
    HASH_ITER (hh, c->slots, slot, next_slot) {
        HASH_DEL(c->slots, slot);
        for (struct claim *claim = slot->first, *next; claim; claim = next) {
            next = claim->next;
            free(claim);
        }
        free(slot);
    }
    free(c->addresses);
    free(c);
}

void claims_missed(struct claims *c)
{
    c->has_missed = true;
}

static size_t address_bytes(uint8_t ip_version)
{
    return ip_version == 4 ? 4 : 16;
}

static bool is_local(const struct claims *c, uint8_t ip_version, const uint8_t *bytes)
{
    if (ip_version == 4 && bytes[0] == 127)
        return true;
    for (size_t i = 0; i < c->address_count; i++)
        if (c->addresses[i].ip_version == ip_version &&
            memcmp(c->addresses[i].bytes, bytes, address_bytes(ip_version)) == 0)
            return true;
    return false;
}

void claims_add_address(struct claims *c, uint8_t ip_version, const uint8_t *address)
{
    struct address *a;

    if (is_local(c, ip_version, address))
        return;
    c->addresses = xreallocarray(c->addresses, c->address_count + 1, sizeof(*c->addresses));
    a = &c->addresses[c->address_count++];
    a->ip_version = ip_version;
    memset(a->bytes, 0, sizeof(a->bytes));
    memcpy(a->bytes, address, address_bytes(ip_version));
}

/* ---- sockets ---- */

static struct known *find_socket(struct claims *c, uint64_t cookie)
{
    struct known *socket;

    HASH_FIND(hh, c->sockets, &cookie, sizeof(cookie), socket);
    return socket;
}

/* NULL: there are too many. */
static struct known *add_socket(struct claims *c, uint64_t cookie, int64_t since_ns)
{
    struct known *socket = find_socket(c, cookie);

    if (socket)
        return socket;
    if (c->socket_count == CLAIMS_MAX) {
        c->has_missed = true;
        return NULL;
    }
    socket = xcalloc(1, sizeof(*socket));
    socket->cookie = cookie;
    socket->since_ns = since_ns;
    socket->until_ns = INT64_MAX;
    HASH_ADD(hh, c->sockets, cookie, sizeof(socket->cookie), socket);
    c->socket_count++;
    return socket;
}

/* Its padding is hashed, too. */
static struct ports ports_of(uint8_t protocol, uint16_t local, uint16_t remote)
{
    struct ports ports;

    memset(&ports, 0, sizeof(ports));
    ports.protocol = protocol;
    ports.local = local;
    ports.remote = remote;
    return ports;
}

static bool is_same(const struct claim *claim, const struct known *socket, const struct sockdiag_socket *s)
{
    return claim->socket == socket && claim->ip_version == s->ip_version &&
           memcmp(claim->local, s->local, sizeof(s->local)) == 0 &&
           memcmp(claim->remote, s->remote, sizeof(s->remote)) == 0;
}

static void claim(struct claims *c, const struct known *socket, const struct sockdiag_socket *s)
{
    const struct ports key = ports_of(s->protocol, s->local_port, s->remote_port);
    struct claim *claim;
    struct slot *slot;

    if (!s->local_port)
        return; /* it has said nothing yet */
    HASH_FIND(hh, c->slots, &key, sizeof(key), slot);
    for (claim = slot ? slot->first : NULL; claim; claim = claim->next)
        if (is_same(claim, socket, s))
            return;
    if (!slot) {
        slot = xcalloc(1, sizeof(*slot));
        slot->key = key;
        HASH_ADD(hh, c->slots, key, sizeof(slot->key), slot);
    }
    claim = xcalloc(1, sizeof(*claim));
    claim->next = slot->first;
    claim->socket = socket;
    claim->from_ns = socket->since_ns;
    claim->ip_version = s->ip_version;
    memcpy(claim->local, s->local, sizeof(claim->local));
    memcpy(claim->remote, s->remote, sizeof(claim->remote));
    slot->first = claim;
}

void claims_own(struct claims *c, uint64_t cookie, int64_t now_ns)
{
    struct known *socket = add_socket(c, cookie, now_ns);

    if (socket)
        socket->is_ours = true;
}

void claims_turn(struct claims *c)
{
    c->turn++;
}

/* Foreign is what some process had before the command's were looked through, and has behind that, and none of
 * the command's had. */
void claims_see(struct claims *c, const struct sockdiag_socket *s, bool is_held, int64_t before_ns)
{
    struct known *socket = find_socket(c, s->cookie);

    if (!socket && c->all_are_told && !is_held)
        return;
    if (!socket)
        socket = add_socket(c, s->cookie, before_ns);
    if (!socket)
        return;
    if (is_held)
        socket->is_ours = true;
    else if (s->inode && !c->has_missed) {
        if (socket->unheld_turn && socket->unheld_turn + 1 == c->turn)
            socket->is_foreign = true;
        socket->unheld_turn = c->turn;
    }
    if (socket->is_ours || socket->is_foreign)
        claim(c, socket, s);
    socket->seen_turn = c->turn;
    socket->is_closing = !s->inode && s->protocol == IP_PROTOCOL_TCP;
}

void claims_gone(struct claims *c, const struct sockdiag_socket *s, int64_t now_ns)
{
    struct known *socket = find_socket(c, s->cookie);

    if (!socket)
        return;
    socket->until_ns = now_ns;
    if (socket->is_ours || socket->is_foreign)
        claim(c, socket, s);
}

size_t claims_awaited(const struct claims *c)
{
    size_t count = 0;

    for (const struct known *socket = c->sockets; socket; socket = socket->hh.next)
        if (socket->is_ours && socket->until_ns == INT64_MAX &&
            (socket->seen_turn != c->turn || socket->is_closing))
            count++;
    return count;
}

/* ---- conversations ---- */

static bool is_any(const uint8_t *address)
{
    static const uint8_t any[16];

    return memcmp(address, any, sizeof(any)) == 0;
}

static bool fits(const struct claim *claim, const struct conversation *conversation, unsigned side)
{
    const size_t bytes = address_bytes(conversation->ip_version);

    if (claim->ip_version && claim->ip_version != conversation->ip_version)
        return false;
    if (!is_any(claim->local) && memcmp(claim->local, conversation->side[side].address, bytes) != 0)
        return false;
    if (!is_any(claim->remote) && memcmp(claim->remote, conversation->side[!side].address, bytes) != 0)
        return false;
    return conversation->first_ns >= claim->from_ns - SLACK_NS &&
           (claim->socket->until_ns == INT64_MAX ||
               conversation->first_ns <= claim->socket->until_ns + SLACK_NS);
}

static enum claims_verdict judge_ports(
    struct claims *c, const struct conversation *conversation, unsigned side, uint16_t remote_port)
{
    const struct ports key = ports_of(conversation->protocol, conversation->side[side].port, remote_port);
    enum claims_verdict verdict = CLAIMS_UNKNOWN;
    struct slot *slot;

    HASH_FIND(hh, c->slots, &key, sizeof(key), slot);
    for (const struct claim *claim = slot ? slot->first : NULL; claim; claim = claim->next) {
        if (!fits(claim, conversation, side))
            continue;
        if (claim->socket->is_ours)
            return CLAIMS_OURS;
        verdict = CLAIMS_FOREIGN;
    }
    return verdict;
}

/* Of one end. A socket without a peer, as one that listens, has the connections that come to it. */
static enum claims_verdict judge_end(struct claims *c, const struct conversation *conversation, unsigned side)
{
    const struct conversation_side *end = &conversation->side[side];
    enum claims_verdict connected, alone;

    if (!is_local(c, conversation->ip_version, end->address))
        return CLAIMS_FOREIGN;
    connected = judge_ports(c, conversation, side, conversation->side[!side].port);
    if (connected == CLAIMS_OURS)
        return connected;
    alone = judge_ports(c, conversation, side, 0);
    return alone == CLAIMS_UNKNOWN ? connected : alone;
}

enum claims_verdict claims_judge(struct claims *c, const struct conversation *conversation)
{
    enum claims_verdict a, b;

    if (conversation->first_ns < c->since_ns)
        return CLAIMS_FOREIGN;
    a = judge_end(c, conversation, FLOW_A);
    b = judge_end(c, conversation, FLOW_B);
    if (a == CLAIMS_OURS || b == CLAIMS_OURS)
        return CLAIMS_OURS;
    if (c->all_are_told && !c->has_missed)
        return CLAIMS_FOREIGN;
    return a == CLAIMS_UNKNOWN || b == CLAIMS_UNKNOWN ? CLAIMS_UNKNOWN : CLAIMS_FOREIGN;
}
