/* SPDX-License-Identifier: ISC */
#ifndef LAB_DIAG_H
#define LAB_DIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "see/tcpstate.h"

/* What a host's kernel says of its sockets: sock_diag(7), asked in that host's network namespace. */
struct diag;

/* As the kernel has them (include/net/tcp_states.h), which is what ss(8) prints. */
enum diag_timer {
    DIAG_TIMER_NONE,
    DIAG_TIMER_RETRANSMIT,
    DIAG_TIMER_KEEPALIVE,
    DIAG_TIMER_TIME_WAIT,
    DIAG_TIMER_PROBE
};

struct diag_socket {
    uint8_t state;       /* enum flow_state; a connection request that is not complete is SYN_RECEIVED */
    uint8_t timer;       /* enum diag_timer */
    uint8_t retransmits; /* of what waits for that timer */
    uint32_t expires_ms; /* the timer */
    uint32_t unread_bytes, unacked_bytes;
    uint32_t inode;
};

/* A connection as the host that is asked sees it. */
struct diag_key {
    uint8_t ip_version;            /* 4 or 6 */
    const uint8_t *local, *remote; /* 4 or 16 bytes */
    uint16_t local_port, remote_port;
};

/* netns: an open descriptor of the namespace; it is not kept. This process is in its own namespace again
 * afterwards. 0, or a negative code with err. */
int diag_new(int netns, struct diag **ret, struct err *err);
void diag_free(struct diag *d); /* accepts NULL */

/* The socket of exactly this connection: 3 to 4 us. 0; -ENOENT: there is none. *ret_is_listener: there is
 * none, but one that listens for such. */
int diag_connection(
    struct diag *d, const struct diag_key *key, struct diag_socket *ret, bool *ret_is_listener);

/* How many sockets wait to be called: TCP that listen, UDP that are bound to a port. A negative code if the
 * kernel would not say. */
int diag_count_servers(struct diag *d);

/* The name of a state as Linux has it: "SYN_RECV", "FIN_WAIT1"; JSON tells it so. NULL for FLOW_UNKNOWN. */
const char *diag_state_name(enum flow_state state);

#endif
