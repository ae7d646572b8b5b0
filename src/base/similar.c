/* SPDX-License-Identifier: ISC */
#include "base/similar.h"

#include <string.h>

#define NAME_MAX_BYTES 64 /* no name of ours is longer; keeps the table small whatever was typed */

/* Optimal string alignment: Levenshtein's distance where two letters swapped are one slip. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][NAME_MAX_BYTES + 1];

    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *now = rows[i % 3], *above = rows[(i - 1) % 3];

        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);

            if (best > above[j] + 1)
                best = above[j] + 1;
            if (best > now[j - 1] + 1)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                best > rows[(i - 2) % 3][j - 2] + 1)
                best = rows[(i - 2) % 3][j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[a_len % 3][b_len];
}

size_t similar_slips(const char *typed, size_t typed_len, const char *name, size_t name_len)
{
    size_t limit = 2 + typed_len / 4; /* slips from which on it is a different word */
    size_t slips;

    if (typed_len == 0 || typed_len > NAME_MAX_BYTES || name_len > NAME_MAX_BYTES)
        return SIMILAR_NOT;
    if (typed_len >= 2 && typed_len <= name_len && memcmp(typed, name, typed_len) == 0)
        return typed_len == name_len ? 0 : 1;
    slips = distance(typed, typed_len, name, name_len);
    return slips < limit && slips < typed_len ? slips : SIMILAR_NOT;
}
