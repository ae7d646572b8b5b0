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
    bool fast, quiet, full;
    bool every, absolute;
    bool json, svg, html;
    const char *write;
    bool ascii, no_color;
};

struct lesson;

struct lab_order {
    struct lab_values v;
    struct fates *fates;
    const struct lesson *lesson; /* what is played; NULL: */
    char **argv[LAB_SIDES];      /* what runs on the hosts, NULL at the end */
};

/* Runs both programs and draws what the wire saw. Returns the exit status, and has told of what went wrong.
 */
int lab_run(struct lab_order *l);
/* The same for l->lesson, with what is to be learned from it. */
int lab_course(struct lab_order *l);
/* Prints the scenarios that there are. */
int lab_list_lessons(void);

#endif
