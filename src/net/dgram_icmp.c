/* SPDX-License-Identifier: ISC */
/* ICMP errors as news of one peer. A socket without IP_RECVERR hears of them only when connected, and then
 * not of all ("host unreachable" is not told); one that is bound and serves many peers could not tell whose
 * datagram it was. */
#include "net/dgram_icmp.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <string.h>

#include "base/i18n.h"

#define IGNORED_AT_ONCE_MAX 64

void dgram_icmp_enable(int fd, int family)
{
    int on = 1;

    if (family == AF_INET)
        setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
    else if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
}

/* The error's description, and behind it the reporter's address. */
static bool read_error(struct msghdr *msg, struct sock_extended_err *ret, struct endpoint *ret_reporter)
{
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
        socklen_t len = 0;

        if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_RECVERR)
            len = sizeof(struct sockaddr_in);
        else if (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_RECVERR)
            len = sizeof(struct sockaddr_in6);
        if (len == 0 || cmsg->cmsg_len < CMSG_LEN(sizeof(*ret)))
            continue;
        memcpy(ret, CMSG_DATA(cmsg), sizeof(*ret));
        if (cmsg->cmsg_len >= CMSG_LEN(sizeof(*ret) + len))
            endpoint_from_sockaddr(
                ret_reporter, (const struct sockaddr *)(CMSG_DATA(cmsg) + sizeof(*ret)), len);
        return true;
    }
    return false;
}

bool dgram_icmp_next(int fd, struct dgram_news *ret)
{
    for (int i = 0; i < IGNORED_AT_ONCE_MAX; i++) {
        uint8_t control[CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6)) +
                        CMSG_SPACE(sizeof(struct in6_pktinfo)) + 64] __attribute__((aligned(8)));
        struct dgram_news news = {.code = 0};
        struct sock_extended_err error = {0};
        struct msghdr msg = {.msg_name = &news.peer.sa,
            .msg_namelen = sizeof(news.peer.un),
            .msg_control = control,
            .msg_controllen = sizeof(control)};

        if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return false;
        news.peer.len = msg.msg_namelen;
        if (msg.msg_namelen < sizeof(struct sockaddr_in))
            memset(&news.peer, 0, sizeof(news.peer));
        if (!read_error(&msg, &error, &news.reporter))
            continue;
        if (error.ee_origin != SO_EE_ORIGIN_ICMP && error.ee_origin != SO_EE_ORIGIN_ICMP6)
            continue;
        news.code = error.ee_errno ? -(int)error.ee_errno : -EIO;
        *ret = news;
        return true;
    }
    return false;
}

void dgram_news_words(const struct dgram_news *news, struct err *ret)
{
    enum err_kind kind = err_kind_of(news->code);
    char peer[ENDPOINT_TEXT_BYTES], reporter[ENDPOINT_TEXT_BYTES];

    endpoint_format(&news->peer, peer);
    if (news->peer.sa.sa_family == AF_UNIX && news->code == -ECONNREFUSED)
        err_set(ret, kind, news->code,
            _("%s: connection refused: nobody has this socket open any more; is the program running?"), peer);
    else if (news->peer.sa.sa_family == AF_UNIX && news->code == -ENOBUFS)
        err_set(ret, kind, news->code,
            _("%s: a datagram was thrown away: the program there does not take what it was sent"), peer);
    else if (news->code == -ECONNREFUSED)
        err_set(ret, kind, news->code,
            _("%s: connection refused: no program has this UDP port open (ICMP port unreachable)"), peer);
    else if (news->code == -EMSGSIZE)
        err_set(ret, kind, news->code, _("%s: message too long for the way there; send smaller ones"), peer);
    else if (news->reporter.len && !endpoint_is_same_host(&news->reporter, &news->peer))
        err_set(ret, kind, news->code, _("%s: %s, says %s"), peer, err_word(news->code),
            endpoint_format_host(&news->reporter, reporter));
    else
        err_set(ret, kind, news->code, _("%s: %s"), peer, err_word(news->code));
}
