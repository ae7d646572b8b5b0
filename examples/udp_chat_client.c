/* SPDX-License-Identifier: ISC */
/* UDP chat, the one who calls: choose one of four contacts by name or number, talk, quit, choose again.
 *
 *     ./udp_chat_client [HOST [PORT]]      the four have PORT, PORT+1, PORT+2, PORT+3
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const names[] = {"张三", "李四", "王五", "赵六"};
static char *line;
static size_t line_size;

/* Reads one line without its newline. 0: it was quit, or Ctrl-D. */
static int read_line(void)
{
    if (getline(&line, &line_size, stdin) < 0)
        return 0;
    line[strcspn(line, "\n")] = '\0';
    return strcmp(line, "quit") != 0;
}

static void talk(int fd, const char *name, const struct sockaddr_in *peer)
{
    struct pollfd wait[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    char text[65536]; /* no datagram is longer: nothing is cut */

    for (;;) {
        printf("请输入消息,回车发送: ");
        /* Waits for whichever comes first. The usual loop of input, then recvfrom, hangs for good when one
         * answer is lost, and shows the second of two messages only after you have typed something. */
        if (poll(wait, 2, -1) < 0)
            err(1, "poll");
        if (wait[1].revents) {
            ssize_t len = recv(fd, text, sizeof(text), 0);
            if (len < 0) /* most often ECONNREFUSED: "nobody has that port", answered their kernel */
                printf("\r%s没有收到: %s\n", name, strerror(errno));
            else
                printf("\r来自[%s:%u]的一条消息:%.*s\n", inet_ntoa(peer->sin_addr), ntohs(peer->sin_port),
                    (int)len, text);
        } else if (!read_line()) {
            return;
        } else if (strlen(line) > 1024) { /* their recvfrom(1024) would drop the rest, and not say so */
            printf("太长: %zu 字节,对方一次只收 1024 字节\n", strlen(line));
        } else if (line[0] && send(fd, line, strlen(line), 0) < 0) {
            printf("%s没有收到: %s\n", name, strerror(errno));
        }
    }
}

int main(int argc, char **argv)
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port = argc > 2 ? argv[2] : "8081";
    struct addrinfo want = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM}, *first;
    int bad = getaddrinfo(host, port, &want, &first);

    if (bad)
        errx(1, "%s:%s: %s", host, port, gai_strerror(bad));
    struct sockaddr_in base = *(struct sockaddr_in *)first->ai_addr;
    freeaddrinfo(first);
    setbuf(stdout, NULL); /* prompts have no newline: show them at once */
    setbuf(stdin, NULL);  /* poll knows the kernel's buffer only: keep no second line in ours */

    while (printf("1 张三  2 李四  3 王五  4 赵六\n请选择聊天对象: "), read_line()) {
        for (int i = 0; i < 4; i++) {
            if (strcmp(line, names[i]) != 0 && !(line[0] == '1' + i && line[1] == '\0'))
                continue;
            /* connect() on UDP sends nothing: it fixes the peer. From then on the kernel hands us nothing
             * that others send, so nobody can answer in 张三's place. */
            struct sockaddr_in peer = base;
            peer.sin_port = htons((in_port_t)(ntohs(base.sin_port) + i));
            int fd = socket(AF_INET, SOCK_DGRAM, 0);
            if (fd < 0 || connect(fd, (struct sockaddr *)&peer, sizeof(peer)) < 0)
                err(1, "%s", names[i]);
            talk(fd, names[i], &peer);
            close(fd);
            break;
        }
    }
    free(line);
    return 0;
}
