/* SPDX-License-Identifier: ISC */
#ifndef NET_DGRAM_ICMP_H
#define NET_DGRAM_ICMP_H

#include <stdbool.h>

#include "base/err.h"
#include "net/endpoint.h"

/* What the network said about datagrams sent earlier: ICMP errors, which the kernel keeps in a queue of its
 * own beside the datagrams (IP_RECVERR). */
struct dgram_news {
    struct endpoint peer;     /* whom the datagram was for; AF_UNSPEC: unknown */
    struct endpoint reporter; /* who sent the ICMP message; AF_UNSPEC: unknown */
    int code;                 /* negative errno */
};

/* Asks the kernel to keep them. family AF_INET or AF_INET6. */
void dgram_icmp_enable(int fd, int family);
/* Takes the next one. False if there is none. Errors that this machine made itself are passed over: the call
 * that sent has returned them. */
bool dgram_icmp_next(int fd, struct dgram_news *ret);
/* One line naming the peer, what happened and who says so. */
void dgram_news_words(const struct dgram_news *news, struct err *ret);

#endif
