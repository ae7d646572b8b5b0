/* SPDX-License-Identifier: ISC */
#ifndef LAB_ACTOR_RAW_H
#define LAB_ACTOR_RAW_H

#include "lab/hosts.h"

/* Segments that no socket has sent, made by a program on a host of the lab (where it is root). To the other
 * host's ACTOR_PORT. Each returns what it has sent, or a negative code. */

/* From addresses of the lab's network that no host has. */
int actor_raw_syns(enum lab_side from, int count);
/* From this host's own address, from a port on which nothing waits for an answer. */
int actor_raw_old_syn(enum lab_side from);

#endif
