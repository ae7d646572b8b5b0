/* SPDX-License-Identifier: ISC */
#ifndef CMD_CMD_LAB_H
#define CMD_CMD_LAB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/options.h"
#include "lab/fates.h"
#include "lab/hosts.h"

/* landline lab in its parts: cmd_lab.c has the options and decides what is to be done; cmd_lab_*.c do it. */

struct lab_values {
    struct option_list orders[FATES_ORDERS];
    struct option_list losses; /* --loss: drop, by chance */
    int64_t seed;
    int distribution; /* enum fates_distribution */
    int backend;      /* enum hosts_backend */
    int64_t for_ns, settle_ns;
    bool fast, quiet, full, step;
    bool every, absolute;
    bool json, svg, html;
    const char *write;
    struct option_list expects;
    int64_t runs;
    const char *seeds, *junit;
    bool tap;
    bool ascii, no_color;
};

struct expect;
struct lesson;

struct lab_order {
    struct lab_values v;
    struct fates *fates;
    const struct lesson *lesson; /* what is played; NULL: */
    char **argv[LAB_SIDES];      /* what runs on the hosts, NULL at the end */
    char *commands[LAB_SIDES];   /* of a file; argv points to */
    char *shell[LAB_SIDES][4];   /* this, which runs them */
    struct expect **expects;     /* v.expects, parsed */
    bool is_many;                /* --runs or --seeds: from first_seed to last_seed */
    int64_t first_seed, last_seed;
    char **typed; /* as main had them, the verb first */
    int typed_count;
};

/* lab run FILE: puts what it says into l and the options, of which those that were typed count more. 0, or a
 * negative code with err, which names the line. */
int lab_read_file(struct lab_order *l, struct options *o, const char *path, struct err *err);

/* Runs both programs and draws what the wire saw. Returns the exit status, and has told of what went wrong.
 */
int lab_run(struct lab_order *l);
/* The same for each seed, as a test. */
int lab_runs(struct lab_order *l);
/* What chance decides is decided by this seed from now on. */
void lab_reseed(struct lab_order *l, int64_t seed);
/* The same for l->lesson, with what is to be learned from it. */
int lab_course(struct lab_order *l);
/* Prints the scenarios that there are. */
int lab_list_lessons(void);

#endif
