/* SPDX-License-Identifier: ISC */
/* A pair of veth for each host. One end is the host's; the other is in a namespace that only we are in, where
 * a packet socket gives and takes Ethernet frames. Both hosts have the same hardware address and ask for
 * none, so a frame that one has sent is right for the other as it is. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lab/link.h"
#include "lab/netlink.h"
#include "lab/refusal.h"

#define BUFFER_BYTES (16 << 20) /* of packets that a host has sent and we have not looked at yet */

static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x01}; /* administered locally */
static const char *const our_ends[LAB_SIDES] = {"client0", "server0"};

/* Copied in front of each packet. */
struct frame_header {
    uint8_t dst[6], src[6], type[2];
};

static int begin(struct link *l, struct err *err)
{
    if (unshare(CLONE_NEWNET) < 0)
        return refusal_explain(REFUSAL_UNSHARE_NET, -errno, "", err);
    l->netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    return l->netns < 0 ? refusal_explain(REFUSAL_UNSHARE_NET, -errno, "", err) : 0;
}

/* As much as we are let: the FORCE kind may be had in a namespace of one's own. */
static void set_buffer(int fd, int forced, int plain)
{
    const int bytes = BUFFER_BYTES;

    if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof(bytes)) < 0)
        setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof(bytes));
}

static int open_socket(struct link *l, enum lab_side side)
{
    const struct sockaddr_ll where = {.sll_family = AF_PACKET,
        .sll_protocol = htons(ETH_P_ALL),
        .sll_ifindex = (int)if_nametoindex(our_ends[side])};
    const int yes = 1;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), code;

    if (fd < 0)
        return -errno;
    l->fds[side] = fd;
    set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
    set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
    code = setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes));
    /* Without a queueing discipline in between the host has dealt with a frame when send returns. */
    if (code == 0)
        code = setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes));
    if (code == 0 && l->has_offload)
        code = setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof(yes));
    if (code == 0)
        code = bind(fd, (const struct sockaddr *)&where, sizeof(where));
    return code < 0 ? -errno : 0;
}

static int set_feature(uint32_t command)
{
    struct ethtool_value off = {.cmd = command};
    struct ifreq request = {.ifr_data = (void *)&off};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), code = 0;

    if (fd < 0)
        return -errno;
    memcpy(request.ifr_name, LINK_NAME, sizeof(LINK_NAME));
    if (ioctl(fd, SIOCETHTOOL, &request) < 0)
        code = -errno;
    close(fd);
    return code;
}

/* Else a packet would come with its checksum still to be filled in, or with many segments in it. */
static int take_features_off(void)
{
    static const uint32_t commands[] = {ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO};
    int code = 0;

    for (size_t i = 0; code == 0 && i < sizeof(commands) / sizeof(commands[0]); i++)
        code = set_feature(commands[i]);
    return code;
}

static int attach(struct link *l, enum lab_side side, int netns, struct err *err)
{
    const struct netlink_link ours = {
        .mtu = l->mtu, .no_local_ipv6 = true, .no_arp = true, .no_multicast = true};
    const struct netlink_link theirs = {.mac = mac, .no_arp = true};
    int code = 0;

    if (setns(l->netns, CLONE_NEWNET) < 0)
        code = -errno;
    if (code == 0)
        code = netlink_add_veth(our_ends[side], LINK_NAME, netns);
    if (code == 0)
        code = netlink_set_link(our_ends[side], &ours);
    if (code == 0)
        code = netlink_up(our_ends[side]);
    if (code == 0)
        code = open_socket(l, side);
    if (code == 0 && setns(netns, CLONE_NEWNET) < 0)
        code = -errno;
    if (code == 0)
        code = netlink_set_link(LINK_NAME, &theirs);
    if (code == 0 && !l->has_offload)
        code = take_features_off();
    return code < 0 ? refusal_explain(REFUSAL_VETH, code, "", err) : 0;
}

static int read_packet(struct link *l, enum lab_side from, struct hosts_packet *ret)
{
    const size_t note_bytes = l->has_offload ? sizeof(struct virtio_net_hdr) : 0;
    struct frame_header header;

    for (;;) {
        struct iovec parts[] = {
            {ret->note, note_bytes}, {&header, sizeof(header)}, {ret->data, HOSTS_PACKET_MAX}};
        ssize_t got = readv(l->fds[from], parts, 3);
        unsigned type;

        if (got < 0 && errno == ENETDOWN) /* once, from before it was up */
            continue;
        if (got < 0)
            return errno == EINTR ? -EAGAIN : -errno;
        type = (unsigned)header.type[0] << 8 | header.type[1];
        if ((size_t)got <= note_bytes + sizeof(header) || (type != ETH_P_IP && type != ETH_P_IPV6))
            continue;
        ret->bytes = (uint32_t)((size_t)got - note_bytes - sizeof(header));
        return 0;
    }
}

static int write_packet(struct link *l, enum lab_side to, const struct hosts_packet *packet)
{
    const size_t note_bytes = l->has_offload ? sizeof(struct virtio_net_hdr) : 0;
    const unsigned type = packet->data[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP;
    struct frame_header header = {.type = {(uint8_t)(type >> 8), (uint8_t)type}};
    struct iovec parts[] = {
        {(void *)packet->note, note_bytes}, {&header, sizeof(header)}, {packet->data, packet->bytes}};

    memcpy(header.dst, mac, sizeof(mac));
    memcpy(header.src, mac, sizeof(mac));
    return writev(l->fds[to], parts, 3) < 0 ? -errno : 0;
}

const struct link_ops link_veth = {HOSTS_VETH, begin, attach, read_packet, write_packet};
