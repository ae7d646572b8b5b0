/* SPDX-License-Identifier: ISC */
#ifndef CMD_WATCH_WRITER_H
#define CMD_WATCH_WRITER_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct opener;

/* A pcapng file that is being written, in blocks of 64 KiB. Each link type that comes gets an interface of
 * its own. */
struct watch_writer;

/* path: "-" is standard output, which must not be a terminal. What stood in the file is gone. 0, or a
 * negative code with err. */
int watch_writer_open(const char *path, struct watch_writer **ret, struct err *err);
/* One that goes on in the next part before a part would become larger than this, and keeps the last ones.
 * Parts are whole files, with the names that opener_append_part makes. A packet that is larger has a part of
 * its own. */
struct watch_writer_parts {
    const char *path;
    struct opener *opener; /* of its parts; the caller's */
    size_t part_bytes;     /* 0: no bound */
    uint32_t keep;         /* 0: all */
};
int watch_writer_open_parts(
    const struct watch_writer_parts *parts, struct watch_writer **ret, struct err *err);
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
