/* SPDX-License-Identifier: ISC */
#include "lab/netlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <libmnl/libmnl.h>

#define REQUEST_BYTES 1024 /* none of these comes near */

struct request {
    struct nlmsghdr *header;
    char room[REQUEST_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
};

static void begin(struct request *r, uint16_t type, uint16_t flags)
{
    r->header = mnl_nlmsg_put_header(r->room);
    r->header->nlmsg_type = type;
    r->header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
    r->header->nlmsg_seq = 1;
}

static struct ifinfomsg *put_ifinfo(struct request *r, int index)
{
    struct ifinfomsg *info = mnl_nlmsg_put_extra_header(r->header, sizeof(*info));

    info->ifi_family = AF_UNSPEC;
    info->ifi_index = index;
    return info;
}

static int send_request(struct request *r)
{
    struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    char answer[8192];
    ssize_t len;
    int code;

    if (!nl)
        return -errno;
    len = mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID);
    if (len == 0)
        len = mnl_socket_sendto(nl, r->header, r->header->nlmsg_len);
    if (len >= 0)
        len = mnl_socket_recvfrom(nl, answer, sizeof(answer));
    code =
        len < 0 || mnl_cb_run(answer, (size_t)len, 1, mnl_socket_get_portid(nl), NULL, NULL) < 0 ? -errno : 0;
    mnl_socket_close(nl);
    return code;
}

int netlink_add_veth(const char *name, const char *peer, int peer_netns)
{
    struct request r;
    struct nlattr *info, *data, *other;

    begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    put_ifinfo(&r, 0);
    mnl_attr_put_strz(r.header, IFLA_IFNAME, name);
    info = mnl_attr_nest_start(r.header, IFLA_LINKINFO);
    mnl_attr_put_strz(r.header, IFLA_INFO_KIND, "veth");
    data = mnl_attr_nest_start(r.header, IFLA_INFO_DATA);
    other = mnl_attr_nest_start(r.header, VETH_INFO_PEER);
    put_ifinfo(&r, 0);
    mnl_attr_put_strz(r.header, IFLA_IFNAME, peer);
    mnl_attr_put_u32(r.header, IFLA_NET_NS_FD, (uint32_t)peer_netns);
    mnl_attr_nest_end(r.header, other);
    mnl_attr_nest_end(r.header, data);
    mnl_attr_nest_end(r.header, info);
    return send_request(&r);
}

static void put_no_local_ipv6(struct request *r)
{
    struct nlattr *family = mnl_attr_nest_start(r->header, IFLA_AF_SPEC);
    struct nlattr *ipv6 = mnl_attr_nest_start(r->header, AF_INET6);

    mnl_attr_put_u8(r->header, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    mnl_attr_nest_end(r->header, ipv6);
    mnl_attr_nest_end(r->header, family);
}

int netlink_set_link(const char *name, const struct netlink_link *link)
{
    const int index = (int)if_nametoindex(name);
    struct ifinfomsg *info;
    struct request r;

    if (!index)
        return -errno;
    begin(&r, RTM_NEWLINK, 0);
    info = put_ifinfo(&r, index);
    if (link->no_arp) {
        info->ifi_flags |= IFF_NOARP;
        info->ifi_change |= IFF_NOARP;
    }
    if (link->no_multicast)
        info->ifi_change |= IFF_MULTICAST;
    if (link->mtu)
        mnl_attr_put_u32(r.header, IFLA_MTU, link->mtu);
    if (link->queue)
        mnl_attr_put_u32(r.header, IFLA_TXQLEN, link->queue);
    if (link->mac)
        mnl_attr_put(r.header, IFLA_ADDRESS, 6, link->mac);
    if (link->no_local_ipv6)
        put_no_local_ipv6(&r);
    return send_request(&r);
}

int netlink_up(const char *name)
{
    const int index = (int)if_nametoindex(name);
    struct ifinfomsg *info;
    struct request r;

    if (!index)
        return -errno;
    begin(&r, RTM_NEWLINK, 0);
    info = put_ifinfo(&r, index);
    info->ifi_flags = info->ifi_change = IFF_UP;
    return send_request(&r);
}

int netlink_add_address(const char *name, unsigned version, const uint8_t *address, unsigned prefix_bits)
{
    const size_t bytes = version == 4 ? 4 : 16;
    const unsigned index = if_nametoindex(name);
    struct ifaddrmsg *info;
    struct request r;

    if (!index)
        return -errno;
    begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
    info = mnl_nlmsg_put_extra_header(r.header, sizeof(*info));
    info->ifa_family = version == 4 ? AF_INET : AF_INET6;
    info->ifa_prefixlen = (uint8_t)prefix_bits;
    info->ifa_index = index;
    info->ifa_flags = version == 4 ? 0 : IFA_F_NODAD;
    mnl_attr_put(r.header, IFA_LOCAL, bytes, address);
    mnl_attr_put(r.header, IFA_ADDRESS, bytes, address);
    return send_request(&r);
}
