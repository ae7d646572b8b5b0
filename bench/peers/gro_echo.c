/* SPDX-License-Identifier: ISC */
/* A bare UDP echo for bursts: equal datagrams of one peer arrive joined (UDP_GRO) and leave joined
 * (UDP_SEGMENT).   gro_echo PORT */
#include "common.h"

#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

int main(int argc, char **argv)
{
    static char buf[65536];
    int fd = bind_udp(argc > 1 ? atoi(argv[1]) : 0);
    int one = 1;

    if (setsockopt(fd, IPPROTO_UDP, UDP_GRO, &one, sizeof(one)) < 0)
        die("UDP_GRO");
    say_ready();
    for (;;) {
        char control[64] __attribute__((aligned(8)));
        struct sockaddr_in from;
        struct iovec iov = {buf, sizeof(buf)};
        struct msghdr msg = {.msg_name = &from,
            .msg_namelen = sizeof(from),
            .msg_iov = &iov,
            .msg_iovlen = 1,
            .msg_control = control,
            .msg_controllen = sizeof(control)};
        struct cmsghdr *cmsg;
        int segment = 0;
        ssize_t got = recvmsg(fd, &msg, 0);

        if (got < 0)
            continue;
        for (cmsg = CMSG_FIRSTHDR(&msg); cmsg != NULL; cmsg = CMSG_NXTHDR(&msg, cmsg))
            if (cmsg->cmsg_level == IPPROTO_UDP && cmsg->cmsg_type == UDP_GRO)
                memcpy(&segment, CMSG_DATA(cmsg), sizeof(segment));
        iov.iov_len = (size_t)got;
        msg.msg_controllen = 0;
        if (segment > 0 && segment < got) {
            uint16_t size = (uint16_t)segment;

            msg.msg_controllen = CMSG_SPACE(sizeof(size));
            cmsg = CMSG_FIRSTHDR(&msg);
            cmsg->cmsg_level = IPPROTO_UDP;
            cmsg->cmsg_type = UDP_SEGMENT;
            cmsg->cmsg_len = CMSG_LEN(sizeof(size));
            memcpy(CMSG_DATA(cmsg), &size, sizeof(size));
        }
        sendmsg(fd, &msg, 0);
    }
}
