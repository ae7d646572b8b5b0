/* SPDX-License-Identifier: ISC */
#ifndef CMD_LAB_STEP_H
#define CMD_LAB_STEP_H

#include <stdbool.h>

#include "lab/wire.h"

/* lab --step: the wire holds each packet until its user says what becomes of it. */
struct lab_step;

#define LAB_STEP_LATER_NS INT64_C(1000000000) /* what `l' adds */

/* Standard input and error must be a terminal: see there. */
struct lab_step *lab_step_new(bool color);
void lab_step_free(struct lab_step *s); /* accepts NULL */
/* For wire_options.decide: asks, and waits for the answer. Kernels do not stand still meanwhile: what is not
 * acknowledged is sent again, and waits behind this one. True: the user wants it all to end. */
bool lab_step_decide(struct lab_step *s, const struct wire_event *event, struct fate *fate);

#endif
