/* SPDX-License-Identifier: ISC */
/* The kernel writes packets into a ring of blocks, and hands a block over when it is full or has been open
 * for hold_ms. libpcap walks the blocks and gives each back behind its last packet, so what it shows is gone
 * when its callback returns: each packet is copied once, into the arena of the batch.
 *
 * Never blocking: a blocking pcap_dispatch does not return while an interface is idle, whatever timeout it
 * was given, and would not see a signal either. Who waits, waits on the descriptor.
 *
 * The end: when a capture stops, the last packets lie in a block that the kernel still fills. Leaving then
 * loses up to hundreds of them, with no drop counted. So the socket first gets a filter that takes nothing,
 * and the ring is emptied until it has been quiet for several times hold_ms. */
#include "see/source_live.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "see/filter.h"
#include "see/privileges.h"
#include "wire/link.h"

/* Of a batch, beside one more packet of the largest size. */
#define ARENA_BYTES (768U << 10)
#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
/* However busy the ring looks, emptying it at the end takes no longer. */
#define DRAIN_MAX_NS (5 * NS_PER_S)

struct source_live {
    pcap_t *pcap;
    char *name;
    int fd; /* of pcap */
    uint16_t linktype;
    uint32_t snaplen;
    int time_unit_ns;       /* of struct timeval's second member */
    int64_t drain_until_ns; /* 0: it has not been stopped */
    uint64_t captured, dropped;
    unsigned dropped_told; /* by the kernel, in 32 bits */
    /* The batch under way. */
    struct pcapfile_packet *batch;
    unsigned count;
    uint8_t *arena;
    size_t arena_bytes, used;
};

bool source_live_has_interface(const char *name)
{
    return strcmp(name, SOURCE_ANY) == 0 || if_nametoindex(name) > 0;
}

static int no_interface(const char *name, struct err *err)
{
    struct if_nameindex *all = if_nameindex();
    struct str list = STR_INIT;
    int code;

    for (struct if_nameindex *i = all; i && i->if_index; i++)
        str_appendf(&list, "%s, ", i->if_name);
    str_append_str(&list, SOURCE_ANY);
    code = err_set(err, ERR_INPUT, -ENODEV, _("no interface %s; there are: %s"), name, list.data);
    if (all)
        if_freenameindex(all);
    str_done(&list);
    return code;
}

static bool is_loopback(const char *name, int fd)
{
    struct ifreq request = {0};

    if (strlen(name) >= sizeof(request.ifr_name))
        return false;
    memcpy(request.ifr_name, name, strlen(name));
    return ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_LOOPBACK);
}

static int fail_to_start(struct source_live *s, int status, struct err *err)
{
    switch (status) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        return privileges_missing(s->name, err);
    case PCAP_ERROR_NO_SUCH_DEVICE:
        return no_interface(s->name, err);
    case PCAP_ERROR_IFACE_NOT_UP:
        return err_set(err, ERR_OTHER, -ENETDOWN, _("%s is down; bring it up with: sudo ip link set %s up"),
            s->name, s->name);
    case PCAP_ERROR:
        return err_set(err, ERR_OTHER, 0, "%s: %s", s->name, pcap_geterr(s->pcap));
    default:
        return err_set(err, ERR_OTHER, 0, "%s: %s", s->name, pcap_statustostr(status));
    }
}

/* Linux cooked capture, version 2, tells the interface of each packet, which `any` is nothing without. */
static int choose_linktype(struct source_live *s, struct err *err)
{
    struct cursor nothing = cursor_of("", 0);
    struct link link;
    int dlt = pcap_datalink(s->pcap);

    if (dlt == DLT_LINUX_SLL && pcap_set_datalink(s->pcap, DLT_LINUX_SLL2) == 0)
        dlt = DLT_LINUX_SLL2;
    /* The one number that differs between here and files. */
    s->linktype = dlt == DLT_RAW ? LINKTYPE_RAW : (uint16_t)dlt;
    if (link_parse(s->linktype, &nothing, &link) != LINK_REFUSED)
        return 0;
    return err_set(err, ERR_OTHER, -EPROTONOSUPPORT, _("%s: packets of link type %s cannot be decoded here"),
        s->name, link_name(s->linktype) ? link_name(s->linktype) : pcap_datalink_val_to_name(dlt));
}

/* Also without an expression: an empty one makes a program that cuts packets at the snapshot length where
 * they are taken, and not behind the ring. */
static int set_filter(struct source_live *s, const char *expression, struct err *err)
{
    struct bpf_program program;
    int code = 0;

    if (pcap_compile(s->pcap, &program, expression ? expression : "", 1, PCAP_NETMASK_UNKNOWN) < 0)
        return filter_fail(expression ? expression : "", pcap_geterr(s->pcap), err);
    if (pcap_setfilter(s->pcap, &program) < 0)
        code = err_set(err, ERR_OTHER, 0, "%s: %s", s->name, pcap_geterr(s->pcap));
    pcap_freecode(&program);
    return code;
}

static int start(struct source_live *s, const struct source_live_options *options, struct err *err)
{
    const size_t buffer_bytes = options->buffer_bytes ? options->buffer_bytes : SOURCE_BUFFER_DEFAULT_BYTES;
    const unsigned hold_ms = options->hold_ms ? options->hold_ms : SOURCE_HOLD_DEFAULT_MS;
    char text[PCAP_ERRBUF_SIZE];
    int status, code, one = 1;

    s->pcap = pcap_create(s->name, text);
    if (!s->pcap)
        return err_set(err, ERR_OTHER, 0, "%s: %s", s->name, text);
    pcap_set_snaplen(s->pcap, (int)s->snaplen);
    pcap_set_promisc(s->pcap, options->is_promiscuous);
    pcap_set_buffer_size(s->pcap, (int)buffer_bytes);
    pcap_set_timeout(s->pcap, (int)hold_ms);
    pcap_set_tstamp_precision(s->pcap, PCAP_TSTAMP_PRECISION_NANO);
    status = pcap_activate(s->pcap);
    if (status < 0)
        return fail_to_start(s, status, err);
    s->time_unit_ns = pcap_get_tstamp_precision(s->pcap) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
    s->fd = pcap_get_selectable_fd(s->pcap);
    if (pcap_setnonblock(s->pcap, 1, text) < 0)
        return err_set(err, ERR_OTHER, 0, "%s: %s", s->name, text);
    code = choose_linktype(s, err);
    if (code < 0)
        return code;
    /* On the loopback interface each packet is seen when it is sent and when it is received. libpcap throws
     * the former away, but they would fill half the ring before. An old kernel (before 4.20) refuses. */
    if (is_loopback(s->name, s->fd))
        (void)!setsockopt(s->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
    return set_filter(s, options->filter, err);
}

int source_live_open(const char *interface, const struct source_live_options *options,
    struct source_live **ret, struct err *err)
{
    struct source_live *s;
    int code;

    if (!source_live_has_interface(interface))
        return no_interface(interface, err);
    s = xcalloc(1, sizeof(*s));
    s->fd = -1;
    s->name = xstrdup(interface);
    s->snaplen = options->snaplen ? options->snaplen : SOURCE_SNAPLEN_DEFAULT;
    s->arena_bytes = ARENA_BYTES + s->snaplen;
    s->arena = xmalloc(s->arena_bytes);
    code = start(s, options, err);
    if (code < 0)
        source_live_close(s);
    else
        *ret = s;
    return code;
}

void source_live_close(struct source_live *s)
{
    if (!s)
        return;
    if (s->pcap)
        pcap_close(s->pcap);
    free(s->arena);
    free(s->name);
    free(s);
}

static void take(u_char *arg, const struct pcap_pkthdr *head, const u_char *data)
{
    struct source_live *s = (struct source_live *)arg;
    struct pcapfile_packet *packet = &s->batch[s->count++];
    uint32_t captured = head->caplen < s->arena_bytes - s->used ? head->caplen : s->arena_bytes - s->used;

    memcpy(s->arena + s->used, data, captured);
    *packet = (struct pcapfile_packet){
        .data = s->arena + s->used,
        .captured_bytes = captured,
        .wire_bytes = head->len > captured ? head->len : captured,
        .time_ns = (int64_t)head->ts.tv_sec * NS_PER_S + (int64_t)head->ts.tv_usec * s->time_unit_ns,
        .has_time = true,
        .linktype = s->linktype,
        .number = ++s->captured,
    };
    s->used += captured;
    if (s->arena_bytes - s->used < s->snaplen)
        pcap_breakloop(s->pcap);
}

/* Whether more may come out of the ring, after it has been stopped. */
static bool drains(const struct source_live *s)
{
    struct pollfd fd = {.fd = s->fd, .events = POLLIN};

    return clock_now_ns() < s->drain_until_ns && poll(&fd, 1, SOURCE_QUIET_MS) != 0;
}

enum source_result source_live_batch(
    struct source_live *s, struct pcapfile_packet *ret, unsigned max, unsigned *ret_count, struct err *err)
{
    do {
        int status;

        s->batch = ret;
        s->count = 0;
        s->used = 0;
        status = pcap_dispatch(s->pcap, (int)max, take, (u_char *)s);
        if (s->count > 0) {
            *ret_count = s->count;
            return SOURCE_PACKET;
        }
        if (status < 0 && status != PCAP_ERROR_BREAK) {
            err_set(err, ERR_OTHER, 0, "%s: %s", s->name, pcap_geterr(s->pcap));
            return SOURCE_BAD;
        }
        if (!s->drain_until_ns)
            return SOURCE_AGAIN;
    } while (drains(s));
    return SOURCE_END;
}

int source_live_fd(const struct source_live *s)
{
    return s->fd;
}

/* Past libpcap: its own pcap_setfilter would also apply the filter to what lies in the ring. */
void source_live_stop(struct source_live *s)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = {.len = 1, .filter = &nothing};

    if (s->drain_until_ns)
        return;
    (void)!setsockopt(s->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
    s->drain_until_ns = clock_now_ns() + DRAIN_MAX_NS;
}

void source_live_counts(struct source_live *s, struct source_counts *ret)
{
    struct pcap_stat stat;

    if (pcap_stats(s->pcap, &stat) == 0) {
        s->dropped += stat.ps_drop - s->dropped_told;
        s->dropped_told = stat.ps_drop;
    }
    *ret = (struct source_counts){.captured = s->captured, .dropped = s->dropped};
}

const char *source_live_name(const struct source_live *s)
{
    return s->name;
}

uint16_t source_live_linktype(const struct source_live *s)
{
    return s->linktype;
}

uint32_t source_live_snaplen(const struct source_live *s)
{
    return s->snaplen;
}
