/* SPDX-License-Identifier: ISC */
/* sock_diag(7) over netlink, by libmnl. Two sockets: one for questions, one that is a member of the groups to
 * which the kernel reports each socket that it destroys. That report has the cookie and both addresses, but
 * no inode; no privilege is asked for either. */
#include "see/sockdiag.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/i18n.h"
#include "base/xmalloc.h"

#define ANSWER_BYTES (64U << 10)
#define GONE_BUFFER_BYTES (4 << 20) /* some thousand reports, if the system allows as much */
#define GONE_A_CALL 4096            /* reports, before others have their turn */

struct sockdiag {
    struct mnl_socket *ask, *gone;
    uint32_t sequence;
    uint8_t answer[ANSWER_BYTES];
    /* The call under way. */
    sockdiag_take *take;
    void *arg;
    uint8_t protocol; /* of the question; 0: a report, which tells it by its state */
};

/* ---- one socket ---- */

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* ::ffff:0:0/96, RFC 4291, section 2.5.5.2 */

static bool is_any(const uint8_t *address, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (address[i])
            return false;
    return true;
}

static bool is_v6_only(const struct nlmsghdr *head)
{
    const struct nlattr *attr;

    mnl_attr_for_each(attr, head, sizeof(struct inet_diag_msg))
    {
        if (mnl_attr_get_type(attr) == INET_DIAG_SKV6ONLY && mnl_attr_validate(attr, MNL_TYPE_U8) >= 0)
            return mnl_attr_get_u8(attr) != 0;
    }
    return false;
}

static void set_addresses(
    struct sockdiag_socket *s, const struct nlmsghdr *head, const struct inet_diag_msg *body)
{
    const uint8_t *local = (const uint8_t *)body->id.idiag_src;
    const uint8_t *remote = (const uint8_t *)body->id.idiag_dst;

    s->ip_version = body->idiag_family == AF_INET ? 4 : 6;
    if (s->ip_version == 4) {
        memcpy(s->local, local, 4);
        memcpy(s->remote, remote, 4);
    } else if (memcmp(local, mapped, sizeof(mapped)) == 0 || memcmp(remote, mapped, sizeof(mapped)) == 0) {
        s->ip_version = 4;
        memcpy(s->local, local + sizeof(mapped), 4);
        memcpy(s->remote, remote + sizeof(mapped), 4);
    } else {
        memcpy(s->local, local, 16);
        memcpy(s->remote, remote, 16);
        if (is_any(local, 16) && is_any(remote, 16) && !is_v6_only(head))
            s->ip_version = 0;
    }
}

/* A report says what protocol it is about by an attribute. */
static uint8_t protocol_of(const struct sockdiag *d, const struct nlmsghdr *head)
{
    const struct nlattr *attr;

    if (d->protocol)
        return d->protocol;
    mnl_attr_for_each(attr, head, sizeof(struct inet_diag_msg))
    {
        if (mnl_attr_get_type(attr) == INET_DIAG_PROTOCOL && mnl_attr_validate(attr, MNL_TYPE_U8) >= 0)
            return mnl_attr_get_u8(attr);
    }
    return 0;
}

static int on_message(const struct nlmsghdr *head, void *arg)
{
    struct sockdiag *d = arg;
    struct sockdiag_socket s = {0};
    struct inet_diag_msg body;

    if (mnl_nlmsg_get_payload_len(head) < sizeof(body))
        return MNL_CB_OK;
    memcpy(&body, mnl_nlmsg_get_payload(head), sizeof(body));
    if (body.idiag_family != AF_INET && body.idiag_family != AF_INET6)
        return MNL_CB_OK;
    s.protocol = protocol_of(d, head);
    if (s.protocol != IPPROTO_TCP && s.protocol != IPPROTO_UDP)
        return MNL_CB_OK;
    s.cookie = (uint64_t)body.id.idiag_cookie[1] << 32 | body.id.idiag_cookie[0];
    s.inode = body.idiag_inode;
    s.is_listener = s.protocol == IPPROTO_TCP && body.idiag_state == TCP_LISTEN;
    s.local_port = ntohs(body.id.idiag_sport);
    s.remote_port = ntohs(body.id.idiag_dport);
    set_addresses(&s, head, &body);
    d->take(d->arg, &s);
    return MNL_CB_OK;
}

/* ---- all of them ---- */

static int dump(struct sockdiag *d, uint8_t family, uint8_t protocol)
{
    uint8_t room[MNL_NLMSG_HDRLEN + sizeof(struct inet_diag_req_v2) + MNL_ALIGNTO];
    struct nlmsghdr *head = mnl_nlmsg_put_header(room);
    const unsigned port = mnl_socket_get_portid(d->ask);
    struct inet_diag_req_v2 *request;
    int status = MNL_CB_OK;

    head->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    head->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    head->nlmsg_seq = ++d->sequence;
    request = mnl_nlmsg_put_extra_header(head, sizeof(*request));
    request->sdiag_family = family;
    request->sdiag_protocol = protocol;
    request->idiag_states = UINT32_MAX;
    d->protocol = protocol;
    if (mnl_socket_sendto(d->ask, head, head->nlmsg_len) < 0)
        return -errno;
    do {
        ssize_t got = mnl_socket_recvfrom(d->ask, d->answer, sizeof(d->answer));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        status = mnl_cb_run(d->answer, (size_t)got, d->sequence, port, on_message, d);
    } while (status > MNL_CB_STOP);
    return status < 0 ? -errno : 0;
}

int sockdiag_each(struct sockdiag *d, sockdiag_take *take, void *arg)
{
    static const struct {
        uint8_t family, protocol;
    } kinds[] = {
        {AF_INET, IPPROTO_TCP}, {AF_INET6, IPPROTO_TCP}, {AF_INET, IPPROTO_UDP}, {AF_INET6, IPPROTO_UDP}};
    int code, first = 0;

    d->take = take;
    d->arg = arg;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        code = dump(d, kinds[i].family, kinds[i].protocol);
        /* A kernel without IPv6, or without udp_diag, has no such sockets to tell of. */
        if (code < 0 && code != -ENOENT && first == 0)
            first = code;
    }
    return first;
}

/* ---- those that are gone ---- */

int sockdiag_fd(const struct sockdiag *d)
{
    return mnl_socket_get_fd(d->gone);
}

int sockdiag_gone(struct sockdiag *d, sockdiag_take *take, void *arg)
{
    d->take = take;
    d->arg = arg;
    d->protocol = 0;
    for (unsigned i = 0; i < GONE_A_CALL; i++) {
        ssize_t got = recv(mnl_socket_get_fd(d->gone), d->answer, sizeof(d->answer), MSG_DONTWAIT);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno == EAGAIN ? 0 : -errno;
        /* Without numbers: it answers no question. */
        (void)!mnl_cb_run(d->answer, (size_t)got, 0, 0, on_message, d);
    }
    return 0;
}

/* ---- its life ---- */

static struct mnl_socket *open_socket(void)
{
    struct mnl_socket *s = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);

    if (s && mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0) {
        int code = errno;

        mnl_socket_close(s);
        errno = code;
        s = NULL;
    }
    return s;
}

static int join(struct mnl_socket *s)
{
    static const int groups[] = {SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET_UDP_DESTROY,
        SKNLGRP_INET6_TCP_DESTROY, SKNLGRP_INET6_UDP_DESTROY};
    int bytes = GONE_BUFFER_BYTES;

    (void)!setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        int group = groups[i];

        if (mnl_socket_setsockopt(s, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
            return -errno;
    }
    return 0;
}

int sockdiag_new(struct sockdiag **ret, struct err *err)
{
    struct sockdiag *d = xcalloc(1, sizeof(*d));
    int code = 0;

    d->ask = open_socket();
    d->gone = d->ask ? open_socket() : NULL;
    if (!d->gone)
        code = -errno;
    else
        code = join(d->gone);
    if (code < 0) {
        sockdiag_free(d);
        return err_set(err, ERR_OTHER, code,
            _("the kernel does not tell of its sockets (sock_diag): %s; --isolated needs none of it"),
            err_word(code));
    }
    d->sequence = (uint32_t)time(NULL);
    *ret = d;
    return 0;
}

void sockdiag_free(struct sockdiag *d)
{
    if (!d)
        return;
    if (d->ask)
        mnl_socket_close(d->ask);
    if (d->gone)
        mnl_socket_close(d->gone);
    free(d);
}
