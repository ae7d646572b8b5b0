/* SPDX-License-Identifier: ISC */
/* The face of landline chat that is the tutorial's: a prompt, a line in, a message out. To a person it looks
 * as the tutorial's clients and servers do, but nobody waits: whatever comes is printed above the prompt. */
#include "cmd/cmd_chat_lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "show/text.h"

#define SNIPPET_BYTES 60 /* of a message whose state is told */

struct lines_talk *lines_talk(struct chat_peer *p)
{
    struct lines_talk *t = chat_peer_data(p);

    if (t)
        return t;
    t = xcalloc(1, sizeof(*t));
    t->peer = p;
    list_init(&t->node);
    chat_peer_set_data(p, t);
    return t;
}

static bool is_unanswered(struct chat_peer *p)
{
    return !list_is_empty(&lines_talk(p)->node);
}

static bool is_stream(const struct chat_peer *p)
{
    return addr_is_stream(chat_peer_addr(p)->scheme);
}

/* They called us and have hung up: nothing reaches them any more. */
static bool is_gone(const struct chat_peer *p)
{
    return chat_peer_is_caller(p) && is_stream(p) && chat_peer_line(p) != CHAT_LINE_UP;
}

/* ---- whom a line goes to ---- */

/* Conversations that a reply could be meant for. */
static bool are_several(const struct lines *l)
{
    size_t n = 0;

    for (struct chat_peer *p = NULL; n < 2 && (p = chat_next(l->run->chat, p));)
        n += p == l->to || is_unanswered(p) || chat_peer_line(p) == CHAT_LINE_UP;
    return n > 1;
}

static void set_prompt(struct lines *l)
{
    struct str text = STR_INIT;
    const char *prompt = NULL;

    if (l->is_ending || chat_drain_has_begun(l->drain))
        return;
    if (l->mode == LINES_CHOOSING) {
        prompt = _("Whom to talk to: ");
    } else if (l->mode == LINES_TALKING) {
        prompt = _("Message, Enter sends it: ");
    } else if (l->to && (!chat_desk_holds(l->desk) || is_unanswered(l->to) || l->is_to_chosen)) {
        if (are_several(l)) {
            struct str head = STR_INIT;

            chat_run_head(&head, l->to, NULL);
            str_appendf(&text, _("Reply [%s]: "), head.data);
            str_done(&head);
            prompt = text.data;
        } else {
            prompt = _("Reply: ");
        }
    }
    chat_desk_prompt(l->desk, prompt);
    str_done(&text);
}

static void release(struct lines *l)
{
    if (!l->is_held)
        return;
    l->is_held = false;
    chat_desk_resume(l->desk);
}

void lines_talk_to(struct lines *l, struct chat_peer *p, bool is_chosen)
{
    l->to = p;
    l->is_to_chosen = is_chosen;
    set_prompt(l);
    release(l);
}

static void tell_to(struct lines *l)
{
    struct str head = STR_INIT;

    chat_run_head(&head, l->to, NULL);
    chat_desk_note(l->desk, _("you are answering %s now"), head.data);
    str_done(&head);
}

/* Who waits longest for an answer is answered next: once the one before has been answered or has gone, and
 * nobody is in the middle of a line that is meant for them. */
static void next_unanswered(struct lines *l)
{
    struct chat_peer *before = l->to;

    if (l->mode != LINES_ANSWERING || list_is_empty(&l->unanswered) || l->is_to_chosen ||
        (before && (is_unanswered(before) || chat_desk_is_typing(l->desk))))
        return;
    lines_talk_to(l, list_entry(l->unanswered.next, struct lines_talk, node)->peer, false);
    if (before && before != l->to)
        tell_to(l);
}

/* Nobody is there any more who could be answered by a line meant for p. */
static void forget(struct lines *l, struct chat_peer *p)
{
    list_remove(&lines_talk(p)->node);
    if (l->to != p)
        return;
    l->to = NULL;
    l->is_to_chosen = false;
    if (l->mode == LINES_TALKING)
        l->mode = l->may_choose ? LINES_CHOOSING : LINES_ANSWERING;
    next_unanswered(l);
    set_prompt(l);
}

void lines_say(struct lines *l, const char *text, size_t len)
{
    struct err err;

    if (!l->to) {
        chat_desk_note(l->desk, _("nobody is there to get this; /to WHO begins a conversation"));
        return;
    }
    if (chat_say(l->to, text, len, &err) < 0) {
        chat_desk_note(l->desk, "%s", err.text);
        return;
    }
    list_remove(&lines_talk(l->to)->node);
    if (l->mode == LINES_ANSWERING && !list_is_empty(&l->unanswered))
        l->is_to_chosen = false;
    next_unanswered(l);
    set_prompt(l);
}

struct chat_peer *lines_whom(struct lines *l, const char *who)
{
    struct chat_peer *p = l->to;
    struct err err;

    if (*who) {
        if (chat_run_open(l->run, who, &p, &err) == 0)
            return p;
        chat_desk_note(l->desk, "%s", err.text);
        return NULL;
    }
    if (!p)
        chat_desk_note(l->desk, _("with whom? Say a name or an address behind it"));
    return p;
}

/* ---- choosing ---- */

void lines_show_contacts(struct lines *l)
{
    const struct book *book = l->run->book;
    size_t n = book_count(book);
    int columns = chat_desk_columns(l->desk), at = 0;
    struct str one = STR_INIT;
    struct str *out;

    if (n == 0) {
        chat_desk_note(
            l->desk, _("there are no contacts yet; type an ADDRESS, or: landline contacts add NAME ADDRESS"));
        return;
    }
    out = chat_desk_text(l->desk);
    for (size_t i = 0; i < n; i++) {
        const char *name = book_at(book, i)->name;
        int width;

        str_reset(&one);
        str_appendf(&one, "%zu %s", i + 1, name);
        width = text_columns(one.data, one.len);
        if (at && at + 2 + width > columns) {
            str_append_char(out, '\n');
            at = 0;
        }
        str_appendf(out, "%s%s", at ? "  " : "", one.data);
        at += width + (at ? 2 : 0);
    }
    str_append_char(out, '\n');
    chat_desk_printed(l->desk);
    str_done(&one);
}

static void choose_again(struct lines *l)
{
    l->mode = LINES_CHOOSING;
    l->to = NULL;
    lines_show_contacts(l);
    set_prompt(l);
}

/* A number of the list, a name, or an address. */
static void choose(struct lines *l, const char *typed)
{
    const struct book *book = l->run->book;
    struct chat_peer *p;
    struct err err;
    int64_t number;
    int code;

    if (!book_find(book, typed) && parse_number(typed, 1, (int64_t)book_count(book), &number) == 0)
        typed = book_at(book, (size_t)number - 1)->name;
    code = chat_run_open(l->run, typed, &p, &err);
    if (code < 0) {
        chat_desk_note(l->desk, "%s", err.text);
        chat_desk_ask_again(l->desk);
        return;
    }
    l->mode = LINES_TALKING;
    lines_talk_to(l, p, false);
}

void lines_quit(struct lines *l)
{
    if (l->mode == LINES_TALKING && l->may_choose)
        choose_again(l);
    else if (chat_desk_holds(l->desk))
        chat_drain_begin(l->drain); /* a script wants to know what became of its messages */
    else
        chat_run_end(l->run, NULL);
}

/* ---- what is typed ---- */

static char *strip(const char *text, size_t len)
{
    static const char blanks[] = " \t\r\n\v\f";

    while (len && strchr(blanks, *text)) {
        text++;
        len--;
    }
    while (len && strchr(blanks, text[len - 1]))
        len--;
    return xmemdup0(text, len);
}

/* May a line for whoever is answered be taken from a pipe? Where each line answers a message, as the
 * tutorial's servers read them, it waits until there is one. */
static bool may_say(const struct lines *l)
{
    if (!chat_desk_holds(l->desk))
        return true;
    if (l->mode == LINES_ANSWERING && !(l->to && (l->is_to_chosen || is_unanswered(l->to))))
        return false;
    return !l->to || chat_run_has_room(l->to);
}

static bool on_line(const char *text, size_t len, void *arg)
{
    struct lines *l = arg;
    char *stripped;
    bool is_taken = true;

    if (chat_drain_has_begun(l->drain))
        return true;
    stripped = strip(text, len);
    if (*stripped == '\0') {
        chat_desk_ask_again(l->desk);
    } else if (strcmp(stripped, "quit") == 0) {
        lines_quit(l);
    } else if (*stripped == '/' && stripped[1] != '/') {
        lines_command(l, stripped);
    } else if (l->mode == LINES_CHOOSING) {
        choose(l, stripped);
    } else if (may_say(l)) {
        if (*text == '/' && len > 1 && text[1] == '/')
            lines_say(l, text + 1, len - 1);
        else
            lines_say(l, text, len);
        chat_desk_ask_again(l->desk);
    } else {
        l->is_held = true;
        is_taken = false;
    }
    l->has_read |= is_taken;
    free(stripped);
    return is_taken;
}

static void on_input_ended(const struct err *err, void *arg)
{
    struct lines *l = arg;

    if (err) {
        chat_run_end(l->run, err);
        return;
    }
    if (!chat_desk_holds(l->desk)) {
        chat_run_end(l->run, NULL);
        return;
    }
    if (!l->has_read && l->run->values->listen.count)
        chat_desk_note(l->desk,
            _("standard input has ended before anything was said, so this ends; to see who calls and what "
              "they say: landline answer --discard"));
    chat_drain_begin(l->drain);
}

/* Names of contacts where one is asked for; commands behind a slash. */
static void on_complete(const char *word, size_t begin, void *arg)
{
    struct lines *l = arg;
    const struct book *book = l->run->book;
    size_t n = 0, len = strlen(word);
    const char **candidates;

    if (begin == 0 && *word == '/') {
        lines_complete_command(l, word);
        return;
    }
    candidates = xcalloc(book_count(book) + 1, sizeof(*candidates));
    for (size_t i = 0; i < book_count(book); i++)
        if (strncmp(book_at(book, i)->name, word, len) == 0)
            candidates[n++] = book_at(book, i)->name;
    chat_desk_complete(l->desk, begin, candidates, n, "");
    free(candidates);
}

static void on_interrupt(void *arg)
{
    struct lines *l = arg;

    chat_run_end(l->run, NULL);
}

static const struct chat_desk_events desk_events = {
    .line = on_line,
    .ended = on_input_ended,
    .interrupt = on_interrupt,
    .complete = on_complete,
};

/* ---- what happens ---- */

static void on_listening(const struct addr *addr, const char *pin, void *arg)
{
    struct lines *l = arg;
    char text[ADDR_TEXT_BYTES];

    chat_desk_note(l->desk, _("listening on %s"), addr_format(addr, text));
    if (pin)
        chat_desk_note(l->desk, _("its certificate is %s"), pin);
}

static void print_call(struct lines *l, struct chat_peer *p)
{
    struct str *out = chat_desk_text(l->desk);
    const struct endpoint *e = chat_peer_endpoint(p);
    char host[ENDPOINT_TEXT_BYTES];

    if (e->sa.sa_family != AF_INET && e->sa.sa_family != AF_INET6) {
        str_appendf(out, _("Call from %s"), chat_peer_name(p));
    } else if (chat_peer_is_contact(p)) {
        struct str name = STR_INIT;

        str_appendf(&name, "%s[%s]", chat_peer_name(p), endpoint_format_host(e, host));
        str_appendf(out, _("Call from %s"), name.data);
        str_done(&name);
    } else {
        str_appendf(out, _("Call from %s"), endpoint_format_host(e, host));
    }
    str_append_char(out, '\n');
    chat_desk_printed(l->desk);
}

static void note_of(struct lines *l, struct chat_peer *p, const char *text)
{
    struct str head = STR_INIT;

    chat_run_head(&head, p, NULL);
    chat_desk_note(l->desk, "%s: %s", head.data, chat_run_reason(p, text));
    str_done(&head);
}

static void tell_line(struct lines *l, struct chat_peer *p, enum chat_why why, const struct err *err)
{
    bool is_verbose = l->run->values->verbose > 0;

    switch (why) {
    case CHAT_WHY_CALLED:
        if (is_stream(p))
            print_call(l, p);
        break;
    case CHAT_WHY_ANSWERED:
        if (is_verbose && is_stream(p))
            note_of(l, p, _("connected"));
        break;
    case CHAT_WHY_HUNG_UP:
        note_of(l, p, _("they hung up"));
        break;
    case CHAT_WHY_BROKEN:
        note_of(l, p, err ? err->text : _("the connection broke"));
        break;
    case CHAT_WHY_NOT_REACHED:
        /* Where a message waits for it, that is told, with the reason. */
        if (is_verbose || chat_peer_waiting(p) == 0)
            note_of(l, p, err ? err->text : _("not reached"));
        break;
    case CHAT_WHY_NONE:
    case CHAT_WHY_WE_HUNG_UP:
    default:
        break;
    }
}

static void on_line_changed(
    struct chat_peer *p, enum chat_line line, enum chat_why why, const struct err *err, void *arg)
{
    struct lines *l = arg;

    chat_drain_line(l->drain, p, line, err);
    tell_line(l, p, why, err);
    if (line == CHAT_LINE_UP)
        lines_talk(p)->told[0] = '\0';
    if (is_gone(p))
        forget(l, p);
    set_prompt(l);
    release(l);
}

static void print_message(struct lines *l, struct chat_peer *p, const struct chat_message *m)
{
    const struct term_colors *colors = chat_desk_colors(l->desk);
    struct str head = STR_INIT, text = STR_INIT;
    struct str *out = chat_desk_text(l->desk);

    chat_run_head(&head, p, &m->peer);
    utf8_escape_marked(&text, m->text, m->len, 0, colors->escape_on, colors->escape_off);
    if (chat_peer_is_contact(p))
        str_appendf(out, _("Message from %s: %s"), head.data, text.data);
    else
        str_appendf(out, _("Message from [%s]: %s"), head.data, text.data);
    str_append_char(out, '\n');
    chat_desk_printed(l->desk);
    str_done(&head);
    str_done(&text);
}

static void on_message(struct chat_peer *p, const struct chat_message *m, void *arg)
{
    struct lines *l = arg;
    struct lines_talk *t = lines_talk(p);

    chat_drain_message(l->drain, p, m);
    if (m->direction == STORE_OUT) {
        t->last_said = m->number;
        /* A script is told of what it says, and of nothing else. */
        if (m->is_old && (!chat_desk_holds(l->desk) || l->run->values->verbose)) {
            t->n_old++;
            loop_at_turn_end(l->run->loop, &l->tell_old);
        }
        return;
    }
    print_message(l, p, m);
    chat_mark_read(p);
    if (m->is_part && !t->is_in_parts) {
        t->is_in_parts = true;
        note_of(l, p, _("a message longer than --max-message comes in parts"));
    }
    if (list_is_empty(&t->node) && !is_gone(p))
        list_append(&l->unanswered, &t->node);
    next_unanswered(l);
    set_prompt(l);
    release(l);
}

/* What the outbox had for this peer from an earlier time, in one line. */
static void tell_old(struct turn_end *turn)
{
    struct lines *l = list_entry(turn, struct lines, tell_old);

    for (struct chat_peer *p = NULL; (p = chat_next(l->run->chat, p));) {
        struct lines_talk *t = lines_talk(p);

        if (t->n_old == 0)
            continue;
        chat_desk_note(l->desk,
            ngettext("%s: %zu message of an earlier time is in the outbox",
                "%s: %zu messages of an earlier time are in the outbox", t->n_old),
            chat_peer_name(p), t->n_old);
        t->n_old = 0;
    }
}

static void append_snippet(struct str *out, const struct chat_message *m)
{
    size_t len = utf8_truncate(m->text, m->len, SNIPPET_BYTES);

    str_append(out, m->text, len);
    if (len < m->len)
        str_append_str(out, "…");
}

static const char *state_word(enum store_state state)
{
    switch (state) {
    case STORE_WAITING:
        return _("waits in the outbox");
    case STORE_SENT:
        return _("sent");
    case STORE_ACKED:
        return _("acknowledged by the peer's system");
    case STORE_ANSWERED:
        return _("answered");
    case STORE_FAILED:
        return _("not sent");
    case STORE_CANCELLED:
        return _("taken back");
    case STORE_RECEIVED:
    case STORE_STATES:
    default:
        return "";
    }
}

static void on_changed(struct chat_peer *p, const struct chat_message *m, void *arg)
{
    struct lines *l = arg;
    struct lines_talk *t = lines_talk(p);
    bool is_verbose = l->run->values->verbose > 0;
    bool waits = m->state == STORE_WAITING && *m->note;
    struct str text = STR_INIT;

    chat_drain_changed(l->drain, p, m);
    release(l);
    /* The last line of a pipe's end says it for all. */
    if (waits && chat_drain_has_begun(l->drain) && !is_verbose)
        return;
    if (waits && !is_verbose && strcmp(t->told, m->note) == 0)
        return;
    if (!is_verbose && !waits && m->state != STORE_FAILED)
        return;
    if (waits)
        snprintf(t->told, sizeof(t->told), "%s", m->note);
    if (*m->note)
        str_appendf(&text, "%s; ", m->note);
    str_appendf(&text, "%s: ", state_word(m->state));
    append_snippet(&text, m);
    note_of(l, p, text.data);
    str_done(&text);
}

static void on_first_sight(struct chat_peer *p, const struct tls_facts *facts, void *arg)
{
    struct lines *l = arg;
    struct str text = STR_INIT;

    str_appendf(&text, _("trusted at first sight: %s"), facts->pin);
    note_of(l, p, text.data);
    str_done(&text);
}

static void on_gone(struct chat_peer *p, void *arg)
{
    struct lines *l = arg;

    chat_drain_gone(l->drain, p);
    forget(l, p);
    free(lines_talk(p));
    chat_peer_set_data(p, NULL);
}

static void on_trouble(struct chat_peer *p, const struct err *err, void *arg)
{
    struct lines *l = arg;

    if (p)
        note_of(l, p, err->text);
    else
        chat_desk_note(l->desk, "landline: %s", err->text);
}

static const struct chat_events lines_events = {
    .listening = on_listening,
    .line = on_line_changed,
    .message = on_message,
    .changed = on_changed,
    .first_sight = on_first_sight,
    .gone = on_gone,
    .trouble = on_trouble,
};

/* ---- beginning and end ---- */

static void on_broken(int code, void *arg)
{
    struct lines *l = arg;

    chat_run_broken(l->run, code);
}

static void *lines_new(struct chat_run *run)
{
    struct lines *l = xcalloc(1, sizeof(*l));

    l->run = run;
    l->desk = chat_desk_new(run, &desk_events, l, on_broken);
    l->drain = chat_drain_new(run);
    list_init(&l->unanswered);
    turn_end_init(&l->tell_old, tell_old);
    return l;
}

static int lines_start(void *face, struct err *err)
{
    struct lines *l = face;
    struct chat_run *run = l->run;
    struct chat_peer *p;
    int code;

    if (run->who) {
        code = chat_run_open(run, run->who, &p, err);
        if (code < 0)
            return code;
        l->mode = LINES_TALKING;
        lines_talk_to(l, p, false);
    } else if (run->values->listen.count) {
        l->mode = LINES_ANSWERING;
    } else {
        l->may_choose = true;
        choose_again(l);
    }
    return chat_desk_start(l->desk, err);
}

/* Said once, when a person leaves while something waits. */
static void tell_outbox(struct lines *l)
{
    for (struct chat_peer *p = NULL; (p = chat_next(l->run->chat, p));) {
        size_t lost = chat_run_lost(l->run, p), n = chat_peer_waiting(p) - lost;

        if (chat_drain_has_begun(l->drain))
            continue;
        if (lost)
            chat_desk_note(l->desk,
                ngettext("%s: %zu message that waits was not kept and is lost",
                    "%s: %zu messages that wait were not kept and are lost", lost),
                chat_peer_name(p), lost);
        if (n)
            chat_desk_note(l->desk,
                ngettext("%s: %zu message waits in the outbox until chat runs again",
                    "%s: %zu messages wait in the outbox until chat runs again", n),
                chat_peer_name(p), n);
    }
}

static void lines_stopping(void *face)
{
    struct lines *l = face;

    l->is_ending = true;
    chat_desk_stop(l->desk);
}

static void lines_leave(void *face)
{
    struct lines *l = face;

    if (l->run->chat)
        tell_outbox(l);
    for (struct chat_peer *p = NULL; l->run->chat && (p = chat_next(l->run->chat, p));) {
        free(chat_peer_data(p));
        chat_peer_set_data(p, NULL);
    }
    chat_drain_free(l->drain);
    l->drain = NULL;
    turn_end_cancel(&l->tell_old);
    chat_desk_stop(l->desk);
    chat_desk_flush(l->desk);
    l->has_left = true;
}

static void lines_free(void *face)
{
    struct lines *l = face;

    chat_desk_free(l->desk);
    free(l);
}

const struct chat_face chat_face_lines = {
    .new = lines_new,
    .events = &lines_events,
    .start = lines_start,
    .stopping = lines_stopping,
    .leave = lines_leave,
    .free = lines_free,
};
