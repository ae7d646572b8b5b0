/* SPDX-License-Identifier: ISC */
#include "lab/lesson.h"

#include <string.h>

#include "lab/lessons.h"

const struct lesson *const lessons[] = {
    &lesson_handshake,
    &lesson_close,
    &lesson_close3,
    NULL,
};

const struct lesson *lesson_find(const char *name)
{
    for (size_t i = 0; lessons[i]; i++)
        if (strcmp(lessons[i]->name, name) == 0)
            return lessons[i];
    return NULL;
}
