/* SPDX-License-Identifier: ISC */
#ifndef LAB_ACTOR_H
#define LAB_ACTOR_H

#include <stdint.h>

/* A small program for a host of the lab: one system call after the other, each told on standard output when
 * it has returned, as strace would: what the application did stands then beside what the wire did. */

enum act_kind {
    ACT_END,
    /* TCP, on the socket at hand: */
    ACT_LISTEN,  /* socket, bind to ACTOR_PORT, listen; value: the backlog */
    ACT_ACCEPT,  /* the accepted one is at hand then */
    ACT_CONNECT, /* socket (if there is none), connect to the other host's ACTOR_PORT; value: give up after so
                    many ms, 0: never */
    ACT_BIND,    /* socket, bind to port value */
    ACT_SEND,    /* value bytes, in one call */
    ACT_RECEIVE, /* until value bytes have come, or the end */
    ACT_RECEIVE_END, /* until the other side has closed */
    ACT_SHUTDOWN,    /* SHUT_WR */
    ACT_CLOSE,
    ACT_RESET,          /* close, with SO_LINGER 0 */
    ACT_CLOSE_LISTENER, /* the one that accepts, not what it has accepted */
    ACT_SET_BUFFER,     /* SO_RCVBUF value, of what is made next */
    ACT_SET_NODELAY,    /* of the socket at hand; value: 0 or 1 */
    ACT_SET_TIMEOUT,    /* TCP_USER_TIMEOUT value ms */
    ACT_SET_KEEPALIVE,  /* after value s of silence, then each second, three times */
    ACT_FILL,           /* sends without waiting until no more goes in, or value bytes have */
    ACT_PEEK_EMPTY,     /* waits until everything that was sent is acknowledged, at most value ms */
    /* UDP: */
    ACT_UDP_BIND,    /* socket, bind to ACTOR_PORT */
    ACT_UDP_CONNECT, /* socket, connect to the other host's ACTOR_PORT */
    ACT_UDP_ECHO,    /* answers value datagrams with what they said */
    ACT_UDP_ASK,     /* sends one and waits for an answer, 500 ms; up to value times */
    /* Anything: */
    ACT_WAIT,        /* value ms */
    ACT_MAY_FAIL,    /* what comes next; the play goes on all the same */
    ACT_RAW_SYNS,    /* value SYNs to the other host's ACTOR_PORT, from ports and addresses that nobody has */
    ACT_RAW_OLD_SYN, /* one SYN in the name of this host, as if it had been under way since long ago */
};

#define ACTOR_PORT 7000

struct act {
    uint8_t kind; /* enum act_kind */
    int32_t value;
};

struct actor {
    uint8_t side;           /* enum lab_side: where it runs */
    const struct act *acts; /* ACT_END at their end */
};

/* For program_options.function: arg is a struct actor. Returns 0, or 1 as soon as a call fails; that is told,
 * too, and is what some are meant to show. */
int actor_run(void *arg);

#endif
