/* SPDX-License-Identifier: ISC */
/* Ladders: a rung a packet, runs of plain data folded and what breaks them, pauses, states where they change,
 * what is cut out of very long ones, and which rungs are evidence of a finding. */
#include "see/ladder.h"

#include "see/talk_for_test.h"

static const struct follow_options close_look = {.close = true, .findings = true};

/* A word a rung: "S", "PA", "run4", "idle", "icmp", "cut12". */
static void check_rungs(const struct talk *t, const char *expected)
{
    static const char letters[] = "FSRPAUEC";
    struct str told = STR_INIT;

    for (size_t i = 0; i < ladder_count(t->ladder); i++) {
        const struct rung *rung = ladder_rung(t->ladder, i);

        str_appendf(&told, "%s%s", i ? " " : "", rung->from ? "b:" : "a:");
        if (rung->kind != RUNG_PACKET)
            str_append_str(&told, rung_kind_name((enum rung_kind)rung->kind));
        if (rung->kind == RUNG_RUN || rung->kind == RUNG_CUT)
            str_appendf(&told, "%" PRIu32 "+%" PRIu32, rung->segments, rung->acks);
        for (int bit = 0; rung->kind == RUNG_PACKET && bit < 8; bit++)
            if (rung->flags & 1 << bit)
                str_append_char(&told, letters[bit]);
    }
    assert_string_equal(told.data, expected);
    str_done(&told);
}

#define DATA                                                                                                 \
    "1.00 a A len=100", "1.01 a A len=100", "1.02 b A", "1.03 a PA len=100", "1.04 a PA len=50", "1.05 b A"

static void a_rung_a_packet(void **state)
{
    struct talk *t = TALK(&close_look, true, TALK_OPEN, "0.9 a A len=10", DATA);

    check_rungs(t, "a:S b:SA a:A a:A a:A a:A b:A a:PA a:PA b:A");
    assert_int_equal(ladder_start_ns(t->ladder), 0);
    talk_free(t);
}

static void plain_data_is_folded(void **state)
{
    struct talk *t = TALK(&close_look, false, TALK_OPEN, DATA, "1.06 a PA len=7", "1.07 b A win=50000");
    const struct rung *run = ladder_rung(t->ladder, 3);

    check_rungs(t, "a:S b:SA a:A a:run5+3");
    assert_int_equal(run->payload, 357);
    assert_int_equal(run->number, 4);
    assert_int_equal(run->last_number, 11);
    assert_int_equal(run->end_ns - run->time_ns, 70000000);
    assert_int_equal(run->seq_relative, 1);
    assert_int_equal(run->ack_relative, 358);
    assert_int_equal(run->window, 50000 << 8);
    assert_int_equal(run->in_flight, 200);
    assert_true(run->flags & TCP_PSH);
    talk_free(t);
}

static void what_breaks_a_run(void **state)
{
    struct talk *t;

    /* three segments are not worth it */
    t = TALK(&close_look, false, TALK_OPEN, "0.1 a A len=1", "0.1 a A len=1", "0.1 a A len=1", "0.2 b A");
    check_rungs(t, "a:S b:SA a:A a:A a:A a:A b:A");
    talk_free(t);
    /* the other side says something */
    t = TALK(&close_look, false, TALK_OPEN, DATA, "1.06 b PA len=5", "1.07 a A");
    check_rungs(t, "a:S b:SA a:A a:run4+2 b:PA a:A");
    talk_free(t);
    /* something is sent again, and data goes on */
    t = TALK(
        &close_look, false, TALK_OPEN, DATA, "1.06 a PA len=50 seq=301", "1.07 a A len=1", "1.08 a A len=1");
    check_rungs(t, "a:S b:SA a:A a:run4+2 a:PA a:A a:A");
    talk_free(t);
    /* nothing happens for a while */
    t = TALK(
        &close_look, false, TALK_OPEN, "0.90 a A len=1", "0.90 a A len=1", "0.90 a A len=1", "3.0 a A len=1");
    check_rungs(t, "a:S b:SA a:A a:A a:A a:A a:idle a:A");
    talk_free(t);
    t = TALK(&close_look, false, TALK_OPEN, DATA, "3.0 a A len=1");
    check_rungs(t, "a:S b:SA a:A a:run4+2 a:idle a:A");
    talk_free(t);
    /* the FIN is shown for itself */
    t = TALK(&close_look, false, TALK_OPEN, DATA, "1.06 a FPA len=9", "1.07 b A");
    check_rungs(t, "a:S b:SA a:A a:run4+2 a:FPA b:A");
    talk_free(t);
}

static void pauses(void **state)
{
    struct talk *t = TALK(&close_look, false, TALK_OPEN, "10.5 a PA len=1", "10.6 b A");
    const struct rung *idle = ladder_rung(t->ladder, 3);

    check_rungs(t, "a:S b:SA a:A a:idle a:PA b:A");
    assert_int_equal(idle->time_ns, 30000000);
    assert_int_equal(idle->end_ns - idle->time_ns, 10470000000);
    assert_int_equal(idle->segments, 0);
    talk_free(t);
}

static void states_where_they_change(void **state)
{
    static const struct {
        enum flow_state a, b;
        bool a_changed, b_changed;
    } expected[] = {{FLOW_SYN_SENT, FLOW_SYN_RECEIVED, true, true},
        {FLOW_ESTABLISHED, FLOW_SYN_RECEIVED, true, false}, {FLOW_ESTABLISHED, FLOW_ESTABLISHED, false, true},
        {FLOW_FIN_WAIT_1, FLOW_CLOSE_WAIT, true, true}, {FLOW_TIME_WAIT, FLOW_LAST_ACK, true, true},
        {FLOW_TIME_WAIT, FLOW_CLOSED, false, true}};
    struct talk *t = TALK(&close_look, false, TALK_OPEN, "0.1 a FA", "0.2 b FA", "0.3 a A");

    assert_int_equal(ladder_count(t->ladder), 6);
    for (size_t i = 0; i < 6; i++) {
        const struct rung *rung = ladder_rung(t->ladder, i);

        assert_int_equal(rung->state[FLOW_A], expected[i].a);
        assert_int_equal(rung->state[FLOW_B], expected[i].b);
        assert_int_equal(rung->is_changed[FLOW_A], expected[i].a_changed);
        assert_int_equal(rung->is_changed[FLOW_B], expected[i].b_changed);
        assert_false(rung->is_inferred[FLOW_A]);
    }
    talk_free(t);

    t = TALK(&close_look, false, "0 a PA len=5 seq=9 ack=9");
    assert_true(ladder_rung(t->ladder, 0)->is_inferred[FLOW_A]);
    talk_free(t);
}

/* The lab knows what became of a packet, and the kernels' own states. */
static void what_others_know(void **state)
{
    const struct ladder_extra dropped = {
        .fate = FATE_DROPPED, .has_states = true, .state = {FLOW_SYN_SENT, FLOW_LISTEN}};
    const struct ladder_options options = {0};
    struct talk *t = talk_new(&close_look, false);
    struct ladder *l = ladder_new(&options);
    static const uint8_t no_options[1];
    struct packet p = {.kind = PACKET_TCP,
        .sport = 1,
        .dport = 2,
        .ip = {.version = 4, .protocol = IP_PROTOCOL_TCP, .src = talk_hosts[0], .dst = talk_hosts[1]},
        .tcp = {.flags = TCP_SYN, .header_bytes = 20, .options = no_options}};
    struct followed followed;

    assert_true(follow_packet(t->f, &p, 1, 0, &followed));
    ladder_add(l, &followed, &dropped);
    assert_int_equal(ladder_rung(l, 0)->state[FLOW_B], FLOW_LISTEN);
    assert_int_equal(ladder_rung(l, 0)->fate, FATE_DROPPED);
    assert_string_equal(rung_fate_name(FATE_DROPPED), "dropped");
    assert_null(rung_fate_name(FATE_UNKNOWN));
    assert_null(ladder_conversation(l));
    ladder_free(l);
    talk_free(t);
}

static void what_a_syn_offers(void **state)
{
    struct talk *t =
        TALK(&close_look, false, TALK_OPEN, "0.1 a PA len=10", "0.1 a PA len=10", "0.2 b A ack=1 sack=11-21");

    assert_int_equal(ladder_rung(t->ladder, 0)->mss, 1460);
    assert_int_equal(ladder_rung(t->ladder, 1)->window_shift, 8);
    assert_int_equal(ladder_rung(t->ladder, 2)->window_shift, -1);
    assert_int_equal(ladder_rung(t->ladder, 5)->sack_count, 1);
    assert_int_equal(ladder_rung(t->ladder, 5)->sack_relative[0][0], 11);
    assert_int_equal(ladder_rung(t->ladder, 5)->sack_relative[0][1], 21);
    talk_free(t);
}

static void datagrams_and_errors(void **state)
{
    struct talk *t = TALK(&close_look, false, "0.1 a U len=1", "0.2 b U len=2", "0.3 a U len=1",
        "0.31 a U len=1", "0.32 a U len=1", "0.33 a U len=1", "0.34 a U len=1", "0.4 b ICMP 3 3 udp");

    check_rungs(t, "a: b: a:run5+0 a:icmp");
    assert_int_equal(ladder_rung(t->ladder, 3)->icmp_type, 3);
    talk_free(t);
}

/* The first and the last are kept, and all are accounted for. */
static void a_very_long_one(void **state)
{
    struct talk *t = talk_new(&close_look, true);
    const struct ladder_options options = {.every = true, .max_rungs = 100};
    uint64_t counted = 0, expected = 0;
    char line[64];

    ladder_free(t->ladder);
    t->ladder = ladder_new(&options);
    for (int i = 0; i < 5000; i++) {
        snprintf(line, sizeof(line), "%d.%03d %c A len=3", i / 1000, i % 1000, i % 3 ? 'a' : 'b');
        assert_true(talk_say(t, line));
    }
    assert_int_equal(ladder_count(t->ladder), 100);
    for (size_t i = 0; i < 100; i++) {
        const struct rung *rung = ladder_rung(t->ladder, i);

        assert_int_equal(rung->kind, i == 50 ? RUNG_CUT : RUNG_PACKET);
        assert_int_equal(rung->number, expected + 1);
        expected = rung->last_number;
        counted += rung->segments;
    }
    assert_int_equal(counted, 5000);
    assert_int_equal(expected, 5000);
    talk_free(t);
}

static void evidence_is_marked(void **state)
{
    struct talk *t = TALK(&close_look, false, TALK_OPEN, DATA, "2 a RA");
    const struct conversation *c = ladder_conversation(t->ladder);

    assert_non_null(c);
    assert_int_equal(c->finding_count, 1);
    assert_int_equal(c->findings[0].kind, FINDING_RESET);
    for (size_t i = 0; i + 1 < ladder_count(t->ladder); i++)
        assert_int_equal(ladder_rung(t->ladder, i)->findings, 0);
    assert_int_equal(
        ladder_rung(t->ladder, ladder_count(t->ladder) - 1)->findings, UINT64_C(1) << FINDING_RESET);
    talk_free(t);
}

/* What arrives later is a rung of its own, which says nothing twice; a note is kept once and can be shown. */
static void on_the_way(void **state)
{
    static const struct follow_options options = {.close = true};
    static const struct ladder_options every = {.every = false};
    struct talk *t = talk_new(&options, true);
    struct ladder *l = ladder_new(&every);
    char note[] = "delay \x1b data#1";
    struct ladder_extra leaves = {.part = RUNG_LEAVES, .fate = FATE_DELAYED, .note = note};
    struct ladder_extra arrives = {.part = RUNG_ARRIVES, .flight_ns = 40000000, .note = note};
    const struct rung *rung;

    for (int i = 0; i < 6; i++) {
        assert_true(talk_say(t, i ? "0.01 a A len=100" : "0 a A len=100"));
        ladder_add(l, &t->followed, &leaves);
        ladder_add(l, &t->followed, &arrives);
    }
    memset(note, 'x', strlen(note));
    /* none is folded */
    assert_int_equal(ladder_count(l), 12);
    rung = ladder_rung(l, 2);
    assert_int_equal(rung->part, RUNG_LEAVES);
    assert_int_equal(rung->fate, FATE_DELAYED);
    assert_true(rung->delta_ns == 10000000 && rung->time_ns == 10000000);
    assert_true(rung->verdicts & VERDICT_NEW_DATA);
    assert_string_equal(rung->note, "delay \\x1b data#1");
    rung = ladder_rung(l, 3);
    assert_int_equal(rung->part, RUNG_ARRIVES);
    assert_true(rung->time_ns == 50000000 && rung->flight_ns == 40000000);
    assert_true(rung->delta_ns == 0 && rung->verdicts == 0 && rung->in_flight == 0);
    assert_true(rung->note == ladder_rung(l, 2)->note);
    ladder_free(l);
    talk_free(t);
}

/* Of many rungs some are left out: a packet that is two of them counts once. */
static void cut_on_the_way(void **state)
{
    static const struct follow_options options = {.close = true};
    static const struct ladder_options few = {.every = true, .max_rungs = LADDER_RUNGS_MIN};
    struct talk *t = talk_new(&options, true);
    struct ladder *l = ladder_new(&few);
    const struct ladder_extra leaves = {.part = RUNG_LEAVES},
                              arrives = {.part = RUNG_ARRIVES, .flight_ns = 1};

    for (int i = 0; i < 100; i++) {
        assert_true(talk_say(t, "0 a A len=100"));
        ladder_add(l, &t->followed, &leaves);
        ladder_add(l, &t->followed, &arrives);
    }
    assert_int_equal(ladder_count(l), LADDER_RUNGS_MIN);
    for (size_t i = 0; i < ladder_count(l); i++)
        if (ladder_rung(l, i)->kind == RUNG_CUT) {
            /* 100 packets are 200 rungs, of which 63 are there: 32 in front, 31 behind */
            assert_int_equal(ladder_rung(l, i)->segments, 69);
            assert_true(ladder_rung(l, i)->payload == 6900);
        }
    ladder_free(l);
    talk_free(t);
}

/* A note for each packet: there is an end to what is kept. */
static void many_notes(void **state)
{
    static const struct follow_options options = {.close = true};
    static const struct ladder_options every = {.every = true};
    struct talk *t = talk_new(&options, true);
    struct ladder *l = ladder_new(&every);

    assert_true(talk_say(t, "0 a A len=100"));
    for (int i = 0; i < LADDER_NOTES_MAX + 1; i++) {
        char note[LADDER_NOTE_MAX_BYTES + 50];

        memset(note, 'x', sizeof(note));
        note[sizeof(note) - 1] = '\0';
        snprintf(note, 16, "%d", i);
        note[strlen(note)] = ' ';
        ladder_add(l, &t->followed, &(struct ladder_extra){.part = RUNG_ARRIVES, .note = note});
    }
    assert_int_equal(strlen(ladder_rung(l, 0)->note), LADDER_NOTE_MAX_BYTES);
    assert_non_null(ladder_rung(l, LADDER_NOTES_MAX - 1)->note);
    assert_null(ladder_rung(l, LADDER_NOTES_MAX)->note);
    ladder_free(l);
    talk_free(t);
}

static void fates_have_names(void **state)
{
    for (unsigned fate = FATE_DELIVERED; fate < RUNG_FATES; fate++) {
        assert_non_null(rung_fate_name((enum rung_fate)fate));
        assert_true(fate == FATE_DELIVERED || rung_fate_text((enum rung_fate)fate));
    }
    assert_string_equal(rung_fate_name(FATE_TRUNCATED), "truncated");
    assert_string_equal(rung_fate_name(FATE_FORGED), "forged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rung_a_packet),
        cmocka_unit_test(plain_data_is_folded),
        cmocka_unit_test(what_breaks_a_run),
        cmocka_unit_test(pauses),
        cmocka_unit_test(states_where_they_change),
        cmocka_unit_test(what_others_know),
        cmocka_unit_test(what_a_syn_offers),
        cmocka_unit_test(datagrams_and_errors),
        cmocka_unit_test(a_very_long_one),
        cmocka_unit_test(evidence_is_marked),
        cmocka_unit_test(on_the_way),
        cmocka_unit_test(cut_on_the_way),
        cmocka_unit_test(many_notes),
        cmocka_unit_test(fates_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
