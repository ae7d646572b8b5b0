/* SPDX-License-Identifier: ISC */
#ifndef STORE_MEM_H
#define STORE_MEM_H

#include "store/store.h"

/* A journal in memory: for --no-history, for tests and simulators. It ends with the program. Of what has left
 * the outbox it keeps the newest STORE_MEM_MESSAGES_MAX messages and STORE_MEM_BYTES_MAX bytes. */
#define STORE_MEM_MESSAGES_MAX 100000
#define STORE_MEM_BYTES_MAX ((size_t)64 * 1024 * 1024)

struct store *store_mem_new(struct loop *loop);
/* For tests: every call fails with this code from now on, until it is 0. */
void store_mem_fail(struct store *s, int code);

#endif
