/* SPDX-License-Identifier: ISC */
/* The packet is parsed again by the decoders that all others use; what is told here is their word, beside the
 * few fields that nobody else has a use for (the addresses of Ethernet, the checksums). */
#include "show/packet_fields.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/str.h"
#include "base/utf8.h"
#include "see/follow.h"
#include "show/text.h"

#define NAME_COLUMNS 10
#define HEX_COLUMNS 78 /* hex_dump's */
#define ETHERNET_ADDRESS_BYTES 6
#define NS 1000000000

struct teller {
    struct painted *out;
    const struct packet_fields_options *o;
    const struct ring_packet *frame;
    const struct packet *p;
    const char *towards; /* between source and destination */
    struct str text;     /* of the line that is being made */
};

/* ---- lines ---- */

static int columns_of(const struct packet_fields_options *o)
{
    return o->columns < PACKET_FIELDS_COLUMNS_MIN ? PACKET_FIELDS_COLUMNS_MIN : o->columns;
}

/* The name, and what is in t->text beside it, or below where it is too long ("802.11 with PPI header"), in as
 * many lines as it takes; the text is empty then. */
static void tell(struct teller *t, const char *name, enum style style)
{
    int columns = columns_of(t->o), indent = columns > 3 * NAME_COLUMNS ? NAME_COLUMNS : 2, taken;
    size_t at = 0;

    painted_add(t->out, STYLE_ME, name, text_fit(name, strlen(name), columns, &taken));
    if (taken > columns - 3)
        painted_end_line(t->out);
    else if (taken >= indent)
        painted_add_text(t->out, STYLE_NORMAL, " ");
    painted_pad(t->out, indent);
    do {
        int left = columns - painted_column(t->out);
        size_t next, fits = text_row(t->text.data, t->text.len, at, left < 2 ? 2 : left, &next);

        painted_add(t->out, style, t->text.data + at, fits);
        painted_end_line(t->out);
        at = next;
        if (at < t->text.len)
            painted_pad(t->out, indent);
    } while (at < t->text.len);
    str_reset(&t->text);
}

static void __attribute__((format(printf, 2, 3))) say(struct teller *t, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    str_vappendf(&t->text, fmt, args);
    va_end(args);
}

/* The same, behind a comma if it is not the first. */
static void __attribute__((format(printf, 2, 3))) add(struct teller *t, const char *fmt, ...)
{
    va_list args;

    if (t->text.len)
        str_append_str(&t->text, ", ");
    va_start(args, fmt);
    str_vappendf(&t->text, fmt, args);
    va_end(args);
}

/* ---- layers ---- */

static void tell_frame(struct teller *t)
{
    const struct ring_packet *f = t->frame;

    say(t, "%" PRIu64 "  ", f->number);
    clock_append_time(&t->text, f->time_ns);
    say(t, ".%09d  ", (int)((f->time_ns % NS + NS) % NS));
    say(t, ngettext("%u byte", "%u bytes", f->wire_bytes), f->wire_bytes);
    if (f->captured_bytes < f->wire_bytes)
        add(t, ngettext("%u captured", "%u captured", f->captured_bytes), f->captured_bytes);
    tell(t, _("packet"), STYLE_BOLD);
    for (unsigned bit = 1; bit < 1U << VERDICTS; bit <<= 1)
        if (t->o->verdicts & bit & ~VERDICT_NEW_DATA)
            add(t, "%s", gettext(verdict_text(bit)));
    if (t->text.len)
        tell(t, _("judged"), t->o->verdicts & VERDICTS_BAD ? STYLE_WARNING : STYLE_NORMAL);
}

static void say_ethernet_address(struct teller *t, const uint8_t *bytes)
{
    for (int i = 0; i < ETHERNET_ADDRESS_BYTES; i++)
        say(t, i ? ":%02x" : "%02x", bytes[i]);
}

static void tell_link(struct teller *t)
{
    const struct ring_packet *f = t->frame;
    const struct link *l = &t->p->link;
    bool is_read = t->p->layer > PACKET_LINK || t->p->kind == PACKET_NOT_IP;
    const char *name = link_name(f->linktype);

    if (f->linktype == LINKTYPE_ETHERNET && f->captured_bytes >= 2 * ETHERNET_ADDRESS_BYTES) {
        say_ethernet_address(t, f->data + ETHERNET_ADDRESS_BYTES);
        say(t, " %s ", t->towards);
        say_ethernet_address(t, f->data);
    }
    if (t->p->tunnel)
        add(t, "%s", tunnel_name((enum tunnel)t->p->tunnel));
    else if (is_read) {
        for (unsigned i = 0; i < l->vlan_count; i++)
            add(t, "VLAN %u", l->vlans[i]);
        if (t->p->kind == PACKET_NOT_IP && l->ethertype)
            add(t, "EtherType 0x%04x", l->ethertype);
    }
    if (!t->text.len && !name)
        add(t, _("link type %u"), f->linktype);
    tell(t, name ? name : _("link"), STYLE_NORMAL);
}

static void say_addresses(struct teller *t, const struct ip *ip)
{
    int family = ip->version == 4 ? AF_INET : AF_INET6;
    char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

    inet_ntop(family, ip->src, src, sizeof(src));
    inet_ntop(family, ip->dst, dst, sizeof(dst));
    say(t, "%s %s %s", src, t->towards, dst);
}

static void say_traffic_class(struct teller *t, unsigned traffic_class)
{
    static const char *const ecn[] = {NULL, "ECT(1)", "ECT(0)", "CE"};

    if (traffic_class >> 2)
        add(t, "DSCP %u", traffic_class >> 2);
    if (ecn[traffic_class & 3])
        add(t, "ECN %s", ecn[traffic_class & 3]);
}

static void say_fragment(struct teller *t, const struct ip *ip)
{
    if (ip->version == 4)
        add(t, _("identification %u"), ip->fragment_id);
    if (ip->version == 4 && ip->flags & IP_DONT_FRAGMENT)
        add(t, _("don't fragment"));
    if (ip->flags & IP_FRAGMENT)
        add(t, _("fragment at %u"), ip->fragment_offset);
    if (ip->flags & IP_MORE_FRAGMENTS)
        add(t, _("more fragments follow"));
}

static void tell_ip(struct teller *t, const struct ip *ip)
{
    say_addresses(t, ip);
    add(t, ip->version == 4 ? _("TTL %u") : _("hop limit %u"), ip->ttl);
    say_traffic_class(t, ip->traffic_class);
    say_fragment(t, ip);
    add(t, ngettext("header %u byte", "header %u bytes", ip->header_bytes), ip->header_bytes);
    if (ip->flags & IP_LENGTH_FROM_FRAME)
        add(t, _("length left to the network card"));
    if (ip->flags & IP_LENGTH_TOO_LONG)
        add(t, _("longer than its frame"));
    if (!ip_header_checksum_is_right(ip))
        add(t, _("header checksum not right (or not filled in yet)"));
    if (t->p->kind == PACKET_OTHER || t->p->kind == PACKET_FRAGMENT)
        add(t, _("protocol %u"), ip->protocol);
    tell(t, ip->version == 4 ? "IPv4" : "IPv6", STYLE_NORMAL);
}

/* ---- TCP ---- */

/* Whose packet it is; FLOW_SIDES where there is no conversation, or it is another's. */
static unsigned sender_of(const struct packet_fields_options *o, const struct packet *p)
{
    const struct conversation *c = o->conversation;

    for (unsigned side = FLOW_A; c && side < FLOW_SIDES; side++)
        if (c->ip_version == p->ip.version && c->side[side].port == p->sport &&
            c->side[!side].port == p->dport &&
            memcmp(c->side[side].address, p->ip.src, ip_address_bytes(&p->ip)) == 0)
            return side;
    return FLOW_SIDES;
}

static void say_flags(struct teller *t, uint16_t flags)
{
    if (!flags)
        add(t, _("no flags"));
    for (unsigned bit = 1; bit <= TCP_AE; bit <<= 1)
        if (flags & bit)
            say(t, "%s%s", t->text.data[t->text.len - 1] == ' ' ? "" : " ", tcp_flag_name(bit));
}

/* "1 (3735928560)": from the beginning, and as it is. */
static void say_number(struct teller *t, bool is_relative, uint32_t raw, uint32_t isn)
{
    if (is_relative)
        say(t, "%" PRIu32 " (%" PRIu32 ")", raw - isn, raw);
    else
        say(t, "%" PRIu32, raw);
}

static void tell_numbers(struct teller *t, const struct tcp *tcp, unsigned from)
{
    const struct conversation *c = t->o->conversation;
    bool has_own = from < FLOW_SIDES, has_other = from < FLOW_SIDES && c->side[!from].packets > 0;
    uint32_t isn = has_own ? c->side[from].isn : 0, bytes = tcp_sequence_bytes(tcp, t->p->payload_bytes);

    say_number(t, has_own, tcp->seq, isn);
    if (bytes)
        add(t, _("next %" PRIu32), tcp->seq + bytes - isn);
    tell(t, _("seq"), STYLE_NORMAL);
    if (tcp->flags & TCP_ACK) {
        say_number(t, has_other, tcp->ack, has_other ? c->side[!from].isn : 0);
        tell(t, _("ack"), STYLE_NORMAL);
    }
}

static void tell_window(struct teller *t, const struct tcp *tcp, unsigned from)
{
    const struct conversation *c = t->o->conversation;
    /* RFC 7323, section 2.2: a SYN's is never scaled, and both must have agreed. */
    bool is_syn = tcp->flags & TCP_SYN;
    bool both = from < FLOW_SIDES && c->side[FLOW_A].has_window_shift && c->side[FLOW_B].has_window_shift;
    bool is_known = is_syn || (from < FLOW_SIDES && c->side[FLOW_A].has_syn && c->side[FLOW_B].has_syn);

    say(t, "%u", tcp->window);
    if (both && !is_syn && c->side[from].window_shift)
        say(t, " x %u = %" PRIu32, 1U << c->side[from].window_shift,
            (uint32_t)tcp->window << c->side[from].window_shift);
    else if (!is_known)
        add(t, _("scale not known"));
    if (tcp->flags & TCP_URG)
        add(t, _("urgent pointer %u"), tcp->urgent);
    tell(t, _("window"), tcp->window || tcp->flags & TCP_RST ? STYLE_NORMAL : STYLE_WARNING);
}

static void say_sack(struct teller *t, const struct tcp_options *options, unsigned from)
{
    const struct conversation *c = t->o->conversation;
    uint32_t isn = from < FLOW_SIDES ? c->side[!from].isn : 0;

    for (unsigned i = 0; i < options->sack_count; i++)
        add(t, "SACK %" PRIu32 "-%" PRIu32, options->sack[i].left - isn, options->sack[i].right - isn);
}

static void say_cookie(struct teller *t, const struct tcp_options *options)
{
    add(t, "%s", tcp_option_name(TCP_HAS_COOKIE));
    if (options->cookie_bytes)
        str_append_char(&t->text, ' ');
    hex_encode(&t->text, options->cookie, options->cookie_bytes);
}

static void say_option(struct teller *t, const struct tcp_options *options, unsigned bit, unsigned from)
{
    switch (bit) {
    case TCP_HAS_MSS:
        add(t, "MSS %u", options->mss);
        break;
    case TCP_HAS_WINDOW_SHIFT:
        add(t, _("window scale %u (x%u)"), options->window_shift,
            1U << (options->window_shift > TCP_WINDOW_SHIFT_MAX ? TCP_WINDOW_SHIFT_MAX
                                                                : options->window_shift));
        break;
    case TCP_HAS_SACK:
        say_sack(t, options, from);
        break;
    case TCP_HAS_TIMESTAMPS:
        add(t, _("timestamp %" PRIu32 " echoes %" PRIu32), options->timestamp, options->timestamp_echo);
        break;
    case TCP_HAS_COOKIE:
        say_cookie(t, options);
        break;
    default:
        add(t, "%s", gettext(tcp_option_name(bit)));
        break;
    }
}

static void tell_tcp(struct teller *t)
{
    const struct tcp *tcp = &t->p->tcp;
    unsigned from = sender_of(t->o, t->p);
    struct tcp_options options;

    say(t, "%u %s %u ", tcp->sport, t->towards, tcp->dport);
    say_flags(t, tcp->flags);
    add(t, ngettext("header %u byte", "header %u bytes", tcp->header_bytes), tcp->header_bytes);
    tell(t, "TCP", tcp->flags & TCP_RST ? STYLE_ERROR : STYLE_BOLD);
    tell_numbers(t, tcp, from);
    tell_window(t, tcp, from);
    tcp_parse_options(tcp, &options);
    for (unsigned bit = 1; bit <= TCP_HAS_CUT_OPTIONS; bit <<= 1)
        if (options.has & bit)
            say_option(t, &options, bit, from);
    if (t->text.len)
        tell(t, _("options"), options.has & TCP_HAS_BAD_OPTION ? STYLE_WARNING : STYLE_NORMAL);
}

/* ---- the others ---- */

static void tell_icmp(struct teller *t)
{
    const struct icmp *icmp = &t->p->icmp;
    const char *text = icmp_text(icmp->version, icmp->type, icmp->code);

    if (text)
        say(t, "%s", gettext(text));
    add(t, _("type %u code %u"), icmp->type, icmp->code);
    if (icmp->mtu)
        add(t, "MTU %" PRIu32, icmp->mtu);
    tell(t, icmp->version == 4 ? "ICMP" : "ICMPv6", icmp->is_error ? STYLE_ERROR : STYLE_NORMAL);
    if (!icmp->has_quote)
        return;
    say_addresses(t, &icmp->quoted);
    if (icmp->has_ports)
        add(t, "%u %s %u", icmp->sport, t->towards, icmp->dport);
    if (icmp->has_seq)
        add(t, "%s %" PRIu32, _("seq"), icmp->seq);
    tell(t, _("quotes"), STYLE_NORMAL);
}

/* Nothing can be said of what was cut when it was captured, nor of a piece. */
static void tell_checksum(struct teller *t)
{
    const struct ip *ip = &t->p->ip;
    const uint8_t *payload, *end = t->frame->data + t->frame->captured_bytes;

    if (t->p->kind != PACKET_TCP && t->p->kind != PACKET_UDP && t->p->kind != PACKET_ICMP)
        return;
    payload = ip->header + ip->header_bytes;
    if (ip->flags & (IP_FRAGMENT | IP_LENGTH_TOO_LONG) || payload > end ||
        (size_t)(end - payload) < ip->payload_bytes || ip_payload_checksum_is_right(ip, payload))
        return;
    say(t, "%s", _("not right, or left to the network card"));
    tell(t, _("checksum"), STYLE_DIM);
}

static void tell_transport(struct teller *t)
{
    const struct packet *p = t->p;

    switch (p->kind) {
    case PACKET_TCP:
        tell_tcp(t);
        break;
    case PACKET_UDP:
        say(t, "%u %s %u", p->sport, t->towards, p->dport);
        tell(t, "UDP", STYLE_BOLD);
        break;
    case PACKET_ICMP:
        tell_icmp(t);
        break;
    case PACKET_CUT:
    case PACKET_BAD:
        say(t, "%s",
            p->kind == PACKET_CUT ? _("its headers were not captured as a whole")
                                  : _("its headers can't be such"));
        tell(t, _("trouble"), STYLE_WARNING);
        break;
    default:
        return;
    }
    tell_checksum(t);
}

/* ---- payload ---- */

static void tell_dump(struct teller *t, const uint8_t *data, size_t len)
{
    struct str dump = STR_INIT;
    const char *at, *end;

    hex_dump(&dump, data, len, 0);
    for (at = dump.data; *at; at = end + 1) {
        end = strchrnul(at, '\n');
        painted_add(t->out, STYLE_DIM, at, (size_t)(end - at));
        painted_end_line(t->out);
        if (!*end)
            break;
    }
    str_done(&dump);
}

static void tell_payload(struct teller *t)
{
    const struct packet *p = t->p;
    size_t len = p->payload_captured < t->o->payload_bytes ? p->payload_captured : t->o->payload_bytes;

    if (p->kind == PACKET_NOT_IP || p->kind == PACKET_CUT || p->kind == PACKET_BAD ||
        p->kind == PACKET_REFUSED)
        return;
    if (p->payload_bytes)
        say(t, ngettext("%u byte", "%u bytes", p->payload_bytes), p->payload_bytes);
    else
        say(t, "%s", _("none"));
    if (p->payload_captured < p->payload_bytes)
        add(t, ngettext("%u captured", "%u captured", p->payload_captured), p->payload_captured);
    tell(t, _("payload"), STYLE_NORMAL);
    if (len == 0)
        return;
    if (columns_of(t->o) >= HEX_COLUMNS) {
        tell_dump(t, p->payload, len);
        return;
    }
    utf8_escape(&t->text, p->payload, len, 0);
    tell(t, "", STYLE_DIM);
}

void packet_fields(
    struct painted *out, const struct ring_packet *frame, const struct packet_fields_options *options)
{
    struct packet packet;
    struct teller t = {.out = out,
        .o = options,
        .frame = frame,
        .p = &packet,
        .towards = options->ascii ? ">" : "→",
        .text = STR_INIT};

    packet_parse(frame->linktype, frame->data, frame->captured_bytes, frame->wire_bytes, &packet);
    tell_frame(&t);
    tell_link(&t);
    for (unsigned i = 0; i < packet.outer_count; i++)
        tell_ip(&t, &packet.outer[i].ip);
    if (packet.layer > PACKET_NETWORK || packet.kind == PACKET_FRAGMENT || packet.kind == PACKET_OTHER)
        tell_ip(&t, &packet.ip);
    tell_transport(&t);
    tell_payload(&t);
    str_done(&t.text);
}
