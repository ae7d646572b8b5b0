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
/* For who starts a child in between that needs a capability before its execve: called before
 * privileges_become_user, it keeps them in reserve until privileges_drop; and in the child privileges_raise
 * brings them to effect. An execve of the user's takes them from it. 0 or a negative errno. */
int privileges_keep(void);
int privileges_raise(void);
/* Gives up all but the right to look at what processes of others have open (CAP_SYS_PTRACE), where that was
 * there. privileges_drop is still to follow. The same. */
int privileges_drop_to_looking(struct err *err);
/* Gives up every capability, also those that a later execve might bring back. The same. */
int privileges_drop(struct err *err);
/* Fills err (ERR_PERMISSION) for an interface that may not be captured from: what would give the right,
 * exactly as it is to be typed. Returns its code. */
int privileges_missing(const char *interface, struct err *err);

#endif
