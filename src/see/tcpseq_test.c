/* SPDX-License-Identifier: ISC */
/* Connections told segment by segment: what each segment is, and the states of both sides behind it. Every
 * way to open and to close of RFC 9293; losses, as a capturer sees them; wraps of the sequence space;
 * captures that begin in the middle. */
#include "see/tcpseq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "see/seq.h"

#define NS_PER_US 1000

/* A segment, numbers relative to where its sender and the other began: the SYN is 0. */
struct step {
    const char *said; /* "a S", "b SA", "a A", "b PA", "a FA", "b R": who and which flags */
    uint32_t seq, ack, bytes;
    const char *verdict; /* NULL: none */
    const char *states;
    uint32_t after_us; /* since the one before; 0 is 1 ms */
    uint32_t window;   /* 0 is 1000; NO_WINDOW is 0 */
};

#define NO_WINDOW 0x10000
#define ISN_A 0xfffffff0U /* numbers wrap in the first bytes */
#define ISN_B 5000U

static const uint8_t no_options[1];

static const char *const verdict_names[] = {"new", "again", "spurious", "fast", "late", "gap", "dup",
    "unseen", "alive", "alive-ack", "zero", "probe", "update", "full", "outside"};

static void note_verdict(struct str *out, unsigned verdict)
{
    for (size_t i = 0; i < sizeof(verdict_names) / sizeof(verdict_names[0]); i++)
        if (verdict & 1U << i)
            str_appendf(out, "%s%s", out->len ? " " : "", verdict_names[i]);
}

static uint16_t flags_of(const char *letters)
{
    static const char names[] = "FSRPAU";
    uint16_t flags = 0;

    for (; *letters; letters++)
        flags |= (uint16_t)(1 << (strchr(names, *letters) - names));
    return flags;
}

static void note_states(struct str *out, const struct flow *flow)
{
    for (unsigned side = FLOW_A; side < FLOW_SIDES; side++)
        str_appendf(out, "%s%s%s", side ? " " : "", flow_state_name((enum flow_state)flow->side[side].state),
            flow->side[side].flags & FLOW_STATE_INFERRED ? "~" : "");
}

static void play_into(struct flow *flow, const struct step *steps, size_t count)
{
    struct str verdict = STR_INIT, states = STR_INIT;
    int64_t now_ns = flow->first_ns;

    for (size_t i = 0; i < count; i++) {
        const struct step *step = &steps[i];
        unsigned from = step->said[0] == 'a' ? FLOW_A : FLOW_B, found;
        struct tcp tcp = {
            .seq = step->seq + (from == FLOW_A ? ISN_A : ISN_B),
            .ack = step->ack + (from == FLOW_A ? ISN_B : ISN_A),
            .flags = flags_of(step->said + 2),
            .window = (uint16_t)(step->window ? step->window : 1000),
            .header_bytes = 20,
            .options = no_options,
        };

        if (!(tcp.flags & TCP_ACK))
            tcp.ack = 0;
        now_ns += (int64_t)(step->after_us ? step->after_us : 1000) * NS_PER_US;
        if (flow->side[0].packets + flow->side[1].packets == 0)
            flow->first_ns = now_ns;
        found = tcpseq_look(flow, from, &tcp, step->bytes, now_ns);
        tcpseq_take(flow, from, &tcp, step->bytes, now_ns, found);
        flow->last_ns = now_ns;
        str_reset(&verdict);
        str_reset(&states);
        note_verdict(&verdict, found);
        note_states(&states, flow);
        if (strcmp(verdict.data, step->verdict ? step->verdict : "") != 0 ||
            strcmp(states.data, step->states) != 0)
            fail_msg("segment %zu (%s): \"%s\" %s; not \"%s\" %s", i + 1, step->said, verdict.data,
                states.data, step->verdict ? step->verdict : "", step->states);
    }
    str_done(&verdict);
    str_done(&states);
}

#define PLAY(...)                                                                                            \
    __extension__({                                                                                          \
        const struct step steps_[] = {__VA_ARGS__};                                                          \
        struct flow flow_ = {.closed_by = FLOW_SIDES};                                                       \
        play_into(&flow_, steps_, sizeof(steps_) / sizeof(steps_[0]));                                       \
        flow_;                                                                                               \
    })

/* clang-format off */
#define OPENED                                                     \
    {"a S", 0, 0, 0, NULL, "SYN_SENT SYN_RECEIVED"},               \
    {"b SA", 0, 1, 0, NULL, "ESTABLISHED SYN_RECEIVED"},           \
    {"a A", 1, 1, 0, NULL, "ESTABLISHED ESTABLISHED"}
/* clang-format on */

static void numbers_wrap(void **state)
{
    assert_true(seq_is_before(1, 2));
    assert_false(seq_is_before(2, 2));
    assert_false(seq_is_before(3, 2));
    assert_true(seq_is_before(0xffffffff, 0));
    assert_false(seq_is_before(0, 0xffffffff));
    assert_true(seq_is_before(0, 0x7fffffff));
    assert_true(seq_is_within(0xfffffff0, 5, 100));
    assert_false(seq_is_within(0xfffffff0, 100, 100));
}

static void closed_with_four_segments(void **state)
{
    struct flow flow = PLAY(OPENED, {"a PA", 1, 1, 100, "new", "ESTABLISHED ESTABLISHED"},
        {"b A", 1, 101, 0, NULL, "ESTABLISHED ESTABLISHED"},
        {"b PA", 1, 101, 50, "new", "ESTABLISHED ESTABLISHED"},
        {"a A", 101, 51, 0, NULL, "ESTABLISHED ESTABLISHED"},
        {"a FA", 101, 51, 0, NULL, "FIN_WAIT_1 CLOSE_WAIT"},
        {"b A", 51, 102, 0, NULL, "FIN_WAIT_2 CLOSE_WAIT"}, {"b FA", 51, 102, 0, NULL, "TIME_WAIT LAST_ACK"},
        {"a A", 102, 52, 0, NULL, "TIME_WAIT CLOSED"});

    assert_int_equal(flow.closed_by, FLOW_A);
    assert_true(flow.is_closed);
    assert_int_equal(flow.side[FLOW_A].payload_bytes, 100);
    assert_int_equal(flow.side[FLOW_B].payload_bytes, 50);
    assert_int_equal(flow.side[FLOW_A].packets, 6);
    assert_int_equal(flow.side[FLOW_A].syns, 1);
    assert_int_equal(flow.side[FLOW_B].syn_acks, 1);
    assert_int_equal(flow.side[FLOW_A].fins + flow.side[FLOW_B].fins, 2);
    assert_int_equal(flow.side[FLOW_A].retransmissions + flow.side[FLOW_B].retransmissions, 0);
    assert_int_equal(flow.side[FLOW_B].rtt_us, 1000);
    assert_int_equal(flow.side[FLOW_A].rtt_us, 1000);
}

static void closed_with_three_segments(void **state)
{
    struct flow flow = PLAY(OPENED, {"b FA", 1, 1, 0, NULL, "CLOSE_WAIT FIN_WAIT_1"},
        {"a FA", 1, 2, 0, NULL, "LAST_ACK TIME_WAIT"}, {"b A", 2, 2, 0, NULL, "CLOSED TIME_WAIT"});

    assert_int_equal(flow.closed_by, FLOW_B);
    assert_true(flow.is_closed);
}

static void half_close(void **state)
{
    struct flow flow = PLAY(OPENED, {"a FPA", 1, 1, 10, "new", "FIN_WAIT_1 CLOSE_WAIT"},
        {"b A", 1, 12, 0, NULL, "FIN_WAIT_2 CLOSE_WAIT"},
        {"b PA", 1, 12, 500, "new", "FIN_WAIT_2 CLOSE_WAIT"},
        {"a A", 12, 501, 0, NULL, "FIN_WAIT_2 CLOSE_WAIT"}, {"b FA", 501, 12, 0, NULL, "TIME_WAIT LAST_ACK"});

    assert_false(flow.is_closed);
}

/* RFC 9293, section 3.6, figure 13: neither FIN acknowledges the other. */
static void simultaneous_close(void **state)
{
    PLAY(OPENED, {"a FA", 1, 1, 0, NULL, "FIN_WAIT_1 CLOSE_WAIT"}, {"b FA", 1, 1, 0, NULL, "CLOSING CLOSING"},
        {"a A", 2, 2, 0, NULL, "CLOSING TIME_WAIT"}, {"b A", 2, 2, 0, NULL, "TIME_WAIT TIME_WAIT"});
}

/* RFC 9293, section 3.5, figure 7. */
static void simultaneous_open(void **state)
{
    PLAY({"a S", 0, 0, 0, NULL, "SYN_SENT SYN_RECEIVED"}, {"b S", 0, 0, 0, NULL, "SYN_RECEIVED SYN_RECEIVED"},
        {"a SA", 0, 1, 0, "again", "SYN_RECEIVED ESTABLISHED"},
        {"b SA", 0, 1, 0, "again spurious", "ESTABLISHED ESTABLISHED"},
        {"a PA", 1, 1, 5, "new", "ESTABLISHED ESTABLISHED"});
}

static void refused(void **state)
{
    struct flow flow =
        PLAY({"a S", 0, 0, 0, NULL, "SYN_SENT SYN_RECEIVED"}, {"b RA", -ISN_B, 1, 0, NULL, "CLOSED CLOSED"});

    assert_true(flow.is_closed);
    assert_int_equal(flow.closed_by, FLOW_B);
    assert_int_equal(flow.side[FLOW_B].rsts, 1);
}

static void unanswered(void **state)
{
    struct flow flow = PLAY({"a S", 0, 0, 0, NULL, "SYN_SENT SYN_RECEIVED"},
        {"a S", 0, 0, 0, "again", "SYN_SENT SYN_RECEIVED", .after_us = 1000000},
        {"a S", 0, 0, 0, "again", "SYN_SENT SYN_RECEIVED", .after_us = 2000000});

    assert_int_equal(flow.side[FLOW_A].syns, 3);
    assert_int_equal(flow.side[FLOW_A].retransmissions, 2);
    assert_false(flow.is_closed);
}

static void reset_in_the_middle(void **state)
{
    struct flow flow = PLAY(OPENED, {"a PA", 1, 1, 10, "new", "ESTABLISHED ESTABLISHED"},
        {"b R", 1, 0, 0, NULL, "CLOSED CLOSED"}, {"a PA", 11, 1, 10, "new", "CLOSED CLOSED"});

    assert_true(flow.is_closed);
    assert_int_equal(flow.closed_by, FLOW_B);
}

/* RFC 5961, section 3.2: one from outside the window is not believed, so nothing is closed by it. */
static void reset_that_nobody_believes(void **state)
{
    struct flow flow = PLAY(OPENED, {"b R", 100000, 0, 0, "outside", "ESTABLISHED ESTABLISHED"},
        {"a PA", 1, 1, 10, "new", "ESTABLISHED ESTABLISHED"}, {"b R", 500, 0, 0, NULL, "CLOSED CLOSED"});

    assert_int_equal(flow.side[FLOW_B].rsts, 2);
}

static void lost_third_ack(void **state)
{
    PLAY(OPENED, {"b SA", 0, 1, 0, "again spurious", "ESTABLISHED SYN_RECEIVED", .after_us = 1000000},
        {"a A", 1, 1, 0, NULL, "ESTABLISHED ESTABLISHED"});
}

/* The FIN's acknowledgment is lost on its way behind the capturer: the FIN comes again. */
static void lost_ack_of_fin(void **state)
{
    PLAY(OPENED, {"a FA", 1, 1, 0, NULL, "FIN_WAIT_1 CLOSE_WAIT"},
        {"b A", 1, 2, 0, NULL, "FIN_WAIT_2 CLOSE_WAIT"},
        {"a FA", 1, 1, 0, "again spurious", "FIN_WAIT_1 CLOSE_WAIT", .after_us = 200000},
        {"b A", 1, 2, 0, NULL, "FIN_WAIT_2 CLOSE_WAIT"}, {"b FA", 1, 2, 0, NULL, "TIME_WAIT LAST_ACK"},
        {"a A", 2, 2, 0, NULL, "TIME_WAIT CLOSED"},
        {"b FA", 1, 2, 0, "again spurious", "TIME_WAIT LAST_ACK", .after_us = 200000},
        {"a A", 2, 2, 0, NULL, "TIME_WAIT CLOSED"});
}

/* A FIN behind a gap waits: the other side cannot have got it before it acknowledges. */
static void fin_behind_a_gap(void **state)
{
    PLAY(OPENED, {"a PA", 1, 1, 100, "new", "ESTABLISHED ESTABLISHED"},
        {"a FA", 201, 1, 0, "gap", "FIN_WAIT_1 ESTABLISHED"},
        {"b A", 1, 101, 0, NULL, "FIN_WAIT_1 ESTABLISHED"},
        {"a PA", 101, 1, 100, "again", "FIN_WAIT_1 ESTABLISHED", .after_us = 200000},
        {"b A", 1, 202, 0, NULL, "FIN_WAIT_2 CLOSE_WAIT"});
}

static void lost_data(void **state)
{
    struct flow flow = PLAY(OPENED, {"a A", 1, 1, 100, "new", "ESTABLISHED ESTABLISHED"},
        /* Lost before the capturer. */
        {"a A", 201, 1, 100, "new gap", "ESTABLISHED ESTABLISHED"},
        {"b A", 1, 101, 0, NULL, "ESTABLISHED ESTABLISHED"},
        {"b A", 1, 101, 0, "dup", "ESTABLISHED ESTABLISHED"},
        {"b A", 1, 101, 0, "dup", "ESTABLISHED ESTABLISHED"},
        {"b A", 1, 101, 0, "dup", "ESTABLISHED ESTABLISHED"},
        {"a A", 101, 1, 100, "again fast", "ESTABLISHED ESTABLISHED", .after_us = 20000},
        {"b A", 1, 301, 0, NULL, "ESTABLISHED ESTABLISHED"},
        /* Lost behind it: it is seen twice. */
        {"a PA", 301, 1, 100, "new", "ESTABLISHED ESTABLISHED"},
        {"a PA", 301, 1, 100, "again", "ESTABLISHED ESTABLISHED", .after_us = 200000},
        {"b A", 1, 401, 0, NULL, "ESTABLISHED ESTABLISHED"},
        /* Not lost at all. */
        {"a PA", 301, 1, 100, "again spurious", "ESTABLISHED ESTABLISHED"},
        /* Old and new in one. */
        {"a PA", 351, 1, 100, "new again", "ESTABLISHED ESTABLISHED"});

    assert_int_equal(flow.side[FLOW_A].retransmissions, 4);
    assert_int_equal(flow.side[FLOW_B].duplicate_acks, 3);
    assert_int_equal(flow.side[FLOW_A].out_of_order, 0);
}

/* One overtakes the other: what fills the gap comes within the round trip, so it was not asked for. */
static void out_of_order(void **state)
{
    struct flow flow = PLAY(OPENED, {"a A", 101, 1, 100, "new gap", "ESTABLISHED ESTABLISHED"},
        {"a A", 1, 1, 50, "late", "ESTABLISHED ESTABLISHED", .after_us = 50},
        {"a A", 51, 1, 50, "late", "ESTABLISHED ESTABLISHED", .after_us = 50},
        {"b A", 1, 201, 0, NULL, "ESTABLISHED ESTABLISHED"});

    assert_int_equal(flow.side[FLOW_A].out_of_order, 2);
    assert_int_equal(flow.side[FLOW_A].retransmissions, 0);
}

static void windows(void **state)
{
    struct flow flow = PLAY(OPENED, {"b A", 1, 1, 0, "update", "ESTABLISHED ESTABLISHED", .window = 150},
        {"a A", 1, 1, 100, "new", "ESTABLISHED ESTABLISHED"},
        {"a A", 101, 1, 50, "new full", "ESTABLISHED ESTABLISHED"},
        {"b A", 1, 151, 0, "zero", "ESTABLISHED ESTABLISHED", .window = NO_WINDOW},
        {"a A", 151, 1, 1, "new probe", "ESTABLISHED ESTABLISHED", .after_us = 200000},
        {"b A", 1, 151, 0, "dup zero", "ESTABLISHED ESTABLISHED", .window = NO_WINDOW},
        {"b A", 1, 152, 0, NULL, "ESTABLISHED ESTABLISHED"},
        {"b A", 1, 152, 0, "update", "ESTABLISHED ESTABLISHED", .window = 999});

    assert_int_equal(flow.side[FLOW_B].zero_windows, 2);
}

static void keep_alive(void **state)
{
    struct flow flow =
        PLAY(OPENED, {"a A", 0, 1, 0, "alive", "ESTABLISHED ESTABLISHED", .after_us = 10000000},
            {"b A", 1, 1, 0, "alive-ack", "ESTABLISHED ESTABLISHED"},
            {"a A", 0, 1, 1, "alive", "ESTABLISHED ESTABLISHED", .after_us = 10000000},
            {"b A", 1, 1, 0, "alive-ack", "ESTABLISHED ESTABLISHED"});

    assert_int_equal(flow.side[FLOW_A].retransmissions, 0);
    assert_int_equal(flow.side[FLOW_B].duplicate_acks, 0);
}

/* RFC 5681, section 2: a duplicate only while data is outstanding. tshark counts any ACK that says what the
 * one before said: of SMB readers that free their buffers bit by bit, hundreds. */
static void same_ack_with_nothing_outstanding_is_no_duplicate(void **state)
{
    struct flow flow = PLAY(OPENED, {"a PA", 1, 1, 100, "new", "ESTABLISHED ESTABLISHED"},
        {"b A", 1, 101, 0, NULL, "ESTABLISHED ESTABLISHED"},
        {"b A", 1, 101, 0, NULL, "ESTABLISHED ESTABLISHED"},
        {"b A", 1, 101, 0, NULL, "ESTABLISHED ESTABLISHED"});

    assert_int_equal(flow.side[FLOW_B].duplicate_acks, 0);
}

/* To a closed window the number before the next one is no keep-alive, with the byte or, as Linux does it,
 * without. */
static void old_byte_to_a_closed_window_is_a_probe(void **state)
{
    struct flow flow = PLAY(OPENED, {"a PA", 1, 1, 100, "new", "ESTABLISHED ESTABLISHED"},
        {"b A", 1, 101, 0, "zero", "ESTABLISHED ESTABLISHED", .window = NO_WINDOW},
        {"a A", 100, 1, 1, "probe", "ESTABLISHED ESTABLISHED", .after_us = 200000},
        {"b A", 1, 101, 0, "zero", "ESTABLISHED ESTABLISHED", .window = NO_WINDOW},
        {"a A", 100, 1, 0, "probe", "ESTABLISHED ESTABLISHED", .after_us = 400000},
        {"b A", 1, 101, 0, "update", "ESTABLISHED ESTABLISHED"},
        {"a A", 100, 1, 1, "alive", "ESTABLISHED ESTABLISHED", .after_us = 10000000});

    assert_int_equal(flow.side[FLOW_A].retransmissions, 0);
    assert_int_equal(flow.side[FLOW_B].duplicate_acks, 0);
}

/* A key that was typed, and lost on its way. */
static void one_byte_that_nobody_acknowledged_is_sent_again(void **state)
{
    struct flow flow = PLAY(OPENED, {"a PA", 1, 1, 1, "new", "ESTABLISHED ESTABLISHED"},
        {"a PA", 1, 1, 1, "again", "ESTABLISHED ESTABLISHED", .after_us = 200000});

    assert_int_equal(flow.side[FLOW_A].retransmissions, 1);
}

/* What was not seen is marked: it is only known that both were in a connection. */
static void from_the_middle(void **state)
{
    PLAY({"a PA", 1000, 1000, 100, "new", "ESTABLISHED~ ESTABLISHED~"},
        {"b A", 1000, 1100, 0, NULL, "ESTABLISHED~ ESTABLISHED~"},
        {"b FA", 1000, 1100, 0, NULL, "CLOSE_WAIT~ FIN_WAIT_1~"},
        {"a FA", 1100, 1001, 0, NULL, "LAST_ACK~ TIME_WAIT~"},
        {"b A", 1001, 1101, 0, NULL, "CLOSED TIME_WAIT~"});
    /* From the SYN+ACK on; it is b who sends it. */
    PLAY({"b SA", 0, 1, 0, NULL, "ESTABLISHED~ SYN_RECEIVED~"},
        {"a A", 1, 1, 0, NULL, "ESTABLISHED~ ESTABLISHED~"});
}

/* The capturer lost segments that the other side acknowledges. */
static void acknowledged_but_not_seen(void **state)
{
    struct flow flow = PLAY(OPENED, {"b A", 1, 501, 0, "unseen", "ESTABLISHED ESTABLISHED"},
        {"a A", 501, 1, 10, "new", "ESTABLISHED ESTABLISHED"});

    assert_int_equal(flow.side[FLOW_A].next, ISN_A + 511);
    /* The SYN+ACK was lost: that there was one is inferred. */
    PLAY(
        {"a S", 0, 0, 0, NULL, "SYN_SENT SYN_RECEIVED"}, {"a A", 1, 1, 0, NULL, "ESTABLISHED~ ESTABLISHED~"});
}

static void one_direction_only(void **state)
{
    PLAY({"a S", 0, 0, 0, NULL, "SYN_SENT SYN_RECEIVED"}, {"a A", 1, 1, 0, NULL, "ESTABLISHED~ ESTABLISHED~"},
        {"a PA", 1, 1, 100, "new", "ESTABLISHED~ ESTABLISHED~"},
        {"a PA", 101, 51, 100, "new unseen", "ESTABLISHED~ ESTABLISHED~"},
        {"a FA", 201, 51, 0, NULL, "FIN_WAIT_1~ CLOSE_WAIT~"});
}

/* A SYN+ACK that acknowledges another SYN is answered with RST, and nothing is established by it. */
static void syn_ack_of_something_else(void **state)
{
    PLAY({"a S", 0, 0, 0, NULL, "SYN_SENT SYN_RECEIVED"},
        {"b SA", 0, 77, 0, "unseen", "SYN_SENT SYN_RECEIVED"});
}

static void counters_stay_at_their_greatest(void **state)
{
    struct flow flow = {.closed_by = FLOW_SIDES};
    struct tcp tcp = {.seq = 1, .flags = TCP_FIN | TCP_ACK, .header_bytes = 20, .options = no_options};

    for (int i = 0; i < 70000; i++)
        tcpseq_take(&flow, FLOW_A, &tcp, 0, 0, TCPSEQ_ZERO_WINDOW);
    assert_int_equal(flow.side[FLOW_A].fins, UINT16_MAX);
    assert_int_equal(flow.side[FLOW_A].zero_windows, UINT16_MAX);
    assert_int_equal(flow.side[FLOW_A].packets, 70000);
}

/* Shifts count only if both SYNs had one, and never for a SYN's own window. */
static void scaled_windows(void **state)
{
    static const uint8_t shift[] = {3, 3, 2, 0};
    struct tcp syn = {.seq = 100,
        .flags = TCP_SYN,
        .window = 10,
        .header_bytes = 24,
        .options = shift,
        .options_captured = 4};
    struct tcp syn_ack = {.seq = 500,
        .ack = 101,
        .flags = TCP_SYN | TCP_ACK,
        .window = 10,
        .header_bytes = 24,
        .options = shift,
        .options_captured = 4};
    struct tcp data = {.seq = 101, .ack = 501, .flags = TCP_ACK, .window = 10, .header_bytes = 20};
    struct tcp ack = {.seq = 501, .ack = 111, .flags = TCP_ACK, .window = 10, .header_bytes = 20};
    struct flow flow = {.closed_by = FLOW_SIDES};

    tcpseq_take(&flow, FLOW_A, &syn, 0, 0, 0);
    tcpseq_take(&flow, FLOW_B, &syn_ack, 0, 0, 0);
    assert_int_equal(tcpseq_look(&flow, FLOW_A, &data, 10, 0), TCPSEQ_NEW_DATA | TCPSEQ_WINDOW_FULL);
    tcpseq_take(&flow, FLOW_A, &data, 10, 0, 0);
    tcpseq_take(&flow, FLOW_B, &ack, 0, 0, 0);
    data.seq = 111;
    assert_int_equal(tcpseq_look(&flow, FLOW_A, &data, 10, 0), TCPSEQ_NEW_DATA);
    assert_int_equal(tcpseq_look(&flow, FLOW_A, &data, 40, 0), TCPSEQ_NEW_DATA | TCPSEQ_WINDOW_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_wrap),
        cmocka_unit_test(closed_with_four_segments),
        cmocka_unit_test(closed_with_three_segments),
        cmocka_unit_test(half_close),
        cmocka_unit_test(simultaneous_close),
        cmocka_unit_test(simultaneous_open),
        cmocka_unit_test(refused),
        cmocka_unit_test(unanswered),
        cmocka_unit_test(reset_in_the_middle),
        cmocka_unit_test(reset_that_nobody_believes),
        cmocka_unit_test(lost_third_ack),
        cmocka_unit_test(lost_ack_of_fin),
        cmocka_unit_test(fin_behind_a_gap),
        cmocka_unit_test(lost_data),
        cmocka_unit_test(out_of_order),
        cmocka_unit_test(windows),
        cmocka_unit_test(keep_alive),
        cmocka_unit_test(same_ack_with_nothing_outstanding_is_no_duplicate),
        cmocka_unit_test(old_byte_to_a_closed_window_is_a_probe),
        cmocka_unit_test(one_byte_that_nobody_acknowledged_is_sent_again),
        cmocka_unit_test(from_the_middle),
        cmocka_unit_test(acknowledged_but_not_seen),
        cmocka_unit_test(one_direction_only),
        cmocka_unit_test(syn_ack_of_something_else),
        cmocka_unit_test(counters_stay_at_their_greatest),
        cmocka_unit_test(scaled_windows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
