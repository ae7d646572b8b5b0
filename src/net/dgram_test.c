/* SPDX-License-Identifier: ISC */
/* Datagram sockets against plain ones on the loopback: order, lengths, which address answers, ICMP errors,
 * what can't be bound, and unix sockets with all their kinds of peers. Many at once: dgram_burst_test.c. */
#include "net/dgram.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/dgram_for_test.h"

/* A port where nobody is. */
static struct endpoint closed_port(void)
{
    struct endpoint e = numeric("127.0.0.1", 0);

    close(plain(&e));
    return e;
}

static void many_are_answered_in_order(void **state)
{
    struct party *p = bound_at("127.0.0.1");
    struct endpoint me = numeric("127.0.0.1", 0), to = local_of(p);
    int fd = plain(&me);

    p->echo = true;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 150; i++)
            plain_send(fd, &to, &i, sizeof(i));
        await(p, 150, 0);
        for (int i = 0; i < 150; i++)
            expect_datagram(fd, &i, sizeof(i));
    }
    assert_int_equal(p->messages, 750);
    assert_true(endpoint_is_equal(&p->last_peer, &me));
    expect_nothing(fd);
    close(fd);
    party_free(p);
}

static void check_lengths(const char *host, size_t most)
{
    struct party *p = bound_at(host);
    struct endpoint me = numeric(host, 0), to;
    uint8_t *data;
    int fd;

    if (!p)
        skip();
    to = local_of(p);
    fd = plain(&me);
    data = malloc(most + 1);
    for (size_t i = 0; i <= most; i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    p->echo = true;
    plain_send(fd, &to, data, most);
    plain_send(fd, &to, data, 0);
    plain_send(fd, &to, data, 1);
    await(p, 3, 0);
    assert_false(p->last_truncated);
    expect_datagram(fd, data, most);
    expect_datagram(fd, data, 0);
    expect_datagram(fd, data, 1);
    assert_int_equal(dgram_send(p->d, &me, data, most + 1), -EMSGSIZE);
    assert_int_equal(dgram_send(p->d, NULL, data, 1), -EDESTADDRREQ);
    me.in4.sin_port = 0;
    assert_int_equal(dgram_send(p->d, &me, data, 1), -EDESTADDRREQ);
    assert_int_equal(p->errors, 0);
    free(data);
    close(fd);
    party_free(p);
}

static void every_length_from_nothing_to_the_largest(void **state)
{
    check_lengths("127.0.0.1", DGRAM_UDP4_MAX_BYTES);
}

static void every_length_over_ipv6(void **state)
{
    check_lengths("::1", 65527);
}

static void the_address_asked_answers(void **state)
{
    struct party *p = bound_at("0.0.0.0");
    struct endpoint me = numeric("127.0.0.1", 0), to = numeric("127.0.0.2", port_of(p)),
                    from = {.len = sizeof(from.un)};
    int fd = plain(&me);
    char byte;

    p->echo = true;
    plain_send(fd, &to, "?", 1);
    await(p, 1, 0);
    assert_int_equal(recvfrom(fd, &byte, 1, 0, &from.sa, &from.len), 1);
    assert_true(endpoint_is_equal(&from, &to));
    assert_true(endpoint_is_equal(&p->last_peer, &me));

    /* Later too, by a copy of the peer. */
    assert_int_equal(dgram_send(p->d, &p->last_peer, "!", 1), 0);
    dgram_flush(p->d);
    from.len = sizeof(from.un);
    assert_int_equal(recvfrom(fd, &byte, 1, 0, &from.sa, &from.len), 1);
    assert_true(endpoint_is_equal(&from, &to));

    /* Nobody asked: the kernel chooses. */
    assert_int_equal(dgram_send(p->d, &me, "!", 1), 0);
    dgram_flush(p->d);
    from.len = sizeof(from.un);
    assert_int_equal(recvfrom(fd, &byte, 1, 0, &from.sa, &from.len), 1);
    to = numeric("127.0.0.1", endpoint_port(&to));
    assert_true(endpoint_is_equal(&from, &to));
    close(fd);
    party_free(p);
}

static void the_address_asked_answers_over_ipv6(void **state)
{
    struct party *p = bound_at("::");
    struct endpoint me = numeric("::1", 0), to;
    int fd;

    if (!p)
        skip();
    to = local_of(p);
    to.in6.sin6_addr = in6addr_loopback;
    fd = plain(&me);
    p->echo = true;
    plain_send(fd, &to, "?", 1);
    await(p, 1, 0);
    expect_datagram(fd, "?", 1);
    assert_memory_equal(&p->last_peer.asked, &in6addr_loopback, sizeof(in6addr_loopback));
    close(fd);
    party_free(p);
}

static void a_closed_port_is_told_to_a_caller(void **state)
{
    struct endpoint peer = closed_port();
    struct party *p = connected_to(&peer);
    char text[ENDPOINT_TEXT_BYTES];
    int fd;

    assert_int_equal(dgram_send(p->d, NULL, "?", 1), 0);
    await(p, 0, 1);
    assert_int_equal(p->last_code, -ECONNREFUSED);
    assert_int_equal(p->last_err.kind, ERR_CONNECT);
    assert_true(endpoint_is_equal(&p->error_peer, &peer));
    assert_non_null(strstr(p->last_err.text, endpoint_format(&peer, text)));
    assert_non_null(strstr(p->last_err.text, "connection refused"));

    /* The error pending when somebody is there at last costs no datagram. */
    assert_int_equal(dgram_send(p->d, NULL, "a", 1), 0);
    dgram_flush(p->d);
    fd = plain(&peer);
    for (const char *c = "bcdef"; *c; c++) {
        assert_int_equal(dgram_send(p->d, NULL, c, 1), 0);
        dgram_flush(p->d);
        expect_datagram(fd, c, 1);
    }
    await(p, 0, 1);
    assert_int_equal(p->errors, 2);
    close(fd);
    party_free(p);
}

static void a_closed_port_is_told_of_the_one_peer(void **state)
{
    struct party *p = bound_at("127.0.0.1");
    struct endpoint dead = closed_port(), alive = numeric("127.0.0.1", 0);
    int fd = plain(&alive);

    for (int i = 0; i < 20; i++) {
        assert_int_equal(dgram_send(p->d, &dead, "?", 1), 0);
        dgram_flush(p->d);
        assert_int_equal(dgram_send(p->d, &alive, &i, sizeof(i)), 0);
        dgram_flush(p->d);
    }
    await(p, 0, 20);
    assert_int_equal(p->last_code, -ECONNREFUSED);
    assert_true(endpoint_is_equal(&p->error_peer, &dead));
    /* In one batch too. */
    for (int i = 20; i < 40; i++) {
        assert_int_equal(dgram_send(p->d, &dead, "?", 1), 0);
        assert_int_equal(dgram_send(p->d, &alive, &i, sizeof(i)), 0);
    }
    await(p, 0, 1);
    for (int i = 0; i < 40; i++)
        expect_datagram(fd, &i, sizeof(i));
    expect_nothing(fd);
    close(fd);
    party_free(p);
}

static void an_error_of_its_own_costs_only_that_datagram(void **state)
{
    struct party *p = bound_at("127.0.0.1");
    struct endpoint alive = numeric("127.0.0.1", 0), nowhere = numeric("192.0.2.1", 9);
    int fd = plain(&alive);

    /* From a loopback address there is no way out. */
    assert_int_equal(dgram_send(p->d, &alive, "a", 1), 0);
    assert_int_equal(dgram_send(p->d, &nowhere, "b", 1), 0);
    assert_int_equal(dgram_send(p->d, &alive, "c", 1), 0);
    await(p, 0, 1);
    assert_true(p->last_code < 0);
    assert_true(endpoint_is_equal(&p->error_peer, &nowhere));
    expect_datagram(fd, "a", 1);
    expect_datagram(fd, "c", 1);
    close(fd);
    party_free(p);
}

static void freed_in_its_own_event(void **state)
{
    struct party *p = bound_at("127.0.0.1");
    struct endpoint me = numeric("127.0.0.1", 0), to = local_of(p);
    int fd = plain(&me);

    for (int i = 0; i < 10; i++)
        plain_send(fd, &to, &i, sizeof(i));
    p->echo = p->free_in_event = true;
    await(p, 1, 0);
    run_for(p, 10);
    assert_int_equal(p->messages, 1);
    expect_datagram(fd, &(int){0}, sizeof(int)); /* what was queued left before it closed */
    expect_nothing(fd);
    close(fd);
    party_free(p);
}

static void expect_bind_error(const struct endpoint *at, int code, enum err_kind kind, const char *words)
{
    struct loop *loop = loop_new();
    struct dgram *d = NULL;
    struct err err = {.kind = ERR_NONE};

    assert_int_equal(dgram_bind(loop, at, &party_events, NULL, &d, &err), code);
    assert_null(d);
    assert_int_equal(err.kind, kind);
    if (!strstr(err.text, words))
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
    loop_free(loop);
}

static void why_it_cannot_be_bound(void **state)
{
    struct party *p = bound_at("127.0.0.1");
    struct endpoint taken = local_of(p), foreign = numeric("192.0.2.1", 9000), low = numeric("127.0.0.1", 1);
    int status = 0;
    pid_t pid;

    expect_bind_error(&taken, -EADDRINUSE, ERR_OTHER, "already listens there");
    expect_bind_error(&foreign, -EADDRNOTAVAIL, ERR_OTHER, "no such address");
    party_free(p);

    /* As somebody who may not: only a child can try, when the tests run as root. */
    pid = fork();
    if (pid == 0) {
        struct loop *loop = loop_new();
        struct dgram *d;
        struct err err = {.kind = ERR_NONE};

        if (geteuid() == 0 && setuid(65534) < 0)
            _exit(77);
        if (dgram_bind(loop, &low, &party_events, NULL, &d, &err) == 0)
            _exit(77); /* net.ipv4.ip_unprivileged_port_start allows it here */
        _exit(err.kind == ERR_PERMISSION && strstr(err.text, "CAP_NET_BIND_SERVICE") &&
                      strstr(err.text, "ip_unprivileged_port_start")
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        print_message("low ports are open to everybody here: not tried\n");
    else
        assert_int_equal(WEXITSTATUS(status), 0);
}

static void unix_caller_and_answerer(void **state)
{
    struct endpoint at = unix_at("talk");
    struct party *p = unix_bound(&at), *caller;
    struct endpoint name;
    struct stat st;
    int unnamed = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    p->echo = true;
    caller = connected_to(&at);
    assert_int_equal(dgram_send(caller->d, NULL, "hello", 5), 0);
    dgram_flush(caller->d);
    await(p, 1, 0);
    assert_int_equal(p->last_peer.un.sun_path[0], '\0'); /* named by the kernel */
    name = local_of(caller);
    assert_true(endpoint_is_equal(&p->last_peer, &name));
    await(caller, 1, 0);
    assert_int_equal(caller->last_len, 5);
    assert_memory_equal(caller->last_data, "hello", 5);
    assert_true(endpoint_is_equal(&caller->last_peer, &at));

    /* Somebody without a name, and a datagram of no bytes. */
    p->echo = false;
    plain_send(unnamed, &at, "", 0);
    await(p, 1, 0);
    assert_int_equal(p->last_len, 0);
    assert_int_equal(p->last_peer.sa.sa_family, AF_UNSPEC);
    assert_int_equal(dgram_send(p->d, &p->last_peer, "x", 1), -EDESTADDRREQ);

    /* On a unix socket a burst is nothing but several datagrams. */
    name = local_of(caller);
    assert_int_equal(dgram_send_burst(p->d, &name, "aabbc", 5, 2), 3);
    dgram_flush(p->d);
    await(caller, 3, 0);
    assert_int_equal(caller->last_len, 1);
    assert_int_equal(caller->last_data[0], 'c');

    /* The other end has gone. */
    p->last_peer = local_of(caller);
    party_free(caller);
    assert_int_equal(dgram_send(p->d, &p->last_peer, "x", 1), 0);
    await(p, 0, 1);
    assert_int_equal(p->last_code, -ECONNREFUSED);
    close(unnamed);
    party_free(p);
    assert_int_equal(lstat(at.un.sun_path, &st), -1);
}

static void unix_lengths(void **state)
{
    struct endpoint at = unix_at("long");
    struct party *p = unix_bound(&at), *caller = connected_to(&at);
    uint8_t *data = calloc(1, 1 << 20);

    data[DGRAM_MAX_BYTES - 1] = 7;
    assert_int_equal(dgram_send(caller->d, NULL, data, DGRAM_MAX_BYTES), 0);
    assert_int_equal(dgram_send(caller->d, NULL, data, DGRAM_MAX_BYTES + 1), 0);
    assert_int_equal(dgram_send(caller->d, NULL, data, 1 << 20), -EMSGSIZE);
    dgram_flush(caller->d);
    await(p, 1, 0);
    /* Both may have come in one batch. */
    if (p->messages == 1) {
        assert_false(p->last_truncated);
        await(p, 1, 0);
    }
    assert_int_equal(p->last_len, DGRAM_MAX_BYTES);
    assert_true(p->last_truncated);
    assert_int_equal(p->last_data[DGRAM_MAX_BYTES - 1], 7);
    assert_int_equal(caller->errors, 0);
    free(data);
    party_free(caller);
    party_free(p);
}

static void unix_what_is_in_the_way(void **state)
{
    struct endpoint at = unix_at("way"), none = unix_at("none"), nowhere = unix_at("no/folder");
    struct endpoint stream = unix_at("stream"), file = unix_at("file");
    struct loop *loop = loop_new();
    struct dgram *d;
    struct err err;
    struct party *p;
    int fd;

    /* Dead: replaced. */
    close(plain(&at));
    at = unix_at("way");
    p = unix_bound(&at);
    expect_bind_error(&at, -EADDRINUSE, ERR_OTHER, "already listens there");
    plain_send(dgram_fd(p->d), &at, "x", 1); /* it was left as it was */
    await(p, 1, 0);
    party_free(p);

    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, &stream.sa, stream.len), 0);
    assert_int_equal(listen(fd, 1), 0);
    expect_bind_error(&stream, -EADDRINUSE, ERR_OTHER, "already listens there");
    assert_int_equal(dgram_connect(loop, &stream, &party_events, NULL, &d, &err), -EPROTOTYPE);
    assert_non_null(strstr(err.text, "unix://"));
    close(fd);
    assert_int_equal(unlink(stream.un.sun_path), 0);

    fclose(fopen(file.un.sun_path, "w"));
    expect_bind_error(&file, -EADDRINUSE, ERR_OTHER, "");
    assert_int_equal(unlink(file.un.sun_path), 0);

    expect_bind_error(&nowhere, -ENOENT, ERR_OTHER, "folder");
    assert_int_equal(dgram_connect(loop, &none, &party_events, NULL, &d, &err), -ENOENT);
    assert_int_equal(err.kind, ERR_CONNECT);
    assert_non_null(strstr(err.text, "no such socket"));
    close(plain(&none));
    none = unix_at("none");
    assert_int_equal(dgram_connect(loop, &none, &party_events, NULL, &d, &err), -ECONNREFUSED);
    assert_non_null(strstr(err.text, "refused"));
    assert_int_equal(unlink(none.un.sun_path), 0);
    loop_free(loop);
}

static void unix_server_started_anew(void **state)
{
    struct endpoint at = unix_at("anew");
    struct party *p = unix_bound(&at), *caller = connected_to(&at);

    party_free(p);
    assert_int_equal(dgram_send(caller->d, NULL, "1", 1), 0);
    await(caller, 0, 1);
    assert_true(caller->last_code == -ECONNREFUSED || caller->last_code == -ENOENT);
    p = unix_bound(&at);
    assert_int_equal(dgram_send(caller->d, NULL, "2", 1), 0);
    dgram_flush(caller->d);
    await(p, 1, 0);
    assert_int_equal(p->last_data[0], '2');
    assert_int_equal(caller->errors, 1);
    party_free(caller);
    party_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_are_answered_in_order),
        cmocka_unit_test(every_length_from_nothing_to_the_largest),
        cmocka_unit_test(every_length_over_ipv6),
        cmocka_unit_test(the_address_asked_answers),
        cmocka_unit_test(the_address_asked_answers_over_ipv6),
        cmocka_unit_test(a_closed_port_is_told_to_a_caller),
        cmocka_unit_test(a_closed_port_is_told_of_the_one_peer),
        cmocka_unit_test(an_error_of_its_own_costs_only_that_datagram),
        cmocka_unit_test(freed_in_its_own_event),
        cmocka_unit_test(why_it_cannot_be_bound),
        cmocka_unit_test(unix_caller_and_answerer),
        cmocka_unit_test(unix_lengths),
        cmocka_unit_test(unix_what_is_in_the_way),
        cmocka_unit_test(unix_server_started_anew),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
