/* SPDX-License-Identifier: ISC */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct str;

/* The clocks. Inside the program a moment is int64_t nanoseconds: monotonic (for waiting and measuring; it
 * has nothing to do with the time of day and stands still in suspend) or wall (since 1970, UTC; it may jump).
 */

int64_t clock_now_ns(void);
int64_t clock_wall_ns(void);

/* Appends a wall moment in local time: "2026-11-22T23:40:43.123+01:00" and "23:40:43". */
void clock_append_iso(struct str *out, int64_t wall_ns);
void clock_append_time(struct str *out, int64_t wall_ns);

/* Appends a measured duration with three digits that count and its unit: 850 ns, 12.3 us, 1.23 ms, 1.23 s,
 * 2 min 5 s, 3 h 20 min. What was measured, for people. */
void clock_append_duration(struct str *out, int64_t ns);

/* Appends a duration as it is written on a command line, exactly and as short as may be: 500ms, 5s, 2m, 24h.
 * parse_duration reads it back. */
void clock_append_span(struct str *out, int64_t ns);

#endif
