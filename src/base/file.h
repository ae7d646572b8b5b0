/* SPDX-License-Identifier: ISC */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>

struct err;
struct str;

/* Small files that a person owns: settings, contacts. */

/* Appends the name of a file of ours in the user's configuration: $XDG_CONFIG_HOME/landline/NAME, by default
 * ~/.config/landline/NAME. -ENOENT (out untouched) where neither variable says where that is. */
int file_config_path(struct str *out, const char *name);
/* The same of what the program keeps for the user: $XDG_DATA_HOME/landline/NAME,
 * ~/.local/share/landline/NAME.
 */
int file_data_path(struct str *out, const char *name);

/* A path as people type it, where "~/" is their own folder; to be freed. */
char *file_typed_path(const char *typed);

/* Makes the folders above path that are missing, with mode 0700 as the XDG specification wants it. 0 or a
 * negative errno. */
int file_make_folders(const char *path);

/* Appends a whole file of at most max bytes. Failures are ERR_INPUT, or ERR_PERMISSION, and name the path:
 * -ENOENT, -EISDIR, -EFBIG and what read(2) may say; out holds what it held before then. */
int file_read(const char *path, size_t max, struct str *out, struct err *err);

/* Replaces a file as a whole, or not at all, whatever happens in between: a new file is written beside it,
 * synced and renamed over it. Its mode stays, or is 0600 where it is new; folders that are missing are made;
 * where path is a symbolic link, the file it leads to is replaced. */
int file_replace(const char *path, const void *data, size_t len, struct err *err);

#endif
