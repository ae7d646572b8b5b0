/* SPDX-License-Identifier: ISC */
/* What is not between the two ends is passed over before it is followed, so a second pass is about as fast
 * as reading alone. The follow in here sees nothing but what had these addresses and ports: the conversation
 * that is meant, those that had the ports before, and those that have them after. */
#include "see/closeup.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "see/follow.h"

struct closeup {
    struct conversation wanted; /* as it was given, and its label and findings are not looked at */
    uint64_t first_number;
    struct follow *follow;
    uint32_t followed_id; /* in there; 0: its first packet has not come yet */
    struct ladder *folded, *every;
    struct ring *packets;
    bool is_changed;  /* the ladders are not ended */
    bool is_finished; /* follow is */
};

/* The summary of the conversation itself, from a follow in which others had its ports. */
static void take_summary(void *arg, const struct conversation *c)
{
    struct closeup *u = arg;
    struct conversation as_known = *c;

    if (c->id != u->followed_id)
        return;
    as_known.id = u->wanted.id;
    as_known.is_evicted = u->wanted.is_evicted;
    ladder_end(u->folded, &as_known);
    ladder_end(u->every, &as_known);
    u->is_changed = false;
}

static void take_end(void *arg, const struct conversation *c)
{
    struct closeup *u = arg;

    if (c->id != u->followed_id)
        return;
    take_summary(u, c);
    u->is_finished = true;
}

struct closeup *closeup_new(const struct conversation *c, uint64_t first_number, size_t keep_bytes)
{
    struct closeup *u = xcalloc(1, sizeof(*u));
    struct follow_options options = {.max_conversations = 16,
        .close = true,
        .labels = true,
        .findings = true,
        .ended = take_end,
        .arg = u};

    u->wanted = *c;
    u->first_number = first_number;
    u->follow = follow_new(&options);
    u->folded = ladder_new(&(struct ladder_options){.every = false});
    u->every = ladder_new(&(struct ladder_options){.every = true});
    u->packets = ring_new(keep_bytes ? keep_bytes : RING_BYTES_DEFAULT);
    return u;
}

void closeup_free(struct closeup *u)
{
    if (!u)
        return;
    follow_free(u->follow);
    ladder_free(u->folded);
    ladder_free(u->every);
    ring_free(u->packets);
    free(u);
}

/* ---- whose is a packet? ---- */

/* from ... to: from is side of the conversation. */
static bool is_from(const struct conversation *c, unsigned side, const struct ip *ip)
{
    unsigned bytes = ip_address_bytes(ip);

    return memcmp(c->side[side].address, ip->src, bytes) == 0 &&
           memcmp(c->side[!side].address, ip->dst, bytes) == 0;
}

static bool is_between(
    const struct conversation *c, const struct ip *ip, bool has_ports, uint16_t sport, uint16_t dport)
{
    if (ip->version != c->ip_version || ip->protocol != c->protocol)
        return false;
    for (unsigned side = FLOW_A; side < FLOW_SIDES; side++)
        if ((!has_ports || (c->side[side].port == sport && c->side[!side].port == dport)) &&
            is_from(c, side, ip))
            return true;
    return false;
}

static bool may_be_of_it(const struct conversation *c, const struct packet *p)
{
    switch (p->kind) {
    case PACKET_TCP:
    case PACKET_UDP:
        return is_between(c, &p->ip, true, p->sport, p->dport);
    case PACKET_FRAGMENT:
        return is_between(c, &p->ip, false, 0, 0);
    case PACKET_ICMP:
        return p->icmp.is_error && p->icmp.has_quote &&
               is_between(c, &p->icmp.quoted, p->icmp.has_ports, p->icmp.sport, p->icmp.dport);
    default:
        return false;
    }
}

/* What is asked for may be the tunnel that the packet was in: then the ladder is that of its datagrams. */
static const struct packet_outer *tunnel_of_it(const struct conversation *c, const struct packet *p)
{
    for (unsigned i = 0; i < p->outer_count; i++)
        if (p->outer[i].ip.protocol == IP_PROTOCOL_UDP &&
            is_between(c, &p->outer[i].ip, true, p->outer[i].sport, p->outer[i].dport))
            return &p->outer[i];
    return NULL;
}

bool closeup_take(struct closeup *u, const struct ring_packet *frame, const struct packet *packet)
{
    const struct packet_outer *tunnel = tunnel_of_it(&u->wanted, packet);
    struct followed followed;
    struct packet carrier;

    if (tunnel) {
        packet_of_outer(tunnel, &carrier);
        packet = &carrier;
    }
    if (u->is_finished || !may_be_of_it(&u->wanted, packet) ||
        !follow_packet(u->follow, packet, frame->number, frame->time_ns, &followed) || u->is_finished)
        return false;
    if (!u->followed_id && frame->number >= u->first_number && followed.kind != FOLLOWED_ICMP)
        u->followed_id = followed.conversation;
    if (followed.conversation != u->followed_id)
        return false;
    ladder_add(u->folded, &followed, NULL);
    ladder_add(u->every, &followed, NULL);
    ring_add(u->packets, frame);
    u->is_changed = true;
    return true;
}

void closeup_finish(struct closeup *u)
{
    if (u->is_finished)
        return;
    follow_finish(u->follow);
    u->is_finished = true;
}

const struct ladder *closeup_ladder(struct closeup *u, bool every)
{
    if (u->is_changed && !u->is_finished)
        follow_each(u->follow, take_summary, u);
    return every ? u->every : u->folded;
}

const struct ring *closeup_packets(const struct closeup *u)
{
    return u->packets;
}
