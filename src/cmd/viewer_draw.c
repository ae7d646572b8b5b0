/* SPDX-License-Identifier: ISC */
/* The view that watch_screen draws, made of the viewer as it is. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "cmd/viewer.h"

static const struct screen_help viewer_help[] = {
    {N_("Conversations"), NULL},
    {N_("Up Down PageUp PageDown"), N_("move; also j and k, the mouse wheel, Home and End")},
    {N_("Enter"), N_("the ladder of this one")},
    {"o  O", N_("another order · the other way round")},
    {"F", N_("only some: rst or unanswered, port 80, bytes > 1M, findings; empty: all")},
    {"/  n  N", N_("searches hosts, ports, labels, flags · next · previous")},
    {"s", N_("saves this one: name.pcapng its packets, name.txt its ladder")},
    {"p", N_("holds everything still, and goes on")},
    {N_("Ladder"), NULL},
    {N_("Up Down"), N_("from packet to packet; what is under the cursor is told below or beside it")},
    {"e", N_("a rung for every packet, or runs of data folded")},
    {"a", N_("sequence numbers as they are, or counted from the beginning")},
    {N_("Tab"), N_("to the packet's headers, and back: Up and Down move in them")},
    {N_("F2"), N_("hides and shows the packet")},
    {N_("Left Right"), N_("to the side, where a line is longer than the screen")},
    {N_("Esc, q"), N_("back to the list")},
    {N_("Everywhere"), NULL},
    {N_("q, Ctrl-C"), N_("in the list: ends landline; Ctrl-C at once")},
    {"Ctrl-Z Ctrl-L", N_("to the shell, fg comes back · draws all again")},
};

size_t viewer_help_count(void)
{
    return sizeof(viewer_help) / sizeof(viewer_help[0]);
}

static struct screen_help *translated_help(void)
{
    struct screen_help *help = xcalloc(viewer_help_count(), sizeof(*help));

    for (size_t i = 0; i < viewer_help_count(); i++) {
        help[i].key = gettext(viewer_help[i].key);
        help[i].text = viewer_help[i].text ? gettext(viewer_help[i].text) : NULL;
    }
    return help;
}

static bool give_conversation(void *arg, size_t index, struct conversation *ret)
{
    struct viewer *v = arg;

    return roll_conversation(v->roll, roll_id(v->roll, index), ret);
}

const struct rung *viewer_rung(struct viewer *v)
{
    const struct ladder *l;

    if (!v->shows_ladder || !v->pass.closeup)
        return NULL;
    l = closeup_ladder(v->pass.closeup, v->every);
    return v->rung < ladder_count(l) ? ladder_rung(l, v->rung) : NULL;
}

static const char *intro_of(const struct viewer *v)
{
    if (v->shows_ladder)
        return v->pass.is_finished || v->pass.is_caught_up ? _("none of its packets is kept any more")
                                                           : _("its packets are being looked for ...");
    if (roll_total(v->roll))
        return _("no conversation is such as the filter (F) says");
    if (v->live)
        return _("no conversation yet");
    return v->file ? _("reading ...") : _("no conversation in it");
}

static void view_list(struct viewer *v, struct watch_screen_view *ret)
{
    ret->kind = WATCH_SCREEN_LIST;
    ret->count = roll_count(v->roll);
    ret->chosen = v->bar;
    ret->first = v->list_first;
    ret->conversation = give_conversation;
    ret->arg = v;
    ret->keys = _("Enter ladder  / search  F filter  o order  s save  p pause  ? help  q quit");
}

static void view_ladder(struct viewer *v, struct watch_screen_view *ret)
{
    ret->kind = WATCH_SCREEN_LADDER;
    ret->chosen = v->rung;
    ret->first = v->rung_first;
    ret->ladder = v->pass.closeup ? closeup_ladder(v->pass.closeup, v->every) : NULL;
    ret->absolute = v->absolute;
    ret->hides_packet = v->hides_packet;
    ret->packet_has_focus = v->packet_has_focus;
    ret->packet_first = v->packet_first;
    ret->keys = _("/ search  e every  a absolute  s save  Tab packet  Esc back  ? help");
}

void viewer_view(struct viewer *v, struct watch_screen_view *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->ascii = v->is_ascii;
    ret->skip = v->skip;
    if (v->shows_ladder)
        view_ladder(v, ret);
    else
        view_list(v, ret);
    ret->intro = intro_of(v);
    ret->who = ret->state = ret->hint = "";
    ret->state_style = STYLE_STATUS;
}

/* ---- the status line ---- */

static void append_name(struct str *out, const struct viewer *v)
{
    const char *slash = strrchr(v->o->name, '/'), *name = slash && slash[1] ? slash + 1 : v->o->name;

    utf8_escape(out, name, strlen(name), 0);
}

static void append_progress(struct str *out, uint64_t offset, uint64_t whole, uint64_t number)
{
    if (whole && offset <= whole)
        str_appendf(out, "%u%%", (unsigned)(offset * 100 / whole));
    else
        str_appendf(out, ngettext("%" PRIu64 " packet", "%" PRIu64 " packets", number), number);
}

static void append_gap(struct str *out)
{
    if (out->len)
        str_append_str(out, "  ");
}

/* What has been taken, what is still there to be looked at, and what was lost. */
static enum style append_capture(struct str *out, const struct viewer *v)
{
    uint64_t gone = ring_gone(v->kept);

    append_gap(out);
    str_appendf(out, ngettext("%" PRIu64 " packet", "%" PRIu64 " packets", v->number), v->number);
    append_gap(out);
    if (v->dropped)
        str_appendf(out, _("%" PRIu64 " dropped"), v->dropped);
    else
        str_append_str(out, _("none dropped"));
    append_gap(out);
    if (gone)
        str_appendf(out, _("the last %zu kept"), ring_count(v->kept));
    else
        str_appendf(out, _("memory %u%%"), (unsigned)(ring_bytes(v->kept) * 100 / RING_BYTES_DEFAULT));
    if (!v->live) {
        append_gap(out);
        str_append_str(out, _("capture over"));
    }
    return v->dropped || !v->live ? STYLE_STATUS_WARNING : STYLE_STATUS;
}

static enum style append_list_state(struct str *out, const struct viewer *v)
{
    uint64_t total = roll_total(v->roll) + roll_gone(v->roll);
    size_t shown = roll_count(v->roll);
    enum style style = STYLE_STATUS;

    if (v->only)
        str_appendf(out, _("%zu of %" PRIu64 " conversations"), shown, total);
    else
        str_appendf(out, ngettext("%" PRIu64 " conversation", "%" PRIu64 " conversations", total), total);
    if (v->kept)
        style = append_capture(out, v);
    if (v->is_paused) {
        append_gap(out);
        str_append_str(out, _("paused"));
        style = STYLE_STATUS_WARNING;
    } else if (v->file) {
        append_gap(out);
        str_append_str(out, _("reading "));
        append_progress(out, v->offset, v->file_bytes, v->number);
    }
    if (roll_gone(v->roll)) {
        append_gap(out);
        str_appendf(out, _("the first %" PRIu64 " are not kept"), roll_gone(v->roll));
    }
    if (v->key != ROLL_BY_START || v->is_reversed) {
        append_gap(out);
        str_appendf(out, v->is_reversed ? _("by %s, reversed") : _("by %s"), gettext(roll_key_text(v->key)));
    }
    if (v->only) {
        append_gap(out);
        utf8_escape(out, v->only_text.data, v->only_text.len, 0);
    }
    return style;
}

static enum style append_ladder_state(struct str *out, const struct viewer *v)
{
    size_t count = v->places.count;
    uint64_t gone = v->pass.closeup ? ring_gone(closeup_packets(v->pass.closeup)) : 0;

    str_appendf(out, "#%u", v->pass.id);
    if (count) {
        append_gap(out);
        str_appendf(out, "%zu/%zu", (v->rung < count ? v->rung : count - 1) + 1, count);
    }
    if (v->pass.missing && (v->pass.is_caught_up || v->pass.is_finished)) {
        append_gap(out);
        str_appendf(out,
            ngettext("%" PRIu64 " earlier packet is no longer kept",
                "%" PRIu64 " earlier packets are no longer kept", v->pass.missing),
            v->pass.missing);
    }
    if (v->is_paused && v->kept) {
        append_gap(out);
        str_append_str(out, _("paused"));
    } else if (v->pass.is_caught_up && v->live) {
        append_gap(out);
        str_append_str(out, v->follows_end ? _("following") : _("live"));
    } else if (!v->pass.is_finished) {
        append_gap(out);
        str_append_str(out, _("reading "));
        append_progress(out, v->pass.offset, v->file_bytes, v->pass.number);
    }
    if (v->every) {
        append_gap(out);
        str_append_str(out, _("every packet"));
    }
    if (v->absolute) {
        append_gap(out);
        str_append_str(out, _("absolute"));
    }
    if (gone) {
        append_gap(out);
        str_appendf(out, _("headers of the first %" PRIu64 " packets are not kept"), gone);
    }
    return STYLE_STATUS;
}

/* ---- the last line ---- */

static void ask(const struct viewer *v, struct watch_screen_view *view)
{
    switch (v->asking) {
    case ASKING_SEARCH:
        view->prompt = "/";
        view->edit = v->search;
        break;
    case ASKING_FILTER:
        view->prompt = _("only: ");
        view->edit = v->filter;
        break;
    case ASKING_SAVE:
        view->prompt = _("save as: ");
        view->edit = v->file_name;
        break;
    default:
        break;
    }
}

/* The packet under the cursor, or where there is none (a pause, what is explained at the end) the one above.
 */
static bool find_packet(struct viewer *v, struct ring_packet *ret, unsigned *ret_verdicts)
{
    const struct ladder *l =
        v->shows_ladder && v->pass.closeup ? closeup_ladder(v->pass.closeup, v->every) : NULL;
    size_t at = l && v->rung < ladder_count(l) ? v->rung + 1 : l ? ladder_count(l) : 0;

    for (; at > 0; at--) {
        const struct rung *rung = ladder_rung(l, at - 1);

        if (!rung->segments || rung->kind == RUNG_CUT)
            continue;
        *ret_verdicts = rung->kind == RUNG_PACKET ? rung->verdicts : 0;
        return ring_find(closeup_packets(v->pass.closeup), rung->number, ret);
    }
    return false;
}

static void follow_end(struct viewer *v)
{
    size_t count = ladder_count(closeup_ladder(v->pass.closeup, v->every));

    if (count == 0 || v->rung + 1 == count)
        return;
    v->rung = count - 1;
    v->packet_first = 0;
}

void viewer_draw(struct viewer *v)
{
    struct screen_help *help = v->shows_help ? translated_help() : NULL;
    struct str who = STR_INIT, state = STR_INIT;
    struct watch_screen_view view;
    struct ring_packet packet;
    size_t count = v->places.count;
    int rows, columns;

    viewer_tidy(v, false);
    viewer_live_count(v);
    if (v->shows_ladder && v->follows_end && v->pass.closeup)
        follow_end(v);
    viewer_view(v, &view);
    append_name(&who, v);
    view.state_style = v->shows_ladder ? append_ladder_state(&state, v) : append_list_state(&state, v);
    if (find_packet(v, &packet, &view.verdicts))
        view.packet = &packet;
    view.who = who.data;
    view.state = state.data;
    view.hint = help ? _("PageUp PageDown, Esc: back") : _("F1 help");
    view.help = help;
    view.n_help = help ? viewer_help_count() : 0;
    view.help_first = v->help_first;
    view.notice = v->notice.len ? v->notice.data : NULL;
    view.notice_style = v->notice_style;
    ask(v, &view);
    screen_size(v->screen, &rows, &columns);
    grid_reset(v->grid, rows, columns);
    watch_screen_draw(v->grid, &view, &v->places);
    if (v->shows_ladder) {
        /* The status line tells of it, and is made before. */
        if (v->places.count != count)
            viewer_draw_soon(v);
        v->rung_first = v->places.first;
        v->packet_first = v->places.packet_first;
        if (v->places.count && v->rung >= v->places.count)
            v->rung = v->places.count - 1;
    } else
        v->list_first = v->places.first;
    screen_show(v->screen, v->grid, v->places.cursor_row, v->places.cursor_column);
    screen_title(v->screen, who.data);
    str_done(&state);
    str_done(&who);
    free(help);
}
