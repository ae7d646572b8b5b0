/* SPDX-License-Identifier: ISC */
#ifndef SEE_TCPSEQ_H
#define SEE_TCPSEQ_H

#include <stdint.h>

#include "see/flow.h"
#include "wire/tcp.h"

/* What a segment is, beside those before it. */
enum tcpseq_verdict {
    TCPSEQ_NEW_DATA = 1,
    TCPSEQ_RETRANSMISSION = 2,
    TCPSEQ_SPURIOUS = 4, /* with RETRANSMISSION: all of it had been acknowledged already */
    TCPSEQ_FAST = 8,     /* with RETRANSMISSION: after two duplicate acknowledgments or more (RFC 5681) */
    TCPSEQ_OUT_OF_ORDER = 16, /* it fills a gap so soon that it was overtaken, not sent again */
    TCPSEQ_GAP = 32,          /* what comes before it was not seen */
    TCPSEQ_DUPLICATE_ACK = 64,
    TCPSEQ_ACK_UNSEEN = 128, /* it acknowledges what was not seen */
    TCPSEQ_KEEP_ALIVE = 256, /* RFC 9293, section 3.8.4: the number before the next one */
    TCPSEQ_KEEP_ALIVE_ACK = 512,
    TCPSEQ_ZERO_WINDOW = 1024,
    TCPSEQ_ZERO_WINDOW_PROBE = 2048,
    TCPSEQ_WINDOW_UPDATE = 4096,
    TCPSEQ_WINDOW_FULL = 8192,  /* it fills the window of the other side to its end */
    TCPSEQ_RST_OUTSIDE = 16384, /* a RST that the other does not believe (RFC 5961, section 3.2) */
};

/* Looks at a segment of side from that the flow has not taken in yet. */
unsigned tcpseq_look(
    const struct flow *flow, unsigned from, const struct tcp *tcp, uint32_t payload_bytes, int64_t time_ns);
/* Takes it in: numbers, windows, counters, and the states of both sides. */
void tcpseq_take(struct flow *flow, unsigned from, const struct tcp *tcp, uint32_t payload_bytes,
    int64_t time_ns, unsigned verdict);

#endif
