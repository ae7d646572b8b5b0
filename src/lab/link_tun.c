/* SPDX-License-Identifier: ISC */
/* TUN: a descriptor a host that gives and takes IP packets. A write runs the host's whole input before it
 * returns. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lab/link.h"
#include "lab/refusal.h"

/* Debian 12's headers are older than these (Linux 6.2). */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

_Static_assert(sizeof(struct virtio_net_hdr) <= sizeof(((struct hosts_packet *)0)->note), "a note holds one");

static int begin(struct link *l, struct err *err)
{
    return 0;
}

/* Older kernels refuse a set with USO in it as a whole. */
static int set_offload(int fd)
{
    const unsigned long tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    int header_bytes = sizeof(struct virtio_net_hdr);

    if (ioctl(fd, TUNSETVNETHDRSZ, &header_bytes) < 0)
        return -errno;
    if (ioctl(fd, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) < 0 && ioctl(fd, TUNSETOFFLOAD, tcp) < 0)
        return -errno;
    return 0;
}

/* The descriptor belongs to the namespace in which it was opened. */
static int attach(struct link *l, enum lab_side side, int netns, struct err *err)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK), code = 0;

    if (fd < 0)
        return refusal_explain(REFUSAL_TUN, -errno, "", err);
    if (l->has_offload)
        request.ifr_flags |= IFF_VNET_HDR;
    memcpy(request.ifr_name, LINK_NAME, sizeof(LINK_NAME));
    if (ioctl(fd, TUNSETIFF, &request) < 0)
        code = -errno;
    else if (l->has_offload)
        code = set_offload(fd);
    if (code < 0) {
        close(fd);
        return refusal_explain(REFUSAL_TUN, code, "", err);
    }
    l->fds[side] = fd;
    return 0;
}

static int read_packet(struct link *l, enum lab_side from, struct hosts_packet *ret)
{
    const size_t note_bytes = l->has_offload ? sizeof(struct virtio_net_hdr) : 0;
    struct iovec parts[] = {{ret->note, note_bytes}, {ret->data, HOSTS_PACKET_MAX}};
    ssize_t got = readv(l->fds[from], parts, 2);

    if (got < 0)
        return errno == EINTR ? -EAGAIN : -errno;
    if ((size_t)got <= note_bytes)
        return -EAGAIN;
    ret->bytes = (uint32_t)((size_t)got - note_bytes);
    return 0;
}

static int write_packet(struct link *l, enum lab_side to, const struct hosts_packet *packet)
{
    const size_t note_bytes = l->has_offload ? sizeof(struct virtio_net_hdr) : 0;
    struct iovec parts[] = {{(void *)packet->note, note_bytes}, {packet->data, packet->bytes}};

    return writev(l->fds[to], parts, 2) < 0 ? -errno : 0;
}

const struct link_ops link_tun = {HOSTS_TUN, begin, attach, read_packet, write_packet};
