/* SPDX-License-Identifier: ISC */
#ifndef BASE_TEXTFILE_H
#define BASE_TEXTFILE_H

#include <stddef.h>

#include "base/str.h"

struct err;

/* A small text file that people edit by hand and we edit too: contacts, known peers. Its lines are kept as
 * they were read, and a change edits one of them, so that comments, blanks and order stay. */
struct textfile {
    char *path;        /* "": it has no place and can't be saved */
    struct str read;   /* as it was */
    struct str *lines; /* each with its line end, as far as it had one */
    size_t n_lines;
};

void textfile_init(struct textfile *t, const char *path, const char *text, size_t len);
void textfile_done(struct textfile *t);

/* What line i says: without a byte order mark, the blanks at its ends and the line end. Valid until the line
 * changes. */
struct textspan {
    size_t start, len;
};
struct textspan textfile_content(const struct textfile *t, size_t i);
/* The next word in a line at or after *at, which is moved behind it; len 0 where there is none. A word that
 * begins with "#" begins a comment, so there is none either. */
struct textspan textfile_word(const struct textfile *t, size_t i, size_t *at);

/* A new line at the end; text has no line end, it gets that of the line before. */
void textfile_append(struct textfile *t, const char *text);
void textfile_remove(struct textfile *t, size_t i);
/* Puts text in the place of a part of line i. */
void textfile_splice(struct textfile *t, size_t i, struct textspan where, const char *text);
/* Appends all of it. */
void textfile_print(const struct textfile *t, struct str *out);

/* Fills err with "PATH:LINE: ..." (ERR_INPUT) and returns code. */
int textfile_complain(const struct textfile *t, size_t i, int code, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Writes the file, as a whole or not at all, if it has changed. -EBUSY when it is not any more what was read;
 * lock_take on path before keeps this from happening between two programs of ours. -E2BIG past max bytes. */
int textfile_save(struct textfile *t, size_t max, struct err *err);

#endif
