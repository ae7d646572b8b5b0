/* SPDX-License-Identifier: ISC */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

struct err;

/* For reading a small file, changing it and writing it back while nobody else of ours does: a lock file
 * beside it, PATH.lock, held with flock(2), so a process that dies lets go of it. It is there only while it
 * is held. Folders that are missing are made. */

/* Who holds it is done in milliseconds; one that is stopped or stuck must not stop us too. */
#define LOCK_WAIT_MS 5000

/* Waits up to LOCK_WAIT_MS. Returns a descriptor for lock_release, or a negative errno with err naming the
 * path: -EBUSY when it was in vain. Not to be taken twice by one process. */
int lock_take(const char *path, struct err *err);
void lock_release(const char *path, int fd);

#endif
