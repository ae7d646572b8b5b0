/* SPDX-License-Identifier: ISC */
/* The screen on an interface: packets are taken as the kernel's ring has them, whatever the screen does in
 * the meantime, and kept in a ring of our own, from which ladders are drawn and conversations saved. A ladder
 * goes through that ring and then along with what still comes. */
#include "base/clock.h"
#include "base/i18n.h"
#include "cmd/viewer.h"
#include "cmd/watch_writer.h"

#define NS_PER_MS 1000000
#define PASS_STEP 64 /* packets between two looks at the clock */

static bool has_enough(const struct viewer *v)
{
    return v->o->count && v->number >= v->o->count;
}

/* A full disk ends the file, not the capture. */
static void write_packet(struct viewer *v, const struct pcapfile_packet *frame)
{
    struct err err;

    if (watch_writer_add(v->o->writer, frame->linktype, source_name(v->live), frame->time_ns, frame->data,
            frame->captured_bytes, frame->wire_bytes, NULL, &err) < 0)
        viewer_say(v, STYLE_ERROR, "%s", err.text);
}

static void take_batch(struct viewer *v, const struct pcapfile_packet *frames, unsigned count)
{
    struct packet packets[VIEWER_BATCH];

    for (unsigned i = 0; i < count; i++)
        packet_parse(
            frames[i].linktype, frames[i].data, frames[i].captured_bytes, frames[i].wire_bytes, &packets[i]);
    follow_expect(v->follow, packets, count);
    for (unsigned i = 0; i < count && !has_enough(v); i++) {
        struct ring_packet kept = {.data = frames[i].data,
            .captured_bytes = frames[i].captured_bytes,
            .wire_bytes = frames[i].wire_bytes,
            .number = v->number + 1,
            .time_ns = frames[i].time_ns,
            .linktype = frames[i].linktype};

        ring_add(v->kept, &kept);
        if (v->o->writer)
            write_packet(v, &frames[i]);
        viewer_take(v, &packets[i], frames[i].time_ns);
    }
}

/* Rows stay, and the ring. */
static void finish(struct viewer *v)
{
    watch_free(v->readable);
    v->readable = NULL;
    viewer_live_count(v);
    v->live = NULL;
    viewer_finish(v);
    viewer_work_on(v);
}

/* False: there is no more at hand, or never. */
static bool take(struct viewer *v)
{
    struct pcapfile_packet frames[VIEWER_BATCH];
    unsigned count = 0;
    enum source_result result = source_batch(v->live, frames, VIEWER_BATCH, &count, &v->trouble);

    if (result == SOURCE_AGAIN)
        return false;
    if (result == SOURCE_PACKET)
        take_batch(v, frames, count);
    if (result != SOURCE_PACKET || has_enough(v)) {
        finish(v);
        return false;
    }
    return true;
}

static void flush(struct viewer *v)
{
    struct err err;

    if (v->o->writer && watch_writer_flush(v->o->writer, &err) < 0)
        viewer_say(v, STYLE_ERROR, "%s", err.text);
}

static void on_readable(int events, void *arg)
{
    struct viewer *v = arg;
    int64_t until_ns = clock_now_ns() + VIEWER_SLICE_NS;

    while (take(v) && clock_now_ns() < until_ns)
        ;
    flush(v);
    if (v->is_paused)
        return;
    if (v->pass.closeup || v->save)
        viewer_work_on(v);
    viewer_draw_soon(v);
}

/* No more is taken in; what had been is looked at. */
static void stop(struct viewer *v)
{
    if (!v->live)
        return;
    source_stop(v->live);
    while (take(v))
        ;
    flush(v);
}

static void on_time(void *arg)
{
    struct viewer *v = arg;

    stop(v);
    viewer_draw_soon(v);
}

int viewer_live_open(struct viewer *v, struct err *err)
{
    int code;

    v->live = v->o->live;
    v->kept = ring_new(RING_BYTES_DEFAULT);
    code = watch_new(v->loop, source_fd(v->live), on_readable, v, &v->readable);
    if (code < 0)
        return err_set(err, ERR_OTHER, code, "%s: %s", v->o->name, err_word(code));
    watch_start(v->readable, WATCH_READ);
    if (v->o->for_ns) {
        v->time = timer_new(v->loop, on_time, v);
        timer_start(v->time, (uint64_t)v->o->for_ns / NS_PER_MS);
    }
    return 0;
}

void viewer_live_close(struct viewer *v)
{
    /* What lies in the kernel's ring still belongs into the file. */
    if (v->o->writer && v->follow)
        stop(v);
    watch_free(v->readable);
    timer_free(v->time);
    ring_free(v->kept);
}

void viewer_live_count(struct viewer *v)
{
    struct source_counts counts;

    if (!v->live)
        return;
    source_counts(v->live, &counts);
    v->dropped = counts.dropped;
}

/* ---- one conversation ---- */

void viewer_live_pass_begin(struct viewer *v, struct viewer_pass *pass, const struct conversation *c)
{
    struct ring_packet oldest;

    pass->next = ring_gone(v->kept);
    pass->until_number = v->number;
    pass->until_ns = c->last_ns;
    if (ring_count(v->kept) == 0)
        return;
    ring_at(v->kept, 0, &oldest);
    if (roll_first_number(v->roll, c->id) < oldest.number)
        pass->missing = c->side[FLOW_A].packets + c->side[FLOW_B].packets;
}

static bool take_for_pass(struct viewer_pass *pass, const struct ring_packet *p)
{
    struct packet packet;

    pass->number = p->number;
    /* Its own packets may be gone, and another conversation have its ports now. */
    if (!pass->has_begun && p->number <= pass->until_number && p->time_ns > pass->until_ns)
        return false;
    packet_parse(p->linktype, p->data, p->captured_bytes, p->wire_bytes, &packet);
    if (!closeup_take(pass->closeup, p, &packet))
        return false;
    pass->has_begun = true;
    if (pass->missing && p->number <= pass->until_number && packet.kind != PACKET_ICMP)
        pass->missing--;
    return true;
}

bool viewer_live_pass_go(struct viewer *v, struct viewer_pass *pass,
    void (*take_packet)(void *arg, const struct ring_packet *p), void *arg)
{
    int64_t until_ns = clock_now_ns() + VIEWER_SLICE_NS;
    uint64_t end = ring_gone(v->kept) + ring_count(v->kept);

    if (!pass->closeup || pass->is_finished || (v->is_paused && pass == &v->pass && pass->is_caught_up))
        return false;
    /* Slower than the wire: what went out of the ring unseen is missing too, though nobody knows whose it
     * was. */
    if (pass->next < ring_gone(v->kept))
        pass->next = ring_gone(v->kept);
    for (unsigned i = 1; pass->next < end; i++) {
        struct ring_packet p;

        ring_at(v->kept, (size_t)(pass->next++ - ring_gone(v->kept)), &p);
        if (take_for_pass(pass, &p) && take_packet)
            take_packet(arg, &p);
        if (i % PASS_STEP == 0 && clock_now_ns() >= until_ns)
            return true;
    }
    pass->is_caught_up = true;
    if (!v->live) {
        closeup_finish(pass->closeup);
        pass->is_finished = true;
    }
    return false;
}
