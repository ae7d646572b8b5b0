/* SPDX-License-Identifier: ISC */
#include "base/moment.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/parse.h"

#define SECOND_NS INT64_C(1000000000)

/* Exactly so many digits. */
static bool digits(const char **at, int count, int *ret)
{
    int number = 0;

    for (int i = 0; i < count; i++) {
        if (!isdigit((unsigned char)(*at)[i]))
            return false;
        number = number * 10 + ((*at)[i] - '0');
    }
    *at += count;
    *ret = number;
    return true;
}

static bool sign(const char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    return true;
}

static bool date(const char **at, struct tm *tm)
{
    if (!digits(at, 4, &tm->tm_year) || !sign(at, '-') || !digits(at, 2, &tm->tm_mon) || !sign(at, '-') ||
        !digits(at, 2, &tm->tm_mday))
        return false;
    tm->tm_year -= 1900;
    tm->tm_mon -= 1;
    return true;
}

/* HH:MM[:SS[.fraction]] */
static bool time_of_day(const char **at, struct tm *tm, int64_t *ret_ns)
{
    int64_t unit_ns = SECOND_NS / 10;

    if (!digits(at, 2, &tm->tm_hour) || !sign(at, ':') || !digits(at, 2, &tm->tm_min))
        return false;
    if (!sign(at, ':'))
        return true;
    if (!digits(at, 2, &tm->tm_sec))
        return false;
    if (!sign(at, '.'))
        return true;
    if (!isdigit((unsigned char)**at))
        return false;
    for (; isdigit((unsigned char)**at); ++*at, unit_ns /= 10)
        *ret_ns += (**at - '0') * unit_ns;
    return true;
}

/* RFC 3339's time-offset. */
static bool offset(const char **at, long *ret_seconds)
{
    int hours, minutes, direction = **at == '-' ? -1 : 1;

    if (sign(at, 'Z') || sign(at, 'z')) {
        *ret_seconds = 0;
        return true;
    }
    if ((!sign(at, '+') && !sign(at, '-')) || !digits(at, 2, &hours) || !sign(at, ':') ||
        !digits(at, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_seconds = direction * (hours * 3600L + minutes * 60L);
    return true;
}

/* mktime turns February 30 into March 2; nobody means that. */
static bool is_same(const struct tm *a, const struct tm *b)
{
    return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon && a->tm_mday == b->tm_mday &&
           a->tm_hour == b->tm_hour && a->tm_min == b->tm_min && a->tm_sec == b->tm_sec;
}

static int parse_calendar(const char *text, bool is_end, int64_t *ret_ns)
{
    struct tm tm = {.tm_isdst = -1}, made;
    int64_t fraction_ns = 0;
    bool has_offset = false;
    long east = 0;
    time_t seconds;

    if (!date(&text, &tm))
        return -EINVAL;
    if (*text) {
        is_end = false;
        if ((!sign(&text, ' ') && !sign(&text, 'T') && !sign(&text, 't')) ||
            !time_of_day(&text, &tm, &fraction_ns))
            return -EINVAL;
        has_offset = *text != '\0';
        if (has_offset && !offset(&text, &east))
            return -EINVAL;
    }
    if (*text || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 59)
        return -EINVAL;
    made = tm;
    seconds = has_offset ? timegm(&made) : mktime(&made);
    /* An hour that a clock change left out is moved, too, but it is meant. */
    made.tm_hour = tm.tm_hour;
    made.tm_min = tm.tm_min;
    if (!is_same(&tm, &made))
        return -EINVAL;
    if (is_end) { /* a day has 23 to 25 hours */
        tm.tm_mday++;
        tm.tm_isdst = -1;
        seconds = mktime(&tm);
    }
    seconds -= east;
    if (seconds < 0 || seconds > INT64_MAX / SECOND_NS - 1)
        return -ERANGE;
    *ret_ns = (int64_t)seconds * SECOND_NS + fraction_ns;
    return 0;
}

int moment_parse(const char *text, bool is_end, int64_t now_ns, int64_t *ret_ns)
{
    size_t len = strlen(text);
    int64_t span_ns;

    /* A bare number is a duration too (in seconds), but here more likely half a date. */
    if (len > 0 && isalpha((unsigned char)text[len - 1]) && parse_duration(text, &span_ns) == 0) {
        if (span_ns < 0 || span_ns > now_ns)
            return -ERANGE;
        *ret_ns = now_ns - span_ns;
        return 0;
    }
    return parse_calendar(text, is_end, ret_ns);
}
