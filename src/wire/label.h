/* SPDX-License-Identifier: ISC */
#ifndef WIRE_LABEL_H
#define WIRE_LABEL_H

#include <stdbool.h>

#include "wire/cursor.h"

struct str;

/* A word on what a conversation is about, from the first bytes that one side says in it. It is a label beside
 * its line, no dissector: it knows by looks, not by ports, and rather says nothing than something wrong. */
enum label {
    LABEL_NONE,
    LABEL_TLS,  /* text: the name asked for (SNI) and the protocols offered (ALPN): "example.org (h2,
                   http/1.1)" */
    LABEL_HTTP, /* "GET /index.html" */
    LABEL_DNS,  /* "AAAA example.org" */
    LABEL_IRC,  /* "NICK" */
    LABEL_SSH,  /* "SSH-2.0-OpenSSH_9.2" */
};

#define LABEL_TEXT_MAX_BYTES 272 /* the longest name that DNS has, and a word before it */

/* payload: as much as there is of the first segment or datagram. Appends at most LABEL_TEXT_MAX_BYTES, which
 * are bytes from outside: to be escaped before they are shown. */
enum label label_of(struct cursor payload, bool is_stream, struct str *text);
/* "TLS"; NULL for LABEL_NONE. */
const char *label_name(enum label label);

#endif
