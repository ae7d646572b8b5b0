/* SPDX-License-Identifier: ISC */
/* A program of the classic BPF a link type. libpcap's interpreter checks each load against the bytes that
 * were captured, and each program is checked when it is compiled, so packets are as harmless here as in our
 * own decoders. */
#include "see/filter.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "wire/link.h"

/* Ethernet first: its complaint is the one that is told when all have one. */
static const uint16_t linktypes[] = {
    LINKTYPE_ETHERNET,
    LINKTYPE_LINUX_SLL2,
    LINKTYPE_LINUX_SLL,
    LINKTYPE_RAW,
    LINKTYPE_RAW_BSD,
    LINKTYPE_RAW_OPENBSD,
    LINKTYPE_IPV4,
    LINKTYPE_IPV6,
    LINKTYPE_NULL,
    LINKTYPE_LOOP,
    LINKTYPE_PPP,
    LINKTYPE_PPP_HDLC,
    LINKTYPE_CISCO_HDLC,
};

#define LINKTYPES (sizeof(linktypes) / sizeof(linktypes[0]))

struct filter {
    char *expression;
    struct {
        struct bpf_program program;
        char *why; /* it cannot be compiled for this one; NULL if it can */
    } of[LINKTYPES];
};

/* A file's numbers are libpcap's but for raw IP, which inside a program has another one on each system. */
static int dlt_of(uint16_t linktype)
{
    switch (linktype) {
    case LINKTYPE_RAW:
    case LINKTYPE_RAW_BSD:
    case LINKTYPE_RAW_OPENBSD:
        return DLT_RAW;
    default:
        return linktype;
    }
}

int filter_fail(const char *expression, const char *why, struct err *err)
{
    return err_set(err, ERR_MISUSE, -EINVAL, _("the filter \"%s\": %s; see pcap-filter(7)"), expression, why);
}

static bool compile(struct filter *f, size_t i)
{
    pcap_t *dead = pcap_open_dead(dlt_of(linktypes[i]), PCAPFILE_PACKET_MAX_BYTES);

    if (!dead)
        f->of[i].why = xstrdup(err_word(-ENOMEM));
    else if (pcap_compile(dead, &f->of[i].program, f->expression, 1, PCAP_NETMASK_UNKNOWN) < 0)
        f->of[i].why = xstrdup(pcap_geterr(dead));
    if (dead)
        pcap_close(dead);
    return !f->of[i].why;
}

int filter_new(const char *expression, struct filter **ret, struct err *err)
{
    struct filter *f = xcalloc(1, sizeof(*f));
    size_t good = 0;

    f->expression = xstrdup(expression);
    for (size_t i = 0; i < LINKTYPES; i++) {
        good += compile(f, i);
        /* What a resolver has just taken its time not to find it would not find for the others either. */
        if (good == 0 && strncmp(f->of[i].why, "unknown ", 8) == 0)
            break;
    }
    if (good == 0) {
        int code = filter_fail(expression, f->of[0].why, err);

        filter_free(f);
        return code;
    }
    *ret = f;
    return 0;
}

void filter_free(struct filter *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < LINKTYPES; i++) {
        pcap_freecode(&f->of[i].program);
        free(f->of[i].why);
    }
    free(f->expression);
    free(f);
}

int filter_matches(const struct filter *f, const struct pcapfile_packet *packet, struct err *err)
{
    size_t i = 0;

    while (i < LINKTYPES && linktypes[i] != packet->linktype)
        i++;
    if (i == LINKTYPES)
        return 0;
    if (f->of[i].why)
        return err_set(err, ERR_MISUSE, -EINVAL,
            _("the filter \"%s\" cannot be applied to packets of link type %s, such as number %llu: %s"),
            f->expression, link_name(packet->linktype), (unsigned long long)packet->number, f->of[i].why);
    return bpf_filter(f->of[i].program.bf_insns, packet->data, packet->wire_bytes, packet->captured_bytes) !=
           0;
}
