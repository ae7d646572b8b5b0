/* SPDX-License-Identifier: ISC */
#ifndef LAB_SESSION_H
#define LAB_SESSION_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "lab/hosts.h"
#include "lab/program.h"
#include "lab/wire.h"

/* One run of the lab: the hosts are made, the server's program starts, and the client's as soon as the server
 * waits for calls; when the client's has ended and the wire has come to rest, the server's is told to end.
 *
 *     session_new(&options, &s, &err)
 *     while ((phase = session_turn(s, extra, count, &err)) >= 0 && phase != SESSION_OVER)
 *         ...
 *     session_free(s)
 */
struct session;

#define SESSION_READY_NS INT64_C(5000000000) /* that the server may take until it waits for calls */
#define SESSION_LINGER_NS INT64_C(300000000) /* of silence, after the client's end */
#define SESSION_SETTLE_NS                                                                                    \
    INT64_C(3000000000)                     /* at most, where a segment is still waited for: kernel timers */
#define SESSION_STOP_NS INT64_C(1000000000) /* between SIGTERM and SIGKILL */

enum session_phase {
    SESSION_STARTING,  /* the server's program runs, and does not wait for calls yet */
    SESSION_TALKING,   /* both run */
    SESSION_LINGERING, /* the client's has ended */
    SESSION_STOPPING,  /* the server's has been told to end */
    SESSION_OVER,
};

/* What sysctl would set on a host before anything runs there. */
struct session_setting {
    uint8_t side;             /* enum lab_side */
    const char *name, *value; /* for hosts_sysctl; NULL: there are no more */
};

struct session_options {
    struct hosts_options hosts;
    struct program_options programs[LAB_SIDES]; /* side and is_idle are filled in */
    struct wire_options wire;                   /* hosts and diags are filled in */
    bool states;                                /* ask the kernels for states */
    bool lockstep; /* everything on one CPU, the programs last: a state that is told is what the packet has
                      done, before any program could act on it. Slower, and the only way to see a textbook's
                      states */
    const struct session_setting *settings; /* NULL: none */
    bool at_once;      /* the client's program does not wait until the server's is ready */
    int64_t settle_ns; /* 0: SESSION_SETTLE_NS */
    int64_t limit_ns;  /* of all, after which both are stopped; 0: none */
};

/* 0, or a negative code with err, as hosts_new. */
int session_new(const struct session_options *options, struct session **ret, struct err *err);
void session_free(struct session *s); /* accepts NULL; kills what is left of the programs */

/* Goes on for some milliseconds at most, or until one of extra is ready, whose revents are filled. The phase,
 * or a negative code with err. */
int session_turn(struct session *s, struct pollfd *extra, nfds_t extra_count, struct err *err);
/* The client's program is to end now, by SIGINT; a second time: all is. has_reached_it: it was the terminal's
 * Ctrl-C, of which the program knows already. */
void session_interrupt(struct session *s, bool has_reached_it);

/* How it ended: false while it runs, or if it never did. *ret_status: as waitpid's. */
bool session_ended(const struct session *s, enum lab_side side, int *ret_status);
/* Whether it ended only since it was told to. */
bool session_was_stopped(const struct session *s, enum lab_side side);
bool session_ran_out(const struct session *s); /* limit_ns was reached */
struct wire *session_wire(struct session *s);
struct hosts *session_hosts(struct session *s);

#endif
