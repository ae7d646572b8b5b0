/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/hex.h"
#include "base/str.h"
#include "see/follow.h"
#include "see/verdict.h"
#include "show/packet_fields.h"
#include "show/text.h"

#define MACS "000102030405 060708090a0b"
#define IP4(total) "0800 4500" total "1234 4000 40 06 0000 0a000001 0a000002"

struct bytes {
    uint8_t at[256];
    size_t len;
};

/* Hex with blanks between the fields. */
static struct bytes bytes_of(const char *hex)
{
    struct bytes b = {.len = 0};
    char dense[2 * sizeof(b.at)];
    size_t digits = 0;

    for (; *hex; hex++)
        if (*hex != ' ') {
            assert_true(digits < sizeof(dense) - 1);
            dense[digits++] = *hex;
        }
    dense[digits] = '\0';
    b.len = digits / 2;
    assert_int_equal(hex_decode(dense, b.at, b.len), 0);
    return b;
}

/* In memory that ends with them, so that ASan sees a step too far; to be freed. */
static uint8_t *bytes_exactly(const struct bytes *b, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    memcpy(copy, b->at, len);
    return copy;
}

struct told {
    struct painted *lines;
    struct str text;
};

static int set_up(void **state)
{
    struct told *t = calloc(1, sizeof(*t));

    setenv("TZ", "UTC", 1);
    t->lines = painted_new();
    str_init(&t->text);
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    struct told *t = *state;

    painted_free(t->lines);
    str_done(&t->text);
    free(t);
    return 0;
}

static const char *tell_bytes(
    struct told *t, const struct bytes *b, uint16_t linktype, const struct packet_fields_options *options)
{
    uint8_t *exactly = bytes_exactly(b, b->len);

    painted_reset(t->lines);
    packet_fields(t->lines,
        &(struct ring_packet){.data = exactly,
            .captured_bytes = (uint32_t)b->len,
            .wire_bytes = (uint32_t)b->len,
            .number = 12,
            .time_ns = INT64_C(1764072000000000000) + 1234567,
            .linktype = linktype},
        options);
    free(exactly);
    str_reset(&t->text);
    painted_print(t->lines, false, &t->text);
    return t->text.data;
}

static const char *tell(struct told *t, const char *hex, const struct packet_fields_options *options)
{
    struct bytes b = bytes_of(hex);

    return tell_bytes(t, &b, LINKTYPE_ETHERNET, options);
}

static struct conversation conversation_for_test(void)
{
    struct conversation c = {.ip_version = 4, .protocol = IP_PROTOCOL_TCP, .label_text = ""};

    memcpy(c.side[FLOW_A].address, (uint8_t[]){10, 0, 0, 1}, 4);
    memcpy(c.side[FLOW_B].address, (uint8_t[]){10, 0, 0, 2}, 4);
    c.side[FLOW_A].port = 0x9c40;
    c.side[FLOW_B].port = 80;
    c.side[FLOW_A].isn = 0xfffffff0;
    c.side[FLOW_B].isn = 1000;
    for (int i = 0; i < 2; i++) {
        c.side[i].packets = 3;
        c.side[i].has_syn = c.side[i].has_window_shift = true;
        c.side[i].window_shift = (uint8_t)(7 - i);
    }
    return c;
}

static void a_syn(void **state)
{
    struct packet_fields_options o = {.columns = 80, .ascii = true, .payload_bytes = 100};

    assert_string_equal(
        tell(*state,
            MACS IP4("0034") "9c40 0050 fffffff0 00000000 8002 faf0 0000 0000 020405b4 01 030307 01 01 0402",
            &o),
        "packet    12  12:00:00.001234567  66 bytes\n"
        "Ethernet  06:07:08:09:0a:0b > 00:01:02:03:04:05\n"
        "IPv4      10.0.0.1 > 10.0.0.2, TTL 64, identification 4660, don't fragment,\n"
        "          header 20 bytes, header checksum not right (or not filled in yet)\n"
        "TCP       40000 > 80 SYN, header 32 bytes\n"
        "seq       4294967280, next 4294967281\n"
        "window    64240\n"
        "options   MSS 1460, window scale 7 (x128), SACK permitted\n"
        "checksum  not right, or left to the network card\n"
        "payload   none\n");
}

/* Numbers that wrapped, and what both agreed on. */
static void numbers_are_relative_and_windows_scaled(void **state)
{
    struct conversation c = conversation_for_test();
    struct packet_fields_options o = {.columns = 80,
        .payload_bytes = 100,
        .conversation = &c,
        .verdicts = VERDICT_RETRANSMISSION | VERDICT_RTO};
    const char *text = tell(*state,
        MACS IP4("0036") "9c40 0050 00000001 000003e9 8018 0100 0000 0000 0101 080a 00000005 00000007 6869",
        &o);

    assert_non_null(strstr(text, "\nseq       17 (1), next 19\n"));
    assert_non_null(strstr(text, "\nack       1 (1001)\n"));
    assert_non_null(strstr(text, "\nwindow    256 x 128 = 32768\n"));
    assert_non_null(strstr(text, "\noptions   timestamp 5 echoes 7\n"));
    assert_non_null(strstr(text, "\njudged    retransmission, after a timeout\n"));
    assert_non_null(strstr(text, "\npayload   2 bytes\n00000000  68 69 "));
    assert_non_null(strstr(text, "|hi|\n"));
}

static void sack_blocks_count_from_the_other_side(void **state)
{
    struct conversation c = conversation_for_test();
    struct packet_fields_options o = {.columns = 80, .payload_bytes = 100, .conversation = &c};

    assert_non_null(strstr(
        tell(*state,
            MACS IP4("0034") "9c40 0050 00000001 000003e9 8010 0000 0000 0000 0101 050a 00000400 00000410",
            &o),
        "\noptions   SACK 24-40\n"));
}

/* The text of a narrow screen is the payload's own, which must not reach the terminal as it is. */
static void what_could_steer_a_terminal_is_escaped(void **state)
{
    struct packet_fields_options o = {.columns = 40, .payload_bytes = 100};
    const char *text = tell(
        *state, MACS IP4("0030") "9c40 0050 00000001 000003e9 5018 0000 0000 0000 1b5d323b e5a5bd07", &o);

    assert_null(strchr(text, '\033'));
    assert_null(strchr(text, '\007'));
    assert_non_null(strstr(text, "\\x1b]2;好\\x07"));
}

static void no_line_is_wider_than_it_may_be(void **state)
{
    struct told *t = *state;
    struct conversation c = conversation_for_test();

    for (int columns = PACKET_FIELDS_COLUMNS_MIN; columns < 130; columns++) {
        struct packet_fields_options o = {
            .columns = columns, .payload_bytes = 100, .conversation = &c, .verdicts = (1U << VERDICTS) - 1};

        tell(t,
            MACS IP4("0038") "9c40 0050 00000001 000003e9 8018 0100 0000 0000 0101 080a 00000005 00000007 "
                             "68696a6b",
            &o);
        for (size_t i = 0; i < painted_lines(t->lines); i++)
            assert_in_range(painted_columns(t->lines, i), 0, columns);
    }
}

static void an_icmp_error_tells_what_it_is_about(void **state)
{
    struct packet_fields_options o = {.columns = 80, .ascii = true, .payload_bytes = 0};
    const char *text = tell(*state,
        MACS "0800 45000038 0000 0000 40 01 0000 0a000002 0a000001"
             "0303 0000 00000000 4500001c 1234 4000 40 11 0000 0a000001 0a000002 9c40 0035 0008 0000",
        &o);

    assert_non_null(strstr(text, "\nICMP      port unreachable, type 3 code 3\n"));
    assert_non_null(strstr(text, "\nquotes    10.0.0.1 > 10.0.0.2, 40000 > 53\n"));
}

/* Whatever is cut off or overwritten: a few lines, and no step outside (which ASan would see). */
static void no_packet_is_too_broken(void **state)
{
    struct bytes whole = bytes_of(MACS "8100 0005" IP4(
        "0038") "9c40 0050 00000001 000003e9 8018 0100 0000 0000 0101 080a 00000005 00000007 68696a6b");
    struct packet_fields_options o = {.columns = 80, .payload_bytes = 100};

    for (size_t len = 0; len <= whole.len; len++) {
        struct bytes cut = whole;

        cut.len = len;
        tell_bytes(*state, &cut, LINKTYPE_ETHERNET, &o);
        assert_memory_equal(((struct told *)*state)->text.data, "packet    12", 12);
        for (unsigned linktype = 0; linktype < 300; linktype++)
            tell_bytes(*state, &cut, (uint16_t)linktype, &o);
    }
    for (size_t at = 12; at < whole.len; at++)
        for (int value = 0; value < 256; value += 5) {
            struct bytes bad = whole;

            bad.at[at] = (uint8_t)value;
            tell_bytes(*state, &bad, LINKTYPE_ETHERNET, &o);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_syn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_are_relative_and_windows_scaled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sack_blocks_count_from_the_other_side, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_could_steer_a_terminal_is_escaped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_line_is_wider_than_it_may_be, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_icmp_error_tells_what_it_is_about, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_packet_is_too_broken, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
