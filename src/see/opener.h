/* SPDX-License-Identifier: ISC */
#ifndef SEE_OPENER_H
#define SEE_OPENER_H

#include <stdbool.h>

#include "base/err.h"

/* Who is in the sandbox opens no file, and yet a screen reads its capture again for each ladder and saves
 * where its user says. So a process is forked before, which looks at no packet, and opens two kinds of files
 * for the one that does: the capture, to be read; and files to be written whose names end as capture and
 * ladder do, which is all that an intruder could have of it. It ends when the other does. */
struct opener;

/* Forks. capture: its path. endings: of files to be written (".pcapng"), NULL behind the last; all case is
 * the same. Both are copied by the fork. 0, or a negative code with err. */
int opener_new(const char *capture, const char *const *endings, struct opener **ret, struct err *err);
void opener_free(struct opener *o); /* accepts NULL */
/* For sandbox_options. */
int opener_fd(const struct opener *o);

/* A descriptor, at the capture's beginning and the caller's; or a negative code. */
int opener_read(struct opener *o);
/* A file that is made; overwrites: or one that is there, emptied. -EPERM if its name ends otherwise. */
int opener_write(struct opener *o, const char *path, bool overwrites);

#endif
