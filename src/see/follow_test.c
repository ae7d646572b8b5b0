/* SPDX-License-Identifier: ISC */
/* Summaries of conversations told packet by packet: each way to open and to close (RFC 9293, section 3.5 and
 * 3.6), who closed, what was agreed, round trips, kinds of retransmission, ICMP errors and UDP pairs, labels,
 * ports used again, and what has to go for want of room. */
#include "see/follow.h"

#include "see/labels.h"
#include "see/talk_for_test.h"
#include "wire/capture_for_test.h"

static const struct follow_options plain, close_look = {.close = true, .findings = true};

static void check_named(const struct talk *t, const char *opened, const char *closed, const char *by,
    const char *state_a, const char *state_b)
{
    const struct conversation *c = &t->ended[0];
    const char *closer = c->has_closer ? c->closed_by == FLOW_A ? "a" : "b" : "";

    assert_string_equal(conversation_opened_name((enum conversation_opened)c->opened), opened);
    assert_string_equal(conversation_closed_name((enum conversation_closed)c->closed), closed);
    assert_string_equal(closer, by);
    assert_string_equal(flow_state_name((enum flow_state)c->side[FLOW_A].state), state_a);
    assert_string_equal(flow_state_name((enum flow_state)c->side[FLOW_B].state), state_b);
}

struct ending {
    const char *lines[12];
    const char *opened, *closed, *by, *state_a, *state_b;
};

/* The table's own memory, without and with a detail, must tell the same. */
static void opened_and_closed(void **state)
{
    static const struct ending endings[] = {
        /* section 3.5, figure 6 */
        {{TALK_OPEN}, "three-way", "open", "", "ESTABLISHED", "ESTABLISHED"},
        /* figure 7 */
        {{"0 a S", "0.001 b S", "0.002 a SA seq=0 ack=1", "0.003 b SA seq=0 ack=1", "0.004 a A", "0.005 b A"},
            "simultaneous", "open", "", "ESTABLISHED", "ESTABLISHED"},
        {{"0 a S", "0.01 b SA"}, "half", "open", "", "ESTABLISHED", "SYN_RECEIVED"},
        {{"0 a S", "1 a S seq=0"}, "unanswered", "unanswered", "", "SYN_SENT", "SYN_RECEIVED"},
        {{"0 a S", "0.01 b RA seq=0 ack=1"}, "refused", "refused", "b", "CLOSED", "CLOSED"},
        {{"0 a S", "0.01 b ICMP 3 1"}, "unreachable", "unreachable", "", "SYN_SENT", "SYN_RECEIVED"},
        {{"0 a PA seq=100 ack=500 len=10", "0.1 b A ack=110 seq=500"}, "mid-capture", "open", "",
            "ESTABLISHED", "ESTABLISHED"},
        {{"0 a S", "0.1 a A"}, "mid-capture", "open", "", "ESTABLISHED", "ESTABLISHED"},
        {{"0.1 b SA", "0.2 a A seq=1"}, "mid-capture", "open", "", "ESTABLISHED", "ESTABLISHED"},
        /* section 3.6, figure 12 */
        {{TALK_OPEN, "1 a FA", "1.1 b A", "1.2 b FA", "1.3 a A"}, "three-way", "four-segment", "a",
            "TIME_WAIT", "CLOSED"},
        {{TALK_OPEN, "1 b FA", "1.1 a A", "1.2 a PA len=5", "1.3 b A", "1.4 a FA", "1.5 b A"}, "three-way",
            "four-segment", "b", "CLOSED", "TIME_WAIT"},
        {{TALK_OPEN, "1 b FA", "1.1 a FA", "1.2 b A"}, "three-way", "three-segment", "b", "CLOSED",
            "TIME_WAIT"},
        /* the last ACK is missing */
        {{TALK_OPEN, "1 b FA", "1.1 a FA"}, "three-way", "three-segment", "b", "LAST_ACK", "TIME_WAIT"},
        /* figure 13 */
        {{TALK_OPEN, "1 a FA", "1 b FA ack=1", "1.1 a A", "1.1 b A"}, "three-way", "simultaneous", "a",
            "TIME_WAIT", "TIME_WAIT"},
        {{TALK_OPEN, "1 a FA", "1.1 b A"}, "three-way", "half", "a", "FIN_WAIT_2", "CLOSE_WAIT"},
        {{TALK_OPEN, "1 b RA"}, "three-way", "reset", "b", "CLOSED", "CLOSED"},
        {{TALK_OPEN, "1 a FA", "1.1 b A", "1.2 b R"}, "three-way", "reset", "b", "CLOSED", "CLOSED"},
        /* a RST that nobody believes (section 3.10.7.4) resets nothing */
        {{TALK_OPEN, "1 b R seq=900000000"}, "three-way", "open", "", "ESTABLISHED", "ESTABLISHED"},
        /* and one behind both FINs is only an echo */
        {{TALK_OPEN, "1 a FA", "1.1 b FA", "1.2 a A", "1.3 b R"}, "three-way", "three-segment", "a", "CLOSED",
            "CLOSED"},
        /* a port scanner: it opens half and resets */
        {{"0 a S", "0.01 b SA", "0.02 a R"}, "half", "reset", "a", "CLOSED", "CLOSED"},
    };

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        for (int closely = 0; closely < 2; closely++) {
            struct talk *t = talk_new(closely ? &close_look : &plain, false);

            for (size_t n = 0; n < 12 && endings[i].lines[n]; n++)
                assert_true(talk_say(t, endings[i].lines[n]));
            follow_finish(t->f);
            assert_int_equal(t->ended_count, 1);
            check_named(t, endings[i].opened, endings[i].closed, endings[i].by, endings[i].state_a,
                endings[i].state_b);
            talk_free(t);
        }
    }
}

static void counts_and_ends(void **state)
{
    struct talk *t = TALK(&plain, false, TALK_OPEN, "0.1 a PA len=300", "0.2 b PA len=1000", "0.3 a A",
        "1 a FA", "1.1 b FA", "1.2 a A");
    const struct conversation *c = &t->ended[0];
    struct str text = STR_INIT;

    conversation_append_endpoint(&text, c, FLOW_A);
    str_append_char(&text, ' ');
    conversation_append_endpoint(&text, c, FLOW_B);
    assert_string_equal(text.data, "10.0.0.1:40000 10.0.0.2:80");
    assert_int_equal(c->side[FLOW_A].packets, 6);
    assert_int_equal(c->side[FLOW_B].packets, 3);
    assert_int_equal(c->side[FLOW_A].payload, 300);
    assert_int_equal(c->side[FLOW_B].payload, 1000);
    assert_int_equal(c->syn, 1);
    assert_int_equal(c->syn_ack, 1);
    assert_int_equal(c->fin, 2);
    assert_int_equal(c->rst, 0);
    assert_int_equal(c->handshake_ns, 30000000);
    assert_int_equal(c->last_ns - c->first_ns, 1200000000);
    assert_true(c->is_complete);
    assert_false(c->is_evicted);
    str_done(&text);
    talk_free(t);
}

static void an_ipv6_end_is_in_brackets(void **state)
{
    struct talk *t = talk_new(&plain, false);
    struct str text = STR_INIT;

    t->is_ipv6 = true;
    assert_true(talk_say(t, "0 a S"));
    follow_finish(t->f);
    conversation_append_endpoint(&text, &t->ended[0], FLOW_B);
    assert_string_equal(text.data, "[a00:2::]:80");
    str_done(&text);
    talk_free(t);
}

/* Only what both offered holds (RFC 7323, RFC 2018, RFC 3168). */
static void agreed(void **state)
{
    struct talk *t = TALK(
        &close_look, false, "0 a SEC mss=1460 ws=7 sackok ts=1,0", "0.1 b SAE mss=1400 ts=9,1", "0.2 a A");

    assert_true(t->ended[0].has_agreed);
    assert_int_equal(t->ended[0].agreed, AGREED_TIMESTAMPS | AGREED_ECN);
    assert_int_equal(t->ended[0].side[FLOW_A].mss, 1460);
    assert_int_equal(t->ended[0].side[FLOW_B].mss, 1400);
    assert_true(t->ended[0].side[FLOW_A].has_window_shift);
    assert_false(t->ended[0].side[FLOW_B].has_window_shift);
    talk_free(t);

    t = TALK(&close_look, false, "0 a S len=10", "0.1 b SA ack=11", "0.2 a A");
    assert_int_equal(t->ended[0].agreed, AGREED_FAST_OPEN);
    talk_free(t);

    /* Half of it was not captured. */
    t = TALK(&close_look, false, "0.1 b SA ws=7", "0.2 a A seq=1");
    assert_false(t->ended[0].has_agreed);
    talk_free(t);
}

static void windows_are_scaled_when_both_agreed(void **state)
{
    struct talk *t = talk_new(&plain, false);

    assert_true(talk_say(t, "0 a S ws=7 win=1000"));
    assert_int_equal(t->followed.window, 1000);
    assert_true(talk_say(t, "0.1 b SA ws=8 win=1000"));
    assert_int_equal(t->followed.window, 1000); /* RFC 7323, section 2.2: never with SYN */
    assert_true(talk_say(t, "0.2 a A win=1000"));
    assert_int_equal(t->followed.window, 128000);
    assert_true(t->followed.has_scale);
    talk_free(t);

    t = talk_new(&plain, false);
    assert_true(talk_say(t, "0 a A seq=5 ack=5 win=1000"));
    assert_int_equal(t->followed.window, 1000);
    assert_false(t->followed.has_scale);
    talk_free(t);
}

/* Numbers relative to the SYNs, over the end of the sequence space; and what is under way. */
static void relative_numbers(void **state)
{
    struct talk *t = talk_new(&plain, false);

    assert_true(talk_say(t, "0 a S"));
    assert_int_equal(t->followed.seq_relative, 0);
    assert_true(t->followed.is_first);
    assert_true(talk_say(t, "0.1 b SA"));
    assert_int_equal(t->followed.ack_relative, 1);
    assert_true(talk_say(t, "0.2 a A"));
    assert_true(t->followed.verdicts & VERDICT_OPENED);
    assert_true(talk_say(t, "0.3 a PA len=1000"));
    assert_int_equal(t->followed.seq_relative, 1);
    assert_int_equal(t->followed.in_flight, 1000);
    assert_int_equal(t->followed.delta_ns, 100000000);
    assert_false(t->followed.verdicts & VERDICT_OPENED);
    assert_true(talk_say(t, "0.4 a PA len=1000"));
    assert_int_equal(t->followed.seq_relative, 1001);
    assert_int_equal(t->followed.in_flight, 2000);
    assert_true(talk_say(t, "0.5 b A"));
    assert_int_equal(t->followed.ack_relative, 2001);
    assert_int_equal(t->followed.in_flight, 0);
    talk_free(t);
}

/* Karn's rule (RFC 6298, section 3): what was sent twice gives no round trip. */
static void round_trips(void **state)
{
    struct talk *t = talk_new(&close_look, false);
    const char *const lines[] = {"1.000 a PA len=10", "1.050 b A", "1.100 a PA len=10",
        "1.500 a PA len=10 seq=11", "1.520 b A", "2.000 a PA len=10", "2.025 b A"};
    const int64_t ms[] = {0, 50, 0, 0, 0, 0, 25};

    assert_true(talk_say(t, "0 a S"));
    assert_true(talk_say(t, "0.01 b SA"));
    assert_true(talk_say(t, "0.02 a A"));
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_true(talk_say(t, lines[i]));
        assert_int_equal(t->followed.rtt_ns, ms[i] * 1000000);
    }
    follow_finish(t->f);
    assert_int_equal(t->ended[0].rtt_min_ns, 10000000);
    assert_int_equal(t->ended[0].rtt_count, 3);
    assert_int_equal(t->ended[0].handshake_ns, 20000000);
    talk_free(t);
}

static unsigned verdicts_of_last(const char *const *lines, size_t count)
{
    struct talk *t = talk_new(&close_look, false);
    unsigned verdicts;

    talk_play(t, lines, count);
    verdicts = t->followed.verdicts;
    talk_free(t);
    return verdicts;
}

#define LAST(...)                                                                                            \
    __extension__({                                                                                          \
        const char *const lines_[] = {__VA_ARGS__};                                                          \
        verdicts_of_last(lines_, sizeof(lines_) / sizeof(lines_[0]));                                        \
    })

static void kinds_of_retransmission(void **state)
{
    const unsigned again = VERDICT_RETRANSMISSION;

    /* RFC 6298: nothing came, the timer ran out. */
    assert_int_equal(LAST(TALK_OPEN, "1 a PA len=10", "1.3 a PA len=10 seq=1"), again | VERDICT_RTO);
    /* RFC 5681, section 3.2: duplicate ACKs said so. */
    assert_int_equal(LAST(TALK_OPEN, "1 a A len=10", "1 a A len=10", "1 a A len=10", "1 a A len=10",
                         "1.02 b A ack=1", "1.02 b A ack=1", "1.02 b A ack=1", "1.03 a A len=10 seq=1"),
        again | VERDICT_FAST);
    /* All of it had been acknowledged. */
    assert_int_equal(
        LAST(TALK_OPEN, "1 a PA len=10", "1.02 b A", "1.05 a PA len=10 seq=1"), again | VERDICT_SPURIOUS);
    /* RFC 2883: the receiver says that it came twice. */
    assert_int_equal(LAST(TALK_OPEN, "1 a PA len=10", "1.3 a PA len=10 seq=1", "1.31 b A sack=1-11") &
                         (VERDICT_SACK | VERDICT_DSACK),
        VERDICT_SACK | VERDICT_DSACK);
    assert_false(
        LAST(TALK_OPEN, "1 a PA len=10", "1 a PA len=10", "1.3 b A ack=1 sack=11-21") & VERDICT_DSACK);
    /* RFC 3522: the ACK echoes the timestamp of the first sending, or of the second. */
    assert_true(
        LAST(TALK_OPEN, "1 a PA len=10 ts=100,1", "1.3 a PA len=10 seq=1 ts=400,1", "1.31 b A ts=9,100") &
        VERDICT_ORIGINAL_ACKED);
    assert_false(
        LAST(TALK_OPEN, "1 a PA len=10 ts=100,1", "1.3 a PA len=10 seq=1 ts=400,1", "1.31 b A ts=9,400") &
        VERDICT_ORIGINAL_ACKED);
}

static void taken_twice(void **state)
{
    assert_true(LAST(TALK_OPEN, "1 a PA len=10 id=7", "1.0001 a PA len=10 seq=1 id=7") & VERDICT_TAKEN_TWICE);
    assert_false(
        LAST(TALK_OPEN, "1 a PA len=10 id=7", "1.0001 a PA len=10 seq=1 id=8") & VERDICT_TAKEN_TWICE);
    assert_false(LAST(TALK_OPEN, "1 a PA len=10 id=7", "1.3 a PA len=10 seq=1 id=7") & VERDICT_TAKEN_TWICE);
    assert_false(LAST(TALK_OPEN, "1 a PA len=10", "1.0001 a PA len=10 seq=1") & VERDICT_TAKEN_TWICE);
}

static void verdicts_of_the_close(void **state)
{
    assert_true(LAST(TALK_OPEN, "1 a FA", "1.1 b A") & VERDICT_ACK_OF_FIN);
    assert_false(LAST(TALK_OPEN, "1 a FA", "1.1 b A", "1.2 b PA len=1") & VERDICT_ACK_OF_FIN);
    assert_true(LAST(TALK_OPEN, "1 a RA", "1.1 b PA len=5") & VERDICT_AFTER_CLOSE);
    assert_false(LAST(TALK_OPEN, "1 a FA", "1.1 b PA len=5") & VERDICT_AFTER_CLOSE); /* half-closed: it may */
}

static void window_probes(void **state)
{
    assert_true(
        LAST(TALK_OPEN, "1 a PA len=10", "1.1 b A win=0", "1.5 a A len=1") & VERDICT_ZERO_WINDOW_PROBE);
    assert_true(LAST(TALK_OPEN, "1 a PA len=10", "1.1 b A win=0", "1.5 a A len=1", "1.6 b A win=0 ack=11") &
                VERDICT_ZERO_WINDOW_PROBE_ACK);
}

/* An error belongs to the conversation of the packet that it quotes, and is none of its packets. */
static void icmp_errors(void **state)
{
    struct talk *t = TALK(&plain, false, "0 a U len=10", "0.1 b ICMP 3 3 udp");

    assert_int_equal(t->followed.kind, FOLLOWED_ICMP);
    assert_int_equal(t->followed.from, FLOW_A);
    assert_int_equal(t->ended[0].icmp_errors, 1);
    assert_int_equal(t->ended[0].side[FLOW_A].packets + t->ended[0].side[FLOW_B].packets, 1);
    assert_string_equal(
        conversation_closed_name((enum conversation_closed)t->ended[0].closed), "unreachable");
    talk_free(t);

    /* "Fragmentation needed" says nothing of the other end; and one that answers is reachable. */
    t = TALK(&plain, false, "0 a S", "0.1 b ICMP 3 4", "0.2 b SA", "0.3 a A");
    assert_string_equal(conversation_opened_name((enum conversation_opened)t->ended[0].opened), "three-way");
    talk_free(t);
    t = talk_new(&plain, false);
    assert_false(talk_say(t, "0.1 b ICMP 3 3 udp")); /* about nothing that was captured */
    talk_free(t);
}

static void datagrams_are_paired_by_time(void **state)
{
    struct talk *t = talk_new(&plain, false);

    assert_true(talk_say(t, "0 a U len=10"));
    assert_false(t->followed.verdicts & VERDICT_REPLY);
    assert_true(talk_say(t, "0.5 a U len=10"));
    assert_true(talk_say(t, "0.6 b U len=10"));
    assert_true(t->followed.verdicts & VERDICT_REPLY);
    assert_int_equal(t->followed.rtt_ns, 100000000);
    assert_true(talk_say(t, "0.7 b U len=10"));
    assert_false(t->followed.verdicts & VERDICT_REPLY);
    assert_true(talk_say(t, "0.8 a U len=10"));
    assert_true(talk_say(t, "0.83 b U len=10"));
    assert_int_equal(t->followed.rtt_ns, 30000000);
    follow_finish(t->f);
    assert_int_equal(t->ended[0].requests, 2);
    assert_int_equal(t->ended[0].replies, 3);
    assert_int_equal(t->ended[0].rtt_min_ns, 30000000);
    assert_string_equal(conversation_closed_name((enum conversation_closed)t->ended[0].closed), "open");
    talk_free(t);
}

struct silent {
    unsigned count;
    uint32_t id;
    bool is_unanswered;
};

static void take_silent(void *arg, const struct conversation *c)
{
    struct silent *s = arg;

    s->count++;
    s->id = c->id;
    s->is_unanswered = c->finding_count == 1 && c->findings[0].kind == FINDING_UDP_UNANSWERED;
}

/* Of UDP alone, as if they had ended, though they have not. */
static void silent_datagrams(void **state)
{
    struct talk *t = talk_new(&close_look, false);
    struct silent silent = {0};
    struct conversation c;
    uint32_t cursor = 0;
    int64_t first_ns;

    assert_true(talk_say(t, "0 a U len=10"));
    first_ns = t->followed.time_ns;
    assert_true(talk_say(t, "0 a.2 S"));
    assert_true(talk_say(t, "1 a.3 U len=10"));
    follow_quiet(t->f, &cursor, 100, first_ns, take_silent, &silent);
    assert_int_equal(silent.count, 0);
    follow_quiet(t->f, &cursor, 100, first_ns + 1, take_silent, &silent);
    assert_int_equal(silent.count, 1);
    assert_int_equal(silent.id, 1);
    assert_true(silent.is_unanswered);

    /* Place by place, and round again. */
    silent.count = 0;
    for (unsigned i = 0; i < 6; i++)
        follow_quiet(t->f, &cursor, 1, INT64_MAX, take_silent, &silent);
    assert_int_equal(silent.count, 4);

    assert_true(talk_say(t, "2 a.3 U len=10"));
    follow_conversation(t->f, &t->followed, &c);
    assert_int_equal(c.finding_count, 0);
    follow_conclude(t->f, &t->followed, &c);
    assert_int_equal(c.finding_count, 1);
    assert_true(talk_say(t, "3 b.3 U len=10"));
    follow_conclude(t->f, &t->followed, &c);
    assert_int_equal(c.finding_count, 0);
    talk_free(t);
}

struct bounded {
    uint32_t id; /* of the last */
    struct conversation last, before;
};

static void take_last(void *arg, const struct conversation *c)
{
    struct bounded *b = arg;

    if (c->id == b->id)
        b->last = *c;
    else if (c->id == b->id - 1)
        b->before = *c;
}

static void labels(void **state)
{
    const struct follow_options with = {.labels = true};
    struct talk *t =
        TALK(&with, false, TALK_OPEN, "1 a PA text=GET /hello HTTP/1.1\r\n", "2 b PA text=SSH-2.0-x\r\n");

    assert_int_equal(t->ended[0].label, LABEL_HTTP);
    assert_string_equal(t->ended[0].label_text, "GET /hello");
    assert_int_equal(t->ended[0].label_side, FLOW_A);
    talk_free(t);

    t = TALK(&with, false, TALK_OPEN, "1 a PA len=10", "2 a PA text=GET /hello HTTP/1.1\r\n");
    assert_int_equal(t->ended[0].label, LABEL_NONE); /* not what it said first */
    talk_free(t);
}

/* More at once than there may be labels and details: the last one has neither, and is counted all the same.
 */
static void labels_and_details_are_bounded(void **state)
{
    struct bounded last = {.id = FOLLOW_DETAILS_MAX + 1};
    const struct follow_options with = {
        .max_conversations = 100000, .labels = true, .close = true, .ended = take_last, .arg = &last};
    static const char said[] = "SSH-2.0-x\r\n";
    struct follow *f = follow_new(&with);
    struct packet packet = {.kind = PACKET_TCP,
        .layer = PACKET_TRANSPORT,
        .dport = 22,
        .ip = {.version = 4, .src = talk_hosts[0], .dst = talk_hosts[1]},
        .tcp = {.flags = TCP_ACK | TCP_PSH, .header_bytes = 20},
        .payload = (const uint8_t *)said,
        .payload_captured = sizeof(said) - 1,
        .payload_bytes = sizeof(said) - 1};
    struct follow_totals totals;
    struct followed followed;
    uint8_t host[4];

    _Static_assert(FOLLOW_DETAILS_MAX == LABELS_MAX, "one loop for both");
    packet.ip.protocol = IP_PROTOCOL_TCP;
    packet.ip.src = host;
    for (uint32_t number = 1; number <= FOLLOW_DETAILS_MAX + 1; number++) {
        memcpy(host, &number, sizeof(host));
        packet.sport = (uint16_t)number;
        assert_true(follow_packet(f, &packet, number, number, &followed));
        follow_totals(f, &totals);
        assert_int_equal(totals.is_crowded, number > FOLLOW_DETAILS_MAX);
    }
    follow_finish(f);
    assert_int_equal(last.before.label, LABEL_SSH);
    assert_int_equal(last.before.first_number, FOLLOW_DETAILS_MAX);
    assert_int_equal(last.last.label, LABEL_NONE);
    assert_int_equal(last.last.first_number, 0);
    assert_int_equal(last.last.side[FLOW_A].packets, 1);
    follow_free(f);
}

/* Sixteen bits are not enough for a flood; and it is told as soon as it shows, not at the end alone. */
static void counters_go_on_beyond_16_bits(void **state)
{
    enum { TIMES = 70000 };
    static const struct {
        const char *line;
        unsigned of;
    } floods[] = {{"1 a S seq=0", 0}, {"1 b SA seq=0 ack=1", 1}, {"1 a FA seq=1 ack=1", 2},
        {"1 b R seq=1", 3}, {"1 a A seq=1 ack=1 win=0", 4}};

    for (size_t i = 0; i < sizeof(floods) / sizeof(floods[0]); i++) {
        struct talk *t = talk_new(&plain, false);
        const struct conversation *c = &t->ended[0];

        for (int times = 0; times < TIMES; times++)
            assert_true(talk_say(t, floods[i].line));
        follow_finish(t->f);
        assert_int_equal(t->ended_count, 1);
        assert_int_equal(c->syn, floods[i].of == 0 ? TIMES : 0);
        assert_int_equal(c->syn_ack, floods[i].of == 1 ? TIMES : 0);
        assert_int_equal(c->fin, floods[i].of == 2 ? TIMES : 0);
        assert_int_equal(c->rst, floods[i].of == 3 ? TIMES : 0);
        assert_int_equal(conversation_zero_windows(c), floods[i].of == 4 ? TIMES : 0);
        talk_free(t);
    }
}

static void ports_used_again(void **state)
{
    struct talk *t =
        TALK(&close_look, false, TALK_OPEN, "1 a FA", "1.1 b FA", "1.2 a A", "3 a S isn=5000 seq=0");

    assert_int_equal(t->ended_count, 2);
    assert_true(t->followed.verdicts & VERDICT_PORT_REUSE);
    assert_string_equal(
        conversation_closed_name((enum conversation_closed)t->ended[0].closed), "three-segment");
    assert_false(t->ended[0].is_evicted);
    assert_true(t->ended[1].is_reuse);
    assert_int_equal(t->ended[1].syn, 1);
    assert_int_equal(t->ended[1].id, 2);
    talk_free(t);
}

static void those_that_have_to_go(void **state)
{
    const struct follow_options two = {.max_conversations = 2};
    struct talk *t = talk_new(&two, false);
    struct follow_totals totals;

    assert_true(talk_say(t, "0 a.1 S"));
    assert_true(talk_say(t, "1 a.2 S"));
    assert_true(talk_say(t, "2 b.2 RA"));
    assert_true(talk_say(t, "3 a.3 S"));
    assert_int_equal(t->ended_count, 1); /* the one that is over */
    assert_int_equal(t->ended[0].id, 2);
    assert_false(t->ended[0].is_evicted);
    assert_true(talk_say(t, "4 a.4 S"));
    assert_int_equal(t->ended_count, 2);
    assert_true(t->ended[1].is_evicted);
    follow_finish(t->f);
    assert_int_equal(t->ended_count, 4);
    follow_totals(t->f, &totals);
    assert_int_equal(totals.conversations, 4);
    assert_int_equal(totals.ended, 4);
    assert_int_equal(totals.evicted, 1);
    assert_int_equal(totals.tcp, 5);
    talk_free(t);
}

static void names_are_complete(void **state)
{
    for (unsigned bit = 0; bit < VERDICTS; bit++) {
        assert_non_null(verdict_name(1U << bit));
        assert_non_null(verdict_text(1U << bit));
    }
    assert_null(verdict_name(1U << VERDICTS));
    assert_string_equal(verdict_name(VERDICT_RTO), "rto");
    assert_string_equal(verdict_name(VERDICT_REPLY), "reply");
    for (int i = OPENED_DATAGRAM; i <= OPENED_MID_CAPTURE; i++)
        assert_non_null(conversation_opened_text((enum conversation_opened)i));
    for (int i = CLOSED_OPEN; i <= CLOSED_UNREACHABLE; i++)
        assert_non_null(conversation_closed_text((enum conversation_closed)i));
}

/* In the lab A is the client in every conversation; who opens it is told beside that. */
static void a_is_laid_down(void **state)
{
    static const struct {
        const char *lines[6];
        unsigned opener;
        const char *opened, *closed, *by, *state_a, *state_b;
        unsigned from;    /* of the last packet */
        unsigned verdict; /* that it has */
    } rows[] = {
        {{"0 a S", "0.01 b SA", "0.02 a A"}, FLOW_A, "three-way", "open", "", "ESTABLISHED", "ESTABLISHED",
            FLOW_A, VERDICT_OPENED},
        {{"0 b S", "0.01 a SA", "0.02 b A"}, FLOW_B, "three-way", "open", "", "ESTABLISHED", "ESTABLISHED",
            FLOW_B, VERDICT_OPENED},
        {{"0 b S", "0.01 a SA", "0.02 b A", "1 b FA"}, FLOW_B, "three-way", "half", "b", "CLOSE_WAIT",
            "FIN_WAIT_1", FLOW_B, 0},
        {{"0 b S", "0.01 a SA"}, FLOW_B, "half", "open", "", "SYN_RECEIVED", "ESTABLISHED", FLOW_A, 0},
        {{"0 a SA seq=0 ack=1", "0.01 b A seq=1 ack=1"}, FLOW_B, "mid-capture", "open", "", "ESTABLISHED",
            "ESTABLISHED", FLOW_B, 0},
        {{"0 b S", "1 b S seq=0"}, FLOW_B, "unanswered", "unanswered", "", "SYN_RECEIVED", "SYN_SENT", FLOW_B,
            VERDICT_RETRANSMISSION},
        {{"0 b S", "0.01 a RA seq=0 ack=1"}, FLOW_B, "refused", "refused", "a", "CLOSED", "CLOSED", FLOW_A,
            0},
        {{"0 b S", "0.01 a ICMP 3 1"}, FLOW_B, "unreachable", "unreachable", "", "SYN_RECEIVED", "SYN_SENT",
            FLOW_B, 0},
        {{"0 b S", "0.001 a S", "0.002 b SA seq=0 ack=1", "0.003 a SA seq=0 ack=1", "0.004 a A", "0.005 b A"},
            FLOW_B, "simultaneous", "open", "", "ESTABLISHED", "ESTABLISHED", FLOW_B, 0},
        {{"0 a S", "0.001 b S", "0.002 a SA seq=0 ack=1", "0.003 b SA seq=0 ack=1", "0.004 a A", "0.005 b A"},
            FLOW_A, "simultaneous", "open", "", "ESTABLISHED", "ESTABLISHED", FLOW_B, 0},
        {{"0 b U len=5", "0.01 a U len=6"}, FLOW_B, "datagram", "open", "", "?", "?", FLOW_A, VERDICT_REPLY},
        {{"0 b U len=5"}, FLOW_B, "datagram", "unanswered", "", "?", "?", FLOW_B, 0},
    };
    const struct follow_options options = {
        .close = true, .findings = true, .has_a = true, .a_ipv4 = {10, 0, 0, 1}, .a_ipv6 = {10, 0, 0, 1}};

    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        struct talk *t = talk_new(&options, true);
        const struct conversation *c = &t->ended[0];
        size_t at = i / 2;

        t->is_ipv6 = i % 2 && !strstr(rows[at].lines[1] ? rows[at].lines[1] : "", "ICMP");
        for (size_t line = 0; line < 6 && rows[at].lines[line]; line++)
            assert_true(talk_say(t, rows[at].lines[line]));
        assert_int_equal(t->followed.from, rows[at].from);
        assert_int_equal(t->followed.verdicts & rows[at].verdict, rows[at].verdict);
        follow_finish(t->f);
        assert_int_equal(c->opener, rows[at].opener);
        assert_int_equal(c->side[FLOW_A].port, 40000);
        assert_int_equal(c->side[FLOW_A].address[3], 1);
        if (rows[at].state_a[0] != '?')
            check_named(t, rows[at].opened, rows[at].closed, rows[at].by, rows[at].state_a, rows[at].state_b);
        else
            assert_string_equal(
                conversation_closed_name((enum conversation_closed)c->closed), rows[at].closed);
        for (unsigned f = 0; f < c->finding_count; f++)
            if (c->findings[f].kind == FINDING_UDP_UNANSWERED ||
                c->findings[f].kind == FINDING_SYN_UNANSWERED)
                assert_int_equal(c->findings[f].side, rows[at].opener);
        talk_free(t);
    }
}

/* A SYN that is sent again since its answer was lost used to be called needless: it had been acknowledged. */
static void what_was_lost_acknowledges_nothing(void **state)
{
    const struct follow_options options = {
        .close = true, .findings = true, .has_a = true, .a_ipv4 = {10, 0, 0, 1}};
    struct talk *t = talk_new(&options, true);

    assert_true(talk_say(t, "0 a S"));
    assert_true(talk_say(t, "0.01 b SA"));
    follow_lose(t->f, &t->followed);
    assert_int_equal(t->followed.state[FLOW_A], FLOW_SYN_SENT);
    assert_true(talk_say(t, "1 a S seq=0"));
    assert_true(t->followed.verdicts & VERDICT_RETRANSMISSION);
    assert_false(t->followed.verdicts & VERDICT_SPURIOUS);
    assert_true(talk_say(t, "1.01 b SA seq=0 ack=1"));
    assert_true(talk_say(t, "1.02 a A seq=1 ack=1"));
    assert_int_equal(t->followed.state[FLOW_A], FLOW_ESTABLISHED);
    assert_int_equal(t->followed.state[FLOW_B], FLOW_ESTABLISHED);
    follow_finish(t->f);
    for (unsigned i = 0; i < t->ended[0].finding_count; i++)
        assert_int_not_equal(t->ended[0].findings[i].kind, FINDING_SPURIOUS_RETRANSMISSION);
    talk_free(t);
}

/* A reused port may be opened from the other side; and of strangers it is who opens, as ever. */
static void a_is_laid_down_for_reuse(void **state)
{
    struct follow_options options = {.has_a = true, .a_ipv4 = {10, 0, 0, 1}};
    struct talk *t = TALK(&options, true, TALK_OPEN, "1 a RA", "2 b S isn=5000", "2.01 a SA isn=5000");

    assert_int_equal(t->ended_count, 2);
    assert_int_equal(t->ended[0].opener, FLOW_A);
    assert_int_equal(t->ended[1].opener, FLOW_B);
    assert_true(t->ended[1].is_reuse);
    assert_int_equal(t->ended[1].side[FLOW_A].port, 40000);
    talk_free(t);
    options.a_ipv4[3] = 99;
    t = TALK(&options, true, "0 b S", "0.01 a SA");
    assert_int_equal(t->ended[0].opener, FLOW_A);
    assert_int_equal(t->ended[0].side[FLOW_A].port, 80);
    talk_free(t);
}

/* It used to be one more than was sent, as if a SYN had been there. */
static void in_flight_of_a_capture_from_the_middle(void **state)
{
    struct talk *t = talk_new(&plain, false);

    assert_true(talk_say(t, "0 a PA seq=1 ack=1 len=1000"));
    assert_int_equal(t->followed.in_flight, 1000);
    assert_true(talk_say(t, "0.1 a PA len=500"));
    assert_int_equal(t->followed.in_flight, 1500);
    assert_true(talk_say(t, "0.2 b A seq=1 ack=1501"));
    assert_int_equal(t->followed.in_flight, 0);
    talk_free(t);
}

static void count_carrier(void *arg, const struct followed *carrier)
{
    unsigned *count = arg;

    assert_int_equal(carrier->kind, FOLLOWED_UDP);
    ++*count;
}

static void keep_findings(void *arg, const struct conversation *c)
{
    unsigned *count = arg;

    *count += c->finding_count;
}

/* The UDP of a tunnel is a conversation of its own, as tshark has it, beside the one inside; and that nothing
 * comes back to its ports is no fault: RFC 7348, section 5, has each end choose its own source port. */
static void a_tunnel_is_a_conversation(void **state)
{
    struct bytes b =
        bytes_of("4500 0044 0000 4000 40 11 0000 0b000001 0b000002 1234 10f5 0030 0000 "
                 "3000000000000000 "
                 "4500 0020 0000 4000 40 11 0000 0a000001 0a000002 0035 0036 000c 0000 61626364");
    unsigned carriers = 0, findings = 0;
    struct follow_options options = {.findings = true,
        .ended = keep_findings,
        .arg = &findings,
        .carrier = count_carrier,
        .carrier_arg = &carriers};
    struct follow *f = follow_new(&options);
    struct follow_totals totals;
    struct followed followed;
    struct packet packet;

    packet_parse(LINKTYPE_RAW, b.at, (uint32_t)b.len, (uint32_t)b.len, &packet);
    assert_int_equal(packet.outer_count, 1);
    assert_true(follow_packet(f, &packet, 1, 0, &followed));
    assert_int_equal(followed.payload, 4);
    follow_finish(f);
    follow_totals(f, &totals);
    assert_int_equal(carriers, 1);
    assert_int_equal(totals.carriers, 1);
    assert_int_equal(totals.udp, 1);
    assert_int_equal(totals.conversations, 2);
    /* The datagram inside is not answered, either, and that is one. */
    assert_int_equal(findings, 1);
    follow_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tunnel_is_a_conversation),
        cmocka_unit_test(in_flight_of_a_capture_from_the_middle),
        cmocka_unit_test(opened_and_closed),
        cmocka_unit_test(counts_and_ends),
        cmocka_unit_test(an_ipv6_end_is_in_brackets),
        cmocka_unit_test(agreed),
        cmocka_unit_test(windows_are_scaled_when_both_agreed),
        cmocka_unit_test(relative_numbers),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(kinds_of_retransmission),
        cmocka_unit_test(taken_twice),
        cmocka_unit_test(verdicts_of_the_close),
        cmocka_unit_test(window_probes),
        cmocka_unit_test(icmp_errors),
        cmocka_unit_test(datagrams_are_paired_by_time),
        cmocka_unit_test(silent_datagrams),
        cmocka_unit_test(labels),
        cmocka_unit_test(labels_and_details_are_bounded),
        cmocka_unit_test(counters_go_on_beyond_16_bits),
        cmocka_unit_test(ports_used_again),
        cmocka_unit_test(those_that_have_to_go),
        cmocka_unit_test(names_are_complete),
        cmocka_unit_test(what_was_lost_acknowledges_nothing),
        cmocka_unit_test(a_is_laid_down),
        cmocka_unit_test(a_is_laid_down_for_reuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
