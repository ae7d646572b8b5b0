/* SPDX-License-Identifier: ISC */
/* A bare UDP echo that takes and gives up to 64 datagrams a call.   mmsg_echo PORT */
#include "common.h"

#include <stdlib.h>
#include <sys/socket.h>

#define BATCH 64
#define DATAGRAM_BYTES 2048

int main(int argc, char **argv)
{
    static char data[BATCH][DATAGRAM_BYTES];
    struct sockaddr_in from[BATCH];
    struct iovec iov[BATCH];
    struct mmsghdr msgs[BATCH] = {0};
    int fd = bind_udp(argc > 1 ? atoi(argv[1]) : 0);

    say_ready();
    for (;;) {
        int n;

        for (int i = 0; i < BATCH; i++) {
            iov[i] = (struct iovec){data[i], DATAGRAM_BYTES};
            msgs[i].msg_hdr = (struct msghdr){
                .msg_name = &from[i], .msg_namelen = sizeof(from[i]), .msg_iov = &iov[i], .msg_iovlen = 1};
        }
        n = recvmmsg(fd, msgs, BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < n; i++)
            iov[i].iov_len = msgs[i].msg_len;
        for (int sent = 0; sent < n;) {
            int done = sendmmsg(fd, msgs + sent, (unsigned)(n - sent), 0);

            sent += done > 0 ? done : 1; /* one that the kernel refuses is lost, as datagrams are */
        }
    }
}
