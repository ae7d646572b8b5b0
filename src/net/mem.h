/* SPDX-License-Identifier: ISC */
#ifndef NET_MEM_H
#define NET_MEM_H

#include "net/stream.h"

/* Two streams joined in memory, for tests and simulators: what one writes the other reads on the next turn.
 */

/* window: bytes that may wait unread at the other end before the writer blocks, 0 for no bound. max_read:
 * bytes handed over in one data event at most (1 tests every boundary), 0 for no bound. */
void mem_pair(struct loop *loop, size_t window, size_t max_read, struct stream *ret[2]);
/* The line is cut: both ends fail with code, queued bytes are lost. Either end will do. */
void mem_cut(struct stream *s, int code);

#endif
