/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"
#include "see/conversation.h"
#include "see/match.h"
#include "wire/ip.h"

/* Of 10.1.2.3:40000 to 10.9.9.9:443, TLS, reset by b after 3 s. */
static const struct finding was_reset = {.kind = FINDING_RESET, .severity = SEVERITY_WARNING};
static const struct conversation tls = {
    .id = 7,
    .protocol = IP_PROTOCOL_TCP,
    .ip_version = 4,
    .opened = OPENED_THREE_WAY,
    .closed = CLOSED_RESET,
    .label = LABEL_TLS,
    .label_text = "",
    .side[FLOW_A] = {.address = {10, 1, 2, 3}, .port = 40000, .packets = 10, .payload = 500},
    .side[FLOW_B] =
        {.address = {10, 9, 9, 9}, .port = 443, .packets = 20, .payload = 2000, .retransmissions = 3},
    .syn = 1,
    .rst = 1,
    .last_ns = 3000000000,
    .findings = &was_reset,
    .finding_count = 1,
};
static const struct conversation dns = {
    .id = 8,
    .protocol = IP_PROTOCOL_UDP,
    .ip_version = 6,
    .opened = OPENED_DATAGRAM,
    .closed = CLOSED_UNANSWERED,
    .label_text = "",
    .side[FLOW_A] = {.address = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, .port = 5353},
    .side[FLOW_B] = {.address = {0x20, 0x01, 0x0d, 0xb8, [15] = 2}, .port = 53},
};

static bool is(const char *text, const struct conversation *c)
{
    struct err err = {0};
    struct match *m;
    bool matches;

    if (match_parse(text, &m, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    matches = match_is(m, c);
    match_free(m);
    return matches;
}

static void words(void **state)
{
    assert_true(is("tcp", &tls));
    assert_false(is("tcp", &dns));
    assert_true(is("TLS", &tls));
    assert_false(is("dns", &dns)); /* the label, not the port */
    assert_true(is("rst", &tls));
    assert_true(is("reset", &tls));
    assert_true(is("warning", &tls));
    assert_false(is("error", &tls));
    assert_true(is("findings", &tls));
    assert_false(is("findings", &dns));
    assert_true(is("unanswered", &dns));
    assert_true(is("ipv6", &dns));
    assert_true(is("three-way", &tls));
}

static void a_word_stands_for_all_that_is_called_so(void **state)
{
    const struct finding finding = {.kind = FINDING_SYN_UNANSWERED, .severity = SEVERITY_ERROR};
    struct conversation c = tls;

    assert_false(is("unanswered", &c));
    c.findings = &finding;
    assert_true(is("unanswered", &c));
    assert_true(is("syn-unanswered", &c));
}

static void figures_are_compared_in_their_units(void **state)
{
    assert_true(is("bytes = 2500", &tls));
    assert_true(is("bytes>2k", &tls));
    assert_false(is("bytes > 3k", &tls));
    assert_true(is("duration >= 3s", &tls));
    assert_false(is("duration < 3000ms", &tls));
    assert_true(is("packets != 31", &tls));
    assert_true(is("retransmissions", &tls));
    assert_false(is("zero-windows", &tls));
    assert_true(is("id == 7", &tls));
    assert_true(is("id <= 7", &tls));
}

static void ports_and_hosts(void **state)
{
    assert_true(is("port 443", &tls));
    assert_true(is("port 40000", &tls));
    assert_false(is("port 44", &tls));
    assert_true(is("host 10.9.9.9", &tls));
    assert_false(is("host 10.9.9.8", &tls));
    assert_true(is("host 10.0.0.0/8", &tls));
    assert_true(is("host 10.9.8.0/23", &tls));
    assert_false(is("host 10.9.6.0/23", &tls));
    assert_true(is("host 0.0.0.0/0", &tls));
    assert_false(is("host 0.0.0.0/0", &dns));
    assert_true(is("host 2001:db8::2", &dns));
    assert_true(is("host 2001:db8::/126", &dns));
}

static void and_binds_closer_than_or(void **state)
{
    assert_true(is("tcp or udp and port 1", &tls));
    assert_false(is("(tcp or udp) and port 1", &tls));
    assert_true(is("not udp port 443", &tls));
    assert_false(is("not (tcp and tls)", &tls));
    assert_true(is("!(udp)", &tls));
    assert_true(is("not not tcp", &tls));
    assert_true(is("udp or (error or (reset and bytes > 1k))", &tls));
}

static void refuses(const char *text, const char *because)
{
    struct err err = {0};
    struct match *m = NULL;

    assert_int_not_equal(match_parse(text, &m, &err), 0);
    assert_null(m);
    assert_int_equal(err.kind, ERR_MISUSE);
    if (!strstr(err.text, because))
        fail_msg("%s: %s", text, err.text);
}

static void what_is_wrong_is_said(void **state)
{
    refuses("", "missing at the end");
    refuses("tcp and", "missing at the end");
    refuses("resett", "did you mean reset?");
    refuses("xyzzy", "\"xyzzy\"");
    refuses("\033[2J", "\\x1b");
    refuses("(tcp", "a ) is missing");
    refuses("tcp)", "a ( is missing");
    refuses("port http", "behind port");
    refuses("port 65536", "behind port");
    refuses("host example.org", "behind host");
    refuses("host 10.0.0.0/33", "behind host");
    refuses("bytes > big", "behind >");
    refuses("bytes >", "something is missing behind >");
    refuses("= 3", "\"=\"");
}

static void it_has_limits(void **state)
{
    struct str text = STR_INIT;

    for (int i = 0; i < MATCH_TERMS_MAX; i++)
        str_append_str(&text, "tcp ");
    assert_true(is(text.data, &tls));
    str_append_str(&text, "tcp");
    refuses(text.data, "too long");
    str_reset(&text);
    for (int i = 0; i < 100000; i++)
        str_append_char(&text, '(');
    refuses(text.data, "too long");
    str_reset(&text);
    for (int i = 0; i < 100000; i++)
        str_append_str(&text, "not ");
    refuses(text.data, "too long");
    str_reset(&text);
    for (int i = 0; i < 100000; i++)
        str_append_char(&text, 'x');
    refuses(text.data, "nothing to choose");
    str_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(a_word_stands_for_all_that_is_called_so),
        cmocka_unit_test(figures_are_compared_in_their_units),
        cmocka_unit_test(ports_and_hosts),
        cmocka_unit_test(and_binds_closer_than_or),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(it_has_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
