/* SPDX-License-Identifier: ISC */
/* What they say: written down, and told. */
#include "base/clock.h"
#include "talk/chat_inside.h"

void chat_inbox_take(struct chat_peer *p, const uint8_t *data, size_t len, enum line_ending ending,
    bool is_part, const struct endpoint *from)
{
    struct chat *c = p->chat;
    struct str text = STR_INIT;
    struct chat_message m = {
        .at_ns = clock_wall_ns(),
        .direction = STORE_IN,
        .state = STORE_RECEIVED,
        .ending = ending,
        .is_part = is_part,
        .note = "",
        .peer = *from,
    };

    if (p->is_closing)
        return;
    m.number = ++c->numbers;
    p->heard_ms = loop_now_ms(c->loop);
    p->redial_ms = 0;
    if (p->encoding) {
        encoding_decode(p->encoding, &text, data, len);
        encoding_decode_end(p->encoding, &text);
    } else {
        str_append(&text, data, len);
    }
    m.text = text.data;
    m.len = text.len;
    chat_outbox_answered(p);
    if (!p->is_quiet)
        chat_journal_in(p, &m);
    if (c->events->message)
        c->events->message(p, &m, c->arg);
    str_done(&text);
}
