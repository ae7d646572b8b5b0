/* SPDX-License-Identifier: ISC */
#ifndef SEE_TALK_FOR_TEST_H
#define SEE_TALK_FOR_TEST_H

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* cmocka wants those before it */
#include <setjmp.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "see/follow.h"
#include "see/ladder.h"

/* A conversation written down: a line a packet, played through follow and into a ladder.
 *
 *     "0.000 a S mss=1460 ws=7 sack ts=5,0"
 *     "0.020 b SA"
 *     "0.040 a A"
 *     "0.050 a PA len=100 seq=1 ack=1 win=0 id=7"
 *     "0.060 a U len=20"          a datagram
 *     "0.070 b ICMP 3 3"          an error about the last packet of the other side, sent by b
 *     "0.080 a.2 S"               a second conversation: another port of a
 *
 * seq and ack are relative, and are what comes next if they are not written; numbers wrap early. */

#define TALK_ISN_A 0xffffff00U
#define TALK_ISN_B 0x1000U
#define TALK_PORTS 8
#define TALK_ENDED_MAX 256

struct talk {
    struct follow *f;
    struct ladder *ladder;
    struct followed followed;
    uint64_t number;
    uint32_t next[TALK_PORTS][2]; /* relative, of each side */
    uint32_t window;
    struct conversation ended[TALK_ENDED_MAX]; /* label_text and findings copied */
    unsigned ended_count;
    bool is_ipv6;
};

static const uint8_t talk_hosts[2][16] = {{10, 0, 0, 1}, {10, 0, 0, 2}};

static inline void talk_take_end(void *arg, const struct conversation *c)
{
    struct talk *t = arg;
    struct conversation *kept = &t->ended[t->ended_count];
    struct finding *findings = xcalloc(c->finding_count + 1, sizeof(*findings));

    assert_true(t->ended_count++ < TALK_ENDED_MAX);
    *kept = *c;
    if (c->finding_count)
        memcpy(findings, c->findings, c->finding_count * sizeof(*findings));
    kept->findings = findings;
    kept->label_text = xstrdup(c->label_text);
}

static inline struct talk *talk_new(const struct follow_options *options, bool every)
{
    struct talk *t = xcalloc(1, sizeof(*t));
    struct follow_options with = *options;
    struct ladder_options ladder = {.every = every};

    with.ended = talk_take_end;
    with.arg = t;
    t->f = follow_new(&with);
    t->ladder = ladder_new(&ladder);
    t->window = 60000;
    return t;
}

static inline void talk_free(struct talk *t)
{
    for (unsigned i = 0; i < t->ended_count; i++) {
        free((void *)(uintptr_t)t->ended[i].findings);
        free((void *)(uintptr_t)t->ended[i].label_text);
    }
    ladder_free(t->ladder);
    follow_free(t->f);
    free(t);
}

static inline uint16_t talk_flags(const char *letters)
{
    static const char names[] = "FSRPAUEC";
    uint16_t flags = 0;

    for (; *letters && *letters != ' '; letters++) {
        assert_non_null(strchr(names, *letters));
        flags |= (uint16_t)(1 << (strchr(names, *letters) - names));
    }
    return flags;
}

/* "name=1234"; fallback if it is not there. */
static inline uint32_t talk_value(const char *line, const char *name, uint32_t fallback)
{
    char with[16];
    const char *at;

    snprintf(with, sizeof(with), " %s=", name);
    at = strstr(line, with);
    return at ? (uint32_t)strtoul(at + strlen(with), NULL, 10) : fallback;
}

static inline void talk_put32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static inline uint8_t talk_options(const char *line, bool a, uint8_t *options)
{
    uint8_t *at = options;
    const char *sack = strstr(line, " sack="), *ts = strstr(line, " ts=");

    if (strstr(line, " mss=")) {
        at[0] = 2;
        at[1] = 4;
        at[2] = (uint8_t)(talk_value(line, "mss", 0) >> 8);
        at[3] = (uint8_t)talk_value(line, "mss", 0);
        at += 4;
    }
    if (strstr(line, " ws=")) {
        memcpy(at, (uint8_t[]){1, 3, 3, (uint8_t)talk_value(line, "ws", 0)}, 4);
        at += 4;
    }
    if (strstr(line, " sackok")) {
        memcpy(at, (uint8_t[]){1, 1, 4, 2}, 4);
        at += 4;
    }
    if (ts) {
        memcpy(at, (uint8_t[]){1, 1, 8, 10}, 4);
        talk_put32(at + 4, (uint32_t)strtoul(ts + 4, NULL, 10));
        talk_put32(at + 8, (uint32_t)strtoul(strchr(ts, ',') + 1, NULL, 10));
        at += 12;
    }
    if (sack) { /* left-right, relative to the other side */
        uint32_t isn = a ? TALK_ISN_B : TALK_ISN_A;

        memcpy(at, (uint8_t[]){1, 1, 5, 10}, 4);
        talk_put32(at + 4, isn + (uint32_t)strtoul(sack + 6, NULL, 10));
        talk_put32(at + 8, isn + (uint32_t)strtoul(strchr(sack, '-') + 1, NULL, 10));
        at += 12;
    }
    return (uint8_t)(at - options);
}

static inline void talk_say_error(
    struct talk *t, unsigned from, unsigned port, const char *said, struct packet *p)
{
    unsigned long type = strtoul(said + 5, NULL, 10), code = strtoul(strchr(said + 5, ' ') + 1, NULL, 10);

    p->kind = PACKET_ICMP;
    p->icmp = (struct icmp){.version = 4,
        .type = (uint8_t)type,
        .code = (uint8_t)code,
        .is_error = true,
        .has_quote = true,
        .has_ports = true,
        .sport = from ? (uint16_t)(40000 + port) : 80,
        .dport = from ? 80 : (uint16_t)(40000 + port),
        .quoted = {.version = 4,
            .protocol = strstr(said, "udp") ? IP_PROTOCOL_UDP : IP_PROTOCOL_TCP,
            .src = talk_hosts[!from],
            .dst = talk_hosts[from]}};
}

static inline void talk_say_segment(struct talk *t, unsigned from, unsigned port, const char *line,
    const char *said, struct packet *p, uint8_t *options)
{
    uint32_t seq = talk_value(line, "seq", t->next[port][from]);
    uint32_t ack = talk_value(line, "ack", t->next[port][!from]), end;
    uint8_t bytes = talk_options(line, from == FLOW_A, options);

    p->kind = PACKET_TCP;
    p->ip.protocol = IP_PROTOCOL_TCP;
    p->tcp = (struct tcp){.seq = seq + (from ? TALK_ISN_B : TALK_ISN_A),
        .flags = talk_flags(said),
        .window = (uint16_t)talk_value(line, "win", t->window),
        .header_bytes = (uint8_t)(20 + bytes),
        .options = options,
        .options_captured = bytes};
    if (p->tcp.flags & TCP_ACK)
        p->tcp.ack = ack + (from ? TALK_ISN_A : TALK_ISN_B);
    /* Another number to begin with: another connection. */
    p->tcp.seq += talk_value(line, "isn", 0);
    end = seq + tcp_sequence_bytes(&p->tcp, p->payload_bytes);
    if ((int32_t)(end - t->next[port][from]) > 0)
        t->next[port][from] = end;
}

static inline bool talk_say(struct talk *t, const char *line)
{
    static uint8_t bytes[70000];
    uint8_t options[40];
    char *rest;
    int64_t time_ns = (int64_t)(strtod(line, &rest) * 1e6 + .5) * 1000;
    unsigned from = rest[1] == 'a' ? FLOW_A : FLOW_B, port = 0;
    const char *said = strchr(rest + 1, ' ') + 1, *text = strstr(line, " text=");
    struct packet p = {.layer = PACKET_TRANSPORT, .ip = {.version = t->is_ipv6 ? 6 : 4}};
    bool is_followed;

    if (rest[2] == '.')
        port = (unsigned)(rest[3] - '0') % TALK_PORTS;
    p.ip.src = talk_hosts[from];
    p.ip.dst = talk_hosts[!from];
    p.ip.fragment_id = talk_value(line, "id", 0);
    p.sport = from ? 80 : (uint16_t)(40000 + port);
    p.dport = from ? (uint16_t)(40000 + port) : 80;
    p.payload = bytes;
    p.payload_bytes = talk_value(line, "len", 0);
    if (text) {
        p.payload = (const uint8_t *)text + 6;
        p.payload_bytes = (uint32_t)strlen(text + 6);
    }
    p.payload_captured = p.payload_bytes;
    if (strncmp(said, "ICMP", 4) == 0) {
        talk_say_error(t, from, port, said, &p);
    } else if (said[0] == 'U' && (said[1] == ' ' || !said[1])) {
        p.kind = PACKET_UDP;
        p.ip.protocol = IP_PROTOCOL_UDP;
    } else {
        talk_say_segment(t, from, port, line, said, &p, options);
    }
    is_followed = follow_packet(t->f, &p, ++t->number, time_ns, &t->followed);
    if (is_followed && t->followed.conversation == 1)
        ladder_add(t->ladder, &t->followed, NULL);
    /* They do not outlive this. */
    t->followed.packet = NULL;
    return is_followed;
}

static inline void talk_play(struct talk *t, const char *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_true(talk_say(t, lines[i]));
}

/* Plays the lines and ends. The first conversation that ended is ended[0]. */
#define TALK(options, every, ...)                                                                            \
    __extension__({                                                                                          \
        const char *const lines_[] = {__VA_ARGS__};                                                          \
        struct talk *t_ = talk_new((options), (every));                                                      \
        talk_play(t_, lines_, sizeof(lines_) / sizeof(lines_[0]));                                           \
        follow_finish(t_->f);                                                                                \
        ladder_end(t_->ladder, &t_->ended[0]);                                                               \
        t_;                                                                                                  \
    })

#define TALK_OPEN "0.000 a S mss=1460 ws=7 sackok", "0.020 b SA mss=1400 ws=8 sackok", "0.030 a A"

static inline const struct finding *talk_finding(const struct talk *t, unsigned index, enum finding_kind kind)
{
    const struct conversation *c = &t->ended[index];

    for (unsigned i = 0; i < c->finding_count; i++)
        if (c->findings[i].kind == kind)
            return &c->findings[i];
    return NULL;
}

#endif
