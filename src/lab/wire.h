/* SPDX-License-Identifier: ISC */
#ifndef LAB_WIRE_H
#define LAB_WIRE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "lab/diag.h"
#include "lab/fates.h"
#include "lab/hosts.h"
#include "see/follow.h"

/* The wire: carries packets from each host to the other, as their fates have it, and tells of each one what
 * became of it and in which state the two kernels were then.
 *
 *     w = wire_new(&options);
 *     while (...)
 *         wire_turn(w, until_ns, NULL, 0, &err)
 */
struct wire;

enum wire_event_kind {
    WIRE_PASSES,  /* it has left and arrived, at once */
    WIRE_LEAVES,  /* it is under way now, and will arrive later */
    WIRE_ARRIVES, /* what has left before; of a packet that was doubled, also each further copy */
    WIRE_DIES,    /* it has left and will not arrive */
    WIRE_FORGED,  /* the wire itself has made it, in the name of from, and it has arrived */
    WIRE_CHANGES, /* no packet: a timer or a program has put a side into another state */
};

struct wire_event {
    uint8_t kind;                    /* enum wire_event_kind */
    uint8_t from;                    /* enum lab_side */
    uint8_t copy;                    /* with WIRE_ARRIVES; 0: the packet itself */
    bool has_states;                 /* it is of a TCP connection, and state is filled */
    uint8_t state[LAB_SIDES];        /* enum flow_state, after it */
    uint64_t number;                 /* of the packet, from 1 in the order in which they left. 0: none */
    uint32_t conversation;           /* follow's number; 0: it is of none */
    int64_t time_ns;                 /* wall */
    int64_t flight_ns;               /* since it left */
    uint32_t bytes;                  /* of data; 0 with WIRE_CHANGES */
    uint32_t sent_bytes;             /* as it was when it left */
    const uint8_t *data;             /* from the IP header on */
    const struct fate *fate;         /* NULL with WIRE_FORGED and WIRE_CHANGES */
    const struct packet *packet;     /* NULL with WIRE_CHANGES */
    const struct followed *followed; /* NULL if it is of no conversation, and with WIRE_CHANGES; as it left */
};

struct wire_options {
    struct hosts *hosts;
    struct fates *fates;
    struct diag *diags[LAB_SIDES]; /* both NULL: states are not asked for */
    /* Called for each packet before its fate is carried out, with the event as it would be if it passed; may
     * change the fate, and may take its time. NULL: nobody wants to. */
    void (*decide)(void *arg, const struct wire_event *event, struct fate *fate);
    void (*see)(void *arg, const struct wire_event *event); /* what it points to is valid during the call */
    /* Of a conversation that is over or given up, as follow_options.ended; may be NULL. */
    void (*ended)(void *arg, const struct conversation *c);
    void *arg;
};

#define WIRE_EXTRA_MAX 8

/* What options point to outlives the wire. */
struct wire *wire_new(const struct wire_options *options);
void wire_free(struct wire *w); /* accepts NULL */

/* Carries what has come until something has been done, one of extra (at most WIRE_EXTRA_MAX) is ready (its
 * revents are filled), a signal came, or it is until_ns (monotonic). Packets that are under way arrive within
 * some microseconds of their time: the last 150 us are waited for awake. 0; a negative code with err if the
 * hosts are gone. */
int wire_turn(struct wire *w, int64_t until_ns, struct pollfd *extra, nfds_t extra_count, struct err *err);

/* Looks whether states have changed without a packet: WIRE_CHANGES. Returns how many connections wait for a
 * segment (states_look). */
unsigned wire_look(struct wire *w);
/* Packets that are under way. */
size_t wire_count_airborne(const struct wire *w);
/* When the last packet left or arrived, monotonic; before the first one, when the wire began. */
int64_t wire_quiet_since_ns(const struct wire *w);
/* The conversations so far; each that is left is handed to ended. Nothing is carried afterwards. */
void wire_finish(struct wire *w);
/* For what follow knows beyond single packets. */
struct follow *wire_follow(struct wire *w);

#endif
