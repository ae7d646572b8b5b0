/* SPDX-License-Identifier: ISC */
/* landline ask --json: what happens, an object a line. The keys are told in landline-ask(1). */
#include <string.h>

#include "base/clock.h"
#include "cmd/cmd_ask.h"
#include "show/json.h"

static struct json *begin(const char *event)
{
    struct json *j = json_begin(event);
    struct str time = STR_INIT;

    clock_append_iso(&time, clock_wall_ns());
    json_add_text(j, "time", time.data);
    str_done(&time);
    return j;
}

static void end(struct ask_print *p, struct json *j)
{
    json_end(j, out_text(p->out));
}

static void add_number(struct json *j, const char *key, uint64_t number)
{
    json_add_int(j, key, (int64_t)number);
}

static void add_text(struct ask_print *p, struct json *j, const void *data, size_t len)
{
    struct str text = STR_INIT;

    if (p->encoding) {
        encoding_decode(p->encoding, &text, data, len);
        encoding_decode_end(p->encoding, &text);
        data = text.data;
        len = text.len;
    }
    json_add_bytes(j, "text", data, len);
    str_done(&text);
}

/* The reply that was collected, whole or not. */
static void add_reply(struct ask_print *p, struct json *j)
{
    add_number(j, "bytes", p->reply.len + p->dropped);
    add_text(p, j, p->reply.data, p->reply.len);
    if (p->dropped)
        add_number(j, "bytes_left_out", p->dropped);
    str_reset(&p->reply);
    p->dropped = 0;
}

static void add_error(struct json *j, const struct err *err)
{
    json_add_int(j, "status", (int64_t)err->kind);
    json_add_text(j, "error", err->text);
}

void ask_json_unasked(struct ask_print *p, const uint8_t *data, size_t len)
{
    struct json *j = begin("unasked");

    add_number(j, "bytes", len);
    add_text(p, j, data, len);
    end(p, j);
}

void ask_json_answered(struct ask_print *p, const struct ask_exchange *x)
{
    struct json *j = begin("reply");
    char address[ADDR_TEXT_BYTES], peer[ENDPOINT_TEXT_BYTES];

    add_number(j, "number", x->number);
    json_add_text(j, "address", addr_format(x->addr, address));
    json_add_text(j, "scheme", addr_scheme_name(x->addr->scheme));
    json_add_text(j, "peer", endpoint_format(&x->peer, peer));
    add_reply(p, j);
    if (x->called) {
        add_number(j, "lookup_ns", x->lookup_ns);
        add_number(j, "connect_ns", x->connect_ns);
        add_number(j, "handshake_ns", x->handshake_ns);
    }
    json_add_int(j, "first_byte_ns", x->first_byte_ns);
    json_add_int(j, "round_trip_ns", x->round_trip_ns);
    json_add_int(j, "retries", x->retries);
    if (x->is_truncated)
        json_add_bool(j, "truncated", true);
    if (x->is_cut_off)
        json_add_bool(j, "cut_off", true);
    end(p, j);
}

void ask_json_lost(struct ask_print *p, uint64_t number, const struct err *err)
{
    struct json *j = begin("lost");

    add_number(j, "number", number);
    add_reply(p, j);
    add_error(j, err);
    end(p, j);
}

void ask_json_retry(struct ask_print *p, uint64_t number, int retry, uint64_t waited_ms)
{
    struct json *j = begin("retry");

    add_number(j, "number", number);
    json_add_int(j, "retry", retry);
    add_number(j, "waited_ms", waited_ms);
    end(p, j);
}

void ask_json_next(struct ask_print *p, const struct err *err)
{
    struct json *j = begin("next");

    add_error(j, err);
    end(p, j);
}

void ask_json_error(struct ask_print *p, const struct err *err)
{
    struct json *j = begin("error");

    add_error(j, err);
    end(p, j);
}

void ask_json_summary(struct ask_print *p, const struct ask_stats *stats)
{
    struct json *j = begin("summary");

    add_number(j, "sent", stats->sent);
    add_number(j, "answered", stats->answered);
    add_number(j, "lost", stats->lost);
    add_number(j, "unsent", stats->unsent);
    add_number(j, "retried", stats->retried);
    json_add_int(j, "elapsed_ns", clock_now_ns() - p->started_ns);
    if (stats->answered) {
        json_add_int(j, "min_ns", stats->min_ns);
        json_add_int(j, "median_ns", ask_stats_quantile(stats, 500));
        json_add_int(j, "p99_ns", ask_stats_quantile(stats, 990));
        json_add_int(j, "max_ns", stats->max_ns);
    }
    end(p, j);
}

static void add_tcp(struct json *j, const struct tcp_facts *t)
{
    json_open(j, "tcp");
    json_add_text(j, "state", tcp_state_name(t->state));
    json_add_bool(j, "state_by_sock_diag", t->state_by_diag);
    add_number(j, "rtt_us", t->rtt_us);
    add_number(j, "rttvar_us", t->rttvar_us);
    add_number(j, "min_rtt_us", t->min_rtt_us);
    add_number(j, "rto_us", t->rto_us);
    add_number(j, "bytes_sent", t->bytes_sent);
    add_number(j, "bytes_acked", t->bytes_acked);
    add_number(j, "bytes_received", t->bytes_received);
    add_number(j, "bytes_retransmitted", t->bytes_retransmitted);
    add_number(j, "segments_sent", t->segments_out);
    add_number(j, "segments_received", t->segments_in);
    add_number(j, "retransmits", t->retransmits);
    add_number(j, "unacked", t->unacked);
    add_number(j, "send_mss_bytes", t->send_mss);
    add_number(j, "receive_mss_bytes", t->receive_mss);
    add_number(j, "path_mtu_bytes", t->path_mtu);
    json_add_bool(j, "window_scaling", t->has_window_scale);
    json_add_int(j, "send_window_scale", t->send_window_scale);
    json_add_int(j, "receive_window_scale", t->receive_window_scale);
    json_add_text(j, "congestion", t->congestion);
    add_number(j, "congestion_window_segments", t->congestion_window);
    add_number(j, "delivery_rate_bytes_per_s", t->delivery_rate);
    json_add_bool(j, "app_limited", t->is_app_limited);
    json_add_bool(j, "sack", t->has_sack);
    json_add_bool(j, "timestamps", t->has_timestamps);
    json_add_bool(j, "ecn", t->has_ecn);
    json_close(j);
}

static void add_tls(struct json *j, const struct tls_facts *t)
{
    json_open(j, "tls");
    json_add_text(j, "version", t->version);
    json_add_text(j, "cipher", t->cipher);
    json_add_text(j, "group", t->group);
    json_add_text(j, "alpn", t->alpn);
    json_add_bool(j, "resumed", t->resumed);
    json_add_bool(j, "psk", t->psk);
    json_add_bool(j, "verified", t->verified);
    json_add_text(j, "verify_problem", t->verify_problem);
    if (t->pin[0]) {
        json_add_bytes(j, "subject", t->subject, strlen(t->subject));
        json_add_bytes(j, "issuer", t->issuer, strlen(t->issuer));
        json_add_bytes(j, "names", t->names, strlen(t->names));
        json_add_int(j, "not_before", (int64_t)t->not_before);
        json_add_int(j, "not_after", (int64_t)t->not_after);
        json_add_text(j, "pin", t->pin);
    }
    json_close(j);
}

void ask_json_trace(struct ask_print *p, const struct ask_facts *facts)
{
    struct json *j = begin("trace");
    char address[ADDR_TEXT_BYTES], end_text[ENDPOINT_TEXT_BYTES];

    json_add_text(j, "address", addr_format(facts->addr, address));
    json_add_text(j, "local", endpoint_format(&facts->local, end_text));
    json_add_text(j, "peer", endpoint_format(&facts->peer, end_text));
    if (facts->has_tcp)
        add_tcp(j, &facts->tcp);
    if (facts->has_tls)
        add_tls(j, &facts->tls);
    end(p, j);
}
