/* SPDX-License-Identifier: ISC */
/* The table of verbs. Everything else about a verb is in its own file, cmd_VERB.c. */
#include <stdio.h>

#include "base/i18n.h"
#include "config.h"

int main(int argc, char **argv)
{
    i18n_init();
    printf("landline %s\n", LANDLINE_VERSION);
    return 0;
}
