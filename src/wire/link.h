/* SPDX-License-Identifier: ISC */
#ifndef WIRE_LINK_H
#define WIRE_LINK_H

#include <stdint.h>

#include "wire/cursor.h"

/* Link layers: what stands before the network header. The numbers are those of capture files
 * (https://www.tcpdump.org/linktypes.html), which is what libpcap gives, too. */
enum {
    LINKTYPE_NULL = 0,
    LINKTYPE_ETHERNET = 1,
    LINKTYPE_TOKEN_RING = 6,
    LINKTYPE_SLIP = 8,
    LINKTYPE_PPP = 9,
    LINKTYPE_FDDI = 10,
    LINKTYPE_RAW_BSD = 12,     /* raw IP by the number that it has on most systems inside a program, */
    LINKTYPE_RAW_OPENBSD = 14, /* and on OpenBSD; both are found in files */
    LINKTYPE_PPP_HDLC = 50,
    LINKTYPE_PPP_ETHER = 51,
    LINKTYPE_ATM_RFC1483 = 100,
    LINKTYPE_RAW = 101,
    LINKTYPE_CISCO_HDLC = 104,
    LINKTYPE_IEEE802_11 = 105,
    LINKTYPE_FRAME_RELAY = 107,
    LINKTYPE_LOOP = 108,
    LINKTYPE_ENC = 109,
    LINKTYPE_LINUX_SLL = 113,
    LINKTYPE_PFLOG = 117,
    LINKTYPE_IEEE802_11_PRISM = 119,
    LINKTYPE_IEEE802_11_RADIOTAP = 127,
    LINKTYPE_IP_OVER_FIREWIRE = 138,
    LINKTYPE_USER2 = 149,
    LINKTYPE_IEEE802_11_AVS = 163,
    LINKTYPE_PPP_PPPD = 166,
    LINKTYPE_PPI = 192,
    LINKTYPE_PPP_WITH_DIRECTION = 204,
    LINKTYPE_HDLC_WITH_DIRECTION = 205,
    LINKTYPE_MPLS = 219,
    LINKTYPE_IPV4 = 228,
    LINKTYPE_IPV6 = 229,
    LINKTYPE_NFLOG = 239,
    LINKTYPE_NETANALYZER = 240,
    LINKTYPE_IP_OVER_INFINIBAND = 242,
    LINKTYPE_PKTAP = 258,
    LINKTYPE_MPACKET = 274,
    LINKTYPE_LINUX_SLL2 = 276,
};

enum { ETHERTYPE_NONE = 0, ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_ARP = 0x0806, ETHERTYPE_IPV6 = 0x86dd };

#define LINK_VLANS_KEPT 2
#define LINK_TAGS_MAX 8 /* VLAN tags or MPLS labels one behind the other */

enum link_direction {
    LINK_DIRECTION_UNKNOWN,
    LINK_RECEIVED,         /* by the capturing machine, sent to it alone */
    LINK_RECEIVED_BY_MANY, /* broadcast, multicast */
    LINK_OVERHEARD,        /* between others */
    LINK_SENT,
};

struct link {
    uint16_t ethertype; /* of what follows; ETHERTYPE_NONE for what has none, such as spanning tree */
    uint8_t vlan_count; /* of vlans that are filled: the outermost ones */
    uint8_t direction;  /* enum link_direction */
    uint16_t vlans[LINK_VLANS_KEPT]; /* identifiers, the outer first */
    uint32_t interface;              /* its index where it was captured, for SLL2; else 0 */
};

enum link_result {
    LINK_OK,
    LINK_CUT,     /* fewer bytes were captured than the header has */
    LINK_BAD,     /* no such header */
    LINK_REFUSED, /* a link type that this does not decode: link_name */
};

/* in moves to the network header. */
enum link_result link_parse(uint16_t linktype, struct cursor *in, struct link *ret);
/* The same for what Ethernet carries, from the ethertype on: in is behind it. For tunnels. */
enum link_result link_parse_ethertype(uint16_t ethertype, struct cursor *in, struct link *ret);
/* "Ethernet", "802.11"; NULL for numbers that are not in the list of well-known ones. */
const char *link_name(uint16_t linktype);

#endif
