/* SPDX-License-Identifier: ISC */
/* What is said of a conversation: how it opened, what was agreed, how it went, how it closed and why so. */
#include "see/explain.h"

#include "see/talk_for_test.h"

static const struct follow_options close_look = {.close = true, .findings = true};

static void check_said(struct talk *t, const char *expected)
{
    struct str text = STR_INIT;

    explain_conversation(&text, &t->ended[0]);
    assert_string_equal(text.data, expected);
    str_done(&text);
    talk_free(t);
}

/* Is it said, or is it not? */
static void check_part(struct talk *t, const char *part, bool is_said)
{
    struct str text = STR_INIT;

    explain_conversation(&text, &t->ended[0]);
    if (!!strstr(text.data, part) != is_said)
        fail_msg("\"%s\" %s \"%s\"", text.data, is_said ? "lacks" : "has", part);
    str_done(&text);
    talk_free(t);
}

static void from_beginning_to_end(void **state)
{
    check_said(TALK(&close_look, false, TALK_OPEN, "1 a PA len=100", "1.1 b PA len=2000", "1.2 a A", "2 b FA",
                   "2.1 a FA", "2.2 b A"),
        "10.0.0.1:40000 opened the connection to 10.0.0.2:80 with the three-way handshake: SYN, SYN+ACK, "
        "ACK. It took "
        "30.0 ms, one round trip.\n"
        "They agreed on: windows above 64 KiB (window scale), selective acknowledgment (SACK). A segment to "
        "A has at most "
        "1460 bytes, one to B 1400 (MSS).\n"
        "Payload of A: 100 bytes (packets: 5), of B: 2000 bytes (packets: 4). Nothing was lost.\n"
        "10.0.0.2:80 closed first. Three segments were enough (FIN, FIN+ACK, ACK), since 10.0.0.1:40000 had "
        "nothing more to "
        "send and closed before its ACK had gone out, so that ACK and FIN went in one. 10.0.0.2:80 stays in "
        "TIME_WAIT for a "
        "while (60 s on Linux), so that late segments do not end up in a next connection, and to acknowledge "
        "the other's "
        "FIN again if need be.\n");
}

static void why_four_segments(void **state)
{
    check_part(TALK(&close_look, false, TALK_OPEN, "1 a FA", "1.1 b A", "1.2 b FA", "1.3 a A"),
        "It took four segments (FIN, ACK, FIN, ACK), since 10.0.0.2:80 acknowledged the FIN at once", true);
    check_part(TALK(&close_look, false, TALK_OPEN, "1 a FA", "1.1 b FA", "1.2 a A"), "four segments", false);
}

static void who_waits(void **state)
{
    check_part(TALK(&close_look, false, TALK_OPEN, "1 a FA", "1 b FA ack=1", "1.1 a A", "1.1 b A"),
        "Both stay in TIME_WAIT", true);
    check_part(TALK(&close_look, false, TALK_OPEN, "1 a FA", "1.1 b A"), "it is in CLOSE_WAIT", true);
    check_part(TALK(&close_look, false, TALK_OPEN, "1 a FA"),
        "The FIN of 10.0.0.1:40000 was not acknowledged", true);
    check_part(TALK(&close_look, false, TALK_OPEN, "1 a FA", "1.1 b FA"),
        "The FIN of 10.0.0.2:80 was not acknowledged", true);
    check_part(TALK(&close_look, false, TALK_OPEN), "still open", true);
    check_part(TALK(&close_look, false, TALK_OPEN, "1 b RA"), "10.0.0.2:80 broke the connection off", true);
}

static void what_never_opened(void **state)
{
    check_said(TALK(&close_look, false, "0 a S", "1 a S seq=0"),
        "10.0.0.1:40000 asked 10.0.0.2:80 for a connection with 2 SYNs and got no answer.\n");
    check_said(TALK(&close_look, false, "0 a S", "0.1 b RA seq=0 ack=1"),
        "10.0.0.1:40000 asked for a connection, and 10.0.0.2:80 refused it with RST: nobody listens "
        "there.\n");
    check_said(TALK(&close_look, false, "0 a S", "0.1 b ICMP 3 1"),
        "10.0.0.1:40000 asked 10.0.0.2:80 for a connection and got an ICMP error back.\n");
    check_part(TALK(&close_look, false, "0 a S", "0.1 b SA"), "but nothing acknowledged that", true);
}

/* What was not captured is not made up. */
static void from_the_middle(void **state)
{
    check_part(TALK(&close_look, false, "0 a PA seq=9 ack=9 len=5"), "was not captured", true);
    check_part(TALK(&close_look, false, "0 a PA seq=9 ack=9 len=5"), "They agreed", false);
    check_part(TALK(&close_look, false, "0 a PA seq=9 ack=9 len=5", "1 b A ack=99"),
        "missing from the capture", true);
}

static void losses(void **state)
{
    check_part(TALK(&close_look, false, TALK_OPEN, "1 a A len=9", "1.3 a A len=9 seq=1", "1.4 b A"),
        "1 segment was sent again.", true);
    check_part(TALK(&close_look, false, TALK_OPEN, "1 a A len=9", "1.3 a A len=9 seq=1", "1.4 b A"),
        "Nothing was lost", false);
}

static void datagrams(void **state)
{
    check_said(TALK(&close_look, false, "0 a U len=10", "0.1 b U len=20"),
        "10.0.0.1:40000 and 10.0.0.2:80 exchanged datagrams, with 10.0.0.1:40000 speaking first; UDP opens "
        "nothing.\n"
        "Payload of A: 10 bytes (packets: 1), of B: 20 bytes (packets: 1). 1 of A's datagrams was answered, "
        "as far as time tells.\n");
    check_part(TALK(&close_look, false, "0 a U len=10"), "none came back", true);
    check_part(TALK(&close_look, false, "0 a U len=10", "0.1 b ICMP 3 3 udp"), "ICMP error", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_beginning_to_end),
        cmocka_unit_test(why_four_segments),
        cmocka_unit_test(who_waits),
        cmocka_unit_test(what_never_opened),
        cmocka_unit_test(from_the_middle),
        cmocka_unit_test(losses),
        cmocka_unit_test(datagrams),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
