/* SPDX-License-Identifier: ISC */
/* The header of a segment. Its options are read apart from it: only few packets are asked for them, and the
 * fixed header is what five million packets pay for.
 *
 *      0               2               4               8               12      13      14              16
 *     +---------------+---------------+---------------+---------------+---+---+-------+---------------+
 *     | source port   | destination   | sequence      | acknowledgment|len|.AE| flags | window        |
 *     +---------------+---------------+---------------+---------------+---+---+-------+---------------+
 *      16              18              20
 *     +---------------+---------------+--------------
 *     | checksum      | urgent        | options, up to 40 bytes
 *     +---------------+---------------+--------------
 */
#include "wire/tcp.h"

#define HEADER_MIN_BYTES 20

enum {
    OPTION_END = 0,
    OPTION_NOP = 1,
    OPTION_MSS = 2,
    OPTION_WINDOW_SHIFT = 3,
    OPTION_SACK_PERMITTED = 4,
    OPTION_SACK = 5,
    OPTION_TIMESTAMPS = 8,
    OPTION_MD5 = 19,
    OPTION_AO = 29,
    OPTION_MPTCP = 30,
    OPTION_COOKIE = 34,
};

enum tcp_result tcp_parse(struct cursor *in, uint32_t segment_bytes, struct tcp *ret)
{
    const uint8_t *head = in->at;
    unsigned header_bytes, flags;
    size_t options_captured;

    if (segment_bytes < HEADER_MIN_BYTES)
        return TCP_BAD;
    if (cursor_left(in) < HEADER_MIN_BYTES)
        return TCP_CUT;
    flags = load_be16(head + 12);
    header_bytes = (flags >> 12) * 4;
    if (header_bytes < HEADER_MIN_BYTES || header_bytes > segment_bytes)
        return TCP_BAD;
    ret->sport = load_be16(head);
    ret->dport = load_be16(head + 2);
    ret->seq = load_be32(head + 4);
    ret->ack = load_be32(head + 8);
    ret->flags = flags & 0x1ff;
    ret->window = load_be16(head + 14);
    ret->urgent = load_be16(head + 18);
    ret->header_bytes = (uint8_t)header_bytes;
    ret->options = head + HEADER_MIN_BYTES;
    in->at += HEADER_MIN_BYTES;
    options_captured = cursor_left(in);
    if (options_captured > header_bytes - HEADER_MIN_BYTES)
        options_captured = header_bytes - HEADER_MIN_BYTES;
    ret->options_captured = (uint8_t)options_captured;
    in->at += options_captured;
    return TCP_OK;
}

static void take_sack(struct cursor value, struct tcp_options *ret)
{
    while (ret->sack_count < TCP_SACK_BLOCKS_MAX && cursor_left(&value) >= 8) {
        struct tcp_sack_block *block = &ret->sack[ret->sack_count++];

        get_be32(&value, &block->left);
        get_be32(&value, &block->right);
    }
}

/* One option whose length stands where it should; false if it is not one that it may have. */
static bool take_option(uint8_t kind, struct cursor value, struct tcp_options *ret)
{
    size_t len = cursor_left(&value);

    switch (kind) {
    case OPTION_MSS:
        if (len != 2)
            return false;
        ret->mss = load_be16(value.at);
        ret->has |= TCP_HAS_MSS;
        break;
    case OPTION_WINDOW_SHIFT:
        if (len != 1)
            return false;
        ret->window_shift = *value.at > TCP_WINDOW_SHIFT_MAX ? TCP_WINDOW_SHIFT_MAX : *value.at;
        ret->has |= TCP_HAS_WINDOW_SHIFT;
        break;
    case OPTION_SACK_PERMITTED:
        if (len != 0)
            return false;
        ret->has |= TCP_HAS_SACK_PERMITTED;
        break;
    case OPTION_SACK:
        if (len == 0 || len % 8)
            return false;
        take_sack(value, ret);
        ret->has |= TCP_HAS_SACK;
        break;
    case OPTION_TIMESTAMPS:
        if (len != 8)
            return false;
        ret->timestamp = load_be32(value.at);
        ret->timestamp_echo = load_be32(value.at + 4);
        ret->has |= TCP_HAS_TIMESTAMPS;
        break;
    case OPTION_COOKIE:
        if (len > TCP_COOKIE_MAX_BYTES)
            return false;
        ret->cookie_bytes = (uint8_t)len;
        memcpy(ret->cookie, value.at, len);
        ret->has |= TCP_HAS_COOKIE;
        break;
    case OPTION_MD5:
        ret->has |= TCP_HAS_MD5;
        break;
    case OPTION_AO:
        ret->has |= TCP_HAS_AO;
        break;
    case OPTION_MPTCP:
        ret->has |= TCP_HAS_MPTCP;
        break;
    default:
        ret->has |= TCP_HAS_OTHER;
        break;
    }
    return true;
}

/* Kind alone (0 and 1), or kind, length (both counted) and value. One of a wrong length is passed over by the
 * length that it tells, as Linux does; where that cannot be, nothing behind it can be read. */
void tcp_parse_options(const struct tcp *tcp, struct tcp_options *ret)
{
    struct cursor in = cursor_of(tcp->options, tcp->options_captured), value;
    bool is_cut = tcp->options_captured < tcp->header_bytes - HEADER_MIN_BYTES;
    uint8_t kind, len;

    *ret = (struct tcp_options){.has = is_cut ? TCP_HAS_CUT_OPTIONS : 0};
    while (get_u8(&in, &kind) && kind != OPTION_END) {
        if (kind == OPTION_NOP)
            continue;
        if (!get_u8(&in, &len) || len < 2 || !get_part(&in, len - 2U, &value)) {
            /* Of what the capture has cut nothing can be said. */
            if (!is_cut)
                ret->has |= TCP_HAS_BAD_OPTION;
            return;
        }
        if (!take_option(kind, value, ret))
            ret->has |= TCP_HAS_BAD_OPTION;
    }
}

const char *tcp_flag_name(unsigned flag)
{
    switch (flag) {
    case TCP_FIN:
        return "FIN";
    case TCP_SYN:
        return "SYN";
    case TCP_RST:
        return "RST";
    case TCP_PSH:
        return "PSH";
    case TCP_ACK:
        return "ACK";
    case TCP_URG:
        return "URG";
    case TCP_ECE:
        return "ECE";
    case TCP_CWR:
        return "CWR";
    case TCP_AE:
        return "AE";
    default:
        return NULL;
    }
}

const char *tcp_option_name(unsigned bit)
{
    switch (bit) {
    case TCP_HAS_MSS:
        return "MSS";
    case TCP_HAS_WINDOW_SHIFT:
        return "window scale";
    case TCP_HAS_SACK_PERMITTED:
        return "SACK permitted";
    case TCP_HAS_SACK:
        return "SACK";
    case TCP_HAS_TIMESTAMPS:
        return "timestamps";
    case TCP_HAS_COOKIE:
        return "fast open";
    case TCP_HAS_MD5:
        return "MD5 signature";
    case TCP_HAS_AO:
        return "TCP-AO";
    case TCP_HAS_MPTCP:
        return "MPTCP";
    default:
        return NULL;
    }
}
