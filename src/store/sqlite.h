/* SPDX-License-Identifier: ISC */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "store/store.h"

/* The journal in one SQLite file (WAL), on a thread of its own: calls that come together are one
 * transaction. Several programs may have it open at once. An older schema is brought up to date when it is
 * opened; a newer one is refused (-EPROTONOSUPPORT).
 *
 * A search finds every word of the query by its beginning, in any case, and every run of Chinese, Japanese or
 * Korean as it stands, one character long or more; all must be in the message. It is answered from an index.
 *
 * Which outbox belongs to whom: each program that has the file open holds a lock on a byte of FILE-owners
 * (fcntl(2), F_OFD_SETLK), which the kernel lets go of however the program ends; store_adopt takes what
 * belongs to nobody who holds one. */

/* Opens, or makes with mode 0600 (folders that are missing with 0700). 0, or a negative errno with err
 * naming the file and what to try: what is damaged is told here as far as it is known by then, and in the
 * callbacks later. This call reads and may block: it is for start-up. */
int store_sqlite_open(struct loop *loop, const char *path, struct store **ret, struct err *err);

#endif
