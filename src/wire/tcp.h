/* SPDX-License-Identifier: ISC */
#ifndef WIRE_TCP_H
#define WIRE_TCP_H

#include <stdint.h>

#include "wire/cursor.h"

/* TCP's header (RFC 9293, section 3.1) and its options. */

enum tcp_flags {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
    TCP_URG = 0x20,
    TCP_ECE = 0x40, /* RFC 3168 */
    TCP_CWR = 0x80,
    TCP_AE = 0x100, /* accurate ECN; the nonce of RFC 3540 before */
};

struct tcp {
    uint16_t sport, dport;
    uint32_t seq, ack;
    uint16_t flags;  /* enum tcp_flags */
    uint16_t window; /* not scaled */
    uint16_t urgent;
    uint8_t header_bytes;
    uint8_t options_captured; /* of header_bytes - 20; fewer only in a packet that was cut while captured */
    const uint8_t *options;
};

enum tcp_result {
    TCP_OK,
    TCP_CUT, /* fewer bytes were captured than the fixed header has */
    TCP_BAD, /* no such header */
};

/* in moves behind the header. segment_bytes: header and payload, as sent. */
enum tcp_result tcp_parse(struct cursor *in, uint32_t segment_bytes, struct tcp *ret);

/* How many numbers of the sequence it takes: its bytes, and one each for SYN and FIN. */
static inline uint32_t tcp_sequence_bytes(const struct tcp *tcp, uint32_t payload_bytes)
{
    return payload_bytes + !!(tcp->flags & TCP_SYN) + !!(tcp->flags & TCP_FIN);
}

#define TCP_SACK_BLOCKS_MAX 4 /* as many as 40 bytes hold */
#define TCP_COOKIE_MAX_BYTES 16
#define TCP_WINDOW_SHIFT_MAX 14 /* RFC 7323, section 2.3: what is more counts as 14 */

/* Which there were. Those without a comment are told by name only. */
enum tcp_option_bits {
    TCP_HAS_MSS = 1,
    TCP_HAS_WINDOW_SHIFT = 2,
    TCP_HAS_SACK_PERMITTED = 4,
    TCP_HAS_SACK = 8, /* blocks */
    TCP_HAS_TIMESTAMPS = 16,
    TCP_HAS_COOKIE = 32,        /* fast open (RFC 7413), of 0 bytes if it asks for one */
    TCP_HAS_MD5 = 64,           /* RFC 2385 */
    TCP_HAS_AO = 128,           /* RFC 5925 */
    TCP_HAS_MPTCP = 256,        /* RFC 8684 */
    TCP_HAS_OTHER = 512,        /* one that is not named here */
    TCP_HAS_BAD_OPTION = 1024,  /* a length that cannot be: what stands behind it is lost */
    TCP_HAS_CUT_OPTIONS = 2048, /* the capture ends among them */
};

struct tcp_sack_block {
    uint32_t left, right; /* the sequence numbers from left up to, not with, right have arrived */
};

struct tcp_options {
    unsigned has; /* enum tcp_option_bits */
    uint16_t mss;
    uint8_t window_shift;
    uint8_t sack_count;
    struct tcp_sack_block sack[TCP_SACK_BLOCKS_MAX];
    uint32_t timestamp, timestamp_echo;
    uint8_t cookie_bytes;
    uint8_t cookie[TCP_COOKIE_MAX_BYTES];
};

/* Of a header that tcp_parse has read, while its bytes are there. Cannot fail: what is wrong with them is in
 * has. */
void tcp_parse_options(const struct tcp *tcp, struct tcp_options *ret);
/* "[SYN, ACK]"-like names: the text of one flag, by its bit; NULL for none. */
const char *tcp_flag_name(unsigned flag);
/* "MSS", "SACK permitted", "TCP MD5", ... by its bit. */
const char *tcp_option_name(unsigned bit);

#endif
