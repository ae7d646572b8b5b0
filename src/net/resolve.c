/* SPDX-License-Identifier: ISC */
/* Name lookup by getaddrinfo on libuv's threads. */
#include "net/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "net/loop_uv.h"

struct resolve {
    struct loop *loop;
    uv_getaddrinfo_t req;
    struct turn_end told_later;
    bool cancelled;
    struct endpoint numeric;
    int code; /* 0: a lookup is under way; negative: it could not begin; else none is needed */
    resolve_done *done;
    void *arg;
};

bool resolve_is_stuck(struct loop *loop)
{
    return *loop_stuck_lookups(loop) > 0;
}

/* RFC 8305 4: the order of RFC 6724 (getaddrinfo's), then one family and the other in turn. */
static int interleave(const struct addrinfo *found, struct endpoint *ret)
{
    struct endpoint sorted[2][RESOLVE_ENDPOINTS_MAX];
    int counts[2] = {0, 0}, count = 0;
    int first = found ? found->ai_family : AF_UNSPEC;

    for (const struct addrinfo *ai = found; ai; ai = ai->ai_next) {
        int side = ai->ai_family == first ? 0 : 1;

        if (counts[side] < RESOLVE_ENDPOINTS_MAX &&
            endpoint_from_sockaddr(&sorted[side][counts[side]], ai->ai_addr, ai->ai_addrlen))
            counts[side]++;
    }
    for (int i = 0; i < RESOLVE_ENDPOINTS_MAX; i++)
        for (int side = 0; side < 2; side++)
            if (i < counts[side] && count < RESOLVE_ENDPOINTS_MAX)
                ret[count++] = sorted[side][i];
    return count;
}

/* The address is for the caller to put before it. */
static void lookup_failed(struct err *err, int code)
{
    switch (code) {
    case UV_EAI_NONAME:
    case UV_EAI_NODATA:
        err_set(err, ERR_NAME, -EADDRNOTAVAIL, "%s", _("there is no such host name; is it spelled right?"));
        break;
    case UV_EAI_AGAIN:
        err_set(err, ERR_NAME, -EAGAIN, "%s",
            _("the name could not be looked up: the name server does not answer; try again, or give a "
              "numeric address"));
        break;
    default:
        err_set(err, ERR_NAME, -EIO, _("the name could not be looked up: %s"), uv_strerror(code));
    }
}

static void on_looked_up(uv_getaddrinfo_t *req, int status, struct addrinfo *found)
{
    struct resolve *r = req->data;
    struct endpoint endpoints[RESOLVE_ENDPOINTS_MAX];
    struct err err;
    int count = status == 0 ? interleave(found, endpoints) : 0;

    uv_freeaddrinfo(found);
    if (r->cancelled) {
        --*loop_stuck_lookups(r->loop);
    } else {
        if (count == 0)
            lookup_failed(&err, status ? status : UV_EAI_NODATA);
        r->done(endpoints, count, count ? NULL : &err, r->arg);
    }
    free(r);
}

static void on_told_later(struct turn_end *later)
{
    struct resolve *r = list_entry(later, struct resolve, told_later);
    struct err err;

    if (r->code < 0) {
        lookup_failed(&err, r->code);
        r->done(NULL, 0, &err, r->arg);
    } else {
        r->done(&r->numeric, 1, NULL, r->arg);
    }
    free(r);
}

struct resolve *resolve_start(
    struct loop *loop, const char *host, uint16_t port, int socktype, resolve_done *done, void *arg)
{
    struct resolve *r = xcalloc(1, sizeof(*r));
    struct addrinfo hints = {.ai_socktype = socktype};
    char service[8];

    r->loop = loop;
    snprintf(service, sizeof(service), "%u", port);
    r->done = done;
    r->arg = arg;
    r->req.data = r;
    turn_end_init(&r->told_later, on_told_later);
    if (endpoint_from_numeric(&r->numeric, host, port) < 0)
        r->code = uv_getaddrinfo(loop_uv(loop), &r->req, on_looked_up, host, service, &hints);
    else
        r->code = 1;
    if (r->code)
        loop_at_turn_end(loop, &r->told_later);
    return r;
}

void resolve_cancel(struct resolve *r)
{
    if (!r)
        return;
    if (!list_is_empty(&r->told_later.node)) {
        turn_end_cancel(&r->told_later);
        free(r);
        return;
    }
    /* Not begun: libuv calls back with UV_ECANCELED. Under way: the thread cannot be stopped. */
    r->cancelled = true;
    ++*loop_stuck_lookups(r->loop);
    uv_cancel((uv_req_t *)&r->req);
}
