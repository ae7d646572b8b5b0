/* SPDX-License-Identifier: ISC */
#ifndef CMD_CHAT_DRAIN_H
#define CMD_CHAT_DRAIN_H

#include "cmd/cmd_chat.h"

/* The end of input on a pipe: `echo 你好 | landline chat 李四`. What was said is given the time it takes
 * (--timeout), and whether it arrived is the exit status. Delivered is what the peer's kernel has
 * acknowledged, or a datagram that is out and whose port was not said to be closed within CHAT_PROBE_MS. The
 * first failed try ends the waiting for a peer: the message stays in the outbox, which is said. */
struct chat_drain;

struct chat_drain *chat_drain_new(struct chat_run *run);
void chat_drain_free(struct chat_drain *d); /* accepts NULL */

/* What the face is told it tells here first. */
void chat_drain_message(struct chat_drain *d, struct chat_peer *p, const struct chat_message *m);
void chat_drain_changed(struct chat_drain *d, struct chat_peer *p, const struct chat_message *m);
void chat_drain_line(struct chat_drain *d, struct chat_peer *p, enum chat_line line, const struct err *err);
void chat_drain_gone(struct chat_drain *d, struct chat_peer *p);

/* Nothing more will be said: calls chat_run_end as soon as all is decided. */
void chat_drain_begin(struct chat_drain *d);
bool chat_drain_has_begun(const struct chat_drain *d);

#endif
