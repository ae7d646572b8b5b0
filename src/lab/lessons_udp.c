/* SPDX-License-Identifier: ISC */
/* Without connections. */
#include "base/i18n.h"
#include "lab/lessons.h"

static const struct act ask[] = {{ACT_UDP_CONNECT, 0}, {ACT_UDP_ASK, 3}, {ACT_END, 0}};
static const struct act echo[] = {{ACT_UDP_BIND, 0}, {ACT_UDP_ECHO, 1}, {ACT_END, 0}};
static const struct act nobody[] = {{ACT_WAIT, 300}, {ACT_END, 0}};
static const struct lesson_order drop_first[] = {{FATES_DROP, "udp#1"}, {0, NULL}};

const struct lesson lesson_udp_lost = {
    .name = "udp-lost",
    .title = N_("a datagram is lost: nobody sends it again but you"),
    .before = N_("The client sends a datagram and waits half a second for the answer. The wire drops the "
                 "first one."),
    .why = N_("No handshake, no numbers, no ACK, no state: UDP (RFC 768) is IP with ports and a checksum. "
              "send() returned 5, which says no more than that the datagram has left. When it is lost no "
              "kernel knows of it; the timer that sent it again was the program's own. A program without one "
              "(recv() without a limit) would wait for ever: the bug of nearly every first UDP client."),
    .question = N_("The question arrived, and the answer was lost; the client asks again. What must the "
                   "server's program stand?"),
    .answer =
        N_("The same question twice. It has to be harmless to answer it again (DNS), or the question needs a "
           "number by which it is known again: what TCP does with sequence numbers."),
    .acts = {[LAB_CLIENT] = ask, [LAB_SERVER] = echo},
    .orders = drop_first,
    .timer = N_("Timer: 0.5 s, and it is the program's."),
};

const struct lesson lesson_udp_refused = {
    .name = "udp-refused",
    .title = N_("a datagram that nobody waits for"),
    .before = N_("No program on the server has port 7000. The client sends a datagram and waits for an "
                 "answer."),
    .why = N_("UDP has no RST; but the server's kernel answers with ICMP \"port unreachable\" (RFC 1122, "
              "section 4.1.3.1). It quotes the datagram's headers, so the client's kernel can find the "
              "socket; and since that one is connected, recv() fails with ECONNREFUSED. send() had succeeded "
              "all the same: the bad news comes afterwards."),
    .question = N_("With sendto(), without connect(): what would the client see?"),
    .answer = N_("Nothing, it would wait: a socket that speaks to many cannot be told which of them an error "
                 "is about, so Linux hands it on only to connected sockets, or with IP_RECVERR. And where a "
                 "firewall drops ICMP, nobody sees anything."),
    .acts = {[LAB_CLIENT] = ask, [LAB_SERVER] = nobody},
    .at_once = true,
};
