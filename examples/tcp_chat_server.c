/* SPDX-License-Identifier: ISC */
/* TCP chat, the one who is called. Both can talk at any time; after a hang-up the next call is taken.
 *
 *     ./tcp_chat_server [HOST [PORT]]      quit hangs up, quit with nobody on the line ends; so does Ctrl-D
 */
#include <arpa/inet.h>
#include <err.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* How many of these bytes are whole UTF-8 characters: a recv may end inside one. */
static size_t whole(const char *text, size_t len)
{
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        unsigned char c = (unsigned char)text[len - back];
        if ((c & 0xC0) != 0x80) /* the first byte of the last character; it tells how many it has */
            return back < (c >= 0xF0 ? 4u : c >= 0xE0 ? 3u : c >= 0xC0 ? 2u : 1u) ? len - back : len;
    }
    return len;
}

/* send may take only a part. MSG_NOSIGNAL: a peer that is gone is an error, not our death by SIGPIPE. */
static int say(int fd, const char *text, size_t len)
{
    for (ssize_t n; len > 0; text += n, len -= (size_t)n)
        if ((n = send(fd, text, len, MSG_NOSIGNAL)) < 0)
            return -1;
    return 0;
}

int main(int argc, char **argv)
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1"; /* this machine only; 0.0.0.0: everybody */
    const char *port = argc > 2 ? argv[2] : "8081";
    struct addrinfo want = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *here;
    int bad = getaddrinfo(host, port, &want, &here), on = 1;

    if (bad)
        errx(1, "%s:%s: %s", host, port, gai_strerror(bad));
    /* Without SO_REUSEADDR a server restarted within a minute (TIME_WAIT) fails: "Address already in use". */
    int phone = socket(here->ai_family, here->ai_socktype, 0), call = -1;
    if (phone < 0 || setsockopt(phone, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        bind(phone, here->ai_addr, here->ai_addrlen) < 0 || listen(phone, 16) < 0)
        err(1, "%s:%s", host, port);
    freeaddrinfo(here);
    setbuf(stdout, NULL); /* prompts have no newline: show them at once */
    setbuf(stdin, NULL);  /* poll knows the kernel's buffer only: keep no second line in ours */

    struct sockaddr_in peer = {0};
    char text[1024], *line = NULL;
    size_t half = 0, line_size = 0; /* half: bytes at the start of text, of a character not yet complete */
    for (;;) {
        /* Waits for the keyboard and for the call or, with nobody on the line, for one. A second caller
         * waits meanwhile: the kernel has already put it into the queue of listen(). */
        struct pollfd wait[2] = {{STDIN_FILENO, POLLIN, 0}, {call >= 0 ? call : phone, POLLIN, 0}};
        if (poll(wait, 2, -1) < 0)
            err(1, "poll");

        if (wait[1].revents && call < 0) {
            socklen_t peer_len = sizeof(peer);
            call = accept(phone, (struct sockaddr *)&peer, &peer_len);
            if (call >= 0) /* else that caller has given up already: wait for the next */
                printf("接到来自%s的电话\n", inet_ntoa(peer.sin_addr));
        } else if (wait[1].revents) {
            /* TCP has no messages, only bytes in order: what was sent as one may come as two, and two as
             * one. For people that does no harm; programs must agree where a message ends. */
            ssize_t len = recv(call, text + half, sizeof(text) - half, 0);
            if (len <= 0) { /* 0: they hung up. Who takes it for an empty message loops for ever. */
                printf("\r对方挂断了%s\n", len < 0 ? "(连接中断)" : half ? "(话没说完)" : "");
                close(call);
                call = -1, half = 0;
                continue;
            }
            size_t got = half + (size_t)len, shown = whole(text, got);
            int newline = shown > 0 && text[shown - 1] == '\n'; /* telnet and nc send one */
            if (shown > 0)
                printf("\r来自[%s:%u]的一条消息:%.*s\n回复消息: ", inet_ntoa(peer.sin_addr),
                    ntohs(peer.sin_port), (int)shown - newline, text);
            half = got - shown;
            memmove(text, text + shown, half);
        } else {
            if (getline(&line, &line_size, stdin) < 0)
                break;
            line[strcspn(line, "\n")] = '\0';
            int quit = strcmp(line, "quit") == 0;
            if (quit && call < 0)
                break;
            if (call < 0) {
                printf("没有人在线上\n");
            } else if (quit) {
                close(call);
                call = -1, half = 0;
            } else {
                printf("%s回复消息: ", say(call, line, strlen(line)) < 0 ? "没有送到\n" : "");
            }
        }
    }
    free(line);
    return 0;
}
