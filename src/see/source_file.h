/* SPDX-License-Identifier: ISC */
#ifndef SEE_SOURCE_FILE_H
#define SEE_SOURCE_FILE_H

#include "base/err.h"
#include "see/source.h"
#include "wire/pcapfile.h"

/* Packets out of a capture file, also out of a pipe and out of one that was compressed with gzip. It is read
 * from front to back in pieces, so memory does not grow with its length. */
struct source_file;

/* path: "-" is standard input. 0 or a negative code with err filled. */
int source_file_open(const char *path, struct source_file **ret, struct err *err);
/* The same of what is open; fd becomes its own. name: for people. */
struct source_file *source_file_of(int fd, const char *name);
void source_file_close(struct source_file *s);
/* Waits for more if it is a pipe. */
enum source_result source_file_next(struct source_file *s, struct pcapfile_packet *ret, struct err *err);
/* The same for as many as lie at hand, at most max: *ret_count of them with SOURCE_PACKET, at least one. */
enum source_result source_file_batch(
    struct source_file *s, struct pcapfile_packet *ret, unsigned max, unsigned *ret_count, struct err *err);
/* What has been read of it, for the interfaces it describes. */
const struct pcapfile *source_file_format(const struct source_file *s);

#endif
