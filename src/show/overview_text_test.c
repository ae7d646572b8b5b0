/* SPDX-License-Identifier: ISC */
/* The overview at several widths, and whatever a capture holds: a line a conversation, never too wide. */
#include "show/overview_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "base/utf8.h"
#include "show/language_for_test.h"

#define MS INT64_C(1000000)

static const struct finding loss[] = {{.kind = FINDING_LOSS, .severity = SEVERITY_WARNING, .count = 3},
    {.kind = FINDING_SPURIOUS_RETRANSMISSION, .severity = SEVERITY_NOTE, .count = 1}};
static const struct finding refusal[] = {{.kind = FINDING_REFUSED, .severity = SEVERITY_ERROR, .count = 1}};

static const struct conversation conversations[] = {
    {.id = 1,
        .protocol = IP_PROTOCOL_TCP,
        .ip_version = 4,
        .opened = OPENED_THREE_WAY,
        .closed = CLOSED_FOUR_SEGMENT,
        .has_closer = true,
        .label = LABEL_HTTP,
        .label_text = "GET /index.html",
        .side = {{.address = {192, 168, 1, 10}, .port = 54321, .payload = 470},
            {.address = {93, 184, 216, 34}, .port = 80, .payload = 1234567}},
        .first_ns = 0,
        .last_ns = 320 * MS,
        .rtt_count = 3,
        .rtt_avg_ns = 20 * MS},
    {.id = 22,
        .protocol = IP_PROTOCOL_TCP,
        .ip_version = 6,
        .opened = OPENED_MID_CAPTURE,
        .closed = CLOSED_RESET,
        .has_closer = true,
        .closed_by = FLOW_B,
        .label = LABEL_TLS,
        .label_text = "a-very-long-name.of-a-host.example.org (h2, http/1.1)",
        .side = {{.address = {0x20, 1, 0xd, 0xb8, 0x85, 0xa3, 8, 0xd3, 0x13, 0x19, 0x8a, 0x2e, 3, 0x70, 0x73,
                      0x48},
                     .port = 60000,
                     .payload = 5,
                     .retransmissions = 3},
            {.address = {0x20, 1, 0xd, 0xb8, [15] = 1}, .port = 443}},
        .last_ns = 83 * 1000 * MS,
        .findings = loss,
        .finding_count = 2},
    {.id = 1234567,
        .protocol = IP_PROTOCOL_TCP,
        .ip_version = 4,
        .opened = OPENED_REFUSED,
        .closed = CLOSED_REFUSED,
        .has_closer = true,
        .closed_by = FLOW_B,
        .label_text = "",
        .side = {{.address = {10, 0, 0, 1}, .port = 40000}, {.address = {10, 0, 0, 2}, .port = 9000}},
        .last_ns = 21000,
        .findings = refusal,
        .finding_count = 1},
    {.id = 4,
        .protocol = IP_PROTOCOL_UDP,
        .ip_version = 4,
        .opened = OPENED_DATAGRAM,
        .closed = CLOSED_OPEN,
        .replies = 1,
        .label = LABEL_DNS,
        .label_text = "AAAA example.org",
        .side = {{.address = {10, 0, 0, 1}, .port = 40000, .payload = 29},
            {.address = {10, 0, 0, 2}, .port = 53, .payload = 57}}},
};

#define COUNT (sizeof(conversations) / sizeof(*conversations))

static void check(int columns, bool ascii, bool color, const char *expected)
{
    const struct overview_text_options o = {.columns = columns, .ascii = ascii};
    struct painted *p = painted_new();
    struct str out = STR_INIT;

    overview_text_head(p, &o);
    for (size_t i = 0; i < COUNT; i++)
        overview_text_row(p, &conversations[i], &o);
    painted_print(p, color, &out);
    assert_string_equal(out.data, expected);
    str_done(&out);
    painted_free(p);
}

static void at_60_columns(void **state)
{
    check(60, false, false,
        "      #     A → B                           what happened\n"
        "     #1 TCP 192.168.1.10 → 93.184.216.34:80 A closed (4)\n"
        "!   #22 TCP 2001:…:7348 → [2001:db8::1]:443 reset by B, seg…\n"
        "✗#1234567 TCP 10.0.0.1 → 10.0.0.2:9000      refused\n"
        "     #4 UDP 10.0.0.1:40000 → 10.0.0.2:53    answered\n");
}

static void at_80_columns(void **state)
{
    check(80, false, false,
        "      #     A → B                           A sent B sent what happened\n"
        "     #1 TCP 192.168.1.10 → 93.184.216.34:80    470  1.23M A closed (4)\n"
        "!   #22 TCP 2001:…:7348 → [2001:db8::1]:443      5      0 reset by B, segments …\n"
        "✗#1234567 TCP 10.0.0.1 → 10.0.0.2:9000           0      0 refused\n"
        "     #4 UDP 10.0.0.1:40000 → 10.0.0.2:53        29     57 answered\n");
}

static void at_120_columns(void **state)
{
    check(120, false, false,
        "      #     A → B                                         A sent B sent   took    rtt resent what "
        "happened\n"
        "     #1 TCP 192.168.1.10:54321 → 93.184.216.34:80            470  1.23M  320ms 20.0ms        A "
        "closed (4)\n"
        "!   #22 TCP 2001:db8:85a…a2e:370:7348 → [2001:db8::1]:443      5      0  1m23s             3 reset "
        "by B, segments lost\n"
        "✗#1234567 TCP 10.0.0.1:40000 → 10.0.0.2:9000                   0      0 21.0us               "
        "refused\n"
        "     #4 UDP 10.0.0.1:40000 → 10.0.0.2:53                      29     57                      "
        "answered\n");
}

static void at_160_columns(void **state)
{
    check(160, false, false,
        "      #     A → B                                         A sent B sent   took    rtt resent about  "
        "             what happened\n"
        "     #1 TCP 192.168.1.10:54321 → 93.184.216.34:80            470  1.23M  320ms 20.0ms        HTTP "
        "GET /index.ht… A closed (4)\n"
        "!   #22 TCP 2001:db8:85a…a2e:370:7348 → [2001:db8::1]:443      5      0  1m23s             3 TLS "
        "a-very-long-na… reset by B, segments lost, needless retransmis…\n"
        "✗#1234567 TCP 10.0.0.1:40000 → 10.0.0.2:9000                   0      0 21.0us                      "
        "             refused\n"
        "     #4 UDP 10.0.0.1:40000 → 10.0.0.2:53                      29     57                      DNS "
        "AAAA example.o… answered\n");
}

static void in_ascii(void **state)
{
    check(80, true, false,
        "      #     A > B                           A sent B sent what happened\n"
        "     #1 TCP 192.168.1.10 > 93.184.216.34:80    470  1.23M A closed (4)\n"
        "!   #22 TCP 2001:~:7348 > [2001:db8::1]:443      5      0 reset by B, segments ~\n"
        "X#1234567 TCP 10.0.0.1 > 10.0.0.2:9000           0      0 refused\n"
        "     #4 UDP 10.0.0.1:40000 > 10.0.0.2:53        29     57 answered\n");
}

static void in_colour(void **state)
{
    check(60, false, true,
        "      \x1b"
        "[2m#\x1b"
        "[m     \x1b"
        "[2mA → B\x1b"
        "[m                           \x1b"
        "[2mwhat happened\x1b"
        "[m\n"
        "     \x1b"
        "[1m#1\x1b"
        "[m TCP 192.168.1.10 → 93.184.216.34:80 A closed (4)\n"
        "\x1b"
        "[33m!\x1b"
        "[m   \x1b"
        "[1m#22\x1b"
        "[m TCP 2001:…:7348 → [2001:db8::1]:443 \x1b"
        "[33mreset by B\x1b"
        "[m, \x1b"
        "[33mseg…\x1b"
        "[m\n"
        "\x1b"
        "[1m\x1b"
        "[31m✗\x1b"
        "[m\x1b"
        "[1m#1234567\x1b"
        "[m TCP 10.0.0.1 → 10.0.0.2:9000      \x1b"
        "[1m\x1b"
        "[31mrefused\x1b"
        "[m\n"
        "     \x1b"
        "[1m#4\x1b"
        "[m UDP 10.0.0.1:40000 → 10.0.0.2:53    answered\n");
}

static void in_chinese(void **state)
{
    if (!speak_chinese())
        skip();
    check(120, false, false,
        "      #     A → B                                         A 发送 B 发送   历时   往返   重传 经过\n"
        "     #1 TCP 192.168.1.10:54321 → 93.184.216.34:80            470  1.23M  320ms 20.0ms        A "
        "先关闭（4 段）\n"
        "!   #22 TCP 2001:db8:85a…a2e:370:7348 → [2001:db8::1]:443      5      0  1m23s             3 被 B "
        "重置，丢失报文段，不…\n"
        "✗#1234567 TCP 10.0.0.1:40000 → 10.0.0.2:9000                   0      0 21.0us               "
        "被拒绝\n"
        "     #4 UDP 10.0.0.1:40000 → 10.0.0.2:53                      29     57                      "
        "已有回复\n");
    speak_english();
}

static void totals(void **state)
{
    static const struct finding flood = {.kind = FINDING_SYN_FLOOD,
        .severity = SEVERITY_ERROR,
        .count = 300,
        .evidence_count = 2,
        .evidence = {7, 9}};
    const struct overview_text_options o = {.columns = 80};
    struct follow_totals t = {.packets = 12345, .tcp = 12300, .udp = 40, .conversations = 1};
    struct painted *p = painted_new();
    struct str out = STR_INIT;

    overview_text_totals(p, &t, NULL, 0, &o);
    painted_print(p, false, &out);
    assert_string_equal(out.data, "1 conversation, 12,345 packets (TCP 12,300, UDP 40)\n");

    t.icmp_errors = 1;
    t.other = 1;
    t.bad = 3;
    t.evicted = 2;
    t.is_crowded = true;
    painted_reset(p);
    str_reset(&out);
    overview_text_totals(p, &t, &flood, 1, &o);
    painted_print(p, false, &out);
    assert_non_null(strstr(out.data,
        "1 conversation, 12,345 packets (TCP 12,300, UDP 40, 1 ICMP error)\n"
        "1 packet is none that is followed here: neither TCP nor UDP, or a further\nfragment\n"
        "3 packets cannot be read: cut short, or not made as they should be\n"
        "2 conversations were given up while open: there were too many\n(--max-conversations)\n"
        "there were too many conversations at once to look at each: some have no label,\n"
        "and what there is to find in them was not looked for\n\n"
        "✗ many SYNs without an end of the handshake (300 times) (packets 7, 9 and\n"));
    str_done(&out);
    painted_free(p);
}

/* ---- whatever a capture holds ---- */

static uint32_t chance_state;

static uint32_t chance(uint32_t below)
{
    chance_state = chance_state * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)chance_state >> 8) * below >> 24);
}

static uint64_t any_number(void)
{
    uint64_t number = 0;

    for (uint32_t bytes = chance(9); bytes > 0; bytes--)
        number = number << 8 | chance(256);
    return number;
}

static struct conversation anything(struct finding findings[FINDING_KINDS])
{
    static const char *const labels[] = {"", "GET /\x1b[31m\xff\r\n\xe2\x80\xae lies",
        "例子。例子。例子。例子。例子。例子。例子", "a\xcc\x81\xcc\x81"};
    struct conversation c = {.id = (uint32_t)any_number(),
        .protocol = chance(2) ? IP_PROTOCOL_TCP : IP_PROTOCOL_UDP,
        .ip_version = chance(2) ? 4 : 6,
        .opened = (uint8_t)chance(OPENED_MID_CAPTURE + 1),
        .closed = (uint8_t)chance(CLOSED_UNREACHABLE + 1),
        .closed_by = (uint8_t)chance(2),
        .label = (uint8_t)chance(LABEL_SSH + 1),
        .label_text = labels[chance(4)],
        .first_ns = (int64_t)any_number(),
        .last_ns = (int64_t)any_number(),
        .rtt_count = chance(2),
        .rtt_avg_ns = (int64_t)any_number(),
        .replies = chance(2),
        .findings = findings,
        .finding_count = chance(FINDING_KINDS)};

    for (unsigned side = FLOW_A; side < FLOW_SIDES; side++) {
        for (size_t i = 0; i < sizeof(c.side[side].address); i++)
            c.side[side].address[i] = (uint8_t)(chance(4) ? 0x80 | chance(256) : 0);
        c.side[side].port = (uint16_t)any_number();
        c.side[side].payload = any_number();
        c.side[side].retransmissions = (uint32_t)any_number();
    }
    for (unsigned i = 0; i < c.finding_count; i++)
        findings[i] = (struct finding){.kind = (uint8_t)chance(FINDING_KINDS),
            .severity = (uint8_t)chance(SEVERITY_ERROR + 1),
            .count = (uint32_t)any_number()};
    return c;
}

static void check_row(const struct conversation *c, int columns, bool ascii)
{
    const struct overview_text_options o = {.columns = columns, .ascii = ascii};
    struct painted *p = painted_new();
    struct str out = STR_INIT;
    char id[16];

    overview_text_row(p, c, &o);
    assert_int_equal(painted_lines(p), 1);
    assert_in_range(painted_columns(p, 0), 1, columns);
    painted_print(p, false, &out);
    assert_true(utf8_is_valid(out.data, out.len));
    for (size_t i = 0; i + 1 < out.len; i++)
        assert_true((unsigned char)out.data[i] >= ' ' && (!ascii || (unsigned char)out.data[i] < 0x7f));
    snprintf(id, sizeof(id), "#%u ", c->id);
    assert_non_null(strstr(out.data, id));
    /* The port called is always there: it is what tells most. */
    snprintf(id, sizeof(id), ":%u", c->side[FLOW_B].port);
    assert_non_null(strstr(out.data, id));
    str_done(&out);
    painted_free(p);
}

static void check_rows(bool ascii_too)
{
    for (uint32_t seed = 1; seed <= 2000; seed++) {
        struct finding findings[FINDING_KINDS];
        struct conversation c;

        chance_state = seed;
        c = anything(findings);
        check_row(&c, 60 + (int)chance(141), ascii_too && chance(3) == 0);
    }
}

static void check_heads(void)
{
    struct painted *p = painted_new();

    for (int columns = 60; columns <= 200; columns++) {
        const struct overview_text_options o = {.columns = columns};

        painted_reset(p);
        overview_text_head(p, &o);
        assert_int_equal(painted_lines(p), 1);
        assert_in_range(painted_columns(p, 0), 1, columns);
    }
    painted_free(p);
}

static void nothing_is_too_wide(void **state)
{
    check_rows(true);
    check_heads();
}

static void nor_in_chinese(void **state)
{
    if (!speak_chinese())
        skip();
    check_rows(false);
    check_heads();
    speak_english();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_60_columns),
        cmocka_unit_test(at_80_columns),
        cmocka_unit_test(at_120_columns),
        cmocka_unit_test(at_160_columns),
        cmocka_unit_test(in_ascii),
        cmocka_unit_test(in_colour),
        cmocka_unit_test(totals),
        cmocka_unit_test(in_chinese),
        cmocka_unit_test(nothing_is_too_wide),
        cmocka_unit_test(nor_in_chinese),
    };

    speak_english();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
