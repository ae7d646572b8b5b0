/* SPDX-License-Identifier: ISC */
/* Rows lie in a circle by their ids, which are given out one after the other, so finding one is a
 * subtraction. The order is a list of ids, made by sorting keys of 16 bytes, not rows. */
#include "see/roll.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/utf8.h"
#include "base/xmalloc.h"

#define ROWS_FIRST 1024

enum row_flags {
    ROW_IS_WANTED = 1,
    ROW_HAS_CLOSER = 2,
    ROW_CLOSED_BY_B = 4,
    ROW_IS_COMPLETE = 8,
    ROW_IS_EVICTED = 16,
    ROW_IS_REUSE = 32,
    ROW_LABEL_OF_B = 64,
    ROW_A_INFERRED = 128,
    ROW_B_INFERRED = 256,
    ROW_OPENED_BY_B = 512,
};

struct row {
    uint8_t address[FLOW_SIDES][16];
    uint64_t payload[FLOW_SIDES];
    uint64_t packets[FLOW_SIDES];
    uint64_t first_number;
    int64_t first_ns, last_ns, rtt_ns, handshake_ns;
    char *label_text; /* NULL: none */
    uint32_t findings;
    uint32_t retransmissions[FLOW_SIDES];
    uint32_t out_of_order, duplicate_acks, zero_windows, gaps;
    uint32_t syn, syn_ack, fin, rst, icmp_errors;
    uint16_t port[FLOW_SIDES];
    uint16_t flags;
    uint8_t state[FLOW_SIDES];
    uint8_t protocol, ip_version, opened, closed, label;
};

_Static_assert(sizeof(struct row) <= 200, "what roll.h says of a row");
_Static_assert(FINDING_KINDS <= 32, "a bit each");

struct place {
    uint64_t key;
    uint32_t id;
};

struct roll {
    uint32_t max_rows;
    struct row *rows; /* of room, by id */
    uint32_t room;
    uint32_t first_id, end_id; /* of those that are kept; ids begin with 1 */
    uint64_t gone;
    bool (*wants)(void *arg, const struct conversation *c);
    void *arg;
    enum roll_key key;
    bool is_reversed, is_stale;
    uint32_t *order;
    size_t count, order_room;
    struct finding findings[FINDING_KINDS]; /* of the row that was asked for last */
};

struct roll *roll_new(uint32_t max_rows)
{
    struct roll *r = xcalloc(1, sizeof(*r));

    r->max_rows = max_rows ? max_rows : ROLL_ROWS_DEFAULT;
    if (r->max_rows < ROLL_ROWS_MIN)
        r->max_rows = ROLL_ROWS_MIN;
    r->first_id = r->end_id = 1;
    return r;
}

static struct row *row_of(const struct roll *r, uint32_t id)
{
    if (id < r->first_id || id >= r->end_id)
        return NULL;
    assert(r->room > 0);
    return &r->rows[id % r->room];
}

void roll_free(struct roll *r)
{
    if (!r)
        return;
    for (uint32_t id = r->first_id; id < r->end_id; id++)
        free(row_of(r, id)->label_text);
    free(r->rows);
    free(r->order);
    free(r);
}

/* ---- rows ---- */

static void grow(struct roll *r, uint32_t room)
{
    struct row *rows = xreallocarray(NULL, room, sizeof(*rows));

    for (uint32_t id = r->first_id; id < r->end_id; id++)
        rows[id % room] = *row_of(r, id);
    free(r->rows);
    r->rows = rows;
    r->room = room;
}

/* A few at a time, so that the order needs not be made anew for each that comes. */
static void drop_first(struct roll *r)
{
    uint32_t count = r->max_rows / 16;

    for (uint32_t end = r->first_id + (count ? count : 1); r->first_id < end; r->first_id++) {
        free(row_of(r, r->first_id)->label_text);
        r->gone++;
    }
    r->is_stale = true;
}

static struct row *add_row(struct roll *r)
{
    struct row *row;

    if (r->end_id - r->first_id == r->max_rows)
        drop_first(r);
    if (r->end_id - r->first_id == r->room) {
        uint64_t room = r->room ? (uint64_t)r->room * 2 : ROWS_FIRST;

        grow(r, room < r->max_rows ? (uint32_t)room : r->max_rows);
    }
    row = &r->rows[r->end_id++ % r->room];
    memset(row, 0, sizeof(*row));
    return row;
}

static void take_label(struct row *row, const struct conversation *c)
{
    size_t len = strlen(c->label_text);

    row->label = c->label;
    if (c->label_side == FLOW_B)
        row->flags |= ROW_LABEL_OF_B;
    if (row->label_text || len == 0)
        return;
    row->label_text = xmemdup0(c->label_text, utf8_truncate(c->label_text, len, ROLL_LABEL_BYTES));
}

static void take(struct row *row, const struct conversation *c)
{
    row->flags =
        (uint16_t)((row->flags & ROW_IS_WANTED) | (c->has_closer ? ROW_HAS_CLOSER : 0) |
                   (c->closed_by == FLOW_B ? ROW_CLOSED_BY_B : 0) | (c->is_complete ? ROW_IS_COMPLETE : 0) |
                   (c->is_evicted ? ROW_IS_EVICTED : 0) | (c->is_reuse ? ROW_IS_REUSE : 0) |
                   (c->side[FLOW_A].is_state_inferred ? ROW_A_INFERRED : 0) |
                   (c->side[FLOW_B].is_state_inferred ? ROW_B_INFERRED : 0) |
                   (c->opener == FLOW_B ? ROW_OPENED_BY_B : 0));
    row->findings = 0;
    for (unsigned i = 0; i < c->finding_count; i++)
        row->findings |= 1U << c->findings[i].kind;
    for (unsigned i = FLOW_A; i < FLOW_SIDES; i++) {
        memcpy(row->address[i], c->side[i].address, sizeof(row->address[i]));
        row->port[i] = c->side[i].port;
        row->packets[i] = c->side[i].packets;
        row->payload[i] = c->side[i].payload;
        row->state[i] = c->side[i].state;
        row->retransmissions[i] = c->side[i].retransmissions;
    }
    row->out_of_order = conversation_out_of_order(c);
    row->duplicate_acks = conversation_duplicate_acks(c);
    row->zero_windows = conversation_zero_windows(c);
    row->gaps = c->gaps;
    row->first_ns = c->first_ns;
    row->last_ns = c->last_ns;
    row->rtt_ns = c->rtt_count ? c->rtt_avg_ns : -1;
    row->handshake_ns = c->handshake_ns;
    row->syn = c->syn;
    row->syn_ack = c->syn_ack;
    row->fin = c->fin;
    row->rst = c->rst;
    row->icmp_errors = c->icmp_errors;
    row->protocol = c->protocol;
    row->ip_version = c->ip_version;
    row->opened = c->opened;
    row->closed = c->closed;
    take_label(row, c);
}

/* The other way round. Counts that a row does not tell apart by side are A's. */
static void give(struct roll *r, const struct row *row, uint32_t id, struct conversation *ret)
{
    memset(ret, 0, sizeof(*ret));
    for (unsigned i = FLOW_A; i < FLOW_SIDES; i++) {
        memcpy(ret->side[i].address, row->address[i], sizeof(row->address[i]));
        ret->side[i].port = row->port[i];
        ret->side[i].packets = row->packets[i];
        ret->side[i].payload = row->payload[i];
        ret->side[i].state = row->state[i];
        ret->side[i].retransmissions = row->retransmissions[i];
    }
    ret->side[FLOW_A].is_state_inferred = row->flags & ROW_A_INFERRED;
    ret->side[FLOW_B].is_state_inferred = row->flags & ROW_B_INFERRED;
    ret->side[FLOW_A].out_of_order = row->out_of_order;
    ret->side[FLOW_A].duplicate_acks = row->duplicate_acks;
    ret->side[FLOW_A].zero_windows = row->zero_windows;
    ret->id = id;
    ret->protocol = row->protocol;
    ret->ip_version = row->ip_version;
    ret->opener = row->flags & ROW_OPENED_BY_B ? FLOW_B : FLOW_A;
    ret->opened = row->opened;
    ret->closed = row->closed;
    ret->has_closer = row->flags & ROW_HAS_CLOSER;
    ret->closed_by = row->flags & ROW_CLOSED_BY_B ? FLOW_B : FLOW_A;
    ret->is_complete = row->flags & ROW_IS_COMPLETE;
    ret->is_evicted = row->flags & ROW_IS_EVICTED;
    ret->is_reuse = row->flags & ROW_IS_REUSE;
    ret->label = row->label;
    ret->label_side = row->flags & ROW_LABEL_OF_B ? FLOW_B : FLOW_A;
    ret->label_text = row->label_text ? row->label_text : "";
    ret->syn = row->syn;
    ret->syn_ack = row->syn_ack;
    ret->fin = row->fin;
    ret->rst = row->rst;
    ret->icmp_errors = row->icmp_errors;
    ret->gaps = row->gaps;
    ret->first_number = row->first_number;
    ret->first_ns = row->first_ns;
    ret->last_ns = row->last_ns;
    ret->handshake_ns = row->handshake_ns;
    ret->rtt_count = row->rtt_ns >= 0;
    ret->rtt_min_ns = ret->rtt_avg_ns = row->rtt_ns >= 0 ? row->rtt_ns : 0;
    ret->findings = r->findings;
    for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTE; severity--)
        for (unsigned kind = 0; kind < FINDING_KINDS; kind++)
            if (row->findings & 1U << kind && finding_severity((enum finding_kind)kind) == (unsigned)severity)
                r->findings[ret->finding_count++] =
                    (struct finding){.kind = (uint8_t)kind, .severity = (uint8_t)severity, .count = 1};
}

bool roll_conversation(struct roll *r, uint32_t id, struct conversation *ret)
{
    const struct row *row = row_of(r, id);

    if (!row)
        return false;
    give(r, row, id, ret);
    return true;
}

uint64_t roll_first_number(const struct roll *r, uint32_t id)
{
    const struct row *row = row_of(r, id);

    return row ? row->first_number : 0;
}

/* ---- the order ---- */

static void append(struct roll *r, uint32_t id)
{
    if (r->count == r->order_room) {
        r->order_room = r->order_room ? r->order_room * 2 : ROWS_FIRST;
        r->order = xreallocarray(r->order, r->order_room, sizeof(*r->order));
    }
    r->order[r->count++] = id;
}

static bool is_wanted(const struct roll *r, const struct conversation *c)
{
    return !r->wants || r->wants(r->arg, c);
}

void roll_begin(struct roll *r, const struct conversation *c, uint64_t first_number)
{
    struct row *row;

    assert(c->id == r->end_id);
    row = add_row(r);
    row->first_number = first_number;
    take(row, c);
    if (!is_wanted(r, c))
        return;
    row->flags |= ROW_IS_WANTED;
    append(r, c->id);
    r->is_stale |= r->key != ROLL_BY_START || r->is_reversed;
}

void roll_update(struct roll *r, const struct conversation *c)
{
    struct row *row = row_of(r, c->id);
    bool was_wanted;

    if (!row)
        return;
    was_wanted = row->flags & ROW_IS_WANTED;
    take(row, c);
    if (is_wanted(r, c))
        row->flags |= ROW_IS_WANTED;
    else
        row->flags &= (uint16_t)~ROW_IS_WANTED;
    r->is_stale |=
        (row->flags & ROW_IS_WANTED ? !was_wanted : was_wanted) || (was_wanted && r->key != ROLL_BY_START);
}

void roll_filter(struct roll *r, bool (*wants)(void *arg, const struct conversation *c), void *arg)
{
    struct conversation c;

    r->wants = wants;
    r->arg = arg;
    r->is_stale = true;
    for (uint32_t id = r->first_id; id < r->end_id; id++) {
        struct row *row = row_of(r, id);

        row->flags &= (uint16_t)~ROW_IS_WANTED;
        if (roll_conversation(r, id, &c) && is_wanted(r, &c))
            row->flags |= ROW_IS_WANTED;
    }
}

void roll_sort(struct roll *r, enum roll_key key, bool is_reversed)
{
    r->is_stale |= key != r->key || is_reversed != r->is_reversed;
    r->key = key;
    r->is_reversed = is_reversed;
}

static uint64_t most_first(uint64_t amount)
{
    return UINT64_MAX - amount;
}

static uint64_t gravity_of(const struct row *row)
{
    uint64_t worst = 0, count = 0;

    for (unsigned kind = 0; kind < FINDING_KINDS; kind++)
        if (row->findings & 1U << kind) {
            uint64_t severity = finding_severity((enum finding_kind)kind) + 1;

            worst = severity > worst ? severity : worst;
            count++;
        }
    return worst << 32 | count;
}

/* The first eight bytes, IPv4 before IPv6. Those that are equal so far are compared in full. */
static uint64_t host_of(const struct row *row)
{
    uint64_t key = 0;

    for (int i = 0; i < 8; i++)
        key = key << 8 | row->address[FLOW_A][i];
    return row->ip_version == 4 ? key >> 32 : key >> 1 | UINT64_C(1) << 63;
}

static uint64_t key_of(const struct roll *r, const struct row *row)
{
    switch (r->key) {
    case ROLL_BY_ACTIVITY:
        return most_first((uint64_t)row->last_ns);
    case ROLL_BY_PACKETS:
        return most_first(row->packets[FLOW_A] + row->packets[FLOW_B]);
    case ROLL_BY_BYTES:
        return most_first(row->payload[FLOW_A] + row->payload[FLOW_B]);
    case ROLL_BY_DURATION:
        return most_first((uint64_t)(row->last_ns - row->first_ns));
    case ROLL_BY_RTT:
        return most_first((uint64_t)(row->rtt_ns + 1));
    case ROLL_BY_LOSS:
        return most_first((uint64_t)row->retransmissions[FLOW_A] + row->retransmissions[FLOW_B]);
    case ROLL_BY_FINDINGS:
        return most_first(gravity_of(row));
    case ROLL_BY_HOST:
        return host_of(row);
    case ROLL_BY_PORT:
        return row->port[FLOW_B];
    default:
        return 0;
    }
}

static int compare(const void *left, const void *right, void *arg)
{
    const struct place *a = left, *b = right;
    const struct roll *r = arg;
    int order = (a->key > b->key) - (a->key < b->key);

    if (order == 0 && r->key == ROLL_BY_HOST) {
        const struct row *one = row_of(r, a->id), *other = row_of(r, b->id);

        assert(one && other);
        order = memcmp(one->address, other->address, sizeof(one->address));
    }
    if (order == 0)
        order = (a->id > b->id) - (a->id < b->id);
    return r->is_reversed ? -order : order;
}

bool roll_is_stale(const struct roll *r)
{
    return r->is_stale;
}

void roll_arrange(struct roll *r)
{
    struct place *places;
    size_t count = 0;

    if (!r->is_stale)
        return;
    r->is_stale = false;
    places = xreallocarray(NULL, (size_t)(r->end_id - r->first_id) + 1, sizeof(*places));
    for (uint32_t id = r->first_id; id < r->end_id; id++) {
        const struct row *row = row_of(r, id);

        if (row->flags & ROW_IS_WANTED)
            places[count++] = (struct place){.key = key_of(r, row), .id = id};
    }
    /* They are in the order of their ids now. */
    if (r->key != ROLL_BY_START || r->is_reversed)
        qsort_r(places, count, sizeof(*places), compare, r);
    r->count = 0;
    for (size_t i = 0; i < count; i++)
        append(r, places[i].id);
    free(places);
}

size_t roll_count(const struct roll *r)
{
    return r->count;
}

uint32_t roll_id(const struct roll *r, size_t index)
{
    return r->order[index];
}

size_t roll_index(const struct roll *r, uint32_t id)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->order[i] == id)
            return i;
    return ROLL_NONE;
}

uint64_t roll_total(const struct roll *r)
{
    return r->end_id - r->first_id;
}

uint64_t roll_gone(const struct roll *r)
{
    return r->gone;
}

static const struct {
    const char *name, *text;
} words[ROLL_KEYS] = {
    [ROLL_BY_START] = {"start", N_("start")},
    [ROLL_BY_ACTIVITY] = {"activity", N_("last packet")},
    [ROLL_BY_PACKETS] = {"packets", N_("packets")},
    [ROLL_BY_BYTES] = {"bytes", N_("bytes")},
    [ROLL_BY_DURATION] = {"duration", N_("duration")},
    [ROLL_BY_RTT] = {"rtt", N_("round trip")},
    [ROLL_BY_LOSS] = {"loss", N_("retransmissions")},
    [ROLL_BY_FINDINGS] = {"findings", N_("findings")},
    [ROLL_BY_HOST] = {"host", N_("host")},
    [ROLL_BY_PORT] = {"port", N_("port")},
};

const char *roll_key_name(enum roll_key key)
{
    return words[key].name;
}

const char *roll_key_text(enum roll_key key)
{
    return words[key].text;
}
