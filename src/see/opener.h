/* SPDX-License-Identifier: ISC */
#ifndef SEE_OPENER_H
#define SEE_OPENER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct str;

/* Who is in the sandbox opens no file, and yet a screen reads its capture again for each ladder and saves
 * where its user says; and a long capture goes on in another file. So a process is forked before, which looks
 * at no packet, and opens three kinds of files for the one that does: the capture, to be read; files to be
 * written whose names end as capture and ladder do; and the parts of one file, which it removes as well. That
 * is all that an intruder could have of it. It ends when the other does. */
struct opener;

/* All of it may be NULL: then there is none of it. */
struct opener_files {
    const char *capture; /* its path */
    const char *const
        *endings;      /* of files to be written (".pcapng"), NULL behind the last; all case is the same */
    const char *parts; /* the path that opener_part_path puts numbers into */
};

/* Forks, which copies the files. 0, or a negative code with err. */
int opener_new(const struct opener_files *files, struct opener **ret, struct err *err);
void opener_free(struct opener *o); /* accepts NULL */
/* For sandbox_options. */
int opener_fd(const struct opener *o);

/* A descriptor, at the capture's beginning and the caller's; or a negative code. */
int opener_read(struct opener *o);
/* A file that is made; overwrites: or one that is there, emptied. -EPERM if its name ends otherwise. */
int opener_write(struct opener *o, const char *path, bool overwrites);
/* A part of the file, made or emptied. */
int opener_part(struct opener *o, uint32_t number);
/* 0 or a negative code. */
int opener_remove_part(struct opener *o, uint32_t number);

/* Appends the path of a part: the number stands before the ending, "a/b_00001.pcapng". */
void opener_append_part(struct str *out, const char *path, uint32_t number);

#endif
