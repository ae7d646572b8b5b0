/* SPDX-License-Identifier: ISC */
/* Findings: for each a conversation that shows it, with the packets that do, and one that comes near and does
 * not. */
#include "see/finding.h"

#include "see/talk_for_test.h"

static const struct follow_options close_look = {.close = true, .findings = true};

/* evidence: the numbers of the packets, 0 ends. */
struct finding_case {
    enum finding_kind kind;
    bool is_found;
    const char *lines[24];
    uint64_t evidence[FINDING_EVIDENCE_MAX];
};

/* Packets to another port at the end move the capture's clock. */
#define LATER "60 a.7 U len=1"
#define STALLED "1 a PA len=10", "1.01 b A win=0", "1.5 b A win=0"
#define SMALL "0 a S win=100", "0.01 b SA win=100", "0.02 a A win=100"
#define FILLED                                                                                               \
    "0.1 a PA len=100", "0.2 b A win=100", "0.3 a PA len=100", "0.4 b A win=100", "0.5 a PA len=100"
#define ALIVE "10 a A seq=0", "20 a A seq=0", "30 a A seq=0"
/* a holds the second back until b's late ACK of the first */
#define LATE(s) s ".00 a PA len=10", s ".04 b A", s ".041 a PA len=10", s ".05 b PA len=10", s ".051 a A"

static const struct finding_case cases[] = {
    {FINDING_SYN_UNANSWERED, true, {"0 a S", "1 a S seq=0", "3 a S seq=0"}, {1, 2, 3}},
    {FINDING_SYN_UNANSWERED, true, {"0 a S"}, {1}},
    {FINDING_SYN_UNANSWERED, false, {"0 a S", "1 a S seq=0", "1.1 b SA", "1.2 a A"}, {0}},
    {FINDING_REFUSED, true, {"0 a S", "0.1 b RA seq=0 ack=1"}, {2}},
    {FINDING_REFUSED, false, {TALK_OPEN, "1 b RA"}, {0}},
    {FINDING_UNREACHABLE, true, {"0 a S", "0.1 b ICMP 3 1"}, {2}},
    {FINDING_UNREACHABLE, false, {"0 a S", "0.1 b ICMP 3 4"}, {0}},
    {FINDING_UNREACHABLE, false, {"0 a S", "0.1 b ICMP 3 1", "0.2 b SA", "0.3 a A"}, {0}},
    {FINDING_SYN_ACK_UNACKNOWLEDGED, true, {"0 a S", "0.1 b SA", "1.1 b SA seq=0"}, {3}},
    {FINDING_SYN_ACK_UNACKNOWLEDGED, false, {"0 a S", "0.1 b SA", "1.1 b SA seq=0", "1.2 a A"}, {0}},
    {FINDING_RESET, true, {TALK_OPEN, "1 a PA len=10", "1.1 b RA"}, {5}},
    {FINDING_RESET, false, {TALK_OPEN, "1 a FA", "1.1 b FA", "1.2 a A", "1.3 b R"}, {0}},
    {FINDING_RESET, false, {TALK_OPEN, "1 b R seq=900000000"}, {0}},
    /* RFC 9293, section 3.5.1, figure 9: b still has an old connection; then, figure 10: b has none */
    {FINDING_HALF_OPEN, true, {"0 a S", "0.1 b A seq=5000 ack=7000", "0.2 a R seq=7000"}, {2}},
    {FINDING_HALF_OPEN, true, {TALK_OPEN, "1 a PA len=1", "1.1 b A", "9 a PA len=10", "9.1 b R"}, {7}},
    {FINDING_HALF_OPEN, false, {TALK_OPEN, "1 a PA len=1", "1.1 b A", "9 a PA len=10", "9.1 b RA"}, {0}},
    {FINDING_NEVER_CLOSED, true, {TALK_OPEN, "1 a FA", "1.1 b A", LATER}, {5}},
    {FINDING_NEVER_CLOSED, false, {TALK_OPEN, "1 a FA", "1.1 b A"}, {0}}, /* it may yet */
    {FINDING_NEVER_CLOSED, false, {TALK_OPEN, "1 a FA", "1.1 b A", "2 b FA", "2.1 a A", LATER}, {0}},
    {FINDING_CLOSE_UNHEARD, true, {TALK_OPEN, "1 a FA", "1.3 a FA seq=1"}, {5}},
    {FINDING_CLOSE_UNHEARD, true, {TALK_OPEN, "1 a FA", LATER}, {4}},
    {FINDING_CLOSE_UNHEARD, false, {TALK_OPEN, "1 a FA", "1.3 a FA seq=1", "1.4 b A", LATER}, {0}},
    {FINDING_DATA_AFTER_CLOSE, true, {TALK_OPEN, "1 a FA", "1.1 b A", "1.2 b PA len=10", "1.3 a R"}, {7}},
    {FINDING_DATA_AFTER_CLOSE, false, {TALK_OPEN, "1 a FA", "1.1 b A", "1.2 b PA len=10", "1.3 a A"}, {0}},
    {FINDING_LOSS, true,
        {TALK_OPEN, "1 a A len=9", "1.3 a A len=9 seq=1", "1.4 b A", "2 a A len=9", "2.3 a A len=9 seq=10",
            "2.4 b A", "3 a A len=9", "3.3 a A len=9 seq=19", "3.4 b A"},
        {5, 8, 11}},
    {FINDING_LOSS, false, {TALK_OPEN, "1 a A len=9", "1.3 a A len=9 seq=1", "1.4 b A"}, {0}},
    {FINDING_RTO_BACKOFF, true,
        {TALK_OPEN, "1 a A len=9", "1.3 a A len=9 seq=1", "1.9 a A len=9 seq=1", "3 a A len=9 seq=1"},
        {6, 7}},
    {FINDING_RTO_BACKOFF, false, {TALK_OPEN, "1 a A len=9", "1.3 a A len=9 seq=1", "1.4 b A"}, {0}},
    {FINDING_SPURIOUS_RETRANSMISSION, true, {TALK_OPEN, "1 a A len=9", "1.1 b A", "1.2 a A len=9 seq=1"},
        {6}},
    {FINDING_SPURIOUS_RETRANSMISSION, false, {TALK_OPEN, "1 a A len=9", "1.3 a A len=9 seq=1", "1.4 b A"},
        {0}},
    {FINDING_ZERO_WINDOW_STALL, true, {TALK_OPEN, STALLED, "2 b A"}, {5, 6}},
    {FINDING_ZERO_WINDOW_STALL, true, {TALK_OPEN, "1 a PA len=10", "1.01 b A win=0", LATER}, {5}},
    {FINDING_ZERO_WINDOW_STALL, false, {TALK_OPEN, "1 a PA len=10", "1.01 b A win=0", "1.02 b A"}, {0}},
    {FINDING_SMALL_WINDOW, true, {SMALL, FILLED}, {4, 6, 8}},
    {FINDING_SMALL_WINDOW, false, {SMALL, "0.1 a PA len=100", "0.2 b A win=100", "0.3 a PA len=99"}, {0}},
    {FINDING_BLACK_HOLE, true,
        {TALK_OPEN, "1 a A len=1400", "1.3 a A len=1400 seq=1", "1.9 a A len=1400 seq=1",
            "3.1 a A len=1400 seq=1"},
        {7}},
    {FINDING_BLACK_HOLE, false,
        {TALK_OPEN, "1 a A len=1400", "1.3 a A len=1400 seq=1", "1.9 a A len=1400 seq=1",
            "3.1 a A len=1400 seq=1", "3.2 b A"},
        {0}},
    {FINDING_NAGLE_DELAYED_ACK, true, {TALK_OPEN, LATE("1"), LATE("2"), LATE("3")}, {5, 10, 15}},
    {FINDING_NAGLE_DELAYED_ACK, false, {TALK_OPEN, LATE("1"), LATE("2")}, {0}},
    /* what comes behind the ACK has not waited for it */
    {FINDING_NAGLE_DELAYED_ACK, false,
        {TALK_OPEN, "1 a PA len=9", "1.04 b A", "1.1 a PA len=9", "1.14 b A", "1.2 a PA len=9", "1.24 b A",
            "1.3 a PA len=9"},
        {0}},
    {FINDING_KEEP_ALIVE_DEATH, true, {TALK_OPEN, ALIVE}, {4, 5, 6}},
    {FINDING_KEEP_ALIVE_DEATH, false, {TALK_OPEN, ALIVE, "30.1 b A"}, {0}},
    {FINDING_ASYMMETRIC, true, {"0 a A seq=1 ack=1", "1 a A ack=50", "2 a A ack=90"}, {1}},
    {FINDING_ASYMMETRIC, false, {"0 a A seq=1 ack=1", "1 b A ack=1 len=50", "2 a A ack=51"}, {0}},
    {FINDING_TAKEN_TWICE, true, {TALK_OPEN, "1 a A len=9 id=5", "1 a A len=9 seq=1 id=5"}, {5}},
    {FINDING_TAKEN_TWICE, false, {TALK_OPEN, "1 a A len=9 id=5", "1 a A len=9 seq=1 id=6"}, {0}},
    {FINDING_UDP_UNANSWERED, true, {"0 a U len=1", "1 a U len=1"}, {1}},
    {FINDING_UDP_UNANSWERED, false, {"0 a U len=1", "1 b U len=1"}, {0}},
    {FINDING_UDP_UNANSWERED, false, {"0 a U len=1", "1 b ICMP 3 3 udp"}, {0}},
};

static void each_found_and_not_found(void **state)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct finding_case *one = &cases[i];
        struct talk *t = talk_new(&close_look, false);
        const struct finding *finding = NULL;
        unsigned evidence = 0;

        for (size_t n = 0; n < 24 && one->lines[n]; n++)
            assert_true(talk_say(t, one->lines[n]));
        follow_finish(t->f);
        for (unsigned n = 0; n < t->ended_count; n++)
            if (t->ended[n].id == 1)
                finding = talk_finding(t, n, one->kind);
        if (one->is_found != !!finding)
            fail_msg("case %zu, %s: %s", i, finding_name(one->kind), finding ? "found" : "not found");
        while (evidence < FINDING_EVIDENCE_MAX && one->evidence[evidence])
            evidence++;
        if (finding && (finding->evidence_count != evidence ||
                           memcmp(finding->evidence, one->evidence, evidence * sizeof(uint64_t)) != 0))
            fail_msg("case %zu, %s: %u packets, the first is %" PRIu64, i, finding_name(one->kind),
                finding->evidence_count, finding->evidence[0]);
        talk_free(t);
    }
}

static void port_reuse_in_time_wait(void **state)
{
    struct talk *t =
        TALK(&close_look, false, TALK_OPEN, "1 a FA", "1.1 b FA", "1.2 a A", "3 a S isn=5000 seq=0");

    assert_non_null(talk_finding(t, 1, FINDING_PORT_REUSE));
    talk_free(t);
    t = TALK(&close_look, false, TALK_OPEN, "1 a RA", "3 a S isn=5000 seq=0");
    assert_int_equal(t->ended_count, 2);
    assert_null(talk_finding(t, 1, FINDING_PORT_REUSE));
    talk_free(t);
}

/* Of a conversation in which all goes well there is nothing to say. */
static void nothing_to_say(void **state)
{
    struct talk *t = TALK(&close_look, false, TALK_OPEN, "0.1 a PA len=100", "0.12 b A", "0.13 b PA len=2000",
        "0.14 a A", "1 a FA", "1.1 b FA", "1.2 a A");

    assert_int_equal(t->ended[0].finding_count, 0);
    talk_free(t);
}

/* The figures behind them. */
static void values(void **state)
{
    struct talk *t = TALK(&close_look, false, TALK_OPEN, STALLED, "2 b A");

    assert_int_equal(talk_finding(t, 0, FINDING_ZERO_WINDOW_STALL)->value, 990000000);
    assert_int_equal(talk_finding(t, 0, FINDING_ZERO_WINDOW_STALL)->side, FLOW_B);
    talk_free(t);
    t = TALK(&close_look, false, TALK_OPEN, "1 a A len=9", "1.3 a A len=9 seq=1", "1.9 a A len=9 seq=1");
    assert_int_equal(talk_finding(t, 0, FINDING_RTO_BACKOFF)->value, 900000000);
    talk_free(t);
    t = TALK(&close_look, false, SMALL, FILLED);
    assert_int_equal(talk_finding(t, 0, FINDING_SMALL_WINDOW)->value, 100);
    talk_free(t);
}

/* No more packets are remembered than there is room for, however often it happens. */
static void evidence_is_bounded(void **state)
{
    struct talk *t = talk_new(&close_look, false);
    char line[64];

    for (int i = 0; i < 50; i++) {
        snprintf(line, sizeof(line), "%d a S seq=0", i);
        assert_true(talk_say(t, line));
    }
    follow_finish(t->f);
    assert_int_equal(talk_finding(t, 0, FINDING_SYN_UNANSWERED)->count, 50);
    assert_int_equal(talk_finding(t, 0, FINDING_SYN_UNANSWERED)->evidence_count, FINDING_EVIDENCE_MAX);
    assert_int_equal(talk_finding(t, 0, FINDING_SYN_UNANSWERED)->evidence[0], 1);
    assert_int_equal(talk_finding(t, 0, FINDING_SYN_UNANSWERED)->evidence[1], 2);
    talk_free(t);
}

static unsigned of_capture(unsigned conversations, bool is_answered, enum finding_kind *ret_first)
{
    const struct follow_options options = {.close = true, .findings = true};
    struct follow *f = follow_new(&options);
    static const uint8_t no_options[1];
    const struct finding *found;
    struct followed followed;
    uint64_t number = 0;
    unsigned count;

    for (unsigned i = 0; i < conversations; i++) {
        struct packet p = {.kind = PACKET_TCP,
            .sport = (uint16_t)(1000 + i),
            .dport = 80,
            .ip = {.version = 4, .protocol = IP_PROTOCOL_TCP, .src = talk_hosts[0], .dst = talk_hosts[1]},
            .tcp = {.flags = TCP_SYN, .header_bytes = 20, .options = no_options}};

        follow_packet(f, &p, ++number, (int64_t)i, &followed);
        if (!is_answered)
            continue;
        p.ip.src = talk_hosts[1];
        p.ip.dst = talk_hosts[0];
        p.dport = p.sport;
        p.sport = 80;
        p.tcp.flags = TCP_RST | TCP_ACK;
        p.tcp.ack = 1;
        follow_packet(f, &p, ++number, (int64_t)i, &followed);
    }
    follow_finish(f);
    found = follow_findings(f, &count);
    if (count)
        *ret_first = (enum finding_kind)found[0].kind;
    follow_free(f);
    return count;
}

static void a_flood(void **state)
{
    enum finding_kind kind;

    assert_int_equal(of_capture(150, false, &kind), 1);
    assert_int_equal(kind, FINDING_SYN_FLOOD);
    assert_int_equal(of_capture(50, false, &kind), 0);
    assert_int_equal(of_capture(150, true, &kind), 0); /* refused, each of them */
}

static void words(void **state)
{
    for (int kind = 0; kind < FINDING_KINDS; kind++) {
        assert_int_equal(finding_by_name(finding_name((enum finding_kind)kind)), kind);
        assert_true(strlen(finding_title((enum finding_kind)kind)) > 0);
        assert_true(strlen(finding_meaning((enum finding_kind)kind)) > 40);
        assert_true(strlen(finding_advice((enum finding_kind)kind)) > 20);
        assert_non_null(finding_severity_name(finding_severity((enum finding_kind)kind)));
    }
    assert_int_equal(finding_by_name("no-such"), FINDING_KINDS);
}

static void described(void **state)
{
    struct talk *t = TALK(&close_look, false, TALK_OPEN, STALLED, "2 b A");
    struct str text = STR_INIT;

    finding_describe(&text, talk_finding(t, 0, FINDING_ZERO_WINDOW_STALL), &t->ended[0]);
    assert_string_equal(text.data, "slow reader (2 times), for 990 ms, by 10.0.0.2:80");
    str_done(&text);
    talk_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_found_and_not_found),
        cmocka_unit_test(port_reuse_in_time_wait),
        cmocka_unit_test(nothing_to_say),
        cmocka_unit_test(values),
        cmocka_unit_test(evidence_is_bounded),
        cmocka_unit_test(a_flood),
        cmocka_unit_test(words),
        cmocka_unit_test(described),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
