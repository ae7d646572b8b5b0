/* SPDX-License-Identifier: ISC */
#ifndef CMD_CMD_WATCH_SCREEN_H
#define CMD_CMD_WATCH_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "see/roll.h"

/* landline watch on the whole screen: cmd_watch_screen.c (its life), viewer_feed.c (packets), viewer_live.c
 * (those of an interface), viewer_keys.c (what the user does), viewer_find.c (searching), viewer_save.c,
 * viewer_draw.c. */

struct source;
struct watch_writer;

struct opener;

/* Of the names of files that it saves, NULL behind the last: for opener_files. */
extern const char *const viewer_endings[];

struct viewer_options {
    struct opener *opener;       /* of files, for who is in the sandbox */
    const char *path;            /* a capture file that can be read more than once; NULL: live */
    struct source *live;         /* the caller's */
    struct watch_writer *writer; /* live: gets all packets; NULL: none */
    int64_t for_ns;              /* live: so long; 0: no limit */
    uint64_t count;              /* live: so many packets; 0: no limit */
    const char *name;            /* what the user calls it */
    uint32_t max_conversations;  /* 0: the default */
    const char *only;            /* NULL: all */
    enum roll_key sort;
    uint32_t follow; /* the number of the conversation whose ladder is opened at once; 0: none */
    bool every, absolute, no_color;
    int verbose;
};

/* Takes the terminal, until the user has had enough. 0 or a negative code with err; a file that could not be
 * read to its end is told of after the screen is gone. */
int viewer_run(const struct viewer_options *options, struct err *err);

#endif
