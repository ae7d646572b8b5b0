/* SPDX-License-Identifier: ISC */
/* A packet told header by header, as the screen shows the one under the cursor. The first 10 bytes choose its
 * link type, how wide the lines may be, what was said of it, and whether its conversation is known; the rest
 * is the frame. Whatever the bytes are: something is told, no line is wider than it may be, and no byte gets
 * through that a terminal would obey. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "see/follow.h"
#include "show/packet_fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEAD_BYTES 10

static void check(int holds)
{
    if (!holds)
        abort();
}

static void check_text(const struct str *text)
{
    size_t at = 0;

    while (at < text->len) {
        uint32_t c;
        int bytes = utf8_decode(text->data + at, text->len - at, &c);

        check(bytes > 0);
        check(c == '\n' || (c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0)));
        at += (size_t)bytes;
    }
}

static void show(const struct ring_packet *frame, const struct packet_fields_options *options)
{
    struct painted *lines = painted_new();
    struct str text = STR_INIT;
    int columns = options->columns > PACKET_FIELDS_COLUMNS_MIN ? options->columns : PACKET_FIELDS_COLUMNS_MIN;

    packet_fields(lines, frame, options);
    check(painted_lines(lines) > 0);
    for (size_t i = 0; i < painted_lines(lines); i++)
        check(painted_columns(lines, i) <= columns);
    painted_print(lines, false, &text);
    check_text(&text);
    str_done(&text);
    painted_free(lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct follow_options all = {.close = true, .labels = true};
    struct packet_fields_options options = {0};
    struct ring_packet frame = {.number = 1};
    struct conversation c;
    struct followed followed;
    struct packet packet;
    struct follow *f;

    if (size < HEAD_BYTES)
        return 0;
    options.columns = data[0];
    options.payload_bytes = data[1];
    options.ascii = data[2] & 1;
    frame.linktype = (uint16_t)(data[3] << 8 | data[4]);
    frame.time_ns = (int64_t)data[5] << 55;
    options.verdicts =
        ((unsigned)data[6] << 24 | (unsigned)data[7] << 16 | (unsigned)data[8] << 8 | data[9]) &
        ((1U << VERDICTS) - 1);
    frame.data = data + HEAD_BYTES;
    frame.captured_bytes = (uint32_t)(size - HEAD_BYTES);
    frame.wire_bytes = frame.captured_bytes + (data[2] >> 2);
    f = follow_new(&all);
    packet_parse(frame.linktype, frame.data, frame.captured_bytes, frame.wire_bytes, &packet);
    if (data[2] & 2 && follow_packet(f, &packet, 1, frame.time_ns, &followed)) {
        follow_conversation(f, &followed, &c);
        options.conversation = &c;
    }
    show(&frame, &options);
    follow_free(f);
    return 0;
}
