/* SPDX-License-Identifier: ISC */
#ifndef SEE_EXPLAIN_H
#define SEE_EXPLAIN_H

struct str;
struct conversation;

/* Appends a conversation told in a few plain sentences, in the current language, each on a line of its own:
 * how it opened, what was agreed, how it went, how it closed and why so, who is left in TIME_WAIT. */
void explain_conversation(struct str *out, const struct conversation *c);
/* Each part alone; nothing is appended where there is nothing to say. No newline at the end. */
void explain_opening(struct str *out, const struct conversation *c);
void explain_agreed(struct str *out, const struct conversation *c);
void explain_course(struct str *out, const struct conversation *c);
void explain_closing(struct str *out, const struct conversation *c);

#endif
