/* SPDX-License-Identifier: ISC */
/* Packets: those of the capture, once, for the list; and again for one conversation, for its ladder. */
#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "cmd/viewer.h"
#include "see/opener.h"

static void on_ended(void *arg, const struct conversation *c)
{
    struct viewer *v = arg;

    roll_update(v->roll, c);
}

static void on_living(void *arg, const struct conversation *c)
{
    struct viewer *v = arg;

    roll_update(v->roll, c);
}

/* ---- the list ---- */

static void begin_row(struct viewer *v, const struct followed *followed)
{
    struct conversation c;

    v->is_touched = true;
    if (!followed->is_first)
        return;
    follow_conversation(v->follow, followed, &c);
    roll_begin(v->roll, &c, followed->number);
    if (v->o->follow && c.id == v->o->follow)
        viewer_open_ladder(v, c.id);
}

static void take_carrier(void *arg, const struct followed *followed)
{
    begin_row(arg, followed);
}

int viewer_open(struct viewer *v, struct err *err)
{
    struct follow_options options = {.max_conversations = v->o->max_conversations,
        .labels = true,
        .findings = true,
        .ended = on_ended,
        .arg = v,
        .carrier = take_carrier,
        .carrier_arg = v};
    struct stat st;
    int code;

    code = v->o->live ? viewer_live_open(v, err) : source_file_open(v->o->path, &v->file, err);
    if (code < 0)
        return code;
    if (v->o->path && stat(v->o->path, &st) == 0 && S_ISREG(st.st_mode))
        v->file_bytes = (uint64_t)st.st_size;
    v->follow = follow_new(&options);
    v->roll = roll_new(v->o->max_conversations);
    roll_sort(v->roll, v->key, false);
    if (v->o->only) {
        /* The verb has parsed it before. */
        lineedit_set(v->filter, v->o->only, strlen(v->o->only), strlen(v->o->only));
        viewer_filter(v, v->o->only);
    }
    return 0;
}

void viewer_close(struct viewer *v)
{
    viewer_save_end(v);
    viewer_live_close(v);
    viewer_pass_end(&v->pass);
    source_file_close(v->file);
    follow_free(v->follow);
    roll_free(v->roll);
    match_free(v->only);
}

/* ---- packets ---- */

void viewer_take(struct viewer *v, const struct packet *packet, int64_t time_ns)
{
    struct followed followed;

    if (follow_packet(v->follow, packet, ++v->number, time_ns, &followed))
        begin_row(v, &followed);
}

void viewer_finish(struct viewer *v)
{
    source_file_close(v->file);
    v->file = NULL;
    follow_finish(v->follow);
    follow_free(v->follow);
    v->follow = NULL;
    v->is_touched = false;
    viewer_tidy(v, true);
    if (v->trouble.kind != ERR_NONE)
        viewer_say(v, STYLE_ERROR, "%s", v->trouble.text);
}

bool viewer_read(struct viewer *v)
{
    int64_t until_ns = clock_now_ns() + VIEWER_SLICE_NS;
    struct pcapfile_packet frames[VIEWER_BATCH];
    struct packet packets[VIEWER_BATCH];
    unsigned count = 0;

    if (!v->file || v->is_paused)
        return false;
    do {
        enum source_result result = source_file_batch(v->file, frames, VIEWER_BATCH, &count, &v->trouble);

        if (result != SOURCE_PACKET) {
            viewer_finish(v);
            return false;
        }
        for (unsigned i = 0; i < count; i++)
            packet_parse(frames[i].linktype, frames[i].data, frames[i].captured_bytes, frames[i].wire_bytes,
                &packets[i]);
        follow_expect(v->follow, packets, count);
        for (unsigned i = 0; i < count; i++)
            viewer_take(v, &packets[i], frames[i].time_ns);
        v->offset = frames[count - 1].offset;
    } while (clock_now_ns() < until_ns);
    return true;
}

void viewer_tidy(struct viewer *v, bool is_wanted)
{
    int64_t now_ns = clock_now_ns();

    if (!is_wanted && (v->is_paused || now_ns - v->tidied_ns < v->tidy_ns * VIEWER_TIDY_PART))
        return;
    if (v->is_touched && v->follow) {
        follow_each(v->follow, on_living, v);
        v->is_touched = false;
    }
    roll_arrange(v->roll);
    viewer_keep_bar(v);
    v->tidied_ns = clock_now_ns();
    v->tidy_ns = v->tidied_ns - now_ns;
}

void viewer_keep_bar(struct viewer *v)
{
    size_t count = roll_count(v->roll), at;

    if (v->bar < count && roll_id(v->roll, v->bar) == v->chosen_id)
        return;
    at = v->chosen_id ? roll_index(v->roll, v->chosen_id) : ROLL_NONE;
    if (at != ROLL_NONE)
        v->bar = at;
    if (v->bar >= count)
        v->bar = count ? count - 1 : 0;
    v->chosen_id = count ? roll_id(v->roll, v->bar) : 0;
}

/* ---- one conversation ---- */

bool viewer_pass_begin(struct viewer *v, struct viewer_pass *pass, uint32_t id)
{
    struct conversation c;
    int fd;

    viewer_pass_end(pass);
    if (v->live)
        viewer_tidy(v, true);
    if (!roll_conversation(v->roll, id, &c)) {
        viewer_say(v, STYLE_ERROR, _("conversation %u is not kept any more"), id);
        return false;
    }
    if (v->kept) {
        viewer_live_pass_begin(v, pass, &c);
    } else if ((fd = opener_read(v->o->opener)) >= 0) {
        pass->file = source_file_of(fd, v->o->name);
    } else {
        viewer_say(v, STYLE_ERROR, "%s: %s", v->o->name, err_word(fd));
        return false;
    }
    pass->id = id;
    pass->closeup = closeup_new(&c, roll_first_number(v->roll, id), 0);
    viewer_work_on(v);
    return true;
}

void viewer_pass_end(struct viewer_pass *pass)
{
    source_file_close(pass->file);
    closeup_free(pass->closeup);
    memset(pass, 0, sizeof(*pass));
}

static void pass_finish(struct viewer_pass *pass)
{
    source_file_close(pass->file);
    pass->file = NULL;
    closeup_finish(pass->closeup);
    pass->is_finished = true;
}

bool viewer_pass_go(struct viewer *v, struct viewer_pass *pass,
    void (*take)(void *arg, const struct ring_packet *p), void *arg)
{
    int64_t until_ns = clock_now_ns() + VIEWER_SLICE_NS;
    struct pcapfile_packet frames[VIEWER_BATCH];
    unsigned count = 0;
    struct err err;

    if (v->kept)
        return viewer_live_pass_go(v, pass, take, arg);
    if (!pass->file)
        return false;
    do {
        /* What is wrong with the file was said when it was read for the list. */
        if (source_file_batch(pass->file, frames, VIEWER_BATCH, &count, &err) != SOURCE_PACKET) {
            pass_finish(pass);
            return false;
        }
        for (unsigned i = 0; i < count; i++) {
            struct ring_packet p = {.data = frames[i].data,
                .captured_bytes = frames[i].captured_bytes,
                .wire_bytes = frames[i].wire_bytes,
                .number = ++pass->number,
                .time_ns = frames[i].time_ns,
                .linktype = frames[i].linktype};
            struct packet packet;

            packet_parse(p.linktype, p.data, p.captured_bytes, p.wire_bytes, &packet);
            if (closeup_take(pass->closeup, &p, &packet) && take)
                take(arg, &p);
        }
        pass->offset = frames[count - 1].offset;
    } while (clock_now_ns() < until_ns);
    return true;
}
