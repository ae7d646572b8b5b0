/* SPDX-License-Identifier: ISC */
#ifndef TALK_BOOK_H
#define TALK_BOOK_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct str;

/* The contacts: a text file that people edit by hand too, so whatever is not changed stays as it was written,
 * comments, blanks and order.
 *
 *     # colleagues
 *     Ann   = tls://ann.example:5463 udp://192.0.2.7:9000    # the second one at night
 *     王小明 = udp://127.0.0.1:9001 +mute
 *
 * The addresses of a name are tried in their order; words that begin with "+" are flags. The same name on two
 * lines is one contact with the addresses and flags of both, and so are names that differ only in how Unicode
 * writes an accent (they are compared in NFC). */
struct book;

#define BOOK_FILE_MAX_BYTES (1024 * 1024)
#define BOOK_LINE_MAX_BYTES 4096
#define BOOK_NAME_MAX_BYTES 256
#define BOOK_ADDRESSES_MAX 16 /* of one name */

/* Owned by the book, and gone with the next change to it. */
struct book_entry {
    const char *name; /* as it is written the first time */
    const char *const *addresses;
    size_t n_addresses; /* at least 1 */
    bool mute;          /* +mute: no bell */
    bool no_history;    /* +no-history: what is said is not kept */
};

enum book_flag { BOOK_MUTE, BOOK_NO_HISTORY };

/* Reads the user's own file; that there is none makes an empty book. Failures are ERR_INPUT with "FILE:LINE:
 * ...", or what file_read says. */
int book_load(struct book **ret_book, struct err *err);
/* Reads the text of a file, which errors call `file`; book_save writes there. */
int book_parse(const char *text, size_t len, const char *file, struct book **ret_book, struct err *err);
void book_free(struct book *b);

/* Whether a text can be the name of a contact: UTF-8 that may be shown, not empty, no ":" or "=" in it, no
 * "-" or
 * "#" in front, no blanks at its ends. So an address with a scheme or a port is never looked up here. */
bool book_may_be_name(const char *text);

/* NULL where there is none of that name. */
const struct book_entry *book_find(const struct book *b, const char *name);
/* The name most like one that was not found, for "did you mean"; NULL where none is. */
const char *book_nearest(const struct book *b, const char *name);
size_t book_count(const struct book *b);
/* In the order of the file; i is below book_count. */
const struct book_entry *book_at(const struct book *b, size_t i);

/* Whether every address in it can be called, which reading alone does not tell; the first that can't is named
 * with "FILE:LINE: ..." (ERR_INPUT). */
int book_check(const struct book *b, struct err *err);

/* These change the book in memory. Failures, with err filled: -EINVAL for what can't be a name or an address
 * (ERR_MISUSE), -ENOENT for a name that is not there (ERR_NAME), -EEXIST for one that is, -E2BIG past a
 * limit. */

/* A new contact at the end, or one more address of an old one. */
int book_add(struct book *b, const char *name, const char *address, struct err *err);
int book_remove(struct book *b, const char *name, struct err *err);
/* -EPERM for the only one: a contact has an address. */
int book_remove_address(struct book *b, const char *name, const char *address, struct err *err);
int book_rename(struct book *b, const char *from, const char *to, struct err *err);
int book_set_flag(struct book *b, const char *name, enum book_flag flag, bool on, struct err *err);

/* Appends the text of the file. */
void book_print(const struct book *b, struct str *out);
/* Writes the file, as a whole or not at all. -EBUSY when someone else has changed it since it was read. */
int book_save(struct book *b, struct err *err);

/* Reads the user's own file, lets change do its work and saves it, so that of several programs that change
 * it at once none undoes what another one did. change may be called again, with the book as it is then, where
 * an editor came in between; a negative return of it ends this, with nothing saved. */
int book_change(int (*change)(struct book *b, void *arg, struct err *err), void *arg, struct err *err);

#endif
