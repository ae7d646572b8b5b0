/* SPDX-License-Identifier: ISC */
/* The first byte chooses how the rest comes. However it comes, the packets, their options and the verdict
 * must be the same as when all lies there at once; no packet may reach out of the bytes that were given; what
 * a call says that it wants must be more than it had. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "wire/pcapfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds)
        abort();
}

static void record(
    struct buf *told, const struct cursor *in, const struct pcapfile_packet *p, const uint8_t *start)
{
    struct pcapfile_options options = p->options;
    uint32_t numbers[4] = {p->captured_bytes, p->wire_bytes, p->interface, p->linktype};
    struct cursor value;
    uint16_t code;

    check(p->data >= start && p->data + p->captured_bytes <= in->at);
    check(p->captured_bytes <= p->wire_bytes && p->captured_bytes <= PCAPFILE_PACKET_MAX_BYTES);
    check(p->has_time || p->time_ns == 0);
    buf_append(told, numbers, sizeof(numbers));
    buf_append(told, &p->time_ns, sizeof(p->time_ns));
    buf_append(told, p->data, p->captured_bytes);
    while (pcapfile_option_next(&options, &code, &value)) {
        check(code != 0 && value.at >= start && value.end <= in->at && value.at <= value.end);
        buf_append(told, &code, sizeof(code));
        buf_append(told, value.at, cursor_left(&value));
    }
}

static void read_all(const uint8_t *data, size_t size, uint32_t cuts, struct buf *told)
{
    enum pcapfile_result result = PCAPFILE_MORE;
    struct pcapfile_packet packet;
    struct str text = STR_INIT;
    struct pcapfile f;
    size_t from = 0, to = 0;

    pcapfile_init(&f);
    do {
        size_t step = size - to;
        uint8_t *window;
        struct cursor in;

        if (cuts) {
            cuts = cuts * 1664525 + 1013904223;
            if (step > 1 + (cuts >> 26))
                step = 1 + (cuts >> 26);
        }
        to += step;
        /* Memory of its own for each, or a packet that points into the last one would not be noticed. */
        window = xmalloc(to - from + 1);
        memcpy(window, data + from, to - from);
        in = cursor_of(window, to - from);
        while ((result = pcapfile_next(&f, &in, &packet)) == PCAPFILE_PACKET)
            record(told, &in, &packet, window);
        check(result != PCAPFILE_MORE || f.wanted_bytes > cursor_left(&in));
        check(result != PCAPFILE_BAD || f.fault != PCAPFILE_SOUND);
        from = to - cursor_left(&in);
        check(f.offset == from);
        if (to == size)
            pcapfile_finish(&f, &in);
        free(window);
    } while (result == PCAPFILE_MORE && to < size);
    check(f.interface_count <= PCAPFILE_INTERFACES_MAX);
    check(f.fault_offset <= size || f.fault == PCAPFILE_VERSION);
    pcapfile_describe(&f, &text);
    check((text.len == 0) == (f.fault == PCAPFILE_SOUND));
    buf_append(told, text.data, text.len);
    str_done(&text);
    pcapfile_done(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = {0}, pieces = {0};

    if (size < 1)
        return 0;
    read_all(data + 1, size - 1, 0, &whole);
    read_all(data + 1, size - 1, data[0] + 1U, &pieces);
    check(whole.len == pieces.len &&
          (whole.len == 0 || memcmp(buf_head(&whole), buf_head(&pieces), whole.len) == 0));
    buf_done(&whole);
    buf_done(&pieces);
    return 0;
}
