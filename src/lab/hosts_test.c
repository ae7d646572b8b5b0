/* SPDX-License-Identifier: ISC */
/* Two hosts whose cable is the test: it carries each packet itself, and asks both kernels at once afterwards.
 * Skipped where no namespaces, or no such cable, can be made. */
#include "lab/hosts.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lab/diag.h"

#define SERVER_PORT 5463
#define CLIENT_PORT 40000
#define WAIT_MS 20000
#define SILENCE_MS 300

struct lab {
    struct hosts *hosts;
    struct diag *diags[LAB_SIDES];
};

static uint8_t room[HOSTS_PACKET_MAX];

static void make(struct lab *l, enum hosts_backend backend)
{
    const struct hosts_options options = {.backend = (uint8_t)backend};
    struct err err = {0};

    if (hosts_new(&options, &l->hosts, &err) < 0) {
        print_message("%s\n", err.text);
        assert_int_equal(err.kind, ERR_PERMISSION);
        skip();
    }
    assert_int_equal(hosts_backend(l->hosts), backend);
    for (int side = 0; side < LAB_SIDES; side++)
        assert_int_equal(diag_new(hosts_netns(l->hosts, (enum lab_side)side), &l->diags[side], &err), 0);
}

static void end(struct lab *l)
{
    diag_free(l->diags[LAB_CLIENT]);
    diag_free(l->diags[LAB_SERVER]);
    hosts_free(l->hosts);
}

static struct sockaddr_in6 address(bool is_ipv6, enum lab_side side, uint16_t port)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    if (is_ipv6) {
        memcpy(&a.sin6_addr, hosts_ipv6(side), 16);
    } else { /* RFC 4291, section 2.5.5.2 */
        a.sin6_addr.s6_addr[10] = a.sin6_addr.s6_addr[11] = 0xff;
        memcpy(a.sin6_addr.s6_addr + 12, hosts_ipv4(side), 4);
    }
    return a;
}

static int bound_socket(const struct lab *l, enum lab_side side, const struct sockaddr_in6 *a)
{
    int fd, yes = 1;

    assert_int_equal(setns(hosts_netns(l->hosts, side), CLONE_NEWNET), 0);
    fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    assert_int_equal(bind(fd, (const struct sockaddr *)a, sizeof(*a)), 0);
    return fd;
}

static enum flow_state state_of(struct lab *l, enum lab_side side, bool is_ipv6, bool *ret_is_listener)
{
    const enum lab_side other = side == LAB_CLIENT ? LAB_SERVER : LAB_CLIENT;
    const struct diag_key key = {.ip_version = is_ipv6 ? 6 : 4,
        .local = is_ipv6 ? hosts_ipv6(side) : hosts_ipv4(side),
        .remote = is_ipv6 ? hosts_ipv6(other) : hosts_ipv4(other),
        .local_port = side == LAB_CLIENT ? CLIENT_PORT : SERVER_PORT,
        .remote_port = side == LAB_CLIENT ? SERVER_PORT : CLIENT_PORT};
    struct diag_socket s = {0};
    int code = diag_connection(l->diags[side], &key, &s, ret_is_listener);

    assert_true(code == 0 || code == -ENOENT);
    return code == 0 ? s.state : FLOW_CLOSED;
}

/* The next packet of that host comes to the other, and at once both kernels are in these states. */
static void carry(
    struct lab *l, enum lab_side from, bool is_ipv6, enum flow_state client, enum flow_state server)
{
    struct pollfd fd = {.fd = hosts_fd(l->hosts, from), .events = POLLIN};
    struct hosts_packet packet = {.data = room};
    bool is_listener;

    assert_int_equal(poll(&fd, 1, WAIT_MS), 1);
    assert_int_equal(hosts_read(l->hosts, from, &packet), 0);
    assert_int_equal(packet.data[0] >> 4, is_ipv6 ? 6 : 4);
    assert_int_equal(hosts_write(l->hosts, from == LAB_CLIENT ? LAB_SERVER : LAB_CLIENT, &packet), 0);
    assert_string_equal(
        flow_state_name(state_of(l, LAB_CLIENT, is_ipv6, &is_listener)), flow_state_name(client));
    assert_string_equal(
        flow_state_name(state_of(l, LAB_SERVER, is_ipv6, &is_listener)), flow_state_name(server));
}

/* One that listens for IPv6 answers IPv4 too: its sockets have mapped addresses. */
static void talk(struct lab *l, bool is_ipv6)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(SERVER_PORT)};
    const struct sockaddr_in6 here = address(is_ipv6, LAB_CLIENT, CLIENT_PORT);
    const struct sockaddr_in6 there = address(is_ipv6, LAB_SERVER, SERVER_PORT);
    int listener = bound_socket(l, LAB_SERVER, &any), client = bound_socket(l, LAB_CLIENT, &here), server;
    bool is_listener = false;

    assert_int_equal(diag_count_servers(l->diags[LAB_SERVER]), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(diag_count_servers(l->diags[LAB_SERVER]), 1);
    assert_int_equal(connect(client, (const struct sockaddr *)&there, sizeof(there)), -1);
    assert_int_equal(errno, EINPROGRESS);
    carry(l, LAB_CLIENT, is_ipv6, FLOW_SYN_SENT, FLOW_SYN_RECEIVED);
    carry(l, LAB_SERVER, is_ipv6, FLOW_ESTABLISHED, FLOW_SYN_RECEIVED);
    carry(l, LAB_CLIENT, is_ipv6, FLOW_ESTABLISHED, FLOW_ESTABLISHED);
    server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(server >= 0);
    close(client);
    carry(l, LAB_CLIENT, is_ipv6, FLOW_FIN_WAIT_1, FLOW_CLOSE_WAIT);
    carry(l, LAB_SERVER, is_ipv6, FLOW_FIN_WAIT_2, FLOW_CLOSE_WAIT);
    close(server);
    carry(l, LAB_SERVER, is_ipv6, FLOW_TIME_WAIT, FLOW_LAST_ACK);
    carry(l, LAB_CLIENT, is_ipv6, FLOW_TIME_WAIT, FLOW_CLOSED);
    state_of(l, LAB_SERVER, is_ipv6, &is_listener);
    assert_true(is_listener);
    close(listener);
}

static void try_backend(enum hosts_backend backend)
{
    struct lab l = {0};
    struct pollfd fds[LAB_SIDES];

    make(&l, backend);
    for (int side = 0; side < LAB_SIDES; side++)
        fds[side] = (struct pollfd){.fd = hosts_fd(l.hosts, (enum lab_side)side), .events = POLLIN};
    /* A veth wakes us once with ENETDOWN from before it was up; of packets there are none. */
    poll(fds, LAB_SIDES, SILENCE_MS);
    for (int side = 0; side < LAB_SIDES; side++) {
        struct hosts_packet packet = {.data = room};

        assert_int_equal(hosts_read(l.hosts, (enum lab_side)side, &packet), -EAGAIN);
    }
    assert_int_equal(poll(fds, LAB_SIDES, SILENCE_MS), 0);
    talk(&l, false);
    talk(&l, true);
    end(&l);
}

static void states_over_veth(void **state)
{
    try_backend(HOSTS_VETH);
}

static void states_over_tun(void **state)
{
    try_backend(HOSTS_TUN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_over_veth),
        cmocka_unit_test(states_over_tun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
