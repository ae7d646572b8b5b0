/* SPDX-License-Identifier: ISC */
/* A block of addresses. One that is read must hold its first and its last address and, unless it holds all,
 * not the ones beside them; one that is refused must be refused in one line. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "net/endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds)
        abort();
}

static struct endpoint endpoint_of(int family, const uint8_t *bytes)
{
    struct endpoint e = {.len = 0};

    e.sa.sa_family = (sa_family_t)family;
    if (family == AF_INET) {
        memcpy(&e.in4.sin_addr, bytes, 4);
        e.len = sizeof(e.in4);
    } else {
        memcpy(&e.in6.sin6_addr, bytes, 16);
        e.len = sizeof(e.in6);
    }
    return e;
}

static void check_block(const struct cidr *block)
{
    int len = block->family == AF_INET ? 4 : 16;
    uint8_t first[16], last[16];
    struct endpoint e;

    check(block->family == AF_INET || block->family == AF_INET6);
    check(block->bits <= 8 * len);
    memcpy(first, block->bytes, sizeof(first));
    memcpy(last, block->bytes, sizeof(last));
    for (int bit = block->bits; bit < 8 * len; bit++) {
        check(!(first[bit / 8] >> (7 - bit % 8) & 1));
        last[bit / 8] |= (uint8_t)(1 << (7 - bit % 8));
    }
    e = endpoint_of(block->family, first);
    check(block->family == AF_INET || !IN6_IS_ADDR_V4MAPPED(&e.in6.sin6_addr));
    check(cidr_contains(block, &e));
    e = endpoint_of(block->family, last);
    check(cidr_contains(block, &e) || (block->family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&e.in6.sin6_addr)));
    if (block->bits > 0) {
        int bit = block->bits - 1;

        first[bit / 8] ^= (uint8_t)(1 << (7 - bit % 8));
        e = endpoint_of(block->family, first);
        check(!cidr_contains(block, &e));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = xmemdup0(data, size);
    struct cidr block = {.family = -1};
    struct err err = {.kind = ERR_NONE};

    if (cidr_parse(&block, text, &err) == 0) {
        check_block(&block);
    } else {
        check(err.kind == ERR_MISUSE && err.text[0]);
        check(block.family == -1);
    }
    free(text);
    return 0;
}
