/* SPDX-License-Identifier: ISC */
#ifndef TALK_CONF_H
#define TALK_CONF_H

#include <stddef.h>

struct err;
struct option_verb;
struct options;

/* The settings file, landline.conf(5): defaults of long options. [VERB] is for one verb, [landline] for all
 * that have the option. What the command line gives wins, whichever is read first. */

#define CONF_FILE_MAX_BYTES (256 * 1024)
#define CONF_LINE_MAX_BYTES 4096

/* Sets from the text of a file, which errors call by the name `file`. verbs are all that there are, NULL at
 * the end, so that a section or an option of [landline] that no verb knows is found out. Fails with ERR_INPUT
 * and "FILE:LINE: ..." at the first line that is wrong; what came before it is set then. */
int conf_parse(struct options *o, const struct option_verb *const *verbs, const char *text, size_t len,
    const char *file, struct err *err);

/* Sets from the user's own file; that there is none is no error. */
int conf_load(struct options *o, const struct option_verb *const *verbs, struct err *err);

#endif
