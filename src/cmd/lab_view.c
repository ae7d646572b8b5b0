/* SPDX-License-Identifier: ISC */
/* Each conversation has a ladder. A packet that has left and not arrived yet is kept back until something
 * else happens: if that is its own arrival the two become one rung, and only where others cross it there are
 * two. */
#include "cmd/lab_view.h"

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <uthash.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "cmd/watch_writer.h"
#include "see/conversation.h"
#include "see/ladder.h"
#include "show/ladder_svg.h"
#include "show/ladder_text.h"
#include "show/json.h"
#include "show/out.h"
#include "show/painted.h"
#include "show/term.h"
#include "show/watch_json.h"
#include "show/watch_page.h"

#define RUNGS_MAX 100000 /* of one ladder: what comes then is counted only */

struct talk {
    uint32_t conversation; /* the key */
    struct ladder *ladder;
    size_t shown; /* rungs */
    UT_hash_handle hh;
};

/* What has left and waits for what happens next. */
struct kept_back {
    struct talk *talk; /* NULL: nothing */
    struct followed followed;
    struct flow flow;
    struct packet packet;
    struct buf data;
    struct ladder_extra extra;
};

struct lab_view {
    struct lab_view_options o;
    struct ladder_text_options text;
    bool color;
    struct painted *painted;
    struct out *out;
    struct watch_writer *writer;
    struct talk *talks;   /* in the order in which they began */
    struct talk *current; /* whose rungs were drawn last */
    struct kept_back kept;
    struct follow *follow; /* NULL: not known yet */
    int64_t start_ns;      /* wall, of the first packet */
    uint64_t packets, dropped, delayed, forged, other;
    struct err err; /* of the file; told at the end */
    bool has_failed;
};

int lab_view_new(const struct lab_view_options *options, struct lab_view **ret, struct err *err)
{
    struct lab_view *v = xcalloc(1, sizeof(*v));

    v->o = *options;
    v->text = (struct ladder_text_options){
        .columns = term_columns(STDOUT_FILENO),
        .absolute = options->absolute,
        .ascii = options->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
    };
    v->color = term_wants_color(STDOUT_FILENO, options->no_color);
    v->painted = painted_new();
    v->out = out_new(STDOUT_FILENO);
    if (options->write) {
        int code = watch_writer_open(options->write, &v->writer, err);

        if (code < 0) {
            lab_view_free(v);
            return code;
        }
    }
    *ret = v;
    return 0;
}

void lab_view_set_follow(struct lab_view *v, struct follow *follow)
{
    v->follow = follow;
}

void lab_view_free(struct lab_view *v)
{
    struct talk *t, *next;

    if (!v)
        return;
    HASH_ITER (hh, v->talks, t, next) {
        HASH_DEL(v->talks, t);
        ladder_free(t->ladder);
        free(t);
    }
    watch_writer_close(v->writer, NULL);
    buf_done(&v->kept.data);
    painted_free(v->painted);
    out_free(v->out);
    free(v);
}

/* ---- text ---- */

static void print(struct lab_view *v)
{
    painted_print(v->painted, v->color, out_text(v->out));
    painted_reset(v->painted);
}

static void show_rungs(struct lab_view *v, struct talk *t, size_t count)
{
    if (v->o.face != LAB_VIEW_TEXT || t->shown >= count)
        return;
    if (v->current != t) {
        if (v->current)
            painted_end_line(v->painted);
        ladder_text_head(v->painted, t->ladder, &v->text);
        v->current = t;
    }
    for (; t->shown < count; t->shown++)
        ladder_text_rung(v->painted, t->ladder, t->shown, &v->text);
    print(v);
}

/* ---- rungs ---- */

static struct talk *talk_of(struct lab_view *v, uint32_t conversation)
{
    const struct ladder_options options = {.every = v->o.every, .max_rungs = RUNGS_MAX};
    struct talk *t;

    HASH_FIND(hh, v->talks, &conversation, sizeof(conversation), t);
    if (t)
        return t;
    t = xcalloc(1, sizeof(*t));
    t->conversation = conversation;
    t->ladder = ladder_new(&options);
    HASH_ADD(hh, v->talks, conversation, sizeof(t->conversation), t);
    return t;
}

/* A delay that all packets have is a property of the wire, and nothing that happened to this one. */
static enum rung_fate fate_of(const struct wire_event *event)
{
    const struct fate *fate = event->fate;

    if (event->kind == WIRE_FORGED)
        return FATE_FORGED;
    if (fate->is_dropped)
        return FATE_DROPPED;
    if (fate->corrupt_bit >= 0)
        return FATE_CORRUPTED;
    if (fate->kept_bytes < event->sent_bytes)
        return FATE_TRUNCATED;
    if (fate->copies)
        return FATE_DUPLICATED;
    if (fate->is_reordered)
        return FATE_REORDERED;
    return fate->is_late ? FATE_DELAYED : FATE_DELIVERED;
}

static const char *fate_name(const struct wire_event *event)
{
    enum rung_fate fate = fate_of(event);

    return rung_fate_name(fate == FATE_DELIVERED && event->fate->delay_ns ? FATE_DELAYED : fate);
}

static const char *why(const struct fate *fate)
{
    static const char *const texts[] = {
        [FATES_PASSED] = NULL,
        [FATES_BY_ORDER] = NULL,
        [FATES_BY_CHANCE] = NULL,
        [FATES_BY_QUEUE] = N_("the queue was full"),
        [FATES_BY_MTU] = N_("longer than the MTU"),
        [FATES_BY_LINK_DOWN] = N_("the cable is out"),
        [FATES_BY_VANISHED] = N_("that host is gone"),
        [FATES_BY_HAND] = N_("by your hand"),
    };

    if (!fate)
        return NULL;
    return texts[fate->reason] ? _(texts[fate->reason]) : fate->text;
}

static struct ladder_extra extra_of(const struct wire_event *event)
{
    static const uint8_t parts[] = {
        [WIRE_PASSES] = RUNG_WHOLE,
        [WIRE_LEAVES] = RUNG_LEAVES,
        [WIRE_ARRIVES] = RUNG_ARRIVES,
        [WIRE_DIES] = RUNG_WHOLE,
        [WIRE_FORGED] = RUNG_WHOLE,
    };

    return (struct ladder_extra){
        .fate = (uint8_t)fate_of(event),
        .part = parts[event->kind],
        .flight_ns = event->flight_ns,
        .note = why(event->fate),
        .has_states = event->has_states,
        .state = {event->state[LAB_CLIENT], event->state[LAB_SERVER]},
    };
}

static void add_rung(
    struct lab_view *v, struct talk *t, const struct followed *followed, const struct ladder_extra *extra)
{
    struct conversation c;

    ladder_add(t->ladder, followed, extra);
    if (!ladder_conversation(t->ladder) && v->follow) {
        follow_conversation(v->follow, followed, &c); /* who they are: for the head */
        ladder_end(t->ladder, &c);
    }
    show_rungs(v, t, ladder_settled(t->ladder));
}

static void keep_back(struct lab_view *v, const struct wire_event *event)
{
    struct kept_back *k = &v->kept;

    k->talk = talk_of(v, event->conversation);
    buf_consume(&k->data, k->data.len);
    buf_append(&k->data, event->data, event->bytes);
    packet_parse(LINKTYPE_RAW, buf_head(&k->data), event->bytes, event->bytes, &k->packet);
    k->flow = *event->followed->flow;
    k->followed = *event->followed;
    k->followed.flow = &k->flow;
    k->followed.packet = &k->packet;
    k->extra = extra_of(event);
}

static void let_go(struct lab_view *v)
{
    struct talk *t = v->kept.talk;

    if (!t)
        return;
    v->kept.talk = NULL;
    add_rung(v, t, &v->kept.followed, &v->kept.extra);
}

static void add_packet(struct lab_view *v, const struct wire_event *event)
{
    struct ladder_extra extra = extra_of(event);

    if (event->kind == WIRE_ARRIVES && event->copy == 0 && v->kept.talk &&
        v->kept.followed.number == event->number) {
        extra.part = RUNG_WHOLE; /* nothing has happened since it left */
        v->kept.talk = NULL;
    }
    let_go(v);
    add_rung(v, talk_of(v, event->conversation), event->followed, &extra);
}

static void add_change(struct lab_view *v, const struct wire_event *event)
{
    struct talk *t = talk_of(v, event->conversation);

    let_go(v);
    ladder_add_change(t->ladder, event->time_ns, event->state);
    show_rungs(v, t, ladder_settled(t->ladder));
}

/* ---- JSON ---- */

static void print_packet(struct lab_view *v, const struct wire_event *event)
{
    const struct watch_json_wire wire = {
        .fate = fate_name(event),
        .reason = event->fate ? event->fate->text : NULL,
        .flight_ns = event->flight_ns,
        .copy = event->copy,
        .state = {event->has_states ? diag_state_name((enum flow_state)event->state[LAB_CLIENT]) : NULL,
            event->has_states ? diag_state_name((enum flow_state)event->state[LAB_SERVER]) : NULL},
    };

    watch_json_packet(out_text(v->out), event->followed, v->start_ns, &wire);
}

static void print_change(struct lab_view *v, const struct wire_event *event)
{
    struct json *j = json_begin(NULL);

    json_add_text(j, "type", "state");
    json_add_int(j, "conversation", event->conversation);
    json_add_int(j, "since_start_ns", event->time_ns - v->start_ns);
    json_add_text(j, "state_a", diag_state_name((enum flow_state)event->state[LAB_CLIENT]));
    json_add_text(j, "state_b", diag_state_name((enum flow_state)event->state[LAB_SERVER]));
    json_end(j, out_text(v->out));
}

/* ---- the file ---- */

/* "dropped (drop syn#1); client SYN_SENT, server LISTEN" */
static void write_packet(struct lab_view *v, const struct wire_event *event)
{
    const char *reason = why(event->fate);
    struct str note = STR_INIT;

    str_append_str(&note, fate_name(event));
    if (reason)
        str_appendf(&note, " (%s)", reason);
    if (event->flight_ns)
        str_appendf(&note, ", %" PRId64 " ns under way", event->flight_ns);
    if (event->has_states)
        str_appendf(&note, "; client %s, server %s",
            diag_state_name((enum flow_state)event->state[LAB_CLIENT]),
            diag_state_name((enum flow_state)event->state[LAB_SERVER]));
    if (watch_writer_add(v->writer, LINKTYPE_RAW, lab_side_name((enum lab_side)event->from), event->time_ns,
            event->data, event->bytes, event->bytes, note.data, &v->err) < 0)
        v->has_failed = true;
    str_done(&note);
}

/* ---- what happens ---- */

static void count(struct lab_view *v, const struct wire_event *event)
{
    v->packets += event->kind == WIRE_PASSES || event->kind == WIRE_LEAVES || event->kind == WIRE_DIES;
    v->dropped += event->kind == WIRE_DIES;
    v->delayed += event->kind == WIRE_LEAVES;
    v->forged += event->kind == WIRE_FORGED;
    v->other += !event->followed && event->kind != WIRE_LEAVES && event->kind != WIRE_CHANGES;
}

void lab_view_see(struct lab_view *v, const struct wire_event *event)
{
    if (!v->start_ns)
        v->start_ns = event->time_ns;
    count(v, event);
    if (v->writer && event->kind != WIRE_CHANGES && event->kind != WIRE_LEAVES)
        write_packet(v, event);
    if (v->o.face == LAB_VIEW_QUIET)
        return;
    if (v->o.face == LAB_VIEW_JSON) {
        if (event->kind == WIRE_CHANGES)
            print_change(v, event);
        else if (event->followed && event->kind != WIRE_LEAVES)
            print_packet(v, event);
    } else if (event->kind == WIRE_CHANGES) {
        add_change(v, event);
    } else if (event->followed && event->kind == WIRE_LEAVES) {
        let_go(v);
        keep_back(v, event);
    } else if (event->followed) {
        add_packet(v, event);
    }
    if (out_text(v->out)->len >= OUT_HIGH_WATER_BYTES)
        out_flush(v->out);
}

void lab_view_output(struct lab_view *v, enum lab_side side, const char *text, size_t len)
{
    struct str shown = STR_INIT;

    if (v->o.face == LAB_VIEW_JSON) {
        struct json *j = json_begin(NULL);

        json_add_text(j, "type", "output");
        json_add_text(j, "host", lab_side_name(side));
        json_add_bytes(j, "text", text, len);
        json_end(j, out_text(v->out));
        return;
    }
    utf8_escape(&shown, text, len, 0);
    if (v->o.face == LAB_VIEW_SVG || v->o.face == LAB_VIEW_HTML) { /* standard output is the picture's */
        fprintf(stderr, "%s: %s\n", lab_side_name(side), shown.data);
    } else {
        let_go(v);
        if (v->current)
            show_rungs(v, v->current, ladder_count(v->current->ladder));
        painted_addf(v->painted, side == LAB_CLIENT ? STYLE_ME : STYLE_THEM, "%s: ", lab_side_name(side));
        painted_add(v->painted, STYLE_NORMAL, shown.data, shown.len);
        painted_end_line(v->painted);
        print(v);
    }
    str_done(&shown);
}

void lab_view_exit(struct lab_view *v, enum lab_side side, int status, bool was_stopped)
{
    struct str text = STR_INIT;

    if (v->o.face == LAB_VIEW_JSON) {
        struct json *j = json_begin(NULL);

        json_add_text(j, "type", "exit");
        json_add_text(j, "host", lab_side_name(side));
        if (WIFSIGNALED(status))
            json_add_int(j, "signal", WTERMSIG(status));
        else
            json_add_int(j, "status", WEXITSTATUS(status));
        json_add_bool(j, "stopped", was_stopped);
        json_end(j, out_text(v->out));
        return;
    }
    if (was_stopped)
        str_appendf(&text, _("%s was told to end"), lab_side_name(side));
    else if (WIFSIGNALED(status))
        str_appendf(&text, _("%s was killed by signal %d (%s)"), lab_side_name(side), WTERMSIG(status),
            strsignal(WTERMSIG(status)));
    else
        str_appendf(&text, _("%s has ended with status %d"), lab_side_name(side), WEXITSTATUS(status));
    lab_view_tell(v, text.data);
    str_done(&text);
}

void lab_view_tell(struct lab_view *v, const char *text)
{
    if (v->o.face != LAB_VIEW_TEXT)
        return;
    let_go(v);
    if (v->current)
        show_rungs(v, v->current, ladder_count(v->current->ladder));
    painted_addf(v->painted, STYLE_DIM, "-- %s", text);
    painted_end_line(v->painted);
    print(v);
}

void lab_view_rest(struct lab_view *v)
{
    let_go(v);
    for (struct talk *t = v->talks; t; t = t->hh.next) {
        ladder_settle(t->ladder);
        show_rungs(v, t, ladder_count(t->ladder));
    }
    out_flush(v->out);
}

/* ---- the end ---- */

void lab_view_end(struct lab_view *v, const struct conversation *c)
{
    struct talk *t;

    if (v->o.face == LAB_VIEW_JSON) {
        watch_json_conversation(out_text(v->out), c);
        return;
    }
    let_go(v);
    HASH_FIND(hh, v->talks, &c->id, sizeof(c->id), t);
    if (!t)
        return;
    show_rungs(v, t, ladder_count(t->ladder));
    ladder_end(t->ladder, c);
    if (v->o.face != LAB_VIEW_TEXT || v->o.no_notes)
        return;
    if (v->current != t) {
        painted_end_line(v->painted);
        ladder_text_head(v->painted, t->ladder, &v->text);
        v->current = t;
    }
    ladder_text_notes(v->painted, t->ladder, &v->text);
    print(v);
}

static void print_page(struct lab_view *v)
{
    struct follow_totals totals;
    struct watch_page_about about = {.title = v->o.title, .totals = &totals};
    struct str *out = out_text(v->out);

    follow_totals(v->follow, &totals);
    about.findings = follow_findings(v->follow, &about.finding_count);
    about.rows = about.conversations = HASH_COUNT(v->talks);
    watch_page_begin(out, &about);
    for (struct talk *t = v->talks; t; t = t->hh.next)
        if (ladder_conversation(t->ladder))
            watch_page_row(out, ladder_conversation(t->ladder), true);
    watch_page_end_rows(out);
    for (struct talk *t = v->talks; t; t = t->hh.next) {
        if (ladder_conversation(t->ladder))
            watch_page_ladder(out, t->ladder, v->o.absolute);
        if (out->len >= OUT_HIGH_WATER_BYTES)
            out_flush(v->out);
    }
    watch_page_end(out);
}

static int print_svg(struct lab_view *v, struct err *err)
{
    const struct ladder_svg_options options = {.absolute = v->o.absolute};

    if (HASH_COUNT(v->talks) != 1)
        return err_set(err, ERR_OTHER, 0, _("--svg draws one conversation, and there were %u: take --html"),
            HASH_COUNT(v->talks));
    ladder_svg(out_text(v->out), v->talks->ladder, &options);
    return 0;
}

static void print_totals(struct lab_view *v)
{
    struct str text = STR_INIT;

    str_appendf(&text, _("packets: %" PRIu64), v->packets);
    if (v->dropped)
        str_appendf(&text, _(", dropped: %" PRIu64), v->dropped);
    if (v->delayed)
        str_appendf(&text, _(", delayed: %" PRIu64), v->delayed);
    if (v->forged)
        str_appendf(&text, _(", forged: %" PRIu64), v->forged);
    if (v->other)
        str_appendf(&text, _(", of no conversation: %" PRIu64), v->other);
    lab_view_tell(v, text.data);
    str_done(&text);
}

static void print_capture(struct lab_view *v)
{
    struct follow_totals totals;
    struct watch_json_capture capture = {.totals = &totals, .dropped = -1};

    follow_totals(v->follow, &totals);
    capture.findings = follow_findings(v->follow, &capture.finding_count);
    watch_json_capture(out_text(v->out), &capture);
}

int lab_view_finish(struct lab_view *v, struct err *err)
{
    int code = 0;

    switch (v->o.face) {
    case LAB_VIEW_TEXT:
        print_totals(v);
        break;
    case LAB_VIEW_JSON:
        print_capture(v);
        break;
    case LAB_VIEW_SVG:
        code = print_svg(v, err);
        break;
    case LAB_VIEW_HTML:
        print_page(v);
        break;
    default:
        break;
    }
    out_flush(v->out);
    if (v->writer && watch_writer_close(v->writer, &v->err) < 0)
        v->has_failed = true;
    v->writer = NULL;
    if (code == 0 && v->has_failed) {
        *err = v->err;
        code = -EIO;
    }
    return code;
}
