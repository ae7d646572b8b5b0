/* SPDX-License-Identifier: ISC */
#include "lab/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/xmalloc.h"
#include "lab/flight.h"
#include "lab/forge.h"
#include "lab/states.h"
#include "wire/packet.h"

#define NS_PER_S 1000000000
#define BATCH 64 /* packets of one host before the other is looked at */
/* A sleep may end some 80 us late, and waiting awake all the time would make the scheduler punish us: so
 * sleep until shortly before, then wait awake. */
#define AWAKE_NS 150000

struct wire {
    struct wire_options o;
    struct follow *follow;
    struct flight *flight;
    struct states *states; /* NULL: not asked for */
    uint64_t number;
    int64_t wall_ns;  /* what the wall clock is ahead of the monotonic one */
    int64_t first_ns; /* when the first packet came, monotonic; 0: none */
    int64_t last_ns;
    uint8_t *room; /* for one packet */
};

struct wire *wire_new(const struct wire_options *options)
{
    struct wire *w = xcalloc(1, sizeof(*w));
    struct follow_options follow = {
        .close = true,
        .labels = true,
        .findings = true,
        .ended = options->ended,
        .arg = options->arg,
        .has_a = true,
    };

    memcpy(follow.a_ipv4, hosts_ipv4(LAB_CLIENT), sizeof(follow.a_ipv4));
    memcpy(follow.a_ipv6, hosts_ipv6(LAB_CLIENT), sizeof(follow.a_ipv6));
    w->o = *options;
    w->follow = follow_new(&follow);
    w->flight = flight_new();
    if (options->diags[LAB_CLIENT])
        w->states = states_new(options->diags[LAB_CLIENT], options->diags[LAB_SERVER]);
    w->room = xmalloc(HOSTS_PACKET_MAX);
    w->last_ns = clock_now_ns();
    w->wall_ns = clock_wall_ns() - w->last_ns;
    return w;
}

void wire_free(struct wire *w)
{
    if (!w)
        return;
    states_free(w->states);
    flight_free(w->flight);
    follow_free(w->follow);
    free(w->room);
    free(w);
}

/* ---- telling ---- */

static void see(struct wire *w, struct wire_event *event)
{
    if (w->states && event->followed)
        event->has_states = states_ask(w->states, event->followed, event->state);
    w->o.see(w->o.arg, event);
}

/* Fills in what follow has to say of it. */
static void identify(
    struct wire *w, struct wire_event *event, struct packet *packet, struct followed *followed)
{
    event->packet = packet;
    packet_parse(LINKTYPE_RAW, event->data, event->bytes, event->bytes, packet);
    if (!follow_packet(w->follow, packet, event->number, event->time_ns, followed))
        return;
    event->followed = followed;
    event->conversation = followed->conversation;
}

/* ---- what the wire makes itself ---- */

static void deliver_forged(struct wire *w, enum lab_side from, uint8_t *data, uint32_t bytes)
{
    const struct hosts_packet packet = {.data = data, .bytes = bytes};
    struct wire_event event = {
        .kind = WIRE_FORGED,
        .from = (uint8_t)from,
        .number = ++w->number,
        .time_ns = clock_now_ns() + w->wall_ns,
        .data = data,
        .bytes = bytes,
        .sent_bytes = bytes,
    };
    struct packet parsed;
    struct followed followed;

    if (!bytes)
        return;
    identify(w, &event, &parsed, &followed);
    if (hosts_write(w->o.hosts, !from, &packet) == 0)
        see(w, &event);
}

static void deliver_reset(struct wire *w, const struct packet *about, enum lab_side from, enum lab_side to)
{
    uint8_t data[FORGE_BYTES_MAX];

    deliver_forged(w, !to, data, forge_reset(data, about, from, to));
}

static void deliver_too_big(struct wire *w, const struct wire_event *about, uint32_t mtu)
{
    uint8_t data[FORGE_BYTES_MAX];

    deliver_forged(w, !about->from, data, forge_too_big(data, about->packet, about->data, about->bytes, mtu));
}

/* ---- carrying ---- */

static void doom(struct wire_event *event, struct fate *fate, enum fates_reason reason, const char *text)
{
    event->kind = WIRE_DIES;
    fate->is_dropped = true;
    fate->reason = (uint8_t)reason;
    fate->text = text;
}

/* A host that has no room for it loses it, as its network card would. */
static void arrive(
    struct wire *w, struct wire_event *event, const struct hosts_packet *packet, struct fate *fate)
{
    const enum lab_side to = (enum lab_side) !event->from;
    const char *text = NULL;

    if (fates_has_vanished(w->o.fates, to, clock_now_ns() - w->first_ns, &text))
        doom(event, fate, FATES_BY_VANISHED, text);
    else if (hosts_write(w->o.hosts, to, packet) < 0)
        doom(event, fate, FATES_BY_QUEUE, NULL);
    w->last_ns = clock_now_ns();
    see(w, event);
}

static bool take_off(struct wire *w, const struct wire_event *event, const struct hosts_packet *packet,
    const struct fate *fate, unsigned copy, int64_t now_ns)
{
    struct airborne *a = flight_reserve(w->flight, packet->bytes);

    if (!a)
        return false;
    a->due_ns = now_ns + fate->delay_ns;
    a->left_ns = now_ns;
    a->number = event->number;
    a->from = event->from;
    a->copy = (uint8_t)copy;
    a->has_reset = fate->has_reset && copy == 0;
    a->reset_to = fate->reset_to;
    a->fate = *fate;
    a->sent_bytes = event->sent_bytes;
    memcpy(a->data, packet->data, packet->bytes);
    a->is_followed = event->followed;
    if (event->followed) {
        a->followed = *event->followed;
        a->followed.packet = NULL;
        a->flow = *event->followed->flow;
        a->followed.flow = &a->flow;
    }
    flight_add(w->flight, a);
    return true;
}

static void land(struct wire *w, struct airborne *a)
{
    const struct hosts_packet packet = {.data = a->data, .bytes = a->bytes};
    const int64_t now_ns = clock_now_ns();
    struct packet parsed;
    struct wire_event event = {
        .kind = WIRE_ARRIVES,
        .from = a->from,
        .copy = a->copy,
        .number = a->number,
        .time_ns = now_ns + w->wall_ns,
        .flight_ns = now_ns - a->left_ns,
        .data = a->data,
        .bytes = a->bytes,
        .sent_bytes = a->sent_bytes,
        .fate = &a->fate,
        .packet = &parsed,
    };

    packet_parse(LINKTYPE_RAW, a->data, a->bytes, a->bytes, &parsed);
    if (a->is_followed) {
        a->followed.packet = &parsed;
        event.followed = &a->followed;
        event.conversation = a->followed.conversation;
    }
    arrive(w, &event, &packet, &a->fate);
    if (a->has_reset)
        deliver_reset(w, &parsed, (enum lab_side)a->from, (enum lab_side)a->reset_to);
    flight_drop(w->flight, a);
}

static void spoil(const struct fate *fate, struct hosts_packet *packet)
{
    if (fate->kept_bytes < packet->bytes)
        packet->bytes = fate->kept_bytes;
    if (fate->corrupt_bit >= 0 && (uint32_t)fate->corrupt_bit / 8 < packet->bytes)
        packet->data[fate->corrupt_bit / 8] ^= (uint8_t)(0x80 >> fate->corrupt_bit % 8);
}

static void die(struct wire *w, struct wire_event *event)
{
    event->kind = WIRE_DIES;
    see(w, event);
}

/* A packet that a host has sent. */
static void carry(struct wire *w, enum lab_side from, struct hosts_packet *packet)
{
    const int64_t now_ns = clock_now_ns();
    struct wire_event event = {
        .kind = WIRE_PASSES,
        .from = (uint8_t)from,
        .number = ++w->number,
        .time_ns = now_ns + w->wall_ns,
        .data = packet->data,
        .bytes = packet->bytes,
        .sent_bytes = packet->bytes,
    };
    struct packet parsed;
    struct followed followed;
    struct fate fate;

    if (!w->first_ns)
        w->first_ns = now_ns;
    w->last_ns = now_ns;
    identify(w, &event, &parsed, &followed);
    fates_decide(w->o.fates, &(struct selectee){from, &parsed, event.followed}, packet->bytes,
        now_ns - w->first_ns, &fate);
    event.fate = &fate;
    if (w->o.decide)
        w->o.decide(w->o.arg, &event, &fate);
    if (fate.is_dropped) {
        if (event.followed)
            follow_lose(w->follow, &followed);
        die(w, &event);
        if (fate.too_big_mtu)
            deliver_too_big(w, &event, fate.too_big_mtu);
        return;
    }
    spoil(&fate, packet);
    if (fate.delay_ns > 0) {
        for (unsigned copy = 0; copy <= fate.copies; copy++) {
            if (take_off(w, &event, packet, &fate, copy, now_ns) || copy)
                continue;
            doom(&event, &fate, FATES_BY_QUEUE, NULL);
            see(w, &event);
            return;
        }
        event.kind = WIRE_LEAVES;
        see(w, &event);
        return;
    }
    arrive(w, &event, packet, &fate);
    for (unsigned copy = 1; copy <= fate.copies; copy++) {
        event.kind = WIRE_ARRIVES;
        event.copy = (uint8_t)copy;
        arrive(w, &event, packet, &fate);
    }
    if (fate.has_reset)
        deliver_reset(w, &parsed, from, (enum lab_side)fate.reset_to);
}

/* ---- turning ---- */

static bool land_due(struct wire *w)
{
    struct airborne *a;
    bool any = false;

    while ((a = flight_take(w->flight, clock_now_ns())) != NULL) {
        land(w, a);
        any = true;
    }
    return any;
}

/* 1: some came; 0: none; negative: the cable is gone. */
static int read_from(struct wire *w, enum lab_side from)
{
    struct hosts_packet packet = {.data = w->room};
    int code = 0, any = 0;

    for (unsigned i = 0; i < BATCH; i++) {
        code = hosts_read(w->o.hosts, from, &packet);
        if (code < 0)
            break;
        any = 1;
        carry(w, from, &packet);
        if (flight_next_ns(w->flight) <= clock_now_ns())
            break;
    }
    return code < 0 && code != -EAGAIN ? code : any;
}

/* Of a short wait only the part that can be slept. */
static int64_t sleep_ns(const struct wire *w, int64_t until_ns)
{
    int64_t due_ns = flight_next_ns(w->flight), now_ns = clock_now_ns();

    if (due_ns < INT64_MAX && due_ns - AWAKE_NS < until_ns)
        until_ns = due_ns - AWAKE_NS;
    return until_ns > now_ns ? until_ns - now_ns : 0;
}

int wire_turn(struct wire *w, int64_t until_ns, struct pollfd *extra, nfds_t extra_count, struct err *err)
{
    struct pollfd fds[LAB_SIDES + WIRE_EXTRA_MAX] = {
        {.fd = hosts_fd(w->o.hosts, LAB_CLIENT), .events = POLLIN},
        {.fd = hosts_fd(w->o.hosts, LAB_SERVER), .events = POLLIN},
    };

    memcpy(fds + LAB_SIDES, extra, extra_count * sizeof(*extra));
    for (;;) {
        bool any = land_due(w);
        int64_t wait_ns;
        struct timespec wait;
        int ready;

        for (int side = 0; side < LAB_SIDES; side++) {
            int code = read_from(w, (enum lab_side)side);

            if (code < 0)
                return err_set(err, ERR_OTHER, code, _("the cable of %s: %s"),
                    lab_side_name((enum lab_side)side), err_word(code));
            any |= code > 0;
        }
        wait_ns = any ? 0 : sleep_ns(w, until_ns);
        wait = (struct timespec){wait_ns / NS_PER_S, wait_ns % NS_PER_S};
        ready = ppoll(fds, LAB_SIDES + extra_count, &wait, NULL);
        for (nfds_t i = 0; i < extra_count; i++)
            extra[i].revents = ready > 0 ? fds[LAB_SIDES + i].revents : 0;
        /* What is due in a moment is waited for here: the caller may have something to print. */
        if (!any && ready == 0 && flight_next_ns(w->flight) < until_ns)
            continue;
        return 0;
    }
}

static void on_changed(void *arg, uint32_t conversation, const uint8_t state[LAB_SIDES])
{
    struct wire *w = arg;
    struct wire_event event = {
        .kind = WIRE_CHANGES,
        .conversation = conversation,
        .has_states = true,
        .state = {state[LAB_CLIENT], state[LAB_SERVER]},
        .time_ns = clock_now_ns() + w->wall_ns,
    };

    w->o.see(w->o.arg, &event);
}

unsigned wire_look(struct wire *w)
{
    return w->states ? states_look(w->states, on_changed, w) : 0;
}

size_t wire_count_airborne(const struct wire *w)
{
    return flight_count(w->flight);
}

int64_t wire_quiet_since_ns(const struct wire *w)
{
    return w->last_ns;
}

void wire_finish(struct wire *w)
{
    follow_finish(w->follow);
}

struct follow *wire_follow(struct wire *w)
{
    return w->follow;
}
