/* SPDX-License-Identifier: ISC */
/* What each kind opens with, cut anywhere; what only looks like it; and that no text is longer than it may
 * be. */
#include "wire/label.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "wire/capture_for_test.h"

static enum label label(const struct bytes *b, size_t len, bool is_stream, struct str *text)
{
    uint8_t *copy = bytes_exactly(b, len);
    enum label kind;

    str_reset(text);
    kind = label_of(cursor_of(copy, len), is_stream, text);
    free(copy);
    assert_true(text->len <= LABEL_TEXT_MAX_BYTES);
    return kind;
}

static void expect_bytes(const struct bytes *b, bool is_stream, enum label kind, const char *text)
{
    struct str got = STR_INIT;

    assert_int_equal(label(b, b->len, is_stream, &got), kind);
    assert_string_equal(got.data, text);
    /* However it is cut, it is that or nothing; what is nothing may look like something until its end comes.
     */
    for (size_t len = 0; len < b->len; len++) {
        enum label cut = label(b, len, is_stream, &got);

        assert_true(cut == kind || cut == LABEL_NONE || kind == LABEL_NONE);
    }
    str_done(&got);
}

static void expect_text(const char *said, enum label kind, const char *text)
{
    struct bytes b = {.len = strlen(said)};

    assert_true(b.len <= sizeof(b.at));
    memcpy(b.at, said, b.len);
    expect_bytes(&b, true, kind, text);
}

static void expect_hex(const char *hex, bool is_stream, enum label kind, const char *text)
{
    struct bytes b = bytes_of(hex);

    expect_bytes(&b, is_stream, kind, text);
}

#define RANDOM "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f "
#define HELLO "16 0301 0060 01 00005c 0303 " RANDOM "00 0002 1301 01 00 "

static void tls(void **state)
{
    /* SNI example.org; ALPN h2 and http/1.1; both, in either order; neither. */
    expect_hex(HELLO "0014 0000 0010 000e 00 000b 6578616d706c652e6f7267", true, LABEL_TLS, "example.org");
    expect_hex(HELLO "0012 0010 000e 000c 02 6832 08 687474702f312e31", true, LABEL_TLS, "(h2, http/1.1)");
    expect_hex(HELLO "001d 0000 0010 000e 00 000b 6578616d706c652e6f7267 0010 0005 0003 02 6832", true,
        LABEL_TLS, "example.org (h2)");
    expect_hex(HELLO "001d 0010 0005 0003 02 6832 0000 0010 000e 00 000b 6578616d706c652e6f7267", true,
        LABEL_TLS, "example.org (h2)");
    expect_hex(HELLO "0000", true, LABEL_TLS, "");
    expect_hex("16 0301 0060 01 00005c 0303 " RANDOM "00 0002 1301 01 00", true, LABEL_TLS, "");
    /* A name longer than its list, a list longer than its extension, an extension longer than all. */
    expect_hex(HELLO "000b 0000 0007 0005 00 00ff 6578", true, LABEL_TLS, "");
    expect_hex(HELLO "000b 0000 00ff 0005 00 0002 6578", true, LABEL_TLS, "");
    expect_hex(HELLO "0009 0010 0005 0003 ff 6832", true, LABEL_TLS, "");
    /* A server's hello, another record, over UDP. */
    expect_hex("16 0303 0060 02 00005c 0303 " RANDOM "00 0002 1301 01 00 0000", true, LABEL_NONE, "");
    expect_hex("17 0303 0060 01 00005c 0303 " RANDOM "00 0002 1301 01 00 0000", true, LABEL_NONE, "");
    expect_hex(HELLO "0000", false, LABEL_NONE, "");
}

static void http(void **state)
{
    char line[601], want[LABEL_TEXT_MAX_BYTES + 1];

    expect_text("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n", LABEL_HTTP, "GET /");
    expect_text("POST /a/b?c=d HTTP/1.0\r\n", LABEL_HTTP, "POST /a/b?c=d");
    expect_text("CONNECT example.org:443 HTTP/1.1\r\n", LABEL_HTTP, "CONNECT example.org:443");
    expect_text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", LABEL_HTTP, "PRI *");
    /* The target goes on in the next segment. */
    expect_text("GET /long", LABEL_HTTP, "GET /long");
    memset(line, 'x', sizeof(line));
    memcpy(line, "GET /", 5);
    line[600] = '\0';
    snprintf(want, sizeof(want), "%.*s", LABEL_TEXT_MAX_BYTES - 4, line);
    expect_text(line, LABEL_HTTP, want);
    expect_text("Get well soon\r\n", LABEL_NONE, "");
    expect_text("GET well soon\r\n", LABEL_NONE, "");
    expect_text("GET well", LABEL_NONE, "");
    expect_text("GETTING / HTTP/1.1\r\n", LABEL_NONE, "");
    expect_text("GET /index.html\r\n", LABEL_NONE, "");
    expect_text("HTTP/1.1 200 OK\r\n", LABEL_NONE, "");
}

static void irc(void **state)
{
    expect_text("CAP LS 302\r\nNICK alice\r\n", LABEL_IRC, "CAP");
    expect_text("NICK alice\r\n", LABEL_IRC, "NICK");
    expect_text("NICK alice\nUSER a 0 * :Alice\n", LABEL_IRC, "NICK");
    expect_text("USER a 0 * :Alice A.\r\n", LABEL_IRC, "USER");
    expect_text("PASS secret\r\nNICK alice\r\n", LABEL_IRC, "PASS");
    /* FTP, POP3, a sentence, a command that is only a beginning. */
    expect_text("USER anonymous\r\n", LABEL_NONE, "");
    expect_text("PASS secret\r\n", LABEL_NONE, "");
    expect_text("CAPA\r\n", LABEL_NONE, "");
    expect_text("NICK is my name\r\n", LABEL_NONE, "");
    expect_text("PASS secret\r\nhello\r\n", LABEL_NONE, "");
    expect_text("CAP and gown\r\n", LABEL_NONE, "");
}

static void ssh(void **state)
{
    expect_text("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", LABEL_SSH, "SSH-2.0-OpenSSH_9.2p1 Debian-2");
    expect_text("SSH-1.99-x\n", LABEL_SSH, "SSH-1.99-x");
    expect_text("SSH-3.0-x\n", LABEL_NONE, "");
}

#define QUESTION "1234 0100 0001 0000 0000 0000 07 6578616d706c65 03 6f7267 00 001c 0001"

static void dns(void **state)
{
    expect_hex(QUESTION, false, LABEL_DNS, "AAAA example.org");
    expect_hex("001d " QUESTION, true, LABEL_DNS, "AAAA example.org");
    expect_hex(
        "1234 0000 0001 0000 0000 0001 00 0002 0001 00 0029 04d0 00000000 0000", false, LABEL_DNS, "NS .");
    expect_hex("0000 0000 0001 0000 0000 0000 01 61 00 ffff 8001", false, LABEL_DNS, "TYPE65535 a");
    /* An answer; an update; two questions; a class that there is not; a pointer; a length that is not its
     * own. */
    expect_hex("1234 8180 0001 0001 0000 0000 01 61 00 0001 0001", false, LABEL_NONE, "");
    expect_hex("1234 2800 0001 0000 0000 0000 01 61 00 0001 0001", false, LABEL_NONE, "");
    expect_hex("1234 0100 0002 0000 0000 0000 01 61 00 0001 0001", false, LABEL_NONE, "");
    expect_hex("1234 0100 0001 0000 0000 0000 01 61 00 0001 0009", false, LABEL_NONE, "");
    expect_hex("1234 0100 0001 0000 0000 0000 c00c 0001 0001", false, LABEL_NONE, "");
    expect_hex("001c " QUESTION, true, LABEL_NONE, "");
}

/* The longest name that there may be, and one byte more. */
static void dns_names_have_a_limit(void **state)
{
    struct bytes b = bytes_of("1234 0100 0001 0000 0000 0000");
    struct str text = STR_INIT;

    for (int i = 0; i < 4; i++) {
        b.at[b.len++] = i < 3 ? 63 : 61;
        memset(b.at + b.len, 'a', 63);
        b.len += i < 3 ? 63 : 61;
    }
    memcpy(b.at + b.len, "\0\0\1\0\1", 5);
    b.len += 5;
    assert_int_equal(label(&b, b.len, false, &text), LABEL_DNS);
    assert_int_equal(text.len, strlen("A ") + 253);
    b.at[b.len - 5 - 62] = 62;
    memcpy(b.at + b.len - 5, "a\0\0\1\0\1", 6);
    b.len++;
    assert_int_equal(label(&b, b.len, false, &text), LABEL_NONE);
    str_done(&text);
}

static void names(void **state)
{
    assert_null(label_name(LABEL_NONE));
    assert_string_equal(label_name(LABEL_TLS), "TLS");
    assert_string_equal(label_name(LABEL_SSH), "SSH");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls),
        cmocka_unit_test(http),
        cmocka_unit_test(irc),
        cmocka_unit_test(ssh),
        cmocka_unit_test(dns),
        cmocka_unit_test(dns_names_have_a_limit),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
