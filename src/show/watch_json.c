/* SPDX-License-Identifier: ISC */
#include "show/watch_json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "see/conversation.h"
#include "see/follow.h"
#include "show/json.h"

#define NS_PER_S 1000000000

static const char *const side_names[FLOW_SIDES] = {"a", "b"};

/* In UTC, so that the same capture is the same text everywhere. */
static void add_time(struct json *j, const char *key, int64_t ns)
{
    int64_t s = ns / NS_PER_S, rest = ns % NS_PER_S;
    struct tm tm;
    time_t t;
    char text[64];
    size_t len;

    if (rest < 0) {
        rest += NS_PER_S;
        s--;
    }
    t = (time_t)s;
    gmtime_r(&t, &tm);
    len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + len, sizeof(text) - len, ".%09lldZ", (long long)rest);
    json_add_text(j, key, text);
}

static void add_figures(struct json *j, const char *a_key, const char *b_key, uint64_t a, uint64_t b)
{
    json_add_int(j, a_key, (int64_t)a);
    json_add_int(j, b_key, (int64_t)b);
}

static void add_side(struct json *j, const char *key, bool has_side, unsigned side)
{
    json_add_text(j, key, has_side ? side_names[side] : NULL);
}

static void add_endpoint(struct json *j, const char *key, const struct conversation *c, unsigned side)
{
    struct str text = STR_INIT;

    conversation_append_endpoint(&text, c, side);
    json_add_text(j, key, text.data);
    str_done(&text);
}

static void add_findings(struct json *j, const struct finding *findings, unsigned count)
{
    json_open_list(j, "findings");
    for (unsigned i = 0; i < count; i++) {
        const struct finding *f = &findings[i];

        json_open(j, NULL);
        json_add_text(j, "name", finding_name((enum finding_kind)f->kind));
        json_add_text(j, "severity", finding_severity_name((enum finding_severity)f->severity));
        add_side(j, "side", f->has_side, f->side);
        json_add_int(j, "count", f->count);
        if (f->value)
            json_add_int(j, "value", f->value);
        json_open_list(j, "packets");
        for (unsigned e = 0; e < f->evidence_count; e++)
            json_add_int(j, NULL, (int64_t)f->evidence[e]);
        json_close(j);
        json_close(j);
    }
    json_close(j);
}

/* ---- a conversation ---- */

static void add_agreed(struct json *j, const struct conversation *c)
{
    static const struct {
        enum conversation_agreed bit;
        const char *name;
    } all[] = {
        {AGREED_WINDOW_SCALE, "window-scale"},
        {AGREED_SACK, "sack"},
        {AGREED_TIMESTAMPS, "timestamps"},
        {AGREED_ECN, "ecn"},
        {AGREED_FAST_OPEN, "fast-open"},
        {AGREED_MPTCP, "mptcp"},
    };

    if (!c->has_agreed)
        return;
    json_open_list(j, "agreed");
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (c->agreed & all[i].bit)
            json_add_text(j, NULL, all[i].name);
    json_close(j);
}

static void add_segments(struct json *j, const struct conversation *c)
{
    const struct conversation_side *a = &c->side[FLOW_A], *b = &c->side[FLOW_B];

    json_add_text(j, "state_a", flow_state_name((enum flow_state)a->state));
    json_add_text(j, "state_b", flow_state_name((enum flow_state)b->state));
    json_add_bool(j, "inferred_a", a->is_state_inferred);
    json_add_bool(j, "inferred_b", b->is_state_inferred);
    if (c->handshake_ns)
        json_add_int(j, "handshake_ns", c->handshake_ns);
    add_agreed(j, c);
    if (a->has_mss)
        json_add_int(j, "mss_a", a->mss);
    if (b->has_mss)
        json_add_int(j, "mss_b", b->mss);
    if (a->has_window_shift)
        json_add_int(j, "window_shift_a", a->window_shift);
    if (b->has_window_shift)
        json_add_int(j, "window_shift_b", b->window_shift);
    add_figures(j, "retransmissions_a", "retransmissions_b", a->retransmissions, b->retransmissions);
    add_figures(j, "keep_alives_a", "keep_alives_b", a->keep_alives, b->keep_alives);
    json_add_int(j, "acks_unseen", c->unseen);
    json_add_int(j, "gaps", c->gaps);
}

void watch_json_conversation(struct str *out, const struct conversation *c)
{
    struct json *j = json_begin(NULL);
    const struct conversation_side *a = &c->side[FLOW_A], *b = &c->side[FLOW_B];

    json_add_text(j, "type", "conversation");
    json_add_int(j, "id", c->id);
    json_add_text(j, "protocol", conversation_protocol_name(c));
    add_endpoint(j, "a", c, FLOW_A);
    add_endpoint(j, "b", c, FLOW_B);
    add_time(j, "start", c->first_ns);
    json_add_int(j, "duration_ns", c->last_ns - c->first_ns);
    add_figures(j, "packets_a", "packets_b", a->packets, b->packets);
    add_figures(j, "payload_a", "payload_b", a->payload, b->payload);
    json_add_int(j, "syn", c->syn);
    json_add_int(j, "syn_ack", c->syn_ack);
    json_add_int(j, "fin", c->fin);
    json_add_int(j, "rst", c->rst);
    json_add_int(j, "retransmissions", conversation_retransmissions(c));
    json_add_int(j, "out_of_order", conversation_out_of_order(c));
    json_add_int(j, "duplicate_acks", conversation_duplicate_acks(c));
    json_add_int(j, "zero_windows", conversation_zero_windows(c));
    json_add_text(j, "opened", conversation_opened_name((enum conversation_opened)c->opened));
    json_add_text(j, "closed", conversation_closed_name((enum conversation_closed)c->closed));
    add_side(j, "closed_by", c->has_closer, c->closed_by);
    json_add_bool(j, "complete", c->is_complete);
    if (c->is_evicted)
        json_add_bool(j, "evicted", true);
    if (c->is_reuse)
        json_add_bool(j, "port_reuse", true);
    if (c->protocol == IP_PROTOCOL_TCP)
        add_segments(j, c);
    else
        add_figures(j, "requests", "replies", c->requests, c->replies);
    json_add_int(j, "icmp_errors", c->icmp_errors);
    if (c->rtt_count) {
        json_add_int(j, "rtt_samples", c->rtt_count);
        json_add_int(j, "rtt_min_ns", c->rtt_min_ns);
        json_add_int(j, "rtt_avg_ns", c->rtt_avg_ns);
    }
    if (c->label) {
        json_add_text(j, "label", label_name((enum label)c->label));
        json_add_bytes(j, "label_text", c->label_text, strlen(c->label_text));
        add_side(j, "label_side", true, c->label_side);
    }
    if (c->first_number) {
        json_add_int(j, "first_packet", (int64_t)c->first_number);
        json_add_int(j, "last_packet", (int64_t)c->last_number);
    }
    add_findings(j, c->findings, c->finding_count);
    json_end(j, out);
}

/* ---- a packet ---- */

static void add_flags(struct json *j, unsigned flags)
{
    static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"};

    json_open_list(j, "flags");
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (flags >> i & 1)
            json_add_text(j, NULL, names[i]);
    json_close(j);
}

static void add_verdicts(struct json *j, unsigned verdicts)
{
    json_open_list(j, "verdicts");
    for (unsigned i = 0; i < VERDICTS; i++)
        if (verdicts >> i & 1 && verdict_name(1U << i))
            json_add_text(j, NULL, verdict_name(1U << i));
    json_close(j);
}

static void add_segment(struct json *j, const struct followed *f)
{
    add_flags(j, f->flags);
    json_add_int(j, "seq", f->seq_relative);
    json_add_int(j, "seq_raw", f->seq);
    if (f->has_ack) {
        json_add_int(j, "ack", f->ack_relative);
        json_add_int(j, "ack_raw", f->ack);
    } else {
        json_add_text(j, "ack", NULL);
        json_add_text(j, "ack_raw", NULL);
    }
    json_add_int(j, "window", f->window);
    json_add_bool(j, "window_scaled", f->has_scale);
    json_add_int(j, "in_flight", f->in_flight);
}

static void add_icmp(struct json *j, const struct icmp *icmp)
{
    json_add_int(j, "icmp_version", icmp->version);
    json_add_int(j, "icmp_type", icmp->type);
    json_add_int(j, "icmp_code", icmp->code);
    json_add_text(j, "icmp_text", icmp_text(icmp->version, icmp->type, icmp->code));
    if (icmp->mtu)
        json_add_int(j, "icmp_mtu", icmp->mtu);
}

static void add_states(struct json *j, const struct followed *f)
{
    json_add_text(j, "state_a", flow_state_name((enum flow_state)f->state[FLOW_A]));
    json_add_text(j, "state_b", flow_state_name((enum flow_state)f->state[FLOW_B]));
    json_add_bool(j, "inferred_a", f->is_inferred[FLOW_A]);
    json_add_bool(j, "inferred_b", f->is_inferred[FLOW_B]);
}

static void add_wire(struct json *j, const struct watch_json_wire *wire)
{
    json_add_text(j, "fate", wire->fate);
    json_add_text(j, "reason", wire->reason);
    json_add_int(j, "flight_ns", wire->flight_ns);
    if (wire->copy)
        json_add_int(j, "copy", wire->copy);
    if (!wire->state[FLOW_A])
        return;
    json_add_text(j, "state_a", wire->state[FLOW_A]);
    json_add_text(j, "state_b", wire->state[FLOW_B]);
}

void watch_json_packet(
    struct str *out, const struct followed *f, int64_t capture_start_ns, const struct watch_json_wire *wire)
{
    static const char *const kinds[] = {
        [FOLLOWED_TCP] = "tcp", [FOLLOWED_UDP] = "udp", [FOLLOWED_ICMP] = "icmp"};
    struct json *j = json_begin(NULL);

    json_add_text(j, "type", "packet");
    json_add_int(j, "conversation", f->conversation);
    json_add_int(j, "number", (int64_t)f->number);
    add_time(j, "time", f->time_ns);
    json_add_int(j, "since_start_ns", f->time_ns - capture_start_ns);
    json_add_int(j, "delta_ns", f->delta_ns);
    json_add_text(j, "kind", kinds[f->kind]);
    json_add_text(j, "side", side_names[f->from]);
    if (f->kind == FOLLOWED_TCP)
        add_segment(j, f);
    else if (f->kind == FOLLOWED_ICMP)
        add_icmp(j, &f->packet->icmp);
    json_add_int(j, "payload", f->payload);
    if (f->rtt_ns)
        json_add_int(j, "rtt_ns", f->rtt_ns);
    add_verdicts(j, f->verdicts);
    if (wire)
        add_wire(j, wire);
    else if (f->flow->protocol == IP_PROTOCOL_TCP)
        add_states(j, f);
    json_end(j, out);
}

/* ---- the capture ---- */

void watch_json_capture(struct str *out, const struct watch_json_capture *capture)
{
    struct json *j = json_begin(NULL);
    const struct follow_totals *t = capture->totals;

    json_add_text(j, "type", "capture");
    json_add_int(j, "schema", WATCH_JSON_SCHEMA);
    json_add_int(j, "packets", (int64_t)t->packets);
    json_add_int(j, "tcp", (int64_t)t->tcp);
    json_add_int(j, "udp", (int64_t)t->udp);
    json_add_int(j, "icmp_errors", (int64_t)t->icmp_errors);
    json_add_int(j, "other", (int64_t)t->other);
    json_add_int(j, "bad", (int64_t)t->bad);
    json_add_int(j, "conversations", (int64_t)t->conversations);
    json_add_int(j, "evicted", (int64_t)t->evicted);
    json_add_bool(j, "crowded", t->is_crowded);
    if (capture->dropped >= 0)
        json_add_int(j, "dropped", capture->dropped);
    json_add_text(j, "error", capture->error);
    add_findings(j, capture->findings, capture->finding_count);
    json_end(j, out);
}
