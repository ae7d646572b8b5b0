/* SPDX-License-Identifier: ISC */
/* watch FILE as one page of HTML, or one conversation of it as SVG. Which conversations have a row is known
 * at the end of the file; where there are more of them than ladders, it is read once more for theirs. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "cmd/cmd.h"
#include "cmd/cmd_watch.h"
#include "cmd/watch_confine.h"
#include "cmd/watch_ladders.h"
#include "cmd/watch_pass.h"
#include "see/roster.h"
#include "see/source.h"
#include "show/ladder_svg.h"
#include "show/out.h"
#include "show/watch_page.h"

struct view {
    const struct watch_order *w;
    const char *path;
    struct watch_pass pass;
    struct watch_pass again; /* of a page */
    struct ladder_options ladder;
    struct watch_ladders *ladders;
    uint32_t *shown; /* in the second pass: whose ladders, sorted */
    size_t shown_count;
    struct roster *roster;
    struct out *out;
};

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

static void on_packet(
    struct watch_pass *pass, const struct followed *followed, const struct pcapfile_packet *frame)
{
    struct view *v = pass->arg;

    if (watch_chose(v->w, followed->conversation))
        watch_ladders_add(v->ladders, followed);
}

/* ---- once more ---- */

static int compare_ids(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

    return (one > other) - (one < other);
}

static bool is_shown(const struct view *v, uint32_t id)
{
    return bsearch(&id, v->shown, v->shown_count, sizeof(id), compare_ids);
}

static void on_ended_again(void *arg, const struct conversation *c)
{
    struct view *v = arg;

    if (is_shown(v, c->id))
        watch_ladders_end(v->ladders, c);
}

static void on_packet_again(
    struct watch_pass *pass, const struct followed *followed, const struct pcapfile_packet *frame)
{
    struct view *v = pass->arg;

    if (is_shown(v, followed->conversation))
        watch_ladders_add(v->ladders, followed);
}

/* The first rows' ladders instead of the first conversations'. Numbers are given in the order of the packets,
 * so they are the same. */
static void draw_shown(struct view *v)
{
    const size_t rows = roster_count(v->roster);

    v->shown_count = rows < WATCH_LADDERS_MAX ? rows : WATCH_LADDERS_MAX;
    v->shown = xcalloc(v->shown_count, sizeof(*v->shown));
    for (size_t i = 0; i < v->shown_count; i++)
        v->shown[i] = roster_get(v->roster, i)->id;
    qsort(v->shown, v->shown_count, sizeof(*v->shown), compare_ids);
    watch_ladders_free(v->ladders);
    v->ladders = watch_ladders_new(&v->ladder);
    watch_pass_run(&v->again);
}

static int open_pass(struct view *v, struct watch_pass *ret, const char *path,
    const struct follow_options *options, struct err *err)
{
    const char *name = strcmp(v->path, "-") == 0 ? _("standard input") : v->path;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), code;
    struct source *source;

    if (fd < 0)
        return err_set(err, ERR_INPUT, -errno, "%s: %s", name, err_word(-errno));
    code = source_of_file(fd, name, v->w->v.filter, &source, err);
    if (code == 0)
        watch_pass_begin(ret, v->w, source, options);
    return code;
}

/* Both, before the sandbox: it opens nothing. A picture takes one. */
static int open_passes(struct view *v, const struct follow_options *options, struct err *err)
{
    struct follow_options again = *options;
    char *path;
    int code;

    if (v->w->v.svg)
        return watch_pass_open(&v->pass, v->w, v->path, options, err);
    code = watch_spool(v->path, &path, err);
    if (code < 0)
        return code;
    code = open_pass(v, &v->pass, path, options, err);
    again.ended = on_ended_again;
    if (code == 0 && (code = open_pass(v, &v->again, path, &again, err)) < 0)
        watch_pass_close(&v->pass);
    free(path);
    return code;
}

/* ---- printing ---- */

/* 0, or what out_flush says: nobody is left to write for. */
static int flush(struct view *v)
{
    return out_text(v->out)->len >= OUT_HIGH_WATER_BYTES ? out_flush(v->out) : 0;
}

static void print_page(struct view *v)
{
    struct watch_page_about about = {.title = "-"};
    struct follow_totals totals;
    const struct ladder *l;
    const char *slash = strrchr(v->path, '/');
    uint32_t id = 0;

    if (v->w->title)
        about.title = v->w->title;
    else if (strcmp(v->path, "-") == 0)
        about.title = _("standard input");
    else
        about.title = slash && slash[1] ? slash + 1 : v->path;
    follow_totals(v->pass.follow, &totals);
    about.totals = &totals;
    about.findings = follow_findings(v->pass.follow, &about.finding_count);
    roster_sort(v->roster);
    if (roster_taken(v->roster) > WATCH_LADDERS_MAX)
        draw_shown(v);
    about.rows = roster_count(v->roster);
    about.conversations = roster_taken(v->roster);
    watch_page_begin(out_text(v->out), &about);
    for (size_t i = 0; i < about.rows && flush(v) == 0; i++) {
        const struct conversation *c = roster_get(v->roster, i);
        const struct ladder *drawn = watch_ladders_find(v->ladders, c->id);

        watch_page_row(out_text(v->out), c, drawn && ladder_conversation(drawn));
    }
    watch_page_end_rows(out_text(v->out));
    while ((l = watch_ladders_next(v->ladders, id, &id)) != NULL && flush(v) == 0)
        watch_page_ladder(out_text(v->out), l, v->w->v.absolute);
    watch_page_end(out_text(v->out));
}

static int print_svg(struct view *v)
{
    const struct ladder_svg_options options = {.absolute = v->w->v.absolute};
    const struct ladder *l;
    uint32_t id = 0;
    struct err err;

    if (roster_taken(v->roster) != 1) {
        err_set(&err, ERR_MISUSE, 0,
            _("%s: --svg draws one conversation, and there are %" PRIu64
              " to choose from: say --follow N, or take --html"),
            v->w->title ? v->w->title : v->path, roster_taken(v->roster));
        return cmd_fail(&err);
    }
    l = watch_ladders_next(v->ladders, id, &id);
    if (l)
        ladder_svg(out_text(v->out), l, &options);
    return 0;
}

int watch_page(struct watch_order *w, const char *path)
{
    struct view v = {.w = w, .path = path};
    struct follow_options options = {
        .ended = on_ended, .arg = &v, .close_first = 1, .close_last = UINT32_MAX};
    const bool is_one = w->choice.is_given && !w->choice.is_all && w->choice.count == 1 &&
                        w->choice.ranges[0].first == w->choice.ranges[0].last;
    struct err err;
    int status = 0;

    if (w->choice.is_given)
        watch_choice_bounds(w, &options.close_first, &options.close_last);
    if (open_passes(&v, &options, &err) < 0)
        return cmd_fail(&err);
    v.ladder.every = w->v.every;
    v.ladder.max_rungs = w->v.svg || is_one ? 0 : WATCH_RUNGS_EACH;
    v.ladders = watch_ladders_new(&v.ladder);
    v.roster = roster_new((enum roster_order)w->v.sort, (size_t)w->v.limit);
    v.out = out_new(STDOUT_FILENO);
    v.pass.take = on_packet;
    v.pass.arg = &v;
    v.again.take = on_packet_again;
    v.again.arg = &v;
    watch_confine_reader(w);
    watch_pass_run(&v.pass);
    if (w->v.svg)
        status = print_svg(&v);
    else
        print_page(&v);
    out_flush(v.out);
    if (v.pass.has_failed)
        status = cmd_fail(&v.pass.err);
    out_free(v.out);
    roster_free(v.roster);
    watch_ladders_free(v.ladders);
    free(v.shown);
    watch_pass_close(&v.pass);
    watch_pass_close(&v.again);
    return status;
}
