/* SPDX-License-Identifier: ISC */
#ifndef WIRE_LINE_H
#define WIRE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Messages on a stream of bytes. A newline ends one; bytes with no newline that stay quiet for a moment are
 * one too (the caller keeps the time and calls line_flush). So programs that send lines, telnet's CRLF, and
 * tutorial programs that send bare text are all understood, and each can be answered in the manner it
 * speaks: ending says which. Pure: no descriptor, no clock. */
enum line_ending { LINE_BARE, LINE_LF, LINE_CRLF };

struct line {
    const uint8_t *data; /* without its ending; valid until the next call on the reader */
    size_t len;
    enum line_ending ending;
};

enum line_result {
    LINE_MORE,     /* all input is taken; no further message is complete */
    LINE_MESSAGE,  /* *ret is a message */
    LINE_TOO_LONG, /* a message passed max_bytes: it is dropped up to its end, what follows is read as ever.
                      Told once a message. */
    LINE_PART,     /* instead of that, with split: *ret is the next piece of a message that goes on */
};

struct line_reader {
    struct buf partial; /* the beginning of a message; owns no memory while empty */
    size_t max_bytes;   /* of a message, its ending not counted */
    size_t given;       /* bytes at the front of partial that were handed out: gone on the next call */
    bool skipping;      /* inside a message that was too long */
    bool split;         /* set by the owner: what is too long comes in pieces, no character cut in two */
};

void line_reader_init(struct line_reader *r, size_t max_bytes);
void line_reader_done(struct line_reader *r);
/* Call with the bytes that have arrived until it says LINE_MORE; *data and *len move on. A message that lies
 * whole in *data is not copied, and its ending follows it there. */
enum line_result line_next(struct line_reader *r, const uint8_t **data, size_t *len, struct line *ret);
/* It has been quiet, or the peer has ended: LINE_MESSAGE with what is pending as a bare message, else
 * LINE_MORE; call until it says that, then the memory is given back. A lone CR at its end stays part of it,
 * and may be the byte that makes it LINE_TOO_LONG. A message that was too long ends here, too. */
enum line_result line_flush(struct line_reader *r, struct line *ret);
/* Is there a beginning that line_flush would end? */
bool line_is_pending(const struct line_reader *r);
/* "", "\n" or "\r\n". */
const char *line_ending_text(enum line_ending ending);

#endif
