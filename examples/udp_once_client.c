/* SPDX-License-Identifier: ISC */
/* UDP, once: sends one datagram and prints the answer. Datagrams get lost, so it asks up to three times.
 *
 *     ./udp_once_client [HOST [PORT [TEXT]]]
 */
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

int main(int argc, char **argv)
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port = argc > 2 ? argv[2] : "8080";
    const char *text = argc > 3 ? argv[3] : "你好";
    struct addrinfo want = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM}, *server;
    int bad = getaddrinfo(host, port, &want, &server);

    if (bad)
        errx(1, "%s:%s: %s", host, port, gai_strerror(bad));

    /* connect() on UDP sends nothing. It tells the kernel who the peer is, with two effects: an answer
     * from anybody else is not handed to us, and "nobody has this port" (ICMP) becomes an error. */
    int fd = socket(server->ai_family, server->ai_socktype, 0);
    if (fd < 0 || connect(fd, server->ai_addr, server->ai_addrlen) < 0)
        err(1, "%s:%s", host, port);
    freeaddrinfo(server);

    char answer[65536]; /* no datagram is longer: this one cannot be cut */
    ssize_t len = -1;

    /* The question or its answer may be lost, and nobody will say so: wait, ask again, wait longer.
     * The server may so get the question twice: asking must do no harm when it is done twice. */
    for (int wait_ms = 500; len < 0 && wait_ms <= 2000; wait_ms *= 2) {
        struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};

        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
        if (send(fd, text, strlen(text), 0) < 0)
            err(1, "%s:%s", host, port);
        len = recv(fd, answer, sizeof(answer), 0);
        if (len < 0 && errno == ECONNREFUSED)
            errx(1, "%s:%s 没有程序在收:先启动 udp_once_server", host, port);
        if (len < 0 && errno != EAGAIN)
            err(1, "%s:%s", host, port);
        if (len < 0)
            warnx("%d 毫秒内没有回答", wait_ms);
    }
    if (len < 0)
        errx(1, "%s:%s 没有回答,问了三次", host, port);
    printf("来自[%s:%s]的一条消息:%.*s\n", host, port, (int)len, answer);
    return 0;
}
