/* SPDX-License-Identifier: ISC */
/* Calling a peer: its addresses in their order, each for CHAT_DIAL_MS; when none answers, a pause that
 * doubles, as long as something waits to be said. An address whose certificate is not the one we know ends
 * it: trying the next one, perhaps one without TLS, would be what an attacker wants. */
#include <errno.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/rand.h"
#include "talk/chat_inside.h"

enum chat_transport chat_transport(const struct chat_peer *p)
{
    return addr_is_stream(p->addrs[p->addr_at].scheme) ? CHAT_STREAM : CHAT_DGRAM;
}

struct tls_context *chat_call_tls(struct chat *c, enum tls_kind kind, struct err *err)
{
    struct tls_options options = c->options->tls_call;

    /* Verified all the same, and told; what to make of it is for chat_call_is_trusted. */
    if (c->options->insecure || c->options->trust)
        options.insecure = true;
    if (!c->call_tls[kind])
        tls_context_new(&options, TLS_CLIENT, kind, &c->call_tls[kind], err);
    return c->call_tls[kind];
}

bool chat_call_is_trusted(struct chat_peer *p, const struct tls_facts *facts, struct err *err)
{
    struct chat *c = p->chat;

    if (c->options->insecure || !c->options->trust || facts->psk)
        return true;
    switch (trust_judge(c->options->trust, &p->addrs[p->addr_at], facts, err)) {
    case TRUST_KNOWN:
        return true;
    case TRUST_FIRST:
        if (c->events->first_sight)
            c->events->first_sight(p, facts, c->arg);
        return true;
    case TRUST_CHANGED:
    case TRUST_UNPROVEN:
    default:
        return false;
    }
}

static bool is_under_way(const struct chat_peer *p)
{
    return p->dial || p->stream || p->resolve || p->dgram;
}

static void open_address(struct chat_peer *p)
{
    timer_start(p->patience, CHAT_DIAL_MS);
    if (chat_transport(p) == CHAT_STREAM)
        chat_stream_dial(p);
    else
        chat_dgram_open(p);
}

static void begin(struct chat_peer *p)
{
    timer_stop(p->patience);
    p->is_held = p->is_closed = p->is_shy = false;
    p->redial_at_ms = 0;
    p->tried_ms = loop_now_ms(p->chat->loop);
    chat_set_line(p, CHAT_LINE_CALLING, CHAT_WHY_NONE, NULL);
    if (p->line == CHAT_LINE_CALLING && !is_under_way(p) && !p->is_closing && !p->chat->is_stopping)
        open_address(p);
}

void chat_call_if_wanted(struct chat_peer *p)
{
    if (p->is_caller || p->is_held || p->is_shy || p->is_closing || p->chat->is_stopping || is_under_way(p) ||
        p->line == CHAT_LINE_WAITING)
        return;
    begin(p);
}

/* A closed port, and datagrams of an earlier run: somebody wants them sent. */
static bool wake_dgrams(struct chat_peer *p)
{
    if (!p->dgram || !p->is_ready)
        return false;
    p->is_closed = false;
    chat_send_later(p);
    return true;
}

void chat_call_unwanted(struct chat_peer *p)
{
    if (p->waiting || p->line != CHAT_LINE_WAITING || p->redial_at_ms == 0)
        return;
    timer_stop(p->patience);
    p->redial_ms = p->redial_at_ms = 0;
    chat_set_line(p, CHAT_LINE_IDLE, CHAT_WHY_NONE, NULL);
}

void chat_call_wish(struct chat_peer *p)
{
    p->is_held = p->is_shy = false;
    if (wake_dgrams(p) || p->is_caller || p->is_closing || p->chat->is_stopping || is_under_way(p))
        return;
    /* Who types quickly does not dial as quickly. */
    if (p->line == CHAT_LINE_WAITING && p->redial_at_ms &&
        loop_now_ms(p->chat->loop) - p->tried_ms < CHAT_REDIAL_MIN_MS)
        return;
    if (p->line == CHAT_LINE_WAITING)
        p->line = CHAT_LINE_IDLE;
    chat_send_later(p); /* when it is in the journal */
}

void chat_call(struct chat_peer *p)
{
    if (p->is_caller || p->is_closing || p->chat->is_stopping)
        return;
    p->is_shy = false;
    if (wake_dgrams(p) || is_under_way(p))
        return;
    p->redial_ms = 0;
    begin(p);
}

void chat_call_stop(struct chat_peer *p)
{
    timer_stop(p->patience);
    dial_cancel(p->dial);
    p->dial = NULL;
    chat_dgram_close(p);
    chat_stream_close(p);
}

static void pause_then_redial(struct chat_peer *p)
{
    struct rand chance;

    p->redial_ms = p->redial_ms ? p->redial_ms * 2 : CHAT_REDIAL_MIN_MS;
    if (p->redial_ms > CHAT_REDIAL_MAX_MS)
        p->redial_ms = CHAT_REDIAL_MAX_MS;
    /* Up to a tenth less, so that all who lost one server do not come back in one moment. */
    rand_seed_any(&chance);
    p->redial_at_ms = p->redial_ms - rand_below(&chance, p->redial_ms / 10 + 1);
    timer_start(p->patience, p->redial_at_ms);
    p->redial_at_ms += loop_now_ms(p->chat->loop);
}

void chat_call_failed(struct chat_peer *p, const struct err *err)
{
    bool is_refused_by_us = err->kind == ERR_UNTRUSTED || err->kind == ERR_MISUSE || err->kind == ERR_INPUT;

    chat_call_stop(p);
    if (!is_refused_by_us && p->addr_at + 1 < p->n_addrs) {
        p->addr_at++;
        open_address(p);
        return;
    }
    p->addr_at = 0;
    p->redial_at_ms = 0;
    if (!is_refused_by_us && p->waiting)
        pause_then_redial(p);
    chat_outbox_note(p, err->text);
    chat_set_line(p, CHAT_LINE_WAITING, CHAT_WHY_NOT_REACHED, err);
}

void chat_call_done(struct chat_peer *p, enum chat_why why)
{
    timer_stop(p->patience);
    p->redial_at_ms = 0; /* redial_ms stays until something has arrived: who accepts and hangs up is no use */
    p->is_held = false;
    chat_set_line(p, CHAT_LINE_UP, why, NULL);
    chat_send_later(p);
}

void chat_call_ended(struct chat_peer *p, enum chat_why why, const struct err *err)
{
    chat_call_stop(p);
    if (p->is_caller)
        chat_outbox_fail(p, _("they have hung up, and called us: they can't be called back"));
    chat_set_line(p, CHAT_LINE_IDLE, why, err);
    if (p->waiting && p->line == CHAT_LINE_IDLE && !p->is_caller && !p->is_held && !p->is_closing &&
        !p->chat->is_stopping) {
        pause_then_redial(p);
        chat_set_line(p, CHAT_LINE_WAITING, CHAT_WHY_NONE, NULL);
    }
    chat_check_stopped(p->chat);
}

/* patience has run out: of one address, or the pause is over. */
void chat_call_on_patience(void *arg)
{
    struct chat_peer *p = arg;
    char text[ADDR_TEXT_BYTES];
    struct str span = STR_INIT;
    struct err err;

    if (p->is_probing) {
        chat_dgram_on_probed(p);
        return;
    }
    if (p->line != CHAT_LINE_CALLING) {
        p->redial_at_ms = 0;
        p->line = CHAT_LINE_IDLE;
        chat_call_if_wanted(p);
        return;
    }
    addr_format(&p->addrs[p->addr_at], text);
    clock_append_span(&span, CHAT_DIAL_MS * INT64_C(1000000));
    if (p->dial && dial_phase(p->dial) == DIAL_LOOKUP)
        err_set(
            &err, ERR_TIMEOUT, -ETIMEDOUT, _("%s: the name was not looked up within %s"), text, span.data);
    else if ((p->dial && dial_phase(p->dial) == DIAL_HANDSHAKE) || p->dgram)
        err_set(&err, ERR_TIMEOUT, -ETIMEDOUT,
            _("%s: connected, but the TLS handshake was not done within %s"), text, span.data);
    else
        err_set(&err, ERR_TIMEOUT, -ETIMEDOUT, _("%s: no answer within %s"), text, span.data);
    str_done(&span);
    chat_call_failed(p, &err);
}

void chat_hang_up(struct chat_peer *p)
{
    bool was_up = p->line == CHAT_LINE_UP, was_idle = p->line == CHAT_LINE_IDLE;

    p->is_held = true;
    if (was_up && chat_transport(p) == CHAT_STREAM)
        chat_stream_finish(p);
    chat_call_stop(p);
    p->redial_at_ms = 0;
    if (p->is_caller)
        chat_outbox_fail(p, _("we have hung up, and they called us: they can't be called back"));
    if (!was_idle)
        chat_set_line(p, CHAT_LINE_IDLE, CHAT_WHY_WE_HUNG_UP, NULL);
    chat_check_stopped(p->chat);
}
