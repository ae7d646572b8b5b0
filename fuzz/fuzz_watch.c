/* SPDX-License-Identifier: ISC */
/* All of `watch FILE`, from the bytes of a capture file, packed or not, through a window, to everything that
 * is shown of it: ladders as text and as pictures, the overview, the page, JSON. The first two bytes choose
 * how. Whatever the bytes are: no line is wider than it may be, nothing in any of it is a control character
 * or no UTF-8, each element of a picture is closed by its own end, and each line of JSON is one object. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"
#include "base/utf8.h"
#include "see/follow.h"
#include "see/ladder.h"
#include "see/source_file.h"
#include "show/ladder_svg.h"
#include "show/ladder_text.h"
#include "show/overview_text.h"
#include "show/traffic_text.h"
#include "show/watch_json.h"
#include "show/watch_page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LADDERS 4 /* the first conversations have one; a picture of many would say nothing new */
#define BATCH 16
#define DEPTH_MAX 32

struct fuzzed {
    struct follow *follow;
    struct ladder *ladder[LADDERS];
    struct overview_text_options overview;
    struct ladder_text_options text;
    struct painted *lines;
    struct str json, page;
    int64_t start_ns;
    uint64_t ended;
};

static void check(int holds)
{
    if (!holds)
        abort();
}

/* ---- what may be in a text ---- */

static void check_text(const struct str *text, bool ascii)
{
    size_t at = 0;

    while (at < text->len) {
        uint32_t c;
        int bytes = utf8_decode(text->data + at, text->len - at, &c);

        check(bytes > 0);
        check(c == '\n' || (c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0)));
        check(!ascii || c < 0x80);
        at += (size_t)bytes;
    }
}

static void check_lines(const struct fuzzed *z)
{
    struct str text = STR_INIT;

    for (size_t i = 0; i < painted_lines(z->lines); i++)
        check(painted_columns(z->lines, i) <= traffic_columns(z->text.columns));
    painted_print(z->lines, false, &text);
    check_text(&text, z->text.ascii);
    str_done(&text);
    painted_reset(z->lines);
}

/* The byte behind a tag that begins at `at`: quotes hide its end. */
static size_t tag_end(const struct str *text, size_t at)
{
    char quote = 0;

    for (; at < text->len; at++) {
        char c = text->data[at];

        if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>')
            return at + 1;
    }
    abort();
}

/* Elements nest: what was opened last is closed first. */
static void check_elements(const struct str *text)
{
    struct {
        const char *name;
        size_t len;
    } open[DEPTH_MAX];
    unsigned depth = 0;
    size_t at = 0;

    while (at < text->len) {
        const char *tag = text->data + at;
        size_t end, name;

        if (*tag != '<') {
            at++;
            continue;
        }
        end = tag_end(text, at);
        name = strcspn(tag + 1 + (tag[1] == '/'), " \n/>");
        if (tag[1] == '/') {
            check(depth > 0);
            depth--;
            check(open[depth].len == name && memcmp(open[depth].name, tag + 2, name) == 0);
        } else if (tag[1] != '?' && tag[1] != '!' && text->data[end - 2] != '/') {
            check(depth < DEPTH_MAX);
            open[depth].name = tag + 1;
            open[depth++].len = name;
        }
        at = end;
    }
    check(depth == 0);
}

/* ---- conversations ---- */

static void take_end(void *arg, const struct conversation *c)
{
    struct fuzzed *z = arg;

    z->ended++;
    watch_json_conversation(&z->json, c);
    overview_text_row(z->lines, c, &z->overview);
    watch_page_row(&z->page, c, c->id <= LADDERS);
    if (c->id <= LADDERS && !ladder_conversation(z->ladder[c->id - 1]))
        ladder_end(z->ladder[c->id - 1], c);
}

static void take_packet(struct fuzzed *z, const struct pcapfile_packet *frame)
{
    struct followed followed;
    struct packet packet;

    packet_parse(frame->linktype, frame->data, frame->captured_bytes, frame->wire_bytes, &packet);
    if (!follow_packet(z->follow, &packet, frame->number, frame->time_ns, &followed))
        return;
    watch_json_packet(&z->json, &followed, z->start_ns, NULL);
    /* An evicted one has been ended. */
    if (followed.conversation <= LADDERS && !ladder_conversation(z->ladder[followed.conversation - 1]))
        ladder_add(z->ladder[followed.conversation - 1], &followed, NULL);
}

static void read_all(struct fuzzed *z, const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    struct pcapfile_packet frames[BATCH];
    struct source_file *file = NULL;
    unsigned count = 0;
    char path[32];
    struct err err;

    check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    check(source_file_open(path, &file, &err) == 0);
    while (source_file_batch(file, frames, BATCH, &count, &err) == SOURCE_PACKET) {
        if (frames[0].number == 1)
            z->start_ns = frames[0].time_ns;
        for (unsigned i = 0; i < count; i++)
            take_packet(z, &frames[i]);
    }
    source_file_close(file);
    close(fd);
}

/* ---- showing ---- */

static void show_ladder(struct fuzzed *z, const struct ladder *l)
{
    const struct ladder_svg_options options = {.absolute = z->text.absolute};
    struct str svg = STR_INIT;

    ladder_text_head(z->lines, l, &z->text);
    for (size_t i = 0; i < ladder_count(l); i++)
        ladder_text_rung(z->lines, l, i, &z->text);
    ladder_text_notes(z->lines, l, &z->text);
    check_lines(z);
    ladder_svg(&svg, l, &options);
    check_text(&svg, false);
    check_elements(&svg);
    str_done(&svg);
    watch_page_ladder(&z->page, l, z->text.absolute);
}

static void show_totals(struct fuzzed *z)
{
    struct watch_json_capture capture = {.dropped = -1};
    struct follow_totals totals;

    follow_totals(z->follow, &totals);
    check(totals.ended == z->ended);
    capture.totals = &totals;
    capture.findings = follow_findings(z->follow, &capture.finding_count);
    watch_json_capture(&z->json, &capture);
    overview_text_totals(z->lines, &totals, capture.findings, capture.finding_count, &z->overview);
    check_lines(z);
}

static void check_json(const struct str *json)
{
    const char *line = json->data, *end;

    check_text(json, false);
    for (; *line; line = end + 1) {
        end = strchr(line, '\n');
        check(end && line[0] == '{' && end[-1] == '}');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct follow_options options = {.findings = true, .labels = true, .ended = take_end};
    struct ladder_options ladder = {.max_rungs = LADDER_RUNGS_MIN};
    struct watch_page_about about = {.title = "<a&\"b'>\xff\x1b", .rows = 1, .conversations = 1};
    static const struct follow_totals none;
    struct fuzzed z = {0};

    if (size < 2)
        return 0;
    options.close = data[0] & 1;
    options.max_conversations = data[0] & 2 ? 2 : 64;
    ladder.every = data[0] & 4;
    z.text = (struct ladder_text_options){
        .columns = data[1], .absolute = data[0] & 8, .ascii = (data[0] & 16) != 0};
    z.overview = (struct overview_text_options){.columns = data[1], .ascii = z.text.ascii};
    options.arg = &z;
    z.follow = follow_new(&options);
    z.lines = painted_new();
    str_init(&z.json);
    str_init(&z.page);
    for (unsigned i = 0; i < LADDERS; i++)
        z.ladder[i] = ladder_new(&ladder);
    about.totals = &none;
    watch_page_begin(&z.page, &about);
    overview_text_head(z.lines, &z.overview);
    read_all(&z, data + 2, size - 2);
    follow_finish(z.follow);
    watch_page_end_rows(&z.page);
    show_totals(&z);
    for (unsigned i = 0; i < LADDERS; i++)
        if (ladder_conversation(z.ladder[i]) && ladder_count(z.ladder[i]))
            show_ladder(&z, z.ladder[i]);
    watch_page_end(&z.page);
    check_text(&z.page, false);
    check_json(&z.json);
    for (unsigned i = 0; i < LADDERS; i++)
        ladder_free(z.ladder[i]);
    str_done(&z.json);
    str_done(&z.page);
    painted_free(z.lines);
    follow_free(z.follow);
    return 0;
}
