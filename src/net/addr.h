/* SPDX-License-Identifier: ISC */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* An ADDRESS as a person writes it: [scheme://]host:port[/path]. Pure text work; nothing is looked up
 * here (net/resolve.h does). */
enum addr_scheme {
    ADDR_TCP, /* what no scheme means */
    ADDR_UDP,
    ADDR_TLS,
    ADDR_DTLS,
    ADDR_UNIX,
    ADDR_UNIXGRAM,
    ADDR_IRC,
    ADDR_IRCS,
    ADDR_WS,
    ADDR_WSS,
    ADDR_SCHEMES,
};

#define ADDR_DEFAULT_PORT 5463 /* LINE on a telephone's keys */
#define ADDR_HOST_BYTES 256    /* RFC 1035 2.3.4: 255 octets at most */
#define ADDR_PATH_BYTES 1024   /* of a WebSocket; a unix path has 107 at most */

enum addr_use {
    ADDR_CALL,   /* ":9000" is localhost; port not 0 */
    ADDR_LISTEN, /* ":9000" is loopback, "*:9000" every interface; port 0 lets the kernel choose */
};

struct addr {
    enum addr_scheme scheme;
    char host[ADDR_HOST_BYTES]; /* no brackets; "" is loopback and "*" everything when listening */
    uint16_t port;
    char path[ADDR_PATH_BYTES]; /* unix: the socket's path or @name; ws: "/..."; else "" */
};

#define ADDR_TEXT_BYTES (16 + ADDR_HOST_BYTES + 8 + ADDR_PATH_BYTES)

/* Reads text. 0, or -EINVAL with err (ERR_MISUSE) naming the text, what is wrong and what to write. */
int addr_parse(struct addr *ret, const char *text, enum addr_use use, struct err *err);
/* The canonical text, with its scheme: "tcp://[::1]:9000", "unix:///run/x". Returns text. */
const char *addr_format(const struct addr *a, char text[ADDR_TEXT_BYTES]);
const char *addr_scheme_name(enum addr_scheme scheme);

bool addr_is_stream(enum addr_scheme scheme);   /* tcp tls unix irc ircs ws wss */
bool addr_is_datagram(enum addr_scheme scheme); /* udp dtls unixgram */
bool addr_is_secure(enum addr_scheme scheme);   /* tls dtls ircs wss */
bool addr_is_local(enum addr_scheme scheme);    /* unix unixgram: path instead of host and port */

#endif
