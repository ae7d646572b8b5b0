/* SPDX-License-Identifier: ISC */
#ifndef LAB_STATES_H
#define LAB_STATES_H

#include <stdbool.h>
#include <stdint.h>

#include "lab/diag.h"
#include "lab/hosts.h"
#include "see/follow.h"

/* The state of both ends of each connection, as their kernels have it at this moment: nothing is inferred. */
struct states;

/* Of more connections than that nothing is told; the oldest that are closed at both ends go first. */
#define STATES_CONNECTIONS_MAX 65536

/* client, server: asked whenever a state is wanted; they stay the caller's. */
struct states *states_new(struct diag *client, struct diag *server);
void states_free(struct states *s); /* accepts NULL */

/* Asks both kernels about the connection of a packet that follow has just taken (its A is the client). False:
 * it is not TCP, or there are too many. ret: enum flow_state. A host that has no socket for it listens for it
 * (FLOW_LISTEN) as long as it never had one; afterwards that is FLOW_CLOSED. */
bool states_ask(struct states *s, const struct followed *followed, uint8_t ret[LAB_SIDES]);
/* What it said last, without asking. The same. */
bool states_last(struct states *s, uint32_t conversation, uint8_t ret[LAB_SIDES]);

/* Asks about all connections that are not closed at both ends, and calls changed for each that has another
 * state than was told last: timers and programs change them too. changed must not call back. Returns how many
 * wait for a segment: in SYN_SENT, SYN_RECEIVED, FIN_WAIT_1, CLOSING or LAST_ACK. */
unsigned states_look(struct states *s,
    void (*changed)(void *arg, uint32_t conversation, const uint8_t state[LAB_SIDES]), void *arg);

#endif
