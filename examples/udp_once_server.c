/* SPDX-License-Identifier: ISC */
/* UDP, once: waits for one datagram, shows it, answers it, ends.
 *
 *     ./udp_once_server [HOST [PORT [ANSWER]]]
 */
#include <arpa/inet.h>
#include <err.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1"; /* this machine only; 0.0.0.0: everybody */
    const char *port = argc > 2 ? argv[2] : "8080";
    const char *answer = argc > 3 ? argv[3] : "再见";
    struct addrinfo want = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM}, *here;
    int bad = getaddrinfo(host, port, &want, &here);

    if (bad)
        errx(1, "%s:%s: %s", host, port, gai_strerror(bad));

    /* No SO_REUSEADDR: for UDP it would let a second program take the same port, and one of the two
     * would get nothing, without an error. */
    int fd = socket(here->ai_family, here->ai_socktype, 0);
    if (fd < 0 || bind(fd, here->ai_addr, here->ai_addrlen) < 0)
        err(1, "%s:%s", host, port);
    freeaddrinfo(here);

    char text[1024 + 1];
    size_t room = sizeof(text) - 1;
    struct sockaddr_in peer = {0};
    socklen_t peer_len = sizeof(peer);

    /* One recvfrom takes one whole datagram, and what does not fit is thrown away by the kernel. With
     * MSG_TRUNC it returns the true length, so that we can tell. 0 is no end here: an empty datagram. */
    ssize_t len = recvfrom(fd, text, sizeof(text), MSG_TRUNC, (struct sockaddr *)&peer, &peer_len);
    if (len < 0)
        err(1, "recvfrom");
    size_t got = (size_t)len;
    if (got > room) {
        warnx("对方发来 %zu 字节,只收下了前 %zu 字节", got, room);
        /* 汉 is three bytes in UTF-8, and the cut may be inside it. A byte 10xxxxxx continues a
         * character: step back until the first byte left out is the start of one. */
        got = room;
        while (got > 0 && (text[got] & 0xC0) == 0x80)
            got--;
    }
    /* The text has a length, not a 0 at its end: the sender did not send one. */
    printf("来自[%s:%u]的一条消息:%.*s\n", inet_ntoa(peer.sin_addr), ntohs(peer.sin_port), (int)got, text);

    /* To where it came from. One sendto is one datagram: sent whole or not at all. */
    if (sendto(fd, answer, strlen(answer), 0, (struct sockaddr *)&peer, peer_len) < 0)
        err(1, "sendto");
    return 0;
}
