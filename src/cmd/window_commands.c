/* SPDX-License-Identifier: ISC */
/* Commands, each a row: /word, whether it needs a conversation or an argument, and what it does. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/similar.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "cmd/window.h"

#define CANDIDATES_SHOWN 40

enum { NEEDS_TALK = 1, NEEDS_TEXT = 2 };

struct window_command {
    const char *word;
    unsigned needs;
    void (*run)(struct window *w, const char *text);
    const char *usage; /* what is said where the text is missing */
};

static void do_help(struct window *w, const char *text)
{
    window_help_shown(w);
}

static void do_contacts(struct window *w, const char *text)
{
    /* Somebody may have changed the file. */
    struct err err;

    if (chat_run_reload(w->run, &err) < 0)
        window_say(w, STYLE_ERROR, "%s", err.text);
    else
        window_rename_all(w);
    window_choose(w);
}

static void do_open(struct window *w, const char *text)
{
    size_t match = window_match(w, text);

    if (match != CHAT_SCREEN_NOBODY && strcasecmp(w->talks[match]->name, text) == 0)
        window_show(w, w->talks[match]);
    else
        window_open(w, text);
}

static bool is_caller(struct window *w)
{
    if (!chat_peer_is_caller(w->shown->peer) || chat_peer_line(w->shown->peer) == CHAT_LINE_UP)
        return false;
    window_say(
        w, STYLE_WARNING, "%s", _("they called us, and from where nobody listens: only they can call again"));
    return true;
}

static void do_call(struct window *w, const char *text)
{
    if (chat_peer_line(w->shown->peer) == CHAT_LINE_UP)
        window_say(w, STYLE_DIM, "%s", _("the call is up already"));
    else if (!is_caller(w))
        chat_call(w->shown->peer);
}

static void do_hangup(struct window *w, const char *text)
{
    if (chat_peer_line(w->shown->peer) == CHAT_LINE_IDLE)
        window_say(w, STYLE_DIM, "%s", _("there is no call to end"));
    else
        chat_hang_up(w->shown->peer);
}

static void do_retry(struct window *w, const char *text)
{
    if (chat_peer_waiting(w->shown->peer) == 0)
        window_say(w, STYLE_DIM, "%s", _("nothing waits"));
    else if (!is_caller(w))
        chat_call(w->shown->peer);
}

static void do_cancel(struct window *w, const char *text)
{
    struct chat_peer *p = w->shown->peer;
    size_t taken = 0;

    if (strcmp(text, "all") == 0)
        taken = chat_cancel(p, 0);
    else if (*text) {
        window_say(
            w, STYLE_ERROR, "%s", _("/cancel takes the last one back, /cancel all everything that waits"));
        return;
    } else {
        /* Numbers go up; the newest that still waits. */
        for (uint64_t n = w->shown->last_said; n > 0 && taken == 0 && chat_peer_waiting(p); n--)
            taken = chat_cancel(p, n);
    }
    if (taken == 0)
        window_say(w, STYLE_DIM, "%s", _("nothing waits; what is sent can't be taken back"));
    else
        window_say(w, STYLE_DIM,
            ngettext("%zu message was taken back", "%zu messages were taken back", taken), taken);
}

static void do_search(struct window *w, const char *text)
{
    window_search(w, text, true);
}

static void do_export(struct window *w, const char *text)
{
    window_export(w, text, false);
}

static void do_export_over(struct window *w, const char *text)
{
    window_export(w, text, true);
}

/* A change to the contacts, for book_change. */
struct change {
    const char *name, *address; /* NULL: the flag */
    bool on;
};

static int change_book(struct book *b, void *arg, struct err *err)
{
    const struct change *c = arg;

    return c->address ? book_add(b, c->name, c->address, err)
                      : book_set_flag(b, c->name, BOOK_MUTE, c->on, err);
}

/* In the file, then in here. False: it was said why not. */
static bool change_contacts(struct window *w, struct change *c)
{
    struct err err;

    if (book_change(change_book, c, &err) == 0 && chat_run_reload(w->run, &err) == 0) {
        window_rename_all(w);
        return true;
    }
    window_say(w, STYLE_ERROR, "%s", err.text);
    return false;
}

static void set_mute(struct window *w, bool on)
{
    struct talk *t = w->shown;
    struct change change = {.name = t->who, .on = on};

    if (t->is_contact && !change_contacts(w, &change))
        return;
    t->is_muted = on;
    if (!on)
        window_say(w, STYLE_DIM, _("the bell and the title tell of %s again"), t->name);
    else if (t->is_contact)
        window_say(w, STYLE_DIM, _("no bell and no title for %s any more"), t->name);
    else
        window_say(w, STYLE_DIM, _("no bell and no title for %s until landline ends; /add makes a contact"),
            t->name);
}

static void do_mute(struct window *w, const char *text)
{
    set_mute(w, true);
}

static void do_unmute(struct window *w, const char *text)
{
    set_mute(w, false);
}

static void do_add(struct window *w, const char *text)
{
    struct talk *t = w->shown;
    char address[ADDR_TEXT_BYTES];
    struct change change = {.name = text, .address = address};

    if (t->is_contact) {
        window_say(w, STYLE_ERROR, _("%s is a contact already"), t->name);
        return;
    }
    addr_format(chat_peer_addr(t->peer), address);
    if (book_find(w->run->book, text)) {
        window_say(w, STYLE_ERROR,
            _("there is a contact %s already; landline contacts add gives it another address"), text);
        return;
    }
    if (!change_contacts(w, &change)) /* what was said so far goes with it: chat_set_book */
        return;
    if (chat_peer_is_caller(t->peer))
        window_say(w, STYLE_WARNING,
            _("%s = %s; that is where they called from: whether they listen there is not known"), text,
            address);
    else
        window_say(w, STYLE_DIM, _("%s = %s"), text, address);
}

static void do_mouse(struct window *w, const char *text)
{
    w->mouse = !w->mouse;
    screen_mouse(w->screen, w->mouse);
    window_say(w, STYLE_DIM, "%s",
        w->mouse ? _("the mouse chooses and scrolls; with Shift it selects text")
                 : _("the mouse is the terminal's own again"));
}

static void do_close(struct window *w, const char *text)
{
    struct talk *t = w->shown;
    size_t waiting = chat_peer_waiting(t->peer);

    chat_close(t->peer);
    window_choose(w);
    if (waiting)
        window_say(w, STYLE_WARNING,
            ngettext("%zu message stays in the outbox", "%zu messages stay in the outbox", waiting), waiting);
}

static void do_quit(struct window *w, const char *text)
{
    window_quit(w);
}

static const struct window_command commands_of_window[] = {
    {"add", NEEDS_TALK | NEEDS_TEXT, do_add, N_("/add NAME makes a contact of whom you talk to")},
    {"call", NEEDS_TALK, do_call, NULL},
    {"cancel", NEEDS_TALK, do_cancel, NULL},
    {"close", NEEDS_TALK, do_close, NULL},
    {"contacts", 0, do_contacts, NULL},
    {"export", NEEDS_TALK | NEEDS_TEXT, do_export, N_("/export FILE, or FILE.jsonl")},
    {"export!", NEEDS_TALK | NEEDS_TEXT, do_export_over, N_("/export! FILE, or FILE.jsonl")},
    {"hangup", NEEDS_TALK, do_hangup, NULL},
    {"help", 0, do_help, NULL},
    {"mouse", 0, do_mouse, NULL},
    {"mute", NEEDS_TALK, do_mute, NULL},
    {"open", NEEDS_TEXT, do_open, N_("/open NAME, or an address such as tcp://HOST:PORT")},
    {"quit", 0, do_quit, NULL},
    {"retry", NEEDS_TALK, do_retry, NULL},
    {"search", NEEDS_TALK | NEEDS_TEXT, do_search, N_("/search TEXT, or Ctrl-R")},
    {"to", NEEDS_TEXT, do_open, N_("/to NAME, or an address such as tcp://HOST:PORT")},
    {"unmute", NEEDS_TALK, do_unmute, NULL},
};

#define COMMANDS (sizeof(commands_of_window) / sizeof(commands_of_window[0]))

static void say_unknown(struct window *w, const char *word, size_t len)
{
    const char *nearest = NULL;
    size_t fewest = SIMILAR_NOT;

    for (size_t i = 0; i < COMMANDS; i++) {
        size_t slips =
            similar_slips(word, len, commands_of_window[i].word, strlen(commands_of_window[i].word));

        if (slips < fewest) {
            fewest = slips;
            nearest = commands_of_window[i].word;
        }
    }
    if (nearest)
        window_say(w, STYLE_ERROR,
            _("there is no /%.*s; did you mean /%s? (a message that begins with / is said with //)"),
            (int)len, word, nearest);
    else
        window_say(w, STYLE_ERROR,
            _("there is no /%.*s; F1 lists what there is (a message that begins with / is said with //)"),
            (int)len, word);
}

void window_command(struct window *w, const char *text)
{
    size_t len = strcspn(++text, " \n");
    const char *rest = text + len + strspn(text + len, " \n");
    const struct window_command *c = NULL;
    char *trimmed;
    size_t end = strlen(rest);

    for (size_t i = 0; i < COMMANDS; i++)
        if (strlen(commands_of_window[i].word) == len &&
            strncasecmp(commands_of_window[i].word, text, len) == 0)
            c = &commands_of_window[i];
    if (!c) {
        say_unknown(w, text, len);
        return;
    }
    while (end && strchr(" \n", rest[end - 1]))
        end--;
    if ((c->needs & NEEDS_TALK) && (w->mode == WINDOW_CHOOSING || !w->shown))
        window_say(w, STYLE_ERROR, _("/%s is about a conversation; open one first"), c->word);
    else if ((c->needs & NEEDS_TEXT) && end == 0)
        window_say(w, STYLE_ERROR, "%s", gettext(c->usage));
    else if (!(c->needs & NEEDS_TALK) || w->shown->peer || window_show(w, w->shown)) {
        trimmed = xstrdup(rest);
        trimmed[end] = '\0';
        c->run(w, trimmed);
        free(trimmed);
    }
}

/* ---- completion ---- */

struct candidates {
    const char *typed;
    size_t typed_len;
    struct str common; /* what all of them begin with */
    struct str shown;
    size_t count;
};

static void offer(struct candidates *c, const char *word)
{
    size_t same = 0;

    if (strncasecmp(word, c->typed, c->typed_len) != 0)
        return;
    if (c->count++ == 0)
        str_append_str(&c->common, word);
    while (same < c->common.len && word[same] == c->common.data[same])
        same++;
    c->common.len = utf8_truncate(c->common.data, c->common.len, same);
    c->common.data[c->common.len] = '\0';
    if (c->count <= CANDIDATES_SHOWN)
        str_appendf(&c->shown, "%s%s", c->shown.len ? "  " : "", word);
    else if (c->count == CANDIDATES_SHOWN + 1)
        str_append_str(&c->shown, "  …");
}

static void offer_names(struct candidates *c, const struct window *w)
{
    for (size_t i = 0; i < w->n_talks; i++)
        offer(c, w->talks[i]->name);
}

void window_complete(struct window *w)
{
    struct lineedit *edit = window_edit(w);
    const char *text = lineedit_text(edit);
    size_t cursor = lineedit_cursor(edit), start = cursor;
    bool is_name = strncasecmp(text, "/open ", 6) == 0 || strncasecmp(text, "/to ", 4) == 0;
    struct candidates c = {.common = STR_INIT, .shown = STR_INIT};
    struct str whole = STR_INIT;

    /* A name may have blanks in it: then it is all that stands behind the command, or all. */
    if (w->mode == WINDOW_CHOOSING && *text != '/')
        start = 0;
    else if (is_name)
        start = (size_t)(strchr(text, ' ') - text) + 1;
    else
        while (start > 0 && !strchr(" \n", text[start - 1]))
            start--;
    if (start > cursor || w->mode == WINDOW_SEARCHING)
        return;
    c.typed = text + start;
    c.typed_len = cursor - start;
    if (!is_name && *text == '/' && start == 0) {
        c.typed++;
        c.typed_len--;
        start++;
        for (size_t i = 0; i < COMMANDS; i++)
            offer(&c, commands_of_window[i].word);
    } else if (c.typed_len || is_name || w->mode == WINDOW_CHOOSING)
        offer_names(&c, w);
    if (c.count == 0)
        screen_bell(w->screen);
    else {
        str_append(&whole, text, start);
        str_append(&whole, c.common.data, c.common.len);
        if (c.count == 1 && w->mode != WINDOW_CHOOSING)
            str_append_char(&whole, ' ');
        start = whole.len;
        str_append_str(&whole, text + cursor);
        lineedit_set(edit, whole.data, whole.len, start);
        if (c.count > 1)
            window_say(w, STYLE_DIM, "%s", c.shown.data);
    }
    str_done(&whole);
    str_done(&c.common);
    str_done(&c.shown);
}
