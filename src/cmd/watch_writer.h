/* SPDX-License-Identifier: ISC */
#ifndef CMD_WATCH_WRITER_H
#define CMD_WATCH_WRITER_H

#include <stdint.h>

struct err;

/* A pcapng file that is being written, in blocks of 64 KiB. Each link type that comes gets an interface of
 * its own. */
struct watch_writer;

/* path: "-" is standard output, which must not be a terminal. What stood in the file is gone. 0, or a
 * negative code with err. */
int watch_writer_open(const char *path, struct watch_writer **ret, struct err *err);
/* interface: its name, which tells it apart from others of the same link type, or NULL. comment: a text
 * beside the packet, or NULL. An error is told once, by the call that meets it or by watch_writer_close; what
 * comes after it is dropped. */
int watch_writer_add(struct watch_writer *w, uint16_t linktype, const char *interface, int64_t time_ns,
    const void *data, uint32_t captured_bytes, uint32_t wire_bytes, const char *comment, struct err *err);
/* What was added is in the file afterwards. */
int watch_writer_flush(struct watch_writer *w, struct err *err);
/* Flushes and frees; accepts NULL. */
int watch_writer_close(struct watch_writer *w, struct err *err);

#endif
