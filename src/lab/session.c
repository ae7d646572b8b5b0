/* SPDX-License-Identifier: ISC */
#include "lab/session.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/xmalloc.h"

#define TICK_NS INT64_C(10000000) /* how often states that no packet changes are looked at */
#define ASK_READY_NS                                                                                         \
    INT64_C(500000) /* how often the server's host is asked whether somebody waits for calls */

struct side {
    struct program *program;
    bool has_ended, was_stopped;
    int status;
};

struct session {
    struct session_options o;
    struct hosts *hosts;
    struct diag *diags[LAB_SIDES];
    struct wire *wire;
    struct side sides[LAB_SIDES];
    enum session_phase phase;
    int64_t start_ns, phase_ns; /* monotonic; the latter: when the phase began */
    int64_t looked_ns;
    unsigned waiting; /* connections that wait for a segment */
    unsigned interrupts;
    bool has_run_out, client_is_last;
};

/* Whoever is awake then runs alone, and the programs after us. */
static int pin_to_one_cpu(struct err *err)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    if (sched_setaffinity(0, sizeof(one), &one) < 0)
        return err_set(err, ERR_OTHER, -errno, _("could not keep to one CPU: %s"), err_word(-errno));
    return 0;
}

static int start(struct session *s, enum lab_side side, struct err *err)
{
    struct program_options o = s->o.programs[side];

    o.side = side;
    o.is_idle = s->o.lockstep && o.function;
    return program_start(s->hosts, &o, &s->sides[side].program, err);
}

/* The client's program runs last from the first word on that it says: what it takes to start is not made
 * slow. */
static void on_packet(void *arg, const struct wire_event *event, struct fate *fate)
{
    struct session *s = arg;

    if (s->o.lockstep && !s->client_is_last && event->from == LAB_CLIENT && s->sides[LAB_CLIENT].program) {
        program_be_last(s->sides[LAB_CLIENT].program);
        s->client_is_last = true;
    }
    if (s->o.wire.decide)
        s->o.wire.decide(s->o.wire.arg, event, fate);
}

static void on_event(void *arg, const struct wire_event *event)
{
    const struct session *s = arg;

    s->o.wire.see(s->o.wire.arg, event);
}

static void on_ended(void *arg, const struct conversation *c)
{
    const struct session *s = arg;

    s->o.wire.ended(s->o.wire.arg, c);
}

int session_new(const struct session_options *options, struct session **ret, struct err *err)
{
    struct session *s = xcalloc(1, sizeof(*s));
    struct wire_options wire = options->wire;
    int code;

    s->o = *options;
    if (!s->o.settle_ns)
        s->o.settle_ns = SESSION_SETTLE_NS;
    code = hosts_new(&options->hosts, &s->hosts, err);
    for (int side = 0; code == 0 && side < LAB_SIDES; side++) {
        code = diag_new(hosts_netns(s->hosts, (enum lab_side)side), &s->diags[side], err);
        wire.diags[side] = options->states ? s->diags[side] : NULL;
    }
    for (const struct session_setting *set = options->settings; code == 0 && set && set->name; set++)
        code = hosts_sysctl(s->hosts, (enum lab_side)set->side, set->name, set->value, err);
    if (code == 0 && options->lockstep)
        code = pin_to_one_cpu(err);
    if (code < 0)
        goto out;
    wire.hosts = s->hosts;
    wire.decide = on_packet;
    wire.see = on_event;
    wire.ended = on_ended;
    wire.arg = s;
    s->wire = wire_new(&wire);
    s->start_ns = s->phase_ns = clock_now_ns();
    code = start(s, LAB_SERVER, err);
out:
    if (code < 0)
        session_free(s);
    else
        *ret = s;
    return code;
}

void session_free(struct session *s)
{
    if (!s)
        return;
    for (int side = 0; side < LAB_SIDES; side++)
        program_free(s->sides[side].program);
    wire_free(s->wire);
    for (int side = 0; side < LAB_SIDES; side++)
        diag_free(s->diags[side]);
    hosts_free(s->hosts);
    free(s);
}

/* ---- what comes after what ---- */

static void enter(struct session *s, enum session_phase phase)
{
    s->phase = phase;
    s->phase_ns = clock_now_ns();
}

static void stop(struct session *s, enum lab_side side)
{
    struct side *it = &s->sides[side];

    if (!it->program || it->has_ended)
        return;
    it->was_stopped = true;
    program_signal(it->program, SIGTERM);
}

static int start_when_ready(struct session *s, struct err *err)
{
    int code;

    if (!s->o.at_once && !s->sides[LAB_SERVER].has_ended && clock_now_ns() - s->phase_ns < SESSION_READY_NS &&
        diag_count_servers(s->diags[LAB_SERVER]) == 0)
        return 0;
    if (s->o.lockstep)
        program_be_last(s->sides[LAB_SERVER].program);
    code = start(s, LAB_CLIENT, err);
    if (code == 0)
        enter(s, SESSION_TALKING);
    return code;
}

/* Nothing is under way, and no kernel waits for anything that a retransmission might still bring. */
static bool is_at_rest(const struct session *s, int64_t now_ns)
{
    const int64_t quiet_ns = wire_quiet_since_ns(s->wire);
    const int64_t since_ns = quiet_ns > s->phase_ns ? quiet_ns : s->phase_ns;

    if (wire_count_airborne(s->wire) || now_ns - since_ns < SESSION_LINGER_NS)
        return false;
    return !s->waiting || now_ns - s->phase_ns >= s->o.settle_ns;
}

static int advance(struct session *s, struct err *err)
{
    const int64_t now_ns = clock_now_ns();

    if (s->o.limit_ns && s->phase < SESSION_STOPPING && now_ns - s->start_ns >= s->o.limit_ns) {
        s->has_run_out = true;
        stop(s, LAB_CLIENT);
        stop(s, LAB_SERVER);
        enter(s, SESSION_STOPPING);
    }
    switch (s->phase) {
    case SESSION_STARTING:
        return start_when_ready(s, err);
    case SESSION_TALKING:
        if (s->sides[LAB_CLIENT].has_ended)
            enter(s, SESSION_LINGERING);
        break;
    case SESSION_LINGERING:
        if (!is_at_rest(s, now_ns))
            break;
        stop(s, LAB_SERVER);
        enter(s, s->sides[LAB_SERVER].has_ended ? SESSION_OVER : SESSION_STOPPING);
        break;
    case SESSION_STOPPING:
        for (int side = 0; side < LAB_SIDES; side++)
            if (s->sides[side].program && !s->sides[side].has_ended &&
                now_ns - s->phase_ns >= SESSION_STOP_NS)
                program_signal(s->sides[side].program, SIGKILL);
        if (s->sides[LAB_SERVER].has_ended &&
            (!s->sides[LAB_CLIENT].program || s->sides[LAB_CLIENT].has_ended) && is_at_rest(s, now_ns))
            enter(s, SESSION_OVER);
        break;
    case SESSION_OVER:
        break;
    }
    return 0;
}

int session_turn(struct session *s, struct pollfd *extra, nfds_t extra_count, struct err *err)
{
    const int64_t wait_ns = s->phase == SESSION_STARTING ? ASK_READY_NS : TICK_NS;
    int code = wire_turn(s->wire, clock_now_ns() + wait_ns, extra, extra_count, err);

    if (code < 0)
        return code;
    for (int side = 0; side < LAB_SIDES; side++) {
        struct side *it = &s->sides[side];

        if (it->program && !it->has_ended)
            it->has_ended = program_has_ended(it->program, &it->status);
    }
    if (clock_now_ns() - s->looked_ns >= TICK_NS) {
        s->looked_ns = clock_now_ns();
        s->waiting = wire_look(s->wire);
    }
    code = advance(s, err);
    return code < 0 ? code : (int)s->phase;
}

void session_interrupt(struct session *s, bool has_reached_it)
{
    struct program *client = s->sides[LAB_CLIENT].program;

    if (client && !s->sides[LAB_CLIENT].has_ended && s->interrupts++ == 0) {
        if (!has_reached_it)
            program_signal(client, SIGINT);
        return;
    }
    stop(s, LAB_CLIENT);
    stop(s, LAB_SERVER);
    enter(s, SESSION_STOPPING);
}

bool session_ended(const struct session *s, enum lab_side side, int *ret_status)
{
    if (s->sides[side].has_ended)
        *ret_status = s->sides[side].status;
    return s->sides[side].has_ended;
}

bool session_was_stopped(const struct session *s, enum lab_side side)
{
    return s->sides[side].was_stopped;
}

bool session_ran_out(const struct session *s)
{
    return s->has_run_out;
}

struct wire *session_wire(struct session *s)
{
    return s->wire;
}

struct hosts *session_hosts(struct session *s)
{
    return s->hosts;
}
