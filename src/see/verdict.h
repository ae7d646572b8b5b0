/* SPDX-License-Identifier: ISC */
#ifndef SEE_VERDICT_H
#define SEE_VERDICT_H

#include "see/tcpseq.h"

/* What is said of a packet. Bits; several may be set. The lower ones are tcpseq's, for every packet; those
 * with a * are found only in conversations that have a detail (follow.h). */
enum verdict {
    VERDICT_NEW_DATA = TCPSEQ_NEW_DATA,
    VERDICT_RETRANSMISSION = TCPSEQ_RETRANSMISSION,
    VERDICT_SPURIOUS = TCPSEQ_SPURIOUS,
    VERDICT_FAST = TCPSEQ_FAST,
    VERDICT_OUT_OF_ORDER = TCPSEQ_OUT_OF_ORDER,
    VERDICT_GAP = TCPSEQ_GAP,
    VERDICT_DUPLICATE_ACK = TCPSEQ_DUPLICATE_ACK,
    VERDICT_ACK_UNSEEN = TCPSEQ_ACK_UNSEEN,
    VERDICT_KEEP_ALIVE = TCPSEQ_KEEP_ALIVE,
    VERDICT_KEEP_ALIVE_ACK = TCPSEQ_KEEP_ALIVE_ACK,
    VERDICT_ZERO_WINDOW = TCPSEQ_ZERO_WINDOW,
    VERDICT_ZERO_WINDOW_PROBE = TCPSEQ_ZERO_WINDOW_PROBE,
    VERDICT_WINDOW_UPDATE = TCPSEQ_WINDOW_UPDATE,
    VERDICT_WINDOW_FULL = TCPSEQ_WINDOW_FULL,
    VERDICT_RST_OUTSIDE = TCPSEQ_RST_OUTSIDE,
    VERDICT_RTO = 1 << 15,            /* * with RETRANSMISSION: the sender had waited in vain (RFC 6298) */
    VERDICT_SACK = 1 << 16,           /* * it has SACK blocks */
    VERDICT_DSACK = 1 << 17,          /* * of bytes that came twice (RFC 2883): sent again needlessly */
    VERDICT_ORIGINAL_ACKED = 1 << 18, /* * its timestamp echoes the first sending: the second one was needless
                                         (RFC 3522) */
    VERDICT_ZERO_WINDOW_PROBE_ACK = 1 << 19, /* * */
    VERDICT_URGENT = 1 << 20,
    VERDICT_CONGESTION = 1 << 21,  /* CE in the IP header, or ECE or CWR after the opening (RFC 3168) */
    VERDICT_PORT_REUSE = 1 << 22,  /* the first of a conversation whose ports were another's before */
    VERDICT_TAKEN_TWICE = 1 << 23, /* * the very same IP packet again: captured at two places */
    VERDICT_AFTER_CLOSE = 1 << 24, /* data to a side that had closed or was reset */
    VERDICT_ACK_OF_FIN = 1 << 25,  /* the first that acknowledges the other's FIN */
    VERDICT_OPENED = 1 << 26,      /* the third segment: with it the connection is open */
    VERDICT_REPLY = 1 << 27,       /* UDP: the first datagram of B after one of A */
};
#define VERDICTS 28
/* Those by which something went wrong: to be drawn in colour. */
#define VERDICTS_BAD                                                                                         \
    (VERDICT_RETRANSMISSION | VERDICT_OUT_OF_ORDER | VERDICT_DUPLICATE_ACK | VERDICT_ZERO_WINDOW |           \
        VERDICT_WINDOW_FULL | VERDICT_GAP | VERDICT_ACK_UNSEEN | VERDICT_RST_OUTSIDE | VERDICT_AFTER_CLOSE)

/* "retransmission", "fast", ...: one bit, for programs; NULL for none. */
const char *verdict_name(unsigned bit);
/* The same for people, N_: "retransmission", "after duplicate ACKs". */
const char *verdict_text(unsigned bit);

#endif
