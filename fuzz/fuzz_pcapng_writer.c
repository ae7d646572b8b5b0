/* SPDX-License-Identifier: ISC */
/* Packets cut out of the bytes, with times, lengths and comments from them: what is written must be read back
 * the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xmalloc.h"
#include "wire/pcapfile.h"
#include "wire/pcapng_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds)
        abort();
}

struct one {
    const uint8_t *data;
    uint8_t captured, more, interface;
    int64_t time_ns;
    char *comment;
};

/* 8 bytes of numbers, the packet, a comment as long as another byte says. */
static bool cut_one(struct cursor *in, struct one *ret)
{
    const uint8_t *fixed, *text;

    if (!get_bytes(in, 8, &fixed))
        return false;
    ret->captured = (uint8_t)(fixed[0] % (cursor_left(in) + 1));
    ret->more = fixed[1];
    ret->interface = fixed[2] & 1;
    ret->time_ns = (int64_t)load_be32(fixed + 3) << 31;
    check(get_bytes(in, ret->captured, &ret->data));
    ret->comment = get_bytes(in, fixed[7] & 0x1f, &text) ? xmemdup0(text, fixed[7] & 0x1f) : NULL;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = cursor_of(data, size), written, value;
    struct pcapfile_packet packet;
    struct buf out = {0};
    struct pcapfile f;
    struct one one;
    uint16_t code;

    pcapng_begin(&out, size % 2 ? "landline" : NULL);
    pcapng_add_interface(&out, 1, 0, NULL);
    pcapng_add_interface(&out, 101, 65535, "lo");
    while (cut_one(&in, &one)) {
        pcapng_add_packet(&out, one.interface, one.time_ns, one.data, one.captured,
            (uint32_t)one.captured + one.more, one.comment);
        free(one.comment);
    }

    in = cursor_of(data, size);
    written = cursor_of(buf_head(&out), out.len);
    pcapfile_init(&f);
    while (cut_one(&in, &one)) {
        check(pcapfile_next(&f, &written, &packet) == PCAPFILE_PACKET);
        check(
            packet.captured_bytes == one.captured && packet.wire_bytes == (uint32_t)one.captured + one.more);
        check(packet.interface == one.interface && packet.linktype == (one.interface ? 101 : 1));
        check(packet.has_time && packet.time_ns == one.time_ns);
        check(memcmp(packet.data, one.data, one.captured) == 0);
        check(pcapfile_option_next(&packet.options, &code, &value) == (one.comment != NULL));
        if (one.comment)
            check(code == PCAPFILE_OPTION_COMMENT && cursor_left(&value) == strlen(one.comment) &&
                  memcmp(value.at, one.comment, strlen(one.comment)) == 0);
        free(one.comment);
    }
    check(pcapfile_next(&f, &written, &packet) == PCAPFILE_MORE);
    pcapfile_finish(&f, &written);
    check(f.fault == PCAPFILE_SOUND);
    pcapfile_done(&f);
    buf_done(&out);
    return 0;
}
