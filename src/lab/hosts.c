/* SPDX-License-Identifier: ISC */
/* The order of the steps is the kernel's: a user namespace gives the rights, over the network namespaces that
 * are made from within it. */
#include "lab/hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "lab/link.h"
#include "lab/netlink.h"
#include "lab/refusal.h"

#define IPV6_MTU_MIN 1280
#define IPV4_PREFIX_BITS 24
#define IPV6_PREFIX_BITS 64

struct hosts {
    struct link link;
    int netns[LAB_SIDES]; /* -1: not made yet */
};

static const uint8_t ipv4[LAB_SIDES][4] = {{10, 9, 0, 1}, {10, 9, 0, 2}};
static const uint8_t ipv6[LAB_SIDES][16] = {
    {0xfd, 0x09, [15] = 1}, {0xfd, 0x09, [15] = 2}}; /* unique local (RFC 4193) */

/* No word of the kernel's own on the wire, nothing remembered of connections before, and the congestion
 * control that books describe. Those that a kernel does not have, or does not let us set, are left as they
 * are. */
static const char *const settings[][2] = {
    {"ipv6/conf/" LINK_NAME "/accept_ra", "0"},
    {"ipv6/conf/" LINK_NAME "/autoconf", "0"},
    {"ipv6/conf/" LINK_NAME "/accept_dad", "0"},
    {"ipv6/conf/" LINK_NAME "/router_solicitations", "0"},
    {"ipv4/tcp_congestion_control", "reno"},
    {"ipv4/tcp_no_metrics_save", "1"},
    {"ipv4/ping_group_range", "0 0"},
};

const char *lab_side_name(enum lab_side side)
{
    return side == LAB_CLIENT ? "client" : "server";
}

const uint8_t *hosts_ipv4(enum lab_side side)
{
    return ipv4[side];
}

const uint8_t *hosts_ipv6(enum lab_side side)
{
    return ipv6[side];
}

/* ---- files of the kernel ---- */

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC), code = 0;

    if (fd < 0)
        return -errno;
    if (write(fd, text, strlen(text)) < 0)
        code = -errno;
    close(fd);
    return code;
}

/* In the network namespace that we are in. */
static int set_net(const char *name, const char *value)
{
    char path[256];

    snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
    return write_file(path, value);
}

/* We are root in there, and nobody outside. */
static int map_ids(uid_t uid, gid_t gid)
{
    char text[64];
    int code = write_file("/proc/self/setgroups", "deny");

    if (code < 0 && code != -ENOENT) /* before Linux 3.19 */
        return code;
    snprintf(text, sizeof(text), "0 %u 1", uid);
    code = write_file("/proc/self/uid_map", text);
    if (code < 0)
        return code;
    snprintf(text, sizeof(text), "0 %u 1", gid);
    return write_file("/proc/self/gid_map", text);
}

/* ---- making them ---- */

static int become_root_inside(struct err *err)
{
    const uid_t uid = geteuid();
    const gid_t gid = getegid();
    int code;

    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
        return refusal_explain(REFUSAL_UNSHARE_USER, -errno, "", err);
    code = map_ids(uid, gid);
    return code < 0 ? refusal_explain(REFUSAL_UID_MAP, code, "", err) : 0;
}

/* Gives the interface its addresses; before it is up, lest the kernel says something. */
static int configure(const struct hosts *h, enum lab_side side, struct err *err)
{
    const struct netlink_link link = {
        .mtu = h->link.mtu, .queue = LINK_QUEUE, .no_multicast = true, .no_local_ipv6 = true};
    int code;

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        set_net(settings[i][0], settings[i][1]);
    code = netlink_up("lo");
    if (code == 0)
        code = netlink_set_link(LINK_NAME, &link);
    if (code == 0)
        code = netlink_up(LINK_NAME);
    if (code == 0)
        code = netlink_add_address(LINK_NAME, 4, ipv4[side], IPV4_PREFIX_BITS);
    /* A kernel without IPv6 will do. */
    if (code == 0 && h->link.mtu >= IPV6_MTU_MIN) {
        code = netlink_add_address(LINK_NAME, 6, ipv6[side], IPV6_PREFIX_BITS);
        if (code == -EOPNOTSUPP || code == -EACCES)
            code = 0;
    }
    if (code < 0)
        return err_set(err, ERR_OTHER, code, _("the network of %s could not be set up: %s"),
            lab_side_name(side), err_word(code));
    return 0;
}

static int make_host(struct hosts *h, enum lab_side side, struct err *err)
{
    int code;

    if (unshare(CLONE_NEWNET) < 0)
        return refusal_explain(REFUSAL_UNSHARE_NET, -errno, "", err);
    h->netns[side] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (h->netns[side] < 0)
        return refusal_explain(REFUSAL_UNSHARE_NET, -errno, "", err);
    code = h->link.ops->attach(&h->link, side, h->netns[side], err);
    return code < 0 ? code : configure(h, side, err);
}

/* Whether TUN may be had: its device is there, and ours to open. */
static const struct link_ops *choose(uint8_t backend)
{
    if (backend == HOSTS_ANY)
        backend = access("/dev/net/tun", R_OK | W_OK) == 0 ? HOSTS_TUN : HOSTS_VETH;
    return backend == HOSTS_TUN ? &link_tun : &link_veth;
}

int hosts_new(const struct hosts_options *options, struct hosts **ret, struct err *err)
{
    struct hosts *h = xcalloc(1, sizeof(*h));
    int code;

    h->link = (struct link){.ops = choose(options->backend),
        .has_offload = options->offload,
        .mtu = options->mtu ? options->mtu : HOSTS_MTU_DEFAULT,
        .fds = {-1, -1},
        .netns = -1};
    h->netns[LAB_CLIENT] = h->netns[LAB_SERVER] = -1;
    code = become_root_inside(err);
    if (code == 0)
        code = h->link.ops->begin(&h->link, err);
    for (int side = 0; code == 0 && side < LAB_SIDES; side++)
        code = make_host(h, (enum lab_side)side, err);
    if (code < 0)
        hosts_free(h);
    else
        *ret = h;
    return code;
}

void hosts_free(struct hosts *h)
{
    if (!h)
        return;
    for (int side = 0; side < LAB_SIDES; side++) {
        if (h->link.fds[side] >= 0)
            close(h->link.fds[side]);
        if (h->netns[side] >= 0)
            close(h->netns[side]);
    }
    if (h->link.netns >= 0)
        close(h->link.netns);
    free(h);
}

enum hosts_backend hosts_backend(const struct hosts *h)
{
    return h->link.ops->backend;
}

int hosts_fd(const struct hosts *h, enum lab_side side)
{
    return h->link.fds[side];
}

int hosts_netns(const struct hosts *h, enum lab_side side)
{
    return h->netns[side];
}

int hosts_read(struct hosts *h, enum lab_side from, struct hosts_packet *ret)
{
    return h->link.ops->read(&h->link, from, ret);
}

int hosts_write(struct hosts *h, enum lab_side to, const struct hosts_packet *packet)
{
    return h->link.ops->write(&h->link, to, packet);
}

int hosts_sysctl(struct hosts *h, enum lab_side side, const char *name, const char *value, struct err *err)
{
    int code = setns(h->netns[side], CLONE_NEWNET) < 0 ? -errno : set_net(name, value);

    if (code < 0)
        return err_set(err, err_kind_of(code), code, _("net/%s of %s could not be set to %s: %s"), name,
            lab_side_name(side), value, err_word(code));
    return 0;
}
