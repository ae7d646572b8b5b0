/* SPDX-License-Identifier: ISC */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>

#include "base/err.h"
#include "base/options.h"

struct str;

/* What a verb is to main: its table, and the function that does it. A verb lives in cmd_VERB.c, declares its
 * struct here and has a row in main.c; nothing else knows of it. */
struct command {
    const struct option_verb *verb; /* without a summary it is not for people, and --help does not list it */
    /* argv[0] is the verb's name; returns the exit status, an enum err_kind. Both standard streams are
     * flushed, and a failing stdout is told of, after it returns. */
    int (*run)(int argc, char **argv);
    /* Where args_complete is OPTION_COMPLETE_ARGUMENT: appends what the argument behind these n may be, as
     * `landline __argument` prints it (cmd_list.c). */
    void (*complete)(struct str *out, int n, char **before);
};

extern const struct command cmd_answer;
extern const struct command cmd_ask;
extern const struct command cmd_chat;
extern const struct command cmd_contacts;
extern const struct command cmd_demo;
extern const struct command cmd_help;
extern const struct command cmd_history;
extern const struct command cmd_lab;
extern const struct command cmd_list_addresses;
extern const struct command cmd_list_argument;
extern const struct command cmd_list_contacts;
extern const struct command cmd_list_options;
extern const struct command cmd_list_verbs;
extern const struct command cmd_watch;

/* Every verb in the order of --help, NULL at the end. */
extern const struct command *const commands[];
/* NULL where there is none of that name. */
const struct command *command_find(const char *name);

/* What landline says when the first argument is no verb: the list of verbs, or which one may be meant.
 * Returns the exit status. */
int cmd_overview(int argc, char **argv);

/* Begins a verb: reads its options, and the user's settings, into values, which holds the defaults. True: go
 * on, and options_done at the end. False: it is over, with *ret_status (--help was printed, or misuse was
 * told of). */
bool cmd_begin(
    struct options *o, const struct option_verb *verb, void *values, int argc, char **argv, int *ret_status);
/* Prints "landline: TEXT" to stderr and returns the exit status that goes with it. */
int cmd_fail(const struct err *err);

#endif
