/* SPDX-License-Identifier: ISC */
/* Every way to write an address, and what is said to those that are none. */
#include "net/addr.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void takes(const char *text, enum addr_use use, const char *canonical)
{
    struct addr a, again;
    struct err err = {0};
    char formatted[ADDR_TEXT_BYTES], twice[ADDR_TEXT_BYTES];

    if (addr_parse(&a, text, use, &err) != 0)
        fail_msg("%s: refused: %s", text, err.text);
    assert_string_equal(addr_format(&a, formatted), canonical);
    /* What is printed can be given back. */
    if (addr_parse(&again, formatted, use, &err) != 0)
        fail_msg("%s: %s: refused: %s", text, formatted, err.text);
    assert_string_equal(addr_format(&again, twice), canonical);
}

/* said: what stands behind "TEXT: ". */
static void refuses_as(const char *text, const char *shown, enum addr_use use, const char *said)
{
    struct addr a = {.port = 77};
    struct err err = {0};
    size_t len = strlen(shown);

    if (addr_parse(&a, text, use, &err) != -EINVAL)
        fail_msg("%s: taken", text);
    assert_int_equal(err.kind, ERR_MISUSE);
    assert_int_equal(err.code, -EINVAL);
    if (strncmp(err.text, shown, len) != 0 || strncmp(err.text + len, ": ", 2) != 0 ||
        strcmp(err.text + len + 2, said) != 0)
        fail_msg("%s: said \"%s\", not \"%s: %s\"", text, err.text, shown, said);
    assert_int_equal(a.port, 77);
}

static void refuses(const char *text, const char *said)
{
    refuses_as(text, text, ADDR_CALL, said);
    if (!strstr(said, "port 0"))
        refuses_as(text, text, ADDR_LISTEN, said);
}

static void hosts_and_ports(void **state)
{
    takes("example.net", ADDR_CALL, "tcp://example.net:5463");
    takes("example.net:80", ADDR_CALL, "tcp://example.net:80");
    takes("example.net:080", ADDR_CALL, "tcp://example.net:80");
    takes("example.net:65535", ADDR_CALL, "tcp://example.net:65535");
    takes("127.0.0.1:9000", ADDR_CALL, "tcp://127.0.0.1:9000");
    takes("my_host.:1", ADDR_CALL, "tcp://my_host.:1");
    takes("电话.例子:9000", ADDR_CALL, "tcp://电话.例子:9000");
    takes("[::1]:9000", ADDR_CALL, "tcp://[::1]:9000");
    takes("[::1]", ADDR_CALL, "tcp://[::1]:5463");
    takes("[fe80::1%eth0]:9000", ADDR_CALL, "tcp://[fe80::1%eth0]:9000");
    takes("[::ffff:10.0.0.1]:9000", ADDR_CALL, "tcp://[::ffff:10.0.0.1]:9000");
    /* A word before one colon is a host unless it is a scheme. */
    takes("unix", ADDR_CALL, "tcp://unix:5463");
    takes("tcpd:9000", ADDR_CALL, "tcp://tcpd:9000");
    takes("tcp://udp:9000", ADDR_CALL, "tcp://udp:9000");
}

static void this_machine(void **state)
{
    takes(":9000", ADDR_CALL, "tcp://localhost:9000");
    takes("udp://:9000", ADDR_CALL, "udp://localhost:9000");
    takes(":9000", ADDR_LISTEN, "tcp://:9000");
    takes("*:9000", ADDR_LISTEN, "tcp://*:9000");
    takes("*", ADDR_LISTEN, "tcp://*:5463");
    takes("udp://:0", ADDR_LISTEN, "udp://:0");
    refuses_as("*:9000", "*:9000", ADDR_CALL, "* is for listening; to call this machine write localhost");
}

static void known_schemes(void **state)
{
    takes("tcp://h:1", ADDR_CALL, "tcp://h:1");
    takes("udp://h:1", ADDR_CALL, "udp://h:1");
    takes("tls://h:1", ADDR_CALL, "tls://h:1");
    takes("dtls://h:1", ADDR_CALL, "dtls://h:1");
    takes("irc://h:1", ADDR_CALL, "irc://h:1");
    takes("ircs://h:1", ADDR_CALL, "ircs://h:1");
    takes("UDP://h:1", ADDR_CALL, "udp://h:1");
    takes("udp://h:1/", ADDR_CALL, "udp://h:1");
    takes("udp://[::1]:9000", ADDR_CALL, "udp://[::1]:9000");
    takes("ws://h:1", ADDR_CALL, "ws://h:1/");
    takes("ws://h:1/a/b?c=:d", ADDR_CALL, "ws://h:1/a/b?c=:d");
    takes("ws://h?c", ADDR_CALL, "ws://h:5463/?c");
    takes("wss://[::1]/x", ADDR_CALL, "wss://[::1]:5463/x");
}

static void unix_sockets(void **state)
{
    char longest[6 + 107 + 2];

    takes("unix:///run/x.sock", ADDR_CALL, "unix:///run/x.sock");
    takes("unix:/run/x.sock", ADDR_CALL, "unix:///run/x.sock");
    takes("unix:x.sock", ADDR_CALL, "unix:x.sock");
    takes("unix://x.sock", ADDR_CALL, "unix:x.sock");
    takes("unix:./a b:c", ADDR_CALL, "unix:./a b:c");
    takes("unix:@name", ADDR_LISTEN, "unix:@name");
    takes("unixgram:@name", ADDR_CALL, "unixgram:@name");
    takes("unixgram:///run/x", ADDR_CALL, "unixgram:///run/x");

    memset(longest, 'x', sizeof(longest));
    memcpy(longest, "unix:", 5);
    longest[5 + 107] = '\0';
    takes(longest, ADDR_CALL, longest);
    longest[5 + 107] = 'x';
    longest[5 + 108] = '\0';
    refuses(
        longest, "a unix socket's path has 107 bytes at most, this one has 108; a relative one is shorter");
    longest[5] = '@';
    takes(longest, ADDR_CALL, longest);

    refuses("unix:", "no path; write unix:///run/name.sock, unix:name.sock or unix:@name");
    refuses("unixgram://", "no path; write unixgram:///run/name.sock, unixgram:name.sock or unixgram:@name");
    refuses("unix:@", "no path; write unix:///run/name.sock, unix:name.sock or unix:@name");
    refuses("/run/x.sock", "for a unix socket write unix:///run/x.sock");
    refuses("./x.sock", "for a unix socket write unix:./x.sock");
    refuses("@name", "for a unix socket write unix:@name");
    refuses_as("unix:a\nb", "unix:a\\x0ab", ADDR_CALL, "control characters can't be in a path here");
}

static void bad_ports(void **state)
{
    refuses("h:0", "nobody can be called at port 0; a port is a number from 1 to 65535");
    refuses("h:", "no port after the colon; a port is a number from 1 to 65535");
    refuses("h:65536", "the port is too large; it is a number from 1 to 65535");
    refuses("[::1]:70000", "the port is too large; it is a number from 1 to 65535");
    refuses("h:99999999999999999999999", "the port is too large; it is a number from 1 to 65535");
    refuses("h:http", "the port is no number; write host:port with a port from 1 to 65535");
    refuses("h:-1", "the port is no number; write host:port with a port from 1 to 65535");
    refuses("h:9000 ", "the port is no number; write host:port with a port from 1 to 65535");
}

static void what_was_meant(void **state)
{
    refuses("9000", "no host; for port 9000 of this machine write :9000");
    refuses("80:9000", "the host is a mere number; write a name or an address such as 127.0.0.1");
    refuses("::1:9000", "put IPv6 in brackets: [::1]:9000");
    refuses("::1", "put IPv6 in brackets: [::1]:5463");
    refuses("udp://2001:db8::1:80", "put IPv6 in brackets: [2001:db8::1]:80");
    refuses("a:b:c", "too many colons; write host:port, and IPv6 in brackets as in [::1]:5463");
    refuses("[::1", "no ] after the [");
    refuses("[::1]9000", "after the ] comes :port or nothing");
    refuses("[host]:9000", "no IPv6 address between the brackets");
    refuses("[]:9000", "no IPv6 address between the brackets");
    refuses("[fe80::1%]:9000", "no IPv6 address between the brackets");
    refuses("[127.0.0.1]:9000", "brackets are for IPv6; write 127.0.0.1 without them");
    refuses("udp:127.0.0.1:9000", "two slashes after the scheme: udp://127.0.0.1:9000");
    refuses("udp:/127.0.0.1:9000", "two slashes after the scheme: udp://127.0.0.1:9000");
    refuses("irc:6667", "write irc://:6667, or tcp://irc:6667 if irc is a host");
    refuses("upd://h:1", "unknown scheme; did you mean udp://h:1?");
    refuses("https://h/", "unknown scheme; did you mean tls://h/?");
    refuses("TCP4://h:1", "unknown scheme; did you mean tcp://h:1?");
    refuses("gopherspace://h:1",
        "unknown scheme; it is one of tcp, udp, tls, dtls, unix, unixgram, irc, ircs, ws, wss");
    refuses("://h", "unknown scheme; it is one of tcp, udp, tls, dtls, unix, unixgram, irc, ircs, ws, wss");
    refuses("tcp://", "no host and no port; write host:port");
    refuses("h:1/path", "tcp has no path; leave \"/path\" out");
    refuses("ws://h/#x", "a WebSocket address has no # (RFC 6455 3); write %23 for the character");
    refuses("ws://h/a b", "spaces and control characters can't be in a path; write %20 for a space");
    refuses("me@h:1", "\"@\" can't be in a host name; write host:port");
    refuses("127.0.0.1：9000", "that colon is a wide one; write : instead of ：");
    refuses_as("", "\"\"", ADDR_CALL, "an empty address; write host:port");
}

static void hostile_text(void **state)
{
    char longest[400], shown[128];

    refuses_as(
        "\x1b[2J:9000", "\\x1b[2J:9000", ADDR_CALL, "spaces and control characters can't be in a host name");
    refuses_as("a\xe2\x80\xae"
               "b:9000",
        "a\\u{202E}b:9000", ADDR_CALL, "spaces and control characters can't be in a host name");
    refuses_as("fe80::1%\x1b[2J:9000", "fe80::1%\\x1b[2J:9000", ADDR_CALL,
        "spaces and control characters can't be in a host name");
    refuses_as(
        "[fe80::1%\n]:9000", "[fe80::1%\\x0a]:9000", ADDR_CALL, "no IPv6 address between the brackets");
    refuses_as("upd://\x07", "upd://\\x07", ADDR_CALL, "unknown scheme; did you mean udp://\\x07?");
    refuses_as("h:1/\x1b]0;x\x07", "h:1/\\x1b]0;x\\x07", ADDR_CALL,
        "tcp has no path; leave \"/\\x1b]0;x\\x07\" out");
    refuses("a b", "spaces and control characters can't be in a host name");

    memset(longest, 'x', sizeof(longest));
    memcpy(longest, "tcp://", 6);
    memcpy(longest + 6 + 255, ":5463", 6);
    takes(longest, ADDR_LISTEN, longest);
    longest[6 + 255] = 'x';
    memset(shown, 'x', 120);
    memcpy(shown, "tcp://", 6);
    memcpy(shown + 120, "...", 4);
    refuses_as(longest, shown, ADDR_CALL, "the host name is too long; it has 255 bytes at most");
}

static void what_schemes_are(void **state)
{
    static const struct {
        enum addr_scheme scheme;
        bool stream, datagram, secure, local;
    } rows[] = {
        {ADDR_TCP, 1, 0, 0, 0},
        {ADDR_UDP, 0, 1, 0, 0},
        {ADDR_TLS, 1, 0, 1, 0},
        {ADDR_DTLS, 0, 1, 1, 0},
        {ADDR_UNIX, 1, 0, 0, 1},
        {ADDR_UNIXGRAM, 0, 1, 0, 1},
        {ADDR_IRC, 1, 0, 0, 0},
        {ADDR_IRCS, 1, 0, 1, 0},
        {ADDR_WS, 1, 0, 0, 0},
        {ADDR_WSS, 1, 0, 1, 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(addr_is_stream(rows[i].scheme), rows[i].stream);
        assert_int_equal(addr_is_datagram(rows[i].scheme), rows[i].datagram);
        assert_int_equal(addr_is_secure(rows[i].scheme), rows[i].secure);
        assert_int_equal(addr_is_local(rows[i].scheme), rows[i].local);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_and_ports),
        cmocka_unit_test(this_machine),
        cmocka_unit_test(known_schemes),
        cmocka_unit_test(unix_sockets),
        cmocka_unit_test(bad_ports),
        cmocka_unit_test(what_was_meant),
        cmocka_unit_test(hostile_text),
        cmocka_unit_test(what_schemes_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
