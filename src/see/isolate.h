/* SPDX-License-Identifier: ISC */
#ifndef SEE_ISOLATE_H
#define SEE_ISOLATE_H

#include "base/err.h"

/* Puts this process, and what it starts from now on, into a network of its own, in which there is nothing but
 * the loopback interface, and it may capture there. Whoever may not make network namespaces gets a user
 * namespace with it, in which he remains who he is. There is no way back, and the process must have one
 * thread. 0, or a negative code with err: ERR_PERMISSION says what forbids it, and what to type. */
int isolate_enter(struct err *err);

#endif
