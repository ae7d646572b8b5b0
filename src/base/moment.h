/* SPDX-License-Identifier: ISC */
#ifndef BASE_MOMENT_H
#define BASE_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

/* A moment as a person writes it:
 *
 *     2026-11-24                    a day
 *     2026-11-24 18:30[:05[.25]]    local time; a "T" in the middle will do
 *     2026-11-24T18:30:05Z          RFC 3339, with its offset (Z, +08:00)
 *     2h, 3d, 90m                   so long ago
 *
 * is_end: a day means its end, not its beginning. 0, -EINVAL, or -ERANGE for what lies before 1970 or too far
 * ahead; *ret_ns is wall time, as clock_wall_ns gives it. */
int moment_parse(const char *text, bool is_end, int64_t now_ns, int64_t *ret_ns);

#endif
