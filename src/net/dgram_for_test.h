/* SPDX-License-Identifier: ISC */
#ifndef NET_DGRAM_FOR_TEST_H
#define NET_DGRAM_FOR_TEST_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/dgram.h"

/* A datagram socket under test, the plain ones that it talks with, and a folder for unix sockets. */

#define PATIENCE_MS 10000 /* a test that has not seen what it waits for by then fails */

/* One loop, the socket under test, and what its events said. */
struct party {
    struct loop *loop;
    struct dgram *d;
    struct timer *patience;
    int want_messages, want_errors; /* the loop stops when both are reached */
    int messages, errors, bursts;
    bool echo, free_in_event;
    size_t last_len;
    bool last_truncated;
    uint8_t last_data[DGRAM_MAX_BYTES];
    struct endpoint last_peer, error_peer;
    int last_code;
    struct err last_err;
};

static inline void out_of_patience(void *arg)
{
    fail_msg("nothing came any more");
}

static inline void check_done(struct party *p)
{
    if (p->messages >= p->want_messages && p->errors >= p->want_errors)
        loop_stop(p->loop);
}

static inline void on_message(struct dgram *d, const struct dgram_message *m, void *arg)
{
    struct party *p = arg;

    p->messages++;
    p->last_len = m->len;
    p->last_truncated = m->truncated;
    p->last_peer = *m->peer;
    memcpy(p->last_data, m->data, m->len);
    if (p->echo)
        assert_int_equal(dgram_send(d, m->peer, m->data, m->len), 0);
    if (p->free_in_event) {
        dgram_free(d);
        p->d = NULL;
    }
    check_done(p);
}

static inline void on_error(
    struct dgram *d, const struct endpoint *peer, int code, const struct err *err, void *arg)
{
    struct party *p = arg;

    p->errors++;
    p->error_peer = peer ? *peer : (struct endpoint){.len = 0};
    p->last_code = code;
    p->last_err = *err;
    check_done(p);
}

static const struct dgram_events party_events = {.message = on_message, .error = on_error};

static inline struct party *party_new(void)
{
    struct party *p = calloc(1, sizeof(*p));

    p->loop = loop_new();
    p->patience = timer_new(p->loop, out_of_patience, p);
    return p;
}

static inline void party_free(struct party *p)
{
    dgram_free(p->d);
    timer_free(p->patience);
    loop_free(p->loop);
    free(p);
}

/* Runs until so many more have come. */
static inline void await(struct party *p, int messages, int errors)
{
    p->want_messages = p->messages + messages;
    p->want_errors = p->errors + errors;
    timer_start(p->patience, PATIENCE_MS);
    loop_run(p->loop);
    timer_stop(p->patience);
}

static inline void stop(void *arg)
{
    loop_stop(arg);
}

/* Runs for a while, whatever comes. */
static inline void run_for(struct party *p, uint64_t ms)
{
    struct timer *timer = timer_new(p->loop, stop, p->loop);

    p->want_messages = p->want_errors = INT32_MAX;
    timer_start(timer, ms);
    loop_run(p->loop);
    timer_free(timer);
}

static inline struct endpoint numeric(const char *host, uint16_t port)
{
    struct endpoint e;

    assert_int_equal(endpoint_from_numeric(&e, host, port), 0);
    return e;
}

static inline struct party *bound_with(const char *host, const struct dgram_events *events)
{
    struct party *p = party_new();
    struct endpoint at = numeric(host, 0);
    struct err err;

    if (dgram_bind(p->loop, &at, events, p, &p->d, &err) < 0) {
        print_message("%s\n", err.text);
        party_free(p);
        return NULL;
    }
    return p;
}

static inline struct party *bound_at(const char *host)
{
    return bound_with(host, &party_events);
}

static inline struct party *connected_to(const struct endpoint *peer)
{
    struct party *p = party_new();
    struct err err;

    if (dgram_connect(p->loop, peer, &party_events, p, &p->d, &err) < 0)
        fail_msg("%s", err.text);
    return p;
}

static inline struct endpoint local_of(const struct party *p)
{
    struct endpoint e;

    dgram_local(p->d, &e);
    return e;
}

static inline uint16_t port_of(const struct party *p)
{
    struct endpoint e = local_of(p);

    return endpoint_port(&e);
}

/* A plain socket, blocking but not for ever, bound to e; its true address goes to e. */
static inline int plain(struct endpoint *e)
{
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int fd = socket(e->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(bind(fd, &e->sa, e->len), 0);
    e->len = sizeof(e->un);
    assert_int_equal(getsockname(fd, &e->sa, &e->len), 0);
    return fd;
}

static inline void plain_send(int fd, const struct endpoint *to, const void *data, size_t len)
{
    assert_int_equal(sendto(fd, data, len, 0, &to->sa, to->len), len);
}

static inline void expect_datagram(int fd, const void *data, size_t len)
{
    static uint8_t got[DGRAM_MAX_BYTES + 1];

    assert_int_equal(recv(fd, got, sizeof(got), 0), len);
    if (len)
        assert_memory_equal(got, data, len);
}

static inline void expect_nothing(int fd)
{
    char byte;

    assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
}

/* For unix sockets, one for a program. */
static char folder[] = "/tmp/landline-dgram-XXXXXX";

static inline struct endpoint unix_at(const char *name)
{
    struct endpoint e;
    char path[64];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(endpoint_from_path(&e, path), 0);
    return e;
}

static inline struct party *unix_bound(const struct endpoint *at)
{
    struct party *p = party_new();
    struct err err;

    if (dgram_bind(p->loop, at, &party_events, p, &p->d, &err) < 0)
        fail_msg("%s", err.text);
    return p;
}

static inline int set_up(void **state)
{
    return mkdtemp(folder) ? 0 : -1;
}

static inline int tear_down(void **state)
{
    return rmdir(folder);
}

#endif
