/* SPDX-License-Identifier: ISC */
/* TCP, once: calls, says one thing, prints the answer until the other side hangs up.
 *
 *     ./tcp_once_client [HOST [PORT [TEXT]]]
 */
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port = argc > 2 ? argv[2] : "8080";
    const char *text = argc > 3 ? argv[3] : "你好";
    struct addrinfo want = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *server;
    struct timeval limit = {.tv_sec = 5}, quiet = {.tv_usec = 300 * 1000};
    int bad = getaddrinfo(host, port, &want, &server);

    if (bad)
        errx(1, "%s:%s: %s", host, port, gai_strerror(bad));
    int fd = socket(server->ai_family, server->ai_socktype, 0);
    if (fd < 0)
        err(1, "socket");
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)); /* on Linux for connect() as well */
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));

    /* A connect that failed must end it here. Who goes on gets "Broken pipe" from send, which tells nobody
     * that the server was simply not running. */
    if (connect(fd, server->ai_addr, server->ai_addrlen) < 0) {
        if (errno == ECONNREFUSED) /* that machine said no: RST */
            errx(1, "%s:%s 没有人接电话:先启动 tcp_once_server", host, port);
        if (errno == EINPROGRESS) /* how SO_SNDTIMEO says that its time is over */
            errx(1, "%s:%s 响了 5 秒,没有人接", host, port);
        err(1, "%s:%s", host, port);
    }
    freeaddrinfo(server);

    /* send may take only a part: go on with the rest. MSG_NOSIGNAL: an error instead of death by SIGPIPE. */
    size_t all = strlen(text);
    for (size_t sent = 0; sent < all;) {
        ssize_t taken = send(fd, text + sent, all - sent, MSG_NOSIGNAL);
        if (taken < 0)
            err(1, "send");
        sent += (size_t)taken;
    }
    /* "That was all" (FIN): the server's recv returns 0 after our text. We can still listen. */
    shutdown(fd, SHUT_WR);

    /* One recv is not one answer: TCP delivers bytes, in pieces as it likes. The end is the hang-up (0), or,
     * with servers that stay on the line, a pause. Printed as it comes, no character stays cut in two. */
    char answer[1024];
    ssize_t len;
    int last = EOF; /* the last byte that came; nothing yet */
    while ((len = recv(fd, answer, sizeof(answer), 0)) > 0) {
        if (last == EOF)
            printf("来自[%s:%s]的一条消息:", host, port);
        fwrite(answer, 1, (size_t)len, stdout);
        last = (unsigned char)answer[len - 1];
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &quiet, sizeof(quiet));
    }
    if (last != EOF && last != '\n')
        printf("\n");
    if (len < 0 && !(errno == EAGAIN && last != EOF)) /* ECONNRESET: cut off. EAGAIN: 5 seconds of silence */
        err(1, "%s:%s", host, port);
    if (last == EOF)
        errx(1, "%s:%s 没有回答就挂断了", host, port);
    close(fd);
    return 0;
}
