/* SPDX-License-Identifier: ISC */
#ifndef SHOW_OUT_H
#define SHOW_OUT_H

#include <stddef.h>

struct err;
struct str;

/* Output that is collected, and written at the end of a loop turn with one write(2): a thousand lines a turn
 * then cost about what one does. Whoever has one for a descriptor writes to it in no other way. */
struct out;

/* More than this is not kept: out_text and out_write flush first. */
#define OUT_HIGH_WATER_BYTES (64 * 1024)

/* fd stays the caller's. */
struct out *out_new(int fd);
/* What was not flushed is lost. */
void out_free(struct out *o);

/* Where to append text to. */
struct str *out_text(struct out *o);
void out_write(struct out *o, const void *data, size_t len);

/* Writes what there is, all of it; where the descriptor is non-blocking (a terminal that another program left
 * so) it waits for room. 0, or the error, which comes once: -EPIPE when the reader has gone, -ENOSPC and the
 * like. From then on everything is dropped, and 0 returned. An error met between two flushes comes with the
 * next. */
int out_flush(struct out *o);

/* The error since which everything is dropped; 0 while all is well. */
int out_error(const struct out *o);

#endif
