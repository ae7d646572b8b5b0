/* SPDX-License-Identifier: ISC */
/* What the chat tells: calls and hang-ups become lines in their conversations, messages too. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/xmalloc.h"
#include "cmd/window.h"
#include "net/endpoint.h"

enum backlog_mark window_mark(enum store_state state)
{
    static const enum backlog_mark marks[STORE_STATES] = {
        [STORE_RECEIVED] = BACKLOG_NO_MARK,
        [STORE_WAITING] = BACKLOG_WAITING,
        [STORE_SENT] = BACKLOG_SENT,
        [STORE_ACKED] = BACKLOG_ACKED,
        [STORE_ANSWERED] = BACKLOG_ANSWERED,
        [STORE_FAILED] = BACKLOG_FAILED,
        [STORE_CANCELLED] = BACKLOG_CANCELLED,
    };

    return marks[state];
}

/* A line in the conversation that is no message. */
static void tell(struct window *w, struct talk *t, bool is_trouble, const char *text)
{
    struct backlog_item item = {
        .at_ns = clock_wall_ns(),
        .kind = is_trouble ? BACKLOG_TROUBLE : BACKLOG_EVENT,
        .text = text,
        .len = strlen(text),
    };

    if (is_trouble && t->trouble && strcmp(t->trouble, text) == 0)
        return;
    free(t->trouble);
    t->trouble = is_trouble ? xstrdup(text) : NULL;
    backlog_add(t->backlog, &item);
    window_draw_soon(w);
}

static void on_listening(const struct addr *addr, const char *pin, void *arg)
{
    struct window *w = arg;
    char text[ADDR_TEXT_BYTES];

    if (w->listening.len)
        str_append_str(&w->listening, "  ");
    str_append_str(&w->listening, addr_format(addr, text));
    str_reset(&w->pin);
    str_append_str(&w->pin, pin ? pin : "");
}

static void on_peer(struct chat_peer *p, void *arg)
{
    struct window *w = arg;

    window_of(w, p);
    window_draw_soon(w);
}

static void tell_call(struct window *w, struct talk *t, struct chat_peer *p)
{
    char host[ENDPOINT_TEXT_BYTES];
    struct str text = STR_INIT;

    str_appendf(&text, _("Call from %s"), endpoint_format_host(chat_peer_endpoint(p), host));
    tell(w, t, false, text.data);
    str_done(&text);
}

static void on_line(
    struct chat_peer *p, enum chat_line line, enum chat_why why, const struct err *err, void *arg)
{
    struct window *w = arg;
    struct talk *t = window_of(w, p);
    bool is_call = addr_is_stream(chat_peer_addr(p)->scheme); /* a datagram calls nobody */

    t->why = why;
    window_draw_soon(w);
    if (!is_call && (why == CHAT_WHY_CALLED || why == CHAT_WHY_ANSWERED))
        return;
    switch (why) {
    case CHAT_WHY_NONE:
        break;
    case CHAT_WHY_CALLED:
        tell_call(w, t, p);
        break;
    case CHAT_WHY_ANSWERED:
        tell(w, t, false, _("connected"));
        break;
    case CHAT_WHY_HUNG_UP:
        tell(w, t, false, _("they have hung up"));
        break;
    case CHAT_WHY_WE_HUNG_UP:
        tell(w, t, false, _("you have hung up"));
        break;
    case CHAT_WHY_NOT_REACHED:
        if (chat_peer_waiting(p)) /* below what waits the same is said */
            break;
        /* fall through */
    case CHAT_WHY_BROKEN:
        tell(w, t, true, err ? err->text : _("the connection broke"));
        break;
    }
}

static struct backlog_item item_of(const struct chat_message *m)
{
    return (struct backlog_item){
        .id = m->id,
        .number = m->number,
        .at_ns = m->at_ns,
        .kind = m->direction == STORE_IN ? BACKLOG_IN : BACKLOG_OUT,
        .mark = window_mark(m->state),
        .text = m->text,
        .len = m->len,
        .note = m->is_part ? _("longer than --max-message: it goes on in the next one") : m->note,
    };
}

/* A bell and a mark in the title, for what nobody looks at. */
static void attract(struct window *w, struct talk *t)
{
    uint64_t now_ms = loop_now_ms(w->run->loop);

    if (!w->screen || t->is_muted || (t->unread > 1 && w->has_focus) ||
        (w->rung_ms && now_ms - w->rung_ms < WINDOW_BELL_MS))
        return;
    w->rung_ms = now_ms;
    screen_bell(w->screen);
}

static void on_message(struct chat_peer *p, const struct chat_message *m, void *arg)
{
    struct window *w = arg;
    struct talk *t = window_of(w, p);
    struct backlog_item item = item_of(m);

    free(t->trouble);
    t->trouble = NULL;
    window_draw_soon(w);
    if (m->direction == STORE_OUT)
        t->last_said = m->number;
    if (m->is_old &&
        t->is_kept) /* it is in the journal, in its place, and comes with the page that is loaded */
        return;
    if (m->direction == STORE_OUT) {
        backlog_forget_unread(t->backlog);
        backlog_to_end(t->backlog);
    }
    backlog_add(t->backlog, &item);
    if (m->direction == STORE_OUT)
        return;
    t->unread++;
    if (window_is_looked_at(w, t))
        window_look(w);
    else
        attract(w, t);
}

static void on_changed(struct chat_peer *p, const struct chat_message *m, void *arg)
{
    struct window *w = arg;

    backlog_change(window_of(w, p)->backlog, m->number, m->id, window_mark(m->state), m->note);
    window_draw_soon(w);
}

static void on_first_sight(struct chat_peer *p, const struct tls_facts *facts, void *arg)
{
    struct window *w = arg;
    struct str text = STR_INIT;

    str_appendf(&text, _("trusted at first sight: %s"), facts->pin);
    tell(w, window_of(w, p), false, text.data);
    str_done(&text);
}

static void on_gone(struct chat_peer *p, void *arg)
{
    struct window *w = arg;
    struct talk *t = chat_peer_data(p);

    if (!t)
        return;
    t->peer = NULL;
    chat_peer_set_data(p, NULL);
    if (!t->is_contact)
        window_remove(w, t);
    window_draw_soon(w);
}

static void on_trouble(struct chat_peer *p, const struct err *err, void *arg)
{
    struct window *w = arg;

    if (p)
        tell(w, window_of(w, p), true, err->text);
    else
        window_say(w, STYLE_ERROR, "%s", err->text);
}

const struct chat_events window_events = {
    .listening = on_listening,
    .peer = on_peer,
    .line = on_line,
    .message = on_message,
    .changed = on_changed,
    .first_sight = on_first_sight,
    .gone = on_gone,
    .trouble = on_trouble,
};
