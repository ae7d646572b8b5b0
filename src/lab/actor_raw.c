/* SPDX-License-Identifier: ISC */
#include "lab/actor_raw.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/actor.h"
#include "lab/forge.h"

#define FIRST_STRANGER 100 /* the last byte of an address that no host has */
#define STRANGERS 100
#define FIRST_PORT 20000
#define OLD_PORT 4321
#define OLD_ISN 0x01020304

/* IP_HDRINCL comes with IPPROTO_RAW: the header is ours (raw(7)). */
static int send_syn(int fd, const uint8_t src[4], uint16_t sport, uint32_t isn, enum lab_side to)
{
    uint8_t packet[FORGE_BYTES_MAX];
    struct sockaddr_in where = {.sin_family = AF_INET};
    uint32_t bytes = forge_syn(packet, src, hosts_ipv4(to), sport, ACTOR_PORT, isn);

    memcpy(&where.sin_addr, hosts_ipv4(to), 4);
    return sendto(fd, packet, bytes, 0, (const struct sockaddr *)&where, sizeof(where)) < 0 ? -errno : 0;
}

static int open_raw(void)
{
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

    return fd < 0 ? -errno : fd;
}

int actor_raw_syns(enum lab_side from, int count)
{
    uint8_t src[4];
    int fd = open_raw(), code = fd < 0 ? fd : 0, sent = 0;

    memcpy(src, hosts_ipv4(from), 4);
    for (; code == 0 && sent < count; sent++) {
        src[3] = (uint8_t)(FIRST_STRANGER + sent % STRANGERS);
        code = send_syn(fd, src, (uint16_t)(FIRST_PORT + sent), (uint32_t)sent * 64000, !from);
    }
    if (fd >= 0)
        close(fd);
    return code < 0 ? code : sent;
}

int actor_raw_old_syn(enum lab_side from)
{
    int fd = open_raw(), code;

    if (fd < 0)
        return fd;
    code = send_syn(fd, hosts_ipv4(from), OLD_PORT, OLD_ISN, !from);
    close(fd);
    return code < 0 ? code : 1;
}
