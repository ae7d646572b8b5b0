/* SPDX-License-Identifier: ISC */
/* Live capture, on the loopback interface of a network namespace that the test makes for itself, so that each
 * packet in it is the test's own and can be counted. Skipped where no such namespace can be made. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "see/source.h"
#include "wire/link.h"
#include "wire/packet.h"

#define PORT 5463
#define DATAGRAMS 2000
#define WAIT_MS 20000

static bool has_namespace;

static void put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd >= 0) {
        (void)!write(fd, text, strlen(text));
        close(fd);
    }
}

static int enter_namespace(void **state)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    char map[64];
    int fd;

    snprintf(map, sizeof(map), "0 %u 1", (unsigned)getuid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        return 0;
    put("/proc/self/uid_map", map);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    has_namespace = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
    if (fd >= 0)
        close(fd);
    return 0;
}

static struct source *open_live(const char *interface, const struct source_live_options *options)
{
    struct source *s = NULL;
    struct err err = {0};

    if (source_open_live(interface, options, &s, &err) < 0)
        fail_msg("%s", err.text);
    return s;
}

static void send_datagrams(unsigned count, uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int receiver = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* without it: an ICMP error a datagram */

    assert_true(fd >= 0 && receiver >= 0);
    assert_int_equal(bind(receiver, (struct sockaddr *)&to, sizeof(to)), 0);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(sendto(fd, &i, sizeof(i), 0, (struct sockaddr *)&to, sizeof(to)), sizeof(i));
    close(fd);
    close(receiver);
}

/* Takes what is there until END; each packet's payload counts up. */
static unsigned drain(struct source *s)
{
    struct pcapfile_packet packets[SOURCE_BATCH];
    struct err err = {0};
    unsigned all = 0;

    for (;;) {
        unsigned count = 0;
        enum source_result result = source_batch(s, packets, SOURCE_BATCH, &count, &err);

        if (result == SOURCE_END)
            return all;
        if (result == SOURCE_BAD)
            fail_msg("%s", err.text);
        if (result == SOURCE_AGAIN) {
            struct pollfd fd = {.fd = source_fd(s), .events = POLLIN};

            assert_int_equal(poll(&fd, 1, WAIT_MS), 1);
            continue;
        }
        for (unsigned i = 0; i < count; i++) {
            struct packet p;
            unsigned said;

            packet_parse(
                packets[i].linktype, packets[i].data, packets[i].captured_bytes, packets[i].wire_bytes, &p);
            assert_int_equal(p.kind, PACKET_UDP);
            assert_int_equal(p.payload_captured, sizeof(said));
            memcpy(&said, p.payload, sizeof(said));
            assert_int_equal(said, all);
            assert_int_equal(packets[i].number, ++all);
        }
    }
}

/* Sent, stopped at once, and read only then: all of it lies in a block that the kernel has not handed over.
 */
static void nothing_is_lost_at_the_end(const char *interface, uint16_t linktype)
{
    struct source_live_options options = {.filter = "udp"};
    struct source_counts counts;
    struct source *s;

    if (!has_namespace)
        skip();
    for (unsigned count = 1; count <= DATAGRAMS; count *= 12) {
        s = open_live(interface, &options);
        assert_int_equal(source_linktype(s), linktype);
        assert_string_equal(source_name(s), interface);
        send_datagrams(count, PORT);
        source_stop(s);
        send_datagrams(count, PORT);
        assert_int_equal(drain(s), count);
        source_counts(s, &counts);
        assert_int_equal(counts.captured, count);
        assert_int_equal(counts.dropped, 0);
        source_free(s);
    }
}

static void test_loopback(void **state)
{
    nothing_is_lost_at_the_end("lo", LINKTYPE_ETHERNET);
}

static void test_any(void **state)
{
    nothing_is_lost_at_the_end(SOURCE_ANY, LINKTYPE_LINUX_SLL2);
}

static void test_the_filter_is_the_kernels(void **state)
{
    struct source_live_options options = {.filter = "udp port 5464"};
    struct source_counts counts;
    struct source *s;

    if (!has_namespace)
        skip();
    s = open_live("lo", &options);
    send_datagrams(100, PORT);
    send_datagrams(100, PORT + 1);
    source_stop(s);
    assert_int_equal(drain(s), 100);
    source_counts(s, &counts);
    assert_int_equal(counts.captured, 100);
    source_free(s);
}

static void test_time_and_lengths(void **state)
{
    struct source_live_options options = {.filter = "udp", .snaplen = 100, .hold_ms = 1};
    int64_t before_ns = clock_wall_ns();
    struct pcapfile_packet packet;
    char data[1000] = {0};
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct err err = {0};
    struct source *s;
    unsigned count = 0;
    struct pollfd wait = {.events = POLLIN};

    if (!has_namespace)
        skip();
    s = open_live("lo", &options);
    assert_int_equal(source_batch(s, &packet, 1, &count, &err), SOURCE_AGAIN);
    assert_int_equal(sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&to, sizeof(to)), sizeof(data));
    /* Not stopped: it shows by itself, soon. */
    wait.fd = source_fd(s);
    do
        assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
    while (source_batch(s, &packet, 1, &count, &err) == SOURCE_AGAIN);
    assert_int_equal(count, 1);
    assert_int_equal(packet.captured_bytes, 100);
    assert_int_equal(packet.wire_bytes, 14 + 20 + 8 + sizeof(data));
    assert_true(packet.has_time);
    assert_in_range(packet.time_ns, before_ns, clock_wall_ns());
    source_free(s);
    close(fd);
}

/* The smallest ring, more packets than it holds: what is missing is counted. */
static void test_drops_are_counted(void **state)
{
    struct source_live_options options = {.filter = "udp", .buffer_bytes = SOURCE_BUFFER_MIN_BYTES};
    const unsigned sent = 20000;
    struct pcapfile_packet packets[SOURCE_BATCH];
    struct source_counts counts;
    struct source *s;
    struct err err;
    unsigned count, got = 0;

    if (!has_namespace)
        skip();
    s = open_live("lo", &options);
    send_datagrams(sent, PORT);
    source_stop(s);
    while (source_batch(s, packets, SOURCE_BATCH, &count, &err) == SOURCE_PACKET)
        got += count;
    source_counts(s, &counts);
    assert_int_equal(counts.captured, got);
    assert_true(counts.dropped > 0);
    assert_int_equal(counts.captured + counts.dropped, sent);
    source_free(s);
}

static void test_no_such_interface(void **state)
{
    struct source_live_options options = {0};
    struct source *s = NULL;
    struct err err;

    assert_true(source_open_live("eth99", &options, &s, &err) < 0);
    assert_null(s);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "no interface eth99; there are: "));
    assert_non_null(strstr(err.text, "any"));
    assert_non_null(strstr(err.text, "lo, "));
    assert_false(source_has_interface("eth99"));
    assert_false(source_has_interface("a-name-longer-than-a-name-can-be"));
    assert_true(source_has_interface("lo"));
    assert_true(source_has_interface(SOURCE_ANY));
}

static void test_a_wrong_filter(void **state)
{
    struct source_live_options options = {.filter = "udp prot 1"};
    struct source *s = NULL;
    struct err err;

    if (!has_namespace)
        skip();
    assert_true(source_open_live("lo", &options, &s, &err) < 0);
    assert_int_equal(err.kind, ERR_MISUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_any),
        cmocka_unit_test(test_the_filter_is_the_kernels),
        cmocka_unit_test(test_time_and_lengths),
        cmocka_unit_test(test_drops_are_counted),
        cmocka_unit_test(test_no_such_interface),
        cmocka_unit_test(test_a_wrong_filter),
    };

    return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
