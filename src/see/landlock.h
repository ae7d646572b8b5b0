/* SPDX-License-Identifier: ISC */
#ifndef SEE_LANDLOCK_H
#define SEE_LANDLOCK_H

/* Forbids this thread, and those it makes, all that Landlock can forbid, for ever: opening a file, making,
 * moving or removing one, running one, TCP, sockets in the abstract name space. What is open stays so.
 * PR_SET_NO_NEW_PRIVS must be set. Returns the ABI that the kernel has, or 0: it has none, or it is off. */
int landlock_enter(void);

#endif
