/* SPDX-License-Identifier: ISC */
/* zlib over a descriptor. A gzip file is one or more members, one behind the other (RFC 1952, section 2.2):
 * `cat a.gz b.gz` and parallel compressors make such, so the end of one is not the end. */
#include "see/inflate.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/xmalloc.h"

#define INPUT_BYTES 65536
/* zlib's number for "gzip, the largest window". */
#define WINDOW_BITS_GZIP (15 + 16)
#define MEMBER_FIRST_BYTE 0x1f

struct inflate {
    z_stream stream;
    int fd;
    bool in_member;  /* past the first byte of one, before its end */
    bool had_member; /* at least one has ended */
    bool at_end;     /* of the file */
    uint64_t offset;
    uint8_t input[INPUT_BYTES];
};

struct inflate *inflate_new(int fd, const uint8_t *first, size_t first_bytes)
{
    struct inflate *z = xcalloc(1, sizeof(*z));

    z->fd = fd;
    memcpy(z->input, first, first_bytes);
    z->stream.next_in = z->input;
    z->stream.avail_in = (unsigned)first_bytes;
    /* Fails for want of memory alone. */
    if (inflateInit2(&z->stream, WINDOW_BITS_GZIP) != Z_OK) {
        free(z);
        return NULL;
    }
    return z;
}

void inflate_free(struct inflate *z)
{
    if (!z)
        return;
    inflateEnd(&z->stream);
    free(z);
}

static int fill(struct inflate *z)
{
    ssize_t got;

    do
        got = read(z->fd, z->input, sizeof(z->input));
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    z->at_end = got == 0;
    z->stream.next_in = z->input;
    z->stream.avail_in = (unsigned)got;
    return 0;
}

ssize_t inflate_read(struct inflate *z, uint8_t *data, size_t size)
{
    int code, status;

    z->stream.next_out = data;
    z->stream.avail_out = size > UINT_MAX ? UINT_MAX : (unsigned)size;
    while (z->stream.next_out == data) {
        size_t had;

        if (z->stream.avail_in == 0 && !z->at_end && (code = fill(z)) < 0)
            return code;
        if (z->stream.avail_in == 0)
            return z->in_member ? -ENODATA : 0;
        /* Tapes and careless writers leave padding behind the last member; gzip passes over it, too. */
        if (!z->in_member && z->had_member && *z->stream.next_in != MEMBER_FIRST_BYTE)
            return 0;
        if (!z->in_member)
            inflateReset(&z->stream);
        z->in_member = true;
        had = z->stream.avail_in;
        status = inflate(&z->stream, Z_NO_FLUSH);
        z->offset += had - z->stream.avail_in;
        if (status == Z_STREAM_END) {
            z->in_member = false;
            z->had_member = true;
        } else if (status != Z_OK && status != Z_BUF_ERROR) {
            return z->stream.next_out > data ? z->stream.next_out - data : -EBADMSG;
        }
    }
    return z->stream.next_out - data;
}

uint64_t inflate_offset(const struct inflate *z)
{
    return z->offset;
}
