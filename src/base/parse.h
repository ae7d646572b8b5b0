/* SPDX-License-Identifier: ISC */
#ifndef BASE_PARSE_H
#define BASE_PARSE_H

#include <stdint.h>

/* Numbers as people write them. The whole text must be the number: no spaces, nothing behind it. Each
 * returns 0, -EINVAL when the text is no such thing, or -ERANGE when it is one but too small or too large;
 * ret_* is untouched on failure. */

/* Decimal digits, with a sign allowed before them. */
int parse_number(const char *text, int64_t min, int64_t max, int64_t *ret_number);

/* A duration with a unit, such as 500ms, 5s, 1.5s, 2m: ns, us, ms, s, m, h, d; bare, it is in seconds. What
 * is finer than a nanosecond is rounded down. At most INT64_MAX (292 years). */
int parse_duration(const char *text, int64_t *ret_ns);

/* A number of bytes, such as 1500, 64k, 1.5M, 1GiB. Units as in GNU dd: k, M, G, T (also as K, KiB, MiB, ...)
 * are powers of 1024, and kB, MB, GB, TB of 1000. A fraction of a byte is rounded down. */
int parse_size(const char *text, uint64_t *ret_bytes);

/* A share with its sign, such as 5%, 0.01%, 100%, in parts per billion; what is finer is rounded down. More
 * than 100% is -ERANGE. */
#define PARSE_BILLION 1000000000U
int parse_percent(const char *text, uint32_t *ret_ppb);

/* So many bits a second, such as 64kbit, 1.5mbit, 1Gbit/s; bare, in bit/s. Units are powers of 1000. */
int parse_rate(const char *text, uint64_t *ret_bits_per_s);

#endif
