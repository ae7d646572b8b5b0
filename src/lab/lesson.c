/* SPDX-License-Identifier: ISC */
#include "lab/lesson.h"

#include <string.h>

#include "lab/lessons.h"

const struct lesson *const lessons[] = {
    &lesson_handshake,
    &lesson_old_duplicate_syn,
    &lesson_lost_syn,
    &lesson_lost_syn_ack,
    &lesson_lost_ack,
    &lesson_simultaneous_open,
    &lesson_refused,
    &lesson_filtered,
    &lesson_syn_flood,
    &lesson_syn_cookies,
    &lesson_close,
    &lesson_close3,
    &lesson_half_close,
    &lesson_simultaneous_close,
    &lesson_lost_fin,
    &lesson_time_wait,
    &lesson_half_open,
    &lesson_keepalive,
    &lesson_zero_window,
    &lesson_nagle,
    &lesson_mtu_black_hole,
    &lesson_udp_lost,
    &lesson_udp_refused,
    NULL,
};

const struct lesson *lesson_find(const char *name)
{
    for (size_t i = 0; lessons[i]; i++)
        if (strcmp(lessons[i]->name, name) == 0)
            return lessons[i];
    return NULL;
}
