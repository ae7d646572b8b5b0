/* SPDX-License-Identifier: ISC */
/* Ladders of whatever a capture holds, made by chance but always the same: no line is too wide, and nothing
 * of a header is left out. */
#include "show/ladder_text.h"

#include <inttypes.h>
#include <stdbool.h>

#include "base/utf8.h"
#include "see/talk_for_test.h"
#include "show/language_for_test.h"

static const struct follow_options close_look = {.close = true, .findings = true, .labels = true};

static uint32_t chance_state;

static uint32_t chance(uint32_t below)
{
    chance_state = chance_state * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)chance_state >> 8) * below >> 24);
}

static uint32_t any_number(void)
{
    return chance(3) ? chance(100000) : chance(1 << 16) << 16 | chance(1 << 16);
}

/* Time goes on mostly, leaps at times, and goes back. */
static int64_t any_time(int64_t before)
{
    switch (chance(12)) {
    case 0:
        return (int64_t)any_number() * INT64_C(200000000);
    case 1:
        return before + (int64_t)any_number() * 1000000;
    default:
        return before + chance(1000000);
    }
}

static void say_anything(struct talk *t, struct ladder *l, bool is_udp, unsigned version, int64_t time_ns)
{
    static const uint8_t hosts[2][16] = {
        {0x20, 1, 0xd, 0xb8, 0x85, 0xa3, 8, 0xd3, 0x13, 0x19, 0x8a, 0x2e, 3, 0x70, 0x73, 0x48},
        {0x20, 1, 0xd, 0xb8, 0x1f, 0xff, 0xff, 0xff, 0x13, 0x19, 0xff, 0x2e, 0x13, 0x70, 0xff, 0x49}};
    unsigned from = chance(2);
    static const char *const notes[] = {NULL, "", "drop syn+ack#1", "\x1b[2J \xff",
        "delay 200ms 1% data#3 of handshake from server, and so on until it is much too long to stand beside "
        "anything, "
        "or anywhere else at all"};
    struct ladder_extra extra = {.fate = (uint8_t)(chance(3) ? 0 : chance(RUNG_FATES)),
        .part = (uint8_t)(chance(3) ? RUNG_WHOLE : chance(3)),
        .flight_ns = chance(2) ? 0 : any_number(),
        .note = notes[chance(3) ? 0 : chance(5)]};
    uint8_t options[40];
    struct packet p = {.kind = is_udp ? PACKET_UDP : PACKET_TCP,
        .layer = PACKET_TRANSPORT,
        .sport = from ? 60001 : 60002,
        .dport = from ? 60002 : 60001,
        .ip = {.version = (uint8_t)version,
            .protocol = is_udp ? IP_PROTOCOL_UDP : IP_PROTOCOL_TCP,
            .src = hosts[from],
            .dst = hosts[!from]}};
    struct followed followed;

    for (size_t i = 0; i < sizeof(options); i++)
        options[i] = (uint8_t)(chance(4) ? 1 + chance(5) : chance(256));
    p.payload = options;
    p.payload_bytes = chance(2) ? 0 : chance(4) ? chance(1500) : any_number();
    if (chance(20) == 0) {
        p.kind = PACKET_ICMP;
        p.icmp = (struct icmp){.version = (uint8_t)version,
            .type = (uint8_t)(chance(3) ? chance(5) : chance(256)),
            .code = (uint8_t)chance(20),
            .is_error = true,
            .has_quote = true,
            .has_ports = true,
            .sport = p.sport,
            .dport = p.dport,
            .quoted = p.ip};
        p.ip.src = hosts[!from];
        p.ip.dst = hosts[from];
    } else if (!is_udp) {
        p.tcp = (struct tcp){.seq = any_number(),
            .ack = any_number(),
            .flags = (uint16_t)(chance(3) ? TCP_ACK : chance(512)),
            .window = (uint16_t)(chance(3) ? chance(65536) : 0),
            .header_bytes = 60,
            .options = options,
            .options_captured = 40};
    }
    t->number += chance(99) ? 1 : any_number() + 1;
    if (follow_packet(t->f, &p, t->number, time_ns, &followed) && followed.conversation == 1)
        ladder_add(l, &followed, &extra);
}

/* The facts of a header, none of which may be missing, in whatever line. */
static void check_facts(const struct ladder *l, size_t index, const struct painted *p, bool is_udp)
{
    const struct rung *rung = ladder_rung(l, index);
    struct str told = STR_INIT, fact = STR_INIT;

    if (rung->kind != RUNG_PACKET || is_udp)
        return;
    painted_print(p, false, &told);
    if (rung->has_ack && ladder_conversation(l)->side[!rung->from].has_syn) {
        str_appendf(&fact, "ack=%" PRIu32, rung->ack_relative);
        assert_non_null(strstr(told.data, fact.data));
    }
    str_reset(&fact);
    if (rung->payload) {
        str_appendf(&fact, "len=%" PRIu64, rung->payload);
        assert_non_null(strstr(told.data, fact.data));
    }
    for (unsigned bit = 1; bit <= TCP_AE; bit <<= 1)
        if (rung->flags & bit)
            assert_non_null(strstr(told.data, tcp_flag_name(bit)));
    for (unsigned side = FLOW_A; side < FLOW_SIDES; side++)
        if (rung->is_changed[side] && rung->state[side] == FLOW_TIME_WAIT)
            assert_non_null(strstr(told.data, "TIME_WAIT"));
    str_done(&told);
    str_done(&fact);
}

static void check_width(const struct painted *p, int columns, bool ascii)
{
    struct str told = STR_INIT;

    for (size_t i = 0; i < painted_lines(p); i++)
        assert_in_range(painted_columns(p, i), 0, columns);
    painted_print(p, false, &told);
    assert_true(utf8_is_valid(told.data, told.len));
    for (size_t i = 0; i < told.len; i++) {
        assert_true((unsigned char)told.data[i] >= ' ' || told.data[i] == '\n');
        assert_true(!ascii || (unsigned char)told.data[i] < 0x7f);
    }
    str_done(&told);
}

static void check_anything(uint32_t seed, bool is_chinese)
{
    static const char emoji[] = "a\xcc\x81\xcc\x81\xcc\x81 \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7 "
                                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    static const char chinese_text[] =
        "例子。例子。例子。例子。例子。例子。例子。例子。例子。例子。例子。例子";
    static const char *const labels[] = {
        "", "GET /\x1b[31m\xff\xfe\r\n\xe2\x80\xae lies", chinese_text, emoji};
    struct ladder_options options;
    struct talk *t;
    struct ladder *l;
    struct painted *p = painted_new();
    struct conversation c;
    bool is_udp;
    unsigned version;
    int64_t time_ns;

    chance_state = seed;
    options = (struct ladder_options){.every = chance(2), .max_rungs = LADDER_RUNGS_MIN};
    t = talk_new(&close_look, false);
    l = ladder_new(&options);
    is_udp = chance(4) == 0;
    version = chance(2) ? 4 : 6;
    time_ns = any_time(0);
    for (unsigned count = 1 + chance(120); count > 0; count--)
        say_anything(t, l, is_udp, version, time_ns = any_time(time_ns));
    follow_finish(t->f);
    for (unsigned i = 0; i < t->ended_count; i++)
        if (t->ended[i].id == 1) {
            c = t->ended[i];
            c.label = (uint8_t)(1 + chance(5));
            c.label_text = labels[chance(4)];
            ladder_end(l, &c);
        }
    for (int columns = 60; columns <= 200; columns += 1 + (int)chance(12)) {
        const struct ladder_text_options o = {
            .columns = columns, .ascii = !is_chinese && chance(3) == 0, .absolute = chance(4) == 0};

        painted_reset(p);
        ladder_text_head(p, l, &o);
        check_width(p, columns, o.ascii);
        for (size_t i = 0; i < ladder_count(l); i++) {
            painted_reset(p);
            ladder_text_rung(p, l, i, &o);
            assert_true(painted_lines(p) > 0);
            check_width(p, columns, o.ascii);
            if (!o.absolute)
                check_facts(l, i, p, is_udp);
        }
        painted_reset(p);
        ladder_text_notes(p, l, &o);
        check_width(p, columns, o.ascii);
    }
    painted_free(p);
    ladder_free(l);
    talk_free(t);
}

static void no_line_is_too_wide(void **state)
{
    for (uint32_t seed = 1; seed <= 150; seed++)
        check_anything(seed, false);
    if (!speak_chinese())
        return;
    for (uint32_t seed = 1000; seed <= 1060; seed++)
        check_anything(seed, true);
    speak_english();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_line_is_too_wide),
    };

    setenv("TZ", "UTC", 1);
    speak_english();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
