/* SPDX-License-Identifier: ISC */
/* The writing side of pcapng: see pcapng.c for how a block looks. A block's length stands at its beginning,
 * so it is filled in when its end is known. */
#include "wire/pcapng_writer.h"

#include <endian.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

enum { BLOCK_INTERFACE = 1, BLOCK_ENHANCED = 6, BLOCK_SECTION = 0x0a0d0d0a };
enum { OPTION_END = 0, OPTION_COMMENT = 1, SHB_USERAPPL = 4, IF_NAME = 2, IF_TSRESOL = 9 };

#define BYTE_ORDER_MAGIC 0x1a2b3c4dU
#define TSRESOL_NS 9
#define OPTION_MAX_BYTES 65535

static void put_u16(struct buf *out, uint16_t v)
{
    v = htole16(v);
    buf_append(out, &v, sizeof(v));
}

static void put_u32(struct buf *out, uint32_t v)
{
    v = htole32(v);
    buf_append(out, &v, sizeof(v));
}

static void put_padded(struct buf *out, const void *data, size_t len)
{
    static const uint8_t zero[3] = {0};

    buf_append(out, data, len);
    buf_append(out, zero, -len & 3U);
}

static void put_option(struct buf *out, uint16_t code, const void *data, size_t len)
{
    put_u16(out, code);
    put_u16(out, (uint16_t)len);
    put_padded(out, data, len);
}

static void put_text(struct buf *out, uint16_t code, const char *text)
{
    if (text)
        put_option(out, code, text, utf8_truncate(text, strlen(text), OPTION_MAX_BYTES));
}

/* Returns what end_block needs: how far from the front the block began. */
static size_t begin_block(struct buf *out, uint32_t type)
{
    size_t start = out->len;

    put_u32(out, type);
    put_u32(out, 0);
    return start;
}

static void end_block(struct buf *out, size_t start)
{
    uint32_t bytes = htole32((uint32_t)(out->len - start + 4));

    memcpy(buf_head(out) + start + 4, &bytes, sizeof(bytes));
    buf_append(out, &bytes, sizeof(bytes));
}

void pcapng_begin(struct buf *out, const char *application)
{
    size_t start = begin_block(out, BLOCK_SECTION);

    put_u32(out, BYTE_ORDER_MAGIC);
    put_u16(out, 1);
    put_u16(out, 0);
    /* The section's length: not known, -1. */
    put_u32(out, 0xffffffff);
    put_u32(out, 0xffffffff);
    if (application) {
        put_text(out, SHB_USERAPPL, application);
        put_option(out, OPTION_END, NULL, 0);
    }
    end_block(out, start);
}

void pcapng_add_interface(struct buf *out, uint16_t linktype, uint32_t snaplen, const char *name)
{
    size_t start = begin_block(out, BLOCK_INTERFACE);
    uint8_t tsresol = TSRESOL_NS;

    put_u16(out, linktype);
    put_u16(out, 0);
    put_u32(out, snaplen);
    put_text(out, IF_NAME, name);
    put_option(out, IF_TSRESOL, &tsresol, sizeof(tsresol));
    put_option(out, OPTION_END, NULL, 0);
    end_block(out, start);
}

void pcapng_add_packet(struct buf *out, uint32_t interface, int64_t time_ns, const void *data,
    uint32_t captured_bytes, uint32_t wire_bytes, const char *comment)
{
    size_t start = begin_block(out, BLOCK_ENHANCED);

    put_u32(out, interface);
    put_u32(out, (uint32_t)((uint64_t)time_ns >> 32));
    put_u32(out, (uint32_t)time_ns);
    put_u32(out, captured_bytes);
    put_u32(out, wire_bytes);
    put_padded(out, data, captured_bytes);
    if (comment) {
        put_text(out, OPTION_COMMENT, comment);
        put_option(out, OPTION_END, NULL, 0);
    }
    end_block(out, start);
}
