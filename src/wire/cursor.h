/* SPDX-License-Identifier: ISC */
#ifndef WIRE_CURSOR_H
#define WIRE_CURSOR_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A place in bytes that somebody else wrote, and where they end. Every decoder reads through these: a get_
 * that returns false has read nothing and moved nothing, so no length in a packet is ever believed.
 *
 * A header of fixed length is checked once, as a whole: get_bytes gives where it lies, and load_be16 and the
 * like read inside it at offsets that are constants. That is one comparison a header instead of one a field,
 * which shows at five million packets. */
struct cursor {
    const uint8_t *at, *end;
};

static inline struct cursor cursor_of(const void *data, size_t len)
{
    /* Of nothing there may be no place either, to which C adds not even 0. */
    return (struct cursor){.at = data, .end = len ? (const uint8_t *)data + len : data};
}

static inline size_t cursor_left(const struct cursor *c)
{
    return (size_t)(c->end - c->at);
}

/* Makes it end after len bytes, or where it ends anyhow. */
static inline void cursor_limit(struct cursor *c, size_t len)
{
    if (len < cursor_left(c))
        c->end = c->at + len;
}

/* These read bytes that have been checked. */

static inline uint16_t load_be16(const uint8_t *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof(v));
    return be16toh(v);
}

static inline uint32_t load_be32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return be32toh(v);
}

static inline uint16_t load_le16(const uint8_t *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof(v));
    return le16toh(v);
}

static inline uint32_t load_le32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return le32toh(v);
}

/* For files whose writer chose the order. */
static inline uint16_t load_u16(const uint8_t *p, bool is_big)
{
    return is_big ? load_be16(p) : load_le16(p);
}

static inline uint32_t load_u32(const uint8_t *p, bool is_big)
{
    return is_big ? load_be32(p) : load_le32(p);
}

/* These check, read and move on. */

static inline bool get_bytes(struct cursor *c, size_t len, const uint8_t **ret)
{
    if (cursor_left(c) < len)
        return false;
    *ret = c->at;
    c->at += len;
    return true;
}

static inline bool get_skip(struct cursor *c, size_t len)
{
    const uint8_t *passed;

    return get_bytes(c, len, &passed);
}

static inline bool get_u8(struct cursor *c, uint8_t *ret)
{
    const uint8_t *p;

    if (!get_bytes(c, 1, &p))
        return false;
    *ret = *p;
    return true;
}

static inline bool get_be16(struct cursor *c, uint16_t *ret)
{
    const uint8_t *p;

    if (!get_bytes(c, 2, &p))
        return false;
    *ret = load_be16(p);
    return true;
}

static inline bool get_be32(struct cursor *c, uint32_t *ret)
{
    const uint8_t *p;

    if (!get_bytes(c, 4, &p))
        return false;
    *ret = load_be32(p);
    return true;
}

/* Cuts the next len bytes out as a cursor of their own. */
static inline bool get_part(struct cursor *c, size_t len, struct cursor *ret)
{
    const uint8_t *p;

    if (!get_bytes(c, len, &p))
        return false;
    *ret = cursor_of(p, len);
    return true;
}

#endif
