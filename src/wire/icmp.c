/* SPDX-License-Identifier: ISC */
/* Errors of both versions have one shape (RFC 792; RFC 4443, section 3):
 *
 *      0       1       2               4                               8
 *     +-------+-------+---------------+-------------------------------+--------------
 *     | type  | code  | checksum      | MTU, pointer, gateway or 0    | the packet that it is about ...
 *     +-------+-------+---------------+-------------------------------+--------------
 *
 * ICMP's MTU is in the lower half (RFC 1191), ICMPv6's has the whole word. The quote has the IP header and at
 * least 8 bytes behind it, usually more; so ports and TCP's sequence number are there and all else may be
 * missing. */
#include "wire/icmp.h"

#include "base/i18n.h"

#define HEADER_BYTES 8
/* As long as IPv4 or IPv6 without extensions can tell: the quote is not as long as the packet was. */
#define QUOTED_MAX_BYTES 65575

static bool is_error(unsigned version, unsigned type)
{
    if (version == 6)
        return type < 128;
    return type == ICMP_UNREACHABLE || type == ICMP_SOURCE_QUENCH || type == ICMP_REDIRECT ||
           type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER_PROBLEM;
}

static void take_quote(struct cursor quote, struct icmp *ret)
{
    if (ip_parse(&quote, QUOTED_MAX_BYTES, &ret->quoted) != IP_OK || ret->quoted.version != ret->version)
        return;
    ret->has_quote = true;
    if (ret->quoted.fragment_offset)
        return;
    if (ret->quoted.protocol != IP_PROTOCOL_TCP && ret->quoted.protocol != IP_PROTOCOL_UDP)
        return;
    ret->has_ports =
        cursor_left(&quote) >= 4 && get_be16(&quote, &ret->sport) && get_be16(&quote, &ret->dport);
    ret->has_seq = ret->has_ports && ret->quoted.protocol == IP_PROTOCOL_TCP && get_be32(&quote, &ret->seq);
}

enum icmp_result icmp_parse(struct cursor *in, unsigned version, uint32_t message_bytes, struct icmp *ret)
{
    const uint8_t *head;

    if (message_bytes < HEADER_BYTES)
        return ICMP_BAD;
    if (!get_bytes(in, HEADER_BYTES, &head))
        return ICMP_CUT;
    *ret = (struct icmp){.version = (uint8_t)version,
        .type = head[0],
        .code = head[1],
        .is_error = is_error(version, head[0])};
    if (!ret->is_error)
        return ICMP_OK;
    if (version == 4 && ret->type == ICMP_UNREACHABLE && ret->code == ICMP_CODE_TOO_BIG)
        ret->mtu = load_be16(head + 6);
    else if (version == 6 && ret->type == ICMPV6_TOO_BIG)
        ret->mtu = load_be32(head + 4);
    take_quote(*in, ret);
    return ICMP_OK;
}

/* The numbers of https://www.iana.org/assignments/icmp-parameters and icmpv6-parameters. */
static const char *unreachable_text(unsigned code)
{
    static const char *const texts[] = {
        N_("network unreachable"),
        N_("host unreachable"),
        N_("protocol unreachable"),
        N_("port unreachable"),
        N_("too big, and may not be fragmented"),
        N_("source route failed"),
        N_("network unknown"),
        N_("host unknown"),
        N_("source host isolated"),
        N_("network prohibited"),
        N_("host prohibited"),
        N_("network unreachable for this service"),
        N_("host unreachable for this service"),
        N_("administratively prohibited"),
        N_("host precedence violation"),
        N_("precedence cut off"),
    };

    return code < sizeof(texts) / sizeof(texts[0]) ? texts[code] : N_("unreachable");
}

static const char *unreachable_text_v6(unsigned code)
{
    static const char *const texts[] = {
        N_("no route"),
        N_("administratively prohibited"),
        N_("beyond the scope of the source address"),
        N_("address unreachable"),
        N_("port unreachable"),
        N_("source address failed policy"),
        N_("route rejected"),
    };

    return code < sizeof(texts) / sizeof(texts[0]) ? texts[code] : N_("unreachable");
}

static const char *text_v4(unsigned type, unsigned code)
{
    switch (type) {
    case 0:
        return N_("echo reply");
    case ICMP_UNREACHABLE:
        return unreachable_text(code);
    case ICMP_SOURCE_QUENCH:
        return N_("source quench");
    case ICMP_REDIRECT:
        return N_("redirect");
    case 8:
        return N_("echo request");
    case 9:
        return N_("router advertisement");
    case 10:
        return N_("router solicitation");
    case ICMP_TIME_EXCEEDED:
        return code == 1 ? N_("fragments missing, time exceeded") : N_("time to live exceeded");
    case ICMP_PARAMETER_PROBLEM:
        return N_("parameter problem");
    case 13:
        return N_("timestamp request");
    case 14:
        return N_("timestamp reply");
    default:
        return NULL;
    }
}

static const char *text_v6(unsigned type, unsigned code)
{
    switch (type) {
    case ICMPV6_UNREACHABLE:
        return unreachable_text_v6(code);
    case ICMPV6_TOO_BIG:
        return N_("packet too big");
    case ICMPV6_TIME_EXCEEDED:
        return code == 1 ? N_("fragments missing, time exceeded") : N_("hop limit exceeded");
    case ICMPV6_PARAMETER_PROBLEM:
        return N_("parameter problem");
    case 128:
        return N_("echo request");
    case 129:
        return N_("echo reply");
    case 130:
        return N_("multicast listener query");
    case 131:
    case 143:
        return N_("multicast listener report");
    case 132:
        return N_("multicast listener done");
    case 133:
        return N_("router solicitation");
    case 134:
        return N_("router advertisement");
    case 135:
        return N_("neighbor solicitation");
    case 136:
        return N_("neighbor advertisement");
    case 137:
        return N_("redirect");
    default:
        return NULL;
    }
}

const char *icmp_text(unsigned version, unsigned type, unsigned code)
{
    return version == 6 ? text_v6(type, code) : text_v4(type, code);
}
