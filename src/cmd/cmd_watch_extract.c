/* SPDX-License-Identifier: ISC */
/* watch --pcap-of N: the packets of one conversation, and the ICMP errors about it, as they were captured. */
#include <string.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "cmd/cmd_watch.h"
#include "cmd/watch_confine.h"
#include "cmd/watch_pass.h"
#include "cmd/watch_writer.h"

struct extract {
    uint32_t id;
    uint64_t packets;
    struct watch_writer *writer;
    int code;
    struct err err;
};

static void on_packet(
    struct watch_pass *pass, const struct followed *followed, const struct pcapfile_packet *frame)
{
    struct extract *x = pass->arg;
    const struct pcapfile *format = source_format(pass->source);
    const char *name =
        frame->interface < format->interface_count ? format->interfaces[frame->interface].name : NULL;

    if (followed->conversation != x->id || x->code)
        return;
    x->packets++;
    x->code = watch_writer_add(x->writer, frame->linktype, name, frame->time_ns, frame->data,
        frame->captured_bytes, frame->wire_bytes, NULL, &x->err);
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
    watch_pass_close(&pass);
    return status;
}
