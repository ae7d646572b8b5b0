/* SPDX-License-Identifier: ISC */
/* Which contact is it? By an address, or by the endpoint that a datagram came from. Names of hosts are not
 * looked up here: nothing leaves this machine only because somebody wrote to us. */
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "talk/chat_inside.h"

#define ENDPOINTS 2 /* localhost is two */

struct known {
    size_t at; /* in the book */
    struct addr addr;
    struct endpoint endpoints[ENDPOINTS];
    int n_endpoints;
};

struct chat_names {
    struct known *known;
    size_t count;
};

static void find_endpoints(struct known *k)
{
    static const char *const loopbacks[] = {"127.0.0.1", "::1"};

    if (addr_is_local(k->addr.scheme))
        k->n_endpoints = endpoint_from_path(&k->endpoints[0], k->addr.path) == 0;
    else if (strcmp(k->addr.host, "localhost") != 0)
        k->n_endpoints = endpoint_from_numeric(&k->endpoints[0], k->addr.host, k->addr.port) == 0;
    else
        for (size_t i = 0; i < ENDPOINTS; i++)
            k->n_endpoints +=
                endpoint_from_numeric(&k->endpoints[k->n_endpoints], loopbacks[i], k->addr.port) == 0;
}

struct chat_names *chat_names_new(const struct book *book)
{
    struct chat_names *n = xcalloc(1, sizeof(*n));

    for (size_t i = 0; book && i < book_count(book); i++) {
        const struct book_entry *entry = book_at(book, i);

        for (size_t j = 0; j < entry->n_addresses; j++) {
            struct known k = {.at = i};

            if (addr_parse(&k.addr, entry->addresses[j], ADDR_CALL, NULL) < 0)
                continue; /* said when somebody wants to call it */
            find_endpoints(&k);
            n->known = xreallocarray(n->known, n->count + 1, sizeof(*n->known));
            n->known[n->count++] = k;
        }
    }
    return n;
}

void chat_names_free(struct chat_names *n)
{
    if (!n)
        return;
    free(n->known);
    free(n);
}

const struct book_entry *chat_names_of_addr(
    const struct chat_names *n, const struct book *book, const struct addr *addr)
{
    for (size_t i = 0; i < n->count; i++) {
        const struct addr *own = &n->known[i].addr;

        if (own->scheme == addr->scheme && own->port == addr->port && strcmp(own->host, addr->host) == 0 &&
            strcmp(own->path, addr->path) == 0)
            return book_at(book, n->known[i].at);
    }
    return NULL;
}

const struct book_entry *chat_names_of_endpoint(
    const struct chat_names *n, const struct book *book, enum addr_scheme scheme, const struct endpoint *e)
{
    for (size_t i = 0; i < n->count; i++) {
        const struct known *k = &n->known[i];

        for (int j = 0; j < k->n_endpoints && k->addr.scheme == scheme; j++)
            if (endpoint_is_equal(&k->endpoints[j], e))
                return book_at(book, k->at);
    }
    return NULL;
}
