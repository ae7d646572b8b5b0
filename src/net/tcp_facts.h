/* SPDX-License-Identifier: ISC */
#ifndef NET_TCP_FACTS_H
#define NET_TCP_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "net/endpoint.h"

/* What the kernel tells any process of its own TCP connection: TCP_INFO, and sock_diag where that does not
 * tell the truth. */
enum tcp_state {
    TCP_STATE_UNKNOWN,
    TCP_STATE_ESTABLISHED,
    TCP_STATE_SYN_SENT,
    TCP_STATE_SYN_RECV,
    TCP_STATE_FIN_WAIT1,
    TCP_STATE_FIN_WAIT2,
    TCP_STATE_TIME_WAIT,
    TCP_STATE_CLOSED,
    TCP_STATE_CLOSE_WAIT,
    TCP_STATE_LAST_ACK,
    TCP_STATE_LISTEN,
    TCP_STATE_CLOSING,
    TCP_STATES,
};

struct tcp_facts {
    enum tcp_state state;
    bool state_by_diag; /* the socket itself said CLOSED */
    uint32_t rtt_us, rttvar_us, min_rtt_us, rto_us;
    uint32_t retransmits; /* segments sent again, all told */
    uint32_t unacked;     /* segments on the way now */
    uint32_t send_mss, receive_mss, path_mtu;
    bool has_window_scale, has_sack, has_timestamps, has_ecn;
    uint8_t send_window_scale, receive_window_scale;                       /* as shift counts */
    uint32_t congestion_window;                                            /* segments */
    uint64_t bytes_sent, bytes_acked, bytes_received, bytes_retransmitted; /* bytes_acked counts the SYN */
    uint64_t delivery_rate; /* bytes a second, 0 where it was not measured */
    bool is_app_limited;    /* the rate is ours, not the path's: there was nothing more to send */
    uint32_t segments_out, segments_in;
    char congestion[16]; /* its control: "cubic" */
};

/* local and peer: both ends, asked for while it was connected: in TIME-WAIT the socket no longer knows them.
 * 0, or a negative errno: -EOPNOTSUPP and the like for what is no TCP socket. */
int tcp_facts_read(int fd, const struct endpoint *local, const struct endpoint *peer, struct tcp_facts *ret);
/* The bytes of the peer that came: the kernel counts its FIN as one more. */
uint64_t tcp_facts_received(const struct tcp_facts *facts);
/* "ESTABLISHED", as RFC 9293 spells them. */
const char *tcp_state_name(enum tcp_state state);

#endif
