/* SPDX-License-Identifier: ISC */
/* The queue of datagrams to be sent: an array of runs over one arena of bytes. Both are emptied at once
 * when all is sent, which is the rule; what a busy kernel leaves moves to the front when room is needed. */
#include "net/dgram_queue.h"

#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103 /* linux/udp.h; glibc's header lacks it */
#endif

#define FIRST_RUNS 64
#define FIRST_BYTES 8192

void dgram_queue_init(struct dgram_queue *q)
{
    *q = (struct dgram_queue){.segment_limit = DGRAM_SEGMENT_BYTES_LIMIT};
}

void dgram_queue_done(struct dgram_queue *q)
{
    free(q->runs);
    free(q->data);
    dgram_queue_init(q);
}

static struct dgram_run *new_run(struct dgram_queue *q)
{
    if (q->run_end == q->run_cap) {
        uint32_t used = dgram_queue_runs(q);

        if (q->run_first >= used && used > 0) {
            memcpy(q->runs, q->runs + q->run_first, used * sizeof(*q->runs));
            q->run_first = 0;
            q->run_end = used;
        } else {
            q->run_cap = q->run_cap ? q->run_cap * 2 : FIRST_RUNS;
            q->runs = xreallocarray(q->runs, q->run_cap, sizeof(*q->runs));
        }
    }
    return &q->runs[q->run_end++];
}

static void make_room(struct dgram_queue *q, size_t len)
{
    size_t used = q->tail - q->head, cap = q->cap ? q->cap : FIRST_BYTES;

    if (q->head >= used && q->cap - used >= len) {
        if (used)
            memcpy(q->data, q->data + q->head, used);
        q->base += q->head;
        q->head = 0;
        q->tail = used;
        return;
    }
    while (cap - q->tail < len)
        cap *= 2;
    q->data = xrealloc(q->data, cap);
    q->cap = cap;
}

/* Asked for every datagram of a burst, hence the constant lengths: they become single comparisons. */
static bool is_same_way(const struct endpoint *a, const struct endpoint *b)
{
    if (a->len != b->len || memcmp(&a->asked, &b->asked, sizeof(a->asked)) != 0)
        return false;
    if (a->len == sizeof(a->in4))
        return memcmp(&a->in4, &b->in4, offsetof(struct sockaddr_in, sin_zero)) == 0;
    return memcmp(&a->sa, &b->sa, a->len) == 0;
}

static bool may_join(const struct dgram_run *run, const struct endpoint *to, size_t len)
{
    return !run->closed && len > 0 && len <= run->segment && run->count < DGRAM_SEGMENTS_MAX &&
           run->len + len <= DGRAM_JOINED_BYTES_MAX && (to ? is_same_way(&run->to, to) : run->to.len == 0);
}

static void copy_in(struct dgram_queue *q, const void *data, size_t len)
{
    if (q->cap - q->tail < len)
        make_room(q, len);
    if (len)
        memcpy(q->data + q->tail, data, len);
    q->tail += len;
}

/* A run for the last len bytes of the queue. */
static struct dgram_run *append_run(
    struct dgram_queue *q, const struct endpoint *to, size_t len, size_t segment)
{
    struct dgram_run *run = new_run(q);

    if (to)
        run->to = *to;
    else
        run->to.len = 0;
    run->position = q->base + q->tail - len;
    run->len = (uint32_t)len;
    run->segment = (uint16_t)(segment <= UINT16_MAX ? segment : 0);
    run->count = 1;
    run->closed = true;
    run->split = false;
    return run;
}

void dgram_queue_add(
    struct dgram_queue *q, const struct endpoint *to, const void *data, size_t len, bool join)
{
    copy_in(q, data, len);
    if (join && !dgram_queue_is_empty(q) && may_join(&q->runs[q->run_end - 1], to, len)) {
        struct dgram_run *run = &q->runs[q->run_end - 1];

        run->len += (uint32_t)len;
        run->count++;
        run->closed = len < run->segment;
    } else {
        append_run(q, to, len, len)->closed = !join || len == 0 || len > q->segment_limit;
    }
}

void dgram_queue_add_burst(
    struct dgram_queue *q, const struct endpoint *to, const void *data, size_t len, size_t segment)
{
    size_t most = DGRAM_JOINED_BYTES_MAX / segment;
    const uint8_t *at = data;

    most = segment * (most > DGRAM_SEGMENTS_MAX ? DGRAM_SEGMENTS_MAX : most);
    while (len > 0) {
        size_t part = len < most ? len : most;
        struct dgram_run *run;

        copy_in(q, at, part);
        run = append_run(q, to, part, segment);
        run->count = (uint16_t)((part + segment - 1) / segment);
        run->split = run->count > 1 && segment > q->segment_limit;
        at += part;
        len -= part;
    }
}

static void *append_control(struct msghdr *msg, int level, int type, size_t len)
{
    struct cmsghdr *cmsg = (struct cmsghdr *)((uint8_t *)msg->msg_control + msg->msg_controllen);

    memset(cmsg, 0, CMSG_SPACE(len));
    cmsg->cmsg_level = level;
    cmsg->cmsg_type = type;
    cmsg->cmsg_len = CMSG_LEN(len);
    msg->msg_controllen += CMSG_SPACE(len);
    return CMSG_DATA(cmsg);
}

/* Which local address it is to leave from. */
static void append_source(struct msghdr *msg, const struct endpoint *to)
{
    if (to->sa.sa_family == AF_INET) {
        struct in_pktinfo info = {.ipi_ifindex = 0};

        memcpy(&info.ipi_spec_dst, to->asked.s6_addr + 12, sizeof(info.ipi_spec_dst));
        memcpy(append_control(msg, IPPROTO_IP, IP_PKTINFO, sizeof(info)), &info, sizeof(info));
    } else if (to->sa.sa_family == AF_INET6) {
        struct in6_pktinfo info = {.ipi6_addr = to->asked, .ipi6_ifindex = to->asked_interface};

        memcpy(append_control(msg, IPPROTO_IPV6, IPV6_PKTINFO, sizeof(info)), &info, sizeof(info));
    }
}

int dgram_queue_batch(const struct dgram_queue *q, struct dgram_sending *ret)
{
    int count = 0;

    for (uint32_t i = q->run_first; i < q->run_end && count < DGRAM_BATCH; i++) {
        struct dgram_run *run = &q->runs[i];
        uint8_t *data = q->data ? q->data + (run->position - q->base) : NULL;
        uint32_t left = run->len;

        do {
            uint32_t len = run->split && left > run->segment ? run->segment : left;
            struct msghdr *msg = &ret->msgs[count].msg_hdr;

            ret->iov[count] = (struct iovec){data, len};
            *msg = (struct msghdr){.msg_iov = &ret->iov[count], .msg_iovlen = 1};
            if (run->to.len) {
                msg->msg_name = &run->to.sa;
                msg->msg_namelen = run->to.len;
            }
            msg->msg_control = ret->control[count];
            if (run->to.len && !IN6_IS_ADDR_UNSPECIFIED(&run->to.asked))
                append_source(msg, &run->to);
            if (run->count > 1 && !run->split)
                memcpy(append_control(msg, IPPROTO_UDP, UDP_SEGMENT, sizeof(run->segment)), &run->segment,
                    sizeof(run->segment));
            if (msg->msg_controllen == 0)
                msg->msg_control = NULL;
            count++;
            data += len;
            left -= len;
        } while (left > 0 && count < DGRAM_BATCH);
    }
    return count;
}

void dgram_queue_sent(struct dgram_queue *q, int entries)
{
    while (entries-- > 0) {
        struct dgram_run *run = dgram_queue_first(q);
        uint32_t len = run->split && run->len > run->segment ? run->segment : run->len;

        q->head += len;
        run->position += len;
        run->len -= len;
        if (run->len == 0)
            q->run_first++;
        else
            run->count--;
    }
    if (!dgram_queue_is_empty(q))
        return;
    q->run_first = q->run_end = 0;
    q->base += q->tail;
    q->head = q->tail = 0;
    if (q->cap > DGRAM_KEPT_BYTES) {
        free(q->data);
        q->data = NULL;
        q->cap = 0;
    }
    if (q->run_cap > DGRAM_KEPT_BYTES / sizeof(*q->runs)) {
        free(q->runs);
        q->runs = NULL;
        q->run_cap = 0;
    }
}

bool dgram_queue_split(struct dgram_queue *q)
{
    struct dgram_run *run = dgram_queue_first(q);

    if (run->count < 2 || run->split)
        return false;
    run->split = true;
    run->closed = true;
    if (q->segment_limit >= run->segment)
        q->segment_limit = run->segment - 1u;
    return true;
}
