/* SPDX-License-Identifier: ISC */
/* TCP_INFO tells it all but for one lie: once a connection is in TIME_WAIT the kernel keeps only a stump of
 * it under another roof, and the socket says CLOSE. sock_diag sees the stump. The request is one fixed
 * struct (docs/decisions/0001).
 *
 * <linux/tcp.h>, not <netinet/tcp.h>: glibc's struct ends before the byte counts. */
#include "net/tcp_facts.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/endpoint.h"

const char *tcp_state_name(enum tcp_state state)
{
    static const char *const names[TCP_STATES] = {
        [TCP_STATE_UNKNOWN] = "?",
        [TCP_STATE_ESTABLISHED] = "ESTABLISHED",
        [TCP_STATE_SYN_SENT] = "SYN-SENT",
        [TCP_STATE_SYN_RECV] = "SYN-RECEIVED",
        [TCP_STATE_FIN_WAIT1] = "FIN-WAIT-1",
        [TCP_STATE_FIN_WAIT2] = "FIN-WAIT-2",
        [TCP_STATE_TIME_WAIT] = "TIME-WAIT",
        [TCP_STATE_CLOSED] = "CLOSED",
        [TCP_STATE_CLOSE_WAIT] = "CLOSE-WAIT",
        [TCP_STATE_LAST_ACK] = "LAST-ACK",
        [TCP_STATE_LISTEN] = "LISTEN",
        [TCP_STATE_CLOSING] = "CLOSING",
    };

    return names[state];
}

uint64_t tcp_facts_received(const struct tcp_facts *facts)
{
    bool has_fin = facts->state == TCP_STATE_CLOSE_WAIT || facts->state == TCP_STATE_LAST_ACK ||
                   facts->state == TCP_STATE_CLOSING || facts->state == TCP_STATE_TIME_WAIT;

    return facts->bytes_received - (has_fin && facts->bytes_received);
}

struct diag_request {
    struct nlmsghdr header;
    struct inet_diag_req_v2 body;
};

static void put_address(__be32 out[4], __be16 *out_port, const struct endpoint *e)
{
    if (e->sa.sa_family == AF_INET) {
        memcpy(out, &e->in4.sin_addr, 4);
        *out_port = e->in4.sin_port;
    } else {
        memcpy(out, &e->in6.sin6_addr, 16);
        *out_port = e->in6.sin6_port;
    }
}

/* The state of the connection between two ends, or UNKNOWN. Once it is gone the exact query finds the
 * listener of that port, if there is one here: the caller takes the states of a stump only. */
static enum tcp_state ask_diag(const struct endpoint *local, const struct endpoint *peer)
{
    struct diag_request request = {
        .header = {.nlmsg_len = sizeof(request),
            .nlmsg_type = SOCK_DIAG_BY_FAMILY,
            .nlmsg_flags = NLM_F_REQUEST},
        .body = {.sdiag_family = (uint8_t)local->sa.sa_family, .sdiag_protocol = IPPROTO_TCP},
    };
    struct timeval patience = {.tv_usec = 100000};
    struct inet_diag_msg answer;
    struct nlmsghdr header;
    char buffer[4096];
    enum tcp_state state = TCP_STATE_UNKNOWN;
    ssize_t len;
    int fd;

    request.body.idiag_states = UINT32_MAX;
    request.body.id.idiag_cookie[0] = request.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    put_address(request.body.id.idiag_src, &request.body.id.idiag_sport, local);
    put_address(request.body.id.idiag_dst, &request.body.id.idiag_dport, peer);
    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0)
        return TCP_STATE_UNKNOWN;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (send(fd, &request, sizeof(request), 0) == sizeof(request)) {
        len = recv(fd, buffer, sizeof(buffer), 0);
        if (len >= (ssize_t)(NLMSG_HDRLEN + sizeof(answer))) {
            memcpy(&header, buffer, sizeof(header));
            memcpy(&answer, buffer + NLMSG_HDRLEN, sizeof(answer));
            if (header.nlmsg_type == SOCK_DIAG_BY_FAMILY && answer.idiag_state < TCP_STATES)
                state = answer.idiag_state;
        }
    }
    close(fd);
    return state;
}

int tcp_facts_read(int fd, const struct endpoint *local, const struct endpoint *peer, struct tcp_facts *ret)
{
    struct tcp_info info = {0};
    struct tcp_facts facts = {0};
    socklen_t len = sizeof(info);

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
        return -errno;
    facts.state = info.tcpi_state < TCP_STATES ? info.tcpi_state : TCP_STATE_UNKNOWN;
    facts.rtt_us = info.tcpi_rtt;
    facts.rttvar_us = info.tcpi_rttvar;
    facts.min_rtt_us = info.tcpi_min_rtt == UINT32_MAX ? 0 : info.tcpi_min_rtt;
    facts.rto_us = info.tcpi_rto;
    facts.retransmits = info.tcpi_total_retrans;
    facts.unacked = info.tcpi_unacked;
    facts.send_mss = info.tcpi_snd_mss;
    facts.receive_mss = info.tcpi_rcv_mss;
    facts.path_mtu = info.tcpi_pmtu;
    facts.has_window_scale = info.tcpi_options & TCPI_OPT_WSCALE;
    facts.has_sack = info.tcpi_options & TCPI_OPT_SACK;
    facts.has_timestamps = info.tcpi_options & TCPI_OPT_TIMESTAMPS;
    facts.has_ecn = info.tcpi_options & TCPI_OPT_ECN;
    facts.send_window_scale = info.tcpi_snd_wscale;
    facts.receive_window_scale = info.tcpi_rcv_wscale;
    facts.congestion_window = info.tcpi_snd_cwnd;
    facts.bytes_sent = info.tcpi_bytes_sent;
    facts.bytes_acked = info.tcpi_bytes_acked;
    facts.bytes_received = info.tcpi_bytes_received;
    facts.bytes_retransmitted = info.tcpi_bytes_retrans;
    facts.delivery_rate = info.tcpi_delivery_rate;
    facts.is_app_limited = info.tcpi_delivery_rate_app_limited;
    facts.segments_out = info.tcpi_segs_out;
    facts.segments_in = info.tcpi_segs_in;
    len = sizeof(facts.congestion) - 1;
    if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, facts.congestion, &len) < 0)
        facts.congestion[0] = '\0';
    if (facts.state == TCP_STATE_CLOSED && local->sa.sa_family == peer->sa.sa_family) {
        enum tcp_state state = ask_diag(local, peer);

        facts.state_by_diag = state == TCP_STATE_TIME_WAIT || state == TCP_STATE_FIN_WAIT2;
        if (facts.state_by_diag)
            facts.state = state;
    }
    *ret = facts;
    return 0;
}
