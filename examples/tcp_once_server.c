/* SPDX-License-Identifier: ISC */
/* TCP, once: takes one call, shows what is said, answers, hangs up.
 *
 *     ./tcp_once_server [HOST [PORT [ANSWER]]]
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* Reads on, at most this long without anything coming. 0: hung up; negative: an error, EAGAIN: silence. */
static ssize_t listen_for(int fd, int ms, char *text, size_t size)
{
    struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    return recv(fd, text, size, 0);
}

int main(int argc, char **argv)
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1"; /* this machine only; 0.0.0.0: everybody */
    const char *port = argc > 2 ? argv[2] : "8080";
    const char *answer = argc > 3 ? argv[3] : "再见";
    struct addrinfo want = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *here;
    int bad = getaddrinfo(host, port, &want, &here), on = 1;

    if (bad)
        errx(1, "%s:%s: %s", host, port, gai_strerror(bad));

    /* Who hangs up first keeps the port in TIME_WAIT for a minute. Without SO_REUSEADDR a restarted server
     * then fails with "Address already in use". */
    int line = socket(here->ai_family, here->ai_socktype, 0);
    if (line < 0 || setsockopt(line, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        bind(line, here->ai_addr, here->ai_addrlen) < 0 || listen(line, 16) < 0)
        err(1, "%s:%s", host, port);
    freeaddrinfo(here);

    struct sockaddr_in peer = {0};
    socklen_t peer_len = sizeof(peer);
    int call = accept(line, (struct sockaddr *)&peer, &peer_len);
    if (call < 0)
        err(1, "accept");
    printf("接到来自%s的电话\n", inet_ntoa(peer.sin_addr));

    /* TCP is a stream of bytes: it has no messages. One send may arrive as two recvs, two sends as one.
     * Where a message ends the two sides have to agree: a length in front, a newline, or, here, the
     * caller saying "that was all" (recv returns 0) or pausing. A pause is a guess, and a slow network
     * makes it wrong. Printed as it comes, a character that was cut in two is whole again. */
    char text[1024];
    ssize_t len;
    int last = EOF; /* the last byte that came; nothing yet */
    while ((len = listen_for(call, last == EOF ? 5000 : 200, text, sizeof(text))) > 0) {
        if (last == EOF)
            printf("来自[%s:%u]的一条消息:", inet_ntoa(peer.sin_addr), ntohs(peer.sin_port));
        fwrite(text, 1, (size_t)len, stdout);
        last = (unsigned char)text[len - 1];
    }
    if (len < 0 && errno != EAGAIN)
        err(1, "recv");
    if (last == EOF)
        errx(1, "%s", len == 0 ? "对方什么都没说就挂断了" : "对方 5 秒没有说话");
    if (last != '\n') /* telnet and nc send one, tutorial programs do not */
        printf("\n");

    /* send may take only a part. MSG_NOSIGNAL: a peer that is gone is an error here, not our death by
     * SIGPIPE. */
    for (size_t sent = 0, all = strlen(answer); sent < all; sent += (size_t)len) {
        len = send(call, answer + sent, all - sent, MSG_NOSIGNAL);
        if (len < 0)
            err(1, "send");
    }
    /* Not close() at once: with bytes unread it sends RST, and that can destroy the answer on its way. Say
     * that we are done, hear the other out, then close. */
    shutdown(call, SHUT_WR);
    while (listen_for(call, 1000, text, sizeof(text)) > 0)
        ;
    close(call);
    return 0;
}
