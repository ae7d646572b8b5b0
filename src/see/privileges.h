/* SPDX-License-Identifier: ISC */
#ifndef SEE_PRIVILEGES_H
#define SEE_PRIVILEGES_H

#include "base/err.h"

/* The right to capture is needed to open an interface, and never again: it is given up before the first byte
 * of a stranger is looked at.
 *
 *     source_open_live
 *     privileges_become_user      as whom a file is written and a command is run
 *     privileges_drop             no way back
 */

/* Becomes who called: under sudo, SUDO_UID and SUDO_GID; in a setuid program, the real user. For everybody
 * else nothing changes. 0 or a negative code with err filled: then the program must not go on. */
int privileges_become_user(struct err *err);
/* Gives up every capability, also those that a later execve might bring back. The same. */
int privileges_drop(struct err *err);
/* Fills err (ERR_PERMISSION) for an interface that may not be captured from: what would give the right,
 * exactly as it is to be typed. Returns its code. */
int privileges_missing(const char *interface, struct err *err);

#endif
