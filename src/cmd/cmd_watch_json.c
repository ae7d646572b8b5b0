/* SPDX-License-Identifier: ISC */
/* watch --json: an object for each conversation, with --every for each packet before it, and one for the
 * capture at the end. Conversations come in the order of their numbers where there are few enough to wait for
 * the last, and else as they end. */
#include <unistd.h>

#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/cmd_watch.h"
#include "cmd/watch_confine.h"
#include "cmd/watch_pass.h"
#include "see/roster.h"
#include "show/out.h"
#include "show/watch_json.h"

#define ROSTER_MAX 10000

struct printer {
    const struct watch_order *w;
    struct roster *roster; /* those that wait to be printed in order */
    struct out *out;
};

static void flush_roster(struct printer *p)
{
    roster_sort(p->roster);
    for (size_t i = 0; i < roster_count(p->roster); i++)
        watch_json_conversation(out_text(p->out), roster_get(p->roster, i));
    roster_clear(p->roster);
}

static void on_ended(void *arg, const struct conversation *c)
{
    struct printer *p = arg;

    if (!watch_wants(p->w, c))
        return;
    roster_take(p->roster, c);
    if (roster_taken(p->roster) >= ROSTER_MAX)
        flush_roster(p);
}

static void on_packet(
    struct watch_pass *pass, const struct followed *followed, const struct pcapfile_packet *frame)
{
    struct printer *p = pass->arg;

    if (watch_chose(p->w, followed->conversation))
        watch_json_packet(out_text(p->out), followed, pass->start_ns, NULL);
}

static void print_capture(struct printer *p, struct watch_pass *pass)
{
    struct watch_json_capture capture = {
        .dropped = p->w->dropped, .error = pass->has_failed ? pass->err.text : NULL};
    struct follow_totals totals;

    follow_totals(pass->follow, &totals);
    capture.totals = &totals;
    capture.findings = follow_findings(pass->follow, &capture.finding_count);
    watch_json_capture(out_text(p->out), &capture);
}

int watch_json(struct watch_order *w, const char *path)
{
    struct printer p = {.w = w};
    const struct follow_options options = {.close = true, .ended = on_ended, .arg = &p};
    struct watch_pass pass;
    struct err err;
    int status = 0;

    if (watch_pass_open(&pass, w, path, &options, &err) < 0)
        return cmd_fail(&err);
    p.roster = roster_new(ROSTER_BY_START, 0);
    p.out = out_new(STDOUT_FILENO);
    if (w->v.every)
        pass.take = on_packet;
    pass.arg = &p;
    watch_confine_reader(w);
    watch_pass_run(&pass);
    flush_roster(&p);
    print_capture(&p, &pass);
    out_flush(p.out);
    if (pass.has_failed)
        status = cmd_fail(&pass.err);
    roster_free(p.roster);
    out_free(p.out);
    watch_pass_close(&pass);
    return status;
}
