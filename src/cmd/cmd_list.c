/* SPDX-License-Identifier: ISC */
/* What the shells' completions and the test of the man pages ask: tables, for programs to read. Their names
 * begin with underscores and they are in no list, but a completion file of another version may ask too, so
 * columns are only ever added at the end.
 *
 *   landline __verbs           verb, summary
 *   landline __options VERB    see options_complete in base/options.h
 *   landline __argument VERB ARGUMENT...
 *                              where the arguments' completion is "argument": completion and choices (by
 *                              commas) of the next one
 *   landline __contacts        name
 *   landline __addresses       what an ADDRESS may be or begin with: contacts, schemes */
#include <stdio.h>

#include "base/i18n.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "net/addr.h"
#include "talk/book.h"

static int list_verbs(int argc, char **argv)
{
    for (size_t i = 0; commands[i]; i++)
        if (commands[i]->verb->summary)
            printf("%s\t%s\n", commands[i]->verb->name, _(commands[i]->verb->summary));
    return 0;
}

static int list_options(int argc, char **argv)
{
    const struct command *command = argc > 1 ? command_find(argv[1]) : NULL;
    struct str text = STR_INIT;

    /* Nobody reads a message here: a shell is in the middle of a line. */
    if (!command || !command->verb->summary)
        return ERR_MISUSE;
    options_complete(&text, command->verb);
    fwrite(text.data, 1, text.len, stdout);
    str_done(&text);
    return 0;
}

static int list_argument(int argc, char **argv)
{
    const struct command *command = argc > 1 ? command_find(argv[1]) : NULL;
    struct str text = STR_INIT;
    int n = 0;

    if (!command || !command->complete)
        return ERR_MISUSE;
    for (int i = 2; i < argc; i++)
        if (argv[i][0] != '-')
            argv[2 + n++] = argv[i];
    command->complete(&text, n, argv + 2);
    printf("%s\n", text.data);
    str_done(&text);
    return 0;
}

static int list_contacts(int argc, char **argv)
{
    struct book *book = NULL;

    if (book_load(&book, NULL) < 0)
        return ERR_INPUT;
    for (size_t i = 0; i < book_count(book); i++)
        printf("%s\n", book_at(book, i)->name);
    book_free(book);
    return 0;
}

static int list_addresses(int argc, char **argv)
{
    list_contacts(argc, argv);
    for (int scheme = 0; scheme <= ADDR_UNIXGRAM; scheme++)
        printf("%s://\n", addr_scheme_name(scheme));
    return 0;
}

const struct command cmd_list_verbs = {
    .verb = &(const struct option_verb){.name = "__verbs"},
    .run = list_verbs,
};

const struct command cmd_list_options = {
    .verb = &(const struct option_verb){.name = "__options"},
    .run = list_options,
};

const struct command cmd_list_argument = {
    .verb = &(const struct option_verb){.name = "__argument"},
    .run = list_argument,
};

const struct command cmd_list_addresses = {
    .verb = &(const struct option_verb){.name = "__addresses"},
    .run = list_addresses,
};

const struct command cmd_list_contacts = {
    .verb = &(const struct option_verb){.name = "__contacts"},
    .run = list_contacts,
};
