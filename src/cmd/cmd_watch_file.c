/* SPDX-License-Identifier: ISC */
/* watch FILE for people: the overview, or ladders. Where a capture has just one conversation its ladder is
 * what is wanted; as nobody knows that before the end, the first one's is kept until a second one comes. */
#include <inttypes.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/cmd_watch.h"
#include "cmd/pager.h"
#include "cmd/watch_confine.h"
#include "cmd/watch_ladders.h"
#include "cmd/watch_pass.h"
#include "see/roster.h"
#include "show/ladder_text.h"
#include "show/out.h"
#include "show/overview_text.h"
#include "show/painted.h"
#include "show/term.h"

struct view {
    const struct watch_order *w;
    const char *path;
    struct watch_pass pass;
    struct watch_ladders *ladders;
    struct roster *roster;
    struct painted *painted;
    struct out *out;
    struct ladder_text_options text;
    bool color;
};

/* ---- the pass ---- */

static void on_ended(void *arg, const struct conversation *c)
{
    struct view *v = arg;

    if (!watch_wants(v->w, c)) {
        watch_ladders_drop(v->ladders, c->id);
        return;
    }
    roster_take(v->roster, c);
    watch_ladders_end(v->ladders, c);
}

/* The first one alone, until it is alone no more. */
static void on_packet(
    struct watch_pass *pass, const struct followed *followed, const struct pcapfile_packet *frame)
{
    struct view *v = pass->arg;

    if (followed->conversation == 1)
        watch_ladders_add(v->ladders, followed);
    else {
        watch_ladders_drop(v->ladders, 1);
        pass->take = NULL;
    }
}

static void on_chosen_packet(
    struct watch_pass *pass, const struct followed *followed, const struct pcapfile_packet *frame)
{
    struct view *v = pass->arg;

    if (watch_chose(v->w, followed->conversation))
        watch_ladders_add(v->ladders, followed);
}

/* ---- printing ---- */

static void flush(struct view *v)
{
    painted_print(v->painted, v->color, out_text(v->out));
    painted_reset(v->painted);
    if (out_text(v->out)->len >= OUT_HIGH_WATER_BYTES)
        out_flush(v->out);
}

static void print_ladder(struct view *v, const struct ladder *l)
{
    ladder_text_head(v->painted, l, &v->text);
    for (size_t i = 0; i < ladder_count(l); i++) {
        ladder_text_rung(v->painted, l, i, &v->text);
        flush(v);
    }
    ladder_text_notes(v->painted, l, &v->text);
    flush(v);
}

static void print_ladders(struct view *v)
{
    const struct ladder *l;
    uint32_t id = 0, before = 0;

    while ((l = watch_ladders_next(v->ladders, id, &id)) != NULL) {
        if (before)
            painted_end_line(v->painted);
        print_ladder(v, l);
        before = id;
    }
}

static void print_rows(struct view *v, const struct overview_text_options *o)
{
    size_t count;

    roster_sort(v->roster);
    count = roster_count(v->roster);
    if (count)
        overview_text_head(v->painted, o);
    for (size_t i = 0; i < count; i++) {
        overview_text_row(v->painted, roster_get(v->roster, i), o);
        flush(v);
    }
    if (roster_taken(v->roster) > count) {
        painted_addf(v->painted, STYLE_DIM,
            v->w->v.sort == ROSTER_BY_START
                ? _("the %zu gravest of %" PRIu64 "; --limit 0 shows all, --only and --sort choose others")
                : _("the first %zu of %" PRIu64 "; --limit 0 shows all, --only chooses others"),
            count, roster_taken(v->roster));
        painted_end_line(v->painted);
    }
}

static void print_totals(struct view *v, const struct overview_text_options *o)
{
    struct follow_totals totals;
    const struct finding *findings;
    unsigned count;

    follow_totals(v->pass.follow, &totals);
    findings = follow_findings(v->pass.follow, &count);
    overview_text_totals(v->painted, &totals, findings, count, o);
    flush(v);
}

static void print_hint(struct view *v)
{
    const char *kept = v->w->title ? v->w->v.write : v->path;

    if (kept)
        painted_addf(v->painted, STYLE_DIM, _("landline watch %s --follow N draws one of them"),
            strcmp(kept, "-") == 0 ? "FILE" : kept);
    else
        painted_addf(v->painted, STYLE_DIM, "%s",
            _("--write FILE keeps them, and landline watch FILE --follow N draws one"));
    painted_end_line(v->painted);
    flush(v);
}

static void print(struct view *v)
{
    const struct overview_text_options o = {.columns = v->text.columns, .ascii = v->text.ascii};
    bool is_ladder = watch_ladders_count(v->ladders) > 0;

    if (is_ladder)
        print_ladders(v);
    else if (!v->w->choice.is_given && (v->pass.number || !v->pass.has_failed)) {
        print_rows(v, &o);
        if (roster_count(v->roster))
            painted_end_line(v->painted);
        print_totals(v, &o);
        if (roster_count(v->roster) && v->color)
            print_hint(v);
    }
    out_flush(v->out);
}

static bool is_ascii(const struct watch_order *w)
{
    return w->v.ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

int watch_file(struct watch_order *w, const char *path)
{
    struct view v = {.w = w, .path = path};
    struct follow_options options = {.ended = on_ended, .arg = &v};
    const struct ladder_options ladder = {
        .every = w->v.every, .max_rungs = w->choice.is_all ? WATCH_RUNGS_EACH : 0};
    const int fd = w->is_for_stderr ? STDERR_FILENO : STDOUT_FILENO;
    struct err err;
    int status = 0;
    bool is_paged;

    options.close_first = w->choice.is_given ? 0 : 1;
    options.close_last = w->choice.is_given ? 0 : 1;
    if (w->choice.is_given)
        watch_choice_bounds(w, &options.close_first, &options.close_last);
    if (watch_pass_open(&v.pass, w, path, &options, &err) < 0)
        return cmd_fail(&err);
    v.color = term_wants_color(fd, w->v.no_color);
    v.text = (struct ladder_text_options){
        .columns = term_columns(fd), .absolute = w->v.absolute, .ascii = is_ascii(w)};
    is_paged = w->v.pager && pager_begin();
    v.ladders = watch_ladders_new(&ladder);
    v.roster = roster_new((enum roster_order)w->v.sort, (size_t)w->v.limit);
    v.painted = painted_new();
    v.out = out_new(fd);
    v.pass.take = w->choice.is_given ? on_chosen_packet : on_packet;
    v.pass.arg = &v;
    watch_confine_reader(w);
    watch_pass_run(&v.pass);
    print(&v);
    if (is_paged)
        pager_end();
    if (v.pass.has_failed)
        status = cmd_fail(&v.pass.err);
    else if (w->choice.is_given && !watch_ladders_count(v.ladders)) {
        err_set(&err, ERR_OTHER, 0,
            _("%s: --follow %s: there is no such conversation, or --only leaves it out"),
            w->title ? w->title : path, w->v.follow);
        status = cmd_fail(&err);
    }
    out_free(v.out);
    painted_free(v.painted);
    roster_free(v.roster);
    watch_ladders_free(v.ladders);
    watch_pass_close(&v.pass);
    return status;
}
