/* SPDX-License-Identifier: ISC */
#ifndef WIRE_LINK_PRIVATE_H
#define WIRE_LINK_PRIVATE_H

#include "wire/link.h"

/* What the files of the link layer have in common: link.c has the links that most captures are of,
 * link_shim.c what may stand between Ethernet and IP, link_rare.c and link_wifi.c the other links. */

/* Links within links (PPI, PKTAP, a frame behind FabricPath's header), how deep: a frame could go round
 * for ever. */
#define LINK_DEPTH_MAX 4

enum {
    /* Below this the field is the length of an 802.3 frame, and LLC follows. */
    ETHERTYPE_MIN = 0x0600,
};

enum link_result link_parse_within(uint16_t linktype, unsigned depth, struct cursor *in, struct link *ret);
enum link_result link_parse_ethertype_within(
    uint16_t ethertype, unsigned depth, struct cursor *in, struct link *ret);
/* By the first half-byte of an IP header; LINK_BAD if it is none. */
enum link_result link_parse_ip(struct cursor *in, struct link *ret);
enum link_result link_parse_ppp(struct cursor *in, struct link *ret);
enum link_result link_parse_pppoe(struct cursor *in, struct link *ret);
enum link_result link_parse_llc(unsigned depth, struct cursor *in, struct link *ret);
enum link_result link_parse_mpls(unsigned depth, struct cursor *in, struct link *ret);
/* An ethertype that is no network header's: LINK_OK with it if it is not known here, either. */
enum link_result link_parse_shim(uint16_t ethertype, unsigned depth, struct cursor *in, struct link *ret);
enum link_result link_parse_rare(uint16_t linktype, unsigned depth, struct cursor *in, struct link *ret);
/* One of the LINKTYPE_IEEE802_11*. */
enum link_result link_parse_wifi(uint16_t linktype, unsigned depth, struct cursor *in, struct link *ret);

#endif
