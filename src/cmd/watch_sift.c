/* SPDX-License-Identifier: ISC */
#include "cmd/watch_sift.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "cmd/watch_pass.h"
#include "cmd/watch_writer.h"
#include "see/claims.h"

struct sift {
    struct claims *claims;
    struct watch_writer *writer;
    uint8_t *ours; /* a bit a conversation, by its number */
    size_t ours_bytes;
    uint64_t unknown;
    int code;
    struct err *err;
};

static void mark(struct sift *s, uint32_t id)
{
    const size_t at = id / 8;

    if (at >= s->ours_bytes) {
        size_t bytes = at * 2 + 64;

        s->ours = xreallocarray(s->ours, bytes, 1);
        memset(s->ours + s->ours_bytes, 0, bytes - s->ours_bytes);
        s->ours_bytes = bytes;
    }
    s->ours[at] |= (uint8_t)(1U << id % 8);
}

static bool is_marked(const struct sift *s, uint32_t id)
{
    return id / 8 < s->ours_bytes && s->ours[id / 8] & 1U << id % 8;
}

static void keep(struct sift *s, struct watch_pass *pass, const struct pcapfile_packet *frame)
{
    const struct pcapfile *format = source_format(pass->source);
    const char *name =
        frame->interface < format->interface_count ? format->interfaces[frame->interface].name : NULL;

    if (s->code == 0)
        s->code = watch_writer_add(s->writer, frame->linktype, name, frame->time_ns, frame->data,
            frame->captured_bytes, frame->wire_bytes, NULL, s->err);
}

/* With its first packet all is known that whose it is goes by. */
static void on_packet(
    struct watch_pass *pass, const struct followed *followed, const struct pcapfile_packet *frame)
{
    struct sift *s = pass->arg;
    struct conversation c;

    if (followed->is_first) {
        follow_conversation(pass->follow, followed, &c);
        switch (claims_judge(s->claims, &c)) {
        case CLAIMS_OURS:
            mark(s, c.id);
            break;
        case CLAIMS_UNKNOWN:
            s->unknown++;
            break;
        case CLAIMS_FOREIGN:
            break;
        }
    }
    if (is_marked(s, followed->conversation))
        keep(s, pass, frame);
}

static void on_other(
    struct watch_pass *pass, const struct packet *packet, const struct pcapfile_packet *frame)
{
    if (packet_is_fragment(packet))
        keep(pass->arg, pass, frame);
}

int watch_sift(const struct watch_order *w, struct claims *claims, const char *from, struct watch_writer *to,
    uint64_t *ret_unknown, struct err *err)
{
    static const struct follow_options options = {0};
    struct sift s = {.claims = claims, .writer = to, .err = err};
    struct watch_pass pass;
    int code = watch_pass_open(&pass, w, from, &options, err);

    if (code < 0)
        return code;
    pass.take = on_packet;
    pass.pass_over = on_other;
    pass.arg = &s;
    watch_pass_run(&pass);
    code = s.code;
    if (code == 0 && pass.has_failed)
        code = err_set(err, pass.err.kind, pass.err.code, "%s", pass.err.text);
    watch_pass_close(&pass);
    free(s.ours);
    if (code == 0)
        *ret_unknown = s.unknown;
    return code;
}
