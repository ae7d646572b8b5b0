/* SPDX-License-Identifier: ISC */
/* Each form of the grammar, printed again; each error; and which packets of a conversation each kind takes.
 */
#include "lab/selector.h"

#include "lab/selectee_for_test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void forms(void **state)
{
    static const struct {
        const char *text, *printed;
    } rows[] = {
        {"any", "any"},
        {"tcp", "tcp"},
        {"udp", "udp"},
        {"icmp", "icmp"},
        {"data", "data"},
        {"retransmission", "retransmission"},
        {"syn", "syn"},
        {"syn+ack", "syn+ack"},
        {"ack+syn", "syn+ack"},
        {"fin+rst+ack+syn", "syn+fin+rst+ack"},
        {"data#3", "data#3"},
        {"data#2-4", "data#2-4"},
        {"data#2-2", "data#2"},
        {"data#2-", "data#2-"},
        {"data#1000000000", "data#1000000000"},
        {"data#007", "data#7"},
        {"ack of handshake", "ack of handshake"},
        {"ack of close", "ack of close"},
        {"fin#1 from server", "fin#1 from server"},
        {"data# 2 - 4 of close from client", "data#2-4 of close from client"},
        {"data from client of close #2", "data#2 of close from client"},
        {"#3", "any#3"},
        {"from server", "any from server"},
        {"of handshake", "any of handshake"},
        {"  SYN + Ack\t#1  FROM Server  ", "syn+ack#1 from server"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct selector s, again;
        struct str out = STR_INIT, twice = STR_INIT;

        assert_int_equal(selector_parse(rows[i].text, &s, NULL), 0);
        selector_print(&out, &s);
        assert_string_equal(out.data, rows[i].printed);
        assert_int_equal(selector_parse(out.data, &again, NULL), 0);
        selector_print(&twice, &again);
        assert_string_equal(twice.data, out.data);
        str_done(&out);
        str_done(&twice);
    }
}

static void errors(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "packets \"\": no packets are named; such as syn+ack#1, data#3, \"fin from server\""},
        {"  ", "no packets are named"},
        {"sny", "packets \"sny\": \"sny\" is no kind of packet; did you mean syn?"},
        {"retrans#1", "\"retrans\" is no kind of packet; did you mean retransmission?"},
        {"form server", "\"form\" is no kind of packet; did you mean from?"},
        {"quux", "\"quux\" is no kind of packet; there are any, tcp, udp,"},
        {"3", "\"3\" is no kind of packet; there are any,"},
        {"\x1b[1m", "packets \"\\x1b[1m\": \"\\x1b[\" is no kind of packet"},
        {"你好", "\"你好\" is no kind of packet"},
        {"syn-ack", "flags are joined by +, such as syn+ack"},
        {"data+ack", "only flags are joined by +"},
        {"syn+", "behind + a flag is missing; there are syn, ack, fin, rst"},
        {"syn+akc", "\"akc\" is no flag; did you mean ack?"},
        {"syn+syn", "syn is there twice"},
        {"data#", "behind # comes a number"},
        {"data#x", "behind # comes a number"},
        {"data#0", "counted from 1, so there is no #0"},
        {"data#1000000001", "numbers go up to 1000000000"},
        {"data#99999999999999999999999999", "numbers go up to 1000000000"},
        {"data#4-2", "#4-2 goes backwards"},
        {"data#2#3", "there are two numbers; a range is #2-4"},
        {"data#2-4-6", "\"-\" is not understood here"},
        {"ack of", "of what? \"\" is neither handshake nor close"},
        {"ack of handsake", "\"handsake\" is neither handshake nor close; did you mean handshake?"},
        {"ack of close of close", "\"of\" is there twice"},
        {"fin from", "from whom? \"\" is neither client nor server"},
        {"fin from sever", "\"sever\" is neither client nor server; did you mean server?"},
        {"fin from client from server", "\"from\" is there twice; without it both sides are meant"},
        {"fin frm server", "\"frm\" is not understood here; did you mean from?"},
        {"fin first", "\"first\" is not understood here; behind the kind of packet come"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct selector s = {.kind = 77};
        struct err err = {0};

        assert_true(selector_parse(rows[i].text, &s, &err) < 0);
        assert_int_equal(err.kind, ERR_MISUSE);
        if (!strstr(err.text, rows[i].why))
            fail_msg("\"%s\" says: %s", rows[i].text, err.text);
        assert_int_equal(s.kind, 77);
    }
}

static void too_long(void **state)
{
    char text[SELECTOR_TEXT_MAX + 2];
    struct selector s;
    struct err err;

    memset(text, ' ', sizeof(text));
    memcpy(text, "data", 4);
    text[SELECTOR_TEXT_MAX] = '\0';
    assert_int_equal(selector_parse(text, &s, NULL), 0);
    text[SELECTOR_TEXT_MAX] = ' ';
    text[SELECTOR_TEXT_MAX + 1] = '\0';
    assert_true(selector_parse(text, &s, &err) < 0);
    assert_non_null(strstr(err.text, "it is longer than 128 bytes"));
}

/* The lines' numbers, from 1, that the selector takes: "1,3". Numbers are looked at, too. */
static void assert_takes(const char *selector, const char *const *lines, size_t count, const char *expected)
{
    const struct follow_options options = {.close = true};
    struct talk *t = talk_new(&options, true);
    struct str taken = STR_INIT;
    struct selector s;
    uint32_t number = 0;

    assert_int_equal(selector_parse(selector, &s, NULL), 0);
    for (size_t i = 0; i < count; i++) {
        struct packet packet;
        struct selectee one;

        selectee_say(t, lines[i], &packet, &one);
        if (selector_matches(&s, &one) && selector_has_number(&s, ++number))
            str_appendf(&taken, taken.len ? ",%zu" : "%zu", i + 1);
    }
    if (strcmp(taken.data, expected) != 0)
        fail_msg("%s takes %s, not %s", selector, taken.data, expected);
    str_done(&taken);
    talk_free(t);
}

static void packets(void **state)
{
    static const char *const lines[] = {
        "0.000 a S",               /* 1 */
        "0.020 b SA",              /* 2 */
        "0.040 a A",               /* 3: is lost */
        "1.020 b SA seq=0 ack=1",  /* 4 */
        "1.040 a A",               /* 5 */
        "1.050 a PA len=100",      /* 6 */
        "1.070 b A",               /* 7 */
        "1.080 b PA len=50",       /* 8 */
        "1.300 b PA len=50 seq=1", /* 9 */
        "1.310 a A",               /* 10 */
        "1.400 a FA",              /* 11 */
        "1.420 b A",               /* 12 */
        "1.430 b PA len=10",       /* 13 */
        "1.440 a A",               /* 14 */
        "1.450 b FA",              /* 15 */
        "1.700 b FA seq=61",       /* 16 */
        "1.710 a A",               /* 17 */
        "1.720 a A",               /* 18: again */
        "1.800 b RA",              /* 19 */
        "2.000 a.1 U len=5",       /* 20 */
    };
    const size_t count = COUNT(lines);

    assert_takes("any", lines, count, "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20");
    assert_takes("tcp#18-", lines, count, "18,19");
    assert_takes("udp", lines, count, "20");
    assert_takes("data", lines, count, "6,8,9,13,20");
    assert_takes("data#2-3", lines, count, "8,9");
    assert_takes("data from server", lines, count, "8,9,13");
    assert_takes("retransmission", lines, count, "4,9,16");
    assert_takes("syn", lines, count, "1");
    assert_takes("syn+ack", lines, count, "2,4");
    assert_takes("syn+ack#2-", lines, count, "4");
    assert_takes("ack", lines, count, "3,5,7,10,12,14,17,18");
    assert_takes("ack of handshake", lines, count, "3,5");
    assert_takes("of handshake", lines, count, "1,2,3,4,5");
    assert_takes("ack of close", lines, count, "12,17,18");
    assert_takes("ack of close from server", lines, count, "12");
    assert_takes("fin", lines, count, "11,15,16");
    assert_takes("fin#1 from server", lines, count, "15");
    assert_takes("rst", lines, count, "19");
    assert_takes("rst+ack", lines, count, "19");
    assert_takes("rst of close", lines, count, "");
    assert_takes("#3 from server", lines, count, "7");
}

/* Three segments close: the second FIN acknowledges the first one. */
static void close_by_three(void **state)
{
    static const char *const lines[] = {TALK_OPEN, "0.100 a FA", "0.120 b FA", "0.140 a A"};

    assert_takes("ack of close", lines, COUNT(lines), "6");
    assert_takes("of close", lines, COUNT(lines), "4,5,6");
    assert_takes("ack of handshake", lines, COUNT(lines), "3");
}

/* The third segment of a client that speaks at once has data. */
static void handshake_with_data(void **state)
{
    static const char *const lines[] = {"0.000 a S", "0.020 b SA", "0.040 a PA len=10", "0.050 b A"};

    assert_takes("ack of handshake", lines, COUNT(lines), "3");
    assert_takes("ack", lines, COUNT(lines), "4");
}

static void icmp_and_fragments(void **state)
{
    static const char *const lines[] = {"0.000 a U len=5", "0.010 b ICMP 3 3 udp"};
    const struct packet later = {
        .kind = PACKET_FRAGMENT, .ip.protocol = IP_PROTOCOL_UDP, .payload_bytes = 500};
    const struct selectee fragment = {.from = LAB_SERVER, .packet = &later};
    struct selector s;

    assert_takes("icmp", lines, COUNT(lines), "2");
    assert_takes("icmp from client", lines, COUNT(lines), "");
    assert_int_equal(selector_parse("udp", &s, NULL), 0);
    assert_true(selector_matches(&s, &fragment));
    assert_int_equal(selector_parse("data from server", &s, NULL), 0);
    assert_true(selector_matches(&s, &fragment));
    assert_int_equal(selector_parse("tcp", &s, NULL), 0);
    assert_false(selector_matches(&s, &fragment));
    assert_int_equal(selector_parse("retransmission", &s, NULL), 0);
    assert_false(selector_matches(&s, &fragment));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(errors),
        cmocka_unit_test(too_long),
        cmocka_unit_test(packets),
        cmocka_unit_test(close_by_three),
        cmocka_unit_test(handshake_with_data),
        cmocka_unit_test(icmp_and_fragments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
