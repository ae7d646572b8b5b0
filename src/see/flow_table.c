/* SPDX-License-Identifier: ISC */
/* A hash table made for one thing: as little memory and as few cache misses a packet as can be. Conversations
 * lie in chunks that never move. The index is an array of buckets, each a cache line: the places of 15
 * conversations, and how many more had to go on to the next bucket. In a place, the bits that no number of a
 * conversation needs are bits of the hash, which keep nearly all strangers from being looked at. A
 * conversation is taken out without any other being moved or so much as looked at. */
#include "see/flow_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/xmalloc.h"
#include "see/tcpseq.h"
#include "see/udp_pair.h"

/* As many as a huge page holds. Half of what a lookup costs is the walk through the page tables, and a fault
 * for each 4 KiB. */
#define CHUNK_BYTES (2U << 20)
#define CHUNK_FLOWS (CHUNK_BYTES / sizeof(struct flow))
#define CACHE_LINE 64

#define BUCKET_PLACES 15
#define BUCKETS_MIN 64
/* Full at 85 %, at 57 % just behind growing: 5 to 7.5 bytes a flow. */
#define LOAD_MAX_PERCENT 85
#define NO_REF 0

/* Of those that are alive, how many are looked at for one that may go. */
#define VICTIMS_LOOKED_AT 32

struct bucket {
    uint32_t passed;                /* how many flows found it full and went on */
    uint32_t places[BUCKET_PLACES]; /* tag, and the number of the flow in the chunks, from 1; 0: free */
};

_Static_assert(sizeof(struct bucket) == CACHE_LINE, "a bucket has one cache line");

struct flow_table {
    uint64_t seed[2];
    struct bucket *buckets;
    uint32_t bucket_count;
    uint32_t tag_shift;
    uint32_t count; /* in the table */
    uint32_t max_flows;
    uint32_t used; /* of the chunks, freed ones counted */
    struct flow **chunks;
    uint32_t chunk_count;
    uint32_t free_ref;                  /* chained by next_closed */
    uint32_t closed_first, closed_last; /* queue, chained by next_closed */
    uint32_t queued;
    uint32_t hand;   /* where the next search for a quiet one begins */
    uint32_t number; /* of the latest */
    flow_table_ended *ended;
    void *arg;
    bool has_a;
    uint8_t a_ipv4[4], a_ipv6[16];
    const struct packet *expected; /* see flow_table_expect; compared, never followed */
    unsigned expected_count;
    uint32_t guesses[FLOW_TABLE_EXPECT_MAX]; /* which flow each of them may be of; NO_REF: look for it */
};

/* What a packet is looked up by. */
struct key {
    const uint8_t *src, *dst;
    uint32_t hash;
    uint16_t sport, dport;
    uint8_t protocol, version, address_bytes;
};

static struct flow *flow_at(const struct flow_table *t, uint32_t ref)
{
    return &t->chunks[(ref - 1) / CHUNK_FLOWS][(ref - 1) % CHUNK_FLOWS];
}

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

static uint64_t load64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static uint64_t hash_end(const struct flow_table *t, const uint8_t *address, unsigned bytes, uint16_t port)
{
    if (bytes == 4)
        return fold(((uint64_t)load_be32(address) << 16 | port) ^ t->seed[0], t->seed[1]);
    return fold(load64(address) ^ t->seed[0], load64(address + 8) ^ t->seed[1] ^ (uint64_t)port << 48);
}

/* The same for both directions: the two ends are added. */
static uint32_t hash_of(const struct flow_table *t, const uint8_t *one, uint16_t port_one,
    const uint8_t *other, uint16_t port_other, unsigned bytes, uint8_t protocol)
{
    uint64_t sum = hash_end(t, one, bytes, port_one) + hash_end(t, other, bytes, port_other);
    uint64_t hash = fold(sum ^ protocol, 0x9e3779b97f4a7c15);

    return (uint32_t)(hash >> 32 ^ hash);
}

static uint32_t flow_hash(const struct flow_table *t, const struct flow *flow)
{
    return hash_of(t, flow->address[FLOW_A], flow->port[FLOW_A], flow->address[FLOW_B], flow->port[FLOW_B],
        flow->version == 4 ? 4 : 16, flow->protocol);
}

/* Spread by the upper bits, tagged by the lower. */
static uint32_t bucket_of(const struct flow_table *t, uint32_t hash)
{
    return (uint32_t)((uint64_t)hash * t->bucket_count >> 32);
}

static uint32_t next_bucket(const struct flow_table *t, uint32_t bucket)
{
    return ++bucket == t->bucket_count ? 0 : bucket;
}

static uint32_t ref_of(const struct flow_table *t, uint32_t place)
{
    return place & ((UINT32_C(1) << t->tag_shift) - 1);
}

/* Bits: which of the places have the tag of this hash. Free ones may, too. */
static unsigned tagged_places(const struct flow_table *t, const struct bucket *b, uint32_t hash)
{
    uint32_t tag = hash << t->tag_shift, mask = UINT32_MAX << t->tag_shift;
    unsigned found = 0;

    for (unsigned i = 0; i < BUCKET_PLACES; i++)
        found |= (unsigned)((b->places[i] & mask) == tag) << i;
    return found;
}

static unsigned find_place(const struct bucket *b, uint32_t place)
{
    unsigned i = 0;

    while (i < BUCKET_PLACES && b->places[i] != place)
        i++;
    return i;
}

static void insert(struct flow_table *t, uint32_t hash, uint32_t ref)
{
    uint32_t bucket = bucket_of(t, hash);
    unsigned i;

    while ((i = find_place(&t->buckets[bucket], NO_REF)) == BUCKET_PLACES) {
        t->buckets[bucket].passed++;
        bucket = next_bucket(t, bucket);
    }
    t->buckets[bucket].places[i] = hash << t->tag_shift | ref;
}

static void remove_ref(struct flow_table *t, uint32_t ref)
{
    uint32_t hash = flow_hash(t, flow_at(t, ref)), bucket = bucket_of(t, hash);
    unsigned i;

    while ((i = find_place(&t->buckets[bucket], hash << t->tag_shift | ref)) == BUCKET_PLACES) {
        t->buckets[bucket].passed--;
        bucket = next_bucket(t, bucket);
    }
    t->buckets[bucket].places[i] = NO_REF;
}

/* The flows in the order in which they lie in memory, not in that of the index: that is what makes this
 * cheap. */
static void grow(struct flow_table *t)
{
    free(t->buckets);
    t->bucket_count = t->bucket_count ? t->bucket_count + t->bucket_count / 2 : BUCKETS_MIN;
    t->buckets = xaligned(CACHE_LINE, t->bucket_count * sizeof(*t->buckets));
    memset(t->buckets, 0, t->bucket_count * sizeof(*t->buckets));
    for (uint32_t ref = 1; ref <= t->used; ref++)
        if (flow_at(t, ref)->number)
            insert(t, flow_hash(t, flow_at(t, ref)), ref);
}

struct flow_table *flow_table_new(uint64_t seed, uint32_t max_flows, flow_table_ended *ended, void *arg)
{
    struct flow_table *t = xcalloc(1, sizeof(*t));

    assert(max_flows >= 1 && max_flows <= FLOW_TABLE_MAX);
    /* Odd, and not small: a product must reach the upper half. */
    t->seed[0] = fold(seed ^ 0xa0761d6478bd642f, 0xe7037ed1a0b428db);
    t->seed[1] = fold(seed ^ 0x8ebc6af09c88c6e3, 0x589965cc75374cc3) | 1 | UINT64_C(1) << 63;
    t->max_flows = max_flows;
    t->tag_shift = 32 - (uint32_t)__builtin_clz(max_flows);
    t->ended = ended;
    t->arg = arg;
    grow(t);
    return t;
}

void flow_table_free(struct flow_table *t)
{
    if (!t)
        return;
    for (uint32_t i = 0; i < t->chunk_count; i++)
        free(t->chunks[i]);
    free(t->chunks);
    free(t->buckets);
    free(t);
}

uint32_t flow_table_count(const struct flow_table *t)
{
    return t->count;
}

/* ---- room
 * ---------------------------------------------------------------------------------------------------------
 */

static void prefetch(const struct flow *flow)
{
    __builtin_prefetch(flow);
    __builtin_prefetch(&flow->side[FLOW_A], 1);
    __builtin_prefetch(&flow->side[FLOW_B], 1);
}

static void end(const struct flow_table *t, const struct flow *flow)
{
    if (t->ended)
        t->ended(flow, t->arg);
}

static void queue_closed(struct flow_table *t, struct flow *flow, uint32_t ref)
{
    flow->is_queued = true;
    flow->next_closed = NO_REF;
    if (t->closed_last)
        flow_at(t, t->closed_last)->next_closed = ref;
    else
        t->closed_first = ref;
    t->closed_last = ref;
    t->queued++;
}

/* Takes the first one out of the queue; NO_REF if that has begun anew meanwhile. */
static uint32_t pop_closed(struct flow_table *t)
{
    uint32_t ref = t->closed_first;
    struct flow *flow = flow_at(t, ref);

    t->closed_first = flow->next_closed;
    if (t->closed_first)
        prefetch(flow_at(t, t->closed_first)); /* its turn will come */
    else
        t->closed_last = NO_REF;
    t->queued--;
    flow->is_queued = false;
    return flow->is_closed ? ref : NO_REF;
}

/* The quietest of a few: the very quietest would take a list that every packet touches. None of them is
 * queued, and all that was ever used is in use, or there would have been room. */
static uint32_t find_quiet(struct flow_table *t)
{
    uint32_t best = NO_REF;

    for (uint32_t i = 0; i < VICTIMS_LOOKED_AT && i < t->used; i++) {
        uint32_t ref = t->hand % t->used + 1;

        t->hand = ref;
        if (!best || flow_at(t, ref)->last_ns < flow_at(t, best)->last_ns)
            best = ref;
    }
    return best;
}

static void forget(struct flow_table *t, uint32_t ref)
{
    struct flow *flow = flow_at(t, ref);

    end(t, flow);
    remove_ref(t, ref);
    flow->number = 0;
    flow->next_closed = t->free_ref;
    t->free_ref = ref;
    t->count--;
}

static void make_room(struct flow_table *t)
{
    uint32_t ref = NO_REF;

    while (!ref && t->queued)
        ref = pop_closed(t);
    forget(t, ref ? ref : find_quiet(t));
}

/* The one that has just closed is the last of the queue and stays. */
static void take_closed(struct flow_table *t, struct flow *flow, uint32_t ref)
{
    if (flow->is_queued)
        return;
    queue_closed(t, flow, ref);
    if (t->queued <= FLOW_TABLE_CLOSED_MAX)
        return;
    ref = pop_closed(t);
    if (ref)
        forget(t, ref);
}

/* Huge pages are a wish: where the kernel has none to give, small ones do. The first chunk asks for one, too:
 * where there are many conversations that saves some 6 % of all the time. */
static struct flow *new_chunk(const struct flow_table *t)
{
    struct flow *flows;

    if (t->max_flows < CHUNK_FLOWS)
        return xaligned(CACHE_LINE, t->max_flows * sizeof(*flows));
    flows = xaligned(CHUNK_BYTES, CHUNK_BYTES);
    madvise(flows, CHUNK_BYTES, MADV_HUGEPAGE);
    return flows;
}

static uint32_t take_room(struct flow_table *t)
{
    uint32_t ref = t->free_ref;

    if (ref) {
        t->free_ref = flow_at(t, ref)->next_closed;
        return ref;
    }
    if (t->used == t->chunk_count * CHUNK_FLOWS) {
        t->chunks = xreallocarray(t->chunks, t->chunk_count + 1, sizeof(struct flow *));
        t->chunks[t->chunk_count] = new_chunk(t);
        t->chunk_count++;
    }
    return ++t->used;
}

/* ---- packets
 * ------------------------------------------------------------------------------------------------------ */

/* Nonzero where they differ. */
static uint64_t address_difference(const uint8_t *a, const uint8_t *b, unsigned bytes)
{
    if (bytes == 4)
        return load_be32(a) ^ load_be32(b);
    return (load64(a) ^ load64(b)) | (load64(a + 8) ^ load64(b + 8));
}

/* Which side of it sent this? FLOW_SIDES: neither, it is another's. Both directions are compared without a
 * branch: which one it is nobody can predict. */
static unsigned sender_in(const struct flow *flow, const struct key *key)
{
    const uint8_t *a = flow->address[FLOW_A], *b = flow->address[FLOW_B];
    unsigned bytes = key->address_bytes;
    uint64_t not_a = address_difference(a, key->src, bytes) | address_difference(b, key->dst, bytes) |
                     (flow->port[FLOW_A] ^ key->sport) | (flow->port[FLOW_B] ^ key->dport);
    uint64_t not_b = address_difference(b, key->src, bytes) | address_difference(a, key->dst, bytes) |
                     (flow->port[FLOW_B] ^ key->sport) | (flow->port[FLOW_A] ^ key->dport);

    if ((not_a && not_b) || flow->protocol != key->protocol || flow->version != key->version)
        return FLOW_SIDES;
    return not_a ? FLOW_B : FLOW_A;
}

/* The flow, and which side of it sent this; NO_REF if there is none. */
static uint32_t find(const struct flow_table *t, const struct key *key, unsigned *ret_from)
{
    uint32_t bucket = bucket_of(t, key->hash);

    for (;; bucket = next_bucket(t, bucket)) {
        const struct bucket *b = &t->buckets[bucket];

        for (unsigned left = tagged_places(t, b, key->hash); left; left &= left - 1) {
            uint32_t ref = ref_of(t, b->places[__builtin_ctz(left)]);
            unsigned from;

            if (!ref)
                continue;
            from = sender_in(flow_at(t, ref), key);
            if (from == FLOW_SIDES)
                continue;
            *ret_from = from;
            return ref;
        }
        if (!b->passed)
            return NO_REF;
    }
}

static uint32_t key_hash(const struct flow_table *t, const struct key *key)
{
    return hash_of(t, key->src, key->sport, key->dst, key->dport, key->address_bytes, key->protocol);
}

/* Without its hash, which takes the most time of it. */
static struct key key_of(const struct ip *ip, uint16_t sport, uint16_t dport)
{
    return (struct key){
        .src = ip->src,
        .dst = ip->dst,
        .sport = sport,
        .dport = dport,
        .protocol = ip->protocol,
        .version = ip->version,
        .address_bytes = (uint8_t)ip_address_bytes(ip),
    };
}

/* Which side is who sends this, and opens the conversation if sender is FLOW_A, else is answering? */
static unsigned side_of(const struct flow_table *t, const struct key *key, unsigned sender)
{
    const uint8_t *a = key->version == 4 ? t->a_ipv4 : t->a_ipv6;

    if (!t->has_a)
        return sender;
    if (memcmp(key->src, a, key->address_bytes) == 0)
        return FLOW_A;
    return memcmp(key->dst, a, key->address_bytes) == 0 ? FLOW_B : sender;
}

void flow_table_lay_down_a(struct flow_table *t, const uint8_t *ipv4, const uint8_t *ipv6)
{
    t->has_a = true;
    memcpy(t->a_ipv4, ipv4, sizeof(t->a_ipv4));
    memcpy(t->a_ipv6, ipv6, sizeof(t->a_ipv6));
}

/* Everything of a conversation that begins, except its links in the table. sender is FLOW_A if who sends this
 * packet opens it, else FLOW_B; returns which side that is. */
static unsigned begin(
    struct flow_table *t, struct flow *flow, const struct key *key, unsigned sender, int64_t time_ns)
{
    unsigned from = side_of(t, key, sender);

    *flow = (struct flow){
        .protocol = key->protocol,
        .version = key->version,
        .closed_by = FLOW_SIDES,
        .is_queued = flow->is_queued,
        .next_closed = flow->next_closed,
        .first_ns = time_ns,
        .last_ns = time_ns,
        .number = ++t->number,
        .is_opened_by_b = from != sender,
    };
    memcpy(flow->address[from], key->src, key->address_bytes);
    memcpy(flow->address[!from], key->dst, key->address_bytes);
    flow->port[from] = key->sport;
    flow->port[!from] = key->dport;
    return from;
}

/* Who opened? Who is answered with SYN and ACK, or else who speaks first. */
static unsigned sender_of(const struct packet *p)
{
    return p->kind == PACKET_TCP && (p->tcp.flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK) ? FLOW_B
                                                                                                : FLOW_A;
}

static uint32_t add(
    struct flow_table *t, const struct key *key, const struct packet *p, int64_t time_ns, unsigned *ret_from)
{
    struct flow *flow;
    uint32_t ref;

    if (t->count == t->max_flows)
        make_room(t);
    if ((uint64_t)(t->count + 1) * 100 > (uint64_t)t->bucket_count * BUCKET_PLACES * LOAD_MAX_PERCENT)
        grow(t);
    ref = take_room(t);
    flow = flow_at(t, ref);
    flow->is_queued = false;
    flow->next_closed = NO_REF;
    *ret_from = begin(t, flow, key, sender_of(p), time_ns);
    insert(t, key->hash, ref);
    t->count++;
    return ref;
}

/* A SYN with another number than the one that this side began with is another connection of the same ports,
 * whatever state the old one is in: its end may not have been seen. (An old duplicate of a SYN would be taken
 * for one, too. RFC 9293, section 3.5, figure 8 shows how a host tells; from outside it is not known which of
 * the two the host believes.) With the same number it is one if the old one has ended: a client that asks
 * once more after a RST mostly does so with the number that it had, and may be let in. */
static bool is_reuse(const struct flow *flow, unsigned from, const struct tcp *tcp)
{
    const struct flow_side *side = &flow->side[from], *other = &flow->side[!from];

    return (tcp->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && side->flags & FLOW_HAS_SEQ &&
           (side->isn != tcp->seq || (side->flags | other->flags) & (FLOW_SENT_RST | FLOW_SENT_FIN));
}

/* The old connection of these ports has ended, seen or not. */
static void begin_again(
    struct flow_table *t, struct flow *flow, const struct key *key, int64_t time_ns, struct flow_step *step)
{
    step->was_time_wait =
        flow->side[FLOW_A].state == FLOW_TIME_WAIT || flow->side[FLOW_B].state == FLOW_TIME_WAIT;
    end(t, flow);
    step->from = begin(t, flow, key, FLOW_A, time_ns);
    flow->is_reuse = true;
    step->is_first = true;
}

static void remember(const struct flow *flow, struct flow_step *step)
{
    step->last_ns = flow->last_ns;
    step->was_asked = flow->is_asked;
    step->acked_before = flow->side[step->from].acked;
    for (unsigned i = FLOW_A; i < FLOW_SIDES; i++) {
        step->flags[i] = flow->side[i].flags;
        step->state[i] = flow->side[i].state;
    }
}

/* What flow_table_expect has found, if it is still right: nobody has to keep to what was expected, and flows
 * may have gone since. */
static uint32_t guess(
    const struct flow_table *t, const struct packet *p, const struct key *key, unsigned *ret_from)
{
    uintptr_t at = ((uintptr_t)p - (uintptr_t)t->expected) / sizeof(*p);
    uint32_t ref = at < t->expected_count ? t->guesses[at] : NO_REF;

    if (!ref || !flow_at(t, ref)->number)
        return NO_REF;
    *ret_from = sender_in(flow_at(t, ref), key);
    return *ret_from == FLOW_SIDES ? NO_REF : ref;
}

struct flow_step flow_table_take(struct flow_table *t, const struct packet *p, int64_t time_ns)
{
    struct flow_step step = {.flow = NULL};
    struct flow *flow;
    struct key key;
    uint32_t ref;

    if (p->kind != PACKET_TCP && p->kind != PACKET_UDP)
        return step;
    key = key_of(&p->ip, p->sport, p->dport);
    ref = guess(t, p, &key, &step.from);
    if (!ref) {
        key.hash = key_hash(t, &key);
        ref = find(t, &key, &step.from);
    }
    if (!ref) {
        step.is_first = true;
        ref = add(t, &key, p, time_ns, &step.from);
    }
    step.flow = flow = flow_at(t, ref);
    if (p->kind == PACKET_UDP) {
        remember(flow, &step);
        udp_pair_take(flow, step.from, p->payload_bytes, time_ns);
    } else {
        if (is_reuse(flow, step.from, &p->tcp))
            begin_again(t, flow, &key, time_ns, &step);
        remember(flow, &step);
        step.verdict = tcpseq_look(flow, step.from, &p->tcp, p->payload_bytes, time_ns);
        tcpseq_take(flow, step.from, &p->tcp, p->payload_bytes, time_ns, step.verdict);
        if (flow->is_closed)
            take_closed(t, flow, ref);
    }
    flow->last_ns = time_ns;
    return step;
}

/* Those that had to go on to another bucket are few, and have to wait for their memory. The others are not
 * looked for again when they are taken. */
void flow_table_expect(struct flow_table *t, const struct packet *packets, unsigned count)
{
    uint32_t hashes[FLOW_TABLE_EXPECT_MAX] = {0};

    assert(count <= FLOW_TABLE_EXPECT_MAX);
    t->expected = packets;
    t->expected_count = count;
    for (unsigned i = 0; i < count; i++) {
        const struct packet *p = &packets[i];
        struct key key;

        if (p->kind != PACKET_TCP && p->kind != PACKET_UDP)
            continue;
        key = key_of(&p->ip, p->sport, p->dport);
        hashes[i] = key_hash(t, &key);
        __builtin_prefetch(&t->buckets[bucket_of(t, hashes[i])]);
    }
    for (unsigned i = 0; i < count; i++) {
        const struct bucket *b;
        unsigned found;

        t->guesses[i] = NO_REF;
        if (packets[i].kind != PACKET_TCP && packets[i].kind != PACKET_UDP)
            continue;
        b = &t->buckets[bucket_of(t, hashes[i])];
        found = tagged_places(t, b, hashes[i]);
        if (!found)
            continue;
        t->guesses[i] = ref_of(t, b->places[__builtin_ctz(found)]);
        if (t->guesses[i])
            prefetch(flow_at(t, t->guesses[i]));
    }
}

struct flow *flow_table_find(
    struct flow_table *t, const struct ip *ip, uint16_t sport, uint16_t dport, unsigned *ret_from)
{
    struct key key = key_of(ip, sport, dport);
    uint32_t ref;

    key.hash = key_hash(t, &key);
    ref = find(t, &key, ret_from);
    return ref ? flow_at(t, ref) : NULL;
}

struct flow *flow_table_find_quoted(struct flow_table *t, const struct icmp *icmp, unsigned *ret_from)
{
    if (!icmp->has_ports)
        return NULL;
    return flow_table_find(t, &icmp->quoted, icmp->sport, icmp->dport, ret_from);
}

struct flow *flow_table_each(struct flow_table *t, uint32_t *state)
{
    while (*state < t->used) {
        struct flow *flow = flow_at(t, ++*state);

        /* Those that have made room have none. */
        if (flow->number)
            return flow;
    }
    return NULL;
}

uint32_t flow_table_places(const struct flow_table *t)
{
    return t->used;
}

const struct flow *flow_table_at(const struct flow_table *t, uint32_t place)
{
    const struct flow *flow = place && place <= t->used ? flow_at(t, place) : NULL;

    return flow && flow->number ? flow : NULL;
}
