/* SPDX-License-Identifier: ISC */
/* Receiving in batches.
 *
 * UDP_GRO lets the kernel hand over a burst of equal datagrams as one: 64 of them for the price of little
 * more than one. But it costs an ordinary receiver a little for each datagram, so it is tried when equal
 * datagrams of one peer come in rows, given up when nothing comes joined, and then tried ever more seldom,
 * because rows alone do not show whether their sender sends them joined. */
#include "net/dgram_batch.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/xmalloc.h"

#ifndef UDP_GRO
#define UDP_GRO 104 /* linux/udp.h; glibc's header lacks it */
#endif

#define BATCH 64
/* Joined entries hold up to 64 datagrams each, so the system calls cost little anyway; more at once would
 * only keep the peer waiting for its answers, and 4 and 8 were slower than 2. */
#define BATCH_JOINED 2

/* A slot holds the largest datagram. The bit more keeps the slots' beginnings, which alone are used as a
 * rule, out of each other's way in the processor's cache. Memory never written to costs nothing. */
#define SLOT_BYTES 65535
#define SLOT_STRIDE (65536 + 128)

#define CONTROL_BYTES (CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int)))

#define ROW_MIN 16         /* so many entries must look like a burst before joining is tried */
#define TRIAL 256          /* so many single datagrams in a row end it */
#define TRY_AGAIN_FIRST 64 /* datagrams in rows until it is tried again: four times more each time */
#define TRY_AGAIN_LAST (1 << 20)

struct dgram_batch {
    int fd;
    bool udp, wildcard;
    bool joined;        /* UDP_GRO is on */
    unsigned in_rows;   /* while off: datagrams in rows since it was given up */
    unsigned try_again; /* while off: tried when in_rows reaches this */
    unsigned singles;   /* while on: since something came joined */
    uint8_t *data;
    struct mmsghdr msgs[BATCH];
    struct iovec iov[BATCH];
    struct endpoint peers[BATCH];
    uint16_t segments[BATCH]; /* 0: a single datagram */
    uint8_t control[BATCH][CONTROL_BYTES] __attribute__((aligned(8)));
};

struct dgram_batch *dgram_batch_new(int fd, int family, bool wildcard)
{
    struct dgram_batch *batch = xcalloc(1, sizeof(*batch));

    batch->fd = fd;
    batch->udp = family != AF_UNIX;
    batch->wildcard = wildcard;
    batch->try_again = ROW_MIN;
    batch->data = xmalloc((size_t)BATCH * SLOT_STRIDE);
    for (int i = 0; i < BATCH; i++) {
        struct msghdr *msg = &batch->msgs[i].msg_hdr;

        batch->iov[i] = (struct iovec){batch->data + (size_t)i * SLOT_STRIDE, SLOT_BYTES};
        msg->msg_iov = &batch->iov[i];
        msg->msg_iovlen = 1;
        msg->msg_name = &batch->peers[i].sa;
    }
    return batch;
}

void dgram_batch_free(struct dgram_batch *batch)
{
    if (!batch)
        return;
    free(batch->data);
    free(batch);
}

static void note_asked(struct endpoint *peer, int level, const void *data)
{
    peer->asked = in6addr_any;
    peer->asked_interface = 0;
    if (level == IPPROTO_IP) {
        struct in_pktinfo info;

        memcpy(&info, data, sizeof(info));
        memset(peer->asked.s6_addr + 10, 0xff, 2);
        /* Not ipi_addr: that is a group's or a broadcast address if such was asked. */
        memcpy(peer->asked.s6_addr + 12, &info.ipi_spec_dst, sizeof(info.ipi_spec_dst));
    } else {
        struct in6_pktinfo info;

        memcpy(&info, data, sizeof(info));
        if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr))
            return;
        peer->asked = info.ipi6_addr;
        peer->asked_interface = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? info.ipi6_ifindex : 0;
    }
}

static void read_control(struct dgram_batch *batch, int i)
{
    struct msghdr *msg = &batch->msgs[i].msg_hdr;

    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
        if (cmsg->cmsg_level == IPPROTO_UDP && cmsg->cmsg_type == UDP_GRO) {
            int segment;

            memcpy(&segment, CMSG_DATA(cmsg), sizeof(segment));
            if (segment > 0 && (unsigned)segment < batch->msgs[i].msg_len)
                batch->segments[i] = (uint16_t)segment;
        } else if ((cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO) ||
                   (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_PKTINFO)) {
            note_asked(&batch->peers[i], cmsg->cmsg_level, CMSG_DATA(cmsg));
        }
    }
}

static void set_joined(struct dgram_batch *batch, bool on)
{
    int value = on;

    if (setsockopt(batch->fd, IPPROTO_UDP, UDP_GRO, &value, sizeof(value)) < 0) {
        batch->try_again = UINT32_MAX; /* Linux before 5.0 */
        on = false;
    }
    batch->joined = on;
    batch->singles = 0;
    batch->in_rows = 0;
}

/* Is the batch a row, or a few, of equal datagrams? */
static void look_for_rows(struct dgram_batch *batch, int count)
{
    int equal = 0;

    if (count < ROW_MIN)
        return;
    for (int i = 1; i < count; i++)
        if (batch->msgs[i].msg_len == batch->msgs[i - 1].msg_len &&
            batch->peers[i].len == batch->peers[i - 1].len &&
            memcmp(&batch->peers[i].sa, &batch->peers[i - 1].sa, batch->peers[i].len) == 0)
            equal++;
    if (equal < count * 3 / 4)
        return;
    batch->in_rows += (unsigned)count;
    if (batch->in_rows >= batch->try_again)
        set_joined(batch, true);
}

static void look_for_joined(struct dgram_batch *batch, int count)
{
    for (int i = 0; i < count; i++) {
        if (batch->segments[i]) {
            batch->singles = 0;
            batch->try_again = TRY_AGAIN_FIRST;
        } else {
            batch->singles++;
        }
    }
    if (batch->singles < TRIAL)
        return;
    set_joined(batch, false);
    batch->try_again = batch->try_again < TRY_AGAIN_FIRST  ? TRY_AGAIN_FIRST
                       : batch->try_again < TRY_AGAIN_LAST ? batch->try_again * 4
                                                           : TRY_AGAIN_LAST;
}

int dgram_batch_receive(struct dgram_batch *batch)
{
    bool control = batch->wildcard || batch->joined;
    int most = batch->joined ? BATCH_JOINED : BATCH, count;

    for (int i = 0; i < most; i++) {
        struct msghdr *msg = &batch->msgs[i].msg_hdr;

        msg->msg_namelen = sizeof(batch->peers[i].un);
        msg->msg_control = control ? batch->control[i] : NULL;
        msg->msg_controllen = control ? CONTROL_BYTES : 0;
    }
    do
        count = recvmmsg(batch->fd, batch->msgs, (unsigned)most, MSG_DONTWAIT, NULL);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return -errno;

    for (int i = 0; i < count; i++) {
        struct msghdr *msg = &batch->msgs[i].msg_hdr;

        batch->peers[i].len = msg->msg_namelen;
        if (msg->msg_namelen <= sizeof(sa_family_t))
            batch->peers[i] = (struct endpoint){.len = 0};
        batch->segments[i] = 0;
        if (msg->msg_controllen)
            read_control(batch, i);
    }
    if (batch->joined)
        look_for_joined(batch, count);
    else if (batch->udp)
        look_for_rows(batch, count);
    return count;
}

void dgram_batch_get(const struct dgram_batch *batch, int i, struct dgram_arrival *ret)
{
    ret->peer = &batch->peers[i];
    ret->data = batch->iov[i].iov_base;
    ret->len = batch->msgs[i].msg_len;
    ret->segment = batch->segments[i] ? batch->segments[i] : ret->len;
    ret->truncated = batch->msgs[i].msg_hdr.msg_flags & MSG_TRUNC;
}

bool dgram_batch_is_joined(const struct dgram_batch *batch)
{
    return batch->joined;
}
