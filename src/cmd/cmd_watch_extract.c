/* SPDX-License-Identifier: ISC */
/* watch --pcap-of N: the packets of one conversation, and the ICMP errors about it, as they were captured. Of
 * a datagram that came in fragments nobody knows whose they are before the last one; so fragments are kept
 * until then, and stand before it. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "cmd/cmd.h"
#include "cmd/cmd_watch.h"
#include "cmd/watch_confine.h"
#include "cmd/watch_pass.h"
#include "cmd/watch_writer.h"
#include "see/fragments.h"

/* What see/fragments.h lets wait for its end, and its headers. */
#define KEPT_BYTES_MAX (2 * (size_t)FRAGMENTS_BYTES_MAX)
#define KEPT_MAX 8192 /* a power of 2 */

/* A frame that is a fragment, in a ring in which the oldest makes room. */
struct kept {
    struct pcapfile_packet frame;
    uint8_t *data;
};

struct extract {
    uint32_t id;
    uint64_t packets;
    struct kept *kept;
    size_t kept_bytes;
    unsigned kept_first, kept_count;
    struct watch_writer *writer;
    int code;
    struct err err;
};

static struct kept *kept_at(const struct extract *x, unsigned index)
{
    return &x->kept[(x->kept_first + index) % KEPT_MAX];
}

static void drop_oldest(struct extract *x)
{
    struct kept *oldest = kept_at(x, 0);

    x->kept_bytes -= oldest->frame.captured_bytes;
    free(oldest->data);
    x->kept_first++;
    x->kept_count--;
}

static void keep(struct extract *x, const struct pcapfile_packet *frame)
{
    struct kept *kept;

    while (x->kept_count &&
           (x->kept_count == KEPT_MAX || x->kept_bytes + frame->captured_bytes > KEPT_BYTES_MAX))
        drop_oldest(x);
    if (!x->kept)
        x->kept = xcalloc(KEPT_MAX, sizeof(*x->kept));
    kept = kept_at(x, x->kept_count++);
    kept->frame = *frame;
    kept->data = xmalloc(frame->captured_bytes);
    memcpy(kept->data, frame->data, frame->captured_bytes);
    kept->frame.data = kept->data;
    x->kept_bytes += frame->captured_bytes;
}

/* By its number, which grows in the ring; NULL if it had to make room. */
static const struct pcapfile_packet *find_kept(const struct extract *x, uint64_t number)
{
    unsigned from = 0, to = x->kept_count;

    while (from < to) {
        unsigned middle = from + (to - from) / 2;
        const struct pcapfile_packet *frame = &kept_at(x, middle)->frame;

        if (frame->number == number)
            return frame;
        if (frame->number < number)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

static void put(struct extract *x, const struct watch_pass *pass, const struct pcapfile_packet *frame)
{
    const struct pcapfile *format = source_format(pass->source);
    const char *name =
        frame->interface < format->interface_count ? format->interfaces[frame->interface].name : NULL;

    if (x->code)
        return;
    x->packets++;
    x->code = watch_writer_add(x->writer, frame->linktype, name, frame->time_ns, frame->data,
        frame->captured_bytes, frame->wire_bytes, NULL, &x->err);
}

static void on_packet(
    struct watch_pass *pass, const struct followed *followed, const struct pcapfile_packet *frame)
{
    struct extract *x = pass->arg;

    if (followed->conversation != x->id)
        return;
    for (uint32_t i = 0; i < followed->piece_count; i++) {
        const struct pcapfile_packet *piece = find_kept(x, followed->pieces[i]);

        if (piece)
            put(x, pass, piece);
    }
    put(x, pass, frame);
}

static void on_other(
    struct watch_pass *pass, const struct packet *packet, const struct pcapfile_packet *frame)
{
    if (packet_is_fragment(packet))
        keep(pass->arg, frame);
}

int watch_extract(struct watch_order *w, const char *path)
{
    static const struct follow_options options = {0};
    struct extract x = {.id = (uint32_t)w->v.pcap_of};
    const char *to = w->v.write ? w->v.write : "-";
    struct watch_pass pass;
    struct err err;
    int status = 0;

    if (watch_pass_open(&pass, w, path, &options, &err) < 0)
        return cmd_fail(&err);
    if (watch_writer_open(to, &x.writer, &err) < 0) {
        status = cmd_fail(&err);
        goto out;
    }
    pass.take = on_packet;
    pass.pass_over = on_other;
    pass.arg = &x;
    watch_confine_reader(w);
    watch_pass_run(&pass);
    if (watch_writer_close(x.writer, &x.err) < 0 || x.code)
        status = cmd_fail(&x.err);
    else if (pass.has_failed)
        status = cmd_fail(&pass.err);
    else if (!x.packets) {
        err_set(&err, ERR_OTHER, 0, _("%s: there is no conversation %u in it"), path, (unsigned)x.id);
        status = cmd_fail(&err);
    }
out:
    while (x.kept_count)
        drop_oldest(&x);
    free(x.kept);
    watch_pass_close(&pass);
    return status;
}
