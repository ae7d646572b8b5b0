/* SPDX-License-Identifier: ISC */
#ifndef CMD_PAGER_H
#define CMD_PAGER_H

#include <stdbool.h>

/* What is long is read page by page: standard output goes through $PAGER (or less), as git does it. less is
 * told to show colours and to leave again when all fits on the screen; who has set LESS has his own way. */

/* From now on standard output is the pager's, if it is a terminal and there is one. True: pager_end must
 * follow. Call it before anything is printed. */
bool pager_begin(void);
/* Waits until the reader has left it. Standard output goes nowhere afterwards. */
void pager_end(void);

#endif
