/* SPDX-License-Identifier: ISC */
/* TCP chat, the one who calls. Both can talk at any time.
 *
 *     ./tcp_chat_client [HOST [PORT]]      quit hangs up; Ctrl-D too, after what they still have to say
 */
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
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port = argc > 2 ? argv[2] : "8081";
    struct addrinfo want = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *server;
    int bad = getaddrinfo(host, port, &want, &server);

    if (bad)
        errx(1, "%s:%s: %s", host, port, gai_strerror(bad));
    int fd = socket(server->ai_family, server->ai_socktype, 0);
    if (fd < 0)
        err(1, "socket");
    /* A call that nobody takes ends it here: who goes on as if nothing had happened gets "Broken pipe"
     * when sending, and looks for the mistake in the wrong place. */
    if (connect(fd, server->ai_addr, server->ai_addrlen) < 0)
        err(1, "打不通 %s:%s", host, port);
    freeaddrinfo(server);
    setbuf(stdout, NULL); /* prompts have no newline: show them at once */
    setbuf(stdin, NULL);  /* poll knows the kernel's buffer only: keep no second line in ours */

    char text[1024], *line = NULL;
    size_t half = 0, line_size = 0; /* half: bytes at the start of text, of a character not yet complete */
    struct pollfd wait[2] = {{STDIN_FILENO, POLLIN, 0}, {fd, POLLIN, 0}};
    for (;;) {
        printf(">>: ");
        if (poll(wait, 2, -1) < 0)
            err(1, "poll");
        if (wait[1].revents) {
            /* TCP has no messages, only bytes in order: what was sent as one may come as two, and two as
             * one. For people that does no harm; programs must agree where a message ends. */
            ssize_t len = recv(fd, text + half, sizeof(text) - half, 0);
            if (len <= 0) { /* 0: they hung up, and nothing will ever come again */
                printf("\r对方挂断了%s\n", len < 0 ? "(连接中断)" : half ? "(话没说完)" : "");
                break;
            }
            size_t got = half + (size_t)len, shown = whole(text, got);
            int newline = shown > 0 && text[shown - 1] == '\n'; /* telnet and nc send one */
            if (shown > 0)
                printf("\r来自[%s:%s]的一条消息:%.*s\n", host, port, (int)shown - newline, text);
            half = got - shown;
            memmove(text, text + shown, half);
        } else if (getline(&line, &line_size, stdin) < 0) {
            shutdown(fd, SHUT_WR); /* our half of the call is over; theirs goes on until they hang up */
            wait[0].fd = -1;       /* poll passes over a negative one */
        } else {
            line[strcspn(line, "\n")] = '\0';
            if (strcmp(line, "quit") == 0)
                break;
            /* An empty line sends nothing: on TCP there is no empty message to send. */
            if (say(fd, line, strlen(line)) < 0)
                err(1, "%s:%s", host, port);
        }
    }
    free(line);
    close(fd);
    return 0;
}
