/* SPDX-License-Identifier: ISC */
#ifndef LAB_SELECTEE_FOR_TEST_H
#define LAB_SELECTEE_FOR_TEST_H

#include "lab/selector.h"
#include "see/talk_for_test.h"

/* Packets of talk_for_test.h as they come to the wire: a is the client, b the server. *ret is valid until the
 * next one. */
static inline void selectee_say(
    struct talk *t, const char *line, struct packet *ret_packet, struct selectee *ret)
{
    const char *who = strchr(line, ' ') + 1;
    struct followed *f = &t->followed;

    assert_true(talk_say(t, line));
    *ret_packet = (struct packet){.layer = PACKET_TRANSPORT,
        .ip = {.version = 4, .header_bytes = 20},
        .payload_bytes = f->payload,
        .payload_captured = f->payload};
    switch (f->kind) {
    case FOLLOWED_TCP:
        ret_packet->kind = PACKET_TCP;
        ret_packet->ip.protocol = IP_PROTOCOL_TCP;
        ret_packet->tcp = (struct tcp){.flags = f->flags, .header_bytes = 20, .seq = f->seq, .ack = f->ack};
        break;
    case FOLLOWED_UDP:
        ret_packet->kind = PACKET_UDP;
        ret_packet->ip.protocol = IP_PROTOCOL_UDP;
        break;
    case FOLLOWED_ICMP:
        ret_packet->kind = PACKET_ICMP;
        ret_packet->ip.protocol = IP_PROTOCOL_ICMP;
        ret_packet->icmp = (struct icmp){.version = 4, .is_error = true};
        break;
    }
    *ret = (struct selectee){
        .from = who[0] == 'a' ? LAB_CLIENT : LAB_SERVER, .packet = ret_packet, .followed = f};
}

#endif
