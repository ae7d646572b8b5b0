/* SPDX-License-Identifier: ISC */
#ifndef SEE_DESCENT_H
#define SEE_DESCENT_H

#include <stdbool.h>
#include <stdint.h>

/* The processes that descend from this one, and the sockets that they hold, read from /proc. */
struct descent;

struct descent *descent_new(void);
void descent_free(struct descent *d); /* accepts NULL */
/* Looks through all. False: some process's descriptors could not be read. */
bool descent_look(struct descent *d);
/* As of the last look: whether one of them has the socket of this inode. */
bool descent_holds(const struct descent *d, uint32_t inode);

#endif
