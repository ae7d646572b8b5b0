/* SPDX-License-Identifier: ISC */
/* A file of known peers of any bytes: either one line says what is wrong, or every peer in it is found by its
 * address, and what is said of it reads the same when it is written as a line of its own. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "talk/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static bool is_same(const struct trust_peer *a, const struct trust_peer *b)
{
    return strcmp(a->address, b->address) == 0 && strcmp(a->what, b->what) == 0 &&
           strcmp(a->since, b->since) == 0 && a->pinned == b->pinned;
}

static void check_peer(const struct trust *t, const struct trust_peer *peer)
{
    struct tls_facts facts = {.verified = true, .psk = true};
    struct str line = STR_INIT;
    struct trust *again = NULL;
    struct addr addr;

    check(addr_parse(&addr, peer->address, ADDR_CALL, NULL) == 0 && addr_is_secure(addr.scheme));
    check(trust_find(t, &addr) == peer);
    check(strcmp(peer->what, "authority") == 0 || strlen(peer->what) == TLS_PIN_TEXT_BYTES - 1);
    str_appendf(&line, "%s %s %s%s", peer->address, peer->what, peer->since, peer->pinned ? " pinned" : "");
    check(trust_parse(line.data, line.len, "f", &again, NULL) == 0 && trust_count(again) == 1);
    check(is_same(peer, trust_at(again, 0)));
    check(trust_judge(again, &addr, &facts, NULL) == TRUST_KNOWN);
    trust_free(again);
    str_done(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trust *t = NULL;
    struct err err = {0};

    if (trust_parse((const char *)data, size, "f", &t, &err) < 0) {
        check(!t && err.kind == ERR_INPUT && strncmp(err.text, "f:", 2) == 0);
        return 0;
    }
    for (size_t i = 0; i < trust_count(t); i++)
        check_peer(t, trust_at(t, i));
    trust_free(t);
    return 0;
}
