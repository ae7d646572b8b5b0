/* SPDX-License-Identifier: ISC */
#include "base/clock.h"

#include <stddef.h>
#include <time.h>

#include "base/str.h"

#define SECOND_NS INT64_C(1000000000)
#define MINUTE_NS (60 * SECOND_NS)
#define HOUR_NS (60 * MINUTE_NS)

static int64_t read_clock(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return ts.tv_sec * SECOND_NS + ts.tv_nsec;
}

int64_t clock_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

/* Seconds and the rest, which is never negative: before 1970 too. */
static time_t split(int64_t wall_ns, int64_t *ret_rest)
{
    int64_t rest = wall_ns % SECOND_NS;

    if (rest < 0)
        rest += SECOND_NS;
    *ret_rest = rest;
    return (wall_ns - rest) / SECOND_NS;
}

void clock_append_iso(struct str *out, int64_t wall_ns)
{
    int64_t rest;
    time_t seconds = split(wall_ns, &rest);
    struct tm tm = {0};
    long offset;

    localtime_r(&seconds, &tm);
    offset = tm.tm_gmtoff / 60;
    str_appendf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03d%c%02ld:%02ld", tm.tm_year + 1900, tm.tm_mon + 1,
        tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(rest / 1000000), offset < 0 ? '-' : '+',
        (offset < 0 ? -offset : offset) / 60, (offset < 0 ? -offset : offset) % 60);
}

void clock_append_time(struct str *out, int64_t wall_ns)
{
    int64_t rest;
    time_t seconds = split(wall_ns, &rest);
    struct tm tm = {0};

    localtime_r(&seconds, &tm);
    str_appendf(out, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void clock_append_duration(struct str *out, int64_t ns)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};

    if (ns < 0) {
        str_append_char(out, '-');
        ns = ns == INT64_MIN ? INT64_MAX : -ns;
    }
    if (ns < 1000) {
        str_appendf(out, "%d ns", (int)ns);
    } else if (ns >= HOUR_NS - MINUTE_NS / 120) {
        int64_t minutes = ns / MINUTE_NS + (ns % MINUTE_NS >= MINUTE_NS / 2);

        str_appendf(out, "%lld h %d min", (long long)(minutes / 60), (int)(minutes % 60));
    } else if (ns >= MINUTE_NS - SECOND_NS / 20) {
        int64_t seconds = ns / SECOND_NS + (ns % SECOND_NS >= SECOND_NS / 2);

        str_appendf(out, "%d min %d s", (int)(seconds / 60), (int)(seconds % 60));
    } else {
        size_t i = 0;

        /* What would be rounded to 1000 us is 1.00 ms. */
        while (i < 2 && (double)ns / units[i].ns >= 999.5)
            i++;
        double value = (double)ns / units[i].ns;
        str_appendf(out, "%.*f %s", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, units[i].name);
    }
}

void clock_append_span(struct str *out, int64_t ns)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"h", HOUR_NS}, {"m", MINUTE_NS}, {"s", SECOND_NS}, {"ms", 1000000}, {"us", 1000}};

    if (ns == 0) {
        str_append_str(out, "0s");
        return;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (ns % units[i].ns == 0) {
            str_appendf(out, "%lld%s", (long long)(ns / units[i].ns), units[i].name);
            return;
        }
    }
    str_appendf(out, "%lldns", (long long)ns);
}
