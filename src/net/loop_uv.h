/* SPDX-License-Identifier: ISC */
#ifndef NET_LOOP_UV_H
#define NET_LOOP_UV_H

#include <uv.h>

#include "net/chunk.h"
#include "net/loop.h"

/* The inside of the loop, for net/ alone. */

uv_loop_t *loop_uv(struct loop *loop);

/* One buffer for all reads: what was read is dealt with before the next read, so ten thousand peers need no
 * buffer each. */
#define LOOP_READ_BYTES (64 * 1024)
uv_buf_t loop_read_buffer(struct loop *loop);

/* The chunk that small copies go to, whoever they are for; see stream_write. */
struct chunk **loop_chunk(struct loop *loop);

/* Frees ptr at the end of the turn, when nobody up the stack can touch it any more. */
void loop_free_later(struct loop *loop, void *ptr);

/* Streams whose owner has let go but whose last bytes are still on their way (stream_finish). */
struct list *loop_lingering(struct loop *loop);

/* How many name lookups a thread is busy with although nobody waits for them any more. */
int *loop_stuck_lookups(struct loop *loop);

#endif
