/* SPDX-License-Identifier: ISC */
/* UDP chat, the one who is called: shows each message and sends what you type to whom it came from.
 *
 *     ./udp_chat_server [HOST [PORT]]      an empty line answers nothing; quit or Ctrl-D ends
 */
#include <arpa/inet.h>
#include <err.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port = argc > 2 ? argv[2] : "8081";
    struct addrinfo want = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM}, *here;
    int bad = getaddrinfo(host, port, &want, &here);

    if (bad)
        errx(1, "%s:%s: %s", host, port, gai_strerror(bad));

    /* UDP knows no calls and no hang-ups: one socket receives from everybody, so anyone can write to us at
     * any time. (No SO_REUSEADDR: with it a second server on this port would silently take over.) */
    int fd = socket(here->ai_family, here->ai_socktype, 0);
    if (fd < 0 || bind(fd, here->ai_addr, here->ai_addrlen) < 0)
        err(1, "%s:%s", host, port);
    freeaddrinfo(here);
    setbuf(stdout, NULL); /* a prompt has no newline: show it at once */

    char text[65536], *line = NULL; /* no datagram is longer: nothing is cut */
    size_t line_size = 0;
    for (;;) {
        struct sockaddr_in peer = {0};
        socklen_t peer_len = sizeof(peer);
        ssize_t len = recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&peer, &peer_len);

        if (len < 0)
            err(1, "recvfrom");
        printf(
            "来自[%s:%u]的一条消息:%.*s\n", inet_ntoa(peer.sin_addr), ntohs(peer.sin_port), (int)len, text);

        /* Strictly in turn, on purpose. Were the next message shown while you type, your answer to 张三
         * would go to 李四, who wrote last. The others wait in the kernel's buffer; when that is
         * full (some 200 KB), UDP drops what comes, and their senders are not told. */
        printf("回复消息: ");
        if (getline(&line, &line_size, stdin) < 0)
            break;
        line[strcspn(line, "\n")] = '\0'; /* one datagram is one message: it needs no newline to end it */
        if (strcmp(line, "quit") == 0)
            break;
        if (line[0] == '\0')
            continue;
        if (strlen(line) > 1024) { /* their recvfrom(1024) would drop the rest, and not say so */
            printf("太长: %zu 字节,对方一次只收 1024 字节\n", strlen(line));
            continue;
        }
        /* A peer that has ended cannot be noticed here: the datagram leaves, and nobody takes it. */
        if (sendto(fd, line, strlen(line), 0, (struct sockaddr *)&peer, peer_len) < 0)
            warn("%s:%u", inet_ntoa(peer.sin_addr), ntohs(peer.sin_port));
    }
    free(line);
    return 0;
}
