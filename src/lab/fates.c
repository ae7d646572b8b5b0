/* SPDX-License-Identifier: ISC */
/* Whole numbers throughout: the same seed gives the same fates on every machine, to the nanosecond. */
#include "lab/fates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/parse.h"
#include "base/xmalloc.h"
#include "lab/fates_order.h"

#define NS_PER_S INT64_C(1000000000)
#define NORMAL_MAX 4  /* standard deviations */
#define PARETO_MAX 50 /* times the mean */

/* A table of sets of so many, in which the one that was met longest ago makes room. */
#define WAYS 4
#define SETS (FATES_REMEMBERED / WAYS)

struct memory {
    uint64_t identity;
    uint32_t count; /* 0: free */
};

struct direction {
    const struct order *rate, *queue; /* NULL: none */
    int64_t busy_ns;                  /* until then the link sends what it has got, */
    uint64_t busy_rest;               /* and so many parts of a nanosecond longer, of which rate are one */
    int64_t jitter_ns; /* before then nothing that has jitter arrives, but for what delay adds */
};

struct fates {
    uint64_t seed;
    enum fates_distribution distribution;
    unsigned count;
    struct order *orders[FATES_ORDERS_MAX];
    bool has_chance; /* the packet's hash is wanted */
    struct direction direction[LAB_SIDES];
    struct memory (*memory)[WAYS]; /* SETS; NULL until it is wanted */
};

struct fates *fates_new(uint64_t seed)
{
    struct fates *f = xcalloc(1, sizeof(*f));

    f->seed = seed;
    return f;
}

void fates_free(struct fates *f)
{
    if (!f)
        return;
    for (unsigned i = 0; i < f->count; i++) {
        order_done(f->orders[i]);
        free(f->orders[i]);
    }
    free(f->memory);
    free(f);
}

int fates_add(struct fates *f, enum fates_order kind, const char *text, struct err *err)
{
    struct order order;
    struct order *kept;
    int code;

    if (f->count == FATES_ORDERS_MAX)
        return err_set(err, ERR_MISUSE, -E2BIG, _("%s: there are more than %d orders"),
            fates_order_name(kind), FATES_ORDERS_MAX);
    code = order_read(kind, text, &order, err);
    if (code < 0)
        return code;
    kept = xmalloc(sizeof(*kept));
    *kept = order;
    f->orders[f->count++] = kept;
    f->has_chance |= order.has_chance || kind == FATES_JITTER || kind == FATES_CORRUPT;
    for (unsigned side = 0; side < LAB_SIDES; side++) {
        if (order.has_side && order.side != side)
            continue;
        if (kind == FATES_RATE)
            f->direction[side].rate = kept;
        else if (kind == FATES_QUEUE)
            f->direction[side].queue = kept;
    }
    return 0;
}

void fates_set_distribution(struct fates *f, enum fates_distribution distribution)
{
    f->distribution = distribution;
}

bool fates_are_none(const struct fates *f)
{
    return f->count == 0;
}

/* ---- chance ---- */

/* Of good quality for a few words, and quick; nobody has to be kept from guessing. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15;
    hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93;
    hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93;
    return hash ^ hash >> 32;
}

/* What a packet is, whenever it is sent. PSH and the acknowledgment of a segment with data depend on how the
 * programs' and kernels' moments fell, so they are no part of it. */
static uint64_t identity_of(const struct selectee *s)
{
    const unsigned telling = TCP_SYN | TCP_FIN | TCP_RST;
    const struct packet *p = s->packet;
    const struct followed *f = s->followed;
    uint64_t hash = mix((uint64_t)p->kind << 32 | (uint64_t)p->ip.protocol << 8 | s->from, p->payload_bytes);

    if (f)
        hash = mix(hash, f->conversation);
    if (f && f->kind == FOLLOWED_TCP && p->kind == PACKET_TCP)
        hash = mix(mix(hash, f->seq_relative),
            (uint64_t)(f->flags & telling) << 32 | (f->sequence_bytes ? 0 : f->ack_relative));
    else if (p->kind == PACKET_ICMP)
        hash = mix(hash, (uint64_t)p->icmp.type << 8 | p->icmp.code);
    else if (p->kind == PACKET_FRAGMENT)
        hash = mix(hash, p->ip.fragment_offset);
    return hash;
}

/* How many with this identity came before. The set is kept in the order in which its members were met. */
static uint32_t copies_before(struct fates *f, uint64_t identity)
{
    struct memory *set, found = {.identity = identity};
    unsigned at = 0;

    if (!f->memory)
        f->memory = xcalloc(SETS, sizeof(*f->memory));
    set = f->memory[identity % SETS];
    while (at < WAYS - 1 && set[at].count && set[at].identity != identity)
        at++;
    if (set[at].count && set[at].identity == identity)
        found.count = set[at].count;
    memmove(set + 1, set, at * sizeof(*set));
    set[0] = found;
    set[0].count += set[0].count < UINT32_MAX;
    return found.count;
}

static uint64_t hash_of(struct fates *f, const struct selectee *packet)
{
    uint64_t identity;

    if (!f->has_chance)
        return 0;
    identity = identity_of(packet);
    return mix(mix(f->seed, identity), copies_before(f, identity));
}

/* A number from 0 to count - 1, all equally likely, by one hash of 64 bits. */
static uint64_t among(uint64_t hash, uint64_t count)
{
    return (uint64_t)((unsigned __int128)hash * count >> 64);
}

static int64_t uniform(uint64_t hash, int64_t half_ns)
{
    return (int64_t)among(hash, 2 * (uint64_t)half_ns + 1) - half_ns;
}

/* The sum of twelve numbers between 0 and 1 has a variance of 1, and is as good as normal (Irwin and Hall).
 */
static int64_t normal(uint64_t hash, int64_t sigma_ns)
{
    int64_t sum = -6 * (INT64_C(1) << 32), most = NORMAL_MAX * (INT64_C(1) << 32);

    for (unsigned i = 0; i < 12; i++)
        sum += (int64_t)(mix(hash, i) >> 32);
    sum = sum > most ? most : sum < -most ? -most : sum;
    return (int64_t)((__int128)sum * sigma_ns / (INT64_C(1) << 32));
}

/* Pareto's second kind with the exponent 3, which netem has as well: (u ^ (-1/3) - 1) * 2 mean. The greatest
 * of three numbers between 0 and 1 is as likely as the third root of one. */
static int64_t pareto(uint64_t hash, int64_t mean_ns)
{
    uint64_t greatest = 1;
    __int128 ns;

    for (unsigned i = 0; i < 3; i++) {
        uint64_t one = (mix(hash, i) >> 32) + 1;

        if (one > greatest)
            greatest = one;
    }
    ns = (__int128)((UINT64_C(1) << 32) - greatest) * 2 * mean_ns / greatest;
    return ns > (__int128)PARETO_MAX * mean_ns ? PARETO_MAX * mean_ns : (int64_t)ns;
}

static int64_t jitter_of(const struct fates *f, uint64_t hash, const struct order *o)
{
    int64_t value = (int64_t)o->value;

    switch (f->distribution) {
    case FATES_NORMAL:
        return normal(hash, value);
    case FATES_PARETO:
        return pareto(hash, value);
    case FATES_UNIFORM:
        break;
    }
    return uniform(hash, value);
}

/* ---- which orders meet the packet ---- */

struct meeting {
    struct fates *f;
    const struct selectee *packet;
    uint32_t bytes;
    int64_t now_ns;
    uint64_t hash;
    bool is_hit[FATES_ORDERS_MAX];
    struct fate *fate;
};

static uint64_t order_hash(const struct meeting *m, unsigned index)
{
    return mix(m->hash, index + 1);
}

/* Counts it, too. */
static bool is_selected(struct order *o, const struct selectee *packet)
{
    if (!selector_matches(&o->selector, packet))
        return false;
    o->count += o->count < UINT32_MAX - 1;
    return selector_has_number(&o->selector, (uint32_t)o->count);
}

static bool is_met_by_chance(const struct meeting *m, unsigned index)
{
    const struct order *o = m->f->orders[index];

    return !o->has_chance || among(mix(order_hash(m, index), 0), PARSE_BILLION) < o->chance_ppb;
}

static void meet(struct meeting *m)
{
    for (unsigned i = 0; i < m->f->count; i++) {
        struct order *o = m->f->orders[i];

        switch ((enum fates_order)o->kind) {
        case FATES_RATE:
        case FATES_QUEUE:
        case FATES_MTU:
        case FATES_MTU_SILENT:
        case FATES_DOWN:
            m->is_hit[i] = !o->has_side || o->side == m->packet->from;
            break;
        case FATES_VANISH:
        case FATES_RESET:
            m->is_hit[i] = o->has_selector && is_selected(o, m->packet);
            break;
        default:
            m->is_hit[i] = is_selected(o, m->packet) && is_met_by_chance(m, i);
            break;
        }
    }
}

/* ---- on its way ---- */

static bool drop(struct meeting *m, enum fates_reason reason, const char *text)
{
    m->fate->is_dropped = true;
    m->fate->reason = (uint8_t)reason;
    m->fate->text = text;
    return true;
}

bool fates_has_vanished(const struct fates *f, enum lab_side side, int64_t now_ns, const char **ret_text)
{
    for (unsigned i = 0; i < f->count; i++) {
        const struct order *o = f->orders[i];

        if (o->kind != FATES_VANISH || o->side != side ||
            !(o->has_selector ? o->is_met : now_ns >= (int64_t)o->value))
            continue;
        if (ret_text)
            *ret_text = o->text;
        return true;
    }
    return false;
}

static bool is_to_or_from_nobody(struct meeting *m, enum lab_side side)
{
    const char *text;

    return fates_has_vanished(m->f, side, m->now_ns, &text) && drop(m, FATES_BY_VANISHED, text);
}

static bool is_link_down(struct meeting *m)
{
    for (unsigned i = 0; i < m->f->count; i++) {
        const struct order *o = m->f->orders[i];

        if (o->kind == FATES_DOWN && m->is_hit[i] && m->now_ns >= (int64_t)o->value &&
            m->now_ns < o->until_ns)
            return drop(m, FATES_BY_LINK_DOWN, o->text);
    }
    return false;
}

/* RFC 1122, section 3.2.2: no error about an error, nor about a fragment that is not the first. */
static bool may_have_error(const struct packet *p)
{
    return p->kind != PACKET_FRAGMENT && !(p->kind == PACKET_ICMP && p->icmp.is_error);
}

static bool is_too_long(struct meeting *m)
{
    const struct order *smallest = NULL;

    for (unsigned i = 0; i < m->f->count; i++) {
        const struct order *o = m->f->orders[i];

        if ((o->kind == FATES_MTU || o->kind == FATES_MTU_SILENT) && m->is_hit[i] &&
            (!smallest || o->value < smallest->value))
            smallest = o;
    }
    if (!smallest || m->bytes <= smallest->value)
        return false;
    if (smallest->kind == FATES_MTU && may_have_error(m->packet->packet))
        m->fate->too_big_mtu = (uint32_t)smallest->value;
    return drop(m, FATES_BY_MTU, smallest->text);
}

/* A link of limited rate sends one packet after the other, each as long as its bits take. So all that there
 * is to know of its queue is when it will have sent what it has got: what waits is as much as it sends until
 * then. */
static bool is_queue_full(struct meeting *m)
{
    struct direction *d = &m->f->direction[m->packet->from];
    uint64_t limit = d->queue ? d->queue->value : FATES_QUEUE_DEFAULT_BYTES, rate, parts;
    unsigned __int128 waiting_bits;

    if (!d->rate)
        return false;
    rate = d->rate->value;
    if (d->busy_ns < m->now_ns) {
        d->busy_ns = m->now_ns;
        d->busy_rest = 0;
    }
    waiting_bits = (unsigned __int128)(uint64_t)(d->busy_ns - m->now_ns) * rate / NS_PER_S;
    if (waiting_bits > 0 && waiting_bits + 8 * (uint64_t)m->bytes > 8 * (unsigned __int128)limit)
        return drop(m, FATES_BY_QUEUE, d->queue ? d->queue->text : d->rate->text);
    parts = (uint64_t)m->bytes * 8 * NS_PER_S + d->busy_rest;
    d->busy_ns += (int64_t)(parts / rate);
    d->busy_rest = parts % rate;
    m->fate->delay_ns = d->busy_ns - m->now_ns;
    return false;
}

static bool is_to_be_dropped(struct meeting *m, bool by_chance)
{
    for (unsigned i = 0; i < m->f->count; i++) {
        const struct order *o = m->f->orders[i];

        if (o->kind == FATES_DROP && m->is_hit[i] && o->has_chance == by_chance)
            return drop(m, by_chance ? FATES_BY_CHANCE : FATES_BY_ORDER, o->text);
    }
    return false;
}

/* ---- what comes through ---- */

/* Where what may be damaged begins. The payload of a packet is at its end; what UDP says of a first fragment
 * is the length of the whole. */
static uint32_t payload_begin(const struct meeting *m)
{
    const struct packet *p = m->packet->packet;
    uint32_t payload = p->payload_bytes < p->payload_captured ? p->payload_bytes : p->payload_captured;

    return payload < m->bytes ? m->bytes - payload : 0;
}

static int32_t bit_to_flip(const struct meeting *m, uint64_t hash)
{
    uint32_t begin = payload_begin(m), header = m->packet->packet->ip.header_bytes;

    if (begin == m->bytes)
        begin = header < m->bytes ? header : 0;
    if (begin == m->bytes)
        return -1;
    return (int32_t)(8 * begin + among(hash, 8 * (uint64_t)(m->bytes - begin)));
}

/* Of several orders the one whose name comes last in enum fates_order is the gravest, and none by chance is
 * graver than one that says which. */
static void give_reason(struct meeting *m, const struct order *o, const struct order **gravest)
{
    if (!o->has_chance && selector_is_general(&o->selector))
        return;
    if (*gravest && (*gravest)->has_chance == o->has_chance && (*gravest)->kind >= o->kind)
        return;
    if (*gravest && !(*gravest)->has_chance && o->has_chance)
        return;
    *gravest = o;
    m->fate->reason = o->has_chance ? FATES_BY_CHANCE : FATES_BY_ORDER;
    m->fate->text = o->text;
}

static void take_delay(struct meeting *m, const struct order *o)
{
    m->fate->delay_ns += (int64_t)o->value;
    m->fate->is_late |= o->has_chance || !selector_is_general(&o->selector);
}

static void keep(struct meeting *m, const struct order *o)
{
    uint64_t kept = payload_begin(m) + o->value;

    if (kept < m->fate->kept_bytes)
        m->fate->kept_bytes = (uint32_t)kept;
}

static void carry_out(struct meeting *m, unsigned index, int64_t *jitter_ns)
{
    const struct order *o = m->f->orders[index];
    struct fate *fate = m->fate;
    uint64_t hash = mix(order_hash(m, index), 1);

    switch ((enum fates_order)o->kind) {
    case FATES_DELAY:
        take_delay(m, o);
        break;
    case FATES_JITTER:
        *jitter_ns += jitter_of(m->f, hash, o);
        break;
    case FATES_DUPLICATE:
        fate->copies = (uint8_t)(o->value + fate->copies < FATES_COPIES_MAX ? o->value + fate->copies
                                                                            : FATES_COPIES_MAX);
        break;
    case FATES_REORDER:
        fate->delay_ns += (int64_t)o->value;
        fate->is_reordered = true;
        break;
    case FATES_CORRUPT:
        fate->corrupt_bit = bit_to_flip(m, hash);
        break;
    case FATES_TRUNCATE:
        keep(m, o);
        break;
    default:
        break;
    }
}

/* Two packets with jitter arrive as they were sent, unless something else holds the first. */
static void add_jitter(struct meeting *m, int64_t sent_ns, int64_t jitter_ns)
{
    struct direction *d = &m->f->direction[m->packet->from];
    int64_t travels_ns = m->fate->delay_ns - (sent_ns - m->now_ns);

    if (jitter_ns < -travels_ns)
        jitter_ns = -travels_ns;
    if (sent_ns + jitter_ns < d->jitter_ns)
        jitter_ns = d->jitter_ns - sent_ns;
    d->jitter_ns = sent_ns + jitter_ns;
    m->fate->delay_ns += jitter_ns;
}

static void come_through(struct meeting *m)
{
    int64_t sent_ns = m->now_ns + m->fate->delay_ns, jitter_ns = 0;
    const struct order *gravest = NULL;
    bool has_jitter = false;

    for (unsigned i = 0; i < m->f->count; i++) {
        const struct order *o = m->f->orders[i];

        if (!m->is_hit[i] || o->kind == FATES_DROP || o->kind > FATES_TRUNCATE)
            continue;
        has_jitter |= o->kind == FATES_JITTER;
        carry_out(m, i, &jitter_ns);
        give_reason(m, o, &gravest);
    }
    if (has_jitter)
        add_jitter(m, sent_ns, jitter_ns);
}

/* What happens behind the packet, whether it was dropped or not. */
static void take_events(struct meeting *m)
{
    for (unsigned i = 0; i < m->f->count; i++) {
        struct order *o = m->f->orders[i];

        if ((o->kind != FATES_VANISH && o->kind != FATES_RESET) || !m->is_hit[i])
            continue;
        o->is_met = true;
        if (o->kind == FATES_RESET && m->packet->packet->kind == PACKET_TCP) {
            m->fate->has_reset = true;
            m->fate->reset_to = o->side;
            if (m->fate->reason == FATES_PASSED) {
                m->fate->reason = FATES_BY_ORDER;
                m->fate->text = o->text;
            }
        }
    }
}

void fates_decide(
    struct fates *f, const struct selectee *packet, uint32_t bytes, int64_t now_ns, struct fate *ret)
{
    struct meeting m = {.f = f, .packet = packet, .bytes = bytes, .now_ns = now_ns, .fate = ret};
    enum lab_side to = packet->from == LAB_CLIENT ? LAB_SERVER : LAB_CLIENT;

    *ret = (struct fate){.corrupt_bit = -1, .kept_bytes = bytes};
    /* It never comes to the wire, so nobody counts it. */
    if (is_to_or_from_nobody(&m, packet->from))
        return;
    m.hash = hash_of(f, packet);
    meet(&m);
    if (!is_link_down(&m) && !is_too_long(&m) && !is_queue_full(&m) && !is_to_be_dropped(&m, false) &&
        !is_to_be_dropped(&m, true) && !is_to_or_from_nobody(&m, to))
        come_through(&m);
    take_events(&m);
}
