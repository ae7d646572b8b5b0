/* SPDX-License-Identifier: ISC */
#ifndef CMD_LAB_OUTPUT_H
#define CMD_LAB_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* What a program on a host of the lab prints, line by line, so that it can stand among the packets that it is
 * about. The program sees a terminal, so that it does not keep its lines back until its end; errors come the
 * same way. */
struct lab_output;

#define LAB_OUTPUT_LINE_MAX ((size_t)16 << 10) /* bytes; a longer line comes in pieces */

/* 0, or a negative code with err. */
int lab_output_new(struct lab_output **ret, struct err *err);
void lab_output_free(struct lab_output *o); /* accepts NULL */
/* What becomes the program's standard output and error; lab_output_started closes it here. */
int lab_output_program_fd(const struct lab_output *o);
void lab_output_started(struct lab_output *o);
/* Readable when there is something; -1: it has been closed on the other side, and everything was read. */
int lab_output_fd(const struct lab_output *o);
/* Reads what there is and calls line for each whole one, without its line feed. */
void lab_output_read(struct lab_output *o, void (*line)(void *arg, const char *text, size_t len), void *arg);
/* The same for the last one, that has no line feed: a prompt, or what was printed before the end. */
void lab_output_rest(struct lab_output *o, void (*line)(void *arg, const char *text, size_t len), void *arg);

#endif
