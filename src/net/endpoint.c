/* SPDX-License-Identifier: ISC */
/* Socket addresses as values: read, shown, compared, hashed.
 *
 * One peer must be one value. The same IPv4 peer may come as IPv4 or mapped into IPv6, a unix path with or
 * without the NUL behind it, so everything that compares goes through struct identity. */
#include "net/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

/* What tells one end from another, with the address family's spelling taken away. */
struct identity {
    int family;
    const uint8_t *bytes;
    size_t len;
    uint16_t port; /* network order */
    uint32_t scope;
};

/* Bytes of the name: an abstract one's count with its leading NUL, a path's up to the NUL that may end it. */
static size_t unix_name_len(const struct endpoint *e)
{
    if (e->len <= PATH_OFFSET)
        return 0;
    size_t len = e->len - PATH_OFFSET;
    return e->un.sun_path[0] ? strnlen(e->un.sun_path, len) : len;
}

static struct identity identify(const struct endpoint *e)
{
    switch (e->sa.sa_family) {
    case AF_INET:
        return (struct identity){AF_INET, (const uint8_t *)&e->in4.sin_addr, 4, e->in4.sin_port, 0};
    case AF_INET6:
        if (IN6_IS_ADDR_V4MAPPED(&e->in6.sin6_addr))
            return (struct identity){AF_INET, e->in6.sin6_addr.s6_addr + 12, 4, e->in6.sin6_port, 0};
        return (struct identity){
            AF_INET6, e->in6.sin6_addr.s6_addr, 16, e->in6.sin6_port, e->in6.sin6_scope_id};
    case AF_UNIX:
        return (struct identity){AF_UNIX, (const uint8_t *)e->un.sun_path, unix_name_len(e), 0, 0};
    default:
        return (struct identity){AF_UNSPEC, (const uint8_t *)"", 0, 0, 0};
    }
}

bool endpoint_from_sockaddr(struct endpoint *ret, const struct sockaddr *sa, socklen_t len)
{
    struct endpoint e = {.len = 0};
    size_t least = 0;

    if (len > offsetof(struct endpoint, len))
        return false;
    if (len >= sizeof(sa->sa_family)) {
        memcpy(&e, sa, len);
        least = e.sa.sa_family == AF_INET ? sizeof(e.in4) : e.sa.sa_family == AF_INET6 ? sizeof(e.in6) : 0;
    }
    if (len < least)
        return false;
    e.len = len;
    /* The kernel names an unnamed unix socket by a length of 0 or by a family with nothing behind it. */
    if (len <= PATH_OFFSET)
        memset(&e, 0, sizeof(e));
    *ret = e;
    return true;
}

/* An interface by name or by number. */
static int scope_from_text(const char *text, uint32_t *ret)
{
    char *end;
    unsigned long number;

    *ret = if_nametoindex(text);
    if (*ret)
        return 0;
    if (*text < '1' || *text > '9')
        return -ENODEV;
    number = strtoul(text, &end, 10);
    if (*end || number > INT32_MAX)
        return -ENODEV;
    *ret = (uint32_t)number;
    return 0;
}

int endpoint_from_numeric(struct endpoint *ret, const char *host, uint16_t port)
{
    struct endpoint e = {.len = 0};
    char bare[INET6_ADDRSTRLEN];
    const char *percent = strchr(host, '%');
    size_t len = percent ? (size_t)(percent - host) : strlen(host);
    int r;

    if (len >= sizeof(bare))
        return -EINVAL;
    memcpy(bare, host, len);
    bare[len] = '\0';

    if (!percent && inet_pton(AF_INET, bare, &e.in4.sin_addr) == 1) {
        e.in4.sin_family = AF_INET;
        e.in4.sin_port = htons(port);
        e.len = sizeof(e.in4);
    } else if (inet_pton(AF_INET6, bare, &e.in6.sin6_addr) == 1) {
        e.in6.sin6_family = AF_INET6;
        e.in6.sin6_port = htons(port);
        e.len = sizeof(e.in6);
        r = percent ? scope_from_text(percent + 1, &e.in6.sin6_scope_id) : 0;
        if (r < 0)
            return r;
    } else {
        return -EINVAL;
    }
    *ret = e;
    return 0;
}

int endpoint_from_path(struct endpoint *ret, const char *path)
{
    struct endpoint e = {.len = 0};
    size_t len = strlen(path);
    bool abstract = path[0] == '@';

    if (len == 0 || (abstract && len == 1))
        return -EINVAL;
    /* The kernel would take 108 bytes with no NUL behind them; too many programs would not. */
    if (len >= sizeof(e.un.sun_path))
        return -ENAMETOOLONG;
    e.un.sun_family = AF_UNIX;
    memcpy(e.un.sun_path, path, len);
    if (abstract)
        e.un.sun_path[0] = '\0';
    e.len = (socklen_t)(PATH_OFFSET + len + !abstract);
    *ret = e;
    return 0;
}

/* The address alone; "" if there is none. A unix name comes from the peer: what could move a cursor is
 * taken out here. */
static void format_host(const struct endpoint *e, char *text, size_t size)
{
    struct identity id = identify(e);
    char name[IF_NAMESIZE];
    size_t used;

    text[0] = '\0';
    if (id.family == AF_INET || id.family == AF_INET6) {
        inet_ntop(id.family, id.bytes, text, (socklen_t)size);
        used = strlen(text);
        if (id.scope && if_indextoname(id.scope, name))
            snprintf(text + used, size - used, "%%%s", name);
        else if (id.scope)
            snprintf(text + used, size - used, "%%%u", id.scope);
    } else if (id.family == AF_UNIX && id.len > 0) {
        size_t i;

        for (i = 0; i < id.len && i < size - 1; i++)
            text[i] = (char)(id.bytes[i] < 0x20 || id.bytes[i] == 0x7f ? '?' : id.bytes[i]);
        text[i] = '\0';
        if (id.bytes[0] == '\0')
            text[0] = '@';
    }
}

const char *endpoint_format_host(const struct endpoint *e, char text[ENDPOINT_TEXT_BYTES])
{
    format_host(e, text, ENDPOINT_TEXT_BYTES);
    if (!text[0])
        memcpy(text, "-", 2);
    return text;
}

const char *endpoint_format(const struct endpoint *e, char text[ENDPOINT_TEXT_BYTES])
{
    struct identity id = identify(e);
    char host[ENDPOINT_TEXT_BYTES - 16];

    if (id.family != AF_INET && id.family != AF_INET6)
        return endpoint_format_host(e, text);
    format_host(e, host, sizeof(host));
    snprintf(text, ENDPOINT_TEXT_BYTES, id.family == AF_INET ? "%s:%u" : "[%s]:%u", host,
        (unsigned)ntohs(id.port));
    return text;
}

uint16_t endpoint_port(const struct endpoint *e)
{
    return ntohs(identify(e).port);
}

bool endpoint_is_same_host(const struct endpoint *a, const struct endpoint *b)
{
    struct identity x = identify(a), y = identify(b);

    return x.family == y.family && x.len == y.len && x.scope == y.scope &&
           memcmp(x.bytes, y.bytes, x.len) == 0;
}

bool endpoint_is_equal(const struct endpoint *a, const struct endpoint *b)
{
    /* Ports differ far more often than they agree, and cost least to compare. */
    return identify(a).port == identify(b).port && endpoint_is_same_host(a, b);
}

static inline uint64_t rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static inline void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

/* SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"), with 64 bits of key in place of
 * 128: enough against a peer who never sees a hash. */
static uint64_t hash(const struct identity *id, uint64_t more, uint64_t key)
{
    uint64_t v[4] = {key ^ 0x736f6d6570736575, ~key ^ 0x646f72616e646f6d, key ^ 0x6c7967656e657261,
        ~key ^ 0x7465646279746573};
    const uint8_t *at = id->bytes;
    size_t left = id->len;
    uint64_t word;

    for (; left >= sizeof(word); left -= sizeof(word), at += sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        sip_word(v, word);
    }
    word = (uint64_t)id->len << 56 | more << 32;
    sip_word(v, word ^ (uint64_t)id->scope);
    word = 0;
    memcpy(&word, at, left);
    sip_word(v, word);
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t endpoint_hash(const struct endpoint *e, uint64_t key)
{
    struct identity id = identify(e);

    return hash(&id, 0x10000u | id.port, key);
}

uint64_t endpoint_hash_host(const struct endpoint *e, uint64_t key)
{
    struct identity id = identify(e);

    return hash(&id, 0, key);
}

/* Clears the bits behind the prefix; true if there were any. */
static bool mask(uint8_t *bytes, size_t len, unsigned bits)
{
    bool any = false;

    for (size_t i = 0; i < len; i++) {
        unsigned keep = bits >= 8 * (i + 1) ? 8 : bits > 8 * i ? bits - 8 * (unsigned)i : 0;
        uint8_t behind = (uint8_t)(0xff >> keep);

        any |= (bytes[i] & behind) != 0;
        bytes[i] &= (uint8_t)~behind;
    }
    return any;
}

static int parse_bits(const char *text, unsigned most)
{
    unsigned bits = 0;

    if (!*text || strlen(text) > 3 || strspn(text, "0123456789") != strlen(text))
        return -EINVAL;
    for (; *text; text++)
        bits = bits * 10 + (unsigned)(*text - '0');
    return bits <= most ? (int)bits : -EINVAL;
}

int cidr_parse(struct cidr *ret, const char *text, struct err *err)
{
    struct cidr block = {.family = AF_INET};
    char address[INET6_ADDRSTRLEN] = "";
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    struct in6_addr in6;
    int most, bits;

    if (len < sizeof(address))
        memcpy(address, text, len);
    if (inet_pton(AF_INET, address, block.bytes) != 1) {
        block.family = AF_INET6;
        if (inet_pton(AF_INET6, address, block.bytes) != 1)
            return err_set(err, ERR_MISUSE, -EINVAL,
                _("%s: not a block of addresses; write 10.0.0.0/8, 2001:db8::/32 or one address"), text);
    }
    most = block.family == AF_INET ? 32 : 128;
    bits = slash ? parse_bits(slash + 1, (unsigned)most) : most;
    if (bits < 0)
        return err_set(
            err, ERR_MISUSE, -EINVAL, _("%s: behind the slash goes a number from 0 to %d"), text, most);
    block.bits = (uint8_t)bits;
    if (mask(block.bytes, sizeof(block.bytes), block.bits)) {
        inet_ntop(block.family, block.bytes, address, sizeof(address));
        return err_set(
            err, ERR_MISUSE, -EINVAL, _("%s: bits set behind the prefix; %s/%d?"), text, address, bits);
    }
    memcpy(&in6, block.bytes, sizeof(in6));
    if (block.family == AF_INET6 && bits >= 96 && IN6_IS_ADDR_V4MAPPED(&in6)) {
        memmove(block.bytes, block.bytes + 12, 4);
        memset(block.bytes + 4, 0, 12);
        block.family = AF_INET;
        block.bits -= 96;
    }
    *ret = block;
    return 0;
}

bool cidr_contains(const struct cidr *block, const struct endpoint *e)
{
    struct identity id = identify(e);
    size_t whole = block->bits / 8;
    unsigned rest = block->bits % 8;

    if (id.family != block->family || memcmp(id.bytes, block->bytes, whole) != 0)
        return false;
    return rest == 0 || (id.bytes[whole] ^ block->bytes[whole]) >> (8 - rest) == 0;
}
