/* SPDX-License-Identifier: ISC */
#ifndef CMD_CMD_HISTORY_H
#define CMD_CMD_HISTORY_H

#include "show/term.h"
#include "store/store.h"

/* How `landline history` prints, and what the chat's /export writes. The verb is cmd_history.c, this is
 * cmd_history_print.c. */

enum history_form {
    HISTORY_SCREEN, /* for eyes: by day, with marks */
    HISTORY_LINES,  /* for pipes: a message a line, with its day */
    HISTORY_TEXT,   /* for keeping: likewise, but a message has the lines it has */
    HISTORY_JSON,
};

struct history_print {
    enum history_form form;
    bool of_one; /* only one conversation is shown */
    const struct term_colors *colors;
    char day[16]; /* of the message before */
};

struct str;
void history_append_message(struct history_print *p, const struct store_message *m, struct str *out);
void history_print_message(struct history_print *p, const struct store_message *m);
void history_print_conversation(struct history_print *p, const struct store_conversation *c);

#endif
