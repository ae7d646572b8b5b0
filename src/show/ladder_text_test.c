/* SPDX-License-Identifier: ISC */
/* Whole ladders as they look: every kind of opening and close, what is lost and held up, datagrams; at 60 to
 * 160 columns, in Chinese, in ASCII, in colour. */
#include "show/ladder_text.h"

#include <stdbool.h>

#include "see/talk_for_test.h"
#include "show/language_for_test.h"

static const struct follow_options close_look = {.close = true, .findings = true, .labels = true};

static void append_ladder(
    struct str *out, const struct ladder *l, const struct ladder_text_options *o, bool color, bool with_notes)
{
    struct painted *p = painted_new();

    ladder_text_head(p, l, o);
    for (size_t i = 0; i < ladder_count(l); i++)
        ladder_text_rung(p, l, i, o);
    if (with_notes)
        ladder_text_notes(p, l, o);
    painted_print(p, color, out);
    painted_free(p);
}

/* To compare with: a line of the test is a line of the ladder. */
static void check(struct talk *t, const struct ladder_text_options *o, bool color, const char *expected)
{
    struct str told = STR_INIT;

    append_ladder(&told, t->ladder, o, color, false);
    assert_string_equal(told.data, expected);
    str_done(&told);
    talk_free(t);
}

#define AT(columns_) (&(const struct ladder_text_options){.columns = (columns_)})

static void closed_with_four_segments(void **state)
{
    struct talk *t = TALK(&close_look, false, TALK_OPEN,
        "0.040 a PA text=GET /index.html HTTP/1.1\r\nHost: example.org\r\n\r\n", "0.060 b A",
        "0.080 b PA len=1200", "0.0801 a A", "0.100 a FA", "0.120 b A", "0.300 b FA", "0.320 a A");

    check(t, AT(80), false,
        "#1  TCP  HTTP GET /index.html                      1970-01-01T00:00:00.000+00:00\n"
        "                       10.0.0.1:40000                        10.0.0.2:80\n"
        "    time   delta          A, client                           B, server\n"
        "                       CLOSED │                                   │ LISTEN\n"
        "0.000000             SYN_SENT │── SYN seq=0 mss=1460 wscale=7 ───▶│ SYN_RECEIVED\n"
        "0.020000 +20.0ms  ESTABLISHED │◀─ SYN ACK seq=0 ack=1 mss=1400 ───│\n"
        "                              │   wscale=8                        │\n"
        "0.030000 +10.0ms              │── ACK seq=1 ack=1  rtt 10.0 ms ──▶│ ESTABLISHED\n"
        "0.040000 +10.0ms              │── PSH ACK seq=1 ack=1 len=47 ────▶│\n"
        "0.060000 +20.0ms              │◀─ ACK seq=1 ack=48  rtt 20.0 ms ──│\n"
        "0.080000 +20.0ms              │◀─ PSH ACK seq=1 ack=48 len=1200 ──│\n"
        "0.080100  +100us              │── ACK ack=1201  rtt 100 us ──────▶│\n"
        "0.100000 +19.9ms   FIN_WAIT_1 │── FIN ACK seq=48 ack=1201 ───────▶│ CLOSE_WAIT\n"
        "0.120000 +20.0ms   FIN_WAIT_2 │◀─ ACK ack=49  rtt 20.0 ms ────────│\n"
        "0.300000  +180ms    TIME_WAIT │◀─ FIN ACK seq=1201 ack=49 ────────│ LAST_ACK\n"
        "0.320000 +20.0ms              │── ACK ack=1202  rtt 20.0 ms ─────▶│ CLOSED\n");
}

static void closed_with_three_segments(void **state)
{
    struct talk *t = TALK(&close_look, false, TALK_OPEN, "0.040 a PA len=100", "0.060 b PA len=200",
        "0.0601 a FA", "0.0801 b FA", "0.0802 a A");

    check(t, AT(120), false,
        "#1  TCP                                                                                    "
        "1970-01-01T00:00:00.000+00:00\n"
        "                         10.0.0.1:40000                                                             "
        " 10.0.0.2:80\n"
        "      time   delta          A, client                                                               "
        "  B, server\n"
        "                         CLOSED │                                                                   "
        "      │ LISTEN\n"
        "1 0.000000             SYN_SENT │── SYN seq=0 mss=1460 wscale=7 win=60000 "
        "───────────────────────────────▶│ SYN_RECEIVED\n"
        "2 0.020000 +20.0ms  ESTABLISHED │◀─ SYN ACK seq=0 ack=1 mss=1400 wscale=8 win=60000  rtt 20.0 ms "
        "─────────│\n"
        "3 0.030000 +10.0ms              │── ACK seq=1 ack=1 win=7680000  rtt 10.0 ms  the connection is "
        "open ────▶│ ESTABLISHED\n"
        "4 0.040000 +10.0ms              │── PSH ACK seq=1 ack=1 len=100 win=7680000 "
        "─────────────────────────────▶│\n"
        "5 0.060000 +20.0ms              │◀─ PSH ACK seq=1 ack=101 len=200 win=15360000  rtt 20.0 ms "
        "──────────────│\n"
        "6 0.060100  +100us   FIN_WAIT_1 │── FIN ACK seq=101 ack=201 win=7680000  rtt 100 us "
        "─────────────────────▶│ CLOSE_WAIT\n"
        "7 0.080100 +20.0ms    TIME_WAIT │◀─ FIN ACK seq=201 ack=102  rtt 20.0 ms  acknowledges the FIN "
        "───────────│ LAST_ACK\n"
        "8 0.080200  +100us              │── ACK seq=102 ack=202 win=7680000  rtt 100 us  acknowledges the "
        "FIN ───▶│ CLOSED\n");
}

static void closed_by_both(void **state)
{
    struct talk *t =
        TALK(&close_look, false, TALK_OPEN, "0.1 a FA", "0.1001 b FA ack=1", "0.12 a A ack=2", "0.1201 b A");

    check(t, AT(60), false,
        "#1  TCP                        1970-01-01T00:00:00.000+00:00\n"
        "            10.0.0.1:40000                  10.0.0.2:80\n"
        "   delta       A, client                     B, server\n"
        "            CLOSED │                             │ LISTEN\n"
        "0.000000  SYN_SENT │── SYN seq=0 mss=1460 ──────▶│ SYN_RCVD\n"
        "                   │   wscale=7                  │\n"
        " +20.0ms     ESTAB │◀─ SYN ACK seq=0 ack=1 ──────│\n"
        "                   │   mss=1400 wscale=8         │\n"
        " +10.0ms           │── ACK ack=1  rtt 10.0 ms ──▶│ ESTAB\n"
        " +70.0ms  FINWAIT1 │── FIN ACK seq=1 ack=1 ─────▶│ CLOSEWAIT\n"
        "  +100us   CLOSING │◀─ FIN ACK seq=1 ack=1 ──────│ CLOSING\n"
        " +19.9ms           │── ACK ack=2  rtt 19.9 ms ──▶│ TIME_WAIT\n"
        "  +100us TIME_WAIT │◀─ ACK ack=2  rtt 20.1 ms ───│\n");
}

/* A refuser was closed all the time; a mark and its colour. */
static void refused(void **state)
{
    struct talk *t = TALK(&close_look, false, "0 a S mss=1460 ws=7 sackok", "0.020 b RA");

    check(t, AT(80), true,
        "\x1b"
        "[1m#1  TCP\x1b"
        "[m                                            \x1b"
        "[2m1970-01-01T00:00:00.000+00:00\x1b"
        "[m\n"
        "                       \x1b"
        "[36m10.0.0.1:40000\x1b"
        "[m                        \x1b"
        "[32m10.0.0.2:80\x1b"
        "[m\n"
        "    \x1b"
        "[2mtime\x1b"
        "[m   \x1b"
        "[2mdelta\x1b"
        "[m          \x1b"
        "[36mA, client\x1b"
        "[m                           \x1b"
        "[32mB, server\x1b"
        "[m\n"
        "                       \x1b"
        "[36mCLOSED\x1b"
        "[m \x1b"
        "[2m│\x1b"
        "[m                                   \x1b"
        "[2m│\x1b"
        "[m \x1b"
        "[32mCLOSED\x1b"
        "[m\n"
        "0.000000             \x1b"
        "[36mSYN_SENT\x1b"
        "[m \x1b"
        "[2m│\x1b"
        "[m\x1b"
        "[36m──\x1b"
        "[m \x1b"
        "[1mSYN\x1b"
        "[m seq=0 mss=1460 wscale=7 \x1b"
        "[36m───▶\x1b"
        "[m\x1b"
        "[2m│\x1b"
        "[m\n"
        "0.020000 \x1b"
        "[2m+20.0ms\x1b"
        "[m       \x1b"
        "[36mCLOSED\x1b"
        "[m \x1b"
        "[2m│\x1b"
        "[m\x1b"
        "[1m\x1b"
        "[31m◀─\x1b"
        "[m \x1b"
        "[1m\x1b"
        "[31mRST ACK\x1b"
        "[m seq=0 ack=1 \x1b"
        "[1m\x1b"
        "[31m────────────\x1b"
        "[m\x1b"
        "[2m│\x1b"
        "[m \x1b"
        "[32mCLOSED\x1b"
        "[m\n"
        "                              \x1b"
        "[2m│\x1b"
        "[m   \x1b"
        "[1m\x1b"
        "[31m✗ connection refused\x1b"
        "[m            \x1b"
        "[2m│\x1b"
        "[m\n");
}

/* Of B nothing is known. */
static void filtered(void **state)
{
    struct talk *t =
        TALK(&close_look, false, "0 a S mss=1460 ws=7 sackok", "1.0 a S seq=0 mss=1460 ws=7 sackok",
            "3.01 a S seq=0 mss=1460 ws=7 sackok", "7.05 a S seq=0 mss=1460 ws=7 sackok");

    check(t, AT(60), false,
        "#1  TCP                        1970-01-01T00:00:00.000+00:00\n"
        "            10.0.0.1:40000                  10.0.0.2:80\n"
        "   delta       A, client                     B, server\n"
        "            CLOSED │                             │ ?\n"
        "0.000000  SYN_SENT │── SYN seq=0 mss=1460 ──────▶│\n"
        "                   │   wscale=7                  │\n"
        "                   │   ✗ no answer to SYN        │\n"
        "                   ┆   1.00 s without a packet   ┆\n"
        "  +1.00s           │╌╌ SYN seq=0 mss=1460 ╌╌╌╌╌╌▶│\n"
        "                   │   wscale=7                  │\n"
        "                   │   retransmission, after a   │\n"
        "                   │   timeout                   │\n"
        "                   │   ✗ no answer to SYN        │\n"
        "                   ┆   2.01 s without a packet   ┆\n"
        "  +2.01s           │╌╌ SYN seq=0 mss=1460 ╌╌╌╌╌╌▶│\n"
        "                   │   wscale=7                  │\n"
        "                   │   retransmission, after a   │\n"
        "                   │   timeout                   │\n"
        "                   │   ✗ no answer to SYN        │\n"
        "                   ┆   4.04 s without a packet   ┆\n"
        "  +4.04s           │╌╌ SYN seq=0 mss=1460 ╌╌╌╌╌╌▶│\n"
        "                   │   wscale=7                  │\n"
        "                   │   retransmission, after a   │\n"
        "                   │   timeout                   │\n"
        "                   │   ✗ no answer to SYN        │\n");
}

static void lossy(void **state)
{
    check(TALK(&close_look, false, TALK_OPEN, "0.1 a A len=1000", "0.101 a A len=1000 seq=2001",
              "0.102 a A len=1000", "0.121 b A ack=1001 sack=2001-3001", "0.122 b A ack=1001 sack=2001-4001",
              "0.123 b A ack=1001 sack=2001-5001", "0.124 a A seq=1001 len=1000", "0.144 b A",
              "0.2 a PA len=100", "0.42 a PA len=100 seq=4001", "0.44 b A", "0.5 a PA len=50",
              "0.70 a PA seq=4101 len=50", "1.11 a PA seq=4101 len=50", "1.92 a PA seq=4101 len=50",
              "1.95 b A", "2.0 a RA"),
        AT(80), false,
        "#1  TCP                                            1970-01-01T00:00:00.000+00:00\n"
        "                       10.0.0.1:40000                        10.0.0.2:80\n"
        "    time   delta          A, client                           B, server\n"
        "                       CLOSED │                                   │ LISTEN\n"
        "0.000000             SYN_SENT │── SYN seq=0 mss=1460 wscale=7 ───▶│ SYN_RECEIVED\n"
        "0.020000 +20.0ms  ESTABLISHED │◀─ SYN ACK seq=0 ack=1 mss=1400 ───│\n"
        "                              │   wscale=8                        │\n"
        "0.030000 +10.0ms              │── ACK seq=1 ack=1  rtt 10.0 ms ──▶│ ESTABLISHED\n"
        "0.100000 +70.0ms              │── ACK seq=1 ack=1 len=1000 ──────▶│\n"
        "0.101000 +1.00ms              │── ACK seq=2001 ack=1 len=1000 ───▶│\n"
        "                              │   bytes before it are missing     │\n"
        "0.102000 +1.00ms              │── ACK seq=3001 ack=1 len=1000 ───▶│\n"
        "0.121000 +19.0ms              │◀─ ACK ack=1001 SACK 2001-3001 ────│\n"
        "0.122000 +1.00ms              │◀─ ACK ack=1001 SACK 2001-4001 ────│\n"
        "                              │   duplicate ACK                   │\n"
        "0.123000 +1.00ms              │◀─ ACK ack=1001 SACK 2001-5001 ────│\n"
        "                              │   duplicate ACK                   │\n"
        "0.124000 +1.00ms              │╌╌ ACK seq=1001 ack=1 len=1000 ╌╌╌▶│\n"
        "                              │   retransmission, after duplicate │\n"
        "                              │   ACKs                            │\n"
        "0.144000 +20.0ms              │◀─ ACK seq=1 ack=4001 ─────────────│\n"
        "0.200000 +56.0ms              │── PSH ACK seq=4001 ack=1 len=100 ▶│\n"
        "0.420000  +220ms              │╌╌ PSH ACK seq=4001 ack=1 len=100 ▶│\n"
        "                              │   retransmission, after a timeout │\n"
        "0.440000 +20.0ms              │◀─ ACK seq=1 ack=4101 ─────────────│\n"
        "0.500000 +60.0ms              │── PSH ACK seq=4101 ack=1 len=50 ─▶│\n"
        "0.700000  +200ms              │╌╌ PSH ACK seq=4101 ack=1 len=50 ╌▶│\n"
        "                              │   retransmission, after a timeout │\n"
        "1.110000  +410ms              │╌╌ PSH ACK seq=4101 ack=1 len=50 ╌▶│\n"
        "                              │   retransmission, after a timeout │\n"
        "                              │   ! repeated timeouts             │\n"
        "1.920000  +810ms              │╌╌ PSH ACK seq=4101 ack=1 len=50 ╌▶│\n"
        "                              │   retransmission, after a timeout │\n"
        "                              │   ! repeated timeouts             │\n"
        "1.950000 +30.0ms              │◀─ ACK seq=1 ack=4151 ─────────────│\n"
        "2.000000 +50.0ms       CLOSED │── RST ACK seq=4151 ack=1 ────────▶│ CLOSED\n"
        "                              │   ! reset                         │\n");
    check(TALK(&close_look, false, TALK_OPEN, "0.1 a A len=1000", "0.101 a A len=1000 seq=2001",
              "0.102 a A len=1000", "0.121 b A ack=1001 sack=2001-3001", "0.122 b A ack=1001 sack=2001-4001",
              "0.123 b A ack=1001 sack=2001-5001", "0.124 a A seq=1001 len=1000", "0.144 b A",
              "0.2 a PA len=100", "0.42 a PA len=100 seq=4001", "0.44 b A", "0.5 a PA len=50",
              "0.70 a PA seq=4101 len=50", "1.11 a PA seq=4101 len=50", "1.92 a PA seq=4101 len=50",
              "1.95 b A", "2.0 a RA"),
        AT(160), false,
        "#1  TCP                                                                                             "
        "                               1970-01-01T00:00:00.000+00:00\n"
        "                          10.0.0.1:40000                                                  "
        "10.0.0.2:80\n"
        "       time   delta          A, client                                                     B, "
        "server\n"
        "                          CLOSED │                                                             │ "
        "LISTEN\n"
        " 1 0.000000             SYN_SENT │── SYN seq=0 mss=1460 wscale=7 win=60000 ───────────────────▶│ "
        "SYN_RECEIVED\n"
        " 2 0.020000 +20.0ms  ESTABLISHED │◀─ SYN ACK seq=0 ack=1 mss=1400 wscale=8 win=60000 ──────────│    "
        "          rtt 20.0 ms\n"
        " 3 0.030000 +10.0ms              │── ACK seq=1 ack=1 win=7680000 ─────────────────────────────▶│ "
        "ESTABLISHED  rtt 10.0 ms  the connection is open\n"
        " 4 0.100000 +70.0ms              │── ACK seq=1 ack=1 len=1000 win=7680000 ────────────────────▶│\n"
        " 5 0.101000 +1.00ms              │── ACK seq=2001 ack=1 len=1000 win=7680000 ─────────────────▶│    "
        "          bytes before it are missing  in flight 3,000\n"
        " 6 0.102000 +1.00ms              │── ACK seq=3001 ack=1 len=1000 win=7680000 ─────────────────▶│    "
        "          in flight 4,000\n"
        " 7 0.121000 +19.0ms              │◀─ ACK seq=1 ack=1001 SACK 2001-3001 win=15360000 ───────────│    "
        "          rtt 21.0 ms\n"
        " 8 0.122000 +1.00ms              │◀─ ACK seq=1 ack=1001 SACK 2001-4001 win=15360000 ───────────│    "
        "          duplicate ACK\n"
        " 9 0.123000 +1.00ms              │◀─ ACK seq=1 ack=1001 SACK 2001-5001 win=15360000 ───────────│    "
        "          duplicate ACK\n"
        "10 0.124000 +1.00ms              │╌╌ ACK seq=1001 ack=1 len=1000 win=7680000 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▶│    "
        "          retransmission, after duplicate ACKs\n"
        "11 0.144000 +20.0ms              │◀─ ACK seq=1 ack=4001 win=15360000 ──────────────────────────│\n"
        "12 0.200000 +56.0ms              │── PSH ACK seq=4001 ack=1 len=100 win=7680000 ──────────────▶│\n"
        "13 0.420000  +220ms              │╌╌ PSH ACK seq=4001 ack=1 len=100 win=7680000 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌▶│    "
        "          retransmission, after a timeout\n"
        "14 0.440000 +20.0ms              │◀─ ACK seq=1 ack=4101 win=15360000 ──────────────────────────│\n"
        "15 0.500000 +60.0ms              │── PSH ACK seq=4101 ack=1 len=50 win=7680000 ───────────────▶│\n"
        "16 0.700000  +200ms              │╌╌ PSH ACK seq=4101 ack=1 len=50 win=7680000 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▶│    "
        "          retransmission, after a timeout\n"
        "17 1.110000  +410ms              │╌╌ PSH ACK seq=4101 ack=1 len=50 win=7680000 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▶│    "
        "          retransmission, after a timeout\n"
        "                                 │                                                             │    "
        "          ! repeated timeouts\n"
        "18 1.920000  +810ms              │╌╌ PSH ACK seq=4101 ack=1 len=50 win=7680000 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▶│    "
        "          retransmission, after a timeout\n"
        "                                 │                                                             │    "
        "          ! repeated timeouts\n"
        "19 1.950000 +30.0ms              │◀─ ACK seq=1 ack=4151 win=15360000 ──────────────────────────│\n"
        "20 2.000000 +50.0ms       CLOSED │── RST ACK seq=4151 ack=1 ──────────────────────────────────▶│ "
        "CLOSED       ! reset\n");
}

static void runs_are_one_arrow(void **state)
{
    struct talk *t = TALK(&close_look, false, TALK_OPEN, "0.1 a A len=1400", "0.1001 a A len=1400",
        "0.1002 a A len=1400", "0.1003 a A len=1400", "0.1203 b A", "0.1204 a A len=1400",
        "0.1205 a PA len=1200", "0.1405 b A", "0.2 a FA", "0.22 b FA", "0.221 a A");

    check(t, AT(100), false,
        "#1  TCP                                                                "
        "1970-01-01T00:00:00.000+00:00\n"
        "                          10.0.0.1:40000                                         10.0.0.2:80\n"
        "       time   delta          A, client                                            B, server\n"
        "                          CLOSED │                                                    │ LISTEN\n"
        " 1 0.000000             SYN_SENT │── SYN seq=0 mss=1460 wscale=7 win=60000 ──────────▶│ "
        "SYN_RECEIVED\n"
        " 2 0.020000 +20.0ms  ESTABLISHED │◀─ SYN ACK seq=0 ack=1 mss=1400 wscale=8 win=60000 ─│\n"
        " 3 0.030000 +10.0ms              │── ACK ack=1  rtt 10.0 ms  the connection is open ─▶│ "
        "ESTABLISHED\n"
        " 4 0.100000 +70.0ms              │══ 6 segments, 8,200 bytes  2 ACKs up to 8201 ═════▶│\n"
        "12 0.200000 +59.5ms   FIN_WAIT_1 │── FIN ACK seq=8201 ack=1 win=7680000 ─────────────▶│ CLOSE_WAIT\n"
        "13 0.220000 +20.0ms    TIME_WAIT │◀─ FIN ACK seq=1 ack=8202  rtt 20.0 ms ─────────────│ LAST_ACK\n"
        "14 0.221000 +1.00ms              │── ACK ack=2  rtt 1.00 ms  acknowledges the FIN ───▶│ CLOSED\n");
}

static void numbers_as_they_are_in_ascii(void **state)
{
    const struct ladder_text_options o = {.columns = 80, .absolute = true, .ascii = true};
    struct talk *t = TALK(&close_look, false, TALK_OPEN, "0.1 a A len=1400", "0.11 b A win=0",
        "0.32 a A seq=1400 len=1", "0.33 b A win=0", "0.75 a A seq=1400 len=1", "0.76 b A win=0",
        "2.0 b A win=60000", "2.001 a A len=1400", "2.02 b A");

    check(t, &o, false,
        "#1  TCP                                            1970-01-01T00:00:00.000+00:00\n"
        "                       10.0.0.1:40000                        10.0.0.2:80\n"
        "    time   delta          A, client                           B, server\n"
        "                       CLOSED |                                   | LISTEN\n"
        "0.000000             SYN_SENT |-- SYN seq=4294967040 mss=1460 --->| SYN_RECEIVED\n"
        "                              |   wscale=7                        |\n"
        "0.020000 +20.0ms  ESTABLISHED |<- SYN ACK seq=4096 ---------------|\n"
        "                              |   ack=4294967041 mss=1400         |\n"
        "                              |   wscale=8                        |\n"
        "0.030000 +10.0ms              |-- ACK ack=4097  rtt 10.0 ms ----->| ESTABLISHED\n"
        "0.100000 +70.0ms              |-- ACK seq=4294967041 ack=4097 --->|\n"
        "                              |   len=1400                        |\n"
        "0.110000 +10.0ms              |<- ACK ack=1145 win=0 -------------|\n"
        "                              |   window closed  ! slow reader    |\n"
        "0.320000  +210ms              |-- ACK seq=1144 ack=4097 len=1 --->|\n"
        "                              |   window probe                    |\n"
        "0.330000 +10.0ms              |<- ACK ack=1145 win=0 -------------|\n"
        "                              |   window closed  ! slow reader    |\n"
        "0.750000  +420ms              |-- ACK seq=1144 ack=4097 len=1 --->|\n"
        "                              |   window probe                    |\n"
        "0.760000 +10.0ms              |<- ACK ack=1145 win=0 -------------|\n"
        "                              |   window closed  ! slow reader    |\n"
        "                              :      1.24 s without a packet      :\n"
        "2.000000  +1.24s              |<- ACK ack=1145  window update ----|\n"
        "2.001000 +1.00ms              |-- ACK seq=1145 ack=4097 len=1400 >|\n"
        "2.020000 +19.0ms              |<- ACK ack=2545  rtt 19.0 ms ------|\n");
}

static void captured_from_the_middle(void **state)
{
    struct talk *t = TALK(
        &close_look, false, "0 a PA len=5 seq=9 ack=9", "0.1 b PA len=7", "0.2 a A", "9 b FA", "9.1 a A");

    check(t, AT(80), false,
        "#1  TCP                                            1970-01-01T00:00:00.000+00:00\n"
        "~ before a state: inferred, since not all packets are in the capture\n"
        "                       10.0.0.1:40000                        10.0.0.2:80\n"
        "    time   delta       A, heard first                             B\n"
        "0.000000         ~ESTABLISHED │── PSH ACK seq=1 ack=1 len=5 ─────▶│ ~ESTABLISHED\n"
        "0.100000  +100ms              │◀╌ PSH ACK seq=-8 ack=6 len=7 ╌╌╌╌╌│\n"
        "                              │   retransmission, needless: it    │\n"
        "                              │   had been acknowledged           │\n"
        "0.200000  +100ms              │── ACK seq=6 ack=-1 win=60000 ────▶│\n"
        "                              ┆      8.80 s without a packet      ┆\n"
        "9.000000  +8.80s  ~CLOSE_WAIT │◀╌ FIN ACK seq=-1 ack=6 ╌╌╌╌╌╌╌╌╌╌╌│ ~FIN_WAIT_1\n"
        "                              │   retransmission, needless: it    │\n"
        "                              │   had been acknowledged, after a  │\n"
        "                              │   timeout                         │\n"
        "9.100000  +100ms              │── ACK seq=6 ack=0 win=60000 ─────▶│\n");
}

static void datagrams(void **state)
{
    check(TALK(&close_look, false, "0 a U len=29", "0.0123 b U len=120", "5.1 a U len=30", "5.12 b U len=44"),
        AT(60), false,
        "#1  UDP                        1970-01-01T00:00:00.000+00:00\n"
        "         10.0.0.1:40000                          10.0.0.2:80\n"
        "   delta A, spoke first                                    B\n"
        "0.000000 │── 29 bytes ────────────────────────────────────▶│\n"
        " +12.3ms │◀─ 120 bytes  rtt 12.3 ms  reply ────────────────│\n"
        "         ┆             5.09 s without a packet             ┆\n"
        "  +5.08s │── 30 bytes ────────────────────────────────────▶│\n"
        " +20.0ms │◀─ 44 bytes  rtt 20.0 ms  reply ─────────────────│\n");
    check(TALK(&close_look, false, "0 a U len=29", "0.0003 b ICMP 3 3 udp", "1.0 a U len=29",
              "1.0003 b ICMP 3 3 udp"),
        AT(80), false,
        "#1  UDP                                            1970-01-01T00:00:00.000+00:00\n"
        "                 10.0.0.1:40000                                      10.0.0.2:80\n"
        "    time   delta A, spoke first                                                B\n"
        "0.000000         │── 29 bytes ────────────────────────────────────────────────▶│\n"
        "0.000300  +300us │◀─ ICMP port unreachable ────────────────────                │\n"
        "1.000000  +1.00s │── 29 bytes ────────────────────────────────────────────────▶│\n"
        "1.000300  +300us │◀─ ICMP port unreachable ────────────────────                │\n");
}

/* An error may come from anywhere on the way; its text is longer than the arrow. */
static void unreachable(void **state)
{
    struct talk *t = TALK(&close_look, false, "0 a S", "0.0003 b ICMP 3 12");

    check(t, AT(60), false,
        "#1  TCP                        1970-01-01T00:00:00.000+00:00\n"
        "            10.0.0.1:40000                  10.0.0.2:80\n"
        "   delta       A, client                     B, server\n"
        "            CLOSED │                             │ ?\n"
        "0.000000  SYN_SENT │── SYN seq=0 win=60000 ─────▶│\n"
        "  +300us           │◀─ ICMP ─────────────        │\n"
        "                   │   host unreachable for this │\n"
        "                   │   service                   │\n");
}

static void chinese(void **state)
{
    struct talk *t;

    if (!speak_chinese())
        skip();
    t = TALK(&close_look, false, TALK_OPEN, "0.1 a A len=1000", "0.101 a A len=1000 seq=2001",
        "0.102 a A len=1000", "0.121 b A ack=1001 sack=2001-3001", "0.122 b A ack=1001 sack=2001-4001",
        "0.123 b A ack=1001 sack=2001-5001", "0.124 a A seq=1001 len=1000", "0.144 b A", "0.2 a PA len=100",
        "0.42 a PA len=100 seq=4001", "0.44 b A", "0.5 a PA len=50", "0.70 a PA seq=4101 len=50",
        "1.11 a PA seq=4101 len=50", "1.92 a PA seq=4101 len=50", "1.95 b A", "2.0 a RA");
    check(t, AT(60), false,
        "#1  TCP                        1970-01-01T00:00:00.000+00:00\n"
        "            10.0.0.1:40000                  10.0.0.2:80\n"
        "    间隔       A，客户端                     B，服务器\n"
        "            CLOSED │                             │ LISTEN\n"
        "0.000000  SYN_SENT │── SYN seq=0 mss=1460 ──────▶│ SYN_RCVD\n"
        "                   │   wscale=7                  │\n"
        " +20.0ms     ESTAB │◀─ SYN ACK seq=0 ack=1 ──────│\n"
        "                   │   mss=1400 wscale=8         │\n"
        " +10.0ms           │── ACK ack=1  往返 10.0 ms ─▶│ ESTAB\n"
        " +70.0ms           │── ACK seq=1 ack=1 len=1000 ▶│\n"
        " +1.00ms           │── ACK seq=2001 ack=1 ──────▶│\n"
        "                   │   len=1000                  │\n"
        "                   │   之前的数据缺失            │\n"
        " +1.00ms           │── ACK seq=3001 ack=1 ──────▶│\n"
        "                   │   len=1000                  │\n"
        " +19.0ms           │◀─ ACK ack=1001 ─────────────│\n"
        "                   │   SACK 2001-3001            │\n"
        " +1.00ms           │◀─ ACK ack=1001 ─────────────│\n"
        "                   │   SACK 2001-4001            │\n"
        "                   │   重复 ACK                  │\n"
        " +1.00ms           │◀─ ACK ack=1001 ─────────────│\n"
        "                   │   SACK 2001-5001            │\n"
        "                   │   重复 ACK                  │\n"
        " +1.00ms           │╌╌ ACK seq=1001 ack=1 ╌╌╌╌╌╌▶│\n"
        "                   │   len=1000                  │\n"
        "                   │   重传，重复 ACK 之后       │\n"
        " +20.0ms           │◀─ ACK seq=1 ack=4001 ───────│\n"
        " +56.0ms           │── PSH ACK seq=4001 ack=1 ──▶│\n"
        "                   │   len=100                   │\n"
        "  +220ms           │╌╌ PSH ACK seq=4001 ack=1 ╌╌▶│\n"
        "                   │   len=100                   │\n"
        "                   │   重传，超时之后            │\n"
        " +20.0ms           │◀─ ACK seq=1 ack=4101 ───────│\n"
        " +60.0ms           │── PSH ACK seq=4101 ack=1 ──▶│\n"
        "                   │   len=50                    │\n"
        "  +200ms           │╌╌ PSH ACK seq=4101 ack=1 ╌╌▶│\n"
        "                   │   len=50                    │\n"
        "                   │   重传，超时之后            │\n"
        "  +410ms           │╌╌ PSH ACK seq=4101 ack=1 ╌╌▶│\n"
        "                   │   len=50                    │\n"
        "                   │   重传，超时之后            │\n"
        "                   │   ! 连续超时                │\n"
        "  +810ms           │╌╌ PSH ACK seq=4101 ack=1 ╌╌▶│\n"
        "                   │   len=50                    │\n"
        "                   │   重传，超时之后            │\n"
        "                   │   ! 连续超时                │\n"
        " +30.0ms           │◀─ ACK seq=1 ack=4151 ───────│\n"
        " +50.0ms    CLOSED │── RST ACK seq=4151 ack=1 ──▶│ CLOSED\n"
        "                   │   ! 被重置                  │\n");
    t = TALK(&close_look, false, TALK_OPEN, "0.1 a A len=1400", "0.11 b A win=0", "0.32 a A seq=1400 len=1",
        "0.33 b A win=0", "0.75 a A seq=1400 len=1", "0.76 b A win=0", "2.0 b A win=60000",
        "2.001 a A len=1400", "2.02 b A");
    check(t, AT(160), false,
        "#1  TCP                                                                                             "
        "                               1970-01-01T00:00:00.000+00:00\n"
        "                          10.0.0.1:40000                                                  "
        "10.0.0.2:80\n"
        "       时间    间隔          A，客户端                                                     "
        "B，服务器\n"
        "                          CLOSED │                                                             │ "
        "LISTEN\n"
        " 1 0.000000             SYN_SENT │── SYN seq=0 mss=1460 wscale=7 win=60000 ───────────────────▶│ "
        "SYN_RECEIVED\n"
        " 2 0.020000 +20.0ms  ESTABLISHED │◀─ SYN ACK seq=0 ack=1 mss=1400 wscale=8 win=60000 ──────────│    "
        "          往返 20.0 ms\n"
        " 3 0.030000 +10.0ms              │── ACK seq=1 ack=1 win=7680000 ─────────────────────────────▶│ "
        "ESTABLISHED  往返 10.0 ms  连接已建立\n"
        " 4 0.100000 +70.0ms              │── ACK seq=1 ack=1 len=1400 win=7680000 ────────────────────▶│\n"
        " 5 0.110000 +10.0ms              │◀─ ACK seq=1 ack=1401 win=0 ─────────────────────────────────│    "
        "          窗口为零  ! 接收方读得慢  往返 10.0 ms\n"
        " 6 0.320000  +210ms              │── ACK seq=1400 ack=1 len=1 win=7680000 ────────────────────▶│    "
        "          窗口探测\n"
        " 7 0.330000 +10.0ms              │◀─ ACK seq=1 ack=1401 win=0 ─────────────────────────────────│    "
        "          窗口为零  ! 接收方读得慢  对窗口探测的回应\n"
        " 8 0.750000  +420ms              │── ACK seq=1400 ack=1 len=1 win=7680000 ────────────────────▶│    "
        "          窗口探测\n"
        " 9 0.760000 +10.0ms              │◀─ ACK seq=1 ack=1401 win=0 ─────────────────────────────────│    "
        "          窗口为零  ! 接收方读得慢  对窗口探测的回应\n"
        "                                 ┆                        1.24 s 没有包                        ┆\n"
        "10 2.000000  +1.24s              │◀─ ACK seq=1 ack=1401 win=15360000 ──────────────────────────│    "
        "          窗口更新\n"
        "11 2.001000 +1.00ms              │── ACK seq=1401 ack=1 len=1400 win=7680000 ─────────────────▶│\n"
        "12 2.020000 +19.0ms              │◀─ ACK seq=1 ack=2801 win=15360000 ──────────────────────────│    "
        "          往返 19.0 ms\n");
    speak_english();
}

/* What happened and what it means, wrapped; where there is more about it is said once. */
static void explained(void **state)
{
    struct talk *t = TALK(&close_look, false, "0 a S mss=1460 ws=7 sackok", "0.020 b RA");
    struct painted *p = painted_new();
    struct str told = STR_INIT;

    ladder_text_notes(p, t->ladder, AT(60));
    painted_print(p, false, &told);
    assert_string_equal(told.data, "\n"
                                   "10.0.0.1:40000 asked for a connection, and 10.0.0.2:80\n"
                                   "refused it with RST: nobody listens there.\n"
                                   "\n"
                                   "✗ connection refused, by 10.0.0.2:80 (packet 2)\n"
                                   "    The host is there and answered the SYN with RST: nobody\n"
                                   "    listens on that port, or a firewall rejects it.\n"
                                   "    What to do: Look whether the server runs, on this port\n"
                                   "    and this address (ss -ltnp): one that listens on\n"
                                   "    127.0.0.1 only refuses everyone else.\n"
                                   "\n"
                                   "More about findings: man landline-findings\n");
    str_done(&told);
    painted_free(p);
    talk_free(t);
}

/* ---- what the lab knows ---- */

static const uint8_t no_options[1];

static void add_segment(struct talk *t, struct ladder *l, unsigned from, uint16_t flags, uint8_t fate)
{
    const struct ladder_extra extra = {.fate = fate};
    struct packet p = {.kind = PACKET_TCP,
        .sport = from ? 80 : 40000,
        .dport = from ? 40000 : 80,
        .ip = {.version = 4, .protocol = IP_PROTOCOL_TCP, .src = talk_hosts[from], .dst = talk_hosts[!from]},
        .tcp = {.flags = flags, .header_bytes = 20, .options = no_options, .ack = from}};
    struct followed followed;

    t->number++;
    assert_true(follow_packet(t->f, &p, t->number, (int64_t)t->number * 1000000, &followed));
    ladder_add(l, &followed, &extra);
}

static void what_the_wire_did(void **state)
{
    static const struct ladder_options options;
    struct talk *t = talk_new(&close_look, false);
    struct ladder *l = ladder_new(&options);
    struct str told = STR_INIT;

    add_segment(t, l, FLOW_A, TCP_SYN, FATE_DROPPED);
    add_segment(t, l, FLOW_A, TCP_SYN, FATE_DELIVERED);
    add_segment(t, l, FLOW_B, TCP_SYN | TCP_ACK, FATE_DROPPED);
    add_segment(t, l, FLOW_B, TCP_SYN | TCP_ACK, FATE_DUPLICATED);
    follow_finish(t->f);
    ladder_end(l, &t->ended[0]);
    append_ladder(&told, l, AT(80), false, false);
    assert_string_equal(told.data,
        "#1  TCP                                            1970-01-01T00:00:00.001+00:00\n"
        "                       10.0.0.1:40000                        10.0.0.2:80\n"
        "    time   delta          A, client                           B, server\n"
        "                       CLOSED │                                   │ LISTEN\n"
        "0.000000             SYN_SENT │── SYN seq=0  lost on the way ✗    │ SYN_RECEIVED\n"
        "0.001000 +1.00ms              │╌╌ SYN seq=0  retransmission ╌╌╌╌╌▶│\n"
        "0.002000 +1.00ms  ESTABLISHED │         ✗─ SYN ACK seq=0 ack=1 ───│\n"
        "                              │   lost on the way                 │\n"
        "0.003000 +1.00ms              │◀╌ SYN ACK seq=0 ack=1 ╌╌╌╌╌╌╌╌╌╌╌╌│\n"
        "                              │   arrives twice  retransmission   │\n"
        "                              │   ! SYN+ACK without an answer     │\n");
    str_done(&told);
    ladder_free(l);
    talk_free(t);
}

/* A simultaneous open on a wire of 40 ms: each SYN leaves, they cross, and arrive; then a FIN is held up by
 * order, a forged RST comes, and a segment is lost. */
static struct ladder *crossing(struct talk *t)
{
    static const struct ladder_options options = {.every = true};
    static const struct {
        const char *line;
        struct ladder_extra extra;
        unsigned again; /* which of the lines before arrives, from 1 */
    } rungs[] = {
        {"0.000 a S", {FATE_DELIVERED, RUNG_LEAVES, 0, NULL, true, {FLOW_SYN_SENT, FLOW_CLOSED}}, 0},
        {"0.010 b S", {FATE_DELIVERED, RUNG_LEAVES, 0, NULL, true, {FLOW_SYN_SENT, FLOW_SYN_SENT}}, 0},
        {NULL, {FATE_DELIVERED, RUNG_ARRIVES, 40000000, NULL, true, {FLOW_SYN_SENT, FLOW_SYN_RECEIVED}}, 1},
        {NULL, {FATE_DELIVERED, RUNG_ARRIVES, 40000000, NULL, true, {FLOW_SYN_RECEIVED, FLOW_SYN_RECEIVED}},
            2},
        {"0.060 a PA len=100 seq=1 ack=1",
            {FATE_DELAYED, RUNG_WHOLE, 240000000, "delay 200ms data#1", true,
                {FLOW_ESTABLISHED, FLOW_ESTABLISHED}},
            0},
        {"0.100 b FA seq=1 ack=1",
            {FATE_DROPPED, RUNG_WHOLE, 0, "drop fin#1 from server", true,
                {FLOW_ESTABLISHED, FLOW_FIN_WAIT_1}},
            0},
        {"0.110 a R seq=101",
            {FATE_FORGED, RUNG_WHOLE, 0, "reset server after fin", true, {FLOW_ESTABLISHED, FLOW_CLOSED}}, 0},
    };
    const struct packet bare = {.tcp = {.options = no_options, .header_bytes = 20}};
    struct followed left[sizeof(rungs) / sizeof(rungs[0])];
    struct ladder *l = ladder_new(&options);

    for (size_t i = 0; i < sizeof(rungs) / sizeof(rungs[0]); i++) {
        if (rungs[i].line) {
            assert_true(talk_say(t, rungs[i].line));
            t->followed.packet = &bare; /* the one that talk_say made is gone */
            left[i] = t->followed;
        }
        ladder_add(l, rungs[i].again ? &left[rungs[i].again - 1] : &t->followed, &rungs[i].extra);
    }
    follow_finish(t->f);
    ladder_end(l, &t->ended[0]);
    return l;
}

static void on_the_way(void **state)
{
    static const struct ladder_text_options in_ascii = {.columns = 60, .ascii = true};
    struct talk *t = talk_new(&close_look, false);
    struct ladder *l = crossing(t);
    struct str told = STR_INIT;

    append_ladder(&told, l, AT(80), false, false);
    assert_string_equal(told.data,
        "#1  TCP                                            1970-01-01T00:00:00.000+00:00\n"
        "                       10.0.0.1:40000                        10.0.0.2:80\n"
        "    time   delta              A                                   B\n"
        "                       CLOSED │                                   │ CLOSED\n"
        "0.000000             SYN_SENT │── SYN seq=0  is under way ▶       │\n"
        "0.010000 +10.0ms              │       ◀─ SYN seq=0  is under way ─│ SYN_SENT\n"
        "0.040000                      │  ── SYN seq=0  40.0 ms under way ▶│ SYN_RECEIVED\n"
        "0.050000         SYN_RECEIVED │◀─ SYN seq=0  40.0 ms under way ─  │\n"
        "0.060000 +50.0ms  ESTABLISHED │── PSH ACK seq=1 ack=1 len=100 ───▶│ ESTABLISHED\n"
        "                              │   held up on the way              │\n"
        "                              │   delay 200ms data#1              │\n"
        "0.100000 +40.0ms              │         ✗─ FIN ACK seq=1 ack=1 ───│ FIN_WAIT_1\n"
        "                              │   lost on the way                 │\n"
        "                              │   drop fin#1 from server          │\n"
        "0.110000 +10.0ms              │── RST seq=101  forged on the way ▶│ CLOSED\n"
        "                              │   reset server after fin  ! reset │\n");
    str_reset(&told);
    append_ladder(&told, l, &in_ascii, false, false);
    assert_string_equal(told.data, "#1  TCP                        1970-01-01T00:00:00.000+00:00\n"
                                   "            10.0.0.1:40000                  10.0.0.2:80\n"
                                   "   delta           A                             B\n"
                                   "            CLOSED |                             | CLOSED\n"
                                   "0.000000  SYN_SENT |-- SYN seq=0  is under way > |\n"
                                   " +10.0ms           | <- SYN seq=0  is under way -| SYN_SENT\n"
                                   "                   |        -- SYN seq=0 ------->| SYN_RCVD\n"
                                   "                   |   40.0 ms under way         |\n"
                                   "          SYN_RCVD |<- SYN seq=0 --------        |\n"
                                   "                   |   40.0 ms under way         |\n"
                                   " +50.0ms     ESTAB |-- PSH ACK seq=1 ack=1 ----->| ESTAB\n"
                                   "                   |   len=100                   |\n"
                                   "                   |   held up on the way        |\n"
                                   "                   |   delay 200ms data#1        |\n"
                                   " +40.0ms           |     X- FIN ACK seq=1 ack=1 -| FINWAIT1\n"
                                   "                   |   lost on the way           |\n"
                                   "                   |   drop fin#1 from server    |\n"
                                   " +10.0ms           |-- RST seq=101 ------------->| CLOSED\n"
                                   "                   |   forged on the way         |\n"
                                   "                   |   reset server after fin    |\n"
                                   "                   |   ! reset                   |\n");
    str_reset(&told);
    append_ladder(&told, l, AT(160), false, false);
    assert_non_null(strstr(told.data, "1 0.040000                      │                ── SYN seq=0 "
                                      "────────────────────────────────▶│ SYN_RECEIVED 40.0 ms under way\n"));
    str_done(&told);
    ladder_free(l);
    talk_free(t);
}

/* On a screen a ladder is drawn while its packets still come. */
static void before_its_end(void **state)
{
    static const struct ladder_options options;
    struct talk *t = talk_new(&close_look, false);
    struct ladder *l = ladder_new(&options);
    struct str told = STR_INIT;

    append_ladder(&told, l, AT(80), false, true);
    assert_string_equal(told.data, "");
    add_segment(t, l, FLOW_A, TCP_SYN, FATE_UNKNOWN);
    append_ladder(&told, l, AT(80), false, true);
    assert_string_equal(
        told.data, "0.000000             SYN_SENT │── SYN seq=0 win=0 ───────────────▶│ SYN_RECEIVED\n");
    str_done(&told);
    ladder_free(l);
    talk_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_with_four_segments),
        cmocka_unit_test(closed_with_three_segments),
        cmocka_unit_test(closed_by_both),
        cmocka_unit_test(refused),
        cmocka_unit_test(filtered),
        cmocka_unit_test(lossy),
        cmocka_unit_test(runs_are_one_arrow),
        cmocka_unit_test(numbers_as_they_are_in_ascii),
        cmocka_unit_test(captured_from_the_middle),
        cmocka_unit_test(datagrams),
        cmocka_unit_test(unreachable),
        cmocka_unit_test(chinese),
        cmocka_unit_test(explained),
        cmocka_unit_test(what_the_wire_did),
        cmocka_unit_test(on_the_way),
        cmocka_unit_test(before_its_end),
    };

    setenv("TZ", "UTC", 1);
    speak_english();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
