/* SPDX-License-Identifier: ISC */
/* Dialling: refusals in words, Happy Eyeballs past a dead address, cancelling in each phase. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/dial.h"

struct call {
    struct loop *loop;
    int done;
    struct stream *s;
    struct dial_report report;
    struct err err;
};

static void on_done(struct stream *s, const struct dial_report *report, const struct err *err, void *arg)
{
    struct call *call = arg;

    call->done++;
    call->s = s;
    call->report = *report;
    if (err)
        call->err = *err;
    loop_stop(call->loop);
}

static void dial(struct call *call, const char *text)
{
    struct addr addr;

    memset(call, 0, sizeof(*call));
    call->loop = loop_new();
    assert_int_equal(addr_parse(&addr, text, ADDR_CALL, &call->err), 0);
    assert_non_null(dial_start(call->loop, &addr, NULL, NULL, on_done, call));
    assert_int_equal(call->done, 0);
    loop_run(call->loop);
    assert_int_equal(call->done, 1);
}

static void call_done(struct call *call)
{
    stream_close(call->s);
    loop_free(call->loop);
}

/* A socket bound to host; listening if backlog >= 0. The port is returned. */
static int bound(int family, uint16_t *port, int backlog)
{
    struct endpoint at = {0};
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    endpoint_from_numeric(&at, family == AF_INET ? "127.0.0.1" : "::1", *port);
    if (fd < 0 || bind(fd, &at.sa, at.len) < 0 || (backlog >= 0 && listen(fd, backlog) < 0)) {
        close(fd);
        return -1;
    }
    assert_int_equal(getsockname(fd, &at.sa, &at.len), 0);
    *port = endpoint_port(&at);
    return fd;
}

static void a_refusal_names_the_address_and_says_what_to_try(void **state)
{
    struct call call;
    char text[64];
    uint16_t port = 0;
    int fd = bound(AF_INET, &port, -1);

    snprintf(text, sizeof(text), "tcp://127.0.0.1:%u", port);
    dial(&call, text);
    assert_null(call.s);
    assert_int_equal(call.err.kind, ERR_CONNECT);
    assert_int_equal(call.err.code, -ECONNREFUSED);
    assert_non_null(strstr(call.err.text, text));
    assert_non_null(strstr(call.err.text, "connection refused"));
    call_done(&call);
    close(fd);
}

static void a_unix_socket_that_is_not_there(void **state)
{
    struct call call;

    dial(&call, "unix:///nonexistent/socket");
    assert_int_equal(call.err.kind, ERR_CONNECT);
    assert_non_null(strstr(call.err.text, "/nonexistent/socket"));
    call_done(&call);
}

/* Two listeners on one port: how the first answers is up to backlog, the second is well. False: no IPv6 here.
 */
static bool two_families(int fds[2], int first_backlog, struct endpoint endpoints[2])
{
    uint16_t port = 0;

    fds[0] = bound(AF_INET6, &port, first_backlog);
    fds[1] = fds[0] < 0 ? -1 : bound(AF_INET, &port, 8);
    if (fds[1] < 0)
        return false;
    endpoint_from_numeric(&endpoints[0], "::1", port);
    endpoint_from_numeric(&endpoints[1], "127.0.0.1", port);
    return true;
}

static void dial_both(struct call *call, const struct endpoint endpoints[2])
{
    struct addr addr = {.scheme = ADDR_TCP, .host = "both.test", .port = endpoint_port(&endpoints[0])};

    memset(call, 0, sizeof(*call));
    call->loop = loop_new();
    dial_start_known(call->loop, &addr, endpoints, 2, NULL, NULL, on_done, call);
    loop_run(call->loop);
    assert_int_equal(call->done, 1);
}

static void the_other_family_is_tried_at_once_after_a_refusal(void **state)
{
    struct endpoint endpoints[2];
    struct call call;
    int fds[2];

    if (!two_families(fds, -1, endpoints))
        skip();
    dial_both(&call, endpoints);
    assert_non_null(call.s);
    assert_int_equal(call.report.attempts, 2);
    assert_int_equal(call.report.peer.sa.sa_family, AF_INET);
    call_done(&call);
    close(fds[0]);
    close(fds[1]);
}

/* RFC 8305: an address that says nothing at all costs 250 ms, not the kernel's two minutes. A listener whose
 * queue is full ignores SYNs, which is as silent as a firewall. */
static void a_silent_address_is_overtaken(void **state)
{
    struct endpoint endpoints[2];
    struct call call;
    int fds[2], fill[8];

    if (!two_families(fds, 0, endpoints))
        skip();
    for (size_t i = 0; i < 8; i++) {
        fill[i] = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        connect(fill[i], &endpoints[0].sa, endpoints[0].len);
    }
    dial_both(&call, endpoints);
    assert_non_null(call.s);
    assert_int_equal(call.report.attempts, 2);
    assert_int_equal(call.report.peer.sa.sa_family, AF_INET);
    call_done(&call);
    for (size_t i = 0; i < 8; i++)
        close(fill[i]);
    close(fds[0]);
    close(fds[1]);
}

static void all_refused_is_one_refusal(void **state)
{
    struct endpoint endpoints[2];
    struct call call;
    uint16_t port = 0;
    int fd = bound(AF_INET, &port, -1);

    endpoint_from_numeric(&endpoints[0], "127.0.0.1", port);
    endpoints[1] = endpoints[0];
    dial_both(&call, endpoints);
    assert_null(call.s);
    assert_int_equal(call.err.code, -ECONNREFUSED);
    assert_non_null(strstr(call.err.text, "both.test"));
    /* Both ends are known of what came to nothing, too. */
    assert_true(endpoint_is_same_host(&call.report.local, &endpoints[1]));
    assert_int_not_equal(endpoint_port(&call.report.local), 0);
    assert_true(endpoint_is_equal(&call.report.peer, &endpoints[1]));
    call_done(&call);
    close(fd);
}

static void an_unknown_name_says_so(void **state)
{
    struct call call;

    dial(&call, "nosuch.invalid:1"); /* RFC 6761: never exists */
    assert_null(call.s);
    assert_int_equal(call.err.kind, ERR_NAME);
    assert_non_null(strstr(call.err.text, "nosuch.invalid"));
    call_done(&call);
}

static void a_dial_can_be_cancelled_in_any_phase(void **state)
{
    const char *texts[] = {"tcp://127.0.0.1:1", "localhost:1", "unix:///nonexistent/x"};
    struct call call = {0};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct addr addr;
        struct dial *d;

        call.loop = loop_new();
        assert_int_equal(addr_parse(&addr, texts[i], ADDR_CALL, &call.err), 0);
        d = dial_start(call.loop, &addr, NULL, NULL, on_done, &call);
        assert_int_equal(dial_phase(d), DIAL_LOOKUP);
        dial_cancel(d);
        loop_run(call.loop);
        assert_int_equal(call.done, 0);
        loop_free(call.loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_names_the_address_and_says_what_to_try),
        cmocka_unit_test(a_unix_socket_that_is_not_there),
        cmocka_unit_test(the_other_family_is_tried_at_once_after_a_refusal),
        cmocka_unit_test(a_silent_address_is_overtaken),
        cmocka_unit_test(all_refused_is_one_refusal),
        cmocka_unit_test(an_unknown_name_says_so),
        cmocka_unit_test(a_dial_can_be_cancelled_in_any_phase),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
