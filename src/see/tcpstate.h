/* SPDX-License-Identifier: ISC */
#ifndef SEE_TCPSTATE_H
#define SEE_TCPSTATE_H

#include <stdbool.h>
#include <stdint.h>

/* The states of RFC 9293, section 3.3.2, of one side of a connection, as far as its packets tell.
 *
 * The convention: a packet that was captured has been sent, and arrives at once. So the picture after each
 * packet is that of the textbook: after the first FIN its sender is in FIN_WAIT_1 and the other in
 * CLOSE_WAIT. Where a later packet shows that it did not arrive (a FIN that is sent again, a SYN+ACK), the
 * state goes back. */

enum flow_state {
    FLOW_UNKNOWN, /* nothing has been seen that tells */
    FLOW_CLOSED,
    FLOW_LISTEN,
    FLOW_SYN_SENT,
    FLOW_SYN_RECEIVED,
    FLOW_ESTABLISHED,
    FLOW_FIN_WAIT_1,
    FLOW_FIN_WAIT_2,
    FLOW_CLOSE_WAIT,
    FLOW_CLOSING,
    FLOW_LAST_ACK,
    FLOW_TIME_WAIT,
    FLOW_STATES,
};

/* What happens to a side; a packet is several of them. Its acknowledgment is dealt with before its FIN (RFC
 * 9293, section 3.10.7.4). */
enum tcpstate_event {
    TCPSTATE_SENDS_SYN,
    TCPSTATE_SENDS_SYN_ACK,
    TCPSTATE_SENDS_SYN_ACK_AGAIN,
    TCPSTATE_SENDS_ACK, /* any other segment: it is in a connection */
    TCPSTATE_SENDS_FIN,
    TCPSTATE_SENDS_FIN_CROSSING, /* without having got the other's, which is under way to it */
    TCPSTATE_SENDS_FIN_AGAIN,
    TCPSTATE_SENDS_RST,
    TCPSTATE_GETS_SYN,
    TCPSTATE_GETS_SYN_ACK,
    TCPSTATE_GETS_ACK_OF_SYN,
    TCPSTATE_GETS_ACK_OF_FIN,
    TCPSTATE_GETS_ACK, /* of what was not seen of it: it is in a connection */
    TCPSTATE_GETS_FIN,
    TCPSTATE_GETS_RST,
    TCPSTATE_EVENTS,
};

/* The state afterwards, TCPSTATE_INFERRED if that takes packets that were not seen; 0: nothing changes. */
extern const uint8_t tcpstate_transitions[TCPSTATE_EVENTS][FLOW_STATES];
#define TCPSTATE_INFERRED 0x80

/* The state afterwards: the same one for what changes nothing. */
static inline enum flow_state tcpstate_after(enum flow_state state, enum tcpstate_event event)
{
    uint8_t place = tcpstate_transitions[event][state];

    return place ? (enum flow_state)(place & ~TCPSTATE_INFERRED) : state;
}

/* Does it follow from a transition that RFC 9293 does not have, because packets in between were not seen? */
static inline bool tcpstate_is_inferred(enum flow_state state, enum tcpstate_event event)
{
    return tcpstate_transitions[event][state] & TCPSTATE_INFERRED;
}

/* "ESTABLISHED", "FIN_WAIT_1"; "?" for FLOW_UNKNOWN. */
const char *flow_state_name(enum flow_state state);

#endif
