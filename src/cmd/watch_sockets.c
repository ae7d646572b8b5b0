/* SPDX-License-Identifier: ISC */
#include "cmd/watch_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "see/calls.h"
#include "see/claims.h"
#include "see/descent.h"
#include "see/sockdiag.h"

#define NS_PER_MS 1000000
/* Between two looks. Where calls are told these only have to find the addresses of long-lived sockets. */
#define LOOK_MS 5
#define LOOK_TOLD_MS 100
/* Where there are many processes and sockets a look takes long: this many times as long is then paused. */
#define LOOK_SHARE 4
#define ADDRESSES_NS INT64_C(1000000000)
/* Calls that are let go before others have their turn. */
#define CALLS_A_TURN 64

struct watch_sockets {
    struct loop *loop;
    struct claims *claims;
    struct descent *descent;
    struct sockdiag *diag;
    struct watch *told, *gone;
    struct timer *timer;
    int calls;
    uint64_t pause_ms;
    int64_t looked_ns; /* when the last look began, by the wall clock */
    int64_t addresses_ns;
    int64_t now_ns;
    /* What there is in the look under way. */
    struct sockdiag_socket *sockets;
    size_t socket_count, socket_room;
};

/* ---- those that are gone ---- */

static void take_gone(void *arg, const struct sockdiag_socket *socket)
{
    struct watch_sockets *s = arg;

    claims_gone(s->claims, socket, s->now_ns);
}

static void on_gone(int events, void *arg)
{
    struct watch_sockets *s = arg;

    s->now_ns = clock_wall_ns();
    if (sockdiag_gone(s->diag, take_gone, s) < 0)
        claims_missed(s->claims);
}

/* ---- those that call ---- */

static void on_call(int events, void *arg)
{
    struct watch_sockets *s = arg;
    bool is_hidden = false;
    uint64_t cookie = 0;

    for (unsigned i = 0; i < CALLS_A_TURN; i++) {
        enum calls_result result;
        int64_t now_ns = clock_wall_ns();

        result = calls_next(s->calls, &cookie, &is_hidden);
        if (result == CALLS_OVER)
            watch_start(s->told, 0);
        if (result != CALLS_SEEN)
            return;
        if (cookie)
            claims_own(s->claims, cookie, now_ns);
        if (is_hidden)
            claims_missed(s->claims);
    }
}

/* ---- those that are there ---- */

/* A machine gets addresses while it runs, and one that it had is still the end of what was said with it. */
static void add_addresses(struct watch_sockets *s)
{
    struct ifaddrs *all;

    if (getifaddrs(&all) < 0)
        return;
    for (struct ifaddrs *a = all; a; a = a->ifa_next) {
        if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET)
            claims_add_address(s->claims, 4, (const uint8_t *)&((struct sockaddr_in *)a->ifa_addr)->sin_addr);
        else if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET6)
            claims_add_address(
                s->claims, 6, (const uint8_t *)&((struct sockaddr_in6 *)a->ifa_addr)->sin6_addr);
    }
    freeifaddrs(all);
}

static void take_socket(void *arg, const struct sockdiag_socket *socket)
{
    struct watch_sockets *s = arg;

    if (s->socket_count == CLAIMS_MAX)
        return;
    if (s->socket_count == s->socket_room) {
        s->socket_room = s->socket_room * 2 + 64;
        s->sockets = xreallocarray(s->sockets, s->socket_room, sizeof(*s->sockets));
    }
    s->sockets[s->socket_count++] = *socket;
}

/* Sockets before processes: claims_see says why. */
void watch_sockets_look(struct watch_sockets *s)
{
    int64_t began_ns = clock_wall_ns();

    s->socket_count = 0;
    if (sockdiag_each(s->diag, take_socket, s) < 0 || s->socket_count == CLAIMS_MAX)
        claims_missed(s->claims);
    if (!descent_look(s->descent))
        claims_missed(s->claims);
    claims_turn(s->claims);
    for (size_t i = 0; i < s->socket_count; i++)
        claims_see(s->claims, &s->sockets[i], descent_holds(s->descent, s->sockets[i].inode), s->looked_ns);
    s->looked_ns = began_ns;
    if (began_ns - s->addresses_ns >= ADDRESSES_NS || began_ns < s->addresses_ns) {
        s->addresses_ns = began_ns;
        add_addresses(s);
    }
    on_gone(0, s);
}

static void on_timer(void *arg)
{
    struct watch_sockets *s = arg;
    const int64_t began_ns = clock_now_ns();
    uint64_t pause_ms;

    watch_sockets_look(s);
    pause_ms = (uint64_t)(clock_now_ns() - began_ns) * LOOK_SHARE / NS_PER_MS;
    timer_start(s->timer, pause_ms > s->pause_ms ? pause_ms : s->pause_ms);
}

/* ---- its life ---- */

int watch_sockets_new(struct loop *loop, struct watch_sockets **ret, struct err *err)
{
    struct watch_sockets *s = xcalloc(1, sizeof(*s));
    int code = sockdiag_new(&s->diag, err);

    if (code < 0) {
        free(s);
        return code;
    }
    s->loop = loop;
    s->descent = descent_new();
    s->timer = timer_new(loop, on_timer, s);
    code = watch_new(loop, sockdiag_fd(s->diag), on_gone, s, &s->gone);
    if (code < 0) {
        watch_sockets_free(s);
        return err_set(err, ERR_OTHER, code, "sock_diag: %s", err_word(code));
    }
    *ret = s;
    return 0;
}

void watch_sockets_begin(struct watch_sockets *s, int calls, int64_t since_ns)
{
    s->calls = calls;
    s->looked_ns = since_ns;
    s->pause_ms = calls >= 0 ? LOOK_TOLD_MS : LOOK_MS;
    s->claims = claims_new(calls >= 0, since_ns);
    if (calls >= 0 && watch_new(s->loop, calls, on_call, s, &s->told) == 0)
        watch_start(s->told, WATCH_READ);
    watch_start(s->gone, WATCH_READ);
    timer_start(s->timer, 0);
}

void watch_sockets_free(struct watch_sockets *s)
{
    if (!s)
        return;
    timer_free(s->timer);
    watch_free(s->told);
    watch_free(s->gone);
    claims_free(s->claims);
    descent_free(s->descent);
    sockdiag_free(s->diag);
    free(s->sockets);
    free(s);
}

struct claims *watch_sockets_claims(struct watch_sockets *s)
{
    return s->claims;
}
