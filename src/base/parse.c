/* SPDX-License-Identifier: ISC */
#include "base/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t factor;
};

/* isdigit() would ask the locale. */
static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int parse_number(const char *text, int64_t min, int64_t max, int64_t *ret_number)
{
    const char *digits = text + (*text == '-' || *text == '+');
    char *end;
    long long number;

    /* strtoll alone would take spaces in front. */
    if (!is_digit(*digits))
        return -EINVAL;
    errno = 0;
    number = strtoll(text, &end, 10);
    if (*end)
        return -EINVAL;
    if (errno == ERANGE || number < min || number > max)
        return -ERANGE;
    *ret_number = number;
    return 0;
}

/* digits[.digits][unit], in whole numbers throughout: 0.1s is 100000000 ns and not one less. A bare number
 * takes the first unit. */
static int parse_with_unit(const char *text, const struct unit *units, uint64_t max, uint64_t *ret_value)
{
    uint64_t whole = 0, fraction = 0, scale = 1;
    unsigned __int128 value;
    const char *p = text;
    int too_large = 0;

    for (; is_digit(*p); p++) {
        too_large |= __builtin_mul_overflow(whole, 10, &whole);
        too_large |= __builtin_add_overflow(whole, (uint64_t)(*p - '0'), &whole);
    }
    if (*p == '.') {
        const char *first = ++p;

        for (; is_digit(*p); p++) {
            if (scale < 1000000000000000000u) { /* digits past the 18th say nothing any more */
                fraction = fraction * 10 + (uint64_t)(*p - '0');
                scale *= 10;
            }
        }
        if (p == first)
            return -EINVAL;
    } else if (p == text) {
        return -EINVAL;
    }
    if (*p)
        while (units->name && strcmp(p, units->name) != 0)
            units++;
    if (!units->name)
        return -EINVAL;
    value = (unsigned __int128)whole * units->factor + (unsigned __int128)fraction * units->factor / scale;
    if (too_large || value > max)
        return -ERANGE;
    *ret_value = (uint64_t)value;
    return 0;
}

int parse_duration(const char *text, int64_t *ret_ns)
{
    static const struct unit units[] = {
        {"s", 1000000000},
        {"ms", 1000000},
        {"us", 1000},
        {"µs", 1000},
        {"ns", 1},
        {"m", 60 * 1000000000ull},
        {"min", 60 * 1000000000ull},
        {"h", 3600 * 1000000000ull},
        {"d", 86400 * 1000000000ull},
        {0},
    };
    uint64_t value;
    int code = parse_with_unit(text, units, INT64_MAX, &value);

    if (code == 0)
        *ret_ns = (int64_t)value;
    return code;
}

int parse_size(const char *text, uint64_t *ret_bytes)
{
    static const struct unit units[] = {
        {"B", 1},
        {"k", 1ull << 10},
        {"K", 1ull << 10},
        {"KiB", 1ull << 10},
        {"kB", 1000},
        {"M", 1ull << 20},
        {"MiB", 1ull << 20},
        {"MB", 1000000},
        {"G", 1ull << 30},
        {"GiB", 1ull << 30},
        {"GB", 1000000000},
        {"T", 1ull << 40},
        {"TiB", 1ull << 40},
        {"TB", 1000000000000},
        {0},
    };

    return parse_with_unit(text, units, UINT64_MAX, ret_bytes);
}

int parse_percent(const char *text, uint32_t *ret_ppb)
{
    static const struct unit units[] = {{"%", PARSE_BILLION / 100}, {0}};
    size_t len = strlen(text);
    uint64_t value;
    int code;

    /* Bare it might be a share of 1 as well. */
    if (len == 0 || text[len - 1] != '%')
        return -EINVAL;
    code = parse_with_unit(text, units, PARSE_BILLION, &value);
    if (code == 0)
        *ret_ppb = (uint32_t)value;
    return code;
}

int parse_rate(const char *text, uint64_t *ret_bits_per_s)
{
    static const struct unit units[] = {
        {"bit", 1},
        {"kbit", 1000},
        {"mbit", 1000000},
        {"gbit", 1000000000},
        {"bit/s", 1},
        {"kbit/s", 1000},
        {"mbit/s", 1000000},
        {"gbit/s", 1000000000},
        {"Kbit", 1000},
        {"Mbit", 1000000},
        {"Gbit", 1000000000},
        {"Kbit/s", 1000},
        {"Mbit/s", 1000000},
        {"Gbit/s", 1000000000},
        {0},
    };

    return parse_with_unit(text, units, UINT64_MAX, ret_bits_per_s);
}
