/* SPDX-License-Identifier: ISC */
/* Saving one conversation: its packets as they come by in a pass of its own, so that they need not all be in
 * memory, or its ladder when that pass is over. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "cmd/viewer.h"
#include "see/opener.h"
#include "show/ladder_text.h"
#include "show/painted.h"
#include "wire/pcapng_writer.h"

#define SAVED_COLUMNS 120 /* of a ladder in a file */
#define WRITE_BYTES ((size_t)256 * 1024)
#define LINKTYPES_MAX 16 /* in one conversation: each is an interface of the file */

enum form { FORM_PCAPNG, FORM_TEXT };

/* By enum form. */
const char *const viewer_endings[] = {".pcapng", ".txt", NULL};

struct viewer_save {
    struct viewer_pass pass;
    char *path;
    int fd;
    enum form form;
    bool every, absolute; /* as the screen had it */
    struct buf pending;
    uint16_t linktypes[LINKTYPES_MAX];
    unsigned n_linktypes;
    uint64_t packets;
    int code; /* the first failure */
};

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcasecmp(text + len - end_len, end) == 0;
}

void viewer_save_name(struct viewer *v, struct str *out)
{
    str_appendf(out, "conversation-%u.pcapng", v->shows_ladder ? v->pass.id : v->chosen_id);
}

/* ---- writing ---- */

static void flush(struct viewer_save *s)
{
    while (s->pending.len > 0 && s->code == 0) {
        ssize_t done = write(s->fd, buf_head(&s->pending), s->pending.len);

        if (done >= 0)
            buf_consume(&s->pending, (size_t)done);
        else if (errno != EINTR)
            s->code = -errno;
    }
}

static bool interface_of(struct viewer_save *s, uint16_t linktype, unsigned *ret)
{
    for (*ret = 0; *ret < s->n_linktypes; ++*ret)
        if (s->linktypes[*ret] == linktype)
            return true;
    if (s->n_linktypes == LINKTYPES_MAX)
        return false;
    s->linktypes[s->n_linktypes++] = linktype;
    pcapng_add_interface(&s->pending, linktype, 0, NULL);
    return true;
}

static void take_packet(void *arg, const struct ring_packet *p)
{
    struct viewer_save *s = arg;
    unsigned interface;

    if (s->form != FORM_PCAPNG || !interface_of(s, p->linktype, &interface))
        return;
    pcapng_add_packet(&s->pending, interface, p->time_ns, p->data, p->captured_bytes, p->wire_bytes, NULL);
    s->packets++;
    if (s->pending.len >= WRITE_BYTES)
        flush(s);
}

static void write_ladder(struct viewer_save *s)
{
    const struct ladder *l = closeup_ladder(s->pass.closeup, s->every);
    struct ladder_text_options options = {.columns = SAVED_COLUMNS, .absolute = s->absolute};
    struct painted *lines = painted_new();
    struct str text = STR_INIT;

    if (ladder_conversation(l)) {
        ladder_text_head(lines, l, &options);
        for (size_t i = 0; i < ladder_count(l); i++)
            ladder_text_rung(lines, l, i, &options);
        ladder_text_notes(lines, l, &options);
    }
    painted_print(lines, false, &text);
    buf_append(&s->pending, text.data, text.len);
    str_done(&text);
    painted_free(lines);
}

/* ---- its life ---- */

static void save_free(struct viewer_save *s)
{
    if (!s)
        return;
    viewer_pass_end(&s->pass);
    if (s->fd >= 0)
        close(s->fd);
    buf_done(&s->pending);
    free(s->path);
    free(s);
}

void viewer_save_end(struct viewer *v)
{
    save_free(v->save);
    v->save = NULL;
}

static int open_file(struct viewer *v, const char *path, bool overwrites)
{
    int fd = opener_write(v->o->opener, path, overwrites);

    if (fd == -EEXIST && !overwrites) {
        v->asking = ASKING_OVERWRITE;
        viewer_say(v, STYLE_WARNING, _("%s is there already; write over it? y/n"), path);
    } else if (fd < 0)
        viewer_say(v, STYLE_ERROR, "%s: %s", path, err_word(fd));
    return fd;
}

void viewer_save(struct viewer *v, const char *path, bool overwrites)
{
    struct viewer_save *s = xcalloc(1, sizeof(*s));
    unsigned form = 0;

    s->path = file_typed_path(path);
    s->fd = -1;
    s->every = v->every;
    s->absolute = v->absolute;
    while (viewer_endings[form] && !ends_with(s->path, viewer_endings[form]))
        form++;
    s->form = (enum form)form;
    if (!viewer_endings[form])
        viewer_say(v, STYLE_ERROR,
            _("%s: the name says what is saved: .pcapng for the packets, .txt for the ladder"), s->path);
    /* The file last, so that there is none for what cannot be saved. */
    else if (viewer_pass_begin(v, &s->pass, v->shows_ladder ? v->pass.id : v->chosen_id))
        s->fd = open_file(v, s->path, overwrites);
    if (s->fd < 0) {
        save_free(s);
        return;
    }
    viewer_save_end(v);
    v->save = s;
    if (s->form == FORM_PCAPNG)
        pcapng_begin(&s->pending, "landline");
}

bool viewer_save_go(struct viewer *v)
{
    struct viewer_save *s = v->save;

    if (!s)
        return false;
    if (viewer_pass_go(v, &s->pass, take_packet, s) && s->code == 0)
        return true;
    if (s->form == FORM_TEXT)
        write_ladder(s);
    flush(s);
    if (s->code == 0 && close(s->fd) < 0)
        s->code = -errno;
    s->fd = -1;
    if (s->code < 0)
        viewer_say(v, STYLE_ERROR, _("%s: %s; it is not complete"), s->path, err_word(s->code));
    else if (s->form == FORM_PCAPNG)
        viewer_say(v, STYLE_DIM,
            ngettext("%llu packet written to %s", "%llu packets written to %s", s->packets),
            (unsigned long long)s->packets, s->path);
    else
        viewer_say(v, STYLE_DIM, _("written to %s"), s->path);
    viewer_save_end(v);
    return false;
}
