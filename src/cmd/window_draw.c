/* SPDX-License-Identifier: ISC */
/* The view that chat_screen draws, made from the conversations as they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "cmd/window.h"
#include "net/addr.h"

#define PIN_SHOWN_BYTES 23 /* "sha256:" and 16 digits */

static const struct screen_help window_help[] = {
    {N_("Typing"), NULL},
    {N_("Enter"), N_("says it")},
    {N_("Alt-Enter Ctrl-J"), N_("a new line in the same message")},
    {N_("Ctrl-A E B F W U K Y _"), N_("as in a shell; Up and Down: what was said before")},
    {N_("Tab"), N_("completes commands and names")},
    {"//...", N_("says a message that begins with /")},
    {N_("Conversations"), NULL},
    {N_("Alt-Up Alt-Down"), N_("the one before, the next")},
    {N_("Alt-1 ... Alt-9"), N_("the one with this number")},
    {N_("Alt-A"), N_("the next with something unread")},
    {N_("F2"), N_("shows or hides the list")},
    {N_("quit"), N_("alone: back to the list; in the list: ends landline")},
    {N_("Reading"), NULL},
    {N_("PageUp PageDown"), N_("scrolls; older messages come from the history")},
    {N_("Ctrl-R"), N_("searches in the conversation")},
    {N_("Marks"), NULL},
    {"…  →", N_("waits in the outbox · sent")},
    {"✓  ✓✓", N_("their system has it (TCP) · they have answered")},
    {"✗  –", N_("failed, and why · taken back")},
    {"●  ◌  ○", N_("a call is up · calling, or waiting to · none")},
    {N_("Commands"), NULL},
    {N_("/open WHO"), N_("talks to a contact or an address; also /to")},
    {"/contacts", N_("the list")},
    {N_("/add NAME"), N_("makes a contact of whom you talk to")},
    {"/call /hangup", N_("calls now · ends the call")},
    {"/retry /cancel [all]", N_("sends what waits now · takes the last one back, or all")},
    {N_("/search TEXT"), N_("goes to where it was said")},
    {N_("/export FILE"), N_("writes it all; FILE.jsonl as JSON; /export! over a file")},
    {"/mute /unmute", N_("no bell and no title for it · again")},
    {"/mouse", N_("clicks and the wheel, on and off")},
    {"/close /quit", N_("ends the conversation · ends landline")},
    {N_("Ending"), NULL},
    {"Ctrl-C", N_("empties the line; twice: ends landline")},
    {"Ctrl-D", N_("in an empty line: ends landline")},
    {"Ctrl-Z Ctrl-L", N_("to the shell, fg comes back · draws all again")},
};

size_t window_help_count(void)
{
    return sizeof(window_help) / sizeof(window_help[0]);
}

static void append_fingerprint(struct str *out, const struct window *w, const struct addr *addr)
{
    const struct trust_peer *known;

    if (!addr_is_secure(addr->scheme))
        return;
    known = w->run->trust ? trust_find(w->run->trust, addr) : NULL;
    if (!known)
        str_append_str(out, _("  encrypted"));
    else
        str_appendf(out, _("  encrypted, %.*s"), PIN_SHOWN_BYTES, known->what);
}

static void append_redial(struct str *out, const struct talk *t)
{
    uint64_t redial_ms = chat_peer_redial_ms(t->peer);

    if (redial_ms == 0) {
        str_append_str(out, _("not reached; /call tries again"));
        return;
    }
    str_append_str(out, _("not reached; next try at "));
    clock_append_time(out, clock_wall_ns() + (int64_t)redial_ms * 1000000);
}

/* How the line stands, in words. */
static enum style append_state(struct str *out, const struct window *w, const struct talk *t)
{
    const struct addr *addr = chat_peer_addr(t->peer);
    enum style style = STYLE_STATUS;
    size_t waiting = chat_peer_waiting(t->peer);

    switch (chat_peer_line(t->peer)) {
    case CHAT_LINE_IDLE:
        if (addr_is_stream(addr->scheme))
            str_append_str(out, t->why == CHAT_WHY_HUNG_UP      ? _("they have hung up")
                                : t->why == CHAT_WHY_WE_HUNG_UP ? _("you have hung up")
                                                                : _("no call"));
        break;
    case CHAT_LINE_CALLING:
        str_append_str(out, _("calling"));
        style = STYLE_STATUS_WARNING;
        break;
    case CHAT_LINE_UP:
        str_append_str(out, addr_is_stream(addr->scheme) ? _("connected") : _("datagrams"));
        append_fingerprint(out, w, addr);
        style = STYLE_STATUS_GOOD;
        break;
    case CHAT_LINE_WAITING:
        append_redial(out, t);
        style = STYLE_STATUS_WARNING;
        break;
    }
    if (waiting) {
        str_append_str(out, out->len ? "  " : "");
        str_appendf(out, ngettext("%zu message waits", "%zu messages wait", waiting), waiting);
        style = STYLE_STATUS_WARNING;
    }
    return style;
}

static enum chat_screen_line line_of(const struct talk *t)
{
    if (!t->peer)
        return CHAT_SCREEN_IDLE;
    switch (chat_peer_line(t->peer)) {
    case CHAT_LINE_UP:
        return CHAT_SCREEN_UP;
    case CHAT_LINE_CALLING:
    case CHAT_LINE_WAITING:
        return CHAT_SCREEN_CALLING;
    default:
        return CHAT_SCREEN_IDLE;
    }
}

static void append_escaped(struct str *out, const char *text)
{
    utf8_escape(out, text, strlen(text), 0);
}

/* Whom, and where. */
static void append_who(struct str *out, const struct talk *t)
{
    char text[ADDR_TEXT_BYTES];

    if (t->is_contact)
        str_append_str(out, t->name);
    if (t->is_contact && t->peer)
        str_append_str(out, "  ");
    if (t->peer)
        append_escaped(out, addr_format(chat_peer_addr(t->peer), text));
}

static void set_title(struct window *w)
{
    size_t unread = window_unread(w);
    char title[64];

    if (unread == 0)
        snprintf(title, sizeof(title), "landline");
    else if (unread > WINDOW_COUNT_MAX)
        snprintf(title, sizeof(title), "(%d+) landline", WINDOW_COUNT_MAX);
    else
        snprintf(title, sizeof(title), "(%zu) landline", unread);
    screen_title(w->screen, title);
}

static const char *prompt_of(const struct window *w)
{
    switch (w->mode) {
    case WINDOW_CHOOSING:
        return "? ";
    case WINDOW_SEARCHING:
        return _("search: ");
    default:
        return "> ";
    }
}

static const char *placeholder_of(const struct window *w)
{
    switch (w->mode) {
    case WINDOW_CHOOSING:
        return _("choose whom to talk to: arrows or a name, Enter");
    case WINDOW_SEARCHING:
        return _("a word that was said, Enter");
    case WINDOW_PASTING:
        return "";
    default:
        return _("type a message, Enter sends it");
    }
}

/* How to begin, where there is no conversation to show. */
static void append_intro(struct str *out, const struct window *w)
{
    if (w->n_talks == 0)
        str_append_str(out, _("Nobody is in your contacts yet.\n"
                              "landline contacts add NAME udp://HOST:PORT adds somebody;\n"
                              "/open tcp://HOST:PORT talks to an address at once."));
    else
        str_append_str(out, _("Choose whom to talk to, or /open an address."));
    if (w->listening.len) {
        str_appendf(out, "\n\n");
        str_appendf(out, _("Whoever calls is answered at %s."), w->listening.data);
        if (w->pin.len)
            str_appendf(out, _("\nTo be sure that it is you, they can say --pin %s."), w->pin.data);
    }
}

static struct chat_screen_talk *list_of(const struct window *w)
{
    struct chat_screen_talk *list = xcalloc(w->n_talks + 1, sizeof(*list));

    for (size_t i = 0; i < w->n_talks; i++) {
        const struct talk *t = w->talks[i];

        list[i] = (struct chat_screen_talk){
            .name = t->name,
            .line = line_of(t),
            .unread = t->unread,
            .waiting = t->peer ? chat_peer_waiting(t->peer) : 0,
            .is_muted = t->is_muted,
        };
    }
    return list;
}

static struct screen_help *translated_help(void)
{
    struct screen_help *help = xcalloc(window_help_count(), sizeof(*help));

    for (size_t i = 0; i < window_help_count(); i++) {
        help[i].key = gettext(window_help[i].key);
        help[i].text = window_help[i].text ? gettext(window_help[i].text) : NULL;
    }
    return help;
}

void window_draw(struct window *w)
{
    struct talk *t = w->mode == WINDOW_CHOOSING ? NULL : w->shown;
    struct str who = STR_INIT, state = STR_INIT, intro = STR_INIT, question = STR_INIT;
    struct chat_screen_talk *list = list_of(w);
    struct screen_help *help = w->mode == WINDOW_HELPING ? translated_help() : NULL;
    struct chat_screen_view view = {
        .talks = list,
        .n_talks = w->n_talks,
        .chosen = t            ? window_index(w, t)
                  : w->n_talks ? w->bar
                               : CHAT_SCREEN_NOBODY,
        .is_choosing = w->mode == WINDOW_CHOOSING,
        .hides_list = w->hides_list,
        .backlog = t ? t->backlog : NULL,
        .me = w->run->values->name ? w->run->values->name : _("me"),
        .them = t ? t->name : "",
        .help = help,
        .n_help = help ? window_help_count() : 0,
        .help_top = w->help_top,
        .state_style = STYLE_STATUS,
        .hint = help ? _("PageUp PageDown, Esc: back") : _("F1 help"),
        .notice = w->notice.len ? w->notice.data : NULL,
        .notice_style = w->notice_style,
        .prompt = prompt_of(w),
        .edit = window_edit(w),
        .placeholder = placeholder_of(w),
        .ascii = w->is_ascii,
    };
    int rows, columns;

    if (t)
        append_who(&who, t);
    if (t && t->peer)
        view.state_style = append_state(&state, w, t);
    if (!t) {
        append_intro(&intro, w);
        append_escaped(&who, w->listening.data);
    }
    if (w->mode == WINDOW_PASTING) {
        str_appendf(&question,
            _("Say these %zu lines as %zu messages? y: yes · o: as one message · e: edit them first · n: no"),
            w->pasted_lines, w->pasted_lines);
        view.notice = question.data;
        view.notice_style = STYLE_WARNING;
    }
    view.who = who.data;
    view.state = state.data;
    view.intro = intro.data;
    screen_size(w->screen, &rows, &columns);
    grid_reset(w->grid, rows, columns);
    chat_screen_draw(w->grid, &view, &w->places);
    screen_show(w->screen, w->grid, w->places.cursor_row, w->places.cursor_column);
    set_title(w);
    str_done(&question);
    str_done(&intro);
    str_done(&state);
    str_done(&who);
    free(list);
    free(help);
}
