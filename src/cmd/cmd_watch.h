/* SPDX-License-Identifier: ISC */
#ifndef CMD_CMD_WATCH_H
#define CMD_CMD_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/options.h"

/* landline watch in its parts: cmd_watch.c has the options and decides what is to be done; cmd_watch_*.c do
 * it, one thing each. watch_pass.h is what all of them read packets with. */

struct conversation;
struct match;
struct opener;
struct source;
struct watch_writer;

struct watch_values {
    const char *filter, *only, *follow;
    int sort; /* enum roster_order */
    int64_t limit;
    int64_t max_conversations;
    bool every, absolute;
    bool json, svg, html;
    int64_t pcap_of;
    const char *write;
    bool lines, screen;
    const char *interface;
    int64_t for_ns, idle_ns, count;
    size_t buffer_bytes, snaplen;
    size_t write_bytes;  /* of each file; 0: it is one */
    int64_t write_files; /* that are kept; 0: all */
    bool promiscuous, isolated;
    bool ascii, pager, no_color;
    int verbose;
};

#define WATCH_RANGES_MAX 64

/* --follow: conversations by their numbers. */
struct watch_choice {
    bool is_given, is_all;
    unsigned count;
    struct {
        uint32_t first, last;
    } ranges[WATCH_RANGES_MAX];
};

struct watch_order {
    struct watch_values v;
    struct match *only; /* NULL: all */
    struct watch_choice choice;
    const char *title;  /* what the user calls the file; NULL: its path */
    bool is_for_stderr; /* of watch_file: it is beside what others print on stdout */
    int64_t dropped;    /* packets that the capture has lost; -1: not known */
};

/* Whether --follow has named it. */
bool watch_chose(const struct watch_order *w, uint32_t id);

/* Whether it is wanted: --follow and --only. */
bool watch_wants(const struct watch_order *w, const struct conversation *c);
/* The least and the greatest number that --follow has named. */
void watch_choice_bounds(const struct watch_order *w, uint32_t *ret_first, uint32_t *ret_last);

/* Each returns the exit status, and has told of what went wrong. path: "-" is standard input. */
int watch_file(struct watch_order *w, const char *path);
int watch_json(struct watch_order *w, const char *path);
int watch_page(struct watch_order *w, const char *path); /* --html, --svg */
int watch_extract(struct watch_order *w, const char *path);
int watch_live(struct watch_order *w, const char *interface);
int watch_screen(struct watch_order *w, const char *path);
/* Of these the one that is asked for, for a file. */
int watch_show(struct watch_order *w, const char *path);
/* argv: what is to be run, NULL at its end; interface: NULL for all. */
int watch_command(struct watch_order *w, const char *interface, char **argv);
/* opener: of what the screen saves, and of the writer's parts. */
int watch_screen_live(
    struct watch_order *w, struct source *source, struct watch_writer *writer, struct opener *opener);

#endif
