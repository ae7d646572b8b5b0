/* SPDX-License-Identifier: ISC */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "base/err.h"
#include "net/addr.h"
#include "net/endpoint.h"
#include "net/stream.h"

/* Takes calls on one endpoint: TCP or a unix socket. TLS is laid over an accepted stream by its taker. */
struct listener;

struct listener_events {
    /* A new call; the taker owns s and must stream_attach or close it now. */
    void (*accepted)(struct listener *l, struct stream *s, void *arg);
    /* Calls could not be taken (-EMFILE, -ENFILE, ...): the caller was hung up on, or waits in the
     * kernel's queue; listening goes on. At most once a second. May be NULL. */
    void (*refused)(struct listener *l, int code, void *arg);
};

/* Where ADDRESS listens: "" gives 127.0.0.1 and ::1, "*" 0.0.0.0 and ::, a numeric host itself, a name what
 * it resolves to (looked up in place: this is for start-up). Fills at most max endpoints, returns how many
 * or a negative code with err. A family that this machine lacks is left out if another remains. */
int listen_endpoints(const struct addr *addr, struct endpoint *ret, int max, struct err *err);
#define LISTEN_ENDPOINTS_MAX 8

/* Opens every endpoint where addr listens, or none of them: open for each (0, or a negative errno with err; a
 * thing of the caller's, and where it really is), close for what was opened if a later one fails. Where the
 * kernel chooses the port (0) all get the same one, and others are tried while one of them is taken. 0 or a
 * negative errno with err. Nothing of the caller's is closed after it has returned 0. */
struct listen_opener {
    int (*open)(
        const struct endpoint *at, struct endpoint *ret_local, void **ret_thing, struct err *err, void *arg);
    void (*close)(void *thing);
};
int listen_open(const struct addr *addr, const struct listen_opener *opener, void *arg, struct err *err);

/* Binds and listens. 0 with *ret owned by the caller, or a negative errno with err naming the address and
 * what to try. A dead unix socket in the way (nobody accepts there) is replaced, a live one never. */
int listener_new(struct loop *loop, const struct endpoint *at, const struct listener_events *events,
    void *arg, struct listener **ret, struct err *err);
const struct endpoint *listener_local(
    const struct listener *l);           /* the port the kernel chose, if 0 was asked */
void listener_pause(struct listener *l); /* callers wait in the kernel's queue */
void listener_resume(struct listener *l);
void listener_free(struct listener *l); /* unlinks a unix socket; accepts NULL; may be called in an event */

#endif
