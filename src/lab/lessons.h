/* SPDX-License-Identifier: ISC */
#ifndef LAB_LESSONS_H
#define LAB_LESSONS_H

#include "lab/lesson.h"

/* Each scenario by its name, for lesson.c's list. */

/* ---- lessons_open.c ---- */
extern const struct lesson lesson_handshake;
extern const struct lesson lesson_simultaneous_open;
extern const struct lesson lesson_lost_syn;
extern const struct lesson lesson_lost_syn_ack;
extern const struct lesson lesson_lost_ack;
extern const struct lesson lesson_refused;
extern const struct lesson lesson_filtered;
extern const struct lesson lesson_old_duplicate_syn;
extern const struct lesson lesson_syn_flood;
extern const struct lesson lesson_syn_cookies;

/* ---- lessons_close.c ---- */
extern const struct lesson lesson_close;
extern const struct lesson lesson_close3;
extern const struct lesson lesson_simultaneous_close;
extern const struct lesson lesson_half_close;
extern const struct lesson lesson_lost_fin;
extern const struct lesson lesson_time_wait;

/* ---- lessons_trouble.c ---- */
extern const struct lesson lesson_half_open;
extern const struct lesson lesson_keepalive;
extern const struct lesson lesson_zero_window;
extern const struct lesson lesson_nagle;
extern const struct lesson lesson_mtu_black_hole;

/* ---- lessons_udp.c ---- */
extern const struct lesson lesson_udp_lost;
extern const struct lesson lesson_udp_refused;

#endif
