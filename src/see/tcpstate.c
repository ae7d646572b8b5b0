/* SPDX-License-Identifier: ISC */
/* The diagram of RFC 9293, section 3.3.2, as a table: a column an event, a row a state; an empty place
 * changes nothing. What is not in the diagram is there because packets were not seen, and marked so: a
 * capture that begins in the middle, a segment that the capturer lost. */
#include "see/tcpstate.h"

#define INFERRED TCPSTATE_INFERRED

const uint8_t tcpstate_transitions[TCPSTATE_EVENTS][FLOW_STATES] = {
    [TCPSTATE_SENDS_SYN] =
        {
            [FLOW_UNKNOWN] = FLOW_SYN_SENT,
            [FLOW_CLOSED] = FLOW_SYN_SENT,
            [FLOW_LISTEN] = FLOW_SYN_SENT,
        },
    [TCPSTATE_SENDS_SYN_ACK] =
        {
            [FLOW_UNKNOWN] = FLOW_SYN_RECEIVED | INFERRED,
            [FLOW_LISTEN] = FLOW_SYN_RECEIVED | INFERRED,
            [FLOW_SYN_SENT] = FLOW_SYN_RECEIVED | INFERRED,
        },
    /* The last step of the handshake has not reached it after all. */
    [TCPSTATE_SENDS_SYN_ACK_AGAIN] = {[FLOW_ESTABLISHED] = FLOW_SYN_RECEIVED},
    [TCPSTATE_SENDS_ACK] =
        {
            [FLOW_UNKNOWN] = FLOW_ESTABLISHED | INFERRED,
            [FLOW_LISTEN] = FLOW_ESTABLISHED | INFERRED,
            [FLOW_SYN_SENT] = FLOW_ESTABLISHED | INFERRED,
            [FLOW_SYN_RECEIVED] = FLOW_ESTABLISHED | INFERRED,
        },
    [TCPSTATE_SENDS_FIN] =
        {
            [FLOW_UNKNOWN] = FLOW_FIN_WAIT_1 | INFERRED,
            [FLOW_SYN_SENT] = FLOW_FIN_WAIT_1 | INFERRED,
            [FLOW_SYN_RECEIVED] = FLOW_FIN_WAIT_1,
            [FLOW_ESTABLISHED] = FLOW_FIN_WAIT_1,
            [FLOW_CLOSE_WAIT] = FLOW_LAST_ACK,
        },
    /* The convention has let the other's FIN arrive too soon: it does now. */
    [TCPSTATE_SENDS_FIN_CROSSING] = {[FLOW_CLOSE_WAIT] = FLOW_CLOSING},
    /* The acknowledgment of its FIN has not reached it. */
    [TCPSTATE_SENDS_FIN_AGAIN] =
        {
            [FLOW_FIN_WAIT_2] = FLOW_FIN_WAIT_1,
            [FLOW_TIME_WAIT] = FLOW_CLOSING,
            [FLOW_CLOSED] = FLOW_LAST_ACK,
        },
    [TCPSTATE_SENDS_RST] =
        {
            [FLOW_UNKNOWN] = FLOW_CLOSED,
            [FLOW_LISTEN] = FLOW_CLOSED,
            [FLOW_SYN_SENT] = FLOW_CLOSED,
            [FLOW_SYN_RECEIVED] = FLOW_CLOSED,
            [FLOW_ESTABLISHED] = FLOW_CLOSED,
            [FLOW_FIN_WAIT_1] = FLOW_CLOSED,
            [FLOW_FIN_WAIT_2] = FLOW_CLOSED,
            [FLOW_CLOSE_WAIT] = FLOW_CLOSED,
            [FLOW_CLOSING] = FLOW_CLOSED,
            [FLOW_LAST_ACK] = FLOW_CLOSED,
            [FLOW_TIME_WAIT] = FLOW_CLOSED,
        },
    [TCPSTATE_GETS_SYN] =
        {
            [FLOW_UNKNOWN] = FLOW_SYN_RECEIVED,
            [FLOW_LISTEN] = FLOW_SYN_RECEIVED,
            [FLOW_SYN_SENT] = FLOW_SYN_RECEIVED, /* simultaneous open: section 3.5, figure 7 */
        },
    [TCPSTATE_GETS_SYN_ACK] =
        {
            [FLOW_UNKNOWN] = FLOW_ESTABLISHED | INFERRED,
            [FLOW_SYN_SENT] = FLOW_ESTABLISHED,
            [FLOW_SYN_RECEIVED] = FLOW_ESTABLISHED,
        },
    [TCPSTATE_GETS_ACK_OF_SYN] = {[FLOW_SYN_RECEIVED] = FLOW_ESTABLISHED},
    [TCPSTATE_GETS_ACK_OF_FIN] =
        {
            [FLOW_FIN_WAIT_1] = FLOW_FIN_WAIT_2,
            [FLOW_CLOSING] = FLOW_TIME_WAIT,
            [FLOW_LAST_ACK] = FLOW_CLOSED,
        },
    [TCPSTATE_GETS_ACK] =
        {
            [FLOW_UNKNOWN] = FLOW_ESTABLISHED | INFERRED,
            [FLOW_SYN_RECEIVED] = FLOW_ESTABLISHED | INFERRED,
        },
    [TCPSTATE_GETS_FIN] =
        {
            [FLOW_UNKNOWN] = FLOW_CLOSE_WAIT | INFERRED,
            [FLOW_SYN_RECEIVED] = FLOW_CLOSE_WAIT,
            [FLOW_ESTABLISHED] = FLOW_CLOSE_WAIT,
            [FLOW_FIN_WAIT_1] = FLOW_CLOSING, /* simultaneous close: section 3.6, figure 13 */
            [FLOW_FIN_WAIT_2] = FLOW_TIME_WAIT,
        },
    /* A listener stays one: what is closed is the connection that was about to be. */
    [TCPSTATE_GETS_RST] =
        {
            [FLOW_UNKNOWN] = FLOW_CLOSED,
            [FLOW_SYN_SENT] = FLOW_CLOSED,
            [FLOW_SYN_RECEIVED] = FLOW_CLOSED,
            [FLOW_ESTABLISHED] = FLOW_CLOSED,
            [FLOW_FIN_WAIT_1] = FLOW_CLOSED,
            [FLOW_FIN_WAIT_2] = FLOW_CLOSED,
            [FLOW_CLOSE_WAIT] = FLOW_CLOSED,
            [FLOW_CLOSING] = FLOW_CLOSED,
            [FLOW_LAST_ACK] = FLOW_CLOSED,
            [FLOW_TIME_WAIT] = FLOW_CLOSED,
        },
};

const char *flow_state_name(enum flow_state state)
{
    static const char *const names[FLOW_STATES] = {"?", "CLOSED", "LISTEN", "SYN_SENT", "SYN_RECEIVED",
        "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT"};

    return names[state];
}
