/* SPDX-License-Identifier: ISC */
/* The UDP echo of every tutorial: one datagram a call, and the default buffer.   recvfrom_echo PORT */
#include "common.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in sin = loopback(1, argc > 1 ? atoi(argv[1]) : 0);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char buf[2048];

    if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) < 0)
        die("bind");
    say_ready();
    for (;;) {
        struct sockaddr_in from;
        socklen_t from_bytes = sizeof(from);
        ssize_t got = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &from_bytes);

        if (got >= 0)
            sendto(fd, buf, (size_t)got, 0, (struct sockaddr *)&from, from_bytes);
    }
}
