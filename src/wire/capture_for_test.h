/* SPDX-License-Identifier: ISC */
#ifndef WIRE_CAPTURE_FOR_TEST_H
#define WIRE_CAPTURE_FOR_TEST_H

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "wire/cursor.h"

/* Literal bytes for the tests of the decoders, written as hex with spaces between the fields. */
struct bytes {
    uint8_t at[2048];
    size_t len;
};

static inline struct bytes bytes_of(const char *hex)
{
    struct bytes b = {.len = 0};
    char dense[2 * sizeof(b.at) + 1];
    size_t digits = 0;
    int code;

    for (; *hex; hex++)
        if (*hex != ' ') {
            assert(digits < sizeof(dense) - 1);
            dense[digits++] = *hex;
        }
    dense[digits] = '\0';
    b.len = digits / 2;
    code = hex_decode(dense, b.at, b.len);
    assert(code == 0);
    (void)code;
    return b;
}

/* The first len of them in memory that ends with them, so that ASan sees a step too far; to be freed. */
static inline uint8_t *bytes_exactly(const struct bytes *b, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    assert(copy != NULL);
    memcpy(copy, b->at, len);
    return copy;
}

#endif
