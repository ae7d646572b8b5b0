/* SPDX-License-Identifier: ISC */
/* What begins with a slash in the line face. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/parse.h"
#include "base/similar.h"
#include "base/utf8.h"
#include "cmd/cmd_chat_lines.h"

#define SEARCH_LIMIT 20

struct command_row {
    const char *name;
    void (*run)(struct lines *l, const char *rest);
    const char *argument; /* N_() */
    const char *says;     /* N_() */
};

static void run_to(struct lines *l, const char *rest)
{
    struct chat_peer *p = lines_whom(l, rest);

    if (!p)
        return;
    if (l->mode == LINES_CHOOSING)
        l->mode = LINES_TALKING;
    lines_talk_to(l, p, true);
    chat_desk_note(l->desk, _("you are talking to %s now"), chat_peer_name(p));
}

static void run_contacts(struct lines *l, const char *rest)
{
    struct err err;

    if (chat_run_reload(l->run, &err) < 0)
        chat_desk_note(l->desk, "%s", err.text);
    lines_show_contacts(l);
}

static void run_call(struct lines *l, const char *rest)
{
    struct chat_peer *p = lines_whom(l, rest);

    if (p && chat_peer_line(p) == CHAT_LINE_UP)
        chat_desk_note(l->desk, _("%s: you are connected"), chat_peer_name(p));
    else if (p)
        chat_call(p);
}

static void run_hangup(struct lines *l, const char *rest)
{
    struct chat_peer *p = lines_whom(l, rest);

    if (!p)
        return;
    chat_hang_up(p);
    chat_desk_note(l->desk, _("%s: you hung up"), chat_peer_name(p));
}

static void run_retry(struct lines *l, const char *rest)
{
    struct chat_peer *p = lines_whom(l, rest);

    if (p && chat_peer_waiting(p) == 0)
        chat_desk_note(l->desk, _("%s: nothing waits"), chat_peer_name(p));
    else if (p)
        chat_call(p);
}

/* The last one that waits, or all. */
static void run_cancel(struct lines *l, const char *rest)
{
    struct chat_peer *p = lines_whom(l, "");
    size_t n = 0;

    if (!p)
        return;
    if (*rest && strcmp(rest, "all") != 0) {
        chat_desk_note(l->desk, _("/cancel takes the last one back, /cancel all everything that waits"));
        return;
    }
    if (*rest)
        n = chat_cancel(p, 0);
    /* Numbers go up. */
    for (uint64_t last = lines_talk(p)->last_said; !*rest && last && n == 0 && chat_peer_waiting(p); last--)
        n = chat_cancel(p, last);
    chat_desk_note(l->desk, ngettext("%s: %zu message taken back", "%s: %zu messages taken back", n),
        chat_peer_name(p), n);
}

static void on_found(
    const struct store_message *messages, size_t count, int code, const struct err *err, void *arg)
{
    struct lines *l = arg;
    const struct term_colors *colors = chat_desk_colors(l->desk);
    struct str *out;

    if (l->has_left)
        return;
    if (code < 0) {
        chat_desk_note(l->desk, "%s", err->text);
        return;
    }
    if (count == 0) {
        chat_desk_note(l->desk, _("nothing found"));
        return;
    }
    out = chat_desk_text(l->desk);
    for (size_t i = 0; i < count; i++) {
        const struct store_message *m = &messages[i];

        clock_append_iso(out, m->at_ns);
        str_appendf(out, m->direction == STORE_OUT ? " -> %s: " : " %s: ", m->who);
        utf8_escape_marked(out, m->text, m->len, 0, colors->escape_on, colors->escape_off);
        str_append_char(out, '\n');
    }
    chat_desk_printed(l->desk);
}

static void run_search(struct lines *l, const char *rest)
{
    struct store_query query = {.search = rest, .limit = SEARCH_LIMIT};

    if (!*rest) {
        chat_desk_note(l->desk, _("search for what? /search TEXT"));
        return;
    }
    if (l->to)
        query.who = chat_peer_who(l->to);
    store_find(l->run->store, &query, on_found, l);
}

static void run_quit(struct lines *l, const char *rest)
{
    l->may_choose = false;
    lines_quit(l);
}

static void run_help(struct lines *l, const char *rest);

static const struct command_row rows[] = {
    {"to", run_to, N_("WHO"), N_("talk to a contact, an address, or somebody who has called")},
    {"contacts", run_contacts, "", N_("show the contacts")},
    {"call", run_call, N_("[WHO]"), N_("call, without a message")},
    {"hangup", run_hangup, N_("[WHO]"), N_("end the call")},
    {"retry", run_retry, N_("[WHO]"), N_("try again to send what waits")},
    {"cancel", run_cancel, "[all]", N_("take back the last message that waits, or all")},
    {"search", run_search, N_("TEXT"), N_("look for something that was said")},
    {"help", run_help, "", N_("this list; a message that begins with / is typed with //")},
    {"quit", run_quit, "", N_("end; the word quit alone leaves a conversation")},
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static void run_help(struct lines *l, const char *rest)
{
    struct str *out = chat_desk_text(l->desk);

    for (size_t i = 0; i < N_ROWS; i++) {
        const char *argument =
            *rows[i].argument ? _(rows[i].argument) : ""; /* _("") is the catalogue's header */

        str_appendf(out, "/%s%s%s: %s\n", rows[i].name, *argument ? " " : "", argument, _(rows[i].says));
    }
    chat_desk_printed(l->desk);
}

static void tell_unknown(struct lines *l, const char *name, size_t len)
{
    const char *nearest = NULL;
    size_t best = SIMILAR_NOT;

    for (size_t i = 0; i < N_ROWS; i++) {
        size_t slips = similar_slips(name, len, rows[i].name, strlen(rows[i].name));

        if (slips < best) {
            best = slips;
            nearest = rows[i].name;
        }
    }
    if (nearest)
        chat_desk_note(
            l->desk, _("/%.*s: there is no such command; did you mean /%s?"), (int)len, name, nearest);
    else
        chat_desk_note(l->desk,
            _("/%.*s: there is no such command, see /help; a message that begins with / is typed with //"),
            (int)len, name);
}

void lines_command(struct lines *l, const char *text)
{
    const char *name = text + 1, *rest;
    size_t len = strcspn(name, " \t");

    rest = name + len + strspn(name + len, " \t");
    for (size_t i = 0; i < N_ROWS; i++)
        if (strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0) {
            rows[i].run(l, rest);
            chat_desk_ask_again(l->desk);
            return;
        }
    tell_unknown(l, name, len < 64 ? len : 64);
    chat_desk_ask_again(l->desk);
}

void lines_complete_command(struct lines *l, const char *word)
{
    struct str texts[N_ROWS];
    const char *candidates[N_ROWS];
    size_t n = 0;

    for (size_t i = 0; i < N_ROWS; i++) {
        str_init(&texts[i]);
        str_appendf(&texts[i], "/%s", rows[i].name);
        if (strncmp(texts[i].data, word, strlen(word)) == 0)
            candidates[n++] = texts[i].data;
    }
    chat_desk_complete(l->desk, 0, candidates, n, " ");
    for (size_t i = 0; i < N_ROWS; i++)
        str_done(&texts[i]);
}
