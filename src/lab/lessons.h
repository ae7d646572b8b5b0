/* SPDX-License-Identifier: ISC */
#ifndef LAB_LESSONS_H
#define LAB_LESSONS_H

#include "lab/lesson.h"

/* Each scenario by its name, for lesson.c's list. */

/* ---- lessons_open.c, lessons_close.c ---- */
extern const struct lesson lesson_handshake;
extern const struct lesson lesson_close;
extern const struct lesson lesson_close3;

#endif
